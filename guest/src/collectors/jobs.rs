//! Jobs: those that finished within the window, and those that have not ended.
//!
//! Canonical families count leaves (`childCount` 0): a parent stands for the
//! same work as its children. The predecessor counted both, so its families do.

mod attempts;
mod chunks;
mod current;
#[cfg(test)]
mod golden;
mod held;
pub(super) mod kept;
pub(super) mod labels;
pub(super) mod ledger;
mod legacy;
pub(super) mod list;
mod open;
pub(super) mod options;
mod places;
mod queue_reason;
pub(super) mod reach;
pub(super) mod reading;
pub(super) mod record;
mod records;
pub(super) mod row;
pub(super) mod total;
mod totals;
pub(super) mod unended;
mod window;

use futures::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};

use self::current::Current;
use self::kept::Kept;
use self::ledger::Ledger;
use self::legacy::Legacy;
use self::options::Options;
use self::row::Job;
use self::totals::{Added, Totals};
use self::unended::Unended;
use self::window::Sums;
use super::{Collected, Collector, Context};
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

/// Counts up whenever [`Memory`] changes shape.
const STATE_VERSION: u32 = 3;

/// What is saved.
#[derive(Deserialize, Serialize)]
struct Memory {
    ledger: Kept,
    totals: Totals,
}

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
        let collected = read(context).await;
        collected.unwrap_or_else(Collected::failed)
    })
}

async fn read(context: &Context<'_>) -> Result<Collected, Vec<Failure>> {
    let alone = |failure| vec![failure];
    let options: Options = super::options(context).map_err(alone)?;
    let memory = state::load(context.state, NAME, STATE_VERSION, context.log)
        .filter(|memory: &Memory| state::is_whole(NAME, memory.ledger.is_whole(), context.log));
    let (kept, mut totals) = match memory {
        Some(memory) => (Some(memory.ledger), memory.totals),
        None => (None, Totals::default()),
    };
    if !context.window.is_resumed(NAME) {
        totals.show();
    }
    let moment = options.moment(context, kept.as_ref()).await;
    let moment = moment.map_err(alone)?;
    let mut ledger = Ledger::resume(kept, moment);
    let mut added = Added::default();
    let take = |ledger: &mut Ledger, job: &Job<'_>| count(ledger, &mut added, job);
    let unended = reading::read(context, &options, &mut ledger, take).await?;
    totals.add(&added, ledger.labels(), ledger.is_first());
    // The starts of jobs are written by the server's clock.
    let current = Current::new(moment.clocks.server);
    Ok(summarize(context, ledger, totals, current, &unended))
}

fn count(ledger: &mut Ledger, added: &mut Added, job: &Job<'_>) {
    ledger.saw(job.id);
    if job.is_done() {
        let labels = [&*job.action, &*job.policy_type, &*job.status];
        if let Some(labels) = ledger.take(job, labels) {
            added.add(labels, job);
        }
    }
}

fn summarize(
    context: &Context<'_>,
    ledger: Ledger,
    totals: Totals,
    mut current: Current,
    unended: &Unended,
) -> Collected {
    let (mut leaves, mut all) = (Sums::default(), Sums::default());
    for record in ledger.in_window(unended) {
        all.add(&record);
        if record.leaf {
            leaves.add(&record);
        }
    }
    let mut legacy = Legacy::default();
    for (labels, sum) in all.each(ledger.labels()) {
        legacy.finished(labels, sum);
    }
    for job in unended.jobs() {
        if ledger.has_ended(job.record.id, job.record.attempt) {
            continue;
        }
        legacy.current(unended, job, context.window.start());
        if job.record.leaf {
            current.count(unended, job);
        }
    }
    let mut families = totals.families();
    families.extend(leaves.families(ledger.labels()));
    families.extend(current.families());
    if context.legacy_names {
        families.extend(legacy.families());
    }
    let ledger = ledger.keep(unended, |_| true);
    Collected {
        families,
        failures: Vec::new(),
        state: state::save(NAME, STATE_VERSION, &Memory { ledger, totals }),
    }
}
