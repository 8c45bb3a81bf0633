//! Compares settings, so that a reload keeps unchanged clients.

use std::time::Duration;

use http::HeaderValue;
use sha2::{Digest, Sha256};

use super::proxy::Proxy;
use super::settings::{EgressSettings, RequestLimits, Timeouts, TlsVersion, UpstreamTls};

impl EgressSettings {
    /// Equal for equal settings, so that a reload can keep the pool of a site that did
    /// not change. Of the credential only a digest is used.
    pub fn fingerprint(&self) -> [u8; 32] {
        let Self {
            origin,
            base_path,
            credential,
            tls,
            proxy,
            allow_local_addresses,
            timeouts,
            limits,
        } = self;
        let mut hash = Sha256::new();
        field(&mut hash, origin.url().as_bytes());
        field(&mut hash, base_path.as_bytes());
        field(&mut hash, &credential.fingerprint());
        field(&mut hash, &[u8::from(*allow_local_addresses)]);
        for step in steps(timeouts) {
            field(&mut hash, &step.as_nanos().to_be_bytes());
        }
        for limit in amounts(limits) {
            field(&mut hash, &limit.to_be_bytes());
        }
        if let Some(Proxy { uri, authorization }) = proxy {
            field(&mut hash, uri.to_string().as_bytes());
            let authorization = authorization.as_ref().map(HeaderValue::as_bytes);
            field(&mut hash, authorization.unwrap_or_default());
        }
        add_tls(&mut hash, tls);
        hash.finalize().into()
    }
}

/// Added last, because the number of authorities varies.
fn add_tls(hash: &mut Sha256, tls: &UpstreamTls) {
    let UpstreamTls {
        authorities,
        identity,
        server_name,
        min_version,
        insecure_skip_verify,
    } = tls;
    let identity = identity.as_ref().map(|identity| identity.fingerprint());
    field(hash, &identity.unwrap_or_default());
    field(hash, server_name.as_deref().unwrap_or_default().as_bytes());
    field(hash, &[u8::from(*min_version == TlsVersion::Tls13)]);
    field(hash, &[u8::from(*insecure_skip_verify)]);
    for authority in authorities {
        field(hash, authority);
    }
}

/// Every step's limit, by a pattern that a new one breaks.
fn steps(timeouts: &Timeouts) -> [Duration; 5] {
    let Timeouts {
        connect,
        tls,
        first_byte,
        between_bytes,
        total,
    } = *timeouts;
    [connect, tls, first_byte, between_bytes, total]
}

/// Every amount, likewise.
fn amounts(limits: &RequestLimits) -> [u64; 9] {
    let RequestLimits {
        url_bytes,
        request_headers,
        request_header_bytes,
        request_bytes,
        response_header_bytes,
        response_bytes,
        requests,
        bytes,
        concurrent,
    } = *limits;
    [
        url_bytes,
        request_headers,
        request_header_bytes,
        request_bytes,
        response_header_bytes,
        response_bytes,
        requests,
        bytes,
        concurrent,
    ]
}

/// With its length before it, so that neighbours cannot trade bytes.
fn field(hash: &mut Sha256, bytes: &[u8]) {
    hash.update(bytes.len().to_be_bytes());
    hash.update(bytes);
}
