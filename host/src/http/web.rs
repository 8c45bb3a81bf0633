//! The web configuration: encryption, authentication and rate limit of every path.

use http::header::{HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};

use super::peer::Peer;
use super::reply::{self, Body};

mod checks;
mod hash;
mod headers;
mod names;
mod rate;
mod tls;
mod users;

use checks::PasswordCheck;
pub use hash::Hash;
pub use rate::RateLimit;
pub use tls::{ClientTrust, ServerTls, ServerTlsSettings};
pub use users::Users;

/// The settings of `--web.config.file`. The default is plain HTTP without
/// authentication.
#[derive(Debug, Default)]
pub struct Web {
    /// `None` is plain HTTP.
    pub tls: Option<ServerTls>,
    /// The users; without any, no password is required.
    pub users: Users,
    /// The rate limit; `None` does not limit.
    pub rate: Option<RateLimit>,
    /// Headers of every response. They replace the defaults.
    pub headers: HeaderMap,
}

impl Web {
    /// Whether a web page could read responses under its own host name. With TLS or a
    /// password it lacks the certificate or the credentials.
    pub(super) fn is_open(&self) -> bool {
        self.tls.is_none() && self.users.is_empty()
    }

    /// Whether every request needs a user and a password.
    pub(super) fn requires_password(&self) -> bool {
        !self.users.is_empty()
    }

    /// Adds the headers of every response.
    pub(super) fn add_headers(&self, response: &mut Response<Body>) {
        headers::add(response.headers_mut(), &self.headers);
    }

    /// The response to a request that is rejected independent of its path.
    pub(super) async fn refusal(&self, peer: Peer, headers: &HeaderMap) -> Option<Response<Body>> {
        if self.rate.as_ref().is_some_and(|rate| !rate.allow()) {
            let body = "too many requests\n";
            return Some(reply::text(StatusCode::TOO_MANY_REQUESTS, body));
        }
        match self.users.admit(peer, headers).await {
            PasswordCheck::Accepted => return None,
            PasswordCheck::Rejected => {}
            PasswordCheck::Busy => return Some(busy()),
        }
        let body = "user name and password required\n";
        let mut response = reply::text(StatusCode::UNAUTHORIZED, body);
        let challenge = HeaderValue::from_static("Basic realm=\"nbu_exporter\", charset=\"UTF-8\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        Some(response)
    }
}

fn busy() -> Response<Body> {
    let body = "too many concurrent password checks from this address\nhint: retry in a second\n";
    let mut response = reply::text(StatusCode::TOO_MANY_REQUESTS, body);
    let second = HeaderValue::from_static("1");
    response.headers_mut().insert(RETRY_AFTER, second);
    response
}

#[cfg(test)]
mod tests;
