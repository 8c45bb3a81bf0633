//! `collectors:` which of them run, and their options.
//!
//! Only the guest knows which collectors exist and what their options mean. It
//! checks both when it is loaded.

use super::documented::{DefaultValue, DocumentedKey};
use super::section::Section;
use crate::guest::Selection;

/// The collectors that run unless they are switched off.
const DEFAULT: [&str; 2] = ["storage", "jobs"];

/// Every collector that is switched on.
pub(super) fn read(root: &mut Section<'_>) -> Vec<Selection> {
    let text = "Which collectors run on every site, and their options. The guest checks both.";
    let selected = root.nested("collectors", text, |section| {
        section.named(&DEFAULT, selection)
    });
    selected.into_iter().flatten().collect()
}

fn selection(name: &str, collector: &mut Section<'_>) -> Option<Selection> {
    let enabled = collector.value(
        "enabled",
        DEFAULT.contains(&name),
        "Whether the collector runs. [metrics.md](metrics.md) lists all collectors.",
    );
    let options = serde_json::Value::Object(collector.rest()).to_string();
    enabled.then(|| Selection {
        name: name.to_owned(),
        options,
    })
}

/// An option that the built-in guest reads. It is here for the reference only; a
/// test compares the names with those that the guest knows.
pub(super) struct GuestOption {
    path: &'static str,
    kind: &'static str,
    default: &'static str,
    text: &'static str,
}

const OVERLAP: &str = "How late a finished job may appear in NetBackup's list. The list is read \
                       again for that long.";
const READERS: &str = "Number of pages of a long list that are read at the same time, `1` to `16`.";

/// The options of all collectors of the built-in guest.
pub(super) const OPTIONS: [GuestOption; 12] = [
    option("collectors.jobs.overlap", "duration", "5m", OVERLAP),
    option("collectors.jobs.readers", "number", "4", READERS),
    option(
        "collectors.jobs.maxOverdue",
        "number",
        "100",
        "Largest number of clients that are named because their last success is older than a day.",
    ),
    option(
        "collectors.jobs.forget",
        "duration",
        "720h",
        "Time without a job after which a client is no longer counted.",
    ),
    option("collectors.perClient.overlap", "duration", "5m", OVERLAP),
    option("collectors.perClient.readers", "number", "4", READERS),
    option(
        "collectors.catalog.window",
        "duration",
        "24h",
        "Age up to which images are counted.",
    ),
    option(
        "collectors.slp.countImages",
        "boolean",
        "true",
        "Whether every image that waits for its lifecycle policy is read. Otherwise only the oldest of \
         each state is.",
    ),
    option(
        "collectors.anomalies.window",
        "duration",
        "720h",
        "Age up to which anomalies are counted.",
    ),
    option(
        "collectors.security.users",
        "list",
        "[]",
        "Users whose API keys are reported. Empty means all users that the exporter's key may see.",
    ),
    option(
        "collectors.perClient.allowlist",
        "list",
        "[]",
        "Clients that get their own metrics. Case is ignored; virtual machines go by display name.",
    ),
    option(
        "collectors.perClient.partialIsSuccess",
        "boolean",
        "false",
        "Whether status 1, partial success, counts as a success.",
    ),
];

const fn option(
    path: &'static str,
    kind: &'static str,
    default: &'static str,
    text: &'static str,
) -> GuestOption {
    GuestOption {
        path,
        kind,
        default,
        text,
    }
}

impl GuestOption {
    pub(super) fn documented(self) -> DocumentedKey {
        let default = DefaultValue::Value(self.default.to_owned());
        DocumentedKey::new(self.path.to_owned(), self.kind, default, self.text.into())
    }
}
