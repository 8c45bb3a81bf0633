//! Security headers of every response. Those of the web configuration replace them.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// The digest is that of the status page's style, the only resource that it loads.
const POLICY: &str = "default-src 'none'; \
    style-src 'sha256-xWtlUlL+6hDS0fQyJMlhtp16sVrBcNan/NGrkcIda00='; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const DEFAULTS: [(HeaderName, HeaderValue); 6] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Adds the defaults, and replaces or extends them by those that are configured.
pub(super) fn add(headers: &mut HeaderMap, configured: &HeaderMap) {
    for (name, value) in DEFAULTS {
        headers.insert(name, value);
    }
    for (name, value) in configured {
        headers.insert(name, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::http::status_page::STYLE;

    #[test]
    fn the_policy_allows_the_style_of_the_status_page() {
        let digest = BASE64_STANDARD.encode(Sha256::digest(STYLE));
        assert!(POLICY.contains(&format!("'sha256-{digest}'")), "{digest}");
    }
}
