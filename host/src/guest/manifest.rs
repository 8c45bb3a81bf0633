//! Validates the manifest when a guest is loaded. With an invalid manifest, all
//! reported families would be dropped, so the guest is refused.

use std::collections::HashSet;

use super::options::LEGACY_NAMES;
use super::{
    DeclaredCollector, DeclaredFamily, DeclaredOption, Endpoint, GuestLimits, Highlight, Manifest,
    Method, OptionKind, convert, options,
};
use crate::egress::READ_ONLY_POST;
use crate::metrics::{self, Family, Samples};
use crate::telemetry::is_control_like;

/// Maximum length of the version in bytes, because it is a label value.
const VERSION: usize = 64;
/// Maximum length of an API path in bytes.
const PATH: usize = 1 << 10;
/// Maximum number of options and of permissions of a collector, of choices of an option, of
/// highlights, and of labels of one.
const LISTED: usize = 100;
/// Maximum length of a permission, of the texts of a highlight, and of one choice of an
/// option, in bytes.
const TEXT: usize = 256;
/// Maximum of `default-interval-seconds`: a week. Data counts as fresh for so long.
const INTERVAL: u32 = 7 * 86_400;
/// Keys of a collector that the host reads.
const OWN_KEYS: [&str; 2] = ["enabled", "interval"];

impl Manifest {
    /// The permissions of NetBackup that the collector needs.
    pub fn permissions(&self, collector: &str) -> &[String] {
        let mut declared = self.collectors.iter();
        let declared = declared.find(|it| it.name == collector);
        declared.map_or(&[], |it| &it.permissions)
    }
}

/// Returns the first error of the manifest.
pub(super) fn check(manifest: &Manifest, limits: &GuestLimits) -> Result<(), String> {
    for (what, text) in [("name", &manifest.name), ("version", &manifest.version)] {
        if text.len() > VERSION {
            let bytes = text.len();
            return Err(format!(
                "the {what} has `{bytes}` bytes, the limit is `{VERSION}`"
            ));
        }
    }
    if !is_word(&manifest.name) {
        return Err(format!("the name is invalid: {WORDS}"));
    }
    // It is a label value, so versions that look equal must be equal.
    if !manifest.version.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("the version has characters other than printable ASCII".to_owned());
    }
    // These texts are displayed.
    if texts(manifest).any(|text| text.contains(is_control_like)) {
        return Err("the manifest contains a control character".to_owned());
    }
    let collectors = &manifest.collectors;
    if collectors.is_empty() {
        return Err("the manifest has no collector".to_owned());
    }
    check_limit(
        "the manifest",
        collectors.len(),
        limits.manifest.collectors,
        "collectors",
    )?;
    let mut names = HashSet::new();
    for one in collectors {
        // Checked before the name is displayed.
        if one.name.len() > limits.report.name_bytes {
            return Err("the name of a collector is too long".to_owned());
        }
        if !is_word(&one.name) {
            return Err(format!("the name of a collector is invalid: {WORDS}"));
        }
        if !names.insert(one.name.as_str()) {
            return Err(format!("the manifest has collector `{}` twice", one.name));
        }
        collector(one, limits)?;
    }
    check_limit(
        "the manifest",
        manifest.highlights.len(),
        LISTED,
        "highlights",
    )?;
    manifest
        .highlights
        .iter()
        .try_for_each(|it| highlight(manifest, it))
}

const WORDS: &str = "it must have ASCII letters, digits, `-` and `_` only";

/// Whether a text is a name of a guest or collector. Together they name a saved state.
fn is_word(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !name.is_empty() && name.bytes().all(fits)
}

/// All texts except HELP, which may have several lines.
fn texts(manifest: &Manifest) -> impl Iterator<Item = &String> {
    let collectors = manifest.collectors.iter().flat_map(|one| {
        let families = one.families.iter();
        let named = families.flat_map(|it| it.labels.iter().chain([&it.name]).chain(&it.unit));
        let paths = one.endpoints.iter().map(|it| &it.path);
        let options = one.options.iter().flat_map(option_texts);
        let own = [&one.name, &one.summary]
            .into_iter()
            .chain(&one.permissions);
        named.chain(paths).chain(options).chain(own)
    });
    let highlights = manifest.highlights.iter().flat_map(|it| {
        let matching = it.matching.iter().flat_map(|(label, value)| [label, value]);
        matching.chain([&it.title, &it.family]).chain(&it.unit)
    });
    let own = [&manifest.name, &manifest.version];
    collectors.chain(highlights).chain(own)
}

fn option_texts(option: &DeclaredOption) -> impl Iterator<Item = &String> {
    let choices = match &option.kind {
        OptionKind::Choice(choices) => choices.as_slice(),
        _ => &[],
    };
    let own = [&option.name, &option.summary]
        .into_iter()
        .chain(&option.default);
    own.chain(choices)
}

