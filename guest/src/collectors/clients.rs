//! Jobs of selected clients. An allow-list selects them, because one series for
//! each client of a large site would be too many.
//!
//! One query by time covers all of them. The specification lists no `or` operator
//! for jobs, and a virtual machine is known by a display name, so the guest cannot
//! filter by client. This collector shares the list of unfinished jobs with `jobs`.
//! It reads finished jobs separately, because each collector continues where its own
//! last read ended.

mod counts;
mod successes;

use std::collections::BTreeMap;

use futures::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};

use self::counts::{Finished, Recent};
use self::successes::{ClientSuccesses, Successes3};
use crate::collector::{Collected, Collector, Context};
use crate::contract::{DeclaredFamily, DeclaredOption, Failure};
use crate::jobs::list;
use crate::jobs::row::{Job, PARTIAL_SUCCESS, SUCCESS};
use crate::jobs::unfinished::{Unfinished, UnfinishedJob};
use crate::ledger::Ledger;
use crate::ledger::options::ReadOptions;
use crate::ledger::saved::SavedLedger;
use crate::ledger::time::CollectionTime;
use crate::ledger::version3::SavedLedger3;
use crate::ledger::watermark::LONGEST_GAP;
use crate::options;
use crate::state::{self, State};

/// The collector of clients.
pub(super) const COLLECTOR: Collector = Collector {
    name: ClientsState::COLLECTOR,
    summary: "Jobs and last successes of the clients on an allow-list",
    enabled_by_default: false,
    paths: &[list::ENDPOINT],
    permissions: &["|MANAGE|JOBS|"],
    cached: false,
    default_interval: None,
    experimental: false,
    state_version: ClientsState::VERSION,
    families,
    options,
    collect,
};

/// Which clients to report, and how to read jobs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientOptions {
    allowlist: Vec<String>,
    /// Whether status 1, partial success, counts as a success.
    partial_is_success: bool,
    #[serde(flatten)]
    read: ReadOptions,
}

fn options() -> Vec<DeclaredOption> {
    let allowlist = "Clients that get their own metrics. Case is ignored; virtual machines go by \
                     display name.";
    let partial = "Whether a partial success, status 1, counts as a successful backup.";
    let mut all = vec![
        options::texts("allowlist", allowlist),
        options::flag("partialIsSuccess", false, partial),
    ];
    all.extend(ReadOptions::declared());
    all.push(options::legacy_names());
    all
}

/// The saved state. `L` and `S` are the forms of the ledger and the successes.
#[derive(Deserialize, Serialize)]
#[serde(bound(deserialize = "L: Deserialize<'de>, S: Deserialize<'de>"))]
struct ClientsState<L = SavedLedger, S = ClientSuccesses> {
    /// The allow-list of the last collection.
    known: Vec<String>,
    /// None if the allow-list was empty.
    ledger: Option<L>,
    finished: Finished,
    successes: S,
}

impl Default for ClientsState {
    fn default() -> Self {
        Self {
            known: Vec::new(),
            ledger: None,
            finished: Finished::default(),
            successes: ClientSuccesses::default(),
        }
    }
}

impl State for ClientsState {
    const COLLECTOR: &'static str = "perClient";
    const VERSION: u32 = 4;
    type Previous = ClientsState<SavedLedger3, Successes3>;

    fn is_consistent(&self) -> bool {
        let ledger = self.ledger.as_ref();
        ledger.is_none_or(SavedLedger::is_consistent)
    }
}

impl From<ClientsState<SavedLedger3, Successes3>> for ClientsState {
    fn from(state: ClientsState<SavedLedger3, Successes3>) -> Self {
        Self {
            known: state.known,
            ledger: state.ledger.map(Into::into),
            finished: state.finished,
            successes: state.successes.into(),
        }
    }
}

impl ClientsState {
    /// Drops clients that are not on the list, and stores the list.
    fn set_known(&mut self, names: Vec<String>, now: u64) {
        let is_known = |client: &str| names.iter().any(|name| name == client);
        self.finished.retain(is_known);
        self.successes.retain(is_known, now);
        self.known = names;
    }
}

fn families() -> Vec<DeclaredFamily> {
    vec![
        successes::BACKUPS.describe(),
        successes::JOB.describe(),
        successes::BACKED_UP.describe(),
        counts::FINISHED.describe(),
        successes::LEGACY.describe(),
        counts::LEGACY.describe(),
    ]
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async {
        let collected = read(context).await;
        collected.unwrap_or_else(Collected::failed)
    })
}

