//! After any sequence of changes, the page equals a page rendered from scratch.

use std::io::Read as _;
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;

use super::*;
use crate::cache::AttemptResult;
use crate::clock::Timestamp;
use crate::guest::{Digest, REASONS};
use crate::metrics::gzip::GzipSuffix;
use crate::metrics::page::reference_renderer;
use crate::metrics::{
    Bucket, BuildInfo, Distribution, Family, Format, Kind, Point, Samples, SiteLimits,
};

const SITES: [&str; 4] = ["a", "b", "c\"d", "e"];
const COLLECTORS: [&str; 3] = ["alerts", "jobs", "storage"];
/// Includes names that collide as histogram samples or OpenMetrics counters, and a
/// name of the host.
const NAMES: [&str; 7] = [
    "nbu_a",
    "nbu_a_sum",
    "nbu_b",
    "nbu_b_total",
    "nbu_c_total",
    "nbu_d",
    "nbu_up",
];

fn cache() -> Cache {
    Cache::new(Instruments::new(&BuildInfo {
        version: "",
        revision: "",
        rustc: "",
        wasmtime: "",
    }))
}

fn site(name: &str) -> SiteName {
    SiteName::new(name).unwrap()
}

/// A cache with random changes.
struct RandomCache {
    cache: Cache,
    random: Rng,
    now: Timestamp,
}

impl RandomCache {
    fn new(seed: u64) -> Self {
        Self {
            cache: cache(),
            random: Rng::with_seed(seed),
            now: Timestamp::now(),
        }
    }

    fn step(&mut self) {
        match self.random.u32(0..20) {
            0..2 => self.keep(),
            2 => {
                let name = self.random.choice(SITES).unwrap();
                self.cache.flush(&site(name));
            }
            3..5 => {
                self.now.instant += Duration::from_secs(self.random.u64(0..400));
                self.cache.expire(self.now.instant);
            }
            _ => self.record(),
        }
        // After the first request, a format is compressed with every page; so not from
        // the start.
        if self.random.u32(0..10) == 0 {
            let format = self.random.choice([Format::Text, Format::OpenMetrics]);
            self.cache.page.load().gzip(format.unwrap());
        }
    }

    /// Adds, removes and reorders sites.
    fn keep(&mut self) {
        let mut sites = SITES
            .map(|name| (site(name), self.some_collectors()))
            .to_vec();
        self.random.shuffle(&mut sites);
        sites.truncate(self.random.usize(1..=SITES.len()));
        self.cache.keep(&sites);
    }

    fn some_collectors(&mut self) -> Vec<String> {
        let all = COLLECTORS.iter().filter(|_| self.random.u32(0..4) > 0);
        all.map(|name| (*name).to_owned()).collect()
    }

    fn record(&mut self) {
        let name = site(self.random.choice(SITES).unwrap());
        let attempts: Vec<_> = (0..self.random.u32(1..=2))
            .map(|_| self.attempt())
            .collect();
        let version = self
            .random
            .bool()
            .then(|| format!("{}.0", self.random.u32(12..14)));
        let last = attempts.last().map(reported);
        self.cache
            .record(&name, self.random.bool(), version, attempts, || true);
        if let Some((collector, Some(families))) = last {
            self.assert_shown(&name, &collector, &families);
        }
    }

    /// An earlier rendering must not be reused for other values.
    fn assert_shown(&self, site: &SiteName, collector: &str, families: &[Family]) {
        let known = self.cache.lock();
        let entry = known.entries.get(site);
        if let Some(entry) = entry.and_then(|it| it.collectors.get(collector)) {
            let shown: Vec<_> = entry.pieces().map(|it| it.read()).collect();
            assert_eq!(shown, families);
        }
    }

    fn attempt(&mut self) -> Attempt {
        let families = (0..self.random.u32(0..5)).map(|_| self.family()).collect();
        let result = if self.random.u32(0..4) == 0 {
            AttemptResult::Failed(vec![self.random.choice(REASONS).unwrap().into()], families)
        } else {
            AttemptResult::Read(families)
        };
        Attempt {
            collector: (*self.random.choice(COLLECTORS.iter()).unwrap()).to_owned(),
            began: self.now,
            took: Duration::from_millis(self.random.u64(0..9)),
            unsupported: Vec::new(),
            interval: Duration::ZERO,
            skipped_rows: 0,
            requests: None,
            hint: None,
            failures: Vec::new(),
            keep: Duration::from_secs(self.random.u64(1..900)),
            guest: Digest::of(&[self.random.u8(0..2)]),
            site: SiteLimits::default(),
            result,
        }
    }

