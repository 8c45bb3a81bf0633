//! Requests to the site: wasi:http in the component, recorded answers in tests.

use std::time::{Duration, Instant};

use futures::future::LocalBoxFuture;

use crate::contract::Reason;

/// A GET request, without the credential.
#[derive(Clone, Debug)]
pub struct Request {
    /// Below the base path, percent-encoded, such as
    /// `/admin/jobs?page%5Blimit%5D=100`.
    pub path_and_query: String,
    /// Names are in lower case.
    pub headers: Vec<(&'static str, String)>,
}

/// A complete response.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Names and values as received.
    pub headers: Vec<(String, String)>,
    /// The body, up to the size that the host allows.
    pub body: Vec<u8>,
}

/// Sends requests and waits. Several requests may be in flight at once.
pub trait Transport {
    /// Sends a request and reads the complete response of any status. An error
    /// means that there was no response.
    fn send(&self, request: Request) -> LocalBoxFuture<'_, Result<Response, Reason>>;

    /// The clock that measures how long responses take.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// Waits for this time.
    fn sleep(&self, time: Duration) -> LocalBoxFuture<'_, ()>;
}

impl Request {
    /// The path without the query, by which failures name the endpoint.
    pub fn endpoint(&self) -> &str {
        match self.path_and_query.split_once('?') {
            Some((path, _)) => path,
            None => &self.path_and_query,
        }
    }
}

impl Response {
    /// The first header of this name in any case, unless it is empty.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }
}
