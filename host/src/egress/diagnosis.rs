//! What an operator can do about a failed connection.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tracing::{info, warn};

use super::failure::{CertificateFault, RequestFailure, TimeoutStep};
use super::session::Session;
use super::upstream::Upstream;
use super::{EgressSettings, Scheme};

/// A failed connection, as it is logged.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Diagnosis {
    pub(super) error: String,
    pub(super) hint: &'static str,
}

impl Diagnosis {
    /// `None` if the failure does not concern the connection.
    pub(super) fn of(failure: &RequestFailure, settings: &EgressSettings) -> Option<Self> {
        let to_proxy = settings.proxy.as_ref().filter(|_| is_first_hop(failure));
        let (error, hint) = match to_proxy {
            Some(proxy) => (
                format!("proxy `{proxy}`: {failure}"),
                "check that the proxy runs; correct `proxy`, or add the server to `noProxy`",
            ),
            None => (failure.to_string(), hint(failure, settings.origin.scheme)?),
        };
        Some(Self { error, hint })
    }
}

/// With a proxy, these failures concern the connection to it.
fn is_first_hop(failure: &RequestFailure) -> bool {
    matches!(
        failure,
        RequestFailure::Name(_)
            | RequestFailure::Refused
            | RequestFailure::Unreachable(_)
            | RequestFailure::Timeout(TimeoutStep::Connect)
    )
}

fn hint(failure: &RequestFailure, scheme: Scheme) -> Option<&'static str> {
    Some(match failure {
        RequestFailure::Name(_) => "correct `host`, or check the resolver of this machine",
        RequestFailure::Refused => {
            "check `host` and `port`; NetBackup's web service listens on port 1556"
        }
        RequestFailure::Unreachable(_) | RequestFailure::Timeout(TimeoutStep::Connect) => {
            "check `host` and `port`, the firewall and the network"
        }
        RequestFailure::Proxy(_) => "check `proxy`, its user and password, and `noProxy`",
        RequestFailure::Certificate(fault, _) => match fault {
            CertificateFault::UnknownIssuer => {
                "set `caFile` to the certificate of this authority, in PEM"
            }
            CertificateFault::WrongName => {
                "set `serverName` to a name in the certificate, or correct `host`"
            }
            CertificateFault::Expired => {
                "renew the server's certificate, or correct the clock of this machine"
            }
            CertificateFault::NotYetValid => "correct the clock of this machine or of the server",
            CertificateFault::Other => "check the server's certificate and `caFile`",
        },
        RequestFailure::Alert(..) => {
            "compare `minVersion`, `certFile` and `keyFile` with the server"
        }
        RequestFailure::NotTls => "correct `port`, or set `scheme: http` if the server has no TLS",
        RequestFailure::Tls(_) | RequestFailure::Timeout(TimeoutStep::Tls) => {
            "check `scheme` and `port`, and compare `minVersion` with the server"
        }
        RequestFailure::Malformed(_) => match scheme {
            Scheme::Http => "set `scheme: https` if the port serves TLS, or correct `port`",
            Scheme::Https => "check `host` and `port`: this is not a web server",
        },
        _ => return None,
    })
}

impl Session {
    /// Logs why the connection failed, unless the log already says so. All collectors
    /// fail together, so each site and cause has one line.
    pub(super) fn report_failure(&self, failure: &RequestFailure) {
        let egress = &self.egress;
        if matches!(egress.upstream, Upstream::Bundle(_)) {
            return;
        }
        let Some(diagnosis) = Diagnosis::of(failure, &egress.settings) else {
            return;
        };
        // At most one line for each call, even if connections fail in different ways.
        if self.diagnosed.swap(true, Relaxed) {
            return;
        }
        let diagnosis = Arc::new(diagnosis);
        let before = egress.diagnosis.swap(Some(Arc::clone(&diagnosis)));
        if before.as_ref() != Some(&diagnosis) {
            let (site, server) = (&egress.site, egress.settings.origin.url());
            let Diagnosis { error, hint } = &*diagnosis;
            warn!(%site, server, error, hint, "Cannot connect to NetBackup");
        }
    }

    /// Logs once that connections succeed again.
    pub(super) fn report_answer(&self) {
        let egress = &self.egress;
        if self.diagnosed.load(Relaxed) || egress.diagnosis.load().is_none() {
            return;
        }
        if egress.diagnosis.swap(None).is_some() {
            let (site, server) = (&egress.site, egress.settings.origin.url());
            info!(%site, server, "Connected to NetBackup again");
        }
    }
}
