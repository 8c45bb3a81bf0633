//! From a request to its answer: first a fault, then authorization, version and
//! endpoint.

use std::future::pending;
use std::io;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tokio::time::sleep;

use crate::answer::Answer;
use crate::body::Body;
use crate::endpoints::{self, ResourceRequest};
use crate::estate::Estate;
use crate::fault::Fault;
use crate::query::{PREFIX, Query};
use crate::release::Release;
use crate::requests::Request;
use crate::shared::Shared;
use crate::version::Version;

/// The largest body of a request that is read, in bytes.
const LARGEST_REQUEST: usize = 64 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request with its body.
struct ReceivedRequest {
    method: Method,
    path: String,
    query: Query,
    headers: HeaderMap,
    body: Vec<u8>,
    authorized: bool,
}

/// Answers one request, or does not if a fault prevents it.
pub(crate) async fn respond(
    shared: Arc<Shared>,
    request: http::Request<Incoming>,
) -> io::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let received = read(&shared, head, body).await;
    let entry = log_entry(&received);
    // Read before the request is logged: a test that waits for it may change the faults.
    let fault = fault(&shared, &entry);
    let number = shared.requests.arrived(entry);
    match &fault {
        Some(Fault::Down) => return Err(io::ErrorKind::ConnectionAborted.into()),
        Some(Fault::Hanging) => return pending().await,
        Some(Fault::Slow(time)) => sleep(*time).await,
        Some(Fault::Held(gate)) => gate.pass().await,
        _ => {}
    }
    let response = match &fault {
        Some(Fault::Crowded(most, time)) => {
            let place = shared.crowd.enter(*most);
            match &place {
                Some(_) => {
                    sleep(*time).await;
                    reply(&shared, &received, None)
                }
                None => head_of(&shared, &received, Answer::too_busy()),
            }
        }
        _ => reply(&shared, &received, fault.as_ref()),
    };
    shared.requests.answered(number, response.status().as_u16());
    Ok(match fault {
        Some(fault) => fault.damage(response),
        None => response.map(Body::whole),
    })
}

/// The fault of the answer.
fn fault(shared: &Shared, request: &Request) -> Option<Fault> {
    let path = request.path.strip_prefix(PREFIX).unwrap_or(&request.path);
    shared.faults.on(path, request.is_later_page())
}

/// Answers a GET without a connection. `None` if a fault permits no complete
/// answer.
pub(crate) fn ask(shared: &Shared, target: &str, headers: HeaderMap) -> Option<Response<Vec<u8>>> {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let path = format!("{PREFIX}{path}");
    let received = ReceivedRequest {
        query: Query::parse(&format!("{}{path}", shared.base), query),
        authorized: shared.key().opens(&headers, shared.clock.now()),
        method: Method::GET,
        headers,
        path,
        body: Vec::new(),
    };
    let entry = log_entry(&received);
    let fault = fault(shared, &entry);
    let number = shared.requests.arrived(entry);
    match &fault {
        None | Some(Fault::RepeatCursor | Fault::Slow(_) | Fault::Held(_) | Fault::Crowded(..)) => {
        }
        Some(fault) => {
            fault.replacement(&received.headers, shared.clock.now())?;
        }
    }
    let response = reply(shared, &received, fault.as_ref());
    shared.requests.answered(number, response.status().as_u16());
    Some(response)
}

/// The answer with its headers, or what a fault replaces it with.
fn reply(shared: &Shared, received: &ReceivedRequest, fault: Option<&Fault>) -> Response<Vec<u8>> {
    let answer = fault
        .and_then(|fault| fault.replacement(&received.headers, shared.clock.now()))
        .unwrap_or_else(|| answer(shared, received, fault == Some(&Fault::RepeatCursor)));
    head_of(shared, received, answer)
}

