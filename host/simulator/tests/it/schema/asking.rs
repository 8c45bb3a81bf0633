//! Asks the simulator for everything that there is to check.

use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::{Value, json};
use simulator::{Release, Simulator};

use super::endpoint::{Endpoint, Kind};
use crate::client::{KEY, Reply, send};

/// More pages than any list here has: one that goes round is not followed.
const MOST_PAGES: usize = 1000;

/// What came, and the status that it should have.
pub(crate) struct Exchange {
    pub(crate) status: StatusCode,
    pub(crate) reply: Reply,
}

/// One request, in the vendor's terms.
#[derive(Clone)]
struct Question {
    /// Path and query, without the prefix of all paths.
    target: String,
    key: &'static str,
    version: String,
    /// The filter to count by.
    body: Option<String>,
}

/// Every page of an endpoint, and each refusal that it knows.
pub(crate) async fn everything(
    simulator: &Simulator,
    release: Release,
    endpoint: &Endpoint,
) -> Vec<Exchange> {
    let right = right(simulator, release, endpoint).await;
    if is_to_come(endpoint, release) {
        return vec![refused(simulator, StatusCode::BAD_REQUEST, right).await];
    }
    let mut exchanges = pages(simulator, right.clone()).await;
    let more = exchanges.len() > 1;
    assert_eq!(more, endpoint.is_paged(), "pages of `{}`", right.target);
    if endpoint.kind == Kind::Open {
        return exchanges;
    }
    let stranger = Question {
        key: "another-key",
        ..right.clone()
    };
    exchanges.push(refused(simulator, StatusCode::UNAUTHORIZED, stranger).await);
    let newer = Question {
        version: "99.0".to_owned(),
        ..right.clone()
    };
    exchanges.push(refused(simulator, StatusCode::NOT_ACCEPTABLE, newer).await);
    let (status, wrong) = wrong(endpoint, right);
    exchanges.push(refused(simulator, status, wrong).await);
    exchanges
}

/// Whether the release does not know the query yet.
fn is_to_come(endpoint: &Endpoint, release: Release) -> bool {
    matches!(endpoint.kind, Kind::ListSince(first, _) if release < first)
}

/// What an endpoint answers that the release does not have.
pub(crate) async fn nothing(
    simulator: &Simulator,
    release: Release,
    endpoint: &Endpoint,
) -> Exchange {
    let question = right(simulator, release, endpoint).await;
    refused(simulator, StatusCode::NOT_FOUND, question).await
}

/// The question that is answered with 200.
async fn right(simulator: &Simulator, release: Release, endpoint: &Endpoint) -> Question {
    let mut question = Question {
        target: endpoint.path.to_owned(),
        key: KEY,
        version: newest(release).to_owned(),
        body: None,
    };
    match endpoint.kind {
        Kind::Open | Kind::Whole => {}
        Kind::List(query) | Kind::ListSince(_, query) => {
            question.target = format!("{}?{query}", endpoint.path)
        }
        Kind::Count(filter) => question.body = Some(filter.to_owned()),
        Kind::Row(list) => {
            question.target = list.to_owned();
            let reply = ask(simulator, &question).await;
            let id = reply.ids().into_iter().next().unwrap();
            question.target = format!("{list}/{id}");
        }
    }
    question
}

/// What the endpoint refuses, and how.
fn wrong(endpoint: &Endpoint, mut question: Question) -> (StatusCode, Question) {
    match endpoint.kind {
        Kind::Count(_) => question.body = Some("not a filter".to_owned()),
        Kind::Row(list) => {
            question.target = format!("{list}/0");
            return (StatusCode::NOT_FOUND, question);
        }
        _ => question.target = format!("{}?page%5Blimit%5D=many", endpoint.path),
    }
    (StatusCode::BAD_REQUEST, question)
}

async fn pages(simulator: &Simulator, mut question: Question) -> Vec<Exchange> {
    let mut pages = Vec::new();
    loop {
        let reply = ask(simulator, &question).await;
        let next = next(&question.target, &reply);
        let status = StatusCode::OK;
        pages.push(Exchange { status, reply });
        assert!(pages.len() < MOST_PAGES, "`{}` never ends", question.target);
        match next {
            Some(target) => question.target = target,
            None => return pages,
        }
    }
}

/// Where the page after that of `target` is: where the link leads, which stands
/// one deeper in some lists, or, in lists without links, at the next offset.
fn next(target: &str, reply: &Reply) -> Option<String> {
    let body: Value = serde_json::from_slice(&reply.body).ok()?;
    let next = &body["meta"]["pagination"]["next"];
    let Some(links) = body.get("links") else {
        let first = target.split("&page%5Boffset%5D=").next()?;
        return Some(format!("{first}&page%5Boffset%5D={}", next.as_u64()?));
    };
    let places = [&links["next"]["href"], &links["pagination"]["next"]["href"]];
    let href = places.into_iter().find_map(Value::as_str);
    assert_eq!(href.is_some(), !next.is_null(), "`{target}` in two minds");
    let (_, next) = href?.split_once("/netbackup")?;
    Some(next.to_owned())
}

/// The status of an answer to a list's question.
pub(crate) async fn status(simulator: &Simulator, release: Release, target: String) -> StatusCode {
    let question = Question {
        target,
        key: KEY,
        version: newest(release).to_owned(),
        body: None,
    };
    ask(simulator, &question).await.status
}

async fn refused(simulator: &Simulator, status: StatusCode, question: Question) -> Exchange {
    let reply = ask(simulator, &question).await;
    Exchange { status, reply }
}

async fn ask(simulator: &Simulator, question: &Question) -> Reply {
    let version = &question.version;
    let media_type = format!("application/vnd.netbackup+json;version={version}");
    let builder = Request::builder()
        .uri(format!("/netbackup{}", question.target))
        .header(header::HOST, "primary.example")
        .header(header::AUTHORIZATION, question.key)
        .header(header::ACCEPT, &media_type);
    let request = match &question.body {
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
