//! The ways in which files are replaced in practice.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;

use super::Watcher;
use crate::file::{Contents, Snapshot};

/// So long that only an event can cause a report.
const NEVER: Duration = Duration::from_secs(3600);
const OFTEN: Duration = Duration::from_millis(20);

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }
}

fn files(paths: impl IntoIterator<Item = PathBuf>) -> Vec<Snapshot> {
    paths.into_iter().map(Snapshot::from).collect()
}

async fn changed(watcher: &mut Watcher) -> Vec<PathBuf> {
    timeout(Duration::from_secs(30), watcher.changed())
        .await
        .expect("no change was seen")
}

/// Whether no other file is reported once everything was checked.
async fn is_quiet(watcher: &mut Watcher, folder: &Folder, marker: &Path) -> bool {
    let name = marker.file_name().unwrap().to_str().unwrap();
    folder.write(name, &format!("{:?}", std::time::Instant::now()));
    changed(watcher).await == [marker]
}

#[tokio::test]
async fn a_file_written_in_place_is_reported() {
    let folder = Folder::new();
    let file = folder.write("a", "1");
    let mut watcher = Watcher::start(files([file.clone(), folder.write("b", "1")]), NEVER).await;
    folder.write("a", "2");
    assert_eq!(changed(&mut watcher).await, [file]);
}

#[tokio::test]
async fn a_file_renamed_over_is_reported_each_time() {
    let folder = Folder::new();
    let file = folder.write("a", "1");
    let mut watcher = Watcher::start(files([file.clone()]), NEVER).await;
    for text in ["2", "3"] {
        fs::rename(folder.write("a.swp", text), &file).unwrap();
        assert_eq!(changed(&mut watcher).await, [file.as_path()]);
    }
}

#[tokio::test]
async fn a_file_deleted_and_created_again_is_reported() {
    let folder = Folder::new();
    let file = folder.write("a", "1");
    let mut watcher = Watcher::start(files([file.clone()]), NEVER).await;
    fs::remove_file(&file).unwrap();
    assert_eq!(changed(&mut watcher).await, [file.as_path()]);
    folder.write("a", "1");
    assert_eq!(changed(&mut watcher).await, [file]);
}

#[tokio::test]
async fn the_same_contents_written_again_are_not_reported() {
    let folder = Folder::new();
    let (file, marker) = (folder.write("a", "1"), folder.write("w", ""));
    let mut watcher = Watcher::start(files([file, marker.clone()]), NEVER).await;
    folder.write("a", "1");
    assert!(is_quiet(&mut watcher, &folder, &marker).await);
}

#[tokio::test]
async fn a_file_created_later_is_reported() {
    let folder = Folder::new();
    let file = folder.path("late");
    let mut watcher = Watcher::start(files([file.clone()]), NEVER).await;
    folder.write("late", "1");
    assert_eq!(changed(&mut watcher).await, [file]);
}

#[tokio::test]
async fn a_directory_created_later_is_found_by_polling() {
    let folder = Folder::new();
    let file = folder.path("late/file");
    let mut watcher = Watcher::start(files([file.clone()]), OFTEN).await;
    fs::create_dir(folder.path("late")).unwrap();
    folder.write("late/file", "1");
    assert_eq!(changed(&mut watcher).await, [file]);
}

