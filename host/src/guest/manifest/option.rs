//! Validates the declaration of an option.

use super::super::options::{self, LEGACY_NAMES};
use super::super::{DeclaredOption, OptionKind};
use super::problems::{Limit, ManifestProblems};
use super::{LISTED, TEXT};
use crate::suggestion::printable;

/// Keys of a collector that the host reads.
const OWN_KEYS: [&str; 2] = ["enabled", "interval"];

/// `subject` is the collector.
pub(super) fn check(
    subject: &str,
    option: &DeclaredOption,
    help_bytes: Limit,
    problems: &mut ManifestProblems,
) {
    let place = format!("option `{}` of {subject}", printable(&option.name));
    problems.text(&format!("the name of {place}"), &option.name, TEXT);
    problems.text(
        &format!("the summary of {place}"),
        &option.summary,
        help_bytes,
    );
    if let Some(default) = &option.default {
        problems.text(&format!("the default of {place}"), default, TEXT);
    }
    if let OptionKind::Choice(choices) = &option.kind
        && problems.admit(&place, choices.len(), LISTED, "choices")
    {
        for choice in choices {
            let place = format!("choice `{}` of {place}", printable(choice));
            problems.text(&place, choice, TEXT);
        }
    }
    let rules = [name(option), bounds(option)].map(|it| it.map(str::to_owned));
    for why in rules.into_iter().chain([default(option)]).flatten() {
        problems.add(format!("{place} is invalid: {why}"));
    }
}

fn name(option: &DeclaredOption) -> Option<&'static str> {
    let word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let (outer, inner) = match option.name.split_once('.') {
        Some((outer, inner)) => (outer, Some(inner)),
        None => (option.name.as_str(), None),
    };
    if !word(outer) || !inner.is_none_or(word) {
        Some("its name must be in camelCase, such as `pageSize`, or two such words and a dot")
    } else if OWN_KEYS.contains(&outer) {
        Some("the host reads this key; choose another name")
    } else if option.name == LEGACY_NAMES && !matches!(option.kind, OptionKind::Bool) {
        Some("it is `metrics.legacyNames`, a boolean")
    } else {
        None
    }
}

fn bounds(option: &DeclaredOption) -> Option<&'static str> {
    let in_order = match option.kind {
        OptionKind::Integer((least, most)) => least <= most,
        OptionKind::Duration((least, most)) => 0.0 <= least && least <= most && most.is_finite(),
        _ => true,
    };
    (!in_order)
        .then_some("its bounds must be in order; those of a duration also finite and 0 or more")
}

fn default(option: &DeclaredOption) -> Option<String> {
    let default = option.default.as_ref()?;
    let is_unfit = options::default(option).is_none();
    let (default, expected) = (printable(default), options::expected(&option.kind));
    is_unfit.then(|| format!("its default is `{default}`: {expected}"))
}
