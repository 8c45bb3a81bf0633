//! Validates the manifest when a guest is loaded. With an invalid manifest, all
//! reported families would be dropped, so the guest is refused.

mod option;
mod problems;

use std::collections::HashSet;

use super::{
    DeclaredCollector, DeclaredFamily, Endpoint, GuestLimits, Highlight, Manifest, Method, convert,
};
use crate::egress::READ_ONLY_POST;
use crate::metrics::{self, Family, Reason, Samples};
use crate::suggestion::printable;
use problems::Limit::{self, Configured, Fixed};
pub use problems::ManifestProblems;

/// Maximum length of the version in bytes, because it is a label value.
const VERSION: Limit = Fixed(64);
/// Maximum length of an API path in bytes.
const PATH: Limit = Fixed(1 << 10);
/// Maximum number of options and of permissions of a collector, of choices of an option, of
/// highlights, and of labels of one.
const LISTED: Limit = Fixed(100);
/// Maximum length of a permission, of the texts of a highlight, and of one choice of an
/// option, in bytes.
const TEXT: Limit = Fixed(256);
/// Maximum of `default-interval-seconds`: a week. Data counts as fresh for so long.
const INTERVAL: u32 = 7 * 86_400;

impl Manifest {
    /// The permissions of NetBackup that the collector needs.
    pub fn permissions(&self, collector: &str) -> &[String] {
        let mut declared = self.collectors.iter();
        let declared = declared.find(|it| it.name == collector);
        declared.map_or(&[], |it| &it.permissions)
    }
}

/// Checks everything, so that an author gets all problems at once.
pub(super) fn check(manifest: &Manifest, limits: &GuestLimits) -> Result<(), ManifestProblems> {
    let mut problems = ManifestProblems::default();
    guest(manifest, &mut problems);
    let collectors = &manifest.collectors;
    if collectors.is_empty() {
        problems.add("the manifest has no collector".to_owned());
    }
    let limit = Configured(limits.manifest.collectors);
    if problems.admit("the manifest", collectors.len(), limit, "collectors") {
        let mut names = HashSet::new();
        for one in collectors {
            if !names.insert(one.name.as_str()) {
                let name = printable(&one.name);
                problems.add(format!("the manifest has collector `{name}` twice"));
            }
            collector(one, limits, &mut problems);
        }
    }
    let highlights = &manifest.highlights;
    if problems.admit("the manifest", highlights.len(), LISTED, "highlights") {
        for one in highlights {
            highlight(manifest, one, &mut problems);
        }
    }
    problems.result()
}

fn guest(manifest: &Manifest, problems: &mut ManifestProblems) {
    let Manifest { name, version, .. } = manifest;
    problems.text("the name of the guest", name, VERSION);
    problems.text("the version of the guest", version, VERSION);
    if !is_word(name) {
        let name = printable(name);
        problems.add(format!("the name `{name}` is invalid: {WORDS}"));
    }
    // It is a label value, so versions that look equal must be equal.
    if !version.bytes().all(|byte| byte.is_ascii_graphic()) {
        let version = printable(version);
        problems.add(format!(
            "the version `{version}` is invalid: it must have printable ASCII characters only, \
             and no space"
        ));
    }
}

const WORDS: &str = "it must have ASCII letters, digits, `-` and `_` only";

/// Whether a text is a name of a guest or collector. Together they name a saved state.
fn is_word(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !name.is_empty() && name.bytes().all(fits)
}

fn collector(one: &DeclaredCollector, limits: &GuestLimits, problems: &mut ManifestProblems) {
    let subject = format!("collector `{}`", printable(&one.name));
    if !is_word(&one.name) {
        problems.add(format!("{subject} has an invalid name: {WORDS}"));
    }
    let name_bytes = Configured(limits.report.name_bytes);
    problems.text(&format!("the name of {subject}"), &one.name, name_bytes);
    let summary = format!("the summary of {subject}");
    let help_bytes = Configured(limits.report.help_bytes);
    problems.text(&summary, &one.summary, help_bytes);
    let interval = one.default_interval_seconds;
    if let Some(seconds) = interval.filter(|it| !(1..=INTERVAL).contains(it)) {
        problems.add(format!(
            "{subject} declares an interval of {seconds} s, which must be 1 to {INTERVAL} s"
        ));
    }
    if problems.admit(&subject, one.permissions.len(), LISTED, "permissions") {
        for it in &one.permissions {
            let place = format!("permission `{}` of {subject}", printable(it));
            problems.text(&place, it, TEXT);
        }
    }
    let limit = Configured(limits.manifest.paths);
    if problems.admit(&subject, one.endpoints.len(), limit, "endpoints") {
        for it in &one.endpoints {
            endpoint(&subject, it, problems);
        }
    }
    if problems.admit(&subject, one.options.len(), LISTED, "options") {
        let mut names = HashSet::new();
        for it in &one.options {
            if !names.insert(it.name.as_str()) {
                let name = printable(&it.name);
                problems.add(format!("{subject} declares option `{name}` twice"));
            }
            option::check(&subject, it, help_bytes, problems);
        }
    }
    families(&subject, &one.families, limits, problems);
}

