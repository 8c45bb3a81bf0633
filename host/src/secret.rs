//! A credential that cannot be printed.

use std::fmt;

use http::HeaderValue;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// An API key. Neither `Debug` nor `Display` shows it, and its memory is
/// overwritten when it is dropped.
#[derive(Clone)]
pub struct ApiKey(Zeroizing<String>);

/// Why a text cannot be an API key.
#[derive(Debug, PartialEq, Eq)]
pub enum InvalidKey {
    /// Nothing but white space.
    Empty,
    /// A character that no HTTP header may carry, such as a line break.
    NotAHeader,
}

impl ApiKey {
    /// Takes a key as it stands in a file or a setting, without the white space
    /// around it.
    pub fn new(key: &str) -> Result<Self, InvalidKey> {
        let key = key.trim();
        if key.is_empty() {
            return Err(InvalidKey::Empty);
        }
        HeaderValue::from_str(key).map_err(|_| InvalidKey::NotAHeader)?;
        Ok(Self(Zeroizing::new(key.to_owned())))
    }

    /// The value of the `Authorization` header: the key alone, no scheme word.
    /// Marked sensitive, so that nothing that prints headers shows it.
    pub fn header(&self) -> HeaderValue {
        // Proven by `new`: the text is a header value.
        let mut value =
            HeaderValue::from_str(&self.0).unwrap_or_else(|_| HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }

    /// A digest, for telling two keys apart without looking at either.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(********)")
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("********")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_printed() {
        let key = ApiKey::new(" s3cret\n").unwrap();
        let header = key.header();
        assert!(!format!("{key} {key:?} {header:?}").contains("s3cret"));
        assert_eq!(header.as_bytes(), b"s3cret");
    }

    #[test]
    fn a_key_must_fit_in_a_header() {
        assert_eq!(ApiKey::new(" \n").unwrap_err(), InvalidKey::Empty);
        assert_eq!(ApiKey::new("a\nb").unwrap_err(), InvalidKey::NotAHeader);
    }
}
