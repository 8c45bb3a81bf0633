//! From a request to its answer: fault, then authorization, then version, then
//! resource.

use std::future::pending;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tokio::time::sleep;

use crate::answer::{self, Answer, Ask};
use crate::body::Body;
use crate::fault::Fault;
use crate::query::Query;
use crate::requests::Request;
use crate::server::Shared;
use crate::version::Version;
use crate::{Estate, Release};

/// What every path begins with.
pub(crate) const PREFIX: &str = "/netbackup";

/// The largest body of a request that is read, in bytes.
const LARGEST_REQUEST: usize = 64 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The connection is to be closed without an answer.
#[derive(Debug)]
pub(crate) struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("closed without an answer")
    }
}

impl std::error::Error for Closed {}

/// A request that has been read whole.
struct Asked {
    method: Method,
    path: String,
    query: Query,
    headers: HeaderMap,
    body: Vec<u8>,
    authorized: bool,
}

/// Answers one request, or does not, as the faults have it.
pub(crate) async fn respond(
    shared: Arc<Shared>,
    request: http::Request<Incoming>,
) -> Result<Response<Body>, Closed> {
    let (head, body) = request.into_parts();
    let asked = read(&shared, head, body).await;
    // Before it is known to have arrived: who waits for it may change the faults.
    let fault = shared
        .faults
        .on(asked.path.strip_prefix(PREFIX).unwrap_or(&asked.path));
    let number = shared.requests.arrived(note(&asked));
    match &fault {
        Some(Fault::Down) => return Err(Closed),
        Some(Fault::Hanging) => return pending().await,
        Some(Fault::Slow(time)) => sleep(*time).await,
        Some(Fault::Held(gate)) => gate.pass().await,
        _ => {}
    }
    let response = reply(&shared, &asked, fault.as_ref());
    shared.requests.answered(number, response.status().as_u16());
    Ok(match fault {
        Some(fault) => fault.spoil(response),
        None => response.map(Body::whole),
    })
}

/// Answers a GET that came over no connection. None where a fault lets no whole
/// answer through.
pub(crate) fn ask(shared: &Shared, target: &str, headers: HeaderMap) -> Option<Response<Vec<u8>>> {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let path = format!("{PREFIX}{path}");
    let asked = Asked {
        query: Query::parse(&format!("{}{path}", shared.base), query),
        authorized: shared.key().opens(&headers, shared.clock.now()),
        method: Method::GET,
        headers,
        path,
        body: Vec::new(),
    };
    let number = shared.requests.arrived(note(&asked));
    let fault = shared.faults.on(target.split('?').next()?);
    match &fault {
        None | Some(Fault::RepeatCursor | Fault::Slow(_) | Fault::Held(_)) => {}
        Some(fault) => {
            fault.instead(&asked.headers, shared.clock.now())?;
        }
    }
    let response = reply(shared, &asked, fault.as_ref());
    shared.requests.answered(number, response.status().as_u16());
    Some(response)
}

/// The answer with its headers, with what a fault puts in its place.
fn reply(shared: &Shared, asked: &Asked, fault: Option<&Fault>) -> Response<Vec<u8>> {
    let answer = fault
        .and_then(|fault| fault.instead(&asked.headers, shared.clock.now()))
        .unwrap_or_else(|| answer(shared, asked, fault == Some(&Fault::RepeatCursor)));
    head_of(shared, asked, answer)
}

/// The answer when nothing goes wrong.
fn answer(shared: &Shared, asked: &Asked, stuck: bool) -> Answer {
    let Some(path) = asked.path.strip_prefix(PREFIX) else {
        return Answer::not_found();
    };
    let (release, now) = (shared.release(), shared.wall().showed(shared.clock.now()));
    match (&asked.method, path) {
        (&Method::GET, "/ping") => return answer::ping(release, now),
        (&Method::GET, "/tokenkey") => return answer::tokenkey(release, &shared.token_key),
        (&Method::GET, "/security/servertime") => return answer::servertime(now),
        (&Method::GET, "/security/serverinfo") => return answer::serverinfo(release),
        (&Method::GET, "/security/cacert") => return answer::cacert(shared.ca_pem.as_deref()),
        _ => {}
    }
    if !asked.authorized {
        return Answer::unauthorized();
    }
    let acceptable = |version: Version| version.accepted_by(release.api_version());
    if !Version::asked(&asked.headers).is_some_and(acceptable) {
        return Answer::not_acceptable();
    }
    resource(shared, asked, path, stuck)
}

