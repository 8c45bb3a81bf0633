//! Settings are checked, and collectors report the families that they describe.

use std::collections::HashSet;

use guest::contract::{DescribedFamily, Family, Kind, Problem, Samples, Selection, Settings};
use guest::describe::describe;

use crate::site::{Site, settings, window};

fn problems(change: impl FnOnce(&mut Settings)) -> Vec<Problem> {
    let mut settings = settings(&["storage", "jobs"]);
    change(&mut settings);
    guest::check::check(&settings)
}

fn select(name: &str, options: &str) -> Selection {
    Selection {
        name: name.to_owned(),
        options: options.to_owned(),
    }
}

#[test]
fn default_settings_have_no_problem() {
    assert_eq!(problems(|_| {}), []);
    assert_eq!(problems(|s| s.api_version = Some("14.0".to_owned())), []);
    for url in ["http://[::1]:80", "https://nbu1", "https://nbu1:1556/a/b/"] {
        assert_eq!(problems(|s| s.base_url = url.to_owned()), [], "{url}");
    }
}

#[test]
fn a_mistyped_collector_gets_the_right_name_as_a_hint() {
    let found = problems(|s| s.collectors.push(select("jbos", "{}")));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].at, "collectors.jbos");
    assert_eq!(found[0].hint.as_deref(), Some("did you mean `jobs`?"));
    let found = problems(|s| s.collectors.push(select("xyz", "{}")));
    let hint = found[0].hint.as_deref().unwrap();
    assert!(
        hint.starts_with("available collectors: `storage`, `jobs`, "),
        "{hint}"
    );
}

