//! Answers requests: authentication first, then the route.

use http::header::HOST;
use http::request::Parts;
use http::{Response, StatusCode, Version};

use super::peer::Peer;
use super::reply::{self, Body};
use super::routes;
use super::state::ServerState;

/// Answers a request, or rejects it independent of its path.
pub(super) async fn answer(state: &ServerState, peer: Peer, request: &Parts) -> Response<Body> {
    let web = state.web.load_full();
    let mut response = if lacks_host(request) {
        reply::text(StatusCode::BAD_REQUEST, "`Host` is missing\n")
    } else {
        match web.refusal(peer, &request.headers).await {
            Some(refusal) => refusal,
            None => routes::answer(state, peer, request).await,
        }
    };
    web.add_headers(&mut response);
    response
}

/// Whether `Host` is missing, which HTTP/1.1 requires (RFC 9112, 3.2).
fn lacks_host(request: &Parts) -> bool {
    request.version == Version::HTTP_11 && !request.headers.contains_key(HOST)
}

#[cfg(test)]
mod tests {
    use crate::http::testing::{TestApp, send, serve, state};

    #[tokio::test]
    async fn http_1_1_requires_a_host() {
        let (_serving, address) = serve(state(TestApp::default()));
        for (version, status) in [("1.0", 200), ("1.1", 400)] {
            let head = format!("GET /-/healthy HTTP/{version}\r\nConnection: close\r\n\r\n");
            assert_eq!(send(address, &head).await.status, status, "{version}");
        }
    }
}
