//! What the tests expect of a collection. A success may have figures.

use super::super::fallen_counters::fallen_counters;
use super::super::replayed;
use super::super::report_difference::ReportDifference;
use super::families::wrong_time;
use crate::guest::{Collected, CollectorFailure, Outcome, Report, failure_text, reason_name};
use crate::site::SiteName;

/// A collection, or the fault of the guest.
pub(super) type Collection = Result<Collected, String>;

/// What is wrong, or the figures to show.
pub(super) type Verdict = Result<String, String>;

/// The number of lines that a difference shows.
const SHOWN: usize = 8;

/// Everything was read and nothing dropped. Says what it took.
pub(super) fn complete(collected: &Collection) -> Verdict {
    let collected = collected.as_ref().map_err(Clone::clone)?;
    let problems = replayed::problems(&collected.report);
    if !problems.is_empty() {
        return Err(problems.join("\n"));
    }
    let outcomes = collected.report.outcomes.iter();
    if collected.traffic.sent > 0 && outcomes.clone().all(|it| it.requests == Some(0)) {
        return Err("no collector counts the requests that it sent".to_owned());
    }
    if let Some(wrong) = wrong_time(outcomes.clone().flat_map(|it| &it.families)) {
        return Err(wrong);
    }
    let series = replayed::series(&collected.report);
    let requests = collected.traffic.sent;
    let memory = collected.peak_memory / 1024;
    let figures = format!("{series} series, {requests} requests, {memory} KiB");
    let unsupported: Vec<_> = outcomes
        .flat_map(|it| &it.unsupported)
        .map(String::as_str)
        .collect();
    Ok(match unsupported.is_empty() {
        true => figures,
        false => format!("{figures}, unsupported: {}", unsupported.join(", ")),
    })
}

/// The second collection is complete, and no counter has lost its value.
pub(super) fn continued(first: &Collection, second: &Collection) -> Verdict {
    let figures = complete(second)?;
    let fallen = match (first, second) {
        (Ok(first), Ok(second)) => fallen_counters(&first.report, &second.report),
        _ => Vec::new(),
    };
    match fallen.is_empty() {
        true => Ok(figures),
        false => Err(format!(
            "{}\na counter must continue from the saved state, or be a number that the server keeps",
            shortened(&fallen)
        )),
    }
}

/// Both collections report the same. Otherwise `cause` says what the reason may be.
pub(super) fn same(first: &Collection, second: &Collection, cause: &str) -> Verdict {
    let (Ok(first), Ok(second)) = (first, second) else {
        return Err("there are no two collections to compare".to_owned());
    };
    let [first, second] = [first, second].map(|it| report_text(&it.report));
    let difference = ReportDifference::between(&first?, &second?).text();
    let lines: Vec<_> = difference.lines().collect();
    if lines.is_empty() {
        return Ok(String::new());
    }
    Err(format!("{}\n{cause}", shortened(&lines)))
}

/// The first lines, and the number of the others.
pub(super) fn shortened<T: AsRef<str>>(lines: &[T]) -> String {
    let shown = lines.iter().take(SHOWN).map(AsRef::as_ref);
    let shown = shown.collect::<Vec<_>>().join("\n");
    match lines.len().checked_sub(SHOWN) {
        None | Some(0) => shown,
        Some(more) => format!("{shown}\n    and {more} more lines"),
    }
}

/// A server that answers 404 to everything lacks no list: its base path is wrong.
pub(super) fn nothing_is_lacking(collected: &Collection) -> Verdict {
    let outcomes = &collected.as_ref().map_err(Clone::clone)?.report.outcomes;
    let is_mistaken = |it: &&Outcome| it.failures.is_empty() && it.requests != Some(0);
    if let Some(Outcome { collector, .. }) = outcomes.iter().find(is_mistaken) {
        return Err(format!(
            "collector `{collector}` reports no failure, although the server answers 404 to `/ping` \
             too: its base path is wrong\nbefore a list is unsupported, ask `/ping`"
        ));
    }
    let mut failures = outcomes.iter().flat_map(|it| &it.failures);
    Ok(failures.next().map(failure_text).unwrap_or_default())
}

/// The metrics in the Prometheus text format.
pub(super) fn report_text(report: &Report) -> Result<String, String> {
    let site = SiteName::new("test").ok_or("invalid site name")?;
    Ok(replayed::report_text(&site, report))
}