/// The answer without a fault.
fn answer(shared: &Shared, received: &ReceivedRequest, repeat_cursor: bool) -> Answer {
    let Some(path) = received.path.strip_prefix(PREFIX) else {
        return Answer::not_found();
    };
    let (release, now) = (
        shared.release(),
        shared.server_clock().shown(shared.clock.now()),
    );
    match (&received.method, path) {
        (&Method::GET, "/ping") => return endpoints::ping(release, now),
        (&Method::GET, "/tokenkey") => return endpoints::tokenkey(release, &shared.token_key),
        (&Method::GET, "/security/servertime") => return endpoints::servertime(now),
        (&Method::GET, "/security/serverinfo") => {
            return endpoints::serverinfo(release, shared.estate().security_status());
        }
        (&Method::GET, "/security/cacert") => return endpoints::cacert(shared.ca_pem.as_deref()),
        _ => {}
    }
    if path.starts_with("/security/certificate-authorities") {
        return resource(shared, received, path, repeat_cursor);
    }
    if !received.authorized {
        return Answer::unauthorized();
    }
    let acceptable = |version: Version| version.accepted_by(release.api_version());
    if !Version::asked(&received.headers).is_some_and(acceptable) {
        return Answer::not_acceptable();
    }
    resource(shared, received, path, repeat_cursor)
}

/// The endpoints that need authorization and a version.
fn resource(
    shared: &Shared,
    received: &ReceivedRequest,
    path: &str,
    repeat_cursor: bool,
) -> Answer {
    let request = ResourceRequest {
        query: &received.query,
        headers: &received.headers,
        release: shared.release(),
        now: shared.clock.now(),
        clock: Arc::new(shared.server_clock().clone()),
        strictness: shared.strictness,
        rows: shared.rows,
        format: shared.format,
        repeat_cursor,
    };
    let estate = shared.estate();
    let get = received.method == Method::GET;
    match list(path, request.release) {
        Some(list) if get => return list(&estate, &request),
        Some(_) => return Answer::method_not_allowed(),
        None => {}
    }
    match path.strip_prefix("/admin/jobs/") {
        Some(id) if get => endpoints::job(&estate, &request, id),
        _ if path != "/admin/jobs-count-requests" => Answer::not_found(),
        _ if received.method == Method::POST => {
            endpoints::jobs_count(&estate, &request, &received.body)
        }
        _ => Answer::method_not_allowed(),
    }
}

/// The endpoint of a list.
type ListEndpoint = fn(&Estate, &ResourceRequest<'_>) -> Answer;

/// The lists, and the first release that has each. The bundle of 11.2 lacks the files of
/// storage and of the service catalog: 11.0 is carried forward. The guide names the lists
/// of tapes from 10.4 on.
const LISTS: &[(&str, Release, ListEndpoint)] = &[
    ("/admin/jobs", Release::V10_3, endpoints::jobs),
    ("/catalog/images", Release::V10_3, endpoints::images),
    ("/catalog/slp-images", Release::V10_3, endpoints::slp_images),
    (
        "/config/media-servers",
        Release::V10_3,
        endpoints::media_servers,
    ),
    (
        "/config/paused-clients",
        Release::V10_3,
        endpoints::paused_clients,
    ),
    ("/config/policies/", Release::V10_3, endpoints::policies),
    ("/licensing/capacity", Release::V10_3, endpoints::front_ends),
    (
        "/licensing/entitlements",
        Release::V10_3,
        endpoints::entitlements,
    ),
    (
        "/malware/latest-scan-results",
        Release::V10_3,
        endpoints::latest_scans,
    ),
    ("/malware/scan-results", Release::V10_3, endpoints::scans),
    ("/manage/alerts", Release::V10_3, endpoints::alerts),
    ("/security/api-keys", Release::V10_3, endpoints::api_keys),
    (
        "/security/certificate-authorities",
        Release::V10_3,
        endpoints::authorities,
    ),
    (
        "/security/certificate-authorities/migration-summary",
        Release::V10_3,
        endpoints::migration_summary,
    ),
    (
        "/security/certificates/current",
        Release::V10_3,
        endpoints::host_certificates,
    ),
    ("/security/anomalies", Release::V10_3, endpoints::anomalies),
    ("/security/mpa-tickets", Release::V10_3, endpoints::tickets),
    (
        "/security/status",
        Release::V10_5,
        endpoints::security_status,
    ),
    ("/servicecatalog/slos", Release::V10_3, endpoints::slos),
    ("/storage/disk-pools", Release::V10_3, endpoints::pools),
    ("/storage/drives", Release::V10_3, endpoints::drives),
    (
        "/storage/robots-device-hosts",
        Release::V10_4,
        endpoints::device_hosts,
    ),
    (
        "/storage/storage-servers",
        Release::V10_3,
        endpoints::servers,
    ),
    ("/storage/storage-units", Release::V10_3, endpoints::units),
    ("/storage/tape-media", Release::V10_4, endpoints::media),
    (
        "/storage/tape-volume-pools",
        Release::V10_4,
        endpoints::volume_pools,
    ),
];

/// The list at a path, if the release has one.
fn list(path: &str, release: Release) -> Option<ListEndpoint> {
    let mut lists = LISTS.iter();
    let (_, since, endpoint) = lists.find(|(name, ..)| *name == path)?;
    (release >= *since).then_some(*endpoint)
}

/// What needs no credential; see `answer`.
const OPEN: [&str; 5] = [
    "/ping",
    "/tokenkey",
    "/security/servertime",
    "/security/serverinfo",
    "/security/cacert",
];

/// The paths below the base path that some release answers, without those of single jobs.
pub fn paths() -> impl Iterator<Item = &'static str> {
    OPEN.into_iter().chain(LISTS.iter().map(|(path, ..)| *path))
}