    fn family(&mut self) -> Family {
        let labels: &[&str] = self.random.choice([&["n"][..], &["m"], &[]]).unwrap();
        // A few families are larger than a compression block.
        let most = if self.random.u32(0..8) == 0 { 600 } else { 6 };
        let samples = match labels {
            [] => self.random.usize(0..2),
            _ => self.random.usize(0..most),
        };
        // Few different values, so that many stay equal.
        let value = f64::from(self.random.u8(0..3)) / 2.0;
        let sets = (0..samples).map(|n| labels.iter().map(|_| n.to_string()).collect());
        let samples = match self.random.u32(0..4) {
            0 => Samples::Histogram(sets.take(40).map(|set| distribution(set, value)).collect()),
            1 => Samples::Counter(sets.map(|set| point(set, value)).collect()),
            _ => Samples::Gauge(sets.map(|set| point(set, value)).collect()),
        };
        Family {
            name: (*self.random.choice(NAMES.iter()).unwrap()).to_owned(),
            help: format!("Help {}.", self.random.u32(0..2)),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            samples,
        }
    }

    /// The cached families, in the order of the page.
    fn known(&self) -> Vec<(SiteName, Vec<Family>)> {
        let known = self.cache.lock();
        let sites = known.order.iter().map(|site| {
            let entry = &known.entries[site];
            let mut families = freshness::families(entry);
            let values = entry.collectors.values().flat_map(CollectorEntry::pieces);
            families.extend(values.map(|family| family.read()));
            (site.clone(), families)
        });
        sites.collect()
    }
}

/// The collector of an attempt, and its families if all of them are shown: it succeeded,
/// and nothing in them can have decreased.
fn reported(attempt: &Attempt) -> (String, Option<Vec<Family>>) {
    let families = match &attempt.result {
        AttemptResult::Read(families) => families.iter(),
        AttemptResult::Failed(..) => return (attempt.collector.clone(), None),
    };
    let all = families.clone().all(|it| it.kind() == Kind::Gauge);
    (
        attempt.collector.clone(),
        all.then(|| families.cloned().collect()),
    )
}

fn point(label_values: Vec<String>, value: f64) -> Point {
    Point {
        label_values,
        value,
    }
}

fn distribution(label_values: Vec<String>, value: f64) -> Distribution {
    let count = value as u64 + 1;
    let bucket = |upper_bound| Bucket {
        upper_bound,
        cumulative_count: count / 2,
    };
    Distribution {
        label_values,
        buckets: vec![bucket(0.5), bucket(60.0)],
        sum: value,
        count,
    }
}

fn gunzip(page: &Page, format: Format) -> Vec<u8> {
    let gzip = page.gzip(format);
    let bytes = [
        &gzip.compressed().to_vec()[..],
        &gzip.finish(&GzipSuffix::new("")),
    ]
    .concat();
    let mut read = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(&bytes[..]);
    decoder.read_to_end(&mut read).unwrap();
    read
}

#[test]
fn an_updated_page_equals_one_rendered_from_scratch() {
    for seed in 0..8 {
        let mut play = RandomCache::new(seed);
        play.keep();
        for step in 0..60 {
            play.step();
            let page = play.cache.page.load_full();
            let known = play.known();
            for format in [Format::Text, Format::OpenMetrics] {
                let expected = reference_renderer::render(&known, format);
                let place = format!("{format:?}, seed {seed}, step {step}");
                assert!(
                    page.plain(format).to_vec() == expected.as_bytes(),
                    "{place}"
                );
                if page.is_compressed(format) || step == 59 {
                    assert!(
                        gunzip(&page, format) == expected.as_bytes(),
                        "{place}, gzip"
                    );
                }
            }
        }
    }
}

#[test]
fn a_page_counts_its_series() {
    let mut play = RandomCache::new(1);
    play.keep();
    for _ in 0..60 {
        play.step();
        let page = play.cache.page.load_full();
        let text = String::from_utf8(page.plain(Format::Text).to_vec()).unwrap();
        for (site, series) in &page.series {
            let label = format!("{{site=\"{}\"", site.as_str().replace('"', "\\\""));
            assert_eq!(text.matches(&label).count(), *series, "{text}");
        }
    }
}

