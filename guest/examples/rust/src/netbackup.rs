//! The NetBackup API: version, errors, pages.

use std::collections::BTreeMap;
use std::time::Duration;

use form_urlencoded::byte_serialize;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::bindings::exports::nbu::collector::collector::{Failure, Reason, Settings};
use crate::bindings::nbu::collector::log::Level;
use crate::bindings::wasi::http::types::ErrorCode;

/// The newest API version that this guest knows. A server accepts its own and older ones.
const NEWEST: &str = "14.0";
const MAX_PAGES: u32 = 1000;

/// What a guest gets from the host, or from a test.
pub trait Host {
    /// Sends a request, each step of which may take this time. An error means that there
    /// was no response.
    fn get(
        &self,
        path_and_query: &str,
        accept: Option<&str>,
        limit: Duration,
    ) -> Result<Response, Reason>;
    fn log(&self, level: Level, message: &str, fields: &[(String, String)]);
    /// The time since the call began.
    fn elapsed(&self) -> Duration;
    fn now(&self) -> Timestamp;
}

/// A complete response of any status.
#[derive(Clone, Default)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    }
}

/// A list of resources.
pub struct List<T> {
    /// The attributes of each row by id.
    pub rows: BTreeMap<String, T>,
    /// The number of rows that cannot be read.
    pub skipped: u32,
}

#[derive(Deserialize)]
struct Row<T> {
    /// A number in some releases.
    id: Value,
    #[serde(default)]
    attributes: T,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Value>,
    #[serde(default)]
    meta: Meta,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    pagination: Pagination,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pagination {
    count: Option<usize>,
    /// An offset, or a cursor.
    next: Option<Value>,
}

/// How a list pages.
#[derive(Clone, Copy)]
pub enum Paging {
    /// It counts its rows, as most do.
    Offset,
    /// It has cursors, such as `/admin/jobs`.
    Cursor,
}

impl Paging {
    /// The place of the next page, as the rest of a query.
    fn next(self, pagination: Pagination, read: usize, is_empty: bool) -> Option<String> {
        match self {
            Self::Offset => {
                let is_last = pagination.count.map_or(is_empty, |count| read >= count);
                (!is_last).then(|| format!("&page%5Boffset%5D={read}"))
            }
            Self::Cursor => {
                let cursor = pagination.next?;
                let cursor = cursor.as_str().filter(|it| !it.is_empty())?;
                let cursor: String = byte_serialize(cursor.as_bytes()).collect();
                Some(format!("&page%5Bafter%5D={cursor}"))
            }
        }
    }
}

/// Sends requests in one API version.
pub struct Client<'a> {
    host: &'a dyn Host,
    version: Option<String>,
    is_fixed: bool,
    deadline: Duration,
    requests: u32,
}

impl<'a> Client<'a> {
    /// The deadline is counted from the beginning of the call.
    pub fn new(
        settings: &Settings,
        last_api_version: Option<String>,
        host: &'a dyn Host,
        deadline: Duration,
    ) -> Self {
        Self {
            host,
            version: settings.api_version.clone().or(last_api_version),
            is_fixed: settings.api_version.is_some(),
            deadline,
            requests: 0,
        }
    }

    /// The version for the next call, unless it must be detected again.
    pub fn version(&self) -> Option<String> {
        self.version.clone()
    }

    /// The number of requests sent so far.
    pub fn requests(&self) -> u32 {
        self.requests
    }

    /// Sends a request with the API version and parses the response, an object.
    pub fn get(&mut self, path: &str, query: &str) -> Result<Value, Failure> {
        let version = match self.version.take() {
            Some(version) => version,
            None => self.detect_version()?,
        };
        let accept = format!("application/vnd.netbackup+json;version={version}");
        self.version = Some(version);
        let response = self.send(path, query, Some(&accept))?;
        let value: Value = parse(&response.body, path)?;
        match value.is_object() {
            true => Ok(value),
            false => Err(malformed(path, "expected an object")),
        }
    }

    /// Reads a list. A list that lacks a page is a failure, never a smaller number.
    pub fn list<T>(&mut self, path: &str, limit: i64, paging: Paging) -> Result<List<T>, Failure>
    where
        T: DeserializeOwned + Default,
    {
        let mut list = List {
            rows: BTreeMap::new(),
            skipped: 0,
        };
        let (mut read, mut place) = (0, String::new());
        for pages in 1..=MAX_PAGES {
            let query = format!("?page%5Blimit%5D={limit}{place}");
            let page = page(self.get(path, &query)?, path)?;
            let known = list.rows.len() + list.skipped as usize;
            let is_empty = page.data.is_empty();
            read += page.data.len();
            page.data.into_iter().for_each(|row| list.add(row));
            match paging.next(page.meta.pagination, read, is_empty) {
                None => return Ok(list),
                Some(_) if is_empty => {
                    let place = format!("no rows after {read}, and the list goes on");
                    return Err(malformed(path, &place));
                }
                Some(next) => place = next,
            }
            if list.rows.len() + list.skipped as usize == known {
                return Err(failure(path, Reason::TooLong(pages)));
            }
        }
        Err(failure(path, Reason::TooLong(MAX_PAGES)))
    }

