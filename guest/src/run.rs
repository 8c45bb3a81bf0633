//! A collection: settings, window and state in, a report out.

use std::cell::Cell;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{Either, join_all, select};

use crate::api::Client;
use crate::collector::{Collected, Collector, Context};
use crate::collectors;
use crate::contract::{Failure, Outcome, Reason, Report, Saved, Selection, Settings, Window};
use crate::jobs::unfinished::SharedUnfinished;
use crate::log::Log;
use crate::transport::Transport;

/// The timeout of one collector. The host aborts the whole collection after
/// `server.collectionTimeout`, 2 minutes by default, which the guest does not know. A
/// collector must time out earlier, so that the others are reported.
pub const COLLECTOR_TIMEOUT: Duration = Duration::from_secs(90);

/// Reads one site once. All collectors run concurrently over one transport and fail
/// separately.
pub async fn collect(
    settings: &Settings,
    window: &Window,
    mut state: Vec<Saved>,
    transport: &dyn Transport,
    log: &dyn Log,
) -> Report {
    let client = Client::new(settings, window.last_api_version.as_deref(), transport, log);
    let unfinished = SharedUnfinished::default();
    // One timer for all collectors, because they start together.
    let timeout = transport.sleep(COLLECTOR_TIMEOUT).shared();
    let mut outcomes = join_all(settings.collectors.iter().map(|selection| {
        let context = Context {
            client: &client,
            unfinished: &unfinished,
            window,
            options: &selection.options,
            legacy_names: settings.legacy_names,
            state: Cell::new(take(&mut state, &selection.name)),
            log,
        };
        outcome(selection, context, timeout.clone())
    }))
    .await;
    for outcome in &mut outcomes {
        let failures = std::mem::take(&mut outcome.failures).into_iter();
        outcome.failures = failures.map(|failure| client.explain(failure)).collect();
    }
    client.skipped().log(log);
    let next_version = client.next_version().await;
    Report {
        api_version: next_version.map(|version| version.to_string()),
        outcomes,
    }
}

/// The state of this collector, as its owner: it is freed once it is decoded.
fn take(state: &mut Vec<Saved>, collector: &str) -> Option<Saved> {
    let index = state
        .iter()
        .position(|saved| saved.collector == collector)?;
    Some(state.swap_remove(index))
}

async fn outcome(
    selection: &Selection,
    context: Context<'_>,
    timeout: impl Future<Output = ()> + Unpin,
) -> Outcome {
    let collector = collectors::find(&selection.name);
    let collected = match collector {
        Some(collector) => match select((collector.collect)(&context), timeout).await {
            Either::Left((collected, _)) => collected,
            Either::Right(_) => Collected::failed([timed_out(collector)]),
        },
        None => Collected::failed([unknown(&selection.name)]),
    };
    let is_unsupported = |failure: &Failure| collector.is_some_and(|it| it.is_unsupported(failure));
    let (unsupported, mut failures): (Vec<_>, Vec<_>) =
        collected.failures.into_iter().partition(is_unsupported);
    // The contract does not distinguish them.
    failures.extend(unsupported);
    Outcome {
        collector: selection.name.clone(),
        families: collected.families,
        failures,
        state: collected.state,
    }
}

/// The failure names all paths, because any list may be the slow one.
fn timed_out(collector: &Collector) -> Failure {
    let seconds = COLLECTOR_TIMEOUT.as_secs();
    Failure {
        detail: Some(format!("the collector timed out after {seconds} s")),
        ..Failure::new(&collector.paths.join(" "), Reason::Timeout)
    }
}

/// The host checks the settings first, so this does not happen in practice.
fn unknown(name: &str) -> Failure {
    Failure {
        detail: Some(format!("unknown collector `{name}`")),
        ..Failure::new("", Reason::Unsupported)
    }
}
