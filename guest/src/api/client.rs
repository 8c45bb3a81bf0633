//! The API of one site: sends requests in the common version, and turns error
//! responses into failures.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::{from_status, retry_after, truncate, with_request_id};
use super::query::{Concurrency, Query};
use super::session::{Session, server_version};
use super::skipped::SkippedRows;
use super::version::{PING, SUPPORTED, Version, light_request};
use crate::contract::{Failure, Reason};
use crate::transport::{Request, Response};

/// The reason if both sides support no common version: 406, as a server answers it.
const NO_VERSION: Reason = Reason::Status(406);

/// Any other web server, a proxy or a gateway answers with a page.
const PAGE: &str =
    "expected JSON of NetBackup, found HTML: check `host`, `port`, `uri` and `proxy`";

/// The longest `Retry-After` in seconds that a request waits for. The host waits for
/// longer ones.
const LONGEST_PAUSE: u64 = 10;

/// The requests of one collector.
pub struct Client<'a> {
    session: &'a Session<'a>,
    requests: Cell<u32>,
    skipped: SkippedRows,
}

/// A response with status 200. Rows may borrow from its body.
#[derive(Debug)]
pub struct Answer {
    endpoint: &'static str,
    response: Response,
}

impl Answer {
    /// Parses the body. An error is the reason `malformed`, with its place.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Failure> {
        serde_json::from_slice(self.body()).map_err(|error| self.malformed(&error.to_string()))
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.response.body
    }

    pub(super) fn endpoint(&self) -> &'static str {
        self.endpoint
    }

    /// The failure for an unexpected body.
    pub(super) fn malformed(&self, place: &str) -> Failure {
        let is_page = self.body().trim_ascii_start().starts_with(b"<");
        let place = if is_page { PAGE } else { place };
        let reason = Reason::Malformed(truncate(place).to_owned());
        with_request_id(self.endpoint, reason, &self.response)
    }
}

impl<'a> Client<'a> {
    /// For one collector.
    pub fn new(session: &'a Session<'a>) -> Self {
        Self {
            session,
            requests: Cell::new(0),
            skipped: SkippedRows::default(),
        }
    }

    /// The number of requests sent.
    pub fn requests(&self) -> u32 {
        self.requests.get()
    }

    /// Allows this many concurrent requests for a long list, if it is read for the first
    /// time.
    pub fn allow(&self, readers: usize, is_first_read: bool) {
        self.session.limiter.allow(readers, is_first_read);
    }

    /// How many requests for a long list may be in flight now.
    pub fn readers(&self) -> usize {
        self.session.limiter.limit()
    }

    /// The version in use, if it is known.
    pub async fn version(&self) -> Option<Version> {
        self.session.version().await
    }

    /// The rows that were left out so far.
    pub fn skipped(&self) -> &SkippedRows {
        &self.skipped
    }

    /// The server's clock at the beginning of this collection, in seconds since the
    /// Unix epoch. It is requested once for all collectors. None if `/ping` does not
    /// exist or returns something else.
    pub async fn clock(&self) -> Result<Option<u64>, Failure> {
        let ping = self.ping().await?;
        if ping.status == 200 {
            return Ok(self.session.server_time());
        }
        let failure = from_status(PING, &ping);
        match failure.reason {
            Reason::Busy(_) | Reason::Status(500..) => Err(failure),
            _ => Ok(None),
        }
    }

    /// Sends a request and parses the response into owned data.
    pub async fn get<T: DeserializeOwned>(&self, query: &Query) -> Result<T, Failure> {
        self.ask(query).await?.read()
    }

    /// Sends a request. After a 406 it detects the version again and repeats the
    /// request. It also repeats a request that a busy server refused, unless it was the
    /// only one. It retries nothing else, because the host schedules retries.
    pub async fn ask(&self, query: &Query) -> Result<Answer, Failure> {
        self.accept(query.endpoint, self.respond(query).await?)
    }

