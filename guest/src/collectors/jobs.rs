//! Jobs: those that finished within the window, and unfinished ones.
//!
//! The families count jobs without children, because a parent stands for the same
//! work as its children. Families under the predecessor's names count both, as the
//! predecessor did.

mod current;
mod durations;
mod freshness;
mod legacy;
mod options;
mod queue_reason;
mod requeued;
mod saved;
mod successes;
mod totals;
mod version3;
mod window;

use self::current::Current;
use self::legacy::Legacy;
use self::options::JobOptions;
use self::saved::{Figures, JobsState};
use self::successes::JobSuccesses;
use self::totals::Increase;
use self::window::WindowSums;
use crate::collector::{Collected, Collector, Context};
use crate::contract::{DeclaredFamily, Failure, Level, ReportedFamily};
use crate::jobs::list;
use crate::jobs::row::Job;
use crate::jobs::unfinished::Unfinished;
use crate::ledger::Ledger;
use crate::state::State;
use futures::future::LocalBoxFuture;

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
    options: options::declared,
    collect,
};

fn families() -> Vec<DeclaredFamily> {
    [
        totals::describe(),
        requeued::describe(),
        successes::describe(),
        window::describe(),
        current::describe(),
        freshness::describe(),
        window::describe_legacy(),
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
    let options: JobOptions = context.options().map_err(single)?;
    let reading = options.reading;
    let (saved, mut figures) = match context.load_state().map(JobsState::split) {
        Some((ledger, figures)) => (Some(ledger), figures),
        None => (None, Figures::default()),
    };
    if !context.window.is_resumed(JobsState::COLLECTOR) {
        figures.totals.reveal();
        figures.requeued.reveal();
    }
    let client = context.client;
    let time = reading.time(client, context.window, saved.as_ref()).await;
    let time = time.map_err(single)?;
    let mut ledger = Ledger::resume(saved, time);
    let mut increase = Increase::default();
    let Figures {
        successes,
        freshness,
        ..
    } = &mut figures;
    let take = |ledger: &mut Ledger, job: &Job<'_>| {
        successes.note_catalog(job);
        if count(ledger, &mut increase, job) {
            freshness.note(job);
        }
    };
    let readers = reading.readers();
    let unfinished = ledger.read(client, context.unfinished, readers, take);
    let unfinished = unfinished.await.map_err(single)?;
    figures.totals.add(&increase, ledger.labels());
    figures.requeued.add(&unfinished, ledger.is_first());
    figures.successes.note_backups(&ledger);
    figures.note_order(ledger.is_sorted(), context.log);
    look_up_catalog_backups(context, &mut figures.successes).await;
    let now = time.clocks.server;
    let oldest = now.saturating_sub(options.forget);
    figures.freshness.forget_before(oldest);
    let clients = figures.freshness.families(now, options.max_overdue);
    // Rows contain start times by the server's clock.
    let current = Current::new(now);
    let unfinished = &unfinished;
    Ok(summarize(
        context, ledger, figures, current, unfinished, clients,
    ))
}

/// A failure leaves the families absent, because jobs of other policies are complete.
async fn look_up_catalog_backups(context: &Context<'_>, successes: &mut JobSuccesses) {
    if let Err(failure) = successes.look_up(context.client).await {
        let reason = format!("{:?}", failure.reason);
        let message = "Could not look up earlier catalog backups";
        context
            .log
            .emit(Level::Warn, message, &[("reason", &reason)]);
    }
}

/// Returns whether it is a finished attempt that the ledger did not know.
fn count(ledger: &mut Ledger, increase: &mut Increase, job: &Job<'_>) -> bool {
    ledger.note_id(job.id);
    if !job.is_done() {
        return false;
    }
    let labels = [&*job.action, &*job.policy_type, &*job.status];
    let attempt = ledger.take(job, labels);
    if let Some(attempt) = attempt {
        increase.add(attempt, job);
    }
    attempt.is_some()
}

fn summarize(
    context: &Context<'_>,
    ledger: Ledger,
    figures: Figures,
    mut current: Current,
    unfinished: &Unfinished,
    clients: Vec<ReportedFamily>,
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
    let mut families = figures.totals.families();
    families.push(figures.requeued.family());
    families.extend(figures.successes.families());
    families.extend(leaves.families(ledger.labels()));
    families.extend(current.families());
    families.extend(clients);
    if context.legacy_names {
        families.push(leaves.legacy(ledger.labels()));
        families.extend(legacy.families());
    }
    Collected {
        families,
        failures: Vec::new(),
        state: figures.save(ledger.save(unfinished, |_| true)),
    }
}
