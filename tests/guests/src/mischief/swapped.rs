//! Guests that are worse than their predecessor, from the first collection on or
//! later.

use std::hint::black_box;
use std::time::Duration;

use super::{alibi, processor};
use crate::component::bindings::exports::nbu::collector::collector::{
    Capability, DescribedFamily, Problem, Reason, Saved, Settings,
};
use crate::component::bindings::nbu::collector::metrics::{Family, Kind, Point, Samples};

/// The parsed form of a word such as `more-series-5000` or `trap-at-2`.
pub(crate) fn number(word: &str) -> (&str, u32) {
    match word.rsplit_once('-') {
        Some((name, number)) => number.parse().map_or((word, 0), |n| (name, n)),
        None => (word, 0),
    }
}

/// The declared families and paths of this guest.
pub(crate) fn declare(word: &str, capability: &mut Capability) {
    let more = |name: &str| DescribedFamily {
        name: format!("nbu_test_{name}"),
        kind: Kind::Gauge,
        help: "Nobody has asked for it.".to_owned(),
        labels: Vec::new(),
    };
    match word {
        "careless" => capability.paths.push("/admin/jobs".to_owned()),
        "spoils" => capability.paths.push("/security/servertime".to_owned()),
        "misspelt" => capability.paths.push("/manage/alrets".to_owned()),
        "more-paths" => capability.paths.push("/more".to_owned()),
        "more-families" => capability
            .families
            .push(more(&format!("{}_more", capability.name))),
        "other-kind" => capability.families[0].kind = Kind::Counter,
        "dropped" if capability.name == "jobs" => capability.families.clear(),
        "older-state" => capability.state_version = 0,
        _ => {}
    }
}

/// Wastes resources of a collection.
pub(crate) fn waste(word: &str) {
    match number(word) {
        ("slow", milliseconds) => {
            std::thread::sleep(Duration::from_millis(u64::from(milliseconds)));
        }
        ("hungry", megabytes) => {
            black_box(vec![1_u8; (megabytes as usize) << 20]);
        }
        _ => {}
    }
}

/// The valid family of this guest.
pub(crate) fn changed(word: &str, good: Family) -> Family {
    let samples = match (number(word), good.samples) {
        (("other-kind", _), Samples::Gauge(points)) => Samples::Counter(points),
        (("more-series", series), _) => {
            let point = |n: u32| Point {
                label_values: vec![n.to_string()],
                value: 1.0,
            };
            Samples::Gauge((0..series).map(point).collect())
        }
        (_, samples) => samples,
    };
    Family { samples, ..good }
}

/// The number of collections of a collector: by all guests, and by this one.
pub(crate) struct Counted {
    pub(crate) all: u32,
    own: u32,
}

impl Counted {
    /// This collection included.
    pub(crate) fn from(state: &[Saved], collector: &str, stamp: u32) -> Self {
        let saved = state.iter().find(|saved| saved.collector == collector);
        let text = saved.map(|saved| String::from_utf8_lossy(&saved.bytes).into_owned());
        let numbers = text.unwrap_or_default();
        let mut numbers = numbers.split(' ').map(|n| n.parse().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        let (all, author, own) = (next(), next(), next());
        let own = if author == stamp { own } else { 0 };
        Self {
            all: all + 1,
            own: own + 1,
        }
    }

    /// The number that a guest shows. `restarts` ignores the calls of other guests.
    pub(crate) fn shown(&self, word: &str) -> u32 {
        match word {
            "restarts" => self.own,
            _ => self.all,
        }
    }

    pub(crate) fn save(&self, collector: &str, stamp: u32) -> Saved {
        Saved {
            collector: collector.to_owned(),
            version: 1,
            bytes: format!("{} {stamp} {}", self.all, self.own).into_bytes(),
        }
    }

    /// Fails at the configured collection: `trap-at-2` at its own second one.
    pub(crate) fn turn(&self, word: &str, settings: &Settings) -> Option<Reason> {
        let (word, at) = number(word);
        if at == 0 || self.own < at {
            return None;
        }
        match word {
            "trap-at" => panic!("worn out"),
            "spin-at" => processor::spin(),
            "garble-at" => Some(Reason::Malformed("worn out".to_owned())),
            "lose-at" => Some(Reason::Unreachable("nobody is there".to_owned())),
            "forbid-at" => Some(Reason::Unauthorized),
            // These first send a request that supports the false outage.
            "pinging-at" => {
                alibi::ask(settings, "/ping");
                Some(Reason::Busy(Some(u64::MAX)))
            }
            "straying-at" => {
                alibi::ask(settings, "/undeclared");
                Some(Reason::Unreachable("nobody is there".to_owned()))
            }
            "missing-at" => {
                alibi::ask(settings, "/admin/jobs-count-requests");
                Some(Reason::Status(502))
            }
            "hurried-at" => {
                alibi::hurry(settings);
                Some(Reason::Timeout)
            }
            "abandoned-at" => {
                alibi::abandon(settings);
                Some(Reason::Timeout)
            }
            _ => None,
        }
    }
}

/// Rejects the legacy names, or traps when they are on.
pub(crate) fn check(word: &str, settings: &Settings) -> Vec<Problem> {
    if !settings.legacy_names {
        return Vec::new();
    }
    match word {
        "trap-check-legacy" => panic!("checked out"),
        "picky-legacy" => vec![Problem {
            at: "legacyNames".to_owned(),
            message: "are not known here".to_owned(),
            hint: None,
        }],
        _ => Vec::new(),
    }
}
