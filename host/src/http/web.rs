//! The web configuration: encryption, and what stands before every path.

use http::header::{HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{Response, StatusCode};

use super::peer::Peer;
use super::reply::{self, Body};
use super::routes;
use super::state::ServerState;

mod checks;
mod headers;
mod names;
mod rate;
mod tls;
mod users;

use checks::PasswordCheck;
pub use rate::RateLimit;
pub use tls::{ClientTrust, ServerTls, ServerTlsSettings};
pub use users::{Hash, Users};

/// What `--web.config.file` comes to. The default lets everybody in, over plain
/// HTTP.
#[derive(Debug, Default)]
pub struct Web {
    /// None is plain HTTP.
    pub tls: Option<ServerTls>,
    /// Who may ask; everybody when there are none.
    pub users: Users,
    /// How many requests are answered; none is every one.
    pub rate: Option<RateLimit>,
    /// Headers of every answer, which win over the defaults.
    pub headers: HeaderMap,
}

/// The answer to a request that may be turned away, whatever its path.
pub(super) async fn answer(state: &ServerState, peer: Peer, request: &Parts) -> Response<Body> {
    let web = state.web.load_full();
    let mut response = match web.refusal(peer, &request.headers).await {
        Some(refusal) => refusal,
        None => routes::answer(state, request).await,
    };
    headers::add(response.headers_mut(), &web.headers);
    response
}

impl Web {
    /// Whether a browser can be made to talk to this listener under any name: a
    /// page has neither a certificate for its own name nor the password.
    pub(super) fn is_open(&self) -> bool {
        self.tls.is_none() && self.users.is_empty()
    }

    async fn refusal(&self, peer: Peer, headers: &HeaderMap) -> Option<Response<Body>> {
        if self.rate.as_ref().is_some_and(|rate| !rate.allow()) {
            let body = "too many requests\n";
            return Some(reply::text(StatusCode::TOO_MANY_REQUESTS, body));
        }
        match self.users.admit(peer, headers).await {
            PasswordCheck::Right => return None,
            PasswordCheck::Wrong => {}
            PasswordCheck::Busy => return Some(busy()),
        }
        let body = "a user name and a password are wanted\n";
        let mut response = reply::text(StatusCode::UNAUTHORIZED, body);
        let challenge = HeaderValue::from_static("Basic realm=\"nbu_exporter\", charset=\"UTF-8\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        Some(response)
    }
}

fn busy() -> Response<Body> {
    let body =
        "too many passwords from this address are being checked\nhint: try again in a second\n";
    let mut response = reply::text(StatusCode::TOO_MANY_REQUESTS, body);
    let second = HeaderValue::from_static("1");
    response.headers_mut().insert(RETRY_AFTER, second);
    response
}

#[cfg(test)]
mod tests;