/// The guest itself did not fail, and each of these collectors that sent requests noticed,
/// for one of these reasons, that it could read nothing. What is lacking anyway is no failure.
pub(super) fn withstood(
    collected: &Collection,
    lacking: &[String],
    must_notice: impl Fn(&str) -> bool,
    reasons: &[&str],
) -> Verdict {
    let collected = collected.as_ref().map_err(Clone::clone)?;
    let outcomes = &collected.report.outcomes;
    // Requests that no collector admits to may be those of any.
    let is_claimed = outcomes.iter().any(|it| it.requests != Some(0));
    let has_asked = |outcome: &&Outcome| {
        let asked = outcome.requests != Some(0) || !is_claimed;
        collected.traffic.sent > 0 && asked && must_notice(&outcome.collector)
    };
    let may_lack = reasons.is_empty() || reasons.contains(&"unsupported");
    let failures: Vec<_> = outcomes.iter().flat_map(|it| &it.failures).collect();
    let reason = reason_is_right(&failures, reasons);
    let mut problems: Vec<_> = reason.as_ref().err().cloned().into_iter().collect();
    problems.extend(outcomes.iter().filter(has_asked).filter_map(|outcome| {
        let unsupported = &outcome.unsupported;
        let is_lacking =
            !unsupported.is_empty() && unsupported.iter().all(|it| lacking.contains(it));
        let why = unnoticed(outcome, may_lack || is_lacking)?;
        Some(format!("collector `{}` {why}", outcome.collector))
    }));
    match problems.is_empty() {
        true => reason,
        false => Err(problems.join("\n")),
    }
}

/// Why a collector has not noticed that nothing could be read.
fn unnoticed(outcome: &Outcome, may_lack: bool) -> Option<String> {
    match (&*outcome.failures, &*outcome.unsupported) {
        ([], []) => Some(match may_lack {
            true => "reports no failure, and no list as unsupported".to_owned(),
            false => "reports no failure".to_owned(),
        }),
        ([], [path, ..]) if !may_lack => Some(format!(
            "reports `{path}` as unsupported, which only an answer of 404 means"
        )),
        _ => None,
    }
}

/// No collector that failed has families, since none could read a list.
pub(super) fn empty_handed(collected: &Collection) -> Verdict {
    let collected = collected.as_ref().map_err(Clone::clone)?;
    let outcomes = collected.report.outcomes.iter();
    let mut failed = outcomes.filter(|it| !it.failures.is_empty());
    let partial = failed.find_map(|it| Some((&it.collector, it.families.first()?)));
    match partial {
        Some((collector, family)) => Err(format!(
            "collector `{collector}` reports a failure and `{}`, although no list could be read",
            family.name
        )),
        None => Ok(String::new()),
    }
}

/// One of the collectors reports a failure, for one of these reasons.
pub(super) fn noticed(collected: &Collection, collectors: &[&str], reasons: &[&str]) -> Verdict {
    let collected = collected.as_ref().map_err(Clone::clone)?;
    let outcomes = collected.report.outcomes.iter();
    let named = outcomes.filter(|it| collectors.contains(&it.collector.as_str()));
    let failures: Vec<_> = named.flat_map(|it| &it.failures).collect();
    match failures.as_slice() {
        [] => {
            let collectors = collectors.join("`, `");
            Err(format!("no failure is reported by `{collectors}`"))
        }
        failures => reason_is_right(failures, reasons),
    }
}

