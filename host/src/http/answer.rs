//! Answers requests: authentication first, then the route.

use http::Response;
use http::request::Parts;

use super::peer::Peer;
use super::reply::Body;
use super::routes;
use super::state::ServerState;

/// Answers a request, or rejects it independent of its path.
pub(super) async fn answer(state: &ServerState, peer: Peer, request: &Parts) -> Response<Body> {
    let web = state.web.load_full();
    let mut response = match web.refusal(peer, &request.headers).await {
        Some(refusal) => refusal,
        None => routes::answer(state, request).await,
    };
    web.add_headers(&mut response);
    response
}
