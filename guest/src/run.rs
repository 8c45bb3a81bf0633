//! One collection: settings, window and state in, a report out.

use futures::future::join_all;

use crate::api::Client;
use crate::collectors::{self, Context, Shared};
use crate::log::Log;
use crate::report::{Failure, Outcome, Reason, Report};
use crate::settings::{Selection, Settings, Window};
use crate::state::Saved;
use crate::transport::Transport;

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
        outcome(selection, context)
    }))
    .await;
    let next_version = client.next_version().await;
    Report {
        api_version: next_version.map(|version| version.to_string()),
        outcomes,
    }
}

async fn outcome(selection: &Selection, context: Context<'_>) -> Outcome {
    let outcome = Outcome {
        collector: selection.name.clone(),
        ..Outcome::default()
    };
    let Some(collector) = collectors::find(&selection.name) else {
        return Outcome {
            failures: vec![unknown(&selection.name)],
            ..outcome
        };
    };
    let collected = (collector.collect)(&context).await;
    Outcome {
        families: collected.families,
        failures: collected.failures,
        state: collected.state,
        ..outcome
    }
}

/// The host checks the settings first, so that this is not seen in practice.
fn unknown(name: &str) -> Failure {
    Failure {
        detail: Some(format!("there is no collector `{name}`")),
        ..Failure::new("", Reason::Unsupported)
    }
}
