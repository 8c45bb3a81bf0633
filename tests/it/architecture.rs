//! Checks the architecture: the allowed imports, and the maximum size of files.

mod cycles;
mod features;
mod functions;
mod levels;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use self::levels::imports;
use self::source::{files, workspace};

/// The rooms of the host from the ground up, and the rooms that each may use.
/// No circles: a room uses only rooms that stand above it in this table.
///
/// `http` cannot reach `guest`, `swap` or `collect`, so no scrape can ever run
/// WebAssembly or wait for NetBackup. `swap` cannot reach `config`, so a
/// generation cannot be half-read from a file. `egress` cannot reach `guest`, so
/// the allow-list is tested without one.
const ROOMS: &[(&str, &[&str])] = &[
    ("budget", &[]),
    ("bundle", &[]),
    ("landlock", &[]),
    ("descriptors", &[]),
    ("file", &[]),
    ("clock", &[]),
    ("secret", &[]),
    ("site", &[]),
    ("suggestion", &[]),
    ("traces", &[]),
    ("events", &["clock", "site"]),
    ("telemetry", &["file"]),
    ("watch", &["file"]),
    ("metrics", &["site", "suggestion"]),
    (
        "egress",
        &[
            "budget",
            "bundle",
            "descriptors",
            "site",
            "secret",
            "traces",
        ],
    ),
    (
        "guest",
        &[
            "budget",
            "clock",
            "landlock",
            "egress",
            "site",
            "suggestion",
            "metrics",
            "telemetry",
        ],
    ),
    // From `guest`, only the names of failures.
    ("cache", &["events", "guest", "site", "metrics", "clock"]),
    (
        "swap",
        &[
            "events",
            "guest",
            "egress",
            "site",
            "suggestion",
            "metrics",
            "file",
            "traces",
        ],
    ),
    (
        "collect",
        &[
            "events", "swap", "guest", "egress", "cache", "site", "metrics", "clock", "file",
            "traces",
        ],
    ),
    (
        "http",
        &["descriptors", "events", "site", "metrics", "traces"],
    ),
    (
        "config",
        &[
            "collect",
            "http",
            "swap",
            "guest",
            "egress",
            "telemetry",
            "traces",
            "site",
            "suggestion",
            "secret",
            "file",
        ],
    ),
    (
        "app",
        &[
            "events",
            "config",
            "collect",
            "http",
            "cache",
            "swap",
            "guest",
            "egress",
            "metrics",
            "telemetry",
            "traces",
            "watch",
            "site",
            "suggestion",
            "clock",
            "file",
        ],
    ),
    (
        "cli",
        &[
            "app",
            "config",
            "collect",
            "cache",
            "swap",
            "guest",
            "egress",
            "metrics",
            "telemetry",
            "http",
            "landlock",
            "suggestion",
            "descriptors",
            "file",
            "bundle",
            "clock",
            "site",
            "secret",
        ],
    ),
];

/// The maximum number of lines of a file.
const LONGEST: usize = 400;

fn room(path: &Path) -> String {
    levels::module(path, "host/src")
}

#[test]
fn rooms_use_only_what_the_table_allows() {
    let allowed: BTreeMap<_, _> = ROOMS.iter().copied().collect();
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in files("host/src") {
        let room = room(&path);
        if matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        let Some(allowed) = allowed.get(room.as_str()) else {
            panic!("`{room}` ({}) is not in the table", path.display());
        };
        for name in imports(&text) {
            assert!(
                name == room || allowed.contains(&name.as_str()),
                "{}: `{room}` may not use `{name}`",
                path.display()
            );
            used.entry(room.clone()).or_default().insert(name);
        }
    }
    for (room, allowed) in ROOMS {
        let used = used.get(*room).cloned().unwrap_or_default();
        for name in *allowed {
            assert!(used.contains(*name), "`{room}` does not use `{name}`");
        }
    }
}

#[test]
fn the_table_has_no_circles() {
    let mut above = BTreeSet::new();
    for (room, allowed) in ROOMS {
        for name in *allowed {
            assert!(above.contains(name), "`{room}` uses `{name}` below it");
        }
        above.insert(*room);
    }
}

#[test]
fn only_the_room_of_the_guest_and_the_hooks_of_egress_name_wasmtime() {
    for (path, text) in files("host/src") {
        let code = text.lines().filter(|line| !line.trim().starts_with("//"));
        let names = |line: &&str| {
            ["wasmtime::", "wasmtime_wasi"]
                .iter()
                .any(|w| line.contains(w))
        };
        let Some(line) = code.into_iter().find(names) else {
            continue;
        };
        // The log leaves out what Wasmtime's crates write.
        let others = [
            "host/src/egress/hooks.rs",
            "host/src/egress/tests.rs",
            "host/src/telemetry/settings.rs",
            "host/src/telemetry/tests.rs",
        ];
        let may = room(&path) == "guest" || others.iter().any(|file| path.ends_with(file));
        assert!(may, "{}: {line}", path.display());
    }
}

#[test]
fn host_guest_and_simulator_share_only_the_contract() {
    let manifest = |folder: &str| fs::read_to_string(workspace().join(folder).join("Cargo.toml"));
    let ours = ["nbu_exporter", "simulator", "guest"];
    for (folder, allowed) in [
        ("host", vec!["simulator"]),
        ("host/simulator", vec![]),
        ("guest", vec![]),
    ] {
        let text = manifest(folder).unwrap();
        let depends = |name: &&str| {
            text.lines()
                .any(|line| line.split(['.', ' ']).next() == Some(name))
        };
        let used: Vec<_> = ours.into_iter().filter(depends).collect();
        assert_eq!(used, allowed, "{folder}");
    }
}

#[test]
fn no_file_is_too_long() {
    for folder in ["host", "guest", "tests"] {
        for (path, text) in files(folder) {
            let lines = text.lines().count();
            assert!(lines <= LONGEST, "{} has {lines} lines", path.display());
        }
    }
}

#[test]
fn every_crate_written_by_hand_forbids_unsafe_code() {
    // The generated bindings of these two contain unsafe code.
    let generated = ["guest/src/lib.rs", "tests/guests/src/lib.rs"];
    for root in [
        "host/src/main.rs",
        "host/simulator/src/lib.rs",
        "host/simulator/src/main.rs",
        "tests/src/lib.rs",
        "tests/it/main.rs",
    ] {
        let text = fs::read_to_string(workspace().join(root)).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{root}");
    }
    for root in generated {
        assert!(workspace().join(root).exists(), "{root}");
    }
}

#[test]
fn unsafe_code_is_one_line_with_its_proof() {
    let host = fs::read_to_string(workspace().join("host/src/lib.rs")).unwrap();
    assert!(host.contains("#![deny(unsafe_code)]"));
    let mut allowed = Vec::new();
    for (path, text) in files("host") {
        for line in text.lines() {
            let line = line.trim();
            let allows = line.contains("allow(") || line.contains("expect(");
            if !line.starts_with("//") && allows && line.contains("unsafe_code") {
                allowed.push(path.clone());
            }
        }
    }
    let artifact = PathBuf::from("host/src/guest/compiler/artifact.rs");
    assert_eq!(allowed, std::slice::from_ref(&artifact));
    let text = fs::read_to_string(workspace().join(artifact)).unwrap();
    let code = text.lines().filter(|line| !line.trim().starts_with("//"));
    let uses = code.filter(|line| line.contains("unsafe {")).count();
    assert_eq!(uses, 1);
    assert!(text.contains("// SAFETY:"));
}
