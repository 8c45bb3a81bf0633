use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::guest::Saved;
use crate::metrics::Build;

/// More than the states below have.
const LIMIT: usize = 100;

fn instruments() -> Instruments {
    Instruments::new(&Build {
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

fn left(by: &str, collector: &str, bytes: &[u8]) -> Left {
    Left {
        guest: guest(by),
        saved: Arc::new(Saved {
            collector: collector.to_owned(),
            version: 3,
            bytes: bytes.to_vec(),
        }),
        followed: false,
    }
}

/// Stores that state of a collector.
fn keep(store: &Store, of: &SiteName, collector: &str, bytes: &[u8]) -> bool {
    let mut slot = Slot::default();
    slot.learn(1, left("old", collector, bytes), 1);
    let mut slots = HashMap::from([(collector.to_owned(), slot)]);
    store.bring(of, &mut slots);
    slots[collector].stored
}

/// What is found of the collectors of a site.
fn found(store: &Store, of: &SiteName) -> HashMap<String, Vec<u8>> {
    let slots = store.read(of, guest("old"), 1, LIMIT).into_iter();
    let bytes = |slot: Slot| slot.state.unwrap().now().saved.bytes.clone();
    slots.map(|(name, slot)| (name, bytes(slot))).collect()
}

/// A folder, its store, and the one file in it.
fn one() -> (TempDir, Store, PathBuf) {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    assert!(keep(&store, &site("paris"), "jobs", b"counted 7"));
    let file = folder.path().join("paris/jobs.state");
    assert!(file.exists());
    (folder, store, file)
}

/// The file is set aside, and whatever else there is found as before.
fn is_set_aside(store: &Store, file: &Path, what: &str) {
    assert!(found(store, &site("paris")).is_empty(), "{what}");
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
fn what_was_stored_is_found_by_the_next_process() {
    let (folder, store, _) = one();
    keep(&store, &site("paris"), "empty", b"");
    keep(&store, &site("lyon"), "jobs", b"\0\n\xff");
    drop(store);
    let store = open(folder.path());
    let paris = found(&store, &site("paris"));
    assert_eq!(paris["jobs"], b"counted 7");
    assert_eq!(paris["empty"], b"");
    assert_eq!(found(&store, &site("lyon"))["jobs"], b"\0\n\xff");
    assert!(found(&store, &site("elsewhere")).is_empty());
    let slots = store.read(&site("paris"), guest("old"), 1, LIMIT);
    let slot = &slots["jobs"];
    assert!(slot.stored, "there is nothing to write");
    let left = slot.state.as_ref().unwrap().now();
    assert_eq!((left.guest, left.saved.version), (guest("old"), 3));
}

#[test]
fn both_states_of_a_probation_are_kept() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let mut slot = Slot::default();
    slot.learn(1, left("old", "jobs", b"before"), 1);
    slot.learn(4, left("new", "jobs", b"since"), 1);
    let mut slots = HashMap::from([("jobs".to_owned(), slot)]);
    store.bring(&site("paris"), &mut slots);
    let given = |by: &str| {
        let slots = store.read(&site("paris"), guest(by), 1, LIMIT);
        let state = slots["jobs"].state.clone().unwrap();
        state.now().saved.bytes.clone()
    };
    assert_eq!(given("old"), b"before");
    assert_eq!(given("new"), b"since");
}

#[test]
fn what_has_to_go_is_removed() {
    let (_folder, store, file) = one();
    let mut slots = HashMap::from([("jobs".to_owned(), Slot::default())]);
    store.bring(&site("paris"), &mut slots);
    assert!(!file.exists() && slots["jobs"].stored);
}

#[test]
fn a_file_that_was_cut_off_anywhere_is_set_aside() {
    let (_folder, store, file) = one();
    let whole = fs::read(&file).unwrap();
    for end in 0..whole.len() {
        fs::write(&file, &whole[..end]).unwrap();
        is_set_aside(&store, &file, &format!("{end} bytes"));
    }
    fs::write(&file, [&whole, b"?".as_slice()].concat()).unwrap();
    is_set_aside(&store, &file, "one byte more");
    fs::write(&file, &whole).unwrap();
    assert_eq!(found(&store, &site("paris"))["jobs"], b"counted 7");
}

#[test]
fn a_file_in_which_any_byte_has_changed_is_set_aside() {
    let (_folder, store, file) = one();
    let whole = fs::read(&file).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&file, changed).unwrap();
        is_set_aside(&store, &file, &format!("byte {at}"));
    }
}

#[test]
fn every_other_kind_of_strange_file_is_set_aside_and_said_why() {
    let (folder, store, file) = one();
    let whole = String::from_utf8(fs::read(&file).unwrap()).unwrap();
    let newer = whole.replacen("state 1 ", "state 2 ", 1);
    let why = |path: &Path| match disk::load(path, "paris", LIMIT) {
        Err(broken) => broken.to_string(),
        Ok(_) => panic!("it is good"),
    };
    for (text, said) in [
        ("", "no state of this program"),
        ("counters: 7\n", "no state of this program"),
        (newer.as_str(), "the format `2`"),
        (&whole[..whole.len() - 1], "its checksum"),
    ] {
        fs::write(&file, text).unwrap();
        assert!(why(&file).contains(said), "{}", why(&file));
        is_set_aside(&store, &file, said);
    }
    // Somebody's copies.
    for name in ["paris/tape.state", "lyon/jobs.state"] {
        let copy = folder.path().join(name);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::write(&copy, &whole).unwrap();
        let of = site(name.split('/').next().unwrap());
        assert!(found(&store, &of).is_empty(), "{name}");
        assert!(copy.with_extension("state.broken").exists(), "{name}");
    }
    fs::write(&file, &whole).unwrap();
    let copy = file.with_file_name("tape.state");
    fs::write(&copy, &whole).unwrap();
    assert!(
        why(&copy).contains("the collector `jobs`"),
        "{}",
        why(&copy)
    );
    // Nothing to read at all; a pipe would never end, and a link leads elsewhere.
    fs::remove_file(&copy).unwrap();
    symlink(&file, &copy).unwrap();
    assert!(why(&copy).contains("a symbolic link"), "{}", why(&copy));
    fs::remove_file(&copy).unwrap();
    fs::create_dir(&copy).unwrap();
    assert!(why(&copy).contains("a directory"), "{}", why(&copy));
    let others = found(&store, &site("paris"));
    assert_eq!(others["jobs"], b"counted 7", "the others are read");
}

#[test]
fn a_state_of_more_bytes_than_allowed_is_set_aside() {
    let (_folder, store, file) = one();
    let large = vec![7; LIMIT + 1];
    assert!(keep(&store, &site("paris"), "jobs", &large));
    let why = disk::load(&file, "paris", LIMIT).unwrap_err().to_string();
    assert!(
        why.contains("`101` bytes") && why.contains("`100`"),
        "{why}"
    );
    is_set_aside(&store, &file, "a large state");
    // One that is too large to be looked at.
    let sparse = fs::File::create(&file).unwrap();
    sparse.set_len(1 << 40).unwrap();
    is_set_aside(&store, &file, "a large file");
}

#[test]
fn names_of_any_kind_are_told_apart_and_stay_in_the_folder() {
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
        let found = found(&store, &site(name));
        for collector in ["jobs", "../jobs", &long] {
            let bytes = format!("{n} {}", collector.len());
            assert_eq!(found[collector], bytes.as_bytes(), "{name} {collector}");
        }
    }
    let outside = fs::read_dir(around.path()).unwrap().count();
    assert_eq!(outside, 1, "nothing but the folder itself");
}