#[test]
fn an_unknown_option_is_reported_with_its_path() {
    let found = problems(|s| s.collectors = vec![select("jobs", r#"{"foo":1}"#)]);
    assert_eq!(found[0].at, "collectors.jobs.foo");
    let found = problems(|s| s.collectors = vec![select("jobs", "[")]);
    assert_eq!(found[0].at, "collectors.jobs");
}

#[test]
fn options_for_reading_jobs_have_bounds() {
    for (name, rest) in [("jobs", ""), ("perClient", r#","allowlist":["app1"]"#)] {
        let problem = |option: &str| {
            let options = format!("{{{option}{rest}}}");
            let found = problems(|s| s.collectors = vec![select(name, &options)]);
            let at = format!("collectors.{name}");
            assert!(found.iter().all(|problem| problem.at == at), "{found:?}");
            found.into_iter().next().map(|problem| problem.message)
        };
        for good in [
            r#""overlap":"90s","readers":1"#,
            r#""overlap":"78h","readers":16"#,
            r#""overlap":"1h30m""#,
        ] {
            assert_eq!(problem(good), None);
        }
        for bad in ["5", "0s", "-5m", "soon", ""] {
            let message = problem(&format!(r#""overlap":"{bad}""#)).unwrap();
            let expected = format!("expected a duration such as `5m` for overlap, found `{bad}`");
            assert_eq!(message, expected);
        }
        let message = problem(r#""overlap":"79h""#).unwrap();
        assert!(message.contains("at most `78h`"), "{message}");
        for bad in ["0", "17", "-1", "1.5"] {
            let message = problem(&format!(r#""readers":{bad}"#)).unwrap();
            assert_eq!(
                message,
                format!("expected `1` to `16` readers, found `{bad}`")
            );
        }
    }
}

#[test]
fn an_api_version_must_be_supported() {
    for version in ["8.0", "15.0", "13", "13.0.0", "v13.0", ""] {
        let found = problems(|s| s.api_version = Some(version.to_owned()));
        assert_eq!(found.len(), 1, "{version}");
        assert_eq!(found[0].at, "apiVersion");
        assert!(found[0].message.contains(&format!("`{version}`")));
    }
}

#[test]
fn a_base_url_must_be_valid() {
    for url in [
        "",
        "nbu1:1556",
        "ftp://nbu1",
        "https://",
        "https://:1556/x",
        "https://user@nbu1/x",
        "https://nbu1/x?y",
        "https://nbu 1/x",
    ] {
        assert_eq!(
            problems(|s| s.base_url = url.to_owned()).len(),
            1,
            "`{url}`"
        );
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let found = problems(|s| {
        s.base_url = String::new();
        s.api_version = Some("x".to_owned());
        s.collectors = vec![select("a", "{}"), select("jobs", r#"{"b":1}"#)];
    });
    assert_eq!(found.len(), 4);
}

fn same(described: &DescribedFamily, reported: &Family) -> bool {
    let kind = match reported.samples {
        Samples::Gauge(_) => Kind::Gauge,
        Samples::Counter(_) => Kind::Counter,
        Samples::Histogram(_) => Kind::Histogram,
    };
    described.name == reported.name
        && described.help == reported.help
        && described.labels == reported.labels
        && described.kind == kind
}

#[test]
fn exactly_the_described_families_are_reported() {
    let manifest = describe();
    assert_eq!(manifest.version, env!("CARGO_PKG_VERSION"));
    let names: Vec<&str> = manifest.capabilities.iter().map(|c| &*c.name).collect();
    let mut settings = settings(&names);
    settings.legacy_names = true;
    let report = Site::new().collect(&settings, &window(), &[]);
    for (capability, outcome) in manifest.capabilities.iter().zip(&report.outcomes) {
        let pairs = capability.families.iter().zip(&outcome.families);
        assert_eq!(capability.families.len(), outcome.families.len());
        for (described, reported) in pairs {
            assert!(same(described, reported), "{described:?} {reported:?}");
        }
    }
}

/// Every name of the predecessor that differs from the current one.
const LEGACY: [&str; 16] = [
    "nbu_disk_pool_volume_count",
    "nbu_jobs_dedup_ratio",
    "nbu_jobs_count",
    "nbu_jobs_bytes",
    "nbu_status_count",
    "nbu_jobs_state_count",
    "nbu_jobs_queued_count",
    "nbu_jobs_files_count",
    "nbu_alerts_count",
    "nbu_malware_scan_count",
    "nbu_catalog_images_count",
    "nbu_slo_count",
    "nbu_tape_drives_count",
    "nbu_tape_media_count",
    "nbu_client_last_job_success_seconds",
    "nbu_client_jobs_count",
];

#[test]
fn the_predecessors_names_are_reported_only_on_request() {
    let manifest = describe();
    let names: Vec<&str> = manifest.capabilities.iter().map(|c| &*c.name).collect();
    let report = Site::new().collect(&settings(&names), &window(), &[]);
    for (capability, outcome) in manifest.capabilities.iter().zip(&report.outcomes) {
        let described = capability.families.iter().map(|family| &*family.name);
        let canonical: Vec<&str> = described.filter(|name| !LEGACY.contains(name)).collect();
        let reported: Vec<&str> = outcome
            .families
            .iter()
            .map(|family| &*family.name)
            .collect();
        assert_eq!(reported, canonical, "{}", capability.name);
    }
    let families = manifest.capabilities.iter().flat_map(|c| &c.families);
    let legacy = families.filter(|family| LEGACY.contains(&&*family.name));
    assert_eq!(legacy.count(), LEGACY.len());
}

#[test]
fn names_are_unique_and_valid_and_help_does_not_mention_the_cache() {
    let mut names = HashSet::new();
    for capability in describe().capabilities {
        for family in capability.families {
            assert!(family.help.ends_with('.'), "{}", family.name);
            // The reference states once which collectors the host caches.
            assert!(!family.help.contains("cacheTTL"), "{}", family.name);
            assert!(family.name.starts_with("nbu_"));
            assert!(!family.labels.contains(&"site".to_owned()));
            assert!(names.insert(family.name));
        }
    }
}
