//! `collectors:` which of them run, and their options.
//!
//! Only the guest knows which collectors exist and what options they have. The keys are
//! checked against its manifest when it is loaded.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::documented::{DefaultValue, DocumentedKey};
use super::section::Section;
use super::setting::Setting;
use crate::guest::{CollectorKeys, DeclaredCollector, DeclaredOption, OptionKind, Place};

const ENABLED: &str = "Whether the collector runs. [metrics.md](metrics.md) lists all collectors, and \
                       which of them run by default.";
const INTERVAL: &str = "The shortest time between two collections. By default `server.cacheTTL` for \
                        collectors that are reused, and otherwise `server.collectionInterval`.";

/// The keys of every collector that the file or a flag mentions. `rounds` is the time
/// between two rounds.
pub(super) fn read(
    root: &mut Section<'_>,
    file: &Arc<Path>,
    rounds: Duration,
    flags: &[CollectorFlag],
) -> Arc<[CollectorKeys]> {
    let text = "Which collectors run on every site, and their options.";
    let mut collectors = root.nested("collectors", text, |section| {
        section.named(|name, line, collector| {
            keys(
                name,
                Place {
                    file: file.clone(),
                    line: Some(line),
                },
                collector,
                rounds,
            )
        })
    });
    for flag in flags {
        match collectors.iter_mut().find(|it| it.name == flag.name) {
            Some(keys) => keys.enabled = Some(flag.enabled),
            None => collectors.push(flag.keys()),
        }
    }
    collectors.into()
}

/// `--collector.NAME` or `--no-collector.NAME`, instead of `collectors.NAME.enabled`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectorFlag {
    /// Such as `tape`.
    pub name: String,
    /// Whether the collector runs.
    pub enabled: bool,
}

impl CollectorFlag {
    fn keys(&self) -> CollectorKeys {
        CollectorKeys {
            name: self.name.clone(),
            place: Place {
                file: Path::new(&self.to_string()).into(),
                line: None,
            },
            enabled: Some(self.enabled),
            interval: None,
            options: Vec::new(),
        }
    }
}

impl fmt::Display for CollectorFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let no = if self.enabled { "" } else { "no-" };
        write!(f, "--{no}collector.{}", self.name)
    }
}

fn keys(name: &str, place: Place, collector: &mut Section<'_>, rounds: Duration) -> CollectorKeys {
    let enabled = collector.optional::<bool>("enabled", ENABLED);
    let interval = collector.optional::<Duration>("interval", INTERVAL);
    if interval.is_some_and(|interval| interval < rounds) {
        let message = "has no effect below `server.collectionInterval`";
        let hint = "write a longer time, or a shorter `server.collectionInterval`";
        collector.warning("interval", message, hint);
    }
    CollectorKeys {
        name: name.to_owned(),
        enabled,
        interval,
        options: collector.options(&place.file),
        place,
    }
}

/// The keys of the options that a collector declares.
pub(super) fn documented(collector: &DeclaredCollector) -> Vec<DocumentedKey> {
    let interval = collector.default_interval_seconds.map(|seconds| {
        let path = format!("collectors.{}.interval", collector.name);
        let default = Duration::from_secs(seconds.into()).show();
        DocumentedKey::new(path, Duration::KIND, default.into(), INTERVAL.into())
    });
    let options = collector
        .options
        .iter()
        .map(|it| option(&collector.name, it));
    interval.into_iter().chain(options).collect()
}

fn option(collector: &str, option: &DeclaredOption) -> DocumentedKey {
    let kind = match &option.kind {
        OptionKind::Bool => bool::KIND,
        OptionKind::Integer(_) => "number",
        OptionKind::Duration(_) => Duration::KIND,
        OptionKind::Text | OptionKind::Choice(_) => String::KIND,
        OptionKind::TextList => "list",
    };
    let bounds = match &option.kind {
        OptionKind::Integer((least, most)) => format!(" `{least}` to `{most}`."),
        OptionKind::Choice(choices) => format!(" One of `{}`.", choices.join("`, `")),
        _ => String::new(),
    };
    let path = format!("collectors.{collector}.{}", option.name);
    let default = option.default.clone();
    let default = default.map_or(DefaultValue::Required, DefaultValue::Value);
    DocumentedKey::of_guest(path, kind, default, option.summary.clone() + &bounds)
}
