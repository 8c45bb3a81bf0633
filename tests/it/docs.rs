//! The documentation matches the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use nbu_exporter::config;
use nbu_exporter::guest::Manifest;
use tests::Program;

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(name);
    fs::read_to_string(path).unwrap()
}

async fn printed(command: &[&str]) -> String {
    let output = Program::output(command, Path::new(".")).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

async fn reference() -> String {
    printed(&["inspect", "--markdown"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_reference_is_current() {
    let printed = printed(&["reference"]).await;
    assert!(
        page("configuration.md") == printed,
        "docs/configuration.md is out of date: `nbu_exporter reference > docs/configuration.md`"
    );
}

#[test]
fn every_documented_key_has_a_description() {
    let manifest = Manifest {
        name: String::new(),
        version: String::new(),
        collectors: Vec::new(),
        highlights: Vec::new(),
    };
    let reference = config::reference(&manifest);
    let maps = reference.configuration.iter().chain(&reference.web);
    for map in maps {
        assert!(map.text.ends_with('.'), "{}", map.path);
        for key in &map.keys {
            assert!(key.text.ends_with('.'), "{}", key.path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_reference_is_current() {
    let printed = reference().await;
    assert!(
        page("metrics.md") == printed,
        "docs/metrics.md is out of date: `nbu_exporter inspect --markdown > docs/metrics.md`"
    );
}

#[test]
fn every_collector_is_in_the_list_of_names() {
    let (metrics, operating) = (page("metrics.md"), page("operating.md"));
    let (_, names) = operating.split_once("### Collectors\n").unwrap();
    let (names, _) = names.split_once("\n### ").unwrap();
    let row = |first: &str| names.lines().find(|row| row.starts_with(first)).unwrap();
    let (on, off) = (row("| on |"), row("| off |"));
    let sections = metrics.split("\n## Collector ").skip(1);
    for section in sections {
        let name = section.lines().next().unwrap();
        let row = if section.contains("Runs by default.") {
            on
        } else {
            off
        };
        assert!(row.contains(name), "{name} is missing in: {row}");
    }
}

#[test]
fn every_relative_link_leads_to_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let docs = fs::read_dir(root.join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    let top = [
        "README",
        "ARCHITECTURE",
        "SECURITY",
        "CONTRIBUTING",
        "CHANGELOG",
    ];
    let top = top.map(|name| root.join(name).with_extension("md"));
    let mut links = 0;
    for page in docs.chain(top) {
        let text = fs::read_to_string(&page).unwrap();
        for rest in text.split("](").skip(1) {
            let link = rest.split([')', '#']).next().unwrap();
            if link.is_empty() || link.contains(':') {
                continue;
            }
            let file = page.parent().unwrap().join(link);
            assert!(file.exists(), "{}: `{link}`", page.display());
            links += 1;
        }
    }
    assert!(links > 20, "{links} links were found");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_name_that_the_migration_page_maps_to_exists() {
    let reference = reference().await;
    let page = page("migrating.md");
    let rows = page.lines().filter(|line| line.starts_with("| `nbu_"));
    let mut names = 0;
    for row in rows {
        let quoted = row.split('`').skip(1).step_by(2);
        for name in quoted.filter(|word| word.starts_with("nbu_")) {
            assert!(
                reference.contains(&format!("| `{name}` |")),
                "`{name}` in: {row}"
            );
            names += 1;
        }
    }
    assert!(names > 20, "the table of names has moved");
}

/// A file, and a test in it that SECURITY.md names.
fn cited(line: &str) -> Vec<(&str, &str)> {
    let mut file = None;
    let mut tests = Vec::new();
    for word in line.split('`').skip(1).step_by(2) {
        if word.ends_with(".rs") {
            file = Some(word);
        } else if let Some(file) = file.filter(|_| is_sentence(word)) {
            tests.push((file, word));
        }
    }
    tests
}

fn is_sentence(word: &str) -> bool {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    word.contains('_') && word.chars().all(letters)
}

/// Whether the file has a test of that name, and not only a function.
fn is_test(text: &str, name: &str) -> bool {
    let Some((before, _)) = text.split_once(&format!("fn {name}(")) else {
        return false;
    };
    let before = before.trim_end_matches("async ").trim_end();
    before
        .lines()
        .last()
        .is_some_and(|line| line.trim().starts_with("#[") && line.contains("test"))
}

#[test]
fn every_promise_in_security_md_names_existing_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let (mut tests, mut promises) = (BTreeSet::new(), 0);
    for line in text.lines() {
        let cited = cited(line);
        for (file, name) in &cited {
            let source = fs::read_to_string(root.join(file));
            let source = source.unwrap_or_else(|error| panic!("`{file}`: {error}"));
            assert!(is_test(&source, name), "`{file}` has no test `{name}`");
        }
        tests.extend(cited.iter().map(|(_, name)| name.to_string()));
        promises += usize::from(!cited.is_empty());
    }
    assert!(
        tests.len() > 60 && promises > 40,
        "{} tests, {promises}",
        tests.len()
    );
    let promised = text.split("## Promises").nth(1).unwrap();
    let promised = promised.split("## Not promised").next().unwrap();
    let rows = promised
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("Tried by"));
    for row in rows {
        assert!(!cited(row).is_empty(), "nothing tries: {row}");
    }
}