#[test]
fn unchanged_families_are_not_rendered_again() {
    let mut play = RandomCache::new(7);
    let (one, other) = (site("a"), site("b"));
    let all = COLLECTORS.map(str::to_owned).to_vec();
    play.cache
        .keep(&[(one.clone(), all.clone()), (other.clone(), all)]);
    let family = |name: &str, value| Family {
        name: name.to_owned(),
        help: String::new(),
        labels: Vec::new(),
        samples: Samples::Gauge(vec![point(Vec::new(), value)]),
    };
    let mut record = |site, families| {
        let attempt = Attempt {
            collector: "jobs".to_owned(),
            result: AttemptResult::Read(families),
            ..play.attempt()
        };
        play.cache.record(site, true, None, vec![attempt], || true);
        let page = play.cache.page.load_full();
        // Kept alive, so that its address is not reused.
        let parts = page.plain(Format::Text).clone();
        move |start: &str| {
            let mut all = parts.as_slice().iter();
            let part = all.find(|part| part.starts_with(start.as_bytes()));
            part.unwrap().clone()
        }
    };
    let first = record(&one, vec![family("nbu_a", 1.0), family("nbu_b", 1.0)]);
    let again = record(&one, vec![family("nbu_a", 1.0), family("nbu_b", 2.0)]);
    let others = record(&other, vec![family("nbu_a", 1.0), family("nbu_b", 2.0)]);
    let place = |part: Bytes| part.as_ptr();
    let (a, b) = ("nbu_a{site=\"a\"", "nbu_b{site=\"a\"");
    assert_eq!(place(first(a)), place(again(a)));
    assert_ne!(place(first(b)), place(again(b)));
    assert_eq!(place(others(a)), place(again(a)));
    assert_eq!(place(others(b)), place(again(b)));
}

#[tokio::test]
async fn waiting_for_a_page_does_not_block_the_runtime() {
    let cache = Arc::new(cache());
    let (began, begun) = tokio::sync::oneshot::channel();
    let (release, released) = std::sync::mpsc::channel();
    let other = Arc::clone(&cache);
    let renders = std::thread::spawn(move || {
        let _held = other.lock();
        began.send(()).unwrap();
        released.recv_timeout(Duration::from_secs(30)).is_ok()
    });
    begun.await.unwrap();
    let expire = tokio::spawn(async move { cache.expire_forever().await });
    // The runtime has one thread. The test continues only if the task did not block it
    // by waiting for the lock.
    tokio::task::yield_now().await;
    let _ = release.send(());
    assert!(renders.join().unwrap());
    expire.abort();
}

#[test]
fn results_of_a_rejected_guest_are_not_published() {
    let mut play = RandomCache::new(1);
    let (name, attempt) = (site(SITES[0]), play.attempt());
    let collectors = COLLECTORS.map(str::to_owned).to_vec();
    play.cache.keep(&[(name.clone(), collectors)]);
    let pages = play.cache.subscribe();
    play.cache
        .record(&name, true, None, vec![attempt], || false);
    assert!(!pages.has_changed().unwrap());
}

/// Each site finds its result on the page after recording, even if many share a page.
#[test]
fn concurrent_results_are_on_the_page_after_recording() {
    let cache = cache();
    let names: Vec<String> = (0..32).map(|number| format!("site{number}")).collect();
    let sites: Vec<_> = names.iter().map(|name| (site(name), Vec::new())).collect();
    cache.keep(&sites);
    std::thread::scope(|scope| {
        for name in &names {
            let cache = &cache;
            scope.spawn(move || {
                cache.record(&site(name), true, None, Vec::new(), || true);
                let page = cache.page().load().plain(Format::Text).to_vec();
                let line = format!("nbu_up{{site=\"{name}\"}} 1\n");
                assert!(String::from_utf8(page).unwrap().contains(&line), "{line}");
            });
        }
    });
}

#[test]
fn a_page_includes_changes_made_before_it_is_built() {
    let cache = cache();
    let sites = ["a", "b", "c"].map(|name| (site(name), Vec::new()));
    cache.keep(&sites);
    let pages = *cache.subscribe().borrow();
    std::thread::scope(|scope| {
        let page = cache.publishing.lock().unwrap();
        for (name, _) in &sites {
            scope.spawn(|| cache.record(name, true, None, Vec::new(), || true));
        }
        while cache.lock().changes < 4 {
            std::thread::yield_now();
        }
        drop(page);
    });
    assert_eq!(*cache.subscribe().borrow(), pages + 1);
}
