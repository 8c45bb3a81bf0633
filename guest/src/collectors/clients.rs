//! Jobs of some clients: those on an allow-list, since a series for each client
//! of a large site would be too many.
//!
//! One query for all of them, by time. It cannot be one by name: `or` is not
//! among the operators that the specification lists for jobs, and a virtual
//! machine is known by a display name.

mod counts;
mod successes;

use std::collections::BTreeMap;

use futures::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};

use self::counts::{Finished, Recent};
use self::successes::Successes;
use super::jobs::attempts::{Attempts, Kept, LONGEST_GAP};
use super::jobs::list;
use super::jobs::row::{Job, Origin};
use super::{Collected, Collector, Context};
use crate::api::query;
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
const STATE_VERSION: u32 = 1;

/// Which clients.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    /// By name, in whatever case; a virtual machine of VMware by display name.
    allowlist: Option<Vec<String>>,
}

/// What is saved.
#[derive(Default, Deserialize, Serialize)]
struct Memory {
    /// The clients that were on the list.
    known: Vec<String>,
    finished: Kept<Finished>,
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
        collected.unwrap_or_else(|failure| Collected::failed([failure]))
    })
}

async fn read(context: &Context<'_>) -> Result<Collected, Failure> {
    let options: Options = super::options(context)?;
    let names = options.allowlist.unwrap_or_default();
    let mut clients = Clients::resume(context, &names);
    if !names.is_empty() {
        let filter = query::not_before("endTime", clients.since());
        let take = |origin: Origin, job: Job| clients.count(&origin, &job);
        list::each(context.client, &filter, take).await?;
    }
    Ok(clients.collected(context.legacy_names))
}

/// The clients on the list during one collection.
struct Clients<'a> {
    /// As they are spelled on the list, by their names in lower case.
    listed: BTreeMap<String, &'a str>,
    /// Some were not on the list before.
    newcomers: bool,
    now: u64,
    window_start: u64,
    attempts: Attempts<Finished>,
    successes: Successes,
    recent: Recent,
}

impl<'a> Clients<'a> {
    fn resume(context: &Context<'_>, names: &'a [String]) -> Self {
        let window = context.window;
        let memory = state::load(context.state, NAME, STATE_VERSION, context.log).filter(
            |memory: &Memory| {
                memory
                    .finished
                    .is_of_the_past(NAME, window.now, context.log)
            },
        );
        let (known, finished, successes) = match memory {
            Some(memory) => (memory.known, Some(memory.finished), memory.successes),
            None => Default::default(),
        };
        let listed: BTreeMap<_, _> = names
            .iter()
            .map(|name| (name.to_lowercase(), &**name))
            .collect();
        Self {
            newcomers: listed
                .values()
                .any(|name| !known.iter().any(|known| known == name)),
            listed,
            now: window.now,
            window_start: window.start(),
            attempts: Attempts::resume(finished, window),
            successes,
            recent: Recent::default(),
        }
    }

    /// From when on finished jobs are asked for: for a client that is new, as far
    /// back as NetBackup remembers by default, so that it has a last success.
    fn since(&self) -> u64 {
        let remembered = self.now.saturating_sub(LONGEST_GAP);
        let since = self.attempts.since();
        if self.newcomers {
            since.min(remembered)
        } else {
            since
        }
    }

    /// A job of a client on the list. Of others nothing is kept.
    fn count(&mut self, origin: &Origin, job: &Job) {
        let name = origin.client.as_ref().map(|name| name.to_lowercase());
        let Some(&client) = name.and_then(|name| self.listed.get(&name)) else {
            return;
        };
        if job.end.is_none_or(|end| end >= self.window_start) {
            self.recent.count(client, job);
        }
        if job.is_done() && job.is_leaf() {
            self.attempts
                .count(job, |finished| finished.add(client, job));
            self.successes.note(client, &origin.policy, job);
        }
    }

    fn collected(self, legacy_names: bool) -> Collected {
        let mut memory = Memory {
            known: self.listed.values().map(|&name| name.to_owned()).collect(),
            finished: self.attempts.keep(),
            successes: self.successes,
        };
        memory.forget(self.now);
        let mut families = memory.successes.families();
        families.push(memory.finished.totals.family());
        if legacy_names {
            families.push(memory.successes.legacy());
            families.push(self.recent.family());
        }
        Collected {
            families,
            failures: Vec::new(),
            state: state::save(NAME, STATE_VERSION, &memory),
        }
    }
}

impl Memory {
    /// What is of clients that are not on the list any more.
    fn forget(&mut self, now: u64) {
        let known = |client: &str| self.known.iter().any(|known| known == client);
        self.finished.totals.keep_only(known);
        self.successes.keep_only(known, now);
    }
}
