//! The web configuration, in the format of Prometheus' exporter-toolkit.
//!
//! Variables are not expanded in it, since no other exporter does so.

mod headers;
mod tls;

use std::io;
use std::path::Path;
use std::time::Duration;

use http::HeaderMap;

use super::problem::Findings;
use super::section::Section;
use super::setting::{Count, DurationOrZero};
use super::yaml;
use crate::http::Web;
use crate::http::web::{Hash, RateLimit, Users};

/// A hash with this cost or more takes seconds.
const SLOW_COST: u32 = 16;

/// Reads the file and the files that it names. Problems in it are added to the
/// findings; the error is that it cannot be read.
pub(super) fn read(path: &Path, findings: &Findings) -> io::Result<Web> {
    let text = findings.read_text(path)?;
    let own = Findings::default();
    let directory = path.parent().unwrap_or(Path::new(""));
    let web = match yaml::parse(&text, &own) {
        Ok(root) => {
            let mut root = Section::root(&root, &own);
            let web = keys(&mut root, directory);
            root.finish();
            web
        }
        Err(problem) => {
            own.problem(problem);
            Web::default()
        }
    };
    findings.take_over(own, path);
    Ok(web)
}

pub(super) fn keys(root: &mut Section<'_>, directory: &Path) -> Web {
    let encrypted = root.has("tls_server_config");
    let text = "TLS. Without this map the exporter serves plain HTTP.";
    let tls = root.given("tls_server_config", text, |s| tls::read(s, directory));
    let headers = root.nested("http_server_config", "HTTP.", http);
    let text = "Basic authentication, for every path. Without users no password is required.";
    let users = root.nested("basic_auth_users", text, users);
    let text = "Limits the requests of all clients together. Further ones are answered 429.";
    let rate = root.given("rate_limit", text, rate).flatten();
    if !encrypted && !users.is_empty() {
        let hint = "add `tls_server_config`, or make sure that nobody can listen in";
        root.warning(
            "basic_auth_users",
            "passwords are sent without encryption",
            hint,
        );
    }
    Web {
        tls: tls.flatten(),
        users: Users::new(users),
        rate,
        headers,
    }
}

fn http(section: &mut Section<'_>) -> HeaderMap {
    let doc = "Accepted. The exporter speaks HTTP/1.1 only, and `true` is a warning.";
    if section.optional::<bool>("http2", doc) == Some(true) {
        let hint = "remove it; clients use HTTP/1.1 with this exporter";
        section.warning("http2", "HTTP/2 is not supported", hint);
    }
    let text = "Headers of every response. They replace the default value.";
    section.nested("headers", text, headers::read)
}

fn users(section: &mut Section<'_>) -> Vec<(String, Hash)> {
    let mut users = Vec::new();
    let doc = "The password of user `NAME`, as `htpasswd -nBC 10 \"\"` prints it after the `:`.";
    for (name, text) in section.secrets("bcrypt hash", doc) {
        if name.contains(':') {
            let hint = "basic authentication takes `:` as the end of the user name";
            section.problem(name, "user name contains `:`", hint);
        }
        let Some(hash) = Hash::new(text) else {
            let hint = "write what `htpasswd -nBC 10 \"\"` prints after the `:`";
            section.problem(name, "is not a bcrypt hash", hint);
            continue;
        };
        if hash.cost() >= SLOW_COST {
            let message = format!("checking a hash of cost {} takes seconds", hash.cost());
            section.warning(name, message, "use a cost of 10 to 12");
        }
        users.push((name.to_owned(), hash));
    }
    users
}

/// An interval of zero, the default, does not limit.
fn rate(section: &mut Section<'_>) -> Option<RateLimit> {
    let doc = "Average time between two requests. `0s` does not limit.";
    let interval = DurationOrZero(Duration::ZERO);
    let interval = section.value("interval", interval, doc).0;
    let doc = "Number of requests that may come at once. Required with an `interval`.";
    let burst = section.optional::<Count>("burst", doc);
    if interval.is_zero() {
        return None;
    }
    if !section.has("burst") {
        let hint = "write how many requests may come at once, such as `20`";
        section.problem("burst", "is missing", hint);
    }
    let burst = u32::try_from(burst?.0).unwrap_or(u32::MAX);
    Some(RateLimit::new(interval, burst))
}
