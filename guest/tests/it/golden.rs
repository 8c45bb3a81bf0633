//! The report of each collector for each release.

use guest::contract::Window;
use guest::describe::describe;

use crate::recorded::{self, RELEASES};
use crate::site::{settings, window, with_legacy_names};
use crate::text::{samples, text};

/// Families of one collector, then its failures.
fn golden(collector: &str, release: &str) -> String {
    let mut settings = settings(&[]);
    settings.collectors = vec![recorded::selection(collector)];
    settings = with_legacy_names(settings);
    let window = Window {
        last_api_version: None,
        ..window()
    };
    let report = recorded::site(release).collect(&settings, &window, &[]);
    let outcome = &report.outcomes[0];
    let mut golden = match release {
        // HELP is the same for all releases.
        "11.2" => text(&outcome.families),
        _ => samples(&outcome.families),
    };
    for path in &outcome.unsupported {
        golden += &format!("{path}: unsupported\n");
    }
    for failure in &outcome.failures {
        golden += &format!("{}: {:?}\n", failure.endpoint, failure.reason);
    }
    golden
}

#[test]
fn each_collector_reads_each_release() {
    for capability in describe().collectors {
        let collector = capability.name;
        for (release, _) in RELEASES {
            insta::assert_snapshot!(
                format!("{collector}-{release}"),
                golden(&collector, release)
            );
        }
    }
}
