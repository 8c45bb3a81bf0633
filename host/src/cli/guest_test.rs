//! Test a guest of any language against simulated NetBackup servers.
//!
//! The same for every guest: it must collect from each release without a dropped
//! series, answer the same twice, read all pages, continue from its own state, and report
//! every failure of the server with its reason and without failing itself.

mod bed;
mod endpoints;
mod faults;
mod plan;
mod results;
mod state;

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use simulator::{Fault, Release};

use self::bed::TestBed;
use self::faults::{fault_tests, standard_faults};
use self::plan::TestPlan;
use self::results::Results;
use self::state::state_tests;
use super::check::refused;
use super::fallen_counters::fallen_counters;
use super::inspect::load_patiently;
use super::report_difference::ReportDifference;
use super::{print, replace, replayed};
use crate::app::ExitError;
use crate::bundle::Bundle;
use crate::guest::{
    Collected, CollectorFailure, Engine, Guest, Outcome, failure_text, reason_name,
};
use crate::swap::GuestFile;
use crate::telemetry::Handle;

/// Flags of the command.
pub(super) struct TestOptions<'a> {
    /// Only this release.
    pub(super) release: Option<&'a str>,
    /// Only these faults, in the simulator's notation.
    pub(super) faults: &'a [String],
    /// Also collects from this bundle.
    pub(super) record: Option<&'a Path>,
    /// Compares the metrics of the newest tested release with this file, or writes it.
    pub(super) golden: Option<&'a Path>,
    /// Writes the results as JUnit XML.
    pub(super) junit: Option<&'a Path>,
}

/// Runs all tests. Fails if any of them fails.
pub(super) async fn run(
    engine: &Arc<Engine>,
    file: &Path,
    options: TestOptions<'_>,
    log: Handle,
) -> Result<(), ExitError> {
    let plan = TestPlan::new(&options)?;
    let offered = GuestFile::read(Some(file)).await.map_err(refused)?;
    let guest = load_patiently(engine, offered.bytes).await?;
    let mut results = Results::new(|text| {
        // What the guest printed in a test comes before its result.
        log.flush(Duration::MAX);
        print(text)
    });
    for release in &plan.releases {
        let bed = TestBed::start(&guest, *release).await.map_err(unstarted)?;
        release_tests(&bed, &mut results).await;
        if plan.faults.is_empty() {
            fault_tests(&bed, standard_faults(), &mut results).await;
            endpoint_tests(&bed, &mut results).await;
        } else {
            fault_tests(&bed, plan.faults.iter().cloned(), &mut results).await;
        }
        if Some(release) == plan.releases.last() {
            newest_tests(&guest, &bed, *release, &mut results)
                .await
                .map_err(unstarted)?;
        }
    }
    if let Some((path, bundle)) = &plan.bundle {
        bundle_tests(&guest, path, bundle, &mut results).await?;
    }
    if let (Some(golden), Some(newest)) = (options.golden, plan.releases.last()) {
        let bed = TestBed::start_golden(&guest, *newest).await;
        let collected = bed.map_err(unstarted)?.collect(Vec::new()).await;
        results.add("golden", || results::golden(golden, &collected?.report));
    }
    if let Some(junit) = options.junit {
        let written = replace(junit, 0o644, |file| {
            file.write_all(results.junit().as_bytes())
        });
        written.map_err(|error| {
            ExitError::Command(format!("cannot write `{}`: {error}", junit.display()))
        })?;
    }
    results.finish()
}

fn unstarted(why: io::Error) -> ExitError {
    ExitError::Command(format!("cannot start the server: {why}"))
}

/// The tests that are the same for all releases.
async fn newest_tests(
    guest: &Guest,
    bed: &TestBed<'_>,
    release: Release,
    results: &mut Results<'_>,
) -> io::Result<()> {
    results.add("declared endpoints", || endpoints::declared(bed));
    let still = TestBed::start_golden(guest, release).await?;
    let whole = still.collect(Vec::new()).await;
    let short = TestBed::start_short(guest, release).await?;
    let pages = short.collect(Vec::new()).await;
    let name = format!("{}: pages of {SHORT_PAGE} rows", bed.release);
    results.add(&name, || same(&whole, &pages));
    state_tests(&still, results).await;
    Ok(())
}

