//! An endpoint and its query parameters.

use std::fmt::Write;

use jiff::Timestamp;

/// How a request takes part in the limit on concurrent requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Concurrency {
    /// Waits only if the server is busy.
    #[default]
    Free,
    /// Waits for others.
    Limited,
    /// Its latency also decides the limit.
    Adaptive,
}

/// An endpoint with query parameters. Names and values are percent-encoded; names
/// contain brackets.
#[derive(Clone, Debug)]
pub struct Query {
    /// The path below the base path.
    pub endpoint: &'static str,
    pub(super) concurrency: Concurrency,
    text: String,
}

impl Query {
    /// A query without parameters.
    pub fn new(endpoint: &'static str) -> Self {
        Self {
            endpoint,
            concurrency: Concurrency::Free,
            text: String::new(),
        }
    }

    /// Sets how the request waits for others.
    #[must_use]
    pub fn limited(self, concurrency: Concurrency) -> Self {
        Self {
            concurrency,
            ..self
        }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.text.push(if self.text.is_empty() { '?' } else { '&' });
        encode(name, &mut self.text);
        self.text.push('=');
        encode(value, &mut self.text);
        self
    }

    /// The encoded path and query.
    pub fn path_and_query(&self) -> String {
        format!("{}{}", self.endpoint, self.text)
    }
}

/// `field ne 'text'`. A quote is doubled, as in OData.
pub fn not_equal(field: &str, text: &str) -> String {
    format!("{field} ne '{}'", text.replace('\'', "''"))
}

/// `field eq 'text'`.
pub fn equal(field: &str, text: &str) -> String {
    format!("{field} eq '{}'", text.replace('\'', "''"))
}

/// `field eq 12`.
pub fn equal_number(field: &str, number: u64) -> String {
    format!("{field} eq {number}")
}

/// `field ge 2026-07-01T00:00:00Z`, a time without quotes. `seconds` counts from the
/// Unix epoch.
pub fn not_before(field: &str, seconds: u64) -> String {
    format!("{field} ge {}", timestamp(seconds))
}

/// Both conditions. Not every endpoint supports `and`.
pub fn both(one: &str, other: &str) -> String {
    format!("{one} and {other}")
}

/// The Unix epoch for times out of range.
fn timestamp(seconds: u64) -> Timestamp {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Encodes all but the unreserved characters of RFC 3986.
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_percent_encoded() {
        let query = Query::new("/admin/jobs")
            .with("page[limit]", "100")
            .with("filter", &not_equal("state", "DONE"));
        assert_eq!(
            query.path_and_query(),
            "/admin/jobs?page%5Blimit%5D=100&filter=state%20ne%20%27DONE%27"
        );
        assert_eq!(
            Query::new("/x").with("a", "é+&=%").path_and_query(),
            "/x?a=%C3%A9%2B%26%3D%25"
        );
    }

    #[test]
    fn a_quote_in_a_text_is_doubled() {
        assert_eq!(not_equal("name", "it's"), "name ne 'it''s'");
    }

    #[test]
    fn a_time_is_written_in_utc() {
        assert_eq!(
            not_before("endTime", 1_751_328_000),
            "endTime ge 2025-07-01T00:00:00Z"
        );
        assert_eq!(not_before("t", u64::MAX), "t ge 1970-01-01T00:00:00Z");
    }
}
