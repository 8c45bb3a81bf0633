//! The API of one site: sends requests in the common version, and turns error
//! responses into failures.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use futures::lock::Mutex;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::{from_status, truncate, with_request_id};
use super::query::Query;
use super::skipped::SkippedRows;
use super::version::{PING, SUPPORTED, VERSION_HEADER, Version, light_request};
use crate::contract::{Failure, Level, Reason, Settings};
use crate::log::Log;
use crate::transport::{Request, Response, Transport};

/// The reason if both sides support no common version: 406, as a server answers it.
const NO_VERSION: Reason = Reason::Status(406);

/// The requests of one collector.
pub struct Client<'a> {
    session: &'a Session<'a>,
    requests: Cell<u32>,
    skipped: SkippedRows,
}

/// Shared by all collectors of a collection, so that the version is detected once.
pub struct Session<'a> {
    transport: &'a dyn Transport,
    log: &'a dyn Log,
    /// Whether the settings fix the version. Then the guest uses no other.
    fixed: bool,
    /// Locked during detection; other requests wait for the result.
    negotiated: Mutex<Negotiated>,
    /// The version of the last successful response.
    accepted: Cell<Option<Version>>,
    /// The response of `/ping`, which is requested once.
    ping: Mutex<Option<Result<Response, Failure>>>,
    /// The server's clock at that time.
    server_time: Cell<Option<u64>>,
    statuses: Statuses,
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
        let reason = Reason::Malformed(truncate(place).to_owned());
        with_request_id(self.endpoint, reason, &self.response)
    }
}

/// Counts the responses of a site by status.
#[derive(Default)]
struct Statuses {
    all: Cell<u32>,
    /// Status 404.
    not_found: Cell<u32>,
    /// Requests with an API version, all but `/ping`.
    versioned: Cell<u32>,
    /// Status 406 of those.
    not_acceptable: Cell<u32>,
}

impl Statuses {
    fn add(&self, status: u16, is_versioned: bool) {
        let increase = |count: &Cell<u32>| count.set(count.get().saturating_add(1));
        increase(&self.all);
        if status == 404 {
            increase(&self.not_found);
        }
        if is_versioned {
            increase(&self.versioned);
            if status == 406 {
                increase(&self.not_acceptable);
            }
        }
    }

    fn are_all_not_found(&self) -> bool {
        self.all.get() > 0 && self.all == self.not_found
    }

    fn are_all_not_acceptable(&self) -> bool {
        self.versioned.get() > 0 && self.versioned == self.not_acceptable
    }
}

/// The result of version detection.
struct Negotiated {
    /// None before detection.
    version: Option<Result<Version, Failure>>,
    /// Whether detection was repeated after a 406, which happens once.
    repeated: bool,
}

impl<'a> Session<'a> {
    /// Uses the version of the settings, else the last one, else detects it. An
    /// unsupported version is ignored.
    pub fn new(
        settings: &Settings,
        last_api_version: Option<&str>,
        transport: &'a dyn Transport,
        log: &'a dyn Log,
    ) -> Self {
        let supported = |text: &str| text.parse().ok().filter(|v| SUPPORTED.contains(v));
        let fixed = settings.api_version.as_deref().and_then(supported);
        let version = fixed
            .or_else(|| last_api_version.and_then(supported))
            .map(Ok);
        Self {
            transport,
            log,
            fixed: fixed.is_some(),
            negotiated: Mutex::new(Negotiated {
                version,
                repeated: false,
            }),
            accepted: Cell::new(None),
            ping: Mutex::new(None),
            server_time: Cell::new(None),
            statuses: Statuses::default(),
        }
    }

    /// For one collector.
    pub fn client(&'a self) -> Client<'a> {
        Client {
            session: self,
            requests: Cell::new(0),
            skipped: SkippedRows::default(),
        }
    }

    /// Names the likely cause if every response so far was a 404.
    pub fn explain(&self, failure: Failure) -> Failure {
        let is_wrong_uri = failure.reason.is_absence() && self.statuses.are_all_not_found();
        if !is_wrong_uri {
            return failure;
        }
        Failure {
            detail: Some("every request was answered with 404: check `uri`".to_owned()),
            ..failure
        }
    }

    /// Whether the failure only means that this server lacks one endpoint. If no
    /// request succeeds, `uri` or the version is wrong.
    pub fn is_absence(&self, failure: &Failure) -> bool {
        failure.reason.is_absence()
            && !self.statuses.are_all_not_found()
            && !self.statuses.are_all_not_acceptable()
    }

    /// The version in use, if it is known.
    pub async fn version(&self) -> Option<Version> {
        self.negotiated.lock().await.version.clone()?.ok()
    }

    /// The version to use next time: the one in use, or a newer one that `/ping`
    /// reported. An upgraded server continues to accept older versions
    /// (getting-started, "Versioned APIs"), so no 406 shows the upgrade. This sends
    /// no request.
    ///
    /// None if every request was refused with 406, unless the settings fix the version.
    ///
    /// After a 406 the detected version stays, even if the server reports another. A
    /// server that reports a version that it rejects gets it in every second
    /// collection, because the guest remembers only one version.
    pub async fn next_version(&self) -> Option<Version> {
        if !self.fixed && self.statuses.are_all_not_acceptable() {
            return None;
        }
        let negotiated = self.negotiated.lock().await;
        let current = negotiated.version.clone()?.ok()?;
        if self.fixed || negotiated.repeated {
            return Some(current);
        }
        let ping = self.ping.lock().await;
        let reported = match &*ping {
            Some(Ok(ping)) => server_version(ping).and_then(Version::newest_common),
            _ => None,
        };
        let Some(newer) = reported.filter(|&reported| reported > current) else {
            return Some(current);
        };
        self.log_version(newer);
        Some(newer)
    }

    /// The server's clock in seconds since the Unix epoch, if `/ping` was requested.
    pub fn server_time(&self) -> Option<u64> {
        self.server_time.get()
    }

    fn log_version(&self, found: Version) {
        let version = found.to_string();
        let fields = [("version", version.as_str())];
        self.log.emit(Level::Info, "Detected API version", &fields);
    }
}

impl Client<'_> {
    /// The number of requests sent.
    pub fn requests(&self) -> u32 {
        self.requests.get()
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
    /// request. It retries nothing else, because the host schedules retries.
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
            return Ok(Answer { endpoint, response });
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

    async fn send(&self, query: &Query, version: Option<Version>) -> Result<Response, Failure> {
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

/// The server's version in the response of `/ping`.
fn server_version(ping: &Response) -> Option<Version> {
    ping.header(VERSION_HEADER)?.parse().ok()
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