/// The failures have one of these reasons; without any, every reason is right. A list that
/// the release lacks may fail beside the others. Returns the first failure.
pub(super) fn reason_is_right(failures: &[&CollectorFailure], reasons: &[&str]) -> Verdict {
    let is_right = |it: &&&CollectorFailure| reasons.contains(&&*reason_name(&it.reason));
    let is_lacking = |it: &&CollectorFailure| reason_name(&it.reason) == "unsupported";
    let is_any_right = failures.iter().any(|it| is_right(&it));
    let is_wrong = |it: &&&CollectorFailure| !(is_right(it) || is_any_right && is_lacking(it));
    match failures.iter().find(is_wrong) {
        Some(wrong) if !reasons.is_empty() => Err(format!(
            "{}\nexpected the reason {}",
            failure_text(wrong),
            reasons.join(" or ")
        )),
        _ => Ok(failures
            .first()
            .map(|it| failure_text(it))
            .unwrap_or_default()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::egress::Traffic;
    use crate::guest::{FailureReason, Report};
    use crate::metrics::{Family, Point, Samples};

    fn collected(requests: Option<u32>, sent: u64) -> Collection {
        let outcome = Outcome {
            collector: "jobs".to_owned(),
            requests,
            ..Outcome::default()
        };
        with_outcome(outcome, sent)
    }

    /// A collection of one collector with so many requests.
    pub(in crate::cli::guest_test) fn with_outcome(outcome: Outcome, sent: u64) -> Collection {
        Ok(Collected {
            report: Report {
                api_version: None,
                outcomes: vec![outcome],
            },
            peak_memory: 0,
            traffic: Traffic {
                sent,
                ..Traffic::default()
            },
        })
    }

    #[test]
    fn a_collector_that_hides_a_failure_of_the_server_is_found() {
        let withstood = |collected, noticed| withstood(&collected, &[], |_| noticed, &[]);
        let hidden = withstood(collected(Some(1), 1), true);
        assert_eq!(
            hidden,
            Err("collector `jobs` reports no failure, and no list as unsupported".to_owned())
        );
        assert!(withstood(collected(None, 1), true).is_err());
        // The request was its own, since there is no other collector.
        assert!(withstood(collected(Some(0), 1), true).is_err());
        assert!(withstood(collected(None, 0), true).is_ok());
        assert!(withstood(collected(Some(1), 1), false).is_ok());
        assert!(withstood(Err("trap".to_owned()), false).is_err());
    }

    #[test]
    fn many_lines_are_shortened() {
        assert_eq!(shortened(&["a", "b"]), "a\nb");
        assert_eq!(shortened(&["a"; SHOWN]), ["a"; SHOWN].join("\n"));
        assert!(shortened(&["a"; SHOWN + 2]).ends_with("a\n    and 2 more lines"));
    }

    #[test]
    fn a_collector_that_takes_a_wrong_base_path_for_a_lacking_list_is_found() {
        let said = nothing_is_lacking(&collected(Some(1), 1)).unwrap_err();
        assert!(said.starts_with("collector `jobs` reports no failure"));
        assert!(nothing_is_lacking(&collected(Some(0), 1)).is_ok());
        // Others may have sent nothing.
        let [silent, mistaken] = [Some(0), Some(1)].map(|it| collected(it, 1).unwrap());
        let mut both = silent;
        both.report.outcomes.extend(mistaken.report.outcomes);
        assert!(nothing_is_lacking(&Ok(both)).is_err());
    }

    #[test]
    fn a_list_that_a_sound_server_lacks_is_no_failure() {
        let outcome = Outcome {
            unsupported: vec!["/storage/tape-media".to_owned()],
            ..Outcome::default()
        };
        let collected = with_outcome(outcome, 1);
        let withstood = |lacking| withstood(&collected, lacking, |_| true, &["malformed"]);
        let lacking = ["/storage/tape-media".to_owned()];
        assert!(withstood(&lacking).is_ok());
        assert!(withstood(&[]).is_err());
    }

    #[test]
    fn a_failure_has_the_reason_of_the_fault_or_its_list_is_lacking_beside_one_that_has() {
        let failure = |reason| CollectorFailure {
            endpoint: "/jobs".to_owned(),
            reason,
            detail: None,
            request_id: None,
        };
        let unsupported = failure(FailureReason::Other((
            "unsupported".to_owned(),
            "answered 404".to_owned(),
        )));
        let (busy, status) = (
            failure(FailureReason::Busy(None)),
            failure(FailureReason::Status(500)),
        );
        assert!(reason_is_right(&[&status], &["status"]).is_ok());
        assert!(reason_is_right(&[&unsupported, &status], &["status"]).is_ok());
        assert!(reason_is_right(&[&busy], &[]).is_ok());
        for wrong in [&[&busy][..], &[&status, &busy], &[&unsupported]] {
            let said = reason_is_right(wrong, &["status"]).unwrap_err();
            assert!(said.ends_with("\nexpected the reason status"), "{said}");
        }
    }

    #[test]
    fn a_collector_that_read_nothing_reports_a_failure_and_nothing_else() {
        let failure = CollectorFailure {
            endpoint: "/jobs".to_owned(),
            reason: FailureReason::Status(500),
            detail: None,
            request_id: None,
        };
        let lacking = Outcome {
            unsupported: vec!["/jobs".to_owned()],
            ..Outcome::default()
        };
        assert_eq!(unnoticed(&lacking, true), None);
        let said = unnoticed(&lacking, false).unwrap();
        assert!(said.starts_with("reports `/jobs` as unsupported"), "{said}");
        let mut partial = Outcome {
            failures: vec![failure],
            ..Outcome::default()
        };
        assert_eq!(unnoticed(&partial, false), None);
        assert!(empty_handed(&with_outcome(partial.clone(), 1)).is_ok());
        partial.families.push(Family {
            name: "nbu_jobs".to_owned(),
            help: String::new(),
            labels: Vec::new(),
            samples: Samples::Gauge(Vec::new()),
        });
        let said = empty_handed(&with_outcome(partial, 1)).unwrap_err();
        assert!(
            said.contains(" reports a failure and `nbu_jobs`, "),
            "{said}"
        );
    }

    #[test]
    fn a_difference_has_its_values_and_its_cause() {
        let collection = |values: &[f64]| {
            let points = values.iter().enumerate().map(|(n, value)| Point {
                label_values: vec![n.to_string()],
                value: *value,
            });
            let family = Family {
                name: "nbu_jobs".to_owned(),
                help: String::new(),
                labels: vec!["n".to_owned()],
                samples: Samples::Gauge(points.collect()),
            };
            let outcome = Outcome {
                families: vec![family],
                ..Outcome::default()
            };
            with_outcome(outcome, 1)
        };
        let first = collection(&[1.0]);
        assert_eq!(same(&first, &first, "why"), Ok(String::new()));
        let said = same(&first, &collection(&[2.0]), "why").unwrap_err();
        assert_eq!(
            said,
            "~ family `nbu_jobs`\n    ~ nbu_jobs{site=\"test\",n=\"0\"} changed from 1 to 2\nwhy"
        );
        let said = same(&first, &collection(&[2.0; 30]), "why").unwrap_err();
        assert!(said.ends_with("\n    and 23 more lines\nwhy"), "{said}");
    }
}
