//! `make demo` and `make test` build each dependency once: the features that a dependency
//! has without the tests are among those that it is built with for them.

use std::collections::BTreeSet;
use std::process::Command;

use super::source::workspace;

/// The dependencies in these packages with their features, a line for each pair.
fn dependencies(arguments: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--prefix", "none"])
        .args(["--format", "{p}|{f}"])
        .args(arguments.split(' '))
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| line.trim_end_matches(" (*)"));
    // The crates of this workspace have their folder in the line.
    let lines = lines.filter(|line| line.contains('|') && !line.contains("(/"));
    lines.map(str::to_owned).collect()
}

#[test]
fn tests_build_no_dependency_of_the_demo_again() {
    let demo = dependencies("--package nbu_exporter --package simulator --edges normal,build");
    let tests = dependencies("--workspace --edges all");
    assert!(demo.len() > 100, "{demo:?}");
    let again: Vec<_> = demo.difference(&tests).collect();
    assert!(
        again.is_empty(),
        "declare the features that the tests add in host/Cargo.toml: {again:#?}"
    );
}