    /// Like [`Client::ask`], for an endpoint that answers 404 if it finds nothing.
    pub async fn find(&self, query: &Query) -> Result<Option<Answer>, Failure> {
        let response = self.respond(query).await?;
        if response.status == 404 {
            return Ok(None);
        }
        self.accept(query.endpoint, response).map(Some)
    }

    async fn respond(&self, query: &Query) -> Result<Response, Failure> {
        let mut version = self.negotiate(None).await?;
        let mut response = self.send(query, Some(version)).await?;
        if response.status == 406 && !self.session.fixed {
            version = self.negotiate(Some(version)).await?;
            response = self.send(query, Some(version)).await?;
        }
        if response.status == 200 {
            self.session.accepted.set(Some(version));
        }
        Ok(response)
    }

    fn accept(&self, endpoint: &'static str, response: Response) -> Result<Answer, Failure> {
        if response.status == 200 {
            let answer = Answer { endpoint, response };
            // Serde would read a list as the fields of an object, and an empty list as an
            // object without attributes.
            if answer.body().trim_ascii_start().starts_with(b"[") {
                return Err(answer.malformed("expected an object, found a list"));
            }
            return Ok(answer);
        }
        let mut failure = from_status(endpoint, &response);
        if response.status == 406 && self.session.fixed {
            failure.detail = Some("the server does not accept the configured `apiVersion`".into());
        }
        Err(failure)
    }

    /// Concurrent calls wait for the first one's response.
    async fn ping(&self) -> Result<Response, Failure> {
        let mut ping = self.session.ping.lock().await;
        if let Some(answer) = &*ping {
            return answer.clone();
        }
        let answer = self.send(&Query::new(PING), None).await;
        if let Ok(answer) = &answer {
            self.session.server_time.set(epoch_seconds(&answer.body));
        }
        *ping = Some(answer.clone());
        answer
    }

    /// Sends a request, and repeats it with fewer others if the server refused it.
    async fn send(&self, query: &Query, version: Option<Version>) -> Result<Response, Failure> {
        let limiter = &self.session.limiter;
        let mut refused = None;
        loop {
            let slot = limiter.slot(query.concurrency).await;
            if let Some(earlier) = refused
                && limiter.refused_alone(query.endpoint)
            {
                return earlier;
            }
            let began = self.session.transport.now();
            let sent = self.send_once(query, version).await;
            let latency = self.session.transport.now().duration_since(began);
            let Some(refusal) = Refusal::of(query, &sent) else {
                slot.answered(latency);
                return sent;
            };
            let pause = refusal.pause();
            if !slot.refused(query.endpoint, refusal.is_busy()) || pause > LONGEST_PAUSE {
                return sent;
            }
            if pause > 0 {
                let _pause = limiter.pause();
                let time = Duration::from_secs(pause);
                self.session.transport.sleep(time).await;
            }
            refused = Some(sent);
        }
    }

    async fn send_once(
        &self,
        query: &Query,
        version: Option<Version>,
    ) -> Result<Response, Failure> {
        let id = request_id();
        self.requests.set(self.requests.get().saturating_add(1));
        let mut headers = vec![("x-request-id", id.clone())];
        headers.extend(version.map(|version| ("accept", version.media_type())));
        let request = Request {
            path_and_query: query.path_and_query(),
            headers,
        };
        let response = self.session.transport.send(request).await;
        if let Ok(response) = &response {
            self.session
                .statuses
                .add(response.status, version.is_some());
        }
        response.map_err(|reason| Failure {
            request_id: Some(id),
            ..Failure::new(query.endpoint, reason)
        })
    }