/// The number of rows of a short page.
const SHORT_PAGE: usize = 20;

/// The tests on one release.
async fn release_tests(bed: &TestBed<'_>, results: &mut Results<'_>) {
    let name = |test: &str| format!("{}: {test}", bed.release);
    let checked = bed.check().await;
    results.add(&name("check"), || checked);
    let probed = bed.probe().await;
    results.add(&name("probe"), || probed);
    let first = bed.collect(Vec::new()).await;
    results.add(&name("collect"), || complete(&first));
    let second = bed.collect(Vec::new()).await;
    results.add(&name("the same again"), || same(&first, &second));
    let state = first.as_ref().map_or_else(|_| Vec::new(), states);
    let resumed = bed.collect(state).await;
    results.add(&name("continue from its state"), || {
        continued(&first, &resumed)
    });
}

/// Each list fails alone. With a fault everywhere a guest may only ask for the version.
async fn endpoint_tests(bed: &TestBed<'_>, results: &mut Results<'_>) {
    for (path, collectors) in bed.lists() {
        let before = bed.simulator.requests().count(path);
        bed.simulator.faults().set_on(path, Fault::Status(500));
        let collected = bed.collect(Vec::new()).await;
        bed.simulator.faults().clear();
        if bed.simulator.requests().count(path) > before {
            let name = format!("{}: 500 on {path}", bed.release);
            results.add(&name, || noticed(&collected, &collectors, &["status"]));
        }
    }
}

