use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use sha2::Sha256;
use tempfile::TempDir;

use super::*;
use crate::collect::state::StateVersion;
use crate::guest::SavedState;
use crate::metrics::BuildInfo;

mod folder;

/// Larger than the states below.
const LIMIT: usize = 100;

fn instruments() -> Instruments {
    Instruments::new(&BuildInfo {
        version: "1",
        revision: "1",
        rustc: "1",
        wasmtime: "1",
    })
}

fn open(folder: &Path) -> Store {
    Store::open(folder, instruments()).unwrap()
}

fn site(name: &str) -> SiteName {
    SiteName::new(name).unwrap()
}

fn guest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

fn version(by: &str, collector: &str, bytes: &[u8]) -> StateVersion {
    StateVersion {
        guest: guest(by),
        saved: Arc::new(SavedState {
            collector: collector.to_owned(),
            version: 3,
            bytes: bytes.to_vec(),
        }),
        superseded: false,
    }
}

/// Stores the state of a collector and keeps the others. Returns whether the write
/// succeeded.
fn keep(store: &Store, of: &SiteName, collector: &str, bytes: &[u8]) -> bool {
    let entry = StateEntry::new(vec![version("old", collector, bytes)]);
    bring(store, of, collector, entry)
}

fn bring(store: &Store, of: &SiteName, collector: &str, entry: StateEntry) -> bool {
    let held = store.stored().get(of).cloned().unwrap_or_default();
    let held = held.into_iter();
    let mut states: HashMap<_, _> = held
        .filter_map(|(name, entry)| Some((name, entry?)))
        .collect();
    states.insert(collector.to_owned(), entry.clone());
    store.write_states(of, &states);
    store.stored()[of][collector] == Some(entry)
}

/// The stored states of these collectors.
fn found(store: &Store, of: &SiteName, collectors: &[&str]) -> HashMap<String, Vec<u8>> {
    let read = |name: &&str| {
        let entry = store.read(of, name, LIMIT).unwrap();
        let bytes = entry.versions().next()?.saved.bytes.clone();
        Some(((*name).to_owned(), bytes))
    };
    collectors.iter().filter_map(read).collect()
}

/// The stored state of `jobs`.
fn jobs(store: &Store, of: &str) -> Option<Vec<u8>> {
    found(store, &site(of), &["jobs"]).remove("jobs")
}

/// A directory, its store and its only file.
fn one() -> (TempDir, Store, PathBuf) {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    assert!(keep(&store, &site("paris"), "jobs", b"counted 7"));
    let file = folder.path().join("paris/jobs.state");
    assert!(file.exists());
    (folder, store, file)
}

fn load(path: &Path, collector: &str) -> Result<StateEntry, StateFileError> {
    disk::load(&Disk::default(), path, "paris", collector, LIMIT)
}

/// Asserts that reading renames the corrupt file and does not affect others.
fn is_renamed(store: &Store, file: &Path, what: &str) {
    assert_eq!(jobs(store, "paris"), None, "{what}");
    assert!(!file.exists(), "{what}");
    assert!(file.with_extension("state.broken").exists(), "{what}");
}

fn failures(store: &Store) -> String {
    let page = store.instruments.render(crate::metrics::Format::Text);
    let mut lines = page.lines();
    let line = lines.find(|line| line.starts_with("nbu_exporter_state_write_failures_total{"));
    line.unwrap_or_default().to_owned()
}

#[test]
fn stored_states_are_found_by_the_next_process() {
    let (folder, store, _) = one();
    keep(&store, &site("paris"), "empty", b"");
    keep(&store, &site("lyon"), "jobs", b"\0\n\xff");
    drop(store);
    let store = open(folder.path());
    let paris = found(&store, &site("paris"), &["jobs", "empty", "tape"]);
    assert_eq!(paris["jobs"], b"counted 7");
    assert_eq!(paris["empty"], b"");
    assert_eq!(paris.len(), 2);
    assert_eq!(jobs(&store, "lyon").unwrap(), b"\0\n\xff");
    assert_eq!(jobs(&store, "elsewhere"), None);
    let entry = store.read(&site("paris"), "jobs", LIMIT).unwrap();
    let version = entry.versions().next().unwrap();
    assert_eq!((version.guest, version.saved.version), (guest("old"), 3));
}

#[test]
fn both_states_of_a_probation_are_stored_and_older_files_are_read() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let mut before = version("old", "jobs", b"before");
    before.superseded = true;
    let entry = StateEntry::new(vec![before, version("new", "jobs", b"since")]);
    assert!(bring(&store, &site("paris"), "jobs", entry.clone()));
    let file = folder.path().join("paris/jobs.state");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.ends_with("sincebefore"), "{text}");
    let read = || store.read(&site("paris"), "jobs", LIMIT).unwrap();
    let kept: Vec<_> = read().versions().cloned().collect();
    assert_eq!(kept, entry.versions().cloned().collect::<Vec<_>>());
    // Earlier releases did not mark the second state.
    let (head, rest) = text.split_once('\n').unwrap();
    let earlier = rest.replace(",\"followed\":true", "");
    let sum = base16ct::lower::encode_string(&<Sha256 as sha2::Digest>::digest(&earlier));
    let head = &head[..head.rfind(' ').unwrap()];
    fs::write(&file, format!("{head} {sum}\n{earlier}")).unwrap();
    let kept: Vec<_> = read().versions().map(|it| it.superseded).collect();
    assert_eq!(kept, [false, true]);
}

