//! Implements the traits through which the web server reaches the application: probes,
//! reloads and the status page.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};

use super::reload_request::{ReloadTrigger, ask};
use super::services::Services;
use super::status;
use crate::collect::probe;
use crate::egress::Egress;
use crate::guest::{CollectorFailure, FailureReason, failure_text, reason_name, unconnected};
use crate::http::{Health, ProbeFailure, Reload, Status, StatusReport};
use crate::site::SiteName;

/// Answers from the running services.
pub(super) struct HttpBackend(pub(super) Services);

impl Health for HttpBackend {
    fn sites(&self) -> BoxFuture<'static, Vec<SiteName>> {
        let swap_controller = Arc::clone(&self.0.swap_controller);
        async move {
            let generation = swap_controller.wait().await;
            let site_runtimes = generation.site_runtimes.iter();
            site_runtimes
                .map(|site_runtime| site_runtime.name.clone())
                .collect()
        }
        .boxed()
    }

    fn probe(&self, site: SiteName) -> BoxFuture<'static, Result<String, ProbeFailure>> {
        let services = self.0.clone();
        async move {
            let generation = services.swap_controller.current();
            let found = generation
                .as_ref()
                .and_then(|g| Some((g, g.site_runtime(&site)?)));
            match found {
                Some((generation, site_runtime)) => {
                    match probe(generation, site_runtime, &services.memory).await {
                        Ok(answer) => answer.map_err(|it| probe_failure(&it, &site_runtime.egress)),
                        Err(fault) => Err(fault.to_string().into()),
                    }
                }
                None => Err("the site was removed".to_owned().into()),
            }
        }
        .boxed()
    }
}

/// Says why the connection failed, as the log does.
fn probe_failure(failure: &CollectorFailure, egress: &Egress) -> ProbeFailure {
    let connection = egress.diagnosis();
    let reasons = [reason_name(&failure.reason)];
    ProbeFailure {
        is_unauthorized: matches!(failure.reason, FailureReason::Unauthorized),
        text: match unconnected(&reasons, connection.as_deref()) {
            Some(connection) => connection.error.clone(),
            None => failure_text(failure),
        },
    }
}

impl Reload for HttpBackend {
    fn reload(&self) -> BoxFuture<'static, Result<String, String>> {
        let requests = self.0.requests.clone();
        async move { ask(&requests, ReloadTrigger::Http).await }.boxed()
    }
}

impl Status for HttpBackend {
    fn report(&self) -> StatusReport {
        status::report(&self.0)
    }
}