#[tokio::test]
async fn a_file_system_without_events_is_polled() {
    let folder = Folder::new();
    let file = folder.write("a", "1");
    let mut watcher = Watcher::polling(files([file.clone()]), OFTEN).await;
    folder.write("a", "2");
    assert_eq!(changed(&mut watcher).await, [file]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_config_map_swapped_behind_its_links_is_reported_each_time() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new();
    let publish = |version: &str| {
        fs::create_dir(folder.path(version)).unwrap();
        folder.write(&format!("{version}/key"), version);
        symlink(version, folder.path("..tmp")).unwrap();
        fs::rename(folder.path("..tmp"), folder.path("..data")).unwrap();
    };
    publish("..1");
    symlink("..data/key", folder.path("key")).unwrap();

    let mut watcher = Watcher::start(files([folder.path("key")]), NEVER).await;
    for version in ["..2", "..3"] {
        publish(version);
        assert_eq!(changed(&mut watcher).await, [folder.path("key")]);
    }
    // The directory behind the links is watched too.
    folder.write("..3/key", "in place");
    assert_eq!(changed(&mut watcher).await, [folder.path("key")]);
}

#[tokio::test]
async fn the_set_of_files_can_be_replaced() {
    let (folder, other) = (Folder::new(), Folder::new());
    let (old, kept) = (folder.write("old", "1"), folder.write("kept", "1"));
    let new = other.write("new", "1");
    let mut watcher = Watcher::start(files([old, kept.clone()]), NEVER).await;

    folder.write("kept", "2");
    watcher.set_files(files([kept.clone(), new.clone()])).await;
    assert_eq!(changed(&mut watcher).await, [kept], "a change was lost");

    folder.write("old", "2");
    other.write("new", "2");
    assert_eq!(changed(&mut watcher).await, [new]);
}

#[tokio::test]
async fn a_cancelled_wait_loses_no_change() {
    let folder = Folder::new();
    let file = folder.write("a", "1");
    let mut watcher = Watcher::start(files([file.clone()]), NEVER).await;
    folder.write("a", "2");
    // Cancelled in each phase: waiting, settling and reading.
    for step in 0..40 {
        let limit = Duration::from_millis(step * 5);
        if let Ok(seen) = timeout(limit, watcher.changed()).await {
            assert_eq!(seen, [file]);
            return;
        }
    }
    assert_eq!(changed(&mut watcher).await, [file]);
}

/// A snapshot, as from reading a configuration.
fn holding(path: &Path, text: &str) -> Vec<Snapshot> {
    vec![Snapshot {
        path: path.to_owned(),
        contents: Some(Contents::of(text.as_bytes())),
    }]
}

#[tokio::test]
async fn a_file_that_changed_between_being_read_and_being_watched_is_reported() {
    let folder = Folder::new();
    let file = folder.write("a", "2");
    let mut watcher = Watcher::start(holding(&file, "1"), NEVER).await;
    assert_eq!(changed(&mut watcher).await, [file.as_path()]);
    // The same after a reload.
    watcher.set_files(holding(&file, "3")).await;
    assert_eq!(changed(&mut watcher).await, [file]);
}

#[tokio::test]
async fn a_change_that_a_reload_read_is_not_reported() {
    let folder = Folder::new();
    let (file, marker) = (folder.write("a", "1"), folder.write("w", ""));
    let both = files([file.clone(), marker.clone()]);
    let mut watcher = Watcher::start(both, NEVER).await;
    folder.write("a", "2");
    let mut read = holding(&file, "2");
    read.extend(files([file, marker.clone()]));
    watcher.set_files(read).await;
    assert!(is_quiet(&mut watcher, &folder, &marker).await);
}

/// A link to itself fails for every user.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_cannot_be_read_has_not_changed() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new();
    let (file, marker) = (folder.write("a", "1"), folder.write("w", ""));
    let both = files([file.clone(), marker.clone()]);
    let mut watcher = Watcher::start(both, NEVER).await;
    symlink("a", folder.path("loop")).unwrap();
    fs::rename(folder.path("loop"), &file).unwrap();
    assert!(is_quiet(&mut watcher, &folder, &marker).await);
    // The file is readable again, with the same contents.
    fs::rename(folder.write("b", "1"), &file).unwrap();
    assert!(is_quiet(&mut watcher, &folder, &marker).await);
    fs::rename(folder.write("b", "2"), &file).unwrap();
    assert_eq!(changed(&mut watcher).await, [file]);
}

/// For example, after a reload without a free descriptor.
#[tokio::test]
async fn a_file_unreadable_during_a_reload_is_reported_once_readable() {
    let folder = Folder::new();
    let file = folder.write("a", "1");
    let mut watcher = Watcher::start(files([file.clone()]), NEVER).await;
    let unread = Snapshot {
        path: file.clone(),
        contents: Some(Contents::Unreadable),
    };
    watcher.set_files(vec![unread]).await;
    assert_eq!(changed(&mut watcher).await, [file]);
}
