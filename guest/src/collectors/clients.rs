//! Jobs of some clients: those on an allow-list, since a series for each client
//! of a large site would be too many.
//!
//! One query for all of them, by time. It cannot be one by name: `or` is not
//! among the operators that the specification lists for jobs, and a virtual
//! machine is known by a display name. The list of what has not ended is read
//! together with `jobs`; that of what has is read apart from it, because each
//! collector goes on from where its own last read ended.

mod counts;
mod successes;

use std::collections::BTreeMap;

use futures::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};

use self::counts::{Finished, Recent};
use self::successes::Successes;
use super::jobs::kept::Kept;
use super::jobs::ledger::{Ledger, Moment};
use super::jobs::list;
use super::jobs::options::{Options as Reading, Overlap, Readers};
use super::jobs::reach::LONGEST_GAP;
use super::jobs::reading;
use super::jobs::row::Job;
use super::jobs::unended::{Unended, Waiting};
use super::{Collected, Collector, Context};
use crate::manifest::DescribedFamily;
use crate::report::Failure;
use crate::state;

/// In the register.
pub const COLLECTOR: Collector = Collector {
    name: NAME,
    summary: "Jobs and last successes of the clients on an allow-list",
    paths: &[list::ENDPOINT],
    cached: false,
    state_version: STATE_VERSION,
    families,
    check: |options| serde_json::from_str::<Options>(options).map(drop),
    collect,
};

const NAME: &str = "perClient";

/// Counts up whenever [`Memory`] changes shape.
const STATE_VERSION: u32 = 3;

/// Which clients, and how the list of jobs is read.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    /// By name, in whatever case; a virtual machine of VMware by display name.
    allowlist: Option<Vec<String>>,
    overlap: Option<Overlap>,
    readers: Option<Readers>,
}

/// What is saved.
#[derive(Deserialize, Serialize)]
struct Memory {
    /// The clients that were on the list.
    known: Vec<String>,
    /// None while the list was empty.
    ledger: Option<Kept>,
    finished: Finished,
    successes: Successes,
}

fn families() -> Vec<DescribedFamily> {
    vec![
        successes::BACKUP.describe(),
        successes::JOB.describe(),
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
    let alone = |failure| vec![failure];
    let asked: Options = super::options(context).map_err(alone)?;
    let names = asked.allowlist.unwrap_or_default();
    let options = Reading::new(asked.overlap, asked.readers);
    let mut memory = recall(context);
    if !context.window.is_resumed(NAME) {
        memory.finished.show();
    }
    if names.is_empty() {
        memory.ledger = None;
        memory.forget(names, context.window.now);
        let recent = Recent::default();
        return Ok(collected(context, memory, recent));
    }
    let moment = options.moment(context, memory.ledger.as_ref()).await;
    let moment = moment.map_err(alone)?;
    let mut clients = Clients::resume(&names, memory, moment);
    let Clients { ledger, tally, .. } = &mut clients;
    let take = |ledger: &mut Ledger, job: &Job<'_>| tally.count(ledger, job);
    let unended = reading::read(context, &options, ledger, take).await?;
    let (memory, recent) = clients.summarize(&unended, context.window.now);
    Ok(collected(context, memory, recent))
}

fn recall(context: &Context<'_>) -> Memory {
    let whole = |memory: &Memory| memory.ledger.as_ref().is_none_or(Kept::is_whole);
    let memory = state::load(context.state, NAME, STATE_VERSION, context.log)
        .filter(|memory| state::is_whole(NAME, whole(memory), context.log));
    memory.unwrap_or_else(|| Memory {
        known: Vec::new(),
        ledger: None,
        finished: Finished::default(),
        successes: Successes::default(),
    })
}

fn collected(context: &Context<'_>, memory: Memory, recent: Recent) -> Collected {
    let mut families = memory.successes.families();
    families.push(memory.finished.family());
    if context.legacy_names {
        families.push(memory.successes.legacy());
        families.push(recent.family());
    }
    Collected {
        families,
        failures: Vec::new(),
        state: state::save(NAME, STATE_VERSION, &memory),
    }
}

/// As they are spelled on the list, by their names in lower case.
struct Listed<'a>(BTreeMap<String, &'a str>);

impl<'a> Listed<'a> {
    fn find(&self, client: Option<&str>) -> Option<&'a str> {
        self.0.get(&client?.to_lowercase()).copied()
    }
}

/// The clients on the list during one collection.
struct Clients<'a> {
    names: &'a [String],
    moment: Moment,
    ledger: Ledger,
    tally: Tally<'a>,
}

/// What is counted of them.
struct Tally<'a> {
    listed: Listed<'a>,
    finished: Finished,
    successes: Successes,
}

impl Tally<'_> {
    /// A job of a client on the list. Of others nothing is kept.
    fn count(&mut self, ledger: &mut Ledger, job: &Job<'_>) {
        ledger.saw(job.id);
        if !job.is_done() {
            return;
        }
        let Some(client) = self.listed.find(job.client.as_deref()) else {
            ledger.ignore(job.id);
            return;
        };
        let labels = [client, &*job.action, &*job.status];
        if ledger.take(job, labels).is_some() {
            self.finished.add(labels, ledger.is_first());
        }
        if job.is_leaf() {
            self.successes.note(client, &job.policy, job);
        }
    }
}

impl<'a> Clients<'a> {
    fn resume(names: &'a [String], memory: Memory, moment: Moment) -> Self {
        let mut ledger = Ledger::resume(memory.ledger, moment);
        ledger.keep_only(|[client, ..]| names.iter().any(|name| name == client));
        if names.iter().any(|name| !memory.known.contains(name)) {
            // As far back as NetBackup remembers by default, so that a client
            // that is new on the list has a last success.
            ledger.reach_back(moment.clocks.server.saturating_sub(LONGEST_GAP));
        }
        let listed = names.iter().map(|name| (name.to_lowercase(), &**name));
        Self {
            names,
            moment,
            ledger,
            tally: Tally {
                listed: Listed(listed.collect()),
                finished: memory.finished,
                successes: memory.successes,
            },
        }
    }

    /// To be saved, and the jobs of the window as the predecessor counts them.
    fn summarize(self, unended: &Unended, now: u64) -> (Memory, Recent) {
        let mut recent = Recent::default();
        for record in self.ledger.in_window(unended) {
            recent.count(self.ledger.labels().set(record.labels));
        }
        let client = |job: &Waiting| self.tally.listed.find(unended.client(job));
        for job in unended.jobs() {
            let Some(client) = client(job).filter(|_| job.ended_since(self.moment.window_start))
            else {
                continue;
            };
            if !self.ledger.has_ended(job.record.id, job.record.attempt) {
                let [action, _, status] = unended.labels(job);
                recent.count([client, action, status]);
            }
        }
        let mut memory = Memory {
            known: Vec::new(),
            ledger: Some(self.ledger.keep(unended, |job| client(job).is_some())),
            finished: self.tally.finished,
            successes: self.tally.successes,
        };
        memory.forget(self.names.to_vec(), now);
        (memory, recent)
    }
}

impl Memory {
    /// What is of clients that are not on the list any more.
    fn forget(&mut self, names: Vec<String>, now: u64) {
        let known = |client: &str| names.iter().any(|name| name == client);
        self.finished.keep_only(known);
        self.successes.keep_only(known, now);
        self.known = names;
    }
}
