//! The configuration as a whole: files in, settings or problems out.

mod effects;
mod environment;
mod garbage;
mod problems;
mod secrets;
mod web;

use std::path::Path;

use super::*;

/// No variables at all.
pub(super) fn nothing(_: &str) -> Option<String> {
    None
}

/// The least that a configuration needs, before other sections.
pub(super) const SITE: &str = "nbuserver: { host: nbu1, apiKey: k1 }\n";

/// A valid configuration.
pub(super) fn good(text: &str) -> Config {
    let file = Path::new("config.yaml");
    match parse(text, file, &Overrides::default(), &nothing) {
        Ok(config) => config,
        Err(problems) => panic!("{text}\n{problems}"),
    }
}

/// What is said about an invalid one.
pub(super) fn bad(text: &str) -> String {
    let file = Path::new("config.yaml");
    parse(text, file, &Overrides::default(), &nothing)
        .expect_err("this file has problems")
        .to_string()
}
