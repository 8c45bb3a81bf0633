//! A stub server with finished jobs, and stub guests that count them.

use std::time::Duration;

use crate::collect::guest_info::GuestInfo;
use crate::guest::{Collected, Digest, Outcome, Report, SavedState, SiteSettings};
use crate::metrics::{Family, Point, Samples};

/// Number of stub guests.
pub(super) const GUESTS: usize = 4;
/// Number of recent jobs that a guest without a state can see.
const VISIBLE: u64 = 5;
/// State versions of the guests. The last guest writes a newer version.
const VERSIONS: [u32; GUESTS] = [1, 1, 1, 2];

/// A server with a number of finished jobs.
#[derive(Clone, Copy, Default)]
pub(super) struct StubServer {
    pub(super) jobs: u64,
}

/// A guest, identified by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StubGuest(pub(super) usize);

impl StubGuest {
    pub(super) fn bytes(self) -> [u8; 1] {
        [self.0 as u8]
    }

    /// Counts jobs that finished since the saved state, or the visible ones. Ignores a
    /// state with a newer version.
    pub(super) fn collect(self, server: StubServer, state: &[SavedState]) -> Collected {
        let version = VERSIONS[self.0];
        let saved = state.iter().find(|saved| saved.collector == "jobs");
        let known = saved.filter(|saved| saved.version <= version);
        let (last, counted) = known.map_or((server.jobs.saturating_sub(VISIBLE), 0), |saved| {
            let (last, counted) = saved.bytes.split_at(8);
            let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
            (number(last), number(counted))
        });
        let counted = counted + server.jobs.saturating_sub(last);
        let bytes = [server.jobs.to_le_bytes(), counted.to_le_bytes()].concat();
        let outcome = |collector: &str, families, state| Outcome {
            collector: collector.to_owned(),
            families,
            state,
            ..Outcome::default()
        };
        let state = SavedState {
            collector: "jobs".to_owned(),
            version,
            bytes,
        };
        let count = family("nbu_count_total", Samples::Counter, counted);
        let gauge = family("nbu_gauge", Samples::Gauge, server.jobs);
        Collected {
            report: Report {
                api_version: None,
                outcomes: vec![
                    outcome("jobs", vec![count], Some(state)),
                    outcome("storage", vec![gauge], None),
                ],
            },
            peak_memory: 0,
            traffic: Default::default(),
        }
    }
}

impl GuestInfo for StubGuest {
    fn digest(&self) -> Digest {
        Digest::of(&self.bytes())
    }

    fn caches(&self, _: &str) -> bool {
        false
    }

    fn interval(&self, _: &SiteSettings, _: &str) -> Option<Duration> {
        None
    }

    fn permissions(&self, _: &str) -> &[String] {
        &[]
    }

    fn state_key(&self, collector: &str) -> String {
        collector.to_owned()
    }
}

fn family(name: &str, samples: impl FnOnce(Vec<Point>) -> Samples, value: u64) -> Family {
    Family {
        name: name.to_owned(),
        help: String::new(),
        labels: Vec::new(),
        samples: samples(vec![Point {
            label_values: Vec::new(),
            value: value as f64,
        }]),
    }
}