/// The resources that need authorization and a version.
fn resource(shared: &Shared, asked: &Asked, path: &str, stuck: bool) -> Answer {
    let ask = Ask {
        query: &asked.query,
        headers: &asked.headers,
        release: shared.release(),
        now: shared.clock.now(),
        wall: shared.wall(),
        strictness: shared.strictness,
        shape: shared.shape,
        stuck,
    };
    let estate = shared.estate();
    let get = asked.method == Method::GET;
    match list(path, ask.release) {
        Some(list) if get => return list(&estate, &ask),
        Some(_) => return Answer::method_not_allowed(),
        None => {}
    }
    match path.strip_prefix("/admin/jobs/") {
        Some(id) if get => answer::job(&estate, &ask, id),
        _ if path != "/admin/jobs-count-requests" => Answer::not_found(),
        _ if asked.method == Method::POST => answer::jobs_count(&estate, &ask, &asked.body),
        _ => Answer::method_not_allowed(),
    }
}

/// How a list is answered.
type List = fn(&Estate, &Ask<'_>) -> Answer;

/// The list at a path, if the release has it. The bundle of 11.2 lacks the files
/// of storage and of the service catalog: 11.0 is carried forward.
fn list(path: &str, release: Release) -> Option<List> {
    // The guide names them first for 10.4.
    let tape = release >= Release::V10_4;
    Some(match path {
        "/admin/jobs" => answer::jobs,
        "/catalog/images" => answer::images,
        "/malware/latest-scan-results" => answer::latest_scans,
        "/malware/scan-results" => answer::scans,
        "/manage/alerts" => answer::alerts,
        "/servicecatalog/slos" => answer::slos,
        "/storage/disk-pools" => answer::pools,
        "/storage/drives" => answer::drives,
        "/storage/robots-device-hosts" if tape => answer::device_hosts,
        "/storage/storage-servers" => answer::servers,
        "/storage/storage-units" => answer::units,
        "/storage/tape-media" if tape => answer::media,
        "/storage/tape-volume-pools" if tape => answer::volume_pools,
        _ => return None,
    })
}

async fn read(shared: &Shared, head: http::request::Parts, body: Incoming) -> Asked {
    // What cannot be read is answered like an empty body: 400 where one is needed.
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
    Asked {
        query: Query::parse(&format!("{base}{path}"), head.uri.query()),
        authorized: shared.key().opens(&head.headers, shared.clock.now()),
        method: head.method,
        headers: head.headers,
        path,
        body,
    }
}

fn note(asked: &Asked) -> Request {
    let text = |name: &HeaderName| {
        let value = asked.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Request {
        method: asked.method.to_string(),
        path: asked.path.clone(),
        query: asked.query.pairs().to_vec(),
        accept: text(&header::ACCEPT),
        request_id: text(&REQUEST_ID),
        authorized: asked.authorized,
        status: None,
    }
}

/// Puts the headers on: JSON is of the version that was asked for, or of the
/// server's own when that was none it knows.
fn head_of(shared: &Shared, asked: &Asked, answer: Answer) -> Response<Vec<u8>> {
    let newest = shared.release().api_version();
    let version = Version::asked(&asked.headers)
        .filter(|version| version.accepted_by(newest))
        .unwrap_or(newest);
    let media_type = answer.media_type.unwrap_or_else(|| version.media_type());
    let mut response = Response::new(answer.body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    let given = asked.headers.get(REQUEST_ID).cloned();
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
    let bits = fastrand::u128(..) & !(0xf << 76) & !(0xc << 60) | 0x4 << 76 | 0x8 << 60;
    let hex = format!("{bits:032x}");
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-")
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
