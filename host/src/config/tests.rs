//! Tests of the whole configuration, from files to settings or problems.

mod effects;
mod environment;
mod garbage;
mod problems;
mod secrets;
mod web;

use std::path::Path;

use super::*;

/// An environment without variables.
pub(super) fn nothing(_: &str) -> Option<String> {
    None
}

/// The minimal configuration, before other sections.
pub(super) const SITE: &str = "nbuserver: { host: nbu1, apiKey: k1 }\n";

/// A valid configuration.
pub(super) fn good(text: &str) -> Config {
    let file = Path::new("config.yaml");
    match parse(text, file, &Overrides::default(), &nothing) {
        Ok(config) => config,
        Err(problems) => panic!("{text}\n{problems}"),
    }
}

/// The problems of an invalid configuration.
pub(super) fn bad(text: &str) -> String {
    let file = Path::new("config.yaml");
    parse(text, file, &Overrides::default(), &nothing)
        .expect_err("this file has problems")
        .to_string()
}
