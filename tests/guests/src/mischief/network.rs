//! Forbidden network access.

use wasip2::http::outgoing_handler;
use wasip2::http::types::{Fields, Method, OutgoingRequest, Scheme};

use crate::component::bindings::exports::nbu::collector::collector::Settings;

/// The host's error for a request with an `Authorization` header.
pub(crate) fn own_credential() -> Option<String> {
    let refused = Fields::new().append("Authorization", b"mine").err();
    Some(refused.map_or("allowed".to_owned(), |error| format!("{error:?}")))
}

/// The host's error for a request to another destination.
pub(crate) fn wander(authority: &str) -> Option<String> {
    let request = OutgoingRequest::new(Fields::new());
    let _ = request.set_method(&Method::Get);
    let _ = request.set_scheme(Some(&Scheme::Http));
    if request.set_authority(Some(authority)).is_err() {
        return Some("not an authority".to_owned());
    }
    let _ = request.set_path_with_query(Some("/"));
    let answer = match outgoing_handler::handle(request, None) {
        Ok(answer) => answer,
        Err(error) => return Some(format!("{error:?}")),
    };
    answer.subscribe().block();
    match answer.get() {
        Some(Ok(Err(error))) => Some(format!("{error:?}")),
        _ => Some("allowed".to_owned()),
    }
}

pub(crate) fn authority(settings: &Settings) -> String {
    let rest = settings.base_url.split("://").nth(1).unwrap_or_default();
    rest.split('/').next().unwrap_or_default().to_owned()
}
