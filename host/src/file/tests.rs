//! Paths that lead to something other than a regular file.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::fs::{CWD, Mode, mkfifoat};
use tempfile::TempDir;

use super::*;

const LIMIT: u64 = 100;

/// Fails the test if `work` blocks. A thread that blocks in the kernel could never be
/// joined.
fn ends<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    let ended = receiver.recv_timeout(Duration::from_secs(30));
    ended.expect("the call blocks")
}

fn refusal(path: &Path) -> String {
    let path = path.to_owned();
    ends(move || read(&path, Links::Follow, LIMIT).unwrap_err().to_string())
}

#[test]
fn other_file_types_are_rejected_at_once_by_name() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    mkfifoat(CWD, at("pipe"), Mode::RUSR | Mode::WUSR).unwrap();
    let _socket = UnixListener::bind(at("socket")).unwrap();
    symlink(at("pipe"), at("link")).unwrap();
    for (path, found) in [
        (at("pipe"), "a pipe"),
        (at("link"), "a pipe"),
        (at("socket"), "a socket"),
        (folder.path().to_owned(), "a directory"),
        ("/dev/zero".into(), "a character device"),
    ] {
        let said = refusal(&path);
        assert_eq!(said, format!("expected a regular file, found {found}"));
        // Opening for append is refused as well, with or without a reader at the other
        // end.
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        let opened = ends(move || open(&path, &mut options, Links::Follow));
        assert_eq!(opened.unwrap_err().to_string(), said);
    }
}

#[test]
fn a_pipe_with_a_writer_is_refused_too() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
    // Opening a pipe for both reading and writing does not block.
    let mut writer = OpenOptions::new();
    let _writer = writer.read(true).write(true).open(&pipe).unwrap();
    assert!(refusal(&pipe).contains("a pipe"));
}

#[test]
fn links_are_followed_only_if_allowed() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("key"), "secret").unwrap();
    symlink("key", at("link")).unwrap();
    assert_eq!(
        **read(&at("link"), Links::Follow, LIMIT).unwrap(),
        *b"secret"
    );
    let refused = read(&at("link"), Links::Refuse, LIMIT).unwrap_err();
    assert!(refused.to_string().contains("a symbolic link"), "{refused}");
    assert_eq!(
        **read(&at("key"), Links::Refuse, LIMIT).unwrap(),
        *b"secret"
    );
}

#[test]
fn no_more_than_the_limit_is_read() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, [7; LIMIT as usize]).unwrap();
    assert_eq!(read(&path, Links::Follow, LIMIT).unwrap().len(), 100);
    File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let refused = ends(move || read(&path, Links::Follow, LIMIT)).unwrap_err();
    assert!(
        matches!(refused, ReadError::TooLarge { bytes, limit: LIMIT } if bytes == 1 << 40),
        "{refused:?}"
    );
}

/// Some files report that they are regular and empty.
#[cfg(target_os = "linux")]
#[test]
fn the_limit_applies_to_files_in_proc_too() {
    let maps = Path::new("/proc/self/maps");
    let refused = ends(move || read(maps, Links::Follow, LIMIT)).unwrap_err();
    assert!(matches!(refused, ReadError::TooLarge { bytes: 101, .. }));
    // The memory of the process; nothing is mapped at address 0.
    assert!(!refusal(Path::new("/proc/self/mem")).is_empty());
}
