//! Locking and permissions of the state directory.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[test]
fn a_directory_is_used_by_one_process_at_a_time() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let refused = Store::open(folder.path(), instruments()).err().unwrap();
    assert!(matches!(refused, StateDirError::InUse(_)));
    let text = refused.to_string();
    let hint = "\n  hint: stop that process, or give each exporter a directory of its own";
    assert!(text.ends_with(hint) && text.lines().count() == 2, "{text}");
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
fn a_deleted_directory_or_changed_link_is_another_directory() {
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
    let again = open(&at("one"));
    assert!(!store.is_at(&at("one")) && again.is_at(&at("one")));
}

#[test]
fn an_invalid_path_is_rejected_with_a_hint() {
    let around = TempDir::new().unwrap();
    let file = around.path().join("file");
    fs::write(&file, "").unwrap();
    for folder in [file.clone(), file.join("below/it")] {
        let opened = Store::open(&folder, instruments()).err().unwrap();
        for refused in [opened, examine(&folder).unwrap_err()] {
            let said = refused.to_string();
            assert!(
                said.contains(&format!("`{}` is not a directory\n", file.display())),
                "{said}"
            );
            assert!(said.contains("hint: "), "{said}");
        }
    }
    let uncreatable = Path::new("/proc/state");
    for refused in [
        Store::open(uncreatable, instruments()).err().unwrap(),
        examine(uncreatable).unwrap_err(),
    ] {
        let said = refused.to_string();
        assert!(said.ends_with("\n  hint: use another directory"), "{said}");
    }
    let to_be_made = around.path().join("to/be/made");
    examine(&to_be_made).unwrap();
    assert!(
        !around.path().join("to").exists(),
        "a check creates nothing"
    );
}

#[test]
fn only_this_user_can_read_stored_states() {
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
