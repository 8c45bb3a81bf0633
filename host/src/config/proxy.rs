//! The proxy on the way to a site.

use http::Uri;

use super::section::Section;
use super::sites::Common;
use crate::egress::{Origin, Proxies, Proxy};

/// `proxy: environment` takes what the variables of old say.
const ENVIRONMENT: &str = "environment";

/// What the variables of that name say, in capitals or not.
struct Environment {
    http: String,
    https: String,
    all: String,
    no: String,
}

/// The proxy for this site; none when there is none, or `noProxy` excepts the
/// site. The text may hold a password: it is never shown.
pub(super) fn read(
    section: &mut Section<'_>,
    common: &Common<'_>,
    origin: Option<&Origin>,
) -> Option<Proxy> {
    let text = section.secret("proxy");
    let excepted = section.separated("noProxy");
    let Some(text) = text.map(str::trim) else {
        if section.has("noProxy") {
            section.warning("noProxy", "has no effect", "`proxy` is not given");
        }
        return None;
    };
    // A host that is no name is a problem of its own.
    let site: Uri = origin?.url().parse().ok()?;
    if text == ENVIRONMENT {
        section.show_as("proxy", ENVIRONMENT);
        return Environment::read(common.environment).proxy(section, &excepted, &site);
    }
    let always = Proxies {
        all: text,
        ..Proxies::default()
    };
    let Some(proxy) = always.on_the_way_to(&site).filter(|_| is_address(text)) else {
        wrong(section, "this is not the address of a proxy");
        return None;
    };
    section.show_as("proxy", &proxy.to_string());
    let no = excepted.join(",");
    Proxies { no: &no, ..always }.on_the_way_to(&site)
}

impl Environment {
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
        let of_its_own = match site.scheme_str() {
            Some("http") => &self.http,
            _ => &self.https,
        };
        let unset = of_its_own.is_empty() && self.all.is_empty();
        let always = Proxies {
            http: &self.http,
            https: &self.https,
            all: &self.all,
            no: "",
        };
        if !unset && always.on_the_way_to(site).is_none() {
            wrong(
                section,
                "a variable of the environment is not the address of a proxy",
            );
        }
        let no = [std::slice::from_ref(&self.no), excepted]
            .concat()
            .join(",");
        Proxies { no: &no, ..always }.on_the_way_to(site)
    }
}

/// A scheme, a host, maybe a user and a port, and nothing behind.
fn is_address(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.trim_end_matches('/');
    let host = authority.rsplit('@').next().unwrap_or_default();
    // Within brackets colons are of the address.
    let port = host
        .rsplit_once(':')
        .filter(|(_, port)| !port.contains(']'));
    let has_port = port.is_none_or(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0));
    has_port && !authority.contains(['/', '?', '#'])
}

fn wrong(section: &Section<'_>, message: &str) {
    let hint = "write `http://host:port` or `https://host:port`, with `user:password@` before \
                the host if it wants them, or `environment`";
    section.problem("proxy", message, hint);
}
