//! Who is asking: the `Authorization` header.

use http::{HeaderMap, header};

/// The API key that the server takes. Neither printed nor logged.
#[derive(Clone)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn new(key: &str) -> Self {
        Self(key.to_owned())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether the headers carry the key. NetBackup takes the value alone: a
    /// scheme word before it, such as `Bearer`, makes it another value.
    pub(crate) fn opens(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let first = values.next().map(|value| value.as_bytes());
        first == Some(self.0.as_bytes()) && values.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(values: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        Key::new("s3cret").opens(&headers)
    }

    #[test]
    fn only_the_raw_key_opens() {
        assert!(opens(&["s3cret"]));
        assert!(!opens(&["Bearer s3cret"]));
        assert!(!opens(&["s3cre"]));
        assert!(!opens(&[]));
    }

    #[test]
    fn two_authorizations_are_none() {
        assert!(!opens(&["s3cret", "s3cret"]));
    }
}
