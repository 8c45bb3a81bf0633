//! The web configuration, a file that all exporters share.
//!
//! The format is that of Prometheus' exporter-toolkit (`docs/web-configuration.md`
//! there). Variables are not replaced in it, as nobody else does.

mod headers;
mod tls;

use std::io;
use std::path::Path;
use std::time::Duration;

use super::file;
use super::problem::Findings;
use super::section::Section;
use super::setting::{Count, DurationOrZero};
use crate::http::Web;
use crate::http::web::{Hash, RateLimit, Users};

/// From this cost on a hash takes seconds.
const COSTLY: u32 = 16;

/// Reads the file and all that it names. What is wrong in it is among the
/// findings; the error is that it cannot be read at all.
pub(super) fn read(path: &Path, findings: &Findings) -> io::Result<Web> {
    let text = findings.read_text(path)?;
    let own = Findings::default();
    let directory = path.parent().unwrap_or(Path::new(""));
    let web = match file::parse(&text, &own) {
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

fn keys(root: &mut Section<'_>, directory: &Path) -> Web {
    let encrypted = root.has("tls_server_config");
    let tls = root.given("tls_server_config", |s| tls::read(s, directory));
    let headers = root.nested("http_server_config", |s| {
        if s.optional::<bool>("http2") == Some(true) {
            let hint = "remove it: clients speak HTTP/1.1 to this exporter";
            s.warning("http2", "HTTP/2 is not spoken", hint);
        }
        s.nested("headers", headers::read)
    });
    let users = root.nested("basic_auth_users", users);
    let rate = root.given("rate_limit", rate).flatten();
    if !encrypted && !users.is_empty() {
        let hint = "add `tls_server_config`, or let nobody listen in between";
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

fn users(section: &mut Section<'_>) -> Vec<(String, Hash)> {
    let mut users = Vec::new();
    for (name, text) in section.secrets() {
        if name.contains(':') {
            let hint = "a browser sends what stands before the first `:`";
            section.problem(name, "a user name with a `:`", hint);
        }
        let Some(hash) = Hash::new(text) else {
            let hint = "write what `htpasswd -nBC 10 \"\"` prints after the `:`";
            section.problem(name, "is not a bcrypt hash", hint);
            continue;
        };
        if hash.cost() >= COSTLY {
            let message = format!("a hash of cost {} takes seconds", hash.cost());
            section.warning(name, message, "a cost of 10 or 12 is usual");
        }
        users.push((name.to_owned(), hash));
    }
    users
}

/// An interval of zero, or none, does not limit.
fn rate(section: &mut Section<'_>) -> Option<RateLimit> {
    let interval = section.value("interval", DurationOrZero(Duration::ZERO)).0;
    let burst = section.optional::<Count>("burst");
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
