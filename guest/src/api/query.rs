//! What is asked: an endpoint and its query parameters.

use std::fmt::Write;

use jiff::Timestamp;

/// An endpoint with query parameters. Names and values are percent-encoded as
/// they are added: names too, for they hold brackets.
#[derive(Clone, Debug)]
pub struct Query {
    /// The path below the base path.
    pub endpoint: &'static str,
    text: String,
}

impl Query {
    /// Without parameters.
    pub fn new(endpoint: &'static str) -> Self {
        Self {
            endpoint,
            text: String::new(),
        }
    }

    /// One parameter more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.text.push(if self.text.is_empty() { '?' } else { '&' });
        encode(name, &mut self.text);
        self.text.push('=');
        encode(value, &mut self.text);
        self
    }

    /// Path and query, encoded.
    pub fn path_and_query(&self) -> String {
        format!("{}{}", self.endpoint, self.text)
    }
}

/// `field ne 'text'`; a quote within is doubled, as OData has it.
pub fn differs(field: &str, text: &str) -> String {
    format!("{field} ne '{}'", text.replace('\'', "''"))
}

/// `field eq 'text'`.
pub fn equals(field: &str, text: &str) -> String {
    format!("{field} eq '{}'", text.replace('\'', "''"))
}

/// `field eq 12`.
pub fn is(field: &str, number: u64) -> String {
    format!("{field} eq {number}")
}

/// `field ge 2026-07-01T00:00:00Z`; times stand bare. Seconds since the Unix
/// epoch.
pub fn not_before(field: &str, seconds: u64) -> String {
    format!("{field} ge {}", moment(seconds))
}

/// Both conditions. Not every endpoint lists `and` among its operators.
pub fn both(one: &str, other: &str) -> String {
    format!("{one} and {other}")
}

/// Beyond what a calendar holds, the epoch itself.
fn moment(seconds: u64) -> Timestamp {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

/// All but the unreserved characters of RFC 3986.
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
            .with("filter", &differs("state", "DONE"));
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
    fn a_quote_within_a_text_is_doubled() {
        assert_eq!(differs("name", "it's"), "name ne 'it''s'");
    }

    #[test]
    fn a_moment_is_written_in_utc_seconds() {
        assert_eq!(
            not_before("endTime", 1_751_328_000),
            "endTime ge 2025-07-01T00:00:00Z"
        );
        assert_eq!(not_before("t", u64::MAX), "t ge 1970-01-01T00:00:00Z");
    }
}
