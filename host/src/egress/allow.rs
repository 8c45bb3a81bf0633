//! Which requests may leave.

use http::{Method, Uri};

use super::settings::{Origin, Scheme};

/// What a refused request broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Neither GET nor POST.
    Method,
    /// Not the site's scheme.
    Scheme,
    /// A user name or password in the address.
    Userinfo,
    /// Not the site's host.
    Host,
    /// Not the site's port.
    Port,
    /// A path that does not begin with `/`, and so could name another server
    /// in the request line.
    Path,
    /// A header that only the host may set.
    Credential,
}

impl Rule {
    /// The `reason` label of `nbu_exporter_egress_denied_total`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Scheme => "scheme",
            Self::Userinfo => "userinfo",
            Self::Host => "host",
            Self::Port => "port",
            Self::Path => "path",
            Self::Credential => "credential",
        }
    }
}

/// Whether a request goes to the site and nowhere else. The base path is not
/// looked at: the guest builds it, and it leads nowhere but to the same server.
pub(super) fn check(origin: &Origin, method: &Method, uri: &Uri) -> Result<(), Rule> {
    if !matches!(*method, Method::GET | Method::POST) {
        return Err(Rule::Method);
    }
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
    if written.and_then(|port| port_of(port, origin.scheme)) != Some(origin.port) {
        return Err(Rule::Port);
    }
    let begins = uri
        .path_and_query()
        .is_none_or(|path| path.as_str().starts_with('/'));
    if begins { Ok(()) } else { Err(Rule::Path) }
}

/// `written` is what stands behind the host: nothing, or `:` and a number.
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

    fn get(origin: &Origin, uri: &str) -> Result<(), Rule> {
        check(origin, &Method::GET, &uri.parse().unwrap())
    }

    #[test]
    fn the_site_itself_is_allowed_however_it_is_written() {
        let nbu = origin(Scheme::Https, "nbu1", 443);
        assert_eq!(get(&nbu, "https://nbu1/netbackup/ping"), Ok(()));
        assert_eq!(get(&nbu, "https://NBU1:443/?page%5Blimit%5D=1"), Ok(()));
        let v6 = origin(Scheme::Http, "[::1]", 1556);
        assert_eq!(get(&v6, "http://[::1]:1556/"), Ok(()));
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        let nbu = origin(Scheme::Https, "nbu1", 1556);
        assert_eq!(get(&nbu, "http://nbu1:1556/"), Err(Rule::Scheme));
        assert_eq!(get(&nbu, "https://nbu2:1556/"), Err(Rule::Host));
        assert_eq!(get(&nbu, "https://nbu1.evil:1556/"), Err(Rule::Host));
        assert_eq!(get(&nbu, "https://nbu1:1557/"), Err(Rule::Port));
        assert_eq!(get(&nbu, "https://nbu1/"), Err(Rule::Port));
        assert_eq!(get(&nbu, "https://user@nbu1:1556/"), Err(Rule::Userinfo));
        assert_eq!(get(&nbu, "https://nbu1:1556@evil/"), Err(Rule::Userinfo));
        assert_eq!(get(&nbu, "/no/authority"), Err(Rule::Scheme));
    }

    #[test]
    fn only_get_and_post_are_allowed() {
        let nbu = origin(Scheme::Https, "nbu1", 443);
        let uri = Uri::from_static("https://nbu1/");
        assert_eq!(check(&nbu, &Method::POST, &uri), Ok(()));
        for method in [
            Method::PUT,
            Method::DELETE,
            Method::PATCH,
            Method::CONNECT,
            Method::HEAD,
        ] {
            assert_eq!(check(&nbu, &method, &uri), Err(Rule::Method));
        }
    }
}
