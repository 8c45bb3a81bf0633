//! The allow-list of requests.

use http::{Method, Uri};

use super::origin::{Origin, Scheme};
use super::path::{self, Templates};

/// The rule that a denied request violates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Neither GET nor the POST that counts jobs.
    Method,
    /// Not the site's scheme.
    Scheme,
    /// A user name or password in the address.
    Userinfo,
    /// Not the site's host.
    Host,
    /// Not the site's port.
    Port,
    /// A path that is ambiguous for servers, or outside the base path.
    Path,
    /// A path that the guest's manifest does not declare.
    Undeclared,
    /// A header that only the host may set.
    Credential,
    /// A URL that is too long.
    Url,
    /// Too many headers, or too many bytes of them.
    Headers,
    /// A request body that is too large.
    Body,
    /// Too many requests in one collection.
    Requests,
    /// Too many concurrent requests.
    Concurrency,
    /// Too many bytes of responses in one collection.
    Bytes,
    /// An address that the site's name must not resolve to.
    Address,
}

impl Rule {
    /// Every rule, so that counters begin at 0.
    pub const ALL: [Self; 15] = [
        Self::Method,
        Self::Scheme,
        Self::Userinfo,
        Self::Host,
        Self::Port,
        Self::Path,
        Self::Undeclared,
        Self::Credential,
        Self::Url,
        Self::Headers,
        Self::Body,
        Self::Requests,
        Self::Concurrency,
        Self::Bytes,
        Self::Address,
    ];

    /// The `reason` label of `nbu_exporter_egress_denied_total`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Scheme => "scheme",
            Self::Userinfo => "userinfo",
            Self::Host => "host",
            Self::Port => "port",
            Self::Path => "path",
            Self::Undeclared => "undeclared",
            Self::Credential => "credential",
            Self::Url => "url",
            Self::Headers => "headers",
            Self::Body => "body",
            Self::Requests => "requests",
            Self::Concurrency => "concurrency",
            Self::Bytes => "bytes",
            Self::Address => "address",
        }
    }
}

/// The only endpoint for POST: it counts jobs and changes nothing (`admin.yaml POST
/// /admin/jobs-count-requests`).
pub const READ_ONLY_POST: &str = "/admin/jobs-count-requests";

/// Whether a request goes to the site, and to a path that the guest declares.
pub(super) fn check(
    origin: &Origin,
    base_path: &str,
    declared: &Templates,
    method: &Method,
    uri: &Uri,
) -> Result<(), Rule> {
    if !matches!(*method, Method::GET | Method::POST) {
        return Err(Rule::Method);
    }
    destination(origin, uri)?;
    let below = path::below(base_path, uri).ok_or(Rule::Path)?;
    if *method == Method::POST && below != READ_ONLY_POST {
        return Err(Rule::Method);
    }
    if !declared.match_request(method, below) {
        return Err(Rule::Undeclared);
    }
    Ok(())
}

/// Whether a request goes to the site.
fn destination(origin: &Origin, uri: &Uri) -> Result<(), Rule> {
    if uri.scheme_str() != Some(origin.scheme.as_str()) {
        return Err(Rule::Scheme);
    }
    let authority = uri.authority().ok_or(Rule::Host)?;
    if authority.as_str().contains('@') {
        return Err(Rule::Userinfo);
    }
    if !authority.host().eq_ignore_ascii_case(&origin.host) {
        return Err(Rule::Host);
    }
    let written = authority.as_str().strip_prefix(authority.host());
    if written.and_then(|port| port_of(port, origin.scheme)) == Some(origin.port) {
        Ok(())
    } else {
        Err(Rule::Port)
    }
}

/// `written` is the text after the host: empty, or `:` and a number.
fn port_of(written: &str, scheme: Scheme) -> Option<u16> {
    match (written, scheme) {
        ("", Scheme::Http) => Some(80),
        ("", Scheme::Https) => Some(443),
        _ => written.strip_prefix(':')?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(scheme: Scheme, host: &str, port: u16) -> Origin {
        Origin {
            scheme,
            host: host.into(),
            port,
        }
    }

    fn ask(origin: &Origin, method: &Method, uri: &str) -> Result<(), Rule> {
        let declared =
            Templates::new([(Method::GET, "/admin/jobs"), (Method::POST, READ_ONLY_POST)]);
        check(origin, "/nb", &declared, method, &uri.parse().unwrap())
    }

    fn get(origin: &Origin, uri: &str) -> Result<(), Rule> {
        ask(origin, &Method::GET, uri)
    }

    #[test]
    fn the_site_itself_is_allowed_in_every_spelling() {
        let nbu = origin(Scheme::Https, "nbu1", 443);
        assert_eq!(get(&nbu, "https://nbu1/nb/ping"), Ok(()));
        let query = "https://NBU1:443/nb/admin/jobs?page%5Blimit%5D=1";
        assert_eq!(get(&nbu, query), Ok(()));
        let v6 = origin(Scheme::Http, "[::1]", 1556);
        assert_eq!(get(&v6, "http://[::1]:1556/nb/ping"), Ok(()));
    }

    #[test]
    fn every_other_destination_is_denied_by_name() {
        let nbu = origin(Scheme::Https, "nbu1", 1556);
        for (uri, rule) in [
            ("http://nbu1:1556/nb/ping", Rule::Scheme),
            ("https://nbu2:1556/nb/ping", Rule::Host),
            ("https://nbu1.evil:1556/nb/ping", Rule::Host),
            ("https://[::ffff:127.0.0.1]:1556/nb/ping", Rule::Host),
            ("https://nbu1:1557/nb/ping", Rule::Port),
            ("https://nbu1/nb/ping", Rule::Port),
            ("https://user@nbu1:1556/nb/ping", Rule::Userinfo),
            ("https://nbu1:1556@evil/nb/ping", Rule::Userinfo),
            ("/no/authority", Rule::Scheme),
            ("https://nbu1:1556/ping", Rule::Path),
            ("https://nbu1:1556/nb/../ping", Rule::Path),
            ("https://nbu1:1556/nb/admin/users", Rule::Undeclared),
        ] {
            assert_eq!(get(&nbu, uri), Err(rule), "{uri}");
        }
    }

    #[test]
    fn only_get_and_the_counting_post_are_allowed() {
        let nbu = origin(Scheme::Https, "nbu1", 443);
        let jobs = "https://nbu1/nb/admin/jobs";
        let count = "https://nbu1/nb/admin/jobs-count-requests";
        assert_eq!(ask(&nbu, &Method::POST, count), Ok(()));
        for method in ["POST", "PUT", "DELETE", "PATCH", "CONNECT", "HEAD", "TRACE"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(ask(&nbu, &method, jobs), Err(Rule::Method), "{method}");
        }
    }
}
