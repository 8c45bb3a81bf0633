//! Which collectors run on each site.

use serde_json::Value;

use crate::config::{Config, Problem};
use crate::guest::{DeclaredCollector, DeclaredOption, Guest, SiteSettings};

/// One line for each site.
pub(super) fn lines(config: &Config, guest: &Guest) -> String {
    let line = |name, settings| {
        let (on, off) = split(guest, settings);
        let on = if on.is_empty() {
            "none"
        } else {
            &on.join(", ")
        };
        let off = match off.is_empty() {
            true => String::new(),
            false => format!("; off: {}", off.join(", ")),
        };
        format!("{name}: collectors {on}{off}\n")
    };
    let sites = config.swap.sites.iter();
    sites.map(|site| line(&site.name, &site.guest)).collect()
}

/// The warning for a configuration that switches every collector off.
pub(super) fn nothing_runs(config: &Config, guest: &Guest) -> Option<Problem> {
    // Every site has the same collectors.
    let (on, off) = split(guest, &config.swap.sites.first()?.guest);
    let text = format!(
        "every collector is off, so the exporter reads nothing\n  hint: write `enabled: true` \
         for at least one of `{}`",
        off.join("`, `")
    );
    on.is_empty().then(|| config.problem("collectors", &text))
}

/// The name of the option that lists what a collector reports.
const ALLOW_LIST: &str = "allowlist";

/// The warnings for collectors that run with an empty allow-list.
pub(super) fn nothing_allowed(config: &Config, guest: &Guest) -> Vec<Problem> {
    let Some(site) = config.swap.sites.first() else {
        return Vec::new();
    };
    // Every site has the same collectors.
    let running = guest.collectors(&site.guest);
    let running = running.iter().filter_map(|name| {
        let mut declared = guest.manifest().collectors.iter();
        declared.find(|it| it.name == *name)
    });
    let warnings = running.map(|collector| empty_list(config, collector));
    warnings.flatten().collect()
}

fn empty_list(config: &Config, collector: &DeclaredCollector) -> Option<Problem> {
    let name = &collector.name;
    let is_list =
        |it: &&DeclaredOption| it.name == ALLOW_LIST && it.default.as_deref() == Some("[]");
    collector.options.iter().find(is_list)?;
    let keys = config.collectors.iter().find(|it| it.name == *name)?;
    let list = keys.options.iter().find(|it| it.path == ALLOW_LIST);
    // A value of another type is a problem.
    let is_empty = list.is_none_or(|list| match &list.value {
        Value::Array(items) => items.is_empty(),
        value => value.is_null(),
    });
    let place = list.map_or(&keys.place, |list| &list.place);
    let text = format!(
        "the list is empty, so the collector reports nothing\n  hint: write names into \
         `{ALLOW_LIST}`, or switch collector `{name}` off"
    );
    is_empty.then(|| Problem {
        line: place.line,
        ..config.problem(&format!("collectors.{name}.{ALLOW_LIST}"), &text)
    })
}

/// The names of the collectors that run and of those that do not.
fn split<'g>(guest: &'g Guest, settings: &SiteSettings) -> (Vec<&'g str>, Vec<&'g str>) {
    let running = guest.collectors(settings);
    let names = guest.manifest().collectors.iter();
    let names = names.map(|it| it.name.as_str());
    names.partition(|name| running.iter().any(|it| it == name))
}
