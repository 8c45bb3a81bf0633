//! One collection: settings, window and state in, a report out.

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{Either, join_all, select};

use crate::api::Client;
use crate::collectors::{self, Collected, Collector, Context, Shared};
use crate::log::Log;
use crate::report::{Failure, Outcome, Reason, Report};
use crate::settings::{Selection, Settings, Window};
use crate::state::Saved;
use crate::transport::Transport;

/// How long one collector may take. The host ends the whole collection after
/// `server.collectionTimeout`, which this contract does not tell the guest: 2 minutes
/// by default. A collector that does not end must fail before that, so that the
/// others are reported.
pub const COLLECTOR_TIMEOUT: Duration = Duration::from_secs(90);

/// Reads one site once. All collectors run at the same time over one transport,
/// and each answers for itself: one that fails takes nothing from another.
pub async fn collect(
    settings: &Settings,
    window: &Window,
    state: &[Saved],
    transport: &dyn Transport,
    log: &dyn Log,
) -> Report {
    let client = Client::new(settings, window.last_api_version.as_deref(), transport, log);
    let shared = Shared::default();
    // One timer for all: they start together.
    let timeout = transport.sleep(COLLECTOR_TIMEOUT).shared();
    let outcomes = join_all(settings.collectors.iter().map(|selection| {
        let context = Context {
            client: &client,
            shared: &shared,
            window,
            options: &selection.options,
            legacy_names: settings.legacy_names,
            state,
            log,
        };
        outcome(selection, context, timeout.clone())
    }))
    .await;
    let next_version = client.next_version().await;
    Report {
        api_version: next_version.map(|version| version.to_string()),
        outcomes,
    }
}

async fn outcome(
    selection: &Selection,
    context: Context<'_>,
    timeout: impl Future<Output = ()> + Unpin,
) -> Outcome {
    let collected = match collectors::find(&selection.name) {
        Some(collector) => match select((collector.collect)(&context), timeout).await {
            Either::Left((collected, _)) => collected,
            Either::Right(_) => Collected::failed([timed_out(collector)]),
        },
        None => Collected::failed([unknown(&selection.name)]),
    };
    Outcome {
        collector: selection.name.clone(),
        families: collected.families,
        failures: collected.failures,
        state: collected.state,
    }
}

/// Any of its lists may be the one that did not end.
fn timed_out(collector: &Collector) -> Failure {
    let seconds = COLLECTOR_TIMEOUT.as_secs();
    Failure {
        detail: Some(format!("the collector has not ended after {seconds} s")),
        ..Failure::new(&collector.paths.join(" "), Reason::Timeout)
    }
}

/// The host checks the settings first, so that this is not seen in practice.
fn unknown(name: &str) -> Failure {
    Failure {
        detail: Some(format!("there is no collector `{name}`")),
        ..Failure::new("", Reason::Unsupported)
    }
}
