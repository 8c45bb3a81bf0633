//! The rules for the name, the labels and the HELP text of a family.

use std::collections::HashSet;

use super::Reason;
use crate::metrics::budget::Budget;
use crate::metrics::family::{Family, Kind};
use crate::suggestion::printable;

/// The prefixes and the names of the host's own families, and of series that Prometheus
/// writes. With one of them, a guest could replace or hide the values of others.
const RESERVED_PREFIXES: [&str; 4] = ["nbu_exporter_", "process_", "nbu_collector_", "scrape_"];
/// OpenMetrics takes `_total` from the name of a counter.
const RESERVED_NAMES: [&str; 8] = [
    "nbu_up",
    "nbu_api_version",
    "nbu_last_scrape_timestamp_seconds",
    "nbu_rows_skipped",
    "nbu_rows_skipped_total",
    "up",
    "ALERTS",
    "ALERTS_FOR_STATE",
];

/// Every rule that the declaration of a family breaks, and what is allowed instead.
pub fn violations(family: &Family, budget: &Budget) -> Vec<(Reason, String)> {
    let mut all = Vec::new();
    all.extend(name(family));
    if family.labels.len() > budget.labels {
        let (labels, limit) = (family.labels.len(), budget.labels);
        let why = format!("it has `{labels}` labels, the limit is `{limit}`");
        all.push((Reason::TooManyLabels, why));
    } else {
        labels(family, &mut all);
    }
    let names = family.labels.iter().map(|it| ("the name of a label", it));
    for (what, name) in [("its name", &family.name)].into_iter().chain(names) {
        all.extend(length(what, name, budget.name_bytes).map(|why| (Reason::LongName, why)));
    }
    let help = length("its HELP text", &family.help, budget.help_bytes);
    all.extend(help.map(|why| (Reason::LongHelp, why)));
    all
}

fn length(what: &str, text: &str, limit: usize) -> Option<String> {
    let bytes = text.len();
    (bytes > limit).then(|| format!("{what} has `{bytes}` bytes, the limit is `{limit}`"))
}

fn name(family: &Family) -> Option<(Reason, String)> {
    let name = family.name.as_str();
    if !is_name(name, |byte| byte == b':') {
        let why =
            "a name has ASCII letters, digits, `_` and `:` only, and does not begin with a digit";
        return Some((Reason::InvalidName, why.to_owned()));
    }
    // OpenMetrics removes the suffix, and no name would remain.
    if family.kind() == Kind::Counter && name == "_total" {
        let why = "the name of a counter has more than `_total`";
        return Some((Reason::InvalidName, why.to_owned()));
    }
    if RESERVED_NAMES.contains(&name) {
        let why = "this name is reserved for the host or Prometheus";
        return Some((Reason::ReservedName, why.to_owned()));
    }
    let prefix = RESERVED_PREFIXES.iter().find(|it| name.starts_with(**it))?;
    let why = format!("names that begin with `{prefix}` are reserved for the host or Prometheus");
    Some((Reason::ReservedName, why))
}

fn labels(family: &Family, all: &mut Vec<(Reason, String)>) {
    let mut seen = HashSet::new();
    for label in &family.labels {
        let why = match label.as_str() {
            it if !is_name(it, |_| false) => format!(
                "label `{}`: a label has ASCII letters, digits and `_` only, and does not begin \
                 with a digit",
                printable(it)
            ),
            it if it.starts_with("__") => format!(
                "label `{}`: labels that begin with `__` are reserved for Prometheus",
                printable(it)
            ),
            "site" => "label `site`: the host adds it".to_owned(),
            "le" if family.kind() == Kind::Histogram => {
                "label `le` is reserved for the buckets of a histogram".to_owned()
            }
            it if !seen.insert(it) => format!("label `{}` is declared twice", printable(it)),
            _ => continue,
        };
        all.push((Reason::InvalidLabel, why));
    }
}

/// The rule of <https://prometheus.io/docs/concepts/data_model/> for names that every
/// version of Prometheus accepts. Metric names may also contain colons.
fn is_name(name: &str, also: impl Fn(u8) -> bool) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || also(byte);
    name.bytes().next().is_some_and(letter)
        && name
            .bytes()
            .all(|byte| letter(byte) || byte.is_ascii_digit())
}
