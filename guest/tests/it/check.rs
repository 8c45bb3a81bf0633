//! Settings are checked, and collectors report the families that they describe.

use std::collections::HashSet;

use guest::contract::{DeclaredFamily, Kind, Problem, ReportedFamily, Samples, Settings};
use guest::describe::describe;

use crate::site::{Site, settings, window, with_legacy_names};
use crate::text::declared;

fn problems(change: impl FnOnce(&mut Settings)) -> Vec<Problem> {
    let mut settings = settings(&["storage", "jobs"]);
    change(&mut settings);
    guest::check::check(&settings)
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
    });
    assert_eq!(found.len(), 2);
}

fn same(described: &DeclaredFamily, reported: &ReportedFamily) -> bool {
    let kind = match reported.samples {
        Samples::Gauge(_) => Kind::Gauge,
        Samples::Counter(_) => Kind::Counter,
        Samples::Histogram(_) => Kind::Histogram,
    };
    described.name == reported.name && described.kind == kind
}

#[test]
fn highlights_refer_to_declared_families_and_labels() {
    let manifest = describe();
    assert!(!manifest.highlights.is_empty());
    for highlight in manifest.highlights {
        let family = declared(&highlight.family);
        for (label, _) in highlight.matching {
            assert!(family.labels.contains(&label), "{label} of {}", family.name);
        }
    }
}

#[test]
fn units_end_the_names_of_their_families() {
    for family in describe().collectors.into_iter().flat_map(|it| it.families) {
        let name = family.name.strip_suffix("_total").unwrap_or(&family.name);
        if let Some(unit) = family.unit {
            assert!(name.ends_with(&format!("_{unit}")), "{name}");
        }
    }
}

#[test]
fn exactly_the_described_families_are_reported() {
    let manifest = describe();
    assert_eq!(manifest.version, env!("CARGO_PKG_VERSION"));
    let names: Vec<&str> = manifest.collectors.iter().map(|c| &*c.name).collect();
    let mut settings = settings(&names);
    settings = with_legacy_names(settings);
    let report = Site::new().collect(&settings, &window(), &[]);
    for (capability, outcome) in manifest.collectors.iter().zip(&report.outcomes) {
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
    let names: Vec<&str> = manifest.collectors.iter().map(|c| &*c.name).collect();
    let report = Site::new().collect(&settings(&names), &window(), &[]);
    for (capability, outcome) in manifest.collectors.iter().zip(&report.outcomes) {
        let described = capability.families.iter().map(|family| &*family.name);
        let canonical: Vec<&str> = described.filter(|name| !LEGACY.contains(name)).collect();
        let reported: Vec<&str> = outcome
            .families
            .iter()
            .map(|family| &*family.name)
            .collect();
        assert_eq!(reported, canonical, "{}", capability.name);
    }
    let families = manifest.collectors.iter().flat_map(|c| &c.families);
    let legacy = families.filter(|family| LEGACY.contains(&&*family.name));
    assert_eq!(legacy.count(), LEGACY.len());
}

#[test]
fn names_are_unique_and_valid_and_help_does_not_mention_the_cache() {
    let mut names = HashSet::new();
    for capability in describe().collectors {
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
