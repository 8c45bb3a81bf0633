//! A collection: settings, window and state in, a report out.

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::{Either, join_all, select};

use crate::api::{Client, Session};
use crate::collector::{Collected, Collector, Context};
use crate::collectors;
use crate::contract::{
    Failure, OptionValue, Outcome, Reason, Report, Saved, Selection, Settings, Window,
};
use crate::jobs::unfinished::SharedUnfinished;
use crate::log::Log;
use crate::options::LEGACY_NAMES;
use crate::transport::Transport;

/// Reads one site once. All collectors run concurrently over one transport and fail
/// separately.
pub async fn collect(
    settings: &Settings,
    window: &Window,
    mut state: Vec<Saved>,
    transport: &dyn Transport,
    log: &dyn Log,
) -> Report {
    let session = Session::new(settings, window.last_api_version.as_deref(), transport, log);
    let unfinished = SharedUnfinished::default();
    // One timer for all collectors, because they start together.
    let timeout = transport.sleep(window.collector_timeout()).shared();
    let clients: Vec<_> = settings
        .collectors
        .iter()
        .map(|_| Client::new(&session))
        .collect();
    let runs = settings
        .collectors
        .iter()
        .zip(&clients)
        .map(|(selection, client)| {
            let context = Context {
                client,
                unfinished: &unfinished,
                window,
                options: &selection.options,
                legacy_names: is_legacy(selection),
                state: Cell::new(take(&mut state, &selection.name)),
                log,
            };
            timed(run(selection, context, timeout.clone()))
        });
    let runs = join_all(runs).await;
    // Whether an endpoint is absent is only known when all requests are answered.
    let outcomes = settings.collectors.iter().zip(&clients).zip(runs);
    let outcomes = outcomes.map(|((selection, client), (collected, duration))| {
        client.skipped().log(log);
        outcome(selection, &session, client, collected, duration)
    });
    Report {
        outcomes: outcomes.collect(),
        api_version: session
            .next_version()
            .await
            .map(|version| version.to_string()),
    }
}

/// Also measures the duration.
async fn timed<T>(run: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    let result = run.await;
    (result, began.elapsed())
}

fn is_legacy(selection: &Selection) -> bool {
    let legacy = (LEGACY_NAMES.to_owned(), OptionValue::Bool(true));
    selection.options.contains(&legacy)
}

/// The state of this collector, as its owner: it is freed once it is decoded.
fn take(state: &mut Vec<Saved>, collector: &str) -> Option<Saved> {
    let index = state
        .iter()
        .position(|saved| saved.collector == collector)?;
    Some(state.swap_remove(index))
}

async fn run(
    selection: &Selection,
    context: Context<'_>,
    timeout: impl Future<Output = ()> + Unpin,
) -> Collected {
    let Some(collector) = collectors::find(&selection.name) else {
        return Collected::failed([unknown(&selection.name)]);
    };
    match select((collector.collect)(&context), timeout).await {
        Either::Left((collected, _)) => collected,
        Either::Right(_) => Collected::failed([timed_out(collector, context.window)]),
    }
}

fn outcome(
    selection: &Selection,
    session: &Session<'_>,
    client: &Client<'_>,
    collected: Collected,
    duration: Duration,
) -> Outcome {
    let collector = collectors::find(&selection.name);
    // A collector that read nothing has failed.
    let is_partial = !collected.families.is_empty();
    let is_absent = |failure: &Failure| {
        is_partial
            && session.is_absence(failure)
            && collector.is_some_and(|it| it.requests_path_of(failure))
    };
    let (absent, failures): (Vec<_>, Vec<_>) = collected.failures.into_iter().partition(is_absent);
    let failures = failures.into_iter().map(|failure| session.explain(failure));
    Outcome {
        collector: selection.name.clone(),
        families: collected.families,
        failures: failures.collect(),
        unsupported: absent.into_iter().map(|failure| failure.endpoint).collect(),
        state: collected.state,
        duration_milliseconds: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        requests: client.requests(),
        skipped_rows: client.skipped().total(),
    }
}

/// The failure names all paths, because any list may be the slow one.
fn timed_out(collector: &Collector, window: &Window) -> Failure {
    let seconds = window.collector_timeout().as_secs_f64();
    Failure {
        detail: Some(format!("the collector timed out after {seconds} s")),
        ..Failure::new(&collector.paths.join(" "), Reason::Timeout)
    }
}

/// The host checks the settings first, so this does not happen in practice.
fn unknown(name: &str) -> Failure {
    let why = format!("this guest has no collector `{name}`");
    Failure::new("", Reason::Other(("unknown_collector".to_owned(), why)))
}
