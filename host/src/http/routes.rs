//! Dispatches requests by path.

use bytes::Bytes;
use http::header::{ALLOW, HeaderMap, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use tracing::error;

use super::peer::Peer;
use super::reply::{self, Body};
use super::state::ServerState;
use super::status_page::StatusPage;
use super::{browser, health, scrape};
use crate::site::SiteName;

/// The endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Metrics,
    Health,
    Healthy,
    Ready,
    Reload,
    Status,
    Config,
    Probe,
}

impl Route {
    fn find(path: &str, metrics_path: &str) -> Option<Self> {
        match path {
            _ if path == metrics_path => Some(Self::Metrics),
            "/health" => Some(Self::Health),
            "/-/healthy" => Some(Self::Healthy),
            "/-/ready" => Some(Self::Ready),
            "/-/reload" => Some(Self::Reload),
            "/" => Some(Self::Status),
            "/config" => Some(Self::Config),
            "/probe" => Some(Self::Probe),
            _ => None,
        }
    }

    fn allow(self) -> &'static str {
        match self {
            Self::Reload => "POST",
            _ => "GET, HEAD",
        }
    }

    fn allows(self, method: &Method) -> bool {
        self.allow()
            .split(", ")
            .any(|allowed| allowed == method.as_str())
    }
}

/// Answers a request. Its body is not read.
pub(super) async fn answer(state: &ServerState, peer: Peer, request: &Parts) -> Response<Body> {
    let path = request.uri.path();
    let Some(route) = Route::find(path, &state.metrics_path.load()) else {
        return not_found(state, path);
    };
    if !route.allows(&request.method) {
        return wrong_method(&request.method, route.allow());
    }
    match route {
        Route::Metrics => metrics(state, peer, &request.headers),
        Route::Health => health(state).await,
        Route::Healthy => reply::text(StatusCode::OK, "Healthy\n"),
        Route::Ready => ready(state),
        Route::Reload => reload(state, &request.headers).await,
        Route::Status => status(state, request).await,
        Route::Config => config(state, &request.headers),
        Route::Probe => probe(state, request),
    }
}

fn metrics(state: &ServerState, peer: Peer, headers: &HeaderMap) -> Response<Body> {
    let limit = state.limits.load().scrapes;
    if let Some(slot) = state.scrapes.enter(peer, limit) {
        return scrape::scrape(state, headers, slot);
    }
    let body = format!(
        "{limit} scrapes are in progress\nhint: retry later, or raise `--web.max-requests`\n"
    );
    reply::text(StatusCode::SERVICE_UNAVAILABLE, body)
}

/// With many sites the page takes milliseconds, which no scrape must wait for.
async fn status(state: &ServerState, request: &Parts) -> Response<Body> {
    let page = StatusPage::new(state, request);
    match tokio::task::spawn_blocking(move || page.render()).await {
        Ok(page) => reply::html(page),
        Err(error) => {
            error!(%error, "Rendering the status page panicked");
            let body = "cannot render the status page\nhint: the log has the reason\n";
            reply::text(StatusCode::INTERNAL_SERVER_ERROR, body)
        }
    }
}

async fn health(state: &ServerState) -> Response<Body> {
    let (healthy, body) = health::verdict(&state.health.get().await);
    let status = if healthy {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    reply::text(status, body)
}

fn ready(state: &ServerState) -> Response<Body> {
    match state.unready() {
        None => reply::text(StatusCode::OK, "Ready\n"),
        Some(reason) => reply::text(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("Not ready: {reason}\n"),
        ),
    }
}

async fn reload(state: &ServerState, headers: &HeaderMap) -> Response<Body> {
    if browser::sent_by_a_page(headers) {
        let body = "web pages may not reload the configuration\n\
            hint: send neither `Origin` nor `Sec-Fetch-Site`, as `curl -X POST` does\n";
        return reply::text(StatusCode::FORBIDDEN, body);
    }
    match state.reload.reload().await {
        Ok(done) => reply::text(StatusCode::OK, done + "\n"),
        Err(reason) => reply::text(StatusCode::INTERNAL_SERVER_ERROR, reason + "\n"),
    }
}

fn config(state: &ServerState, headers: &HeaderMap) -> Response<Body> {
    if state.web.load().is_open()
        && let Some(host) = browser::foreign_host(headers, &state.names.load())
    {
        let host = String::from_utf8_lossy(host.as_bytes());
        let body = format!(
            "the configuration is not shown for host name `{host}`\n\
             hint: use an address, `localhost` or the machine's host name, or configure TLS \
             or users\n"
        );
        return reply::text(StatusCode::MISDIRECTED_REQUEST, body);
    }
    reply::text(StatusCode::OK, Bytes::clone(&state.config.load()))
}

/// The metrics of one site, in the form of a multi-target exporter.
fn probe(state: &ServerState, request: &Parts) -> Response<Body> {
    let query = request.uri.query().unwrap_or_default();
    let target = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "target");
    let Some(site) = target.and_then(|(_, name)| SiteName::new(&name)) else {
        let body = "no target is given\nhint: ask for `/probe?target=SITE`\n";
        return reply::text(StatusCode::BAD_REQUEST, body);
    };
    scrape::site(state, &site, &request.headers).unwrap_or_else(|| {
        if let Some(reason) = state.unready() {
            let body = format!("Not ready: {reason}\n");
            return reply::text(StatusCode::SERVICE_UNAVAILABLE, body);
        }
        let body = format!(
            "site `{site}` not found\nhint: use the `site` of the configuration; another \
             replica may collect it\n"
        );
        reply::text(StatusCode::NOT_FOUND, body)
    })
}

fn not_found(state: &ServerState, path: &str) -> Response<Body> {
    let metrics_path = state.metrics_path.load();
    let body = format!("`{path}` not found\nhint: the metrics are at `{metrics_path}`\n");
    reply::text(StatusCode::NOT_FOUND, body)
}

fn wrong_method(method: &Method, allow: &'static str) -> Response<Body> {
    let body = format!("method `{method}` is not allowed\nhint: use {allow}\n");
    let mut response = reply::text(StatusCode::METHOD_NOT_ALLOWED, body);
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(allow));
    response
}

#[cfg(test)]
mod tests;