fn families(
    subject: &str,
    families: &[DeclaredFamily],
    limits: &GuestLimits,
    problems: &mut ManifestProblems,
) {
    let limit = Configured(limits.manifest.families);
    if !problems.admit(subject, families.len(), limit, "families") {
        return;
    }
    let mut names = HashSet::new();
    for it in families {
        let name = printable(&it.name);
        if !names.insert(it.name.as_str()) {
            problems.add(format!("{subject} declares family `{name}` twice"));
        }
        for (reason, why) in unfit(it, limits) {
            // The name of the reason is that of dropped series.
            let reason = reason.map_or_else(String::new, |it| {
                problems.exceeds_limit |= it.exceeds_limit();
                format!(" ({})", it.as_str())
            });
            problems.add(format!(
                "{subject} declares invalid family `{name}`: {why}{reason}"
            ));
        }
    }
}

/// The reasons for which the host would drop every report of the family.
fn unfit(described: &DeclaredFamily, limits: &GuestLimits) -> Vec<(Option<Reason>, String)> {
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
    let violations = metrics::violations(&empty, &limits.report).into_iter();
    let mut all: Vec<_> = violations
        .map(|(reason, why)| (Some(reason), why))
        .collect();
    let name = described.name.strip_suffix("_total");
    let name = name.unwrap_or(&described.name);
    if let Some(unit) = &described.unit
        && !name.ends_with(&format!("_{unit}"))
    {
        let unit = printable(unit);
        all.push((
            None,
            format!("its name must end with its unit, as `_{unit}` before any `_total`"),
        ));
    }
    all
}

/// A segment of a path is literal or a placeholder. A POST may only read.
fn endpoint(subject: &str, endpoint: &Endpoint, problems: &mut ManifestProblems) {
    let path = printable(&endpoint.path);
    let place = format!("endpoint `{path}` of {subject}");
    problems.text(&place, &endpoint.path, PATH);
    if !endpoint.path.starts_with('/') || endpoint.path.contains(['?', '#', ' ']) {
        problems.add(format!(
            "{place} is not a path: write it as `/admin/jobs`, without a query"
        ));
    }
    if endpoint.method == Method::Post && endpoint.path != READ_ONLY_POST {
        problems.add(format!(
            "{subject} declares `POST {path}`, but only `POST {READ_ONLY_POST}` is allowed"
        ));
    }
}

/// A highlight must select series that can exist.
fn highlight(manifest: &Manifest, highlight: &Highlight, problems: &mut ManifestProblems) {
    let title = printable(&highlight.title);
    let (subject, family) = (format!("highlight `{title}`"), printable(&highlight.family));
    if highlight.title.is_empty() {
        problems.add(format!("a highlight of family `{family}` has no title"));
    }
    problems.text(&format!("the title of {subject}"), &highlight.title, TEXT);
    if let Some(unit) = &highlight.unit {
        problems.text(&format!("the unit of {subject}"), unit, TEXT);
    }
    if !problems.admit(&subject, highlight.matching.len(), LISTED, "labels") {
        return;
    }
    let mut families = manifest.collectors.iter().flat_map(|it| &it.families);
    let declared = families.find(|it| it.name == highlight.family);
    if declared.is_none() {
        problems.add(format!("{subject} names undeclared family `{family}`"));
    }
    for (label, value) in &highlight.matching {
        let shown = printable(label);
        if declared.is_some_and(|it| !it.labels.contains(label)) {
            problems.add(format!(
                "{subject} names label `{shown}`, which family `{family}` does not have"
            ));
        }
        let place = format!("the value of label `{shown}` of {subject}");
        problems.text(&place, value, TEXT);
    }
}

#[cfg(test)]
mod tests;
