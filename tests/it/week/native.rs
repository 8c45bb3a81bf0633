//! The native guest with a minimal host: it keeps state, shows counters, and can lose
//! either.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use fastrand::Rng;
use futures::FutureExt as _;
use futures::future::{LocalBoxFuture, pending};
use guest::contract::{Level, Outcome, Reason, Report, Saved, Settings, Window};
use guest::describe::describe;
use guest::log::Log;
use guest::run;
use guest::transport::{Request, Response, Transport};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use simulator::{Fault, Simulator};
use tests::native_selection;

use super::CLIENTS;
use super::counters::{Counters, assert_new_are_zero, assert_none_fell, reported, told};

/// The window of finished jobs: `server.scrapingInterval`.
const LOOKBACK: u64 = 3600;

/// The number of collections after which everything has been read twice. New labels
/// start at 0, and a job that ended long ago is searched for after being missed
/// twice.
const RECOVERY: u32 = 4;

/// A rollback goes back by at most this many states.
const EARLIER: usize = 4;

/// The outcome of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It succeeds, and its state is stored and shown.
    Good,
    /// The request with this number fails, if the collection sends as many.
    Broken(u32, Harm),
    /// The process ends before the state is stored.
    Lost,
    /// The process ends after the state is stored and before values are shown.
    Unseen,
    /// Like `Good`, then the state of an earlier collection is restored, as in a
    /// rollback.
    PutBack,
}

/// How a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Harm {
    NoAnswer,
    Status(u16),
    Cut,
    SameCursor,
}

impl Fate {
    /// The next outcome: usually success.
    pub(super) fn random(rng: &mut Rng) -> Self {
        match rng.u32(..1000) {
            0..120 => {
                let harms = [
                    Harm::NoAnswer,
                    Harm::Status(500),
                    Harm::Status(503),
                    Harm::Cut,
                    Harm::SameCursor,
                ];
                let harm = rng.choice(harms).unwrap_or(Harm::Cut);
                Self::Broken(rng.u32(..20), harm)
            }
            120..180 => Self::Lost,
            180..220 => Self::Unseen,
            220..250 => Self::PutBack,
            _ => Self::Good,
        }
    }
}

/// A guest and its stored state.
pub(super) struct Exporter {
    settings: Settings,
    version: Option<String>,
    state: Vec<Saved>,
    /// The remaining collections in which counters may be lower after a restored
    /// state.
    recovering: u32,
    /// The previous states, oldest first.
    earlier: Vec<Vec<Saved>>,
    /// Collectors with a state from an earlier process.
    resumed: Vec<String>,
    /// Every series that was ever shown.
    known: BTreeSet<String>,
    /// The current values.
    pub(super) shown: Counters,
    /// The number of requests sent.
    pub(super) requests: u64,
    /// The number of collections with failures.
    pub(super) failures: u32,
}

impl Exporter {
    pub(super) fn new() -> Self {
        let allowlist = serde_json::json!({ "allowlist": CLIENTS }).to_string();
        let selected = [("jobs", "{}"), ("perClient", &*allowlist)];
        let collectors = selected.map(|(name, options)| native_selection(name, options));
        Self {
            settings: Settings {
                base_url: "http://simulator/netbackup".to_owned(),
                collectors: collectors.into(),
                api_version: None,
            },
            version: None,
            state: Vec::new(),
            recovering: 0,
            earlier: Vec::new(),
            resumed: Vec::new(),
            known: BTreeSet::new(),
            shown: Counters::new(),
            requests: 0,
            failures: 0,
        }
    }

    /// Collects once at a time of the host's clock, in seconds since the Unix epoch.
    /// Fails the test if a counter decreases.
    pub(super) async fn collect(&mut self, simulator: &Simulator, now: u64, fate: Fate) {
        let harm = match fate {
            Fate::Broken(at, harm) => Some((at, harm)),
            _ => None,
        };
        let wire = Wire {
            simulator,
            sent: Cell::new(0),
            harm,
        };
        let window = Window {
            now,
            lookback_seconds: LOOKBACK,
            deadline_milliseconds: 120_000,
            last_api_version: self.version.clone(),
            resumed: self.resumed.clone(),
        };
        let report =
            run::collect(&self.settings, &window, self.state.clone(), &wire, &Silence).await;
        self.requests += u64::from(wire.sent.get());
        let failures = report.outcomes.iter().flat_map(|it| &it.failures);
        let failures: Vec<_> = failures.collect();
        assert!(harm.is_some() || failures.is_empty(), "{failures:?}");
        self.failures += u32::from(!failures.is_empty());
        match fate {
            Fate::Lost => self.ended(),
            Fate::Unseen => {
                self.keep(&report);
                self.ended();
            }
            _ => {
                self.keep(&report);
                self.show(&report, &format!("{fate:?} at {now}"));
            }
        }
        if fate == Fate::PutBack
            && let Some(state) = self.earlier.first()
        {
            self.state = state.clone();
            self.recovering = RECOVERY;
        }
    }

