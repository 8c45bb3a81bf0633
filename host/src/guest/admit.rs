//! Validates everything that a guest returns; nothing is trusted.
//!
//! A report that contradicts the request is rejected as a whole, and the state stays
//! unchanged. An invalid family is dropped on its own. Texts for logs and people are
//! truncated.

use super::bindings::contract;
use super::convert::{self, RawFamily, RawOutcome, RawReport};
use super::error::plain;
use super::own_reason;
use super::report::{DroppedSeries, Outcome, Report};
use super::{
    CollectorFailure, DeclaredCollector, DeclaredFamily, FailureReason, Fault, FaultKind,
    GuestLimits, Manifest, ProbeAnswer,
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
    report: RawReport,
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

fn outcome(manifest: &Manifest, limits: &GuestLimits, raw: RawOutcome) -> Result<Outcome, Fault> {
    state(limits, &raw)?;
    let mut collectors = manifest.collectors.iter();
    let declared = collectors.find(|it| it.name == raw.collector);
    let mut collector = CollectorReport {
        declared,
        limits,
        budget: &limits.report,
        series: 0,
        examined: 0,
        families: Vec::new(),
        dropped: Vec::new(),
    };
    for family in raw.families {
        collector.take(family);
    }
    let failures = raw.failures.into_iter().take(limits.failures);
    Ok(Outcome {
        families: collector.families,
        dropped: collector.dropped,
        failures: failures.map(|f| failure(f, limits)).collect(),
        unsupported: declared.map_or_else(Vec::new, |it| unsupported(it, &raw.unsupported)),
        state: raw.state,
        duration: raw.duration,
        requests: raw.requests,
        skipped_rows: raw.skipped_rows,
        collector: raw.collector,
    })
}

/// The declared paths that the guest names, each once and in the declared order. They
/// are label values.
fn unsupported(declared: &DeclaredCollector, named: &[String]) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for endpoint in &declared.endpoints {
        if named.contains(&endpoint.path) && !paths.contains(&endpoint.path) {
            paths.push(endpoint.path.clone());
        }
    }
    paths
}

/// A collector may only save its own state.
fn state(limits: &GuestLimits, raw: &RawOutcome) -> Result<(), Fault> {
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

/// The greatest number of families that are named in [`Outcome::dropped`]. Series of
/// further ones are counted together.
const NAMED: usize = 50;

/// How many times the greatest number of families is examined, with those that are dropped.
const REPEATED: usize = 10;

/// The accepted families of one collector.
struct CollectorReport<'m> {
    declared: Option<&'m DeclaredCollector>,
    limits: &'m GuestLimits,
    budget: &'m Budget,
    series: usize,
    /// Number of reported families that were looked at more closely.
    examined: usize,
    families: Vec<Family>,
    dropped: Vec<DroppedSeries>,
}

impl<'m> CollectorReport<'m> {
    fn take(&mut self, family: RawFamily) {
        let declared = match self.declared(&family) {
            Ok(declared) => declared,
            Err((reason, detail)) => {
                let series = family.samples.series();
                return self.drop(reason, &family.name, series, detail);
            }
        };
        let declaration = || (declared.help.clone(), declared.labels.clone());
        let (help, labels) = family.repeated.unwrap_or_else(declaration);
        let family = Family {
            name: family.name,
            help,
            labels,
            samples: family.samples,
        };
        let expected = &declared.labels;
        let checked = metrics::check(family, self.budget);
        for (reason, series) in checked.dropped {
            let detail = match reason.about_values() {
                Some(text) => text.to_owned(),
                None => format!("declared with the labels {expected:?}"),
            };
            self.drop(reason, &checked.name, series, detail);
        }
        let Some(family) = checked.family else { return };
        let series = family.series();
        match self.refused(&family, expected) {
            Some((reason, detail)) => self.drop(reason, &family.name, series, detail),
            None => {
                self.series += series;
                self.families.push(family);
            }
        }
    }

    /// The declaration of a family, if one more may be examined. Nothing has been copied or
    /// compared before: a guest can report a family a million times.
    fn declared(
        &mut self,
        family: &RawFamily,
    ) -> Result<&'m DeclaredFamily, (metrics::Reason, String)> {
        let Some(declared) = self.declaration(family) else {
            let detail = "the collector does not declare it".to_owned();
            return Err((metrics::Reason::Undeclared, detail));
        };
        let kinds = (convert::kind(declared.kind), family.samples.kind());
        if kinds.0 != kinds.1 {
            let (declared, reported) = (kinds.0.as_str(), kinds.1.as_str());
            let detail = format!("declared as {declared}, reported as {reported}");
            return Err((metrics::Reason::WrongKind, detail));
        }
        if self.examined == self.budget.families * REPEATED {
            return Err(self.too_many());
        }
        self.examined += 1;
        Ok(declared)
    }

    fn too_many(&self) -> (metrics::Reason, String) {
        let detail = format!("the limit is {} families", self.budget.families);
        (metrics::Reason::TooManyFamilies, detail)
    }

    /// Why a valid family does not fit its declaration or the limits, if it does not.
    fn refused(&self, family: &Family, expected: &[String]) -> Option<(metrics::Reason, String)> {
        let (budget, reported) = (self.budget, &family.labels);
        if *reported != *expected {
            let detail =
                format!("declared with the labels {expected:?}, reported with {reported:?}");
            Some((metrics::Reason::WrongLabels, detail))
        } else if self.families.iter().any(|it| it.name == family.name) {
            Some((metrics::Reason::Duplicate, "reported twice".to_owned()))
        } else if self.families.len() >= budget.families {
            Some(self.too_many())
        } else if self.series + family.series() > budget.collector_series {
            let detail = format!(
                "the limit of the collector is {} series",
                budget.collector_series
            );
            Some((metrics::Reason::CollectorSeries, detail))
        } else {
            None
        }
    }

    /// The declaration of this name, preferably with this type.
    fn declaration(&self, family: &RawFamily) -> Option<&'m DeclaredFamily> {
        let all = self.declared.into_iter().flat_map(|it| &it.families);
        let mut named = all.filter(|it| it.name == family.name).peekable();
        let first = named.peek().copied();
        named
            .find(|it| convert::kind(it.kind) == family.samples.kind())
            .or(first)
    }

    /// Adds up dropped series by reason and family.
    fn drop(&mut self, reason: metrics::Reason, family: &str, series: usize, detail: String) {
        let reason = reason.as_str();
        let mut family = text(family, self.limits);
        let mut known = self.dropped.iter();
        if self.dropped.len() >= NAMED
            && !known.any(|it| it.reason == reason && it.family == family)
        {
            family = "other families".to_owned();
        }
        let mut known = self.dropped.iter_mut();
        match known.find(|it| it.reason == reason && it.family == family) {
            Some(it) => it.series += series,
            None => self.dropped.push(DroppedSeries {
                reason,
                family,
                series,
                detail: text(&detail, self.limits),
            }),
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
pub(super) fn problems(
    all: Vec<contract::Problem>,
    limits: &GuestLimits,
) -> Vec<contract::Problem> {
    let cut = |problem: contract::Problem| contract::Problem {
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
        FailureReason::Other((name, why)) => {
            let own = own_reason(&name);
            let why = if own == name {
                why
            } else {
                format!("{why} (reason `{name}` is not a free name in snake_case)")
            };
            FailureReason::Other((own, text(&why, limits)))
        }
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
