//! Test a guest of any language against simulated NetBackup servers.
//!
//! The same for every guest: it must collect from each release without a dropped
//! series, answer the same twice, continue from its own state, and report every failure
//! of the server without failing itself.

mod bed;
mod faults;
mod plan;
mod results;

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use simulator::Fault;

use self::bed::TestBed;
use self::faults::{fault_tests, standard_faults};
use self::plan::TestPlan;
use self::results::Results;
use super::check::refused;
use super::fallen_counters::fallen_counters;
use super::inspect::load_patiently;
use super::report_difference::ReportDifference;
use super::{print, replace, replayed};
use crate::app::ExitError;
use crate::bundle::Bundle;
use crate::guest::{Collected, Engine, Guest, Outcome, Report, failure_text};
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
    let mut reports = Vec::new();
    for release in &plan.releases {
        let bed = TestBed::start(&guest, *release).await.map_err(unstarted)?;
        let collected = release_tests(&bed, &mut results).await;
        if plan.faults.is_empty() {
            fault_tests(&bed, standard_faults(), &mut results).await;
            endpoint_tests(&bed, &mut results).await;
        } else {
            fault_tests(&bed, plan.faults.iter().cloned(), &mut results).await;
        }
        reports.extend(collected.map(|it| it.report));
    }
    // One release may lack an endpoint.
    if reports.len() > 1 {
        results.add("declared endpoints", || endpoints_exist(&reports));
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

/// The tests on one release. Returns the collection without a fault.
async fn release_tests(bed: &TestBed<'_>, results: &mut Results<'_>) -> Option<Collected> {
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
    first.ok()
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
            results.add(&name, || noticed(&collected, &collectors));
        }
    }
}

/// One of the collectors reports a failure.
fn noticed(collected: &Result<Collected, String>, collectors: &[&str]) -> Result<String, String> {
    let collected = collected.as_ref().map_err(Clone::clone)?;
    let outcomes = collected.report.outcomes.iter();
    let named = outcomes.filter(|it| collectors.contains(&it.collector.as_str()));
    let failure = named.flat_map(|it| &it.failures).next();
    failure.map(failure_text).ok_or_else(|| {
        let collectors = collectors.join("`, `");
        format!("no failure is reported by `{collectors}`")
    })
}

/// The tests on the recorded answers of a server.
async fn bundle_tests(
    guest: &Guest,
    path: &Path,
    bundle: &Bundle,
    results: &mut Results<'_>,
) -> Result<(), ExitError> {
    let first = replayed::collect(guest, bundle).await?;
    let second = replayed::collect(guest, bundle).await?;
    let name = |test: &str| format!("{}: {test}", path.display());
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

/// Each declared endpoint exists in a tested release. Otherwise its path is probably
/// misspelt.
fn endpoints_exist(reports: &[Report]) -> Result<String, String> {
    let is_missing = |report: &Report, collector: &str, path: &String| {
        let mut outcomes = report.outcomes.iter();
        outcomes.any(|it| it.collector == collector && it.unsupported.contains(path))
    };
    let mut lines = Vec::new();
    for outcome in reports.iter().take(1).flat_map(|it| &it.outcomes) {
        let collector = outcome.collector.as_str();
        let paths = outcome.unsupported.iter();
        let missing = paths.filter(|path| reports.iter().all(|it| is_missing(it, collector, path)));
        lines.extend(
            missing.map(|path| format!("collector `{collector}`: no tested release has `{path}`")),
        );
    }
    match lines.is_empty() {
        true => Ok(String::new()),
        false => Err(lines.join("\n")),
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

/// The guest itself did not fail, and each of these collectors that sent requests noticed.
fn withstood(
    collected: &Result<Collected, String>,
    must_notice: impl Fn(&str) -> bool,
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
    let mut failures = outcomes.iter().flat_map(|it| &it.failures);
    Ok(failures.next().map(failure_text).unwrap_or_default())
}

/// The longest that a test waits for a server that does not answer.
const PATIENCE: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::Traffic;
    use crate::guest::Report;

    fn collected(requests: Option<u32>, sent: u64) -> Result<Collected, String> {
        let outcome = Outcome {
            collector: "jobs".to_owned(),
            requests,
            ..Outcome::default()
        };
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
    fn a_path_that_no_release_has_is_found() {
        let report = |unsupported: &[&str]| {
            let mut report = collected(None, 0).unwrap().report;
            let paths = unsupported.iter().map(|path| (*path).to_owned());
            report.outcomes[0].unsupported = paths.collect();
            report
        };
        let said = endpoints_exist(&[report(&["/a", "/b"]), report(&["/b"])]);
        let why = "collector `jobs`: no tested release has `/b`";
        assert_eq!(said, Err(why.to_owned()));
        assert!(endpoints_exist(&[report(&["/a"]), report(&["/b"])]).is_ok());
    }

    #[test]
    fn a_collector_that_hides_a_failure_of_the_server_is_found() {
        let withstood = |collected, noticed| withstood(&collected, |_| noticed);
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
}
