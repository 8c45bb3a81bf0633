//! Removes the site's secrets from a response: a server that echoes request headers
//! must not show them to the guest.
//!
//! A guest sees the boundaries of chunks, the length of headers and how a response
//! fails. None of them may depend on a part of a secret. Otherwise a guest that gets
//! its guesses echoed could learn the secret one character at a time. So:
//!
//! - The last bytes of a body are always held back: one fewer than the longest secret
//!   has. They are always lost if the body fails.
//! - A masked text keeps its length, in header names too.
//! - Every occurrence of a whole secret is masked, including overlapping ones, and
//!   nothing else. Two occurrences overlap only if the secret repeats itself with a
//!   period. A guest that completes such an overlap has guessed a whole period, and so
//!   the secret.
//!
//! Visible are only the length of a secret, and whether a text is the whole secret. A
//! secret is found as it was sent, not if a server splits or encodes it.

use std::ops::Range;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::origin::Scheme;
use super::search::{self, TAIL};
use super::settings::EgressSettings;

/// A shorter secret could be part of a response by chance. NetBackup's keys have about
/// 60 characters.
const MIN_SECRET: usize = TAIL;
/// Replaces each byte of a secret. Valid in a header's name.
const MASK: u8 = b'*';

/// The secrets that the host adds to the requests of one site.
pub(super) struct Secrets {
    exact: Vec<Bytes>,
    /// The same in lower case, as header names are.
    lower: Vec<Bytes>,
    longest: usize,
}

impl Secrets {
    /// The site's API key, and the proxy's password where requests carry it.
    pub(super) fn new(settings: &EgressSettings) -> Self {
        // Shares the key's only copy.
        let mut all = vec![Bytes::from_owner(settings.credential.header())];
        // In a tunnel the responses come from the site, which never sees it.
        if settings.origin.scheme == Scheme::Http
            && let Some(proxy) = &settings.proxy
            && let Some(authorization) = &proxy.authorization
        {
            all.extend(proxy_secrets(authorization));
        }
        all.retain(|secret| secret.len() >= MIN_SECRET);
        let lower = |secret: &Bytes| owned(secret.to_ascii_lowercase());
        Self {
            lower: all.iter().map(lower).collect(),
            longest: all.iter().map(Bytes::len).max().unwrap_or(0),
            exact: all,
        }
    }

    /// Masks the secrets in the names and values of headers or trailers.
    pub(super) fn redact_headers(&self, headers: &mut HeaderMap) {
        let mut redacted = HeaderMap::with_capacity(headers.len());
        let mut name = None;
        // Further values of a header have no name.
        for (next, value) in std::mem::take(headers) {
            name = next.map(|next| self.redact_name(next)).or(name);
            if let Some(name) = &name {
                // Names that become equal keep all their values. This fails only beyond
                // 32,768 headers, and a response has fewer.
                let _ = redacted.try_append(name.clone(), self.redact_value(value));
            }
        }
        *headers = redacted;
    }

    /// Masks the secrets in a text.
    pub(super) fn redact_text(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        mask(&mut bytes, &spans(text.as_bytes(), &self.exact));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn redact_name(&self, name: HeaderName) -> HeaderName {
        let spans = spans(name.as_str().as_bytes(), &self.lower);
        if spans.is_empty() {
            return name;
        }
        let mut bytes = name.as_str().as_bytes().to_vec();
        mask(&mut bytes, &spans);
        // A name stays valid when `*` replaces some characters.
        HeaderName::from_bytes(&bytes).unwrap_or(HeaderName::from_static("*"))
    }

    fn redact_value(&self, value: HeaderValue) -> HeaderValue {
        let spans = spans(value.as_bytes(), &self.exact);
        if spans.is_empty() {
            return value;
        }
        let mut bytes = value.as_bytes().to_vec();
        mask(&mut bytes, &spans);
        // A value stays valid too.
        HeaderValue::from_bytes(&bytes).unwrap_or(HeaderValue::from_static("*"))
    }
}

/// Redacts one body, chunk by chunk.
pub(super) struct Redactor {
    secrets: Arc<Secrets>,
    /// The received bytes that are held back.
    held: BytesMut,
    /// How many bytes of `held` belong to a secret that began earlier.
    masked: usize,
}

impl Redactor {
    pub(super) fn new(secrets: Arc<Secrets>) -> Self {
        Self {
            secrets,
            held: BytesMut::new(),
            masked: 0,
        }
    }

    /// Takes the next chunk, and returns the bytes that later chunks cannot make part of
    /// a secret, possibly none.
    pub(super) fn push(&mut self, chunk: Bytes) -> Bytes {
        let Some(back) = self.secrets.longest.checked_sub(1) else {
            return chunk;
        };
        self.held.extend_from_slice(&chunk);
        self.release(self.held.len().saturating_sub(back))
    }

    /// The held back bytes, at the end of the body.
    pub(super) fn finish(&mut self) -> Bytes {
        self.release(self.held.len())
    }

    /// Number of bytes held back.
    pub(super) fn held(&self) -> u64 {
        self.held.len() as u64
    }

    fn release(&mut self, count: usize) -> Bytes {
        let mut spans = spans(&self.held, &self.secrets.exact);
        spans.push(0..self.masked);
        let begun = spans.iter().filter(|span| span.start < count);
        let end = begun.map(|span| span.end).max().unwrap_or(self.masked);
        self.masked = end.saturating_sub(count);
        let mut released = self.held.split_to(count);
        mask(&mut released, &spans);
        released.freeze()
    }
}

/// The ranges of all secrets in `text`; adjacent ranges are joined.
fn spans(text: &[u8], secrets: &[Bytes]) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    for secret in secrets {
        for found in search::occurrences(text, secret) {
            match spans.last_mut() {
                Some(last) if (last.start..=last.end).contains(&found.start) => {
                    last.end = last.end.max(found.end);
                }
                _ => spans.push(found),
            }
        }
    }
    spans
}

/// Masks `spans` within `text`.
fn mask(text: &mut [u8], spans: &[Range<usize>]) {
    for span in spans {
        let end = span.end.min(text.len());
        text[span.start.min(end)..end].fill(MASK);
    }
}

/// The proxy credentials as sent, and their password.
fn proxy_secrets(authorization: &HeaderValue) -> Vec<Bytes> {
    let encoded = authorization.as_bytes();
    let encoded = encoded.strip_prefix(b"Basic ").unwrap_or(encoded);
    let mut secrets = vec![owned(encoded.to_vec())];
    let decoded = Zeroizing::new(STANDARD.decode(encoded).unwrap_or_default());
    if let Some(colon) = decoded.iter().position(|byte| *byte == b':') {
        secrets.push(owned(decoded[colon + 1..].to_vec()));
    }
    secrets
}

/// Memory that is overwritten when it is dropped.
fn owned(secret: Vec<u8>) -> Bytes {
    Bytes::from_owner(Zeroizing::new(secret))
}

#[cfg(test)]
mod tests;