    /// The version to use. `rejected` was just answered with 406. Of several calls
    /// with the same one, only the first detects the version again.
    async fn negotiate(&self, rejected: Option<Version>) -> Result<Version, Failure> {
        let mut negotiated = self.session.negotiated.lock().await;
        match &negotiated.version {
            Some(Ok(version)) if Some(*version) != rejected => return Ok(*version),
            Some(Err(failure)) => return Err(failure.clone()),
            Some(Ok(version)) if negotiated.repeated => return Ok(*version),
            _ => {}
        }
        negotiated.repeated = rejected.is_some();
        let found = self.detect(rejected).await;
        if let Ok(version) = found {
            self.session.log_version(version);
        }
        negotiated.version = Some(found.clone());
        found
    }

    /// Uses the version that `/ping` reports. Tries all versions, newest first, if the
    /// server reports none or the one that it just rejected.
    async fn detect(&self, rejected: Option<Version>) -> Result<Version, Failure> {
        let ping = self.ping().await?;
        match server_version(&ping).map(|server| (server, Version::newest_common(server))) {
            Some((_, Some(version))) if Some(version) != rejected => Ok(version),
            Some((server, None)) => Err(Failure {
                detail: Some(format!("the server supports API versions up to `{server}`")),
                ..with_request_id(PING, NO_VERSION, &ping)
            }),
            _ => self.detect_by_trial(rejected).await,
        }
    }

    /// One endpoint may reject a version that others accept. Then the version stays,
    /// and only that endpoint fails.
    async fn detect_by_trial(&self, rejected: Option<Version>) -> Result<Version, Failure> {
        let accepted = || rejected.filter(|_| self.session.accepted.get() == rejected);
        if let Some(version) = accepted() {
            return Ok(version);
        }
        let found = self.try_newest_first(rejected).await;
        found.or_else(|failure| accepted().ok_or(failure))
    }

    async fn try_newest_first(&self, rejected: Option<Version>) -> Result<Version, Failure> {
        let query = light_request();
        for version in SUPPORTED.into_iter().filter(|&v| Some(v) != rejected) {
            let response = self.send(&query, Some(version)).await?;
            match response.status {
                200 => return Ok(version),
                406 => {}
                _ => return Err(from_status(query.endpoint, &response)),
            }
        }
        Err(Failure {
            detail: Some("the server accepts no API version that this guest supports".to_owned()),
            ..Failure::new(query.endpoint, NO_VERSION)
        })
    }
}

/// Why a request may succeed if fewer are in flight.
enum Refusal {
    /// The server was busy; the seconds of its `Retry-After`.
    Busy(Option<u64>),
    TimedOut,
}

impl Refusal {
    /// None if the request was not refused. An endpoint with one reader may hang
    /// because of itself, so its request is not repeated.
    fn of(query: &Query, sent: &Result<Response, Failure>) -> Option<Self> {
        match sent {
            Ok(response) if matches!(response.status, 429 | 503) => {
                Some(Self::Busy(retry_after(response)))
            }
            Err(failure)
                if failure.reason == Reason::Timeout && query.concurrency != Concurrency::Free =>
            {
                Some(Self::TimedOut)
            }
            _ => None,
        }
    }

    fn is_busy(&self) -> bool {
        matches!(self, Self::Busy(_))
    }

    fn pause(&self) -> u64 {
        match self {
            Self::Busy(seconds) => seconds.unwrap_or(0),
            Self::TimedOut => 0,
        }
    }
}

/// Parses the body of `/ping`: milliseconds since the Unix epoch as text.
fn epoch_seconds(body: &[u8]) -> Option<u64> {
    let milliseconds: u64 = std::str::from_utf8(body).ok()?.trim().parse().ok()?;
    Some(milliseconds / 1000)
}

/// A random UUID, to find a request in the server's log. It comes from the seeds of
/// the standard library's hash maps, because it need not be unpredictable.
fn request_id() -> String {
    let high = RandomState::new().hash_one(0_u8);
    let low = RandomState::new().hash_one(1_u8);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_id_is_a_new_uuid() {
        let (one, two) = (request_id(), request_id());
        assert_ne!(one, two);
        assert_eq!(one.len(), 36);
        assert_eq!(one.as_bytes().get(14), Some(&b'4'));
    }
}