/// One of the collectors reports a failure, for one of these reasons.
fn noticed(
    collected: &Result<Collected, String>,
    collectors: &[&str],
    reasons: &[&str],
) -> Result<String, String> {
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
fn reason_is_right(failures: &[&CollectorFailure], reasons: &[&str]) -> Result<String, String> {
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

/// The tests on the recorded answers of a server.
async fn bundle_tests(
    guest: &Guest,
    path: &Path,
    bundle: &Bundle,
    results: &mut Results<'_>,
) -> Result<(), ExitError> {
    let name = |test: &str| format!("{}: {test}", path.display());
    let recorded: Vec<_> = bundle
        .settings
        .collectors
        .iter()
        .map(|it| &*it.name)
        .collect();
    let declared = &guest.manifest().collectors;
    if !declared.iter().any(|it| recorded.contains(&&*it.name)) {
        results.add(&name("collect"), || {
            let recorded = recorded.join("`, `");
            Err(format!(
                "the guest declares none of its collectors: `{recorded}`"
            ))
        });
        return Ok(());
    }
    let first = replayed::collect(guest, bundle).await?;
    let second = replayed::collect(guest, bundle).await?;
    let problems: Vec<_> = first.iter().flat_map(|it| it.problems.clone()).collect();
    results.add(&name("collect"), || match problems.is_empty() {
        true => Ok(format!("{} series", first.last().map_or(0, |it| it.series))),
        false => Err(problems.join("\n")),
    });
    results.add(&name("the same again"), || {
        let [first, second] = [&first, &second].map(|all| all.iter().map(|it| it.text.as_str()));
        let [first, second] = [first, second].map(Iterator::collect::<Vec<_>>);
        let difference = ReportDifference::between_all(&first, &second).text();
        if difference.is_empty() {
            Ok(difference)
        } else {
            Err(difference)
        }
    });
    Ok(())
}

fn states(collected: &Collected) -> Vec<crate::guest::SavedState> {
    let outcomes = collected.report.outcomes.iter();
    outcomes.filter_map(|it| it.state.clone()).collect()
}

/// Everything was read and nothing dropped. Says what it took.
fn complete(collected: &Result<Collected, String>) -> Result<String, String> {
    let collected = collected.as_ref().map_err(Clone::clone)?;
    let problems = replayed::problems(&collected.report);
    if !problems.is_empty() {
        return Err(problems.join("\n"));
    }
    let series = replayed::series(&collected.report);
    let requests = collected.traffic.sent;
    let memory = collected.peak_memory / 1024;
    let figures = format!("{series} series, {requests} requests, {memory} KiB");
    let outcomes = collected.report.outcomes.iter();
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
fn continued(
    first: &Result<Collected, String>,
    second: &Result<Collected, String>,
) -> Result<String, String> {
    let figures = complete(second)?;
    let fallen = match (first, second) {
        (Ok(first), Ok(second)) => fallen_counters(&first.report, &second.report),
        _ => Vec::new(),
    };
    match fallen.is_empty() {
        true => Ok(figures),
        false => Err(fallen.join("\n")),
    }
}

fn same(
    first: &Result<Collected, String>,
    second: &Result<Collected, String>,
) -> Result<String, String> {
    let (Ok(first), Ok(second)) = (first, second) else {
        return Err("there are no two collections to compare".to_owned());
    };
    for (one, two) in first.report.outcomes.iter().zip(&second.report.outcomes) {
        for (before, after) in one.families.iter().zip(&two.families) {
            if before != after {
                let collector = &one.collector;
                return Err(format!(
                    "collector `{collector}`: `{}` differs",
                    before.name
                ));
            }
        }
        if one.families.len() != two.families.len() {
            return Err(format!(
                "collector `{}` reports other families",
                one.collector
            ));
        }
    }
    Ok(String::new())
}

/// The guest itself did not fail, and each of these collectors that sent requests noticed,
/// for one of these reasons.
fn withstood(
    collected: &Result<Collected, String>,
    must_notice: impl Fn(&str) -> bool,
    reasons: &[&str],
) -> Result<String, String> {
    let collected = collected.as_ref().map_err(Clone::clone)?;
    let outcomes = &collected.report.outcomes;
    // Requests that no collector admits to may be those of any.
    let is_claimed = outcomes.iter().any(|it| it.requests != Some(0));
    let silent = |outcome: &&Outcome| {
        let asked = outcome.requests != Some(0) || !is_claimed;
        let is_silent = outcome.failures.is_empty() && outcome.unsupported.is_empty();
        asked && is_silent && must_notice(&outcome.collector)
    };
    if collected.traffic.sent > 0
        && let Some(outcome) = outcomes.iter().find(silent)
    {
        return Err(format!(
            "collector `{}` reports no failure",
            outcome.collector
        ));
    }
    let failures: Vec<_> = outcomes.iter().flat_map(|it| &it.failures).collect();
    reason_is_right(&failures, reasons)
}

/// The longest that a test waits for a server that does not answer.
const PATIENCE: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::Traffic;
    use crate::guest::{FailureReason, Report};

    fn collected(requests: Option<u32>, sent: u64) -> Result<Collected, String> {
        let outcome = Outcome {
            collector: "jobs".to_owned(),
            requests,
            ..Outcome::default()
        };
        with_outcome(outcome, sent)
    }

    /// A collection of one collector with so many requests.
    pub(super) fn with_outcome(outcome: Outcome, sent: u64) -> Result<Collected, String> {
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
        let withstood = |collected, noticed| withstood(&collected, |_| noticed, &[]);
        let hidden = withstood(collected(Some(1), 1), true);
        assert_eq!(
            hidden,
            Err("collector `jobs` reports no failure".to_owned())
        );
        assert!(withstood(collected(None, 1), true).is_err());
        // The request was its own, since there is no other collector.
        assert!(withstood(collected(Some(0), 1), true).is_err());
        assert!(withstood(collected(None, 0), true).is_ok());
        assert!(withstood(collected(Some(1), 1), false).is_ok());
        assert!(withstood(Err("trap".to_owned()), false).is_err());
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
}
