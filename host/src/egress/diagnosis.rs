//! Why connections to a site fail, and what an operator can do about it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::failure::{CertificateFault, RequestFailure, TimeoutStep};
use super::session::Session;
use super::upstream::Upstream;
use super::{EgressSettings, Origin, Scheme};

/// A failed connection, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Why it failed.
    pub error: String,
    /// What an operator can do.
    pub hint: &'static str,
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
            None => {
                let hint = hint(failure, settings.origin.scheme)?;
                (described(failure, &settings.origin), hint)
            }
        };
        Some(Self { error, hint })
    }
}

/// With the address, which the words of a proxy and about a certificate need not have.
fn described(failure: &RequestFailure, origin: &Origin) -> String {
    match failure {
        RequestFailure::Proxy(_) | RequestFailure::Certificate(..) => failure.to_string(),
        _ => format!("`{}`: {failure}", origin.url()),
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
            CertificateFault::RenewedIssuer => {
                "the CA in `caFile` was probably renewed: put the certificate of the new one there"
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
    /// Stores why the connection failed: the collectors of a call fail together, so the
    /// first failure of a call says it.
    pub(super) fn report_failure(&self, failure: &RequestFailure) {
        let egress = &self.egress;
        if matches!(egress.upstream, Upstream::Bundle(_)) {
            return;
        }
        let Some(diagnosis) = Diagnosis::of(failure, &egress.settings) else {
            return;
        };
        if !self.diagnosed.swap(true, Relaxed) {
            egress.diagnosis.store(Some(Arc::new(diagnosis)));
        }
    }

    /// Connections succeed again.
    pub(super) fn report_answer(&self) {
        if !self.diagnosed.load(Relaxed) {
            self.egress.diagnosis.store(None);
        }
    }
}
