//! API keys that cannot be printed.

use std::fmt;

use bytes::Bytes;
use http::HeaderValue;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// An API key. `Debug` and `Display` do not show it. Clones and headers share one
/// copy, which is overwritten when the last of them is dropped.
#[derive(Clone)]
pub struct ApiKey(HeaderValue);

/// The reason why a text is not a valid API key.
#[derive(Debug, PartialEq, Eq)]
pub enum InvalidKey {
    /// Nothing but white space.
    Empty,
    /// Contains a character that is invalid in an HTTP header, such as a line break.
    NotAHeader,
}

impl ApiKey {
    /// Parses a key from a file or a setting. Trims white space, and the byte order mark
    /// with which editors on Windows begin a file.
    pub fn new(key: &str) -> Result<Self, InvalidKey> {
        let key = key.trim_start_matches('\u{feff}').trim();
        if key.is_empty() {
            return Err(InvalidKey::Empty);
        }
        if !key.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')) {
            return Err(InvalidKey::NotAHeader);
        }
        // The header owns the buffer that is overwritten; there is no other copy.
        let owner = Zeroizing::new(key.as_bytes().to_vec());
        let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(owner))
            .map_err(|_| InvalidKey::NotAHeader)?;
        header.set_sensitive(true);
        Ok(Self(header))
    }

    /// The value of the `Authorization` header: the bare key without a scheme. Marked
    /// as sensitive, so that debug output of headers omits it.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// The bytes of the key, for finding it in responses and logs.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// A digest for comparing keys without exposing them.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(self.as_bytes()).into()
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
    fn all_clones_and_headers_share_one_copy_of_the_key() {
        let key = ApiKey::new("s3cret").unwrap();
        let place = key.as_bytes().as_ptr();
        assert_eq!(key.clone().header().as_bytes().as_ptr(), place);
        assert!(key.header().is_sensitive());
    }

    /// The memory is already freed, so the test reads it through the kernel.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_memory_of_a_key_is_overwritten_when_the_last_copy_is_dropped() {
        use std::os::unix::fs::FileExt as _;

        // Large enough that the allocator does not overwrite its end when the buffer
        // is freed.
        const LENGTH: usize = 4096;
        let memory = std::fs::File::open("/proc/self/mem").unwrap();
        let key = ApiKey::new(&"k".repeat(LENGTH)).unwrap();
        let mut end = [0; 64];
        let place = key.as_bytes().as_ptr().addr() + LENGTH - end.len();
        let header = key.header();
        drop(key);
        memory.read_exact_at(&mut end, place as u64).unwrap();
        assert_eq!(end, [b'k'; 64], "the header still holds it");
        drop(header);
        memory.read_exact_at(&mut end, place as u64).unwrap();
        assert_ne!(end, [b'k'; 64]);
    }

    #[test]
    fn a_key_must_fit_in_a_header() {
        assert_eq!(ApiKey::new(" \n").unwrap_err(), InvalidKey::Empty);
        assert_eq!(ApiKey::new("a\nb").unwrap_err(), InvalidKey::NotAHeader);
        let from_windows = ApiKey::new("\u{feff}s3cret\r\n").unwrap();
        assert_eq!(from_windows.as_bytes(), b"s3cret");
    }
}
