//! The cost of a publication: rendering a whole page, and rendering one family of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nbu_exporter::app::BUILD;
use nbu_exporter::cache::{Attempt, AttemptResult, Cache};
use nbu_exporter::clock::Timestamp;
use nbu_exporter::guest::Digest;
use nbu_exporter::metrics::{Family, Format, Instruments, Point, Samples, SiteLimits};
use nbu_exporter::site::SiteName;

use crate::table::{Table, median, milliseconds};

const FAMILIES: usize = 40;
const RUNS: usize = 5;
const COLLECTOR: &str = "jobs";

pub(crate) fn measure(table: &mut Table) {
    for (series, name) in [
        (1_000, "1k"),
        (10_000, "10k"),
        (100_000, "100k"),
        (1_000_000, "1M"),
    ] {
        let page = Published::new();
        let full = (1..=RUNS).map(|run| page.publish(families(series, run, FAMILIES)));
        let full = median(full.collect());
        let aim = if series == 100_000 { "≤ 15 ms" } else { "" };
        let bytes = page.cache.page().load().plain(Format::Text).len();
        let how = format!(
            "{FAMILIES} families, {:.1} MB; nobody asks for gzip",
            bytes as f64 / 1e6
        );
        let what = format!("publish {name} series, all changed");
        table.add(what, milliseconds(full), aim, &how);
        // After the first compressed scrape, each page is compressed before
        // publication.
        page.cache.page().load().gzip(Format::OpenMetrics);
        let one = (1..=RUNS).map(|run| page.publish(families(series, RUNS, run)));
        let one = median(one.collect());
        let what = format!("publish {name} series, one family changed");
        let how = "the others are compared, and found to be the same; gzip too";
        table.add(what, milliseconds(one), aim, how);
    }
}

struct Published {
    cache: Arc<Cache>,
    site: SiteName,
}

impl Published {
    fn new() -> Self {
        let cache = Arc::new(Cache::new(Instruments::new(&BUILD)));
        let site = SiteName::new("bench").unwrap();
        cache.keep(&[(site.clone(), vec![COLLECTOR.to_owned()])]);
        Self { cache, site }
    }

    /// The time until scrapes see the page.
    fn publish(&self, families: Vec<Family>) -> Duration {
        let attempt = Attempt {
            collector: COLLECTOR.to_owned(),
            began: Timestamp::now(),
            took: Duration::ZERO,
            unsupported: Vec::new(),
            interval: Duration::ZERO,
            skipped_rows: 0,
            requests: None,
            hint: None,
            failures: Vec::new(),
            keep: Duration::from_secs(3600),
            guest: Digest::of(b"guest"),
            site: SiteLimits {
                series: usize::MAX,
                bytes: usize::MAX,
            },
            result: AttemptResult::Read(families),
        };
        let began = Instant::now();
        self.cache
            .record(&self.site, true, None, vec![attempt], || true);
        began.elapsed()
    }
}

/// This many series in total. The values of every family are of `run`; those of the
/// family with the number `special`, if there is one, are later.
fn families(series: usize, run: usize, special: usize) -> Vec<Family> {
    let family = |number: usize| {
        let run = if number == special {
            run + special
        } else {
            run
        };
        let points = (0..series / FAMILIES).map(|index| point(number, index, run));
        let points = points.collect();
        Family {
            name: format!("nbu_family_{number:02}_total"),
            help: "What it counts, in a sentence of some length.".to_owned(),
            labels: ["action", "policy_type", "client"]
                .map(str::to_owned)
                .to_vec(),
            // A quarter are counters, which must not decrease.
            samples: match number % 4 {
                0 => Samples::Counter(points),
                _ => Samples::Gauge(points),
            },
        }
    };
    (0..FAMILIES).map(family).collect()
}

fn point(number: usize, index: usize, run: usize) -> Point {
    let label_values = vec![
        ["BACKUP", "RESTORE", "DUPLICATE"][index % 3].to_owned(),
        ["STANDARD", "VMWARE", "NDMP"][index / 3 % 3].to_owned(),
        format!("client-{:05}.example.com", index / 9),
    ];
    let whole = (index * 7919 * (number + 1) + run) as f64;
    Point {
        label_values,
        value: if number.is_multiple_of(2) {
            whole
        } else {
            whole * 0.37
        },
    }
}
