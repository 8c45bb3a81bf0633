//! The proxy of a site.

use http::Uri;

use super::section::Section;
use super::shared::SharedSettings;
use crate::egress::{Origin, Proxies, Proxy};

/// `proxy: environment` uses the usual environment variables.
const ENVIRONMENT: &str = "environment";

/// The values of `HTTP_PROXY` and so on, or of the names in lower case.
struct ProxyVariables {
    http: String,
    https: String,
    all: String,
    no: String,
}

/// The proxy for this site; `None` without one, or if `noProxy` excludes the site.
/// The text may hold a password, so it is never shown.
pub(super) fn read(
    section: &mut Section<'_>,
    common: &SharedSettings<'_>,
    origin: Option<&Origin>,
) -> Option<Proxy> {
    let doc = "`http://host:port` or `https://host:port`, with `user:password@` if needed. \
               `environment` uses `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.";
    let text = section.secret("proxy", doc);
    let doc = "Names, domains, addresses and networks that are reached without the proxy.";
    let excepted = section.separated("noProxy", doc);
    let Some(text) = text.map(str::trim) else {
        if section.has("noProxy") {
            section.warning("noProxy", "has no effect", "add `proxy`");
        }
        return None;
    };
    // An invalid host is reported elsewhere.
    let site: Uri = origin?.url().parse().ok()?;
    if text == ENVIRONMENT {
        section.show_as("proxy", ENVIRONMENT);
        return ProxyVariables::read(common.environment).proxy(section, &excepted, &site);
    }
    let always = Proxies {
        all: text,
        ..Proxies::default()
    };
    let Some(proxy) = always.proxy_for(&site).filter(|_| is_proxy_url(text)) else {
        report(section, "is not a proxy URL");
        return None;
    };
    section.show_as("proxy", &proxy.to_string());
    let no = excepted.join(",");
    Proxies { no: &no, ..always }.proxy_for(&site)
}

impl ProxyVariables {
    fn read(environment: &dyn Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| {
            let lower = name.to_lowercase();
            let found = environment(name).or_else(|| environment(&lower));
            found.unwrap_or_default()
        };
        Self {
            http: value("HTTP_PROXY"),
            https: value("HTTPS_PROXY"),
            all: value("ALL_PROXY"),
            no: value("NO_PROXY"),
        }
    }

    fn proxy(self, section: &Section<'_>, excepted: &[String], site: &Uri) -> Option<Proxy> {
        let own = match site.scheme_str() {
            Some("http") => &self.http,
            _ => &self.https,
        };
        let unset = own.is_empty() && self.all.is_empty();
        let always = Proxies {
            http: &self.http,
            https: &self.https,
            all: &self.all,
            no: "",
        };
        if !unset && always.proxy_for(site).is_none() {
            report(
                section,
                "a proxy variable in the environment is not a proxy URL",
            );
        }
        let no = [std::slice::from_ref(&self.no), excepted]
            .concat()
            .join(",");
        Proxies { no: &no, ..always }.proxy_for(site)
    }
}

/// A scheme and a host, optionally a user and a port, and nothing after them.
fn is_proxy_url(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.trim_end_matches('/');
    let host = authority.rsplit('@').next().unwrap_or_default();
    // Colons in brackets belong to an IPv6 address.
    let port = host
        .rsplit_once(':')
        .filter(|(_, port)| !port.contains(']'));
    let has_port = port.is_none_or(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0));
    has_port && !authority.contains(['/', '?', '#'])
}

fn report(section: &Section<'_>, message: &str) {
    let hint = "write `http://host:port` or `https://host:port`, with `user:password@` before \
                the host if needed, or `environment`";
    section.problem("proxy", message, hint);
}
