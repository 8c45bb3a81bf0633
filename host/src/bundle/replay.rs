//! Answers requests from a bundle.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::exchange::Exchange;
use super::redact::decode;

/// The answers of a bundle. Equal requests get their answers in the recorded order, and
/// then the last one again: another guest may ask more often.
#[derive(Debug)]
pub struct Replay {
    exchanges: Vec<Exchange>,
    answers: Mutex<HashMap<RequestKey, Occurrences>>,
    missing: Mutex<Vec<MissingRequest>>,
}

/// A request that is not in the bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingRequest {
    method: String,
    path_and_query: String,
}

/// Requests are equal if they are after decoding: guests may encode differently.
#[derive(Debug, PartialEq, Eq, Hash)]
struct RequestKey {
    method: String,
    segments: Vec<String>,
    parameters: Vec<(String, String)>,
    body: Vec<u8>,
}

/// The recorded exchanges of equal requests, by position.
#[derive(Debug, Default)]
struct Occurrences {
    positions: Vec<usize>,
    next: usize,
}

impl Replay {
    /// Answers from these exchanges.
    pub fn new(exchanges: Vec<Exchange>) -> Self {
        let mut answers: HashMap<_, Occurrences> = HashMap::new();
        for (position, exchange) in exchanges.iter().enumerate() {
            let request = &exchange.request;
            let key = RequestKey::new(&request.method, &request.path_and_query, &request.body.0);
            answers.entry(key).or_default().positions.push(position);
        }
        Self {
            exchanges,
            answers: Mutex::new(answers),
            missing: Mutex::default(),
        }
    }

    /// The requests so far that the bundle does not have.
    pub fn missing(&self) -> Vec<MissingRequest> {
        let missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.clone()
    }

    /// The next answer to this request.
    pub fn answer(
        &self,
        method: &str,
        path_and_query: &str,
        body: &[u8],
    ) -> Result<&Exchange, MissingRequest> {
        let key = RequestKey::new(method, path_and_query, body);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let position = answers.get_mut(&key).and_then(Occurrences::take);
        position
            .and_then(|position| self.exchanges.get(position))
            .ok_or_else(|| self.note_missing(method, path_and_query))
    }

    fn note_missing(&self, method: &str, path_and_query: &str) -> MissingRequest {
        let request = MissingRequest {
            method: method.to_owned(),
            path_and_query: path_and_query.to_owned(),
        };
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.push(request.clone());
        request
    }
}

impl Occurrences {
    fn take(&mut self) -> Option<usize> {
        let position = self.positions.get(self.next);
        self.next += usize::from(position.is_some());
        position.or(self.positions.last()).copied()
    }
}

impl RequestKey {
    fn new(method: &str, path_and_query: &str, body: &[u8]) -> Self {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        let parameters = query.split('&').filter(|pair| !pair.is_empty());
        let parameter = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode::query(name), decode::query(value))
        };
        Self {
            method: method.to_owned(),
            segments: path.split('/').map(decode::segment).collect(),
            parameters: parameters.map(parameter).collect(),
            body: body.to_vec(),
        }
    }
}

impl fmt::Display for MissingRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            path_and_query,
        } = self;
        write!(f, "`{method} {path_and_query}` is not in the bundle")
    }
}

impl Error for MissingRequest {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{FailureKind, RecordedRequest, RequestHeaders};

    fn exchange(method: &str, path_and_query: &str, body: &str, failure: FailureKind) -> Exchange {
        Exchange {
            request: RecordedRequest {
                method: method.to_owned(),
                path_and_query: path_and_query.to_owned(),
                headers: RequestHeaders::default(),
                body: body.into(),
            },
            response: None,
            failure: Some(failure),
        }
    }

    #[test]
    fn equal_requests_get_their_answers_in_order_and_the_last_one_again() {
        let replay = Replay::new(vec![
            exchange("GET", "/jobs?sort=id", "", FailureKind::Dns),
            exchange("GET", "/ping", "", FailureKind::Proxy),
            exchange("GET", "/jobs?sort=id", "", FailureKind::Refused),
        ]);
        let failure = |path: &str| replay.answer("GET", path, b"").unwrap().failure;
        assert_eq!(failure("/jobs?sort=id"), Some(FailureKind::Dns));
        assert_eq!(failure("/ping"), Some(FailureKind::Proxy));
        assert_eq!(failure("/jobs?sort=id"), Some(FailureKind::Refused));
        assert_eq!(failure("/jobs?sort=id"), Some(FailureKind::Refused));
    }

    #[test]
    fn the_encoding_of_a_request_does_not_matter() {
        let recorded = "/a%2Fb?page%5Blimit%5D=1&filter=a%20eq%20%27%26%27";
        let replay = Replay::new(vec![exchange("GET", recorded, "", FailureKind::Dns)]);
        for equal in [
            recorded,
            "/a%2fb?page[limit]=1&filter=a+eq+%27%26%27",
            "/%61%2Fb?page%5blimit]=1&&filter=a+eq+'%26'",
        ] {
            assert!(replay.answer("GET", equal, b"").is_ok(), "{equal}");
        }
    }

    #[test]
    fn a_request_that_was_not_recorded_is_named() {
        let post = "{\"q\":1}";
        let replay = Replay::new(vec![exchange(
            "POST",
            "/find?a=1%262",
            post,
            FailureKind::Tls,
        )]);
        assert!(
            replay
                .answer("POST", "/find?a=1%262", post.as_bytes())
                .is_ok()
        );
        for (method, path, body) in [
            ("GET", "/find?a=1%262", post),
            ("POST", "/find", post),
            ("POST", "/find?a=1&2", post),
            ("POST", "/find?a=1%262", "{\"q\":2}"),
        ] {
            let missing = replay.answer(method, path, body.as_bytes()).unwrap_err();
            assert_eq!(
                missing.to_string(),
                format!("`{method} {path}` is not in the bundle")
            );
            assert_eq!(replay.missing().last(), Some(&missing));
        }
    }
}
