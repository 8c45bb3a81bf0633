//! Protects against web pages that use a visitor's browser to reach the exporter.
//!
//! A page of another site can make a browser send requests here. It can read the
//! responses only if its own name resolves to this address (DNS rebinding).

use std::net::IpAddr;

use http::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Suffixes that public DNS does not have, so no stranger can register such a name:
/// of this machine, of local networks and of Kubernetes services.
const PRIVATE: [&str; 4] = [".localhost", ".local", ".internal", ".svc"];

/// Whether a web page sent this POST. Browsers add the page's origin to every POST;
/// command-line tools do not, and the exporter's own page does not post.
pub(super) fn sent_by_a_page(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key(SEC_FETCH_SITE)
}

/// A `Host` that a stranger may have registered. `names` are those of this exporter.
pub(super) fn foreign_host<'a>(
    headers: &'a HeaderMap,
    names: &[String],
) -> Option<&'a HeaderValue> {
    let mut hosts = headers.get_all(HOST).into_iter();
    hosts.find(|host| !host.to_str().is_ok_and(|host| is_known(host, names)))
}

fn is_known(host: &str, names: &[String]) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.to_ascii_lowercase();
    let name = name.trim_end_matches('.');
    let address = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
    address.unwrap_or(name).parse::<IpAddr>().is_ok()
        // A name without a dot cannot be registered.
        || !name.contains(['.', ':'])
        || PRIVATE.iter().any(|suffix| name.ends_with(suffix))
        || names.iter().any(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(host).unwrap());
        let names = ["Backup01.example.com".to_owned()];
        foreign_host(&headers, &names).is_some()
    }

    #[test]
    fn host_names_that_cannot_be_rebound_are_allowed() {
        for host in [
            "127.0.0.1:9440",
            "10.1.2.3",
            "[::1]:9440",
            "[2001:db8::1]",
            "localhost:9440",
            "LOCALHOST.",
            "backup01",
            "nbu-exporter.monitoring.svc:9440",
            "nbu-exporter.monitoring.svc.cluster.local",
            "backup01.EXAMPLE.com.:9440",
            "",
        ] {
            assert!(!foreign(host), "{host}");
        }
        assert!(foreign_host(&HeaderMap::new(), &[]).is_none());
    }

    #[test]
    fn any_other_host_name_is_foreign() {
        for host in [
            "evil.example",
            "evil.example:9440",
            "evil.example.:9440",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "local.evil.example",
            "evillocal.example",
            "backup01.example.com.evil.example",
            "backup01.example.com:x",
            "evil.example:80:9440",
            "127.1.example",
            "user@evil.example",
            "[evil.example]",
        ] {
            assert!(foreign(host), "{host}");
        }
    }

    #[test]
    fn both_of_two_host_headers_are_checked() {
        let mut headers = HeaderMap::new();
        headers.append(HOST, HeaderValue::from_static("localhost"));
        headers.append(HOST, HeaderValue::from_static("evil.example"));
        assert!(foreign_host(&headers, &[]).is_some());
    }
}
