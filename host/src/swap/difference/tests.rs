//! Comparisons of two manifests.

use super::*;
use crate::guest::{Capability, DescribedFamily};

fn capability(name: &str, paths: &[&str], families: &[(&str, DeclaredKind)]) -> Capability {
    let family = |(name, kind): &(&str, DeclaredKind)| DescribedFamily {
        name: (*name).to_owned(),
        kind: *kind,
        help: String::new(),
        labels: Vec::new(),
    };
    Capability {
        name: name.to_owned(),
        summary: String::new(),
        families: families.iter().map(family).collect(),
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        cached: false,
        state_version: 1,
    }
}

fn manifest(capabilities: Vec<Capability>) -> Manifest {
    Manifest {
        version: "1.0.0".to_owned(),
        capabilities,
    }
}

#[test]
fn each_change_has_a_line() {
    use DeclaredKind::{Counter, Gauge};
    let old = manifest(vec![
        capability(
            "jobs",
            &["/jobs"],
            &[("nbu_jobs", Gauge), ("nbu_old", Gauge)],
        ),
        capability("slo", &["/slos"], &[]),
    ]);
    let new = manifest(vec![
        capability("jobs", &["/jobs", "/other"], &[("nbu_jobs", Counter)]),
        capability("tape", &["/tape"], &[("nbu_tape", Gauge)]),
    ]);
    let difference = Difference::between(&old, &new);
    let lines = [
        "+ path `/other` of `jobs`",
        "+ collector `tape`",
        "+ path `/tape` of `tape`",
        "+ family `nbu_tape` of `tape`",
        "- family `nbu_old` of `jobs`",
        "- collector `slo`",
        "- path `/slos` of `slo`",
        "~ type of family `nbu_jobs` changed from gauge to counter",
    ];
    assert_eq!(difference.lines(), lines);
    let text = |items: Vec<ManifestItem>| {
        items
            .iter()
            .map(ManifestItem::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        text(difference.families_lost()),
        ["family `nbu_old` of `jobs`"]
    );
    assert_eq!(
        difference.gained().len(),
        3,
        "a collector is not a capability"
    );
}

#[test]
fn moving_items_between_collectors_is_not_a_change() {
    let one = capability("jobs", &["/jobs"], &[("nbu_jobs", DeclaredKind::Gauge)]);
    let empty = |name| capability(name, &[], &[]);
    let moved = Capability {
        name: "tape".to_owned(),
        ..one.clone()
    };
    let old = manifest(vec![one, empty("tape")]);
    let new = manifest(vec![empty("jobs"), moved]);
    assert_eq!(Difference::between(&old, &new), Difference::default());
}
