//! Requests that support a false outage: the host checks whether it has seen a failed
//! request.

use wasip2::http::outgoing_handler;
use wasip2::http::types::{Fields, Method, OutgoingRequest, RequestOptions, Scheme};

use super::network::authority;
use crate::component::bindings::exports::nbu::collector::collector::Settings;

/// Requests a path below the base path, and returns whether the status is 200.
pub(crate) fn ask(settings: &Settings, path: &str) -> bool {
    let Ok(answer) = outgoing_handler::handle(request(settings, path), None) else {
        return false;
    };
    answer.subscribe().block();
    matches!(answer.get(), Some(Ok(Ok(response))) if response.status() == 200)
}

/// Allows a request no time at all.
pub(crate) fn hurry(settings: &Settings) {
    let options = RequestOptions::new();
    let _ = options.set_connect_timeout(Some(0));
    let _ = options.set_first_byte_timeout(Some(0));
    let request = request(settings, "/ping");
    if let Ok(answer) = outgoing_handler::handle(request, Some(options)) {
        answer.subscribe().block();
        drop(answer.get());
    }
}

/// Drops a request before it can be answered.
pub(crate) fn abandon(settings: &Settings) {
    drop(outgoing_handler::handle(request(settings, "/ping"), None));
}

fn request(settings: &Settings, path: &str) -> OutgoingRequest {
    let authority = authority(settings);
    let base = settings.base_url.split_once(&authority);
    let base = base.map_or("", |(_, path)| path);
    let request = OutgoingRequest::new(Fields::new());
    let _ = request.set_method(&Method::Get);
    let _ = request.set_scheme(Some(&Scheme::Http));
    let _ = request.set_authority(Some(&authority));
    let _ = request.set_path_with_query(Some(&format!("{base}{path}")));
    request
}