async fn read(context: &Context<'_>) -> Result<Collected, Vec<Failure>> {
    let single = |failure| vec![failure];
    let options: ClientOptions = context.options().map_err(single)?;
    let (names, partial_is_success) = (options.allowlist, options.partial_is_success);
    let options = options.read;
    let mut state: ClientsState = context.load_state().unwrap_or_default();
    if !context.window.is_resumed(ClientsState::COLLECTOR) {
        state.finished.reveal();
    }
    if names.is_empty() {
        state.ledger = None;
        state.set_known(names, context.window.now);
        return Ok(summarize(context, state, Recent::default()));
    }
    let client = context.client;
    let time = options.time(client, context.window, state.ledger.as_ref());
    let time = time.await.map_err(single)?;
    let mut clients = Clients::resume(&names, state, time);
    clients.tally.partial_is_success = partial_is_success;
    let Clients { ledger, tally, .. } = &mut clients;
    let take = |ledger: &mut Ledger, job: &Job<'_>| tally.count(ledger, job);
    let unfinished = ledger.read(client, context.unfinished, options.readers(), take);
    let unfinished = unfinished.await.map_err(single)?;
    let (state, recent) = clients.finish(&unfinished, context.window.now);
    Ok(summarize(context, state, recent))
}

fn summarize(context: &Context<'_>, state: ClientsState, recent: Recent) -> Collected {
    let mut families = state.successes.families();
    families.push(state.successes.backed_up(&state.known));
    families.push(state.finished.family());
    if context.legacy_names {
        families.push(state.successes.legacy());
        families.push(recent.family());
    }
    Collected {
        families,
        failures: Vec::new(),
        state: state::save(&state),
    }
}

/// The allow-list: names as written there, by their lower case.
struct AllowList<'a>(BTreeMap<String, &'a str>);

impl<'a> AllowList<'a> {
    fn find(&self, client: Option<&str>) -> Option<&'a str> {
        self.0.get(&client?.to_lowercase()).copied()
    }
}

/// The clients on the allow-list during one collection.
struct Clients<'a> {
    names: &'a [String],
    time: CollectionTime,
    ledger: Ledger,
    tally: Tally<'a>,
}

/// The figures of these clients.
struct Tally<'a> {
    allowed: AllowList<'a>,
    /// The clients of the last collection. Jobs of a new client that have ended
    /// before are its baseline.
    known: Vec<String>,
    partial_is_success: bool,
    finished: Finished,
    successes: ClientSuccesses,
}

impl Tally<'_> {
    /// Counts a job if its client is on the list.
    fn count(&mut self, ledger: &mut Ledger, job: &Job<'_>) {
        ledger.note_id(job.id);
        if !job.is_done() {
            return;
        }
        let Some(client) = self.allowed.find(job.client.as_deref()) else {
            ledger.ignore(job.id);
            return;
        };
        let labels = [client, &*job.action, &*job.status];
        let new = ledger.take(job, labels);
        if !job.is_leaf() {
            return;
        }
        if let Some(attempt) = new {
            let counts = attempt.counts && self.known.iter().any(|it| it == client);
            self.finished.add(labels, counts);
        }
        if job.status == SUCCESS || (self.partial_is_success && job.status == PARTIAL_SUCCESS) {
            self.successes.note(client, job);
        }
    }
}

impl<'a> Clients<'a> {
    fn resume(names: &'a [String], state: ClientsState, time: CollectionTime) -> Self {
        let mut ledger = Ledger::resume(state.ledger, time);
        ledger.retain_labels(|[client, ..]| names.iter().any(|name| name == client));
        if names.iter().any(|name| !state.known.contains(name)) {
            // As far back as NetBackup keeps jobs by default, to find the last success
            // of a client that is new on the list.
            ledger.read_from(time.clocks.server.saturating_sub(LONGEST_GAP));
        }
        let allowed = names.iter().map(|name| (name.to_lowercase(), &**name));
        Self {
            names,
            time,
            ledger,
            tally: Tally {
                allowed: AllowList(allowed.collect()),
                known: state.known,
                partial_is_success: false,
                finished: state.finished,
                successes: state.successes,
            },
        }
    }

    /// The state to save, and the jobs of the window as the predecessor counts them.
    fn finish(self, unfinished: &Unfinished, now: u64) -> (ClientsState, Recent) {
        let mut recent = Recent::default();
        for attempt in self.ledger.in_window(unfinished) {
            recent.add(self.ledger.labels().set(attempt.labels));
        }
        let find = |job: &UnfinishedJob| self.tally.allowed.find(unfinished.client(job));
        for job in unfinished.jobs() {
            let Some(client) = find(job).filter(|_| job.ended_since(self.time.window_start)) else {
                continue;
            };
            if !self.ledger.has_ended(job.key.job, job.key.attempt) {
                let [action, _, status] = unfinished.labels(job);
                recent.add([client, action, status]);
            }
        }
        let mut state = ClientsState {
            known: Vec::new(),
            ledger: Some(self.ledger.save(unfinished, |job| find(job).is_some())),
            finished: self.tally.finished,
            successes: self.tally.successes,
        };
        state.set_known(self.names.to_vec(), now);
        (state, recent)
    }
}
