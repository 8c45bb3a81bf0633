//! Random values of the contract's types, from a seed. Most are plausible, so that
//! they pass the first check.

use super::swapped::Counted;
use crate::component::bindings::exports::nbu::collector::collector::{
    Capability, DescribedFamily, Failure, Manifest, Outcome, ProbeAnswer, Problem, Reason, Report,
    Saved, Settings,
};
use crate::component::bindings::nbu::collector::log::{Level, emit};
use crate::component::bindings::nbu::collector::metrics::{
    Bucket, Distribution, Family, Kind, Point, Samples,
};

/// SplitMix64: every seed gives a different sequence.
pub(crate) struct Random(u64);

const TEXTS: &[&str] = &[
    "",
    "1",
    "site",
    "le",
    "__name__",
    "quantile",
    "stamp",
    "jobs",
    "nbu_test_jobs",
    "nbu_test_jobs_calls_total",
    "nbu_test_storage",
    "nbu_test_jobs_seconds",
    "nbu_test_jobs_seconds_bucket",
    "nbu_exporter_build_info",
    "process_open_fds",
    "a b",
    "a\"b",
    "a\\",
    "\\n",
    "a\nb 1",
    "a\r\n# EOF\n",
    "a}b{c",
    "\0",
    "\u{1b}[31m",
    "\u{202e}x",
    "\u{feff}",
    "ünïcödé",
    "𝔫𝔟𝔲",
    "a:b",
    "9a",
    "/ping",
    "/{id}",
    "/../",
    "0.0.1",
    "%s%n",
    "${NBU}",
];

const NUMBERS: &[f64] = &[
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    1e308,
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    5e-324,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    9_007_199_254_740_993.0,
    1.8e19,
];

impl Random {
    pub(crate) fn new(seed: u64, turn: u32) -> Self {
        Self((seed << 32) ^ u64::from(turn))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// True once in `times` calls on average.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn text(&mut self) -> String {
        match self.below(20) {
            0 if self.once_in(20) => "x".repeat(self.below(70_000)),
            0 => "x".repeat(self.below(2000)),
            1 => (0..self.below(20)).map(|_| self.letter()).collect(),
            _ => TEXTS[self.below(TEXTS.len())].to_owned(),
        }
    }

    fn letter(&mut self) -> char {
        char::from_u32((self.next() % 0x11_0000) as u32).unwrap_or('\u{fffd}')
    }

    fn or_text(&mut self, good: &str) -> String {
        if self.once_in(4) {
            self.text()
        } else {
            good.to_owned()
        }
    }

    fn maybe(&mut self) -> Option<String> {
        self.once_in(2).then(|| self.text())
    }

    /// Mostly one that a guest may declare.
    fn path(&mut self) -> String {
        match self.once_in(9) {
            true => self.text(),
            false => format!("/{}", self.below(1000)),
        }
    }

    fn number(&mut self) -> f64 {
        match self.below(4) {
            0 => f64::from_bits(self.next()),
            1 => NUMBERS[self.below(NUMBERS.len())],
            _ => self.below(1000) as f64,
        }
    }

    fn whole(&mut self) -> u64 {
        match self.below(4) {
            0 => self.next(),
            1 => [0, 1, u64::MAX, 1 << 53][self.below(4)],
            _ => self.below(1000) as u64,
        }
    }

    fn some<T>(&mut self, one: impl Fn(&mut Self) -> T) -> Vec<T> {
        let most = if self.once_in(30) { 200 } else { 5 };
        (0..self.below(most)).map(|_| one(self)).collect()
    }

    fn label_values(&mut self, labels: usize) -> Vec<String> {
        if self.once_in(8) {
            return self.some(Self::text);
        }
        (0..labels).map(|_| self.text()).collect()
    }

    fn point(&mut self, labels: usize) -> Point {
        Point {
            label_values: self.label_values(labels),
            value: self.number(),
        }
    }

    fn distribution(&mut self, labels: usize) -> Distribution {
        let (mut bound, mut count) = (0.0, 0);
        let mut buckets = self.some(|random| {
            let (upper_bound, cumulative_count) = (random.number(), random.whole());
            Bucket {
                upper_bound,
                cumulative_count,
            }
        });
        // Half of them are correct.
        if self.once_in(2) {
            for bucket in &mut buckets {
                (bound, count) = (bound + 1.0, count + self.below(9) as u64);
                (bucket.upper_bound, bucket.cumulative_count) = (bound, count);
            }
        }
        let more = self.whole();
        let count = if self.once_in(4) { more } else { count };
        let (label_values, sum) = (self.label_values(labels), self.number());
        Distribution {
            label_values,
            buckets,
            sum,
            count,
        }
    }