#[test]
fn what_a_killed_process_has_left_half_written_is_written_over() {
    let (_folder, store, file) = one();
    let beside = file.with_extension("state.new");
    fs::write(&beside, "half").unwrap();
    assert_eq!(found(&store, &site("paris"))["jobs"], b"counted 7");
    assert!(keep(&store, &site("paris"), "jobs", b"counted 8"));
    assert_eq!(found(&store, &site("paris"))["jobs"], b"counted 8");
    assert!(!beside.exists());
}

/// Somebody who may write to the folder puts links where the exporter writes.
#[test]
fn a_file_that_a_link_leads_to_is_not_written() {
    let (folder, store, file) = one();
    let other = folder.path().join("other");
    for name in [file.with_extension("state.new"), file.clone()] {
        fs::write(&other, "kept").unwrap();
        let _ = fs::remove_file(&name);
        symlink(&other, &name).unwrap();
        assert!(keep(&store, &site("paris"), "jobs", b"counted 8"));
        assert_eq!(fs::read(&other).unwrap(), b"kept");
        assert_eq!(found(&store, &site("paris"))["jobs"], b"counted 8");
    }
    // The folder of a site may be a link as well.
    let (there, away) = (folder.path().join("paris"), folder.path().join("away"));
    fs::rename(&there, &away).unwrap();
    symlink(&away, &there).unwrap();
    let before = fs::read(away.join("jobs.state")).unwrap();
    assert!(!keep(&store, &site("paris"), "jobs", b"counted 9"));
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
fn nobody_else_may_read_what_is_stored() {
    let around = TempDir::new().unwrap();
    let folder = around.path().join("var/state");
    let store = open(&folder);
    keep(&store, &site("paris"), "jobs", b"counted 7");
    let mode = |path: &str| {
        fs::metadata(folder.join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!([mode(""), mode("paris")], [0o700; 2]);
    assert_eq!([mode("paris/jobs.state"), mode(".lock")], [0o600; 2]);
}

#[test]
fn what_cannot_be_written_is_counted_and_written_when_it_can_be_again() {
    let (folder, store, _) = one();
    let paris = site("paris");
    store.expect(&paris);
    assert!(failures(&store).ends_with("} 0"));
    // Not even the super-user can write below a file.
    let (there, away) = (folder.path().join("paris"), folder.path().join("away"));
    fs::rename(&there, &away).unwrap();
    fs::write(&there, "").unwrap();
    assert!(!keep(&store, &paris, "jobs", b"counted 8"));
    assert!(!keep(&store, &paris, "tape", b"counted 1"));
    assert!(
        keep(&store, &site("lyon"), "jobs", b"counted 3"),
        "the others go on"
    );
    assert!(failures(&store).ends_with("} 2"), "{}", failures(&store));
    assert_eq!(store.failing.lock().unwrap().len(), 2);
    fs::remove_file(&there).unwrap();
    fs::rename(&away, &there).unwrap();
    assert!(keep(&store, &paris, "jobs", b"counted 8"));
    assert!(keep(&store, &paris, "tape", b"counted 1"));
    assert!(store.failing.lock().unwrap().is_empty());
    assert_eq!(found(&store, &paris)["jobs"], b"counted 8");
}

#[test]
fn a_folder_is_one_process_s_at_a_time() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let refused = Store::open(folder.path(), instruments()).err().unwrap();
    assert!(matches!(refused, Unusable::InUse(_)));
    assert_eq!(refused.to_string().lines().count(), 1, "{refused}");
    assert!(
        store.is_at(
            &folder
                .path()
                .join("../")
                .join(folder.path().file_name().unwrap())
        )
    );
    drop(store);
    open(folder.path());
}

#[test]
fn a_folder_that_was_deleted_or_a_link_that_was_turned_is_another_folder() {
    let around = TempDir::new().unwrap();
    let at = |name: &str| around.path().join(name);
    let store = open(&at("one"));
    symlink(at("one"), at("link")).unwrap();
    assert!(store.is_at(&at("one")) && store.is_at(&at("link")));
    let linked = open(&at("two"));
    fs::remove_file(at("link")).unwrap();
    symlink(at("two"), at("link")).unwrap();
    assert!(!store.is_at(&at("link")) && linked.is_at(&at("link")));
    fs::remove_dir_all(at("one")).unwrap();
    assert!(!store.is_at(&at("one")), "it is gone");
    let anew = open(&at("one"));
    assert!(!store.is_at(&at("one")) && anew.is_at(&at("one")));
}

#[test]
fn a_place_that_can_hold_no_folder_is_refused_with_a_hint() {
    let around = TempDir::new().unwrap();
    let file = around.path().join("file");
    fs::write(&file, "").unwrap();
    for folder in [file.clone(), file.join("below/it")] {
        let opened = Store::open(&folder, instruments()).err().unwrap();
        for refused in [opened, examine(&folder).unwrap_err()] {
            let said = refused.to_string();
            assert!(
                said.contains(&format!("`{}` is no folder\n", file.display())),
                "{said}"
            );
            assert!(said.contains("hint: "), "{said}");
        }
    }
    let to_be_made = around.path().join("to/be/made");
    examine(&to_be_made).unwrap();
    assert!(!around.path().join("to").exists(), "looking makes nothing");
}
