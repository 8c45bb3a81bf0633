//! `http_server_config.headers:` additional headers of every response.

use http::header::{
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS, X_XSS_PROTECTION,
};

use crate::config::section::Section;

/// Every header that can be set, as written, and its allowed values; no values
/// allow any.
const HEADERS: &[(&str, HeaderName, &[&str])] = &[
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY, &[]),
    ("X-Frame-Options", X_FRAME_OPTIONS, &["deny", "sameorigin"]),
    (
        "X-Content-Type-Options",
        X_CONTENT_TYPE_OPTIONS,
        &["nosniff"],
    ),
    ("X-XSS-Protection", X_XSS_PROTECTION, &[]),
    ("Strict-Transport-Security", STRICT_TRANSPORT_SECURITY, &[]),
];

pub(super) fn read(section: &mut Section<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (key, name, values) in HEADERS {
        let Some(text) = section.optional::<String>(key, "Value of this header.") else {
            continue;
        };
        if !values.is_empty() && !values.contains(&text.as_str()) {
            let hint = format!("write `{}`", values.join("` or `"));
            section.problem(
                key,
                format!("`{text}` is not a valid value of this header"),
                &hint,
            );
            continue;
        }
        match HeaderValue::from_str(&text) {
            Ok(value) => drop(headers.insert(name, value)),
            Err(_) => section.problem(
                key,
                "contains a character that HTTP headers forbid",
                "write it on one line",
            ),
        }
    }
    headers
}
