//! Checks the settings that are not options of collectors, and reports all problems at
//! once.

use crate::api::{SUPPORTED, Version};
use crate::contract::{Problem, Settings};

/// Returns all problems. Without problems the site can be collected.
pub fn check(settings: &Settings) -> Vec<Problem> {
    let mut problems: Vec<Problem> = base_url(&settings.base_url).into_iter().collect();
    problems.extend(settings.api_version.as_deref().and_then(api_version));
    problems
}

fn base_url(url: &str) -> Option<Problem> {
    let message = match split_base_url(url) {
        Ok(_) => return None,
        Err(why) => format!("`{url}` {why}"),
    };
    Some(Problem {
        at: "host".to_owned(),
        message,
        hint: Some(
            "expected scheme, host, port and uri, such as `https://nbu1:1556/netbackup`".to_owned(),
        ),
    })
}

/// Scheme (`http` or `https`), authority (host and port) and base path (empty,
/// or starting with a slash and not ending in one).
pub fn split_base_url(url: &str) -> Result<(&str, &str, &str), &'static str> {
    let (scheme, rest) = url.split_once("://").ok_or("has no scheme")?;
    if scheme != "http" && scheme != "https" {
        return Err("is neither http nor https");
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.is_empty() || authority.starts_with(':') {
        return Err("has no host");
    }
    if authority.contains('@') {
        return Err("contains a user name");
    }
    if url.contains(['?', '#']) || url.contains(char::is_whitespace) {
        return Err("contains more than scheme, host, port and path");
    }
    Ok((scheme, authority, path.trim_end_matches('/')))
}

fn api_version(version: &str) -> Option<Problem> {
    let message = match version.parse::<Version>() {
        Ok(version) if SUPPORTED.contains(&version) => return None,
        Ok(_) => format!("API version `{version}` is not supported by this guest"),
        Err(()) => format!("invalid API version `{version}`"),
    };
    let supported: Vec<String> = SUPPORTED.iter().map(|v| format!("`{v}`")).collect();
    Some(Problem {
        at: "apiVersion".to_owned(),
        message,
        hint: Some(format!(
            "use one of {}, or omit the key to detect the version",
            supported.join(", ")
        )),
    })
}