    /// Asks the server, which answers without a credential.
    pub fn detect_version(&mut self) -> Result<String, Failure> {
        let response = self.send("/ping", "", None)?;
        let version = response.header("X-NetBackup-API-Version");
        let older = |version: &&str| number(version) < number(NEWEST);
        match version.filter(|version| number(version).is_some()) {
            Some(version) => Ok(Some(version).filter(older).unwrap_or(NEWEST).to_owned()),
            None => Err(malformed(
                "/ping",
                "expected a header `X-NetBackup-API-Version`",
            )),
        }
    }

    fn send(&mut self, path: &str, query: &str, accept: Option<&str>) -> Result<Response, Failure> {
        let left = self.deadline.saturating_sub(self.host.elapsed());
        if left.is_zero() {
            return Err(failure(path, Reason::Timeout));
        }
        self.requests += 1;
        let response = self.host.get(&format!("{path}{query}"), accept, left);
        let response = response.map_err(|reason| failure(path, reason))?;
        if response.status == 200 {
            return Ok(response);
        }
        // The server was replaced by an older one, so the version is detected next time.
        if response.status == 406 && !self.is_fixed {
            self.version = None;
        }
        Err(Failure {
            endpoint: path.to_owned(),
            reason: self.reason_of_status(&response),
            detail: message(&response),
            request_id: response.header("X-Request-ID").map(str::to_owned),
        })
    }

    fn reason_of_status(&self, response: &Response) -> Reason {
        match response.status {
            401 | 403 => Reason::Unauthorized,
            429 | 503 => Reason::Busy(self.retry_after(response)),
            other => Reason::Status(other),
        }
    }

    /// NetBackup sends a date and time, not a number of seconds.
    fn retry_after(&self, response: &Response) -> Option<u64> {
        let moment = response.header("Retry-After")?.parse::<Timestamp>().ok()?;
        let seconds = moment.as_second() - self.host.now().as_second();
        u64::try_from(seconds).ok().filter(|seconds| *seconds > 0)
    }
}

impl<T: DeserializeOwned + Default> List<T> {
    /// A new row moves others to a later page, where they are read again.
    fn add(&mut self, row: Value) {
        let row = serde_json::from_value::<Row<T>>(row).ok();
        match row.and_then(|row| Some((id(row.id)?, row.attributes))) {
            Some((id, attributes)) => _ = self.rows.insert(id, attributes),
            None => self.skipped += 1,
        }
    }
}

fn id(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text).filter(|it| !it.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A server without rows may answer `{}`.
fn page(value: Value, path: &str) -> Result<Page, Failure> {
    if value.as_object().is_some_and(|object| object.is_empty()) {
        return Ok(Page {
            data: Vec::new(),
            meta: Meta::default(),
        });
    }
    serde_json::from_value(value).map_err(|error| malformed(path, &error.to_string()))
}

fn parse<T: DeserializeOwned>(body: &[u8], path: &str) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| malformed(path, &error.to_string()))
}

fn number(version: &str) -> Option<(u16, u16)> {
    let (major, minor) = version.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn malformed(endpoint: &str, place: &str) -> Failure {
    failure(endpoint, Reason::Malformed(place.to_owned()))
}

fn failure(endpoint: &str, reason: Reason) -> Failure {
    Failure {
        endpoint: endpoint.to_owned(),
        reason,
        detail: None,
        request_id: None,
    }
}

/// The server's error code and message.
fn message(response: &Response) -> Option<String> {
    let error: Value = serde_json::from_slice(&response.body).ok()?;
    let text = error.get("errorMessage")?.as_str()?;
    let text = format!("{}: {text}", error.get("errorCode")?);
    Some(text.chars().take(300).collect())
}

/// The reason for an error of wasi:http. `wit/world.wit` explains the codes.
pub fn reason_of_error_code(code: ErrorCode) -> Reason {
    use ErrorCode as E;
    let text = code.to_string();
    let name = text.trim_start_matches("ErrorCode::").to_owned();
    match code {
        E::DnsTimeout
        | E::ConnectionTimeout
        | E::ConnectionReadTimeout
        | E::ConnectionWriteTimeout
        | E::HttpResponseTimeout => Reason::Timeout,
        E::HttpRequestDenied
        | E::DestinationIpProhibited
        | E::HttpRequestUriTooLong
        | E::HttpRequestHeaderSectionSize(_)
        | E::HttpRequestBodySize(_)
        | E::ConnectionLimitReached => {
            Reason::Denied(format!("the host denied the request: {name}"))
        }
        E::HttpProtocolError
        | E::HttpResponseHeaderSectionSize(_)
        | E::HttpResponseBodySize(_)
        | E::HttpResponseContentCoding(_) => Reason::Malformed(name),
        E::InternalError(Some(why)) => Reason::Unreachable(why),
        _ => Reason::Unreachable(name),
    }
}