#[test]
fn files_of_dropped_states_are_removed() {
    let (_folder, store, file) = one();
    store.write_states(&site("paris"), &HashMap::new());
    assert!(!file.exists());
}

#[test]
fn a_truncated_file_is_renamed() {
    let (_folder, store, file) = one();
    let valid = fs::read(&file).unwrap();
    for end in 0..valid.len() {
        fs::write(&file, &valid[..end]).unwrap();
        is_renamed(&store, &file, &format!("{end} bytes"));
    }
    fs::write(&file, [&valid, b"?".as_slice()].concat()).unwrap();
    is_renamed(&store, &file, "one byte more");
    fs::write(&file, &valid).unwrap();
    assert_eq!(jobs(&store, "paris").unwrap(), b"counted 7");
}

#[test]
fn a_file_with_a_modified_byte_is_renamed() {
    let (_folder, store, file) = one();
    let valid = fs::read(&file).unwrap();
    for at in 0..valid.len() {
        let mut changed = valid.clone();
        changed[at] ^= 1;
        fs::write(&file, changed).unwrap();
        is_renamed(&store, &file, &format!("byte {at}"));
    }
}

/// Why the file cannot be used as the state of a collector of `paris`.
fn reason(path: &Path, collector: &str) -> String {
    load(path, collector).unwrap_err().to_string()
}

#[test]
fn any_other_invalid_file_is_renamed_and_the_reason_logged() {
    let (_folder, store, file) = one();
    let valid = fs::read_to_string(&file).unwrap();
    for (text, expected) in [
        ("", "not a state file of this program"),
        ("counters: 7\n", "not a state file of this program"),
        (&valid[..valid.len() - 1], "checksum mismatch"),
    ] {
        fs::write(&file, text).unwrap();
        let found = reason(&file, "jobs");
        assert!(found.contains(expected), "{found}");
        is_renamed(&store, &file, expected);
    }
}

#[test]
fn a_copy_under_another_name_is_renamed() {
    let (folder, store, file) = one();
    for (of, collector) in [("paris", "tape"), ("lyon", "jobs")] {
        let copy = folder.path().join(format!("{of}/{collector}.state"));
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(&file, &copy).unwrap();
        assert!(found(&store, &site(of), &[collector]).is_empty(), "{of}");
        assert!(copy.with_extension("state.broken").exists(), "{of}");
    }
    let copy = file.with_file_name("tape.state");
    fs::copy(&file, &copy).unwrap();
    let found = reason(&copy, "tape");
    assert!(found.contains("collector `jobs`"), "{found}");
}

#[test]
fn a_link_or_directory_is_not_read() {
    let (_folder, store, file) = one();
    let other = file.with_file_name("tape.state");
    symlink(&file, &other).unwrap();
    let found = reason(&other, "tape");
    assert!(found.contains("a symbolic link"), "{found}");
    fs::remove_file(&other).unwrap();
    fs::create_dir(&other).unwrap();
    let found = reason(&other, "tape");
    assert!(found.contains("a directory"), "{found}");
    assert_eq!(jobs(&store, "paris").unwrap(), b"counted 7");
}

#[test]
fn a_state_above_the_size_limit_is_kept() {
    let (_folder, store, file) = one();
    let large = vec![7; LIMIT + 1];
    assert!(keep(&store, &site("paris"), "jobs", &large));
    let read = || store.read(&site("paris"), "jobs", LIMIT).unwrap_err();
    let why = read();
    assert!(
        why.contains("`101` bytes") && why.contains("`100`"),
        "{why}"
    );
    // Too large to be read at all.
    let sparse = fs::OpenOptions::new().write(true).open(&file).unwrap();
    sparse.set_len(1 << 40).unwrap();
    assert!(read().contains("`guest.limits.stateSize`"));
    assert!(file.exists());
}

#[test]
fn arbitrary_names_are_distinct_and_stay_in_the_directory() {
    let around = TempDir::new().unwrap();
    let store = open(&around.path().join("state"));
    let long = "site ".repeat(1000);
    let names = [
        "..", "../away", "a/b", "a", "a%2Fb", ".lock", "a\0b", "\u{7f}ü", &long,
    ];
    for (n, name) in names.iter().enumerate() {
        for collector in ["jobs", "../jobs", &long] {
            let bytes = format!("{n} {}", collector.len());
            assert!(
                keep(&store, &site(name), collector, bytes.as_bytes()),
                "{name}"
            );
        }
    }
    for (n, name) in names.iter().enumerate() {
        let found = found(&store, &site(name), &["jobs", "../jobs", &long]);
        for collector in ["jobs", "../jobs", &long] {
            let bytes = format!("{n} {}", collector.len());
            assert_eq!(found[collector], bytes.as_bytes(), "{name} {collector}");
        }
    }
    let outside = fs::read_dir(around.path()).unwrap().count();
    assert_eq!(outside, 1, "nothing but the folder itself");
}

