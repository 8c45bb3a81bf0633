//! Validates everything that a guest returns; nothing is trusted.
//!
//! A report that contradicts the request is rejected as a whole, and the state stays
//! unchanged. An invalid family is dropped on its own. Texts for logs and people are
//! truncated.

use super::bindings::exports::nbu::collector::collector as contract;
use super::error::plain;
use super::report::{Outcome, Report};
use super::{
    Capability, CollectorFailure, FailureReason, Fault, FaultKind, GuestLimits, Manifest,
    ProbeAnswer, SettingsProblem, convert,
};
use crate::metrics::{self, Budget, Family};
use crate::telemetry::is_control_like;

/// Maximum length of an API version such as `14.0`, in bytes.
const VERSION: usize = 32;

/// Checks a report against the request and the manifest.
pub(super) fn report(
    manifest: &Manifest,
    limits: &GuestLimits,
    asked: &[String],
    report: contract::Report,
) -> Result<Report, Fault> {
    let answered = report.outcomes.iter().map(|o| &o.collector);
    if !answered.clone().eq(asked) {
        let count = report.outcomes.len();
        let few: Vec<_> = answered.take(9).map(|name| text(name, limits)).collect();
        return Err(contradiction(format!(
            "expected outcomes for {asked:?}, found {count}: {few:?}"
        )));
    }
    if report
        .api_version
        .as_deref()
        .is_some_and(is_invalid_version)
    {
        return Err(contradiction("reported an invalid API version".to_owned()));
    }
    let outcomes = report
        .outcomes
        .into_iter()
        .map(|raw| outcome(manifest, limits, raw))
        .collect::<Result<_, _>>()?;
    Ok(Report {
        api_version: report.api_version,
        outcomes,
    })
}

fn outcome(
    manifest: &Manifest,
    limits: &GuestLimits,
    raw: contract::Outcome,
) -> Result<Outcome, Fault> {
    state(limits, &raw)?;
    let capability = manifest
        .capabilities
        .iter()
        .find(|c| c.name == raw.collector);
    let mut collector = CollectorReport {
        capability,
        budget: &limits.report,
        series: 0,
        families: Vec::new(),
        dropped: Vec::new(),
    };
    for family in raw.families {
        collector.take(convert::family(family));
    }
    let failures = raw.failures.into_iter().take(limits.failures);
    Ok(Outcome {
        collector: raw.collector,
        families: collector.families,
        dropped: collector.dropped,
        failures: failures.map(|f| failure(f, limits)).collect(),
        state: raw.state,
    })
}

/// A collector may only save its own state.
fn state(limits: &GuestLimits, raw: &contract::Outcome) -> Result<(), Fault> {
    let Some(state) = &raw.state else {
        return Ok(());
    };
    if state.collector != raw.collector {
        return Err(contradiction(format!(
            "collector `{}` saved state for `{}`",
            raw.collector,
            text(&state.collector, limits)
        )));
    }
    let (bytes, limit) = (state.bytes.len(), limits.state_bytes);
    if bytes > limit {
        return Err(contradiction(format!(
            "the state of `{}` has `{bytes}` bytes, the limit is `{limit}`",
            raw.collector
        )));
    }
    Ok(())
}

/// The accepted families of one collector.
struct CollectorReport<'m> {
    capability: Option<&'m Capability>,
    budget: &'m Budget,
    series: usize,
    families: Vec<Family>,
    dropped: Vec<(&'static str, usize)>,
}

impl CollectorReport<'_> {
    fn take(&mut self, family: Family) {
        if let Some(reason) = self.undeclared(&family) {
            return self.drop(reason, family.series());
        }
        let labels = family.labels.clone();
        let checked = metrics::check(family, self.budget);
        for (reason, series) in checked.dropped {
            self.drop(reason, series);
        }
        let Some(family) = checked.family else { return };
        let series = family.series();
        if self.labels(&family.name) != Some(&labels) {
            self.drop(metrics::Reason::WrongLabels, series);
        } else if self.families.iter().any(|it| it.name == family.name) {
            self.drop(metrics::Reason::Duplicate, series);
        } else if self.families.len() >= self.budget.families {
            self.drop(metrics::Reason::TooManyFamilies, series);
        } else if self.series + series > self.budget.collector_series {
            self.drop(metrics::Reason::CollectorSeries, series);
        } else {
            self.series += series;
            self.families.push(family);
        }
    }

    /// Returns the reason if the manifest does not declare this name and type.
    fn undeclared(&self, family: &Family) -> Option<metrics::Reason> {
        let mut described = self.described(&family.name).peekable();
        if described.peek().is_none() {
            return Some(metrics::Reason::Undeclared);
        }
        let known = described.any(|it| convert::kind(it.kind) == family.kind());
        (!known).then_some(metrics::Reason::WrongKind)
    }

    fn labels(&self, name: &str) -> Option<&Vec<String>> {
        self.described(name).next().map(|it| &it.labels)
    }

    fn described(&self, name: &str) -> impl Iterator<Item = &contract::DescribedFamily> {
        let all = self.capability.into_iter().flat_map(|c| &c.families);
        all.filter(move |it| it.name == name)
    }

    /// Adds up dropped series by reason.
    fn drop(&mut self, reason: metrics::Reason, series: usize) {
        let reason = reason.as_str();
        match self.dropped.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += series,
            None => self.dropped.push((reason, series)),
        }
    }
}

/// Checks the result of a probe and truncates its texts.
pub(super) fn probe(
    answer: Result<ProbeAnswer, CollectorFailure>,
    limits: &GuestLimits,
) -> Result<Result<ProbeAnswer, CollectorFailure>, Fault> {
    match answer {
        Ok(answer) if is_invalid_version(&answer.api_version) => {
            Err(contradiction("reported an invalid API version".to_owned()))
        }
        Ok(answer) => Ok(Ok(answer)),
        Err(failed) => Ok(Err(failure(failed, limits))),
    }
}

/// Truncates the texts of settings problems.
pub(super) fn problems(all: Vec<SettingsProblem>, limits: &GuestLimits) -> Vec<SettingsProblem> {
    let cut = |problem: SettingsProblem| SettingsProblem {
        at: text(&problem.at, limits),
        message: text(&problem.message, limits),
        hint: problem.hint.map(|hint| text(&hint, limits)),
    };
    all.into_iter().take(limits.failures).map(cut).collect()
}

fn failure(raw: CollectorFailure, limits: &GuestLimits) -> CollectorFailure {
    let reason = match raw.reason {
        FailureReason::Unreachable(why) => FailureReason::Unreachable(text(&why, limits)),
        FailureReason::Malformed(why) => FailureReason::Malformed(text(&why, limits)),
        FailureReason::Denied(why) => FailureReason::Denied(text(&why, limits)),
        other => other,
    };
    CollectorFailure {
        endpoint: text(&raw.endpoint, limits),
        reason,
        detail: raw.detail.map(|detail| text(&detail, limits)),
        request_id: raw.request_id.map(|id| text(&id, limits)),
    }
}

fn is_invalid_version(version: &str) -> bool {
    version.len() > VERSION || version.contains(is_control_like)
}

/// Truncates a text at a character boundary and replaces control characters.
fn text(whole: &str, limits: &GuestLimits) -> String {
    let end = whole.floor_char_boundary(limits.log.line_bytes);
    plain(whole.get(..end).unwrap_or(whole))
}

fn contradiction(message: String) -> Fault {
    Fault::new(FaultKind::Contract, message)
}

#[cfg(test)]
mod tests;
