//! Checks the settings, and reports all problems at once.

use crate::api::{SUPPORTED, Version};
use crate::collectors::{self, REGISTER};
use crate::contract::{Problem, Selection, Settings};

/// The least similarity of a suggested name; 1 means equal.
const MIN_SIMILARITY: f64 = 0.7;

/// Returns all problems. Without problems the site can be collected.
pub fn check(settings: &Settings) -> Vec<Problem> {
    let mut problems: Vec<Problem> = base_url(&settings.base_url).into_iter().collect();
    problems.extend(settings.api_version.as_deref().and_then(api_version));
    problems.extend(settings.collectors.iter().filter_map(collector));
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

fn collector(selection: &Selection) -> Option<Problem> {
    let name = &selection.name;
    let Some(collector) = collectors::find(name) else {
        return Some(Problem {
            at: format!("collectors.{name}"),
            message: format!("unknown collector `{name}`"),
            hint: Some(did_you_mean(name)),
        });
    };
    let error = (collector.check)(&selection.options).err()?.to_string();
    // serde says: unknown field `foo`, expected … at line 1 column 7.
    let fact = error.split(" at line ").next().unwrap_or(&error);
    let key = fact
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split('`').next());
    Some(match key {
        Some(key) => Problem {
            at: format!("collectors.{name}.{key}"),
            message: format!("collector `{name}` has no option `{key}`"),
            hint: available_options(fact),
        },
        None => Problem {
            at: format!("collectors.{name}"),
            message: fact.to_owned(),
            hint: None,
        },
    })
}

/// From serde's list of the expected fields; none for a collector without options.
fn available_options(fact: &str) -> Option<String> {
    let (_, expected) = fact.split_once(", expected ")?;
    let names = expected.split('`').skip(1).step_by(2);
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    Some(format!("available options: {}", names.join(", ")))
}

fn did_you_mean(name: &str) -> String {
    let similarity = |candidate: &str| strsim::jaro_winkler(name, candidate);
    let best = REGISTER
        .iter()
        .map(|c| c.name)
        .max_by(|a, b| similarity(a).total_cmp(&similarity(b)))
        .filter(|best| similarity(best) >= MIN_SIMILARITY);
    match best {
        Some(best) => format!("did you mean `{best}`?"),
        None => {
            let names: Vec<String> = REGISTER.iter().map(|c| format!("`{}`", c.name)).collect();
            format!("available collectors: {}", names.join(", "))
        }
    }
}