fn collector(one: &DeclaredCollector, limits: &GuestLimits) -> Result<(), String> {
    let subject = format!("collector `{}`", one.name);
    check_limit(
        &subject,
        one.families.len(),
        limits.manifest.families,
        "families",
    )?;
    check_limit(
        &subject,
        one.endpoints.len(),
        limits.manifest.paths,
        "endpoints",
    )?;
    check_limit(&subject, one.options.len(), LISTED, "options")?;
    check_limit(&subject, one.permissions.len(), LISTED, "permissions")?;
    if one.summary.len() > limits.report.help_bytes {
        return Err(format!(
            "the summary of collector `{}` is too long",
            one.name
        ));
    }
    if one.permissions.iter().any(|it| it.len() > TEXT) {
        return Err(format!(
            "{subject} declares a permission of more than `{TEXT}` bytes"
        ));
    }
    let interval = one.default_interval_seconds;
    if let Some(seconds) = interval.filter(|it| !(1..=INTERVAL).contains(it)) {
        return Err(format!(
            "{subject} declares an interval of {seconds} s, which must be 1 to {INTERVAL} s"
        ));
    }
    one.endpoints
        .iter()
        .try_for_each(|it| endpoint(&subject, it))?;
    let mut names = HashSet::new();
    for option in &one.options {
        if !names.insert(option.name.as_str()) {
            return Err(format!("{subject} declares option `{}` twice", option.name));
        }
        if let Some(why) = unfit_option(option, limits) {
            return Err(format!(
                "{subject} declares invalid option `{}`: {why}",
                option.name
            ));
        }
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
fn unfit(described: &DeclaredFamily, limits: &GuestLimits) -> Option<&'static str> {
    let samples = match convert::kind(described.kind) {
        metrics::Kind::Gauge => Samples::Gauge(Vec::new()),
        metrics::Kind::Counter => Samples::Counter(Vec::new()),
        metrics::Kind::Histogram => Samples::Histogram(Vec::new()),
    };
    let name = described
        .name
        .strip_suffix("_total")
        .unwrap_or(&described.name);
    if let Some(unit) = &described.unit
        && !name.ends_with(&format!("_{unit}"))
    {
        return Some("its name does not end with its unit");
    }
    let empty = Family {
        name: described.name.clone(),
        help: described.help.clone(),
        labels: described.labels.clone(),
        samples,
    };
    let checked = metrics::check(empty, &limits.report);
    checked.dropped.first().map(|(reason, _)| reason.as_str())
}

/// A segment of a path is literal or a placeholder. A POST may only read.
fn endpoint(subject: &str, endpoint: &Endpoint) -> Result<(), String> {
    let path = &endpoint.path;
    if path.len() > PATH {
        return Err(format!(
            "{subject} declares a path of more than `{PATH}` bytes"
        ));
    }
    if endpoint.method == Method::Post && path != READ_ONLY_POST {
        return Err(format!(
            "{subject} declares `POST {path}`, but only `POST {READ_ONLY_POST}` is allowed"
        ));
    }
    Ok(())
}

/// Why an option is invalid, if it is.
fn unfit_option(option: &DeclaredOption, limits: &GuestLimits) -> Option<&'static str> {
    let word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let (outer, inner) = match option.name.split_once('.') {
        Some((outer, inner)) => (outer, Some(inner)),
        None => (option.name.as_str(), None),
    };
    let inverted = match option.kind {
        OptionKind::Integer((least, most)) => least > most,
        OptionKind::Duration((least, most)) => !(0.0 <= least && least <= most && most.is_finite()),
        _ => false,
    };
    let long = |text: &String| text.len() > TEXT;
    let choices = match &option.kind {
        OptionKind::Choice(choices) => choices.as_slice(),
        _ => &[],
    };
    if !word(outer) || !inner.is_none_or(word) || long(&option.name) {
        Some("its name is not in camelCase")
    } else if OWN_KEYS.contains(&outer) {
        Some("the host reads this key")
    } else if option.summary.len() > limits.report.help_bytes
        || option.default.as_ref().is_some_and(long)
        || choices.iter().any(long)
    {
        Some("a text is too long")
    } else if choices.len() > LISTED {
        Some("it has too many choices")
    } else if option.name == LEGACY_NAMES && !matches!(option.kind, OptionKind::Bool) {
        Some("it is `metrics.legacyNames`, a boolean")
    } else if inverted {
        Some("its bounds are not in order")
    } else if option.default.is_some() && options::default(option).is_none() {
        Some("its default does not fit its kind")
    } else {
        None
    }
}

/// A highlight must select series that can exist.
fn highlight(manifest: &Manifest, highlight: &Highlight) -> Result<(), String> {
    let Highlight { title, family, .. } = highlight;
    if title.is_empty() || title.len() > TEXT {
        return Err("the title of a highlight is empty or too long".to_owned());
    }
    check_limit(
        &format!("highlight `{title}`"),
        highlight.matching.len(),
        LISTED,
        "labels",
    )?;
    let values = highlight.matching.iter().map(|(_, value)| value);
    if values.chain(&highlight.unit).any(|it| it.len() > TEXT) {
        return Err(format!("a text of highlight `{title}` is too long"));
    }
    let mut families = manifest.collectors.iter().flat_map(|it| &it.families);
    let Some(declared) = families.find(|it| it.name == *family) else {
        return Err(format!(
            "highlight `{title}` names undeclared family `{family}`"
        ));
    };
    let unknown = |(label, _): &&(String, String)| !declared.labels.contains(label);
    match highlight.matching.iter().find(unknown) {
        Some((label, _)) => Err(format!(
            "highlight `{title}` names label `{label}`, which family `{family}` does not have"
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
