//! The proxy between the host and a site.

use std::fmt;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;

use super::origin::Scheme;

/// A proxy and its credentials, which are not shown.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Only scheme, host and port.
    pub(super) uri: Uri,
    /// `Proxy-Authorization`, marked sensitive.
    pub(super) authorization: Option<HeaderValue>,
}

/// The proxies, and the hosts that are reached without one, in the notation of the
/// environment variables of the same names.
#[derive(Clone, Copy, Default)]
pub struct Proxies<'t> {
    /// For `http` sites.
    pub http: &'t str,
    /// For `https` sites.
    pub https: &'t str,
    /// For both, unless they have their own.
    pub all: &'t str,
    /// Names, domains, addresses and networks, separated by commas.
    pub no: &'t str,
}

impl Proxies<'_> {
    /// The proxy for a site. An invalid proxy URL counts as no proxy.
    pub fn proxy_for(&self, site: &Uri) -> Option<Proxy> {
        let builder = Matcher::builder().http(self.http).https(self.https);
        let found = builder.all(self.all).no(self.no).build().intercept(site)?;
        Proxy::scheme_of(found.uri())?;
        Some(Proxy {
            uri: found.uri().clone(),
            authorization: found.basic_auth().cloned(),
        })
    }
}

impl Proxy {
    /// `http` or `https`; others are not supported.
    fn scheme_of(uri: &Uri) -> Option<Scheme> {
        match uri.scheme_str() {
            Some("http") => Some(Scheme::Http),
            Some("https") => Some(Scheme::Https),
            _ => None,
        }
    }

    /// Whether the connection to the proxy uses TLS.
    pub(super) fn is_encrypted(&self) -> bool {
        Self::scheme_of(&self.uri) == Some(Scheme::Https)
    }
}

/// Scheme, host and port, with a mask in place of user and password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.authorization.as_ref().map_or("", |_| "********@");
        let scheme = self.uri.scheme_str().unwrap_or_default();
        let authority = self
            .uri
            .authority()
            .map_or("", |authority| authority.as_str());
        write!(f, "{scheme}://{user}{authority}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(text: &str, no: &str, site: &'static str) -> Option<Proxy> {
        let all = text;
        let proxies = Proxies {
            all,
            no,
            ..Proxies::default()
        };
        proxies.proxy_for(&Uri::from_static(site))
    }

    #[test]
    fn a_proxy_password_is_sent_in_a_header_that_is_not_printed() {
        let found = proxy("http://me:s3cret@proxy:3128", "", "https://nbu1:1556").unwrap();
        assert_eq!(found.uri, "http://proxy:3128/");
        // RFC 7617: `me:s3cret` in base 64.
        assert_eq!(found.authorization.as_ref().unwrap(), "Basic bWU6czNjcmV0");
        assert_eq!(found.to_string(), "http://********@proxy:3128");
        assert!(!format!("{found:?}").contains("bWU6"));
    }

    #[test]
    fn names_domains_and_networks_bypass_the_proxy() {
        for (no, site, without) in [
            ("nbu1", "https://nbu1:1556", true),
            (".example.com", "https://nbu1.example.com:1556", true),
            ("example.com", "https://nbu1.example.com:1556", true),
            ("10.0.0.0/8", "https://10.1.2.3:1556", true),
            ("other, *", "https://nbu1:1556", true),
            ("bu1", "https://nbu1:1556", false),
            ("11.0.0.0/8", "https://10.1.2.3:1556", false),
        ] {
            let found = proxy("http://proxy:3128", no, site);
            assert_eq!(found.is_none(), without, "{no} {site}");
        }
    }

    #[test]
    fn a_proxy_must_be_http_or_https() {
        for text in ["socks5://proxy:1080", "ftp://proxy", "not a proxy", ""] {
            assert!(proxy(text, "", "https://nbu1:1556").is_none(), "{text}");
        }
    }
}
