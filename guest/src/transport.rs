//! The way to the site, without its credential: wasi:http behind the component,
//! recorded answers in tests.

use std::time::Duration;

use futures::future::LocalBoxFuture;

use crate::report::Reason;

/// A GET; nothing that is read here needs another method.
#[derive(Clone, Debug)]
pub struct Request {
    /// Below the base path, percent-encoded, such as
    /// `/admin/jobs?page%5Blimit%5D=100`.
    pub path_and_query: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
}

/// A whole answer.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// As they came.
    pub headers: Vec<(String, String)>,
    /// As long as the host lets through.
    pub body: Vec<u8>,
}

/// Sends requests, and waits. Several requests may be in flight at once.
pub trait Transport {
    /// Sends one request and reads the whole answer, whatever its status. An
    /// error means that there was no answer.
    fn send(&self, request: Request) -> LocalBoxFuture<'_, Result<Response, Reason>>;

    /// Ends after this time, by the clock that requests are measured with.
    fn sleep(&self, time: Duration) -> LocalBoxFuture<'_, ()>;
}

impl Request {
    /// The path without the query: the endpoint, as failures name it.
    pub fn endpoint(&self) -> &str {
        match self.path_and_query.split_once('?') {
            Some((path, _)) => path,
            None => &self.path_and_query,
        }
    }
}

impl Response {
    /// The first header of this name, in any case, unless it is empty.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }
}