async fn read(shared: &Shared, head: http::request::Parts, body: Incoming) -> ReceivedRequest {
    // An unreadable body counts as empty: 400 where one is needed.
    let body = Limited::new(body, LARGEST_REQUEST).collect().await;
    let body = body
        .map(|body| body.to_bytes().to_vec())
        .unwrap_or_default();
    let path = head.uri.path().to_owned();
    let host = head
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let base = host.map_or_else(|| shared.base.clone(), |host| shared.base_of(host));
    ReceivedRequest {
        query: Query::parse(&format!("{base}{path}"), head.uri.query()),
        authorized: shared.key().opens(&head.headers, shared.clock.now()),
        method: head.method,
        headers: head.headers,
        path,
        body,
    }
}

fn log_entry(received: &ReceivedRequest) -> Request {
    let text = |name: &HeaderName| {
        let value = received.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Request {
        method: received.method.to_string(),
        path: received.path.clone(),
        query: received.query.pairs().to_vec(),
        accept: text(&header::ACCEPT),
        request_id: text(&REQUEST_ID),
        authorized: received.authorized,
        status: None,
    }
}

/// Adds the headers. JSON has the requested version, or the server's own
/// if that is not supported.
fn head_of(shared: &Shared, received: &ReceivedRequest, answer: Answer) -> Response<Vec<u8>> {
    let newest = shared.release().api_version();
    let version = Version::asked(&received.headers)
        .filter(|version| version.accepted_by(newest))
        .unwrap_or(newest);
    let media_type = answer.media_type.unwrap_or_else(|| version.media_type());
    let mut response = Response::new(answer.body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    let given = received.headers.get(REQUEST_ID).cloned();
    let id = given.or_else(|| HeaderValue::from_str(&request_id()).ok());
    let kind = HeaderValue::from_str(&media_type).ok();
    for (name, value) in [(REQUEST_ID, id), (header::CONTENT_TYPE, kind)] {
        if let Some(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// A random UUID of version 4.
fn request_id() -> String {
    let [a, b] = [fastrand::u64(..), fastrand::u64(..)];
    let (time, middle, version) = (a >> 32, a >> 16 & 0xffff, a & 0xfff);
    let (variant, node) = (b >> 48 & 0x3fff | 0x8000, b & 0xffff_ffff_ffff);
    format!("{time:08x}-{middle:04x}-4{version:03x}-{variant:04x}-{node:012x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_a_random_uuid() {
        let id = request_id();
        let parts: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(id.chars().nth(14), Some('4'));
        assert!(matches!(id.chars().nth(19), Some('8'..='b')));
        assert_ne!(id, request_id());
    }
}
