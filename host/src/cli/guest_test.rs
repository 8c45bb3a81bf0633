//! Test a guest of any language against simulated NetBackup servers.
//!
//! The same for every guest: it must collect from each release without a dropped
//! series, answer the same twice, read all pages, continue from its own state, and report
//! every failure of the server with its reason and without failing itself.

mod bed;
mod changes;
mod endpoints;
mod families;
mod faults;
mod plan;
mod results;
mod state;
mod subject;
mod verdicts;

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use simulator::{Fault, Release};

use self::bed::{SHORT_PAGE, TestBed};
use self::faults::{Sound, fault_tests, standard_faults};
use self::plan::TestPlan;
use self::results::Results;
use self::state::{state_tests, states};
use self::subject::TestSubject;
use self::verdicts::{Collection, complete, continued, same};
use super::check::refused;
use super::inspect::load_patiently;
use super::report_difference::ReportDifference;
use super::{print, replace, replayed};
use crate::app::ExitError;
use crate::bundle::Bundle;
use crate::guest::{Engine, Guest};
use crate::swap::GuestFile;
use crate::telemetry::Handle;

/// Flags of the command.
pub(super) struct TestOptions<'a> {
    /// Only this release.
    pub(super) release: Option<&'a str>,
    /// Only these faults, in the simulator's notation.
    pub(super) faults: &'a [String],
    /// Values of options, as `COLLECTOR.OPTION=VALUE`.
    pub(super) options: &'a [String],
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
    let subject = TestSubject::new(&guest, &plan.options);
    for release in &plan.releases {
        if !simulated(&subject, *release, &plan, &mut results).await? {
            return results.finish();
        }
    }
    if let Some((path, bundle)) = &plan.bundle {
        bundle_tests(&guest, path, bundle, &mut results).await?;
    }
    if let (Some(golden), Some(newest)) = (options.golden, plan.releases.last()) {
        let bed = TestBed::start_golden(&subject, *newest).await;
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

/// The tests on one release. `false` if the guest rejects its settings: the exporter would
/// not run it.
async fn simulated(
    subject: &TestSubject<'_>,
    release: Release,
    plan: &TestPlan<'_>,
    results: &mut Results<'_>,
) -> Result<bool, ExitError> {
    let bed = TestBed::start(subject, release).await.map_err(unstarted)?;
    let checked = bed.check().await;
    let is_accepted = checked.is_ok();
    results.add(&format!("{}: check", bed.release), || checked);
    if !is_accepted {
        return Ok(false);
    }
    let probed = bed.probe().await;
    let is_probed = probed.is_ok();
    results.add(&format!("{}: probe", bed.release), || probed);
    if !matches!(Release::ALL.as_slice(), [.., newest] if *newest == release) {
        changes::downgrade(&bed, results).await;
    }
    let lacking = sound_tests(&bed, results).await;
    let sound = Sound { is_probed, lacking };
    if plan.faults.is_empty() {
        fault_tests(&bed, standard_faults(), &sound, results).await;
        endpoint_tests(&bed, results).await;
    } else {
        fault_tests(&bed, plan.faults.iter().cloned(), &sound, results).await;
    }
    if Some(&release) == plan.releases.last() {
        let tested = newest_tests(subject, &bed, release, results).await;
        tested.map_err(unstarted)?;
    }
    Ok(true)
}

/// The tests that are the same for all releases.
async fn newest_tests(
    subject: &TestSubject<'_>,
    bed: &TestBed<'_>,
    release: Release,
    results: &mut Results<'_>,
) -> io::Result<()> {
    results.add("declared endpoints", || endpoints::declared(bed));
    let still = TestBed::start_golden(subject, release).await?;
    let whole = still.collect(Vec::new()).await;
    let short = TestBed::start_short(subject, release).await?;
    let pages = short.collect(Vec::new()).await;
    let name = format!("{}: pages of {SHORT_PAGE} rows", bed.release);
    let cause = "shorter pages give other values: does the collector read all pages?";
    results.add(&name, || same(&whole, &pages, cause));
    changes::later_pages(&short, results).await;
    if let Some(plain) = subject.plain() {
        let plain = TestBed::start_golden(&plain, release).await?;
        let plain = plain.collect(Vec::new()).await;
        results.add("options", || Ok(effect(&plain, &whole)));
    }
    results.add("declared families", || {
        families::declared(subject.guest, &whole)
    });
    results.add("highlights", || families::highlights(subject.guest, &whole));
    changes::wrong_base_path(bed, results).await;
    changes::busy(subject, release, results).await?;
    state_tests(&still, results).await;
    changes::news(subject, release, &whole, results).await
}

/// What the chosen options change.
fn effect(plain: &Collection, chosen: &Collection) -> String {
    let sent = |it: &Collection| it.as_ref().map_or(0, |it| it.traffic.sent);
    let words = match (sent(plain) == sent(chosen), same(plain, chosen, "")) {
        (true, Ok(_)) => "they change neither requests nor values",
        (false, Ok(_)) => "they change the requests",
        (_, Err(_)) => "they change the values",
    };
    words.to_owned()
}

/// The tests without a fault. Returns the paths that the guest finds unsupported.
async fn sound_tests(bed: &TestBed<'_>, results: &mut Results<'_>) -> Vec<String> {
    let name = |test: &str| format!("{}: {test}", bed.release);
    let first = bed.collect(Vec::new()).await;
    results.add(&name("collect"), || complete(&first));
    let second = bed.collect(Vec::new()).await;
    let cause = "the server has not changed: does a value depend on a clock or on chance?";
    results.add(&name("the same again"), || same(&first, &second, cause));
    let state = first.as_ref().map_or_else(|_| Vec::new(), states);
    let resumed = bed.collect(state).await;
    results.add(&name("continue from its state"), || {
        continued(&first, &resumed)
    });
    let outcomes = first.iter().flat_map(|it| &it.report.outcomes);
    outcomes.flat_map(|it| it.unsupported.clone()).collect()
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
            results.add(&name, || endpoints::failed(&collected, &collectors, path));
        }
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
