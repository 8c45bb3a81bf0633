//! One site's API: sends a request in the agreed version, and types what comes
//! back.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use futures::lock::Mutex;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::{cut, failed, refused};
use super::query::Query;
use super::version::{PING, SPOKEN, VERSION_HEADER, Version, light_request};
use crate::log::{Level, Log};
use crate::report::{Failure, Reason};
use crate::settings::Settings;
use crate::transport::{Request, Response, Transport};

/// Shared by all collectors of a collection, so that the version is found once.
pub struct Client<'a> {
    transport: &'a dyn Transport,
    log: &'a dyn Log,
    /// The settings fix the version: it is spoken, or nothing is.
    fixed: bool,
    /// Held while the version is being found; the others wait for the answer.
    agreed: Mutex<Agreed>,
    /// The last version that some request was answered in.
    accepted: Cell<Option<Version>>,
    /// The answer of `/ping`, once it was asked for; it is asked once.
    ping: Mutex<Option<Result<Response, Failure>>>,
    /// The server's clock when it was pinged.
    server_time: Cell<Option<u64>>,
}

/// A 200 as it came, for reading rows that stay in its body.
#[derive(Debug)]
pub struct Answer {
    endpoint: &'static str,
    response: Response,
}

impl Answer {
    /// Reads the body. What is not as promised is `malformed`, with the place.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Failure> {
        serde_json::from_slice(&self.response.body).map_err(|error| {
            let place = cut(&error.to_string()).to_owned();
            failed(self.endpoint, Reason::Malformed(place), &self.response)
        })
    }
}

/// What is known about the version.
struct Agreed {
    /// None: not asked yet.
    version: Option<Result<Version, Failure>>,
    /// It was found again after a 406, which happens once.
    again: bool,
}

impl<'a> Client<'a> {
    /// Speaks the version of the settings, else the one remembered, else the one
    /// it finds. One that is not spoken here is as good as none.
    pub fn new(
        settings: &Settings,
        last_api_version: Option<&str>,
        transport: &'a dyn Transport,
        log: &'a dyn Log,
    ) -> Self {
        let spoken = |text: &str| text.parse().ok().filter(|v| SPOKEN.contains(v));
        let fixed = settings.api_version.as_deref().and_then(spoken);
        let version = fixed.or_else(|| last_api_version.and_then(spoken)).map(Ok);
        Self {
            transport,
            log,
            fixed: fixed.is_some(),
            agreed: Mutex::new(Agreed {
                version,
                again: false,
            }),
            accepted: Cell::new(None),
            ping: Mutex::new(None),
            server_time: Cell::new(None),
        }
    }

    /// The version that is spoken, if one is agreed upon.
    pub async fn version(&self) -> Option<Version> {
        self.agreed.lock().await.version.clone()?.ok()
    }

    /// The version to speak next time: the one spoken, or a newer one that the
    /// server has named meanwhile. An upgraded server goes on accepting the old
    /// ones (getting-started, "Versioned APIs"), so that no 406 tells of it. Nothing
    /// is asked for this: `/ping` has been answered, or nobody wanted the clock.
    ///
    /// What was found after a 406 stays for this time, whatever the server names.
    /// One that names what it refuses is still tried with it every second time:
    /// all that is remembered is one version, and not what was refused.
    pub async fn next_version(&self) -> Option<Version> {
        let agreed = self.agreed.lock().await;
        let spoken = agreed.version.clone()?.ok()?;
        if self.fixed || agreed.again {
            return Some(spoken);
        }
        let ping = self.ping.lock().await;
        let named = match &*ping {
            Some(Ok(ping)) => server_version(ping).and_then(Version::agreed_with),
            _ => None,
        };
        let Some(newer) = named.filter(|&named| named > spoken) else {
            return Some(spoken);
        };
        self.tell(newer);
        Some(newer)
    }

    /// The server's clock in seconds since the Unix epoch, if it was pinged.
    pub fn server_time(&self) -> Option<u64> {
        self.server_time.get()
    }

    /// The server's clock in seconds since the Unix epoch, at the beginning of
    /// this collection: it is asked once for all collectors. None where there is
    /// no `/ping`, or something else in its place.
    pub async fn clock(&self) -> Result<Option<u64>, Failure> {
        let ping = self.ping().await?;
        if ping.status == 200 {
            return Ok(self.server_time());
        }
        let failure = refused(PING, &ping);
        match failure.reason {
            Reason::Busy(_) | Reason::Status(500..) => Err(failure),
            _ => Ok(None),
        }
    }

    /// Asks and reads the answer into something of its own.
    pub async fn get<T: DeserializeOwned>(&self, query: &Query) -> Result<T, Failure> {
        self.ask(query).await?.read()
    }

    /// Asks. A 406 makes it find the version again and ask once more; nothing
    /// else is retried, the host knows when to come back.
    pub async fn ask(&self, query: &Query) -> Result<Answer, Failure> {
        let mut version = self.agree(None).await?;
        let mut response = self.send(query, Some(version)).await?;
        if response.status == 406 && !self.fixed {
            version = self.agree(Some(version)).await?;
            response = self.send(query, Some(version)).await?;
        }
        if response.status == 200 {
            self.accepted.set(Some(version));
        }
        self.accept(query.endpoint, response)
    }

