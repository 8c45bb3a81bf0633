//! Removes the site's secrets from an answer: a server that sends the request's
//! headers back must not show them to the guest.
//!
//! A guest sees where pieces end, how long headers are, and how an answer fails.
//! None of it may depend on how much of a secret the answer holds, or a guest
//! that has its guesses sent back learns the secret a character at a time. So:
//!
//! - The last bytes of a body are held back whatever they are: one fewer than the
//!   longest secret has. What is held when a body fails is lost, always.
//! - A masked text is as long as it was, in header names too.
//! - Every occurrence of a whole secret is masked, also where two overlap. Where
//!   a mask begins depends on nothing else. A second occurrence can overlap the
//!   first one by chance or by a guest's doing only if the secret repeats itself
//!   with a period; then a guest that completes the overlap has guessed a period,
//!   which is the whole secret.
//!
//! What remains visible is the length of a secret, and whether a text is the whole
//! of it. A secret is searched for as it was sent: one that a server splits or
//! encodes is not found.

use std::ops::Range;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::search::{self, TAIL};
use super::settings::{Scheme, Settings};

/// A shorter secret could be part of an answer by chance. NetBackup's keys have
/// some 60 characters.
const SHORTEST: usize = TAIL;
/// Replaces each byte of a secret. Valid in a header's name.
const MASK: u8 = b'*';

/// All that the host adds to the requests for one site and no guest may see.
pub(super) struct Secrets {
    exact: Vec<Bytes>,
    /// The same in lower case, as header names are.
    lower: Vec<Bytes>,
    longest: usize,
}

impl Secrets {
    /// The site's API key, and the proxy's password where requests carry it.
    pub(super) fn new(settings: &Settings) -> Self {
        // Shares the key's only copy.
        let mut all = vec![Bytes::from_owner(settings.credential.header())];
        // Inside a tunnel the answers come from the site, which never sees it.
        if settings.origin.scheme == Scheme::Http
            && let Some(proxy) = &settings.proxy
            && let Some(authorization) = &proxy.authorization
        {
            all.extend(proxy_secrets(authorization));
        }
        all.retain(|secret| secret.len() >= SHORTEST);
        let lower = |secret: &Bytes| owned(secret.to_ascii_lowercase());
        Self {
            lower: all.iter().map(lower).collect(),
            longest: all.iter().map(Bytes::len).max().unwrap_or(0),
            exact: all,
        }
    }

    /// Masks them in the names and values of headers or trailers.
    pub(super) fn redact_headers(&self, headers: &mut HeaderMap) {
        let mut redacted = HeaderMap::with_capacity(headers.len());
        let mut name = None;
        // Further values of a header come without its name.
        for (next, value) in std::mem::take(headers) {
            name = next.map(|next| self.redact_name(next)).or(name);
            if let Some(name) = &name {
                // Names that are masked alike keep all their values. Fails only
                // beyond 32,768 headers, and an answer has fewer.
                let _ = redacted.try_append(name.clone(), self.redact_value(value));
            }
        }
        *headers = redacted;
    }

    /// Masks them in a text.
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
        // Proven: a name stays one when `*` replaces some of its characters.
        HeaderName::from_bytes(&bytes).unwrap_or(HeaderName::from_static("*"))
    }

    fn redact_value(&self, value: HeaderValue) -> HeaderValue {
        let spans = spans(value.as_bytes(), &self.exact);
        if spans.is_empty() {
            return value;
        }
        let mut bytes = value.as_bytes().to_vec();
        mask(&mut bytes, &spans);
        // Proven: likewise.
        HeaderValue::from_bytes(&bytes).unwrap_or(HeaderValue::from_static("*"))
    }
}

/// Redacts one body, piece by piece.
pub(super) struct Redactor {
    secrets: Arc<Secrets>,
    /// The end of what came, as it came.
    held: BytesMut,
    /// How much of the beginning of `held` belongs to a secret that began before.
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

    /// Takes the next piece, and returns what no later piece can make part of a
    /// secret. That can be nothing.
    pub(super) fn push(&mut self, piece: Bytes) -> Bytes {
        let Some(back) = self.secrets.longest.checked_sub(1) else {
            return piece;
        };
        self.held.extend_from_slice(&piece);
        self.release(self.held.len().saturating_sub(back))
    }

    /// What was held back, once nothing more comes.
    pub(super) fn finish(&mut self) -> Bytes {
        self.release(self.held.len())
    }

    /// How many bytes are held back.
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

/// Where any of `secrets` is in `text`; neighbours are joined.
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

/// Masks `spans` as far as they are in `text`.
fn mask(text: &mut [u8], spans: &[Range<usize>]) {
    for span in spans {
        let end = span.end.min(text.len());
        text[span.start.min(end)..end].fill(MASK);
    }
}

/// The credentials of a proxy as they are sent, and the password in them.
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