    /// Simulates a restart with the stored state.
    fn ended(&mut self) {
        let states = self.state.iter();
        self.resumed = states.map(|saved| saved.collector.clone()).collect();
    }

    fn keep(&mut self, report: &Report) {
        self.version.clone_from(&report.api_version);
        // Without a state the guest would begin with another baseline, and not count
        // what ended before.
        if !self.state.is_empty() {
            self.earlier.push(self.state.clone());
        }
        if self.earlier.len() > EARLIER {
            self.earlier.remove(0);
        }
        for saved in report.outcomes.iter().filter_map(saved) {
            self.resumed.retain(|it| *it != saved.collector);
            self.state.retain(|it| it.collector != saved.collector);
            self.state.push(saved);
        }
    }

    fn show(&mut self, report: &Report, when: &str) {
        let families = report.outcomes.iter().flat_map(|it| &it.families);
        let now = reported(families);
        if self.recovering == 0 && !self.known.is_empty() {
            assert_new_are_zero(&self.known, &now, when);
        }
        self.known.extend(now.keys().cloned());
        let now = told(now);
        // A failed collector keeps its values.
        let failed = |collector: &str| {
            let mut outcomes = report.outcomes.iter();
            outcomes.any(|it| it.collector == collector && !it.failures.is_empty())
        };
        let mut shown = std::mem::take(&mut self.shown);
        let of_clients = |name: &String| name.starts_with("nbu_client_");
        let stays = |name: &String| {
            failed(if of_clients(name) {
                "perClient"
            } else {
                "jobs"
            })
        };
        let kept = shown.extract_if(.., |name, _| stays(name)).collect();
        self.recovering = self.recovering.saturating_sub(1);
        if self.recovering == 0 {
            assert_none_fell(&shown, &now, when);
            shown.clear();
        }
        // Until it has recovered, compare it with the values before.
        for (name, value) in now {
            let most = shown.entry(name).or_default();
            *most = value.max(*most);
        }
        self.shown = kept;
        self.shown.extend(shown);
    }

    /// The size of the stored state in bytes.
    pub(super) fn state_bytes(&self) -> usize {
        self.state.iter().map(|saved| saved.bytes.len()).sum()
    }
}

/// The state that an outcome leaves, as the host keeps it.
fn saved(outcome: &Outcome) -> Option<Saved> {
    let mut declared = describe().collectors.into_iter();
    Some(Saved {
        collector: outcome.collector.clone(),
        version: declared
            .find(|it| it.name == outcome.collector)?
            .state_version,
        bytes: outcome.state.clone()?,
    })
}

struct Silence;

impl Log for Silence {
    fn emit(&self, _: Level, _: &str, _: &[(&str, &str)]) {}
}

/// The connection to the simulator, with one failing request.
struct Wire<'a> {
    simulator: &'a Simulator,
    sent: Cell<u32>,
    harm: Option<(u32, Harm)>,
}

impl Transport for Wire<'_> {
    fn send(&self, request: Request) -> LocalBoxFuture<'_, Result<Response, Reason>> {
        let number = self.sent.replace(self.sent.get() + 1);
        let harm = self.harm.filter(|(at, _)| *at == number);
        async move { self.answer(&request, harm.map(|(_, harm)| harm)) }.boxed_local()
    }

    /// Every response is immediate: no time passes.
    fn sleep(&self, _: Duration) -> LocalBoxFuture<'_, ()> {
        pending().boxed_local()
    }
}

impl Wire<'_> {
    fn answer(&self, request: &Request, harm: Option<Harm>) -> Result<Response, Reason> {
        let faults = self.simulator.faults();
        match harm {
            Some(Harm::NoAnswer) => return Err(Reason::Timeout),
            Some(Harm::Status(status)) => faults.set(Fault::Status(status)),
            Some(Harm::SameCursor) => faults.set(Fault::RepeatCursor),
            Some(Harm::Cut) | None => {}
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("simulator"));
        for (name, value) in &request.headers {
            headers.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        let answer = self.simulator.ask(&request.path_and_query, headers);
        if harm.is_some() {
            faults.clear();
        }
        let (head, mut body) = answer.expect("an answer").into_parts();
        if harm == Some(Harm::Cut) {
            body.truncate(body.len() / 2);
        }
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let headers = head.headers.iter();
        Ok(Response {
            status: head.status.as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            body,
        })
    }
}
