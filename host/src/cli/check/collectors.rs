//! Which collectors run on each site.

use crate::config::{Config, Problem};
use crate::guest::{Guest, SiteSettings};

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

/// The names of the collectors that run and of those that do not.
fn split<'g>(guest: &'g Guest, settings: &SiteSettings) -> (Vec<&'g str>, Vec<&'g str>) {
    let running = guest.collectors(settings);
    let names = guest.manifest().collectors.iter();
    let names = names.map(|it| it.name.as_str());
    names.partition(|name| running.iter().any(|it| it == name))
}
