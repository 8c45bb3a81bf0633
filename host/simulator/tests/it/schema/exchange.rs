//! Requests everything from the simulator that is checked.

use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::{Value, json};
use simulator::{Release, Simulator};

use super::endpoint::{Endpoint, Kind};
use crate::client::{KEY, Reply, send};

/// More pages than any list has, to end a loop of pages.
const MOST_PAGES: usize = 1000;

/// An answer, and the status that is expected.
pub(crate) struct Exchange {
    pub(crate) status: StatusCode,
    pub(crate) reply: Reply,
}

/// A request.
#[derive(Clone)]
struct TestRequest {
    /// Path and query, without the prefix of all paths.
    target: String,
    key: &'static str,
    version: String,
    /// The filter to count by.
    body: Option<String>,
}

/// Every page of an endpoint, and each of its rejections.
pub(crate) async fn exchanges(
    simulator: &Simulator,
    release: Release,
    endpoint: &Endpoint,
) -> Vec<Exchange> {
    let valid = valid_request(simulator, release, endpoint).await;
    if is_unsupported(endpoint, release) {
        return vec![rejected(simulator, StatusCode::BAD_REQUEST, valid).await];
    }
    let mut exchanges = pages(simulator, valid.clone()).await;
    let more = exchanges.len() > 1;
    assert_eq!(more, endpoint.is_paged(), "pages of `{}`", valid.target);
    if endpoint.kind == Kind::Open {
        return exchanges;
    }
    let other_key = TestRequest {
        key: "another-key",
        ..valid.clone()
    };
    exchanges.push(rejected(simulator, StatusCode::UNAUTHORIZED, other_key).await);
    let newer = TestRequest {
        version: "99.0".to_owned(),
        ..valid.clone()
    };
    exchanges.push(rejected(simulator, StatusCode::NOT_ACCEPTABLE, newer).await);
    let (status, invalid) = invalid_request(endpoint, valid);
    exchanges.push(rejected(simulator, status, invalid).await);
    exchanges
}

/// Whether only later releases support the query.
fn is_unsupported(endpoint: &Endpoint, release: Release) -> bool {
    matches!(endpoint.kind, Kind::ListSince(first, _) if release < first)
}

/// The answer of an endpoint that the release does not have.
pub(crate) async fn absent(
    simulator: &Simulator,
    release: Release,
    endpoint: &Endpoint,
) -> Exchange {
    let request = valid_request(simulator, release, endpoint).await;
    rejected(simulator, StatusCode::NOT_FOUND, request).await
}

/// The request that is answered with 200.
async fn valid_request(
    simulator: &Simulator,
    release: Release,
    endpoint: &Endpoint,
) -> TestRequest {
    let mut request = TestRequest {
        target: endpoint.path.to_owned(),
        key: KEY,
        version: newest(release).to_owned(),
        body: None,
    };
    match endpoint.kind {
        Kind::Open | Kind::Whole => {}
        Kind::List(query) | Kind::ListSince(_, query) => {
            request.target = format!("{}?{query}", endpoint.path)
        }
        Kind::Count(filter) => request.body = Some(filter.to_owned()),
        Kind::Row(list) => {
            request.target = list.to_owned();
            let reply = ask(simulator, &request).await;
            let id = reply.ids().into_iter().next().unwrap();
            request.target = format!("{list}/{id}");
        }
    }
    request
}

/// A request that the endpoint rejects, with its status.
fn invalid_request(endpoint: &Endpoint, mut request: TestRequest) -> (StatusCode, TestRequest) {
    match endpoint.kind {
        Kind::Count(_) => request.body = Some("not a filter".to_owned()),
        Kind::Row(list) => {
            request.target = format!("{list}/0");
            return (StatusCode::NOT_FOUND, request);
        }
        _ => request.target = format!("{}?page%5Blimit%5D=many", endpoint.path),
    }
    (StatusCode::BAD_REQUEST, request)
}

async fn pages(simulator: &Simulator, mut request: TestRequest) -> Vec<Exchange> {
    let mut pages = Vec::new();
    loop {
        let reply = ask(simulator, &request).await;
        let next = next(&request.target, &reply);
        let status = StatusCode::OK;
        pages.push(Exchange { status, reply });
        assert!(
            pages.len() < MOST_PAGES,
            "too many pages of `{}`",
            request.target
        );
        match next {
            Some(target) => request.target = target,
            None => return pages,
        }
    }
}

/// The target of the next page: that of the link, which is one level deeper in
/// some lists, or the next offset in lists without links. A list without both ends with
/// an empty page.
fn next(target: &str, reply: &Reply) -> Option<String> {
    let body: Value = serde_json::from_slice(&reply.body).ok()?;
    let next = &body["meta"]["pagination"]["next"];
    let Some(links) = body.get("links") else {
        let (first, offset) = target
            .split_once("&page%5Boffset%5D=")
            .unwrap_or((target, "0"));
        let next = match body.get("meta") {
            Some(_) => next.as_u64()?,
            None if target.contains("page%5Blimit") => next_offset(offset, &body["data"])?,
            None => return None,
        };
        return Some(format!("{first}&page%5Boffset%5D={next}"));
    };
    let places = [&links["next"]["href"], &links["pagination"]["next"]["href"]];
    let href = places.into_iter().find_map(Value::as_str);
    assert!(
        body.get("meta").is_none() || href.is_some() != next.is_null(),
        "`{target}`: link and pagination disagree"
    );
    let (_, next) = href?.split_once("/netbackup")?;
    Some(next.to_owned())
}

/// The offset after the rows of this page, if it has any.
fn next_offset(offset: &str, data: &Value) -> Option<u64> {
    let rows = data.as_array()?.len() as u64;
    let offset: u64 = offset.parse().ok()?;
    (rows > 0).then_some(offset + rows)
}

/// The status of the answer for a target.
pub(crate) async fn status(simulator: &Simulator, release: Release, target: String) -> StatusCode {
    let request = TestRequest {
        target,
        key: KEY,
        version: newest(release).to_owned(),
        body: None,
    };
    ask(simulator, &request).await.status
}

async fn rejected(simulator: &Simulator, status: StatusCode, request: TestRequest) -> Exchange {
    let reply = ask(simulator, &request).await;
    Exchange { status, reply }
}

async fn ask(simulator: &Simulator, request: &TestRequest) -> Reply {
    let version = &request.version;
    let media_type = format!("application/vnd.netbackup+json;version={version}");
    let builder = Request::builder()
        .uri(format!("/netbackup{}", request.target))
        .header(header::HOST, "primary.example")
        .header(header::AUTHORIZATION, request.key)
        .header(header::ACCEPT, &media_type);
    let request = match &request.body {
        None => builder.body(Full::default()),
        Some(filter) => {
            let attributes = json!({ "filter": filter });
            let body = json!({ "data": { "type": "jobCount", "attributes": attributes } });
            builder
                .method("POST")
                .header(header::CONTENT_TYPE, &media_type)
                .body(Full::new(Bytes::from(body.to_string())))
        }
    };
    send(simulator, request.unwrap()).await.unwrap()
}

/// The API version of a release.
fn newest(release: Release) -> &'static str {
    match release {
        Release::V10_3 => "10.0",
        Release::V10_4 => "11.0",
        Release::V10_5 => "12.0",
        Release::V11_0 => "13.0",
        Release::V11_2 => "14.0",
    }
}
