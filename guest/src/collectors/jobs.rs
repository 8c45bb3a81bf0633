//! Jobs: those that finished within the window, and unfinished ones.
//!
//! The families count jobs without children, because a parent stands for the same
//! work as its children. Families under the predecessor's names count both, as the
//! predecessor did.

mod current;
mod legacy;
mod queue_reason;
mod totals;
mod window;

use futures::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};

use self::current::Current;
use self::legacy::Legacy;
use self::totals::{Increase, Totals};
use self::window::WindowSums;
use crate::collector::{Collected, Collector, Context};
use crate::contract::{DeclaredFamily, DeclaredOption, Failure};
use crate::jobs::list;
use crate::jobs::row::Job;
use crate::jobs::unfinished::Unfinished;
use crate::ledger::Ledger;
use crate::ledger::options::ReadOptions;
use crate::ledger::saved::SavedLedger;
use crate::ledger::version3::SavedLedger3;
use crate::options;
use crate::state::{self, State};

/// The collector of jobs.
pub(super) const COLLECTOR: Collector = Collector {
    name: JobsState::COLLECTOR,
    summary: "Jobs: finished, running and queued, with bytes, files and durations",
    enabled_by_default: true,
    paths: &[list::ENDPOINT],
    permissions: &["|MANAGE|JOBS|"],
    cached: false,
    default_interval: None,
    experimental: false,
    state_version: JobsState::VERSION,
    families,
    options,
    collect,
};

/// The saved state.
#[derive(Deserialize, Serialize)]
struct JobsState<L = SavedLedger> {
    ledger: L,
    totals: Totals,
}

impl State for JobsState {
    const COLLECTOR: &'static str = "jobs";
    const VERSION: u32 = 4;
    type Previous = JobsState<SavedLedger3>;

    fn is_consistent(&self) -> bool {
        self.ledger.is_consistent()
    }
}

impl From<JobsState<SavedLedger3>> for JobsState {
    fn from(state: JobsState<SavedLedger3>) -> Self {
        Self {
            ledger: state.ledger.into(),
            totals: state.totals,
        }
    }
}

fn options() -> Vec<DeclaredOption> {
    [ReadOptions::declared(), vec![options::legacy_names()]].concat()
}

fn families() -> Vec<DeclaredFamily> {
    [
        totals::describe(),
        window::describe(),
        current::describe(),
        legacy::describe(),
    ]
    .concat()
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async {
        let collected = read(context).await;
        collected.unwrap_or_else(Collected::failed)
    })
}

async fn read(context: &Context<'_>) -> Result<Collected, Vec<Failure>> {
    let single = |failure| vec![failure];
    let options: ReadOptions = context.options().map_err(single)?;
    let (saved, mut totals) = match context.load_state() {
        Some(JobsState { ledger, totals }) => (Some(ledger), totals),
        None => (None, Totals::default()),
    };
    if !context.window.is_resumed(JobsState::COLLECTOR) {
        totals.reveal();
    }
    let client = context.client;
    let time = options.time(client, context.window, saved.as_ref()).await;
    let time = time.map_err(single)?;
    let mut ledger = Ledger::resume(saved, time);
    let mut increase = Increase::default();
    let take = |ledger: &mut Ledger, job: &Job<'_>| count(ledger, &mut increase, job);
    let readers = options.readers();
    let unfinished = ledger.read(client, context.unfinished, readers, take);
    let unfinished = unfinished.await?;
    totals.add(&increase, ledger.labels(), ledger.is_first());
    // Rows contain start times by the server's clock.
    let current = Current::new(time.clocks.server);
    Ok(summarize(context, ledger, totals, current, &unfinished))
}

fn count(ledger: &mut Ledger, increase: &mut Increase, job: &Job<'_>) {
    ledger.note_id(job.id);
    if job.is_done() {
        let labels = [&*job.action, &*job.policy_type, &*job.status];
        if let Some(labels) = ledger.take(job, labels) {
            increase.add(labels, job);
        }
    }
}

fn summarize(
    context: &Context<'_>,
    ledger: Ledger,
    totals: Totals,
    mut current: Current,
    unfinished: &Unfinished,
) -> Collected {
    let (mut leaves, mut all) = (WindowSums::default(), WindowSums::default());
    for attempt in ledger.in_window(unfinished) {
        all.add(attempt);
        if attempt.leaf {
            leaves.add(attempt);
        }
    }
    let mut legacy = Legacy::default();
    for (labels, sum) in all.iter(ledger.labels()) {
        legacy.add_finished(labels, sum);
    }
    for job in unfinished.jobs() {
        if ledger.has_ended(job.key.job, job.key.attempt) {
            continue;
        }
        legacy.add_unfinished(unfinished, job, context.window.start());
        if job.attempt.leaf {
            current.add(unfinished, job);
        }
    }
    let mut families = totals.families();
    families.extend(leaves.families(ledger.labels()));
    families.extend(current.families());
    if context.legacy_names {
        families.extend(legacy.families());
    }
    let ledger = ledger.save(unfinished, |_| true);
    Collected {
        families,
        failures: Vec::new(),
        state: state::save(&JobsState { ledger, totals }),
    }
}