    fn family(&mut self, collector: &str) -> Family {
        let kind = self.below(3);
        let suffix = ["", "_calls_total", "_seconds"][kind];
        let name = self.or_text(&format!("nbu_test_{collector}{suffix}"));
        let labels = match self.below(8) {
            0 => self.some(Self::text),
            _ => vec!["stamp".to_owned()],
        };
        let (len, help) = (labels.len(), self.text());
        let kind = if self.once_in(8) { self.below(3) } else { kind };
        let samples = match kind {
            0 => Samples::Gauge(self.some(|random| random.point(len))),
            1 => Samples::Counter(self.some(|random| random.point(len))),
            _ => Samples::Histogram(self.some(|random| random.distribution(len))),
        };
        Family {
            name,
            help,
            labels,
            samples,
        }
    }

    fn reason(&mut self) -> Reason {
        let text = self.text();
        match self.below(9) {
            0 => Reason::Unreachable(text),
            1 => Reason::Timeout,
            2 => Reason::Unauthorized,
            3 => Reason::Unsupported,
            4 => Reason::Busy(self.once_in(2).then(|| self.whole())),
            5 => Reason::Status(self.next() as u16),
            6 => Reason::Malformed(text),
            7 => Reason::TooLong(self.next() as u32),
            _ => Reason::Denied(text),
        }
    }

    fn failure(&mut self) -> Failure {
        Failure {
            endpoint: self.text(),
            reason: self.reason(),
            detail: self.maybe(),
            request_id: self.maybe(),
        }
    }

    fn outcome(&mut self, collector: &str, counted: Saved) -> Outcome {
        let families = match self.once_in(30) {
            true => (0..self.below(1000))
                .map(|_| self.family(collector))
                .collect(),
            false => self.some(|random| random.family(collector)),
        };
        let state = (!self.once_in(8)).then(|| self.saved(counted));
        Outcome {
            families,
            failures: if self.once_in(2) {
                Vec::new()
            } else {
                self.some(Self::failure)
            },
            state,
            collector: if self.once_in(40) {
                self.text()
            } else {
                collector.to_owned()
            },
        }
    }

    /// Starts with the count, so that the next call differs.
    fn saved(&mut self, mut counted: Saved) -> Saved {
        counted.bytes.push(b' ');
        for _ in 0..self.below(1000) {
            counted.bytes.push(self.next() as u8);
        }
        counted.version = self.next() as u32;
        if self.once_in(40) {
            counted.collector = self.text();
        }
        counted
    }

    fn capability(&mut self, name: &str) -> Capability {
        let described = |random: &mut Self| DescribedFamily {
            name: random.or_text(&format!("nbu_{}", random.0 % 1000)),
            kind: [Kind::Gauge, Kind::Counter, Kind::Histogram][random.below(3)],
            help: if random.once_in(9) {
                random.text()
            } else {
                "?".to_owned()
            },
            labels: if random.once_in(9) {
                random.some(Self::text)
            } else {
                Vec::new()
            },
        };
        Capability {
            name: if self.once_in(9) {
                self.text()
            } else {
                name.to_owned()
            },
            summary: self.text(),
            families: (0..self.below(4)).map(|_| described(self)).collect(),
            paths: self.some(Self::path),
            cached: self.once_in(2),
            state_version: self.next() as u32,
        }
    }
}

/// A random manifest.
pub(crate) fn manifest(seed: u32) -> Manifest {
    let random = &mut Random::new(u64::from(seed), 0);
    let names = ["storage", "jobs", ""];
    let count = 1 + random.below(names.len());
    Manifest {
        version: random.or_text("0.0.1"),
        capabilities: names[..count]
            .iter()
            .map(|name| random.capability(name))
            .collect(),
    }
}

/// A random collection; each call of a site differs.
pub(crate) fn report(seed: u32, settings: &Settings, state: &[Saved]) -> Report {
    let turn = settings.collectors.iter();
    let turn = turn.map(|one| Counted::from(state, &one.name, 0).all).max();
    let random = &mut Random::new(u64::from(seed), turn.unwrap_or(0));
    for _ in 0..random.below(9) {
        let fields = random.some(|random| (random.text(), random.text()));
        emit(Level::Info, &random.text(), &fields);
    }
    let mut outcomes = Vec::new();
    for selected in &settings.collectors {
        let counted = Counted::from(state, &selected.name, 0).save(&selected.name, 0);
        outcomes.push(random.outcome(&selected.name, counted));
    }
    if random.once_in(20) {
        outcomes.reverse();
        outcomes.truncate(random.below(3));
    }
    let api_version = random.maybe().map(|text| random.or_text(&text));
    Report {
        api_version,
        outcomes,
    }
}

/// Random problems with settings; usually none.
pub(crate) fn problems(seed: u32) -> Vec<Problem> {
    let random = &mut Random::new(u64::from(seed), 1);
    if !random.once_in(4) {
        return Vec::new();
    }
    let problem = |random: &mut Random| Problem {
        at: random.text(),
        message: random.text(),
        hint: random.maybe(),
    };
    random.some(problem)
}

/// A random result of a probe.
pub(crate) fn probe(seed: u32) -> Result<ProbeAnswer, Failure> {
    let random = &mut Random::new(u64::from(seed), 2);
    if random.once_in(2) {
        return Err(random.failure());
    }
    Ok(ProbeAnswer {
        api_version: random.text(),
        server_time: Some(random.next()),
    })
}
