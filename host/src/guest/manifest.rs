//! Validates the manifest when a guest is loaded. With an invalid manifest, all
//! reported families would be dropped, so the guest is refused.

use std::collections::HashSet;

use super::bindings::exports::nbu::collector::collector::DescribedFamily;
use super::{Capability, GuestLimits, Manifest, convert};
use crate::metrics::{self, Family, Samples};
use crate::telemetry::is_control_like;

/// Maximum length of the version in bytes, because it is a label value.
const VERSION: usize = 64;
/// Maximum length of an API path in bytes.
const PATH: usize = 1 << 10;

/// Returns the first error of the manifest.
pub(super) fn check(manifest: &Manifest, limits: &GuestLimits) -> Result<(), String> {
    if manifest.version.len() > VERSION {
        let bytes = manifest.version.len();
        return Err(format!(
            "the version has `{bytes}` bytes, the limit is `{VERSION}`"
        ));
    }
    // These texts are displayed.
    if texts(manifest).any(|text| text.contains(is_control_like)) {
        return Err("the manifest contains a control character".to_owned());
    }
    let capabilities = &manifest.capabilities;
    if capabilities.is_empty() {
        return Err("the manifest has no collector".to_owned());
    }
    check_limit(
        "the manifest",
        capabilities.len(),
        limits.manifest.collectors,
        "collectors",
    )?;
    let mut names = HashSet::new();
    for one in capabilities {
        // Checked before the name is displayed.
        if one.name.is_empty() || one.name.len() > limits.report.name_bytes {
            return Err("the name of a collector is empty or too long".to_owned());
        }
        if !names.insert(one.name.as_str()) {
            return Err(format!("the manifest has collector `{}` twice", one.name));
        }
        capability(one, limits)?;
    }
    Ok(())
}

/// All texts except HELP, which may have several lines.
fn texts(manifest: &Manifest) -> impl Iterator<Item = &String> {
    let all = manifest.capabilities.iter().flat_map(|one| {
        let families = one.families.iter();
        let named = families.flat_map(|it| it.labels.iter().chain([&it.name]));
        named.chain(&one.paths).chain([&one.name, &one.summary])
    });
    all.chain([&manifest.version])
}

fn capability(one: &Capability, limits: &GuestLimits) -> Result<(), String> {
    let subject = format!("collector `{}`", one.name);
    check_limit(
        &subject,
        one.families.len(),
        limits.manifest.families,
        "families",
    )?;
    check_limit(&subject, one.paths.len(), limits.manifest.paths, "paths")?;
    if one.summary.len() > limits.report.help_bytes {
        return Err(format!(
            "the summary of collector `{}` is too long",
            one.name
        ));
    }
    if one.paths.iter().any(|path| path.len() > PATH) {
        return Err(format!(
            "{subject} declares a path of more than `{PATH}` bytes"
        ));
    }
    let mut names = HashSet::new();
    for described in &one.families {
        if let Some(reason) = unfit(described, limits) {
            let name: String = described.name.chars().take(100).collect();
            return Err(format!(
                "{subject} declares invalid family `{name}`: {reason}"
            ));
        }
        if !names.insert(described.name.as_str()) {
            return Err(format!(
                "{subject} declares family `{}` twice",
                described.name
            ));
        }
    }
    Ok(())
}

fn check_limit(subject: &str, count: usize, limit: usize, what: &str) -> Result<(), String> {
    if count <= limit {
        return Ok(());
    }
    Err(format!(
        "{subject} declares `{count}` {what}, the limit is `{limit}`"
    ))
}

/// The reason for which the host would drop every report of the family, if any.
fn unfit(described: &DescribedFamily, limits: &GuestLimits) -> Option<&'static str> {
    let samples = match convert::kind(described.kind) {
        metrics::Kind::Gauge => Samples::Gauge(Vec::new()),
        metrics::Kind::Counter => Samples::Counter(Vec::new()),
        metrics::Kind::Histogram => Samples::Histogram(Vec::new()),
    };
    let empty = Family {
        name: described.name.clone(),
        help: described.help.clone(),
        labels: described.labels.clone(),
        samples,
    };
    let checked = metrics::check(empty, &limits.report);
    checked.dropped.first().map(|(reason, _)| reason.as_str())
}

#[cfg(test)]
mod tests;
