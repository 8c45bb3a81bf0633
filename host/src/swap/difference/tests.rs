//! Comparisons of two manifests.

use super::*;
use crate::guest::{DeclaredCollector, DeclaredFamily};

fn collector(name: &str, paths: &[&str], families: &[(&str, DeclaredKind)]) -> DeclaredCollector {
    let family = |(name, kind): &(&str, DeclaredKind)| DeclaredFamily {
        name: (*name).to_owned(),
        kind: *kind,
        unit: None,
        help: String::new(),
        labels: Vec::new(),
        experimental: false,
    };
    let endpoint = |path: &&str| Endpoint {
        method: Method::Get,
        path: (*path).to_owned(),
    };
    DeclaredCollector {
        name: name.to_owned(),
        summary: String::new(),
        enabled_by_default: true,
        cached: false,
        default_interval_seconds: None,
        endpoints: paths.iter().map(endpoint).collect(),
        permissions: Vec::new(),
        options: Vec::new(),
        families: families.iter().map(family).collect(),
        state_version: 1,
    }
}

fn manifest(collectors: Vec<DeclaredCollector>) -> Manifest {
    Manifest {
        name: "netbackup".to_owned(),
        version: "1.0.0".to_owned(),
        collectors,
        highlights: Vec::new(),
    }
}

#[test]
fn each_change_has_a_line() {
    use DeclaredKind::{Counter, Gauge};
    let old = manifest(vec![
        collector(
            "jobs",
            &["/jobs"],
            &[("nbu_jobs", Gauge), ("nbu_old", Gauge)],
        ),
        collector("slo", &["/slos"], &[]),
    ]);
    let new = manifest(vec![
        collector("jobs", &["/jobs", "/other"], &[("nbu_jobs", Counter)]),
        collector("tape", &["/tape"], &[("nbu_tape", Gauge)]),
    ]);
    let difference = Difference::between(&old, &new);
    let lines = [
        "+ endpoint `GET /other` of `jobs`",
        "+ collector `tape`",
        "+ endpoint `GET /tape` of `tape`",
        "+ family `nbu_tape` of `tape`",
        "- family `nbu_old` of `jobs`",
        "- collector `slo`",
        "- endpoint `GET /slos` of `slo`",
        "~ type of family `nbu_jobs` changed from gauge to counter",
    ];
    assert_eq!(difference.lines(), lines);
    let short = lines.into_iter().filter(|it| !it.contains("/slos"));
    assert_eq!(difference.short_lines(), short.collect::<Vec<_>>());
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
    let one = collector("jobs", &["/jobs"], &[("nbu_jobs", DeclaredKind::Gauge)]);
    let empty = |name| collector(name, &[], &[]);
    let moved = DeclaredCollector {
        name: "tape".to_owned(),
        ..one.clone()
    };
    let old = manifest(vec![one, empty("tape")]);
    let new = manifest(vec![empty("jobs"), moved]);
    assert_eq!(Difference::between(&old, &new), Difference::default());
}

#[test]
fn a_lower_state_version_is_found_in_a_guest_of_the_same_name() {
    let of = |state_version, name: &str| Manifest {
        name: name.to_owned(),
        ..manifest(vec![DeclaredCollector {
            state_version,
            ..collector("jobs", &[], &[])
        }])
    };
    let older = |old, new| Difference::between(&old, &new).older_states;
    let found = older(of(2, "netbackup"), of(1, "netbackup"));
    assert_eq!(
        found[0].to_string(),
        "`state-version` of collector `jobs` fell from 2 to 1"
    );
    assert_eq!(older(of(1, "netbackup"), of(2, "netbackup")), []);
    assert_eq!(older(of(2, "netbackup"), of(1, "other")), []);
}