    fn accept(&self, endpoint: &'static str, response: Response) -> Result<Answer, Failure> {
        if response.status == 200 {
            return Ok(Answer { endpoint, response });
        }
        let mut failure = refused(endpoint, &response);
        if response.status == 406 && self.fixed {
            failure.detail =
                Some("the server does not speak the `apiVersion` of the settings".into());
        }
        Err(failure)
    }

    /// Whoever comes while it is being asked waits for the answer.
    async fn ping(&self) -> Result<Response, Failure> {
        let mut ping = self.ping.lock().await;
        if let Some(answer) = &*ping {
            return answer.clone();
        }
        let answer = self.send(&Query::new(PING), None).await;
        if let Ok(answer) = &answer {
            self.server_time.set(epoch_seconds(&answer.body));
        }
        *ping = Some(answer.clone());
        answer
    }

    async fn send(&self, query: &Query, version: Option<Version>) -> Result<Response, Failure> {
        let id = request_id();
        let mut headers = vec![("x-request-id", id.clone())];
        headers.extend(version.map(|version| ("accept", version.media_type())));
        let request = Request {
            path_and_query: query.path_and_query(),
            headers,
        };
        self.transport
            .send(request)
            .await
            .map_err(|reason| Failure {
                request_id: Some(id),
                ..Failure::new(query.endpoint, reason)
            })
    }

    /// The version to speak. `rejected` is the one that has just been answered
    /// with 406; whoever comes second with it gets what the first has found.
    async fn agree(&self, rejected: Option<Version>) -> Result<Version, Failure> {
        let mut agreed = self.agreed.lock().await;
        match &agreed.version {
            Some(Ok(version)) if Some(*version) != rejected => return Ok(*version),
            Some(Err(failure)) => return Err(failure.clone()),
            Some(Ok(version)) if agreed.again => return Ok(*version),
            _ => {}
        }
        agreed.again = rejected.is_some();
        let found = self.find(rejected).await;
        if let Ok(version) = found {
            self.tell(version);
        }
        agreed.version = Some(found.clone());
        found
    }

    fn tell(&self, found: Version) {
        let version = found.to_string();
        let fields = [("version", version.as_str())];
        self.log.emit(Level::Info, "API version found", &fields);
    }

    /// Asks the server, and tries newest first when it does not say, or says what
    /// it has just refused.
    async fn find(&self, rejected: Option<Version>) -> Result<Version, Failure> {
        let ping = self.ping().await?;
        match server_version(&ping).map(|server| (server, Version::agreed_with(server))) {
            Some((_, Some(version))) if Some(version) != rejected => Ok(version),
            Some((server, None)) => Err(Failure {
                detail: Some(format!("the server speaks API version `{server}` at most")),
                ..failed(PING, Reason::Unsupported, &ping)
            }),
            _ => self.find_without_a_hint(rejected).await,
        }
    }

    /// One endpoint may refuse what others accept: that is its own matter, and
    /// takes nothing from them.
    async fn find_without_a_hint(&self, rejected: Option<Version>) -> Result<Version, Failure> {
        let elsewhere = || rejected.filter(|_| self.accepted.get() == rejected);
        if let Some(version) = elsewhere() {
            return Ok(version);
        }
        let found = self.try_newest_first(rejected).await;
        found.or_else(|failure| elsewhere().ok_or(failure))
    }

    async fn try_newest_first(&self, rejected: Option<Version>) -> Result<Version, Failure> {
        let query = light_request();
        for version in SPOKEN.into_iter().filter(|&v| Some(v) != rejected) {
            let response = self.send(&query, Some(version)).await?;
            match response.status {
                200 => return Ok(version),
                406 => {}
                _ => return Err(refused(query.endpoint, &response)),
            }
        }
        Err(Failure {
            detail: Some("the server accepts no API version that this guest speaks".to_owned()),
            ..Failure::new(query.endpoint, Reason::Unsupported)
        })
    }
}

/// The server's own version, as its answer to `/ping` names it.
fn server_version(ping: &Response) -> Option<Version> {
    ping.header(VERSION_HEADER)?.parse().ok()
}

/// The body of `/ping`: milliseconds since the Unix epoch, as text.
fn epoch_seconds(body: &[u8]) -> Option<u64> {
    let milliseconds: u64 = std::str::from_utf8(body).ok()?.trim().parse().ok()?;
    Some(milliseconds / 1000)
}

/// A random UUID, for finding a request in the server's log. Randomness is taken
/// from the seed of the standard library's hash maps: no two are the same, and
/// nothing secret hangs on it.
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
    fn a_request_id_is_a_fresh_uuid() {
        let (one, two) = (request_id(), request_id());
        assert_ne!(one, two);
        assert_eq!(one.len(), 36);
        assert_eq!(one.as_bytes().get(14), Some(&b'4'));
    }
}