#[test]
fn temporary_files_of_a_killed_process_are_replaced() {
    let (_folder, store, file) = one();
    let temporary = file.with_extension("state.new");
    fs::write(&temporary, "half").unwrap();
    assert_eq!(jobs(&store, "paris").unwrap(), b"counted 7");
    assert!(keep(&store, &site("paris"), "jobs", b"counted 8"));
    assert_eq!(jobs(&store, "paris").unwrap(), b"counted 8");
    assert!(!temporary.exists());
}

/// An attacker with write access to the directory places links.
#[test]
fn writes_do_not_follow_links() {
    let (folder, store, file) = one();
    let other = folder.path().join("other");
    let names = [file.with_extension("state.new"), file.clone()];
    for (name, bytes) in names.into_iter().zip([b"counted 8", b"counted 9"]) {
        fs::write(&other, "kept").unwrap();
        let _ = fs::remove_file(&name);
        symlink(&other, &name).unwrap();
        assert!(keep(&store, &site("paris"), "jobs", bytes));
        assert_eq!(fs::read(&other).unwrap(), b"kept");
        assert_eq!(jobs(&store, "paris").unwrap(), bytes);
    }
    // The directory of a site may be a link too.
    let (there, away) = (folder.path().join("paris"), folder.path().join("away"));
    fs::rename(&there, &away).unwrap();
    symlink(&away, &there).unwrap();
    let before = fs::read(away.join("jobs.state")).unwrap();
    assert!(!keep(&store, &site("paris"), "jobs", b"counted 10"));
    assert_eq!(fs::read(away.join("jobs.state")).unwrap(), before);
    drop(store);
    let lock = folder.path().join(".lock");
    fs::remove_file(&lock).unwrap();
    symlink(folder.path().join("made"), &lock).unwrap();
    let refused = Store::open(folder.path(), instruments()).err().unwrap();
    assert!(refused.to_string().contains("a symbolic link"), "{refused}");
    assert!(!folder.path().join("made").exists());
}

#[test]
fn failed_writes_are_counted_and_retried() {
    let (folder, store, _) = one();
    let paris = site("paris");
    store.instruments.expect_site(&paris);
    store.expect(&paris);
    assert!(failures(&store).ends_with("} 0"));
    // Not even root can create a file below a file.
    let (there, away) = (folder.path().join("paris"), folder.path().join("away"));
    fs::rename(&there, &away).unwrap();
    fs::write(&there, "").unwrap();
    assert!(!keep(&store, &paris, "jobs", b"counted 8"));
    assert!(!keep(&store, &paris, "tape", b"counted 1"));
    assert!(
        keep(&store, &site("lyon"), "jobs", b"counted 3"),
        "other sites are not affected"
    );
    // The second call retried the failed write.
    assert!(failures(&store).ends_with("} 3"), "{}", failures(&store));
    assert_eq!(store.failing.lock().unwrap().len(), 2);
    fs::remove_file(&there).unwrap();
    fs::rename(&away, &there).unwrap();
    assert!(keep(&store, &paris, "jobs", b"counted 8"));
    assert!(keep(&store, &paris, "tape", b"counted 1"));
    assert!(store.failing.lock().unwrap().is_empty());
    assert_eq!(jobs(&store, "paris").unwrap(), b"counted 8");
}

/// Fails the first sync and counts the others.
#[derive(Debug, Default)]
struct Syncs(std::sync::Mutex<usize>);

impl crate::file::FaultInjector for Syncs {
    fn before(&self, call: crate::file::DiskCall<'_>) -> std::io::Result<()> {
        let mut syncs = self.0.lock().unwrap();
        if matches!(call, crate::file::DiskCall::Sync) {
            *syncs += 1;
            if *syncs == 1 {
                return Err(rustix::io::Errno::IO.into());
            }
        }
        Ok(())
    }
}

#[test]
fn a_directory_that_was_not_synced_is_synced_by_the_next_write() {
    let folder = TempDir::new().unwrap();
    let syncs = Arc::new(Syncs::default());
    let disk = Disk::with(Arc::clone(&syncs) as Arc<dyn crate::file::FaultInjector>);
    let store = Store::open_on(disk, folder.path(), instruments()).unwrap();
    assert!(!keep(&store, &site("paris"), "jobs", b"counted 7"));
    assert!(keep(&store, &site("paris"), "jobs", b"counted 7"));
    // The root directory again, the file, and the directory of the site.
    assert_eq!(*syncs.0.lock().unwrap(), 1 + 3);
}
