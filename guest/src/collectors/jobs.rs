//! Jobs: those that finished within the window, and those that have not ended.
//!
//! Canonical families count leaves (`childCount` 0): a parent stands for the
//! same work as its children. The predecessor counted both, so its families do.

pub(super) mod attempts;
mod current;
mod legacy;
pub(super) mod list;
mod queue_reason;
pub(super) mod row;
mod totals;
mod window;

use std::collections::HashSet;

use futures::future::{LocalBoxFuture, join};
use serde::Deserialize;

use self::attempts::{Attempts, Kept};
use self::current::Current;
use self::legacy::Legacy;
use self::row::Job;
use self::totals::Totals;
use self::window::Finished;
use super::{Collected, Collector, Context};
use crate::api::{Client, query};
use crate::manifest::DescribedFamily;
use crate::report::Failure;
use crate::state;

/// In the register.
pub const COLLECTOR: Collector = Collector {
    name: NAME,
    summary: "Jobs: finished, running and queued, with bytes, files and durations",
    paths: &[list::ENDPOINT],
    cached: false,
    state_version: STATE_VERSION,
    families,
    check: |options| serde_json::from_str::<Options>(options).map(drop),
    collect,
};

const NAME: &str = "jobs";

/// Counts up whenever [`Kept`] or [`Totals`] changes shape.
const STATE_VERSION: u32 = 1;

/// None yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {}

fn families() -> Vec<DescribedFamily> {
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
        let kept: Option<Kept<Totals>> =
            state::load(context.state, NAME, STATE_VERSION, context.log).filter(
                |kept: &Kept<_>| kept.is_of_the_past(NAME, context.window.now, context.log),
            );
        let attempts = Attempts::resume(kept, context.window);
        let since = query::not_before("endTime", attempts.since());
        let unended = query::differs("state", "DONE");
        let (finished, current) = join(
            // `and` is not among the operators that the specification lists for
            // jobs: which of the rows are DONE is looked at here.
            read(context.client, &since),
            read(context.client, &unended),
        )
        .await;
        match (finished, current) {
            (Ok(finished), Ok(current)) => summarize(context, attempts, &finished, &current),
            // Each tells what the other one may not count.
            (finished, current) => {
                Collected::failed(finished.err().into_iter().chain(current.err()))
            }
        }
    })
}

fn summarize(
    context: &Context<'_>,
    mut attempts: Attempts<Totals>,
    finished: &[Job],
    current: &[Job],
) -> Collected {
    let mut window = Finished::default();
    let mut unended = Current::new(context.window.now);
    let mut legacy = Legacy::default();
    for job in finished {
        let counts = job.is_done() && job.is_leaf();
        if counts {
            attempts.count(job, |totals| totals.add(job));
        }
        // The answer may reach further back than the window.
        if job.end.is_none_or(|end| end >= context.window.start()) {
            legacy.finished(job);
            if counts {
                window.count(job);
            }
        }
    }
    for job in unended_of(current, finished) {
        legacy.current(job);
        if job.is_leaf() {
            unended.count(job);
        }
    }
    let mut families = attempts.totals().families();
    families.extend(window.families());
    families.extend(unended.families());
    if context.legacy_names {
        families.extend(legacy.families());
    }
    Collected {
        families,
        failures: Vec::new(),
        state: state::save(NAME, STATE_VERSION, &attempts.keep()),
    }
}

/// A job that ended between the two answers is in both, and has ended.
fn unended_of<'a>(current: &'a [Job], finished: &[Job]) -> impl Iterator<Item = &'a Job> + use<'a> {
    let ended = finished.iter().filter(|job| job.is_done());
    let ended: HashSet<u64> = ended.map(|job| job.id).collect();
    current
        .iter()
        .filter(move |job| !job.is_done() && !ended.contains(&job.id))
}

async fn read(client: &Client<'_>, filter: &str) -> Result<Vec<Job>, Failure> {
    let mut jobs = Vec::new();
    list::each(client, filter, |_, job| jobs.push(job)).await?;
    Ok(jobs)
}
