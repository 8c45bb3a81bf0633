//! Tests with a server that changes between two collections.

use std::collections::BTreeMap;
use std::io;

use simulator::{Fault, RETRY_AFTER, Release, Request};

use super::bed::TestBed;
use super::endpoints;
use super::faults::PING;
use super::results::Results;
use super::state::{STILL, outages_with_news, states, steady};
use super::subject::TestSubject;
use super::verdicts::{Collection, Verdict, complete, continued, nothing_is_lacking, noticed};
use crate::cli::replayed::keep_states;
use crate::guest::{DeclaredKind, FailureReason, SavedState, failure_text};
use crate::metrics;

/// What may be left of the seconds to wait, since only the clock of the guest goes on. A
/// minute is what a guest may have without reading them.
const LEFT: std::ops::RangeInclusive<u64> = 75..=RETRY_AFTER as u64 + 1;

/// What happens in the days after the first collection is counted.
pub(super) async fn news(
    subject: &TestSubject<'_>,
    release: Release,
    first: &Collection,
    results: &mut Results<'_>,
) -> io::Result<()> {
    let saved = first.as_ref().map_or_else(|_| Vec::new(), states);
    if saved.is_empty() {
        return Ok(());
    }
    let later = TestBed::start_later(subject, release).await?;
    let fresh = later.collect(Vec::new()).await;
    let resumed = later.collect(saved.clone()).await;
    // A counter may show a new series as 0 first, so that `increase()` sees the change.
    let mut states = saved.clone();
    let settled = next(&later, &mut states, &resumed).await;
    let again = next(&later, &mut states, &settled).await;
    let name = format!("{}: new rows are counted", later.release);
    let declared = subject.guest.manifest().collectors.iter();
    let counters = declared
        .flat_map(|it| &it.families)
        .filter(|it| it.kind == DeclaredKind::Counter);
    let counters: Vec<_> = counters.map(|it| it.name.as_str()).collect();
    results.add(&name, || counted(&counters, first, &fresh, &resumed));
    results.add(&format!("{}: and counted once", later.release), || {
        continued(&resumed, &settled)?;
        steady(&settled, &again, STILL)
    });
    outages_with_news(&later, first, &saved, &resumed, results).await;
    Ok(())
}

/// The collection after this one, which began with these states.
async fn next(
    bed: &TestBed<'_>,
    states: &mut Vec<SavedState>,
    collected: &Collection,
) -> Collection {
    if let Ok(collected) = collected {
        keep_states(states, &collected.report);
    }
    bed.collect(states.clone()).await
}

/// A collector that counts the rows of a first collection also counts those that are new
/// in a later one. `first` and `resumed` follow each other, and `fresh` has no state.
/// `counters` are the declared ones.
fn counted(
    counters: &[&str],
    first: &Collection,
    fresh: &Collection,
    resumed: &Collection,
) -> Verdict {
    let figures = complete(resumed)?;
    let [first, fresh, resumed] = [first, fresh, resumed].map(totals);
    let (mut problems, mut still) = (Vec::new(), Vec::new());
    for &family in counters {
        let of = |totals: &BTreeMap<String, f64>| totals.get(family).copied().unwrap_or(0.0);
        let (first, fresh, resumed) = (of(&first), of(&fresh), of(&resumed));
        if fresh > 0.0 && resumed <= first {
            problems.push(format!(
                "counter `{family}` counts rows in a first collection, and none of those that are \
                 new in a later one"
            ));
        } else if resumed < fresh {
            problems.push(format!(
                "counter `{family}` is {resumed} in a collection that continues, and {fresh} in \
                 one without a state: not all new rows are counted"
            ));
        } else if resumed <= first {
            still.push(family);
        }
    }
    match (problems.as_slice(), still.as_slice()) {
        ([], []) => Ok(figures),
        ([], still) => Ok(format!("{figures}; not grown: {}", still.join(", "))),
        (problems, _) => Err(problems.join("\n")),
    }
}

/// The sum of each counter.
fn totals(collection: &Collection) -> BTreeMap<String, f64> {
    let outcomes = collection.iter().flat_map(|it| &it.report.outcomes);
    let mut totals = BTreeMap::new();
    for (series, value) in metrics::counts(outcomes.flat_map(|it| &it.families)) {
        let family = series.split('{').next().unwrap_or_default();
        *totals.entry(family.to_owned()).or_default() += value;
    }
    totals
}

/// The second page of a list fails, or is the first again. `bed` has short pages, and was
/// read once.
pub(super) async fn later_pages(bed: &TestBed<'_>, results: &mut Results<'_>) {
    let requests = bed.simulator.requests().all();
    let is_read = |path: &str, later: fn(&Request) -> bool| {
        let mut pages = requests.iter().filter(|it| it.is(path));
        pages.any(later)
    };
    for (path, collectors) in bed.lists() {
        if is_read(path, Request::is_later_page) {
            let faults = bed.simulator.faults();
            faults.set_on_later_pages(path, Fault::Status(500));
            let collected = bed.collect(Vec::new()).await;
            faults.clear();
            let name = format!("{}: 500 on later pages of {path}", bed.release);
            results.add(&name, || endpoints::failed(&collected, &collectors, path));
        }
        if is_read(path, Request::is_continued) {
            bed.simulator.faults().set_on(path, Fault::RepeatCursor);
            let collected = bed.collect(Vec::new()).await;
            bed.simulator.faults().clear();
            let name = format!("{}: a repeated cursor on {path}", bed.release);
            results.add(&name, || noticed(&collected, &collectors, &["too-long"]));
        }
    }
}

/// The version of a newer server is not kept for ever.
pub(super) async fn downgrade(bed: &TestBed<'_>, results: &mut Results<'_>) {
    let newest = Release::ALL.map(Release::newest_api_version);
    let newest = newest.into_iter().next_back();
    let first = bed.collect_in(newest).await;
    let second = match first {
        Ok(first) => bed.collect_in(first.report.api_version).await,
        Err(fault) => Err(fault),
    };
    let name = format!("{}: after a downgrade of the server", bed.release);
    results.add(&name, || {
        complete(&second).map_err(|why| {
            format!("{why}\nafter 406, report no API version, so that the next call detects it")
        })
    });
}

/// The base path of the site is wrong, and the guest knows the version from before.
pub(super) async fn wrong_base_path(bed: &TestBed<'_>, results: &mut Results<'_>) {
    let known = bed.collect(Vec::new()).await;
    let version = known.ok().and_then(|it| it.report.api_version);
    bed.simulator.faults().set(Fault::NotFound);
    let collected = bed.collect_in(version).await;
    bed.simulator.faults().clear();
    let name = format!("{}: 404 to everything after a collection", bed.release);
    results.add(&name, || nothing_is_lacking(&collected));
}

/// A busy server says how long to wait.
pub(super) async fn busy(
    subject: &TestSubject<'_>,
    release: Release,
    results: &mut Results<'_>,
) -> io::Result<()> {
    let bed = TestBed::start(subject, release).await?;
    bed.simulator.faults().set_except(PING, Fault::Status(503));
    let collected = bed.collect(Vec::new()).await;
    results.add(&format!("{}: Retry-After", bed.release), || {
        let collected = collected?;
        let outcomes = collected.report.outcomes.iter();
        let mut failures = outcomes.flat_map(|it| &it.failures);
        let is_wrong = |reason: &FailureReason| match reason {
            FailureReason::Busy(Some(seconds)) => !LEFT.contains(seconds),
            _ => true,
        };
        match failures.find(|it| is_wrong(&it.reason)) {
            Some(wrong) => Err(format!(
                "{}\nthe server asks to wait for {RETRY_AFTER} s",
                failure_text(wrong)
            )),
            None => Ok(String::new()),
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::guest_test::verdicts::tests::with_outcome;
    use crate::guest::Outcome;
    use crate::metrics::{Family, Point, Samples};

    fn counter(value: f64) -> Collection {
        let point = Point {
            label_values: Vec::new(),
            value,
        };
        let outcome = Outcome {
            collector: "jobs".to_owned(),
            families: vec![Family {
                name: "nbu_jobs_total".to_owned(),
                help: String::new(),
                labels: Vec::new(),
                samples: Samples::Counter(vec![point]),
            }],
            state: Some(SavedState {
                collector: "jobs".to_owned(),
                version: 1,
                bytes: Vec::new(),
            }),
            ..Outcome::default()
        };
        with_outcome(outcome, 1)
    }

    #[test]
    fn a_counter_that_only_counts_in_its_first_collection_is_found() {
        let counted = |first, fresh, resumed| {
            let [first, fresh, resumed] = [first, fresh, resumed].map(counter);
            counted(&["nbu_jobs_total"], &first, &fresh, &resumed)
        };
        let said = counted(7.0, 5.0, 7.0).unwrap_err();
        assert!(
            said.starts_with("counter `nbu_jobs_total` counts rows in a first collection, and")
        );
        let said = counted(7.0, 9.0, 8.0).unwrap_err();
        assert!(
            said.contains("is 8 in a collection that continues, and 9"),
            "{said}"
        );
        let grown = counted(7.0, 5.0, 12.0).unwrap();
        assert!(!grown.contains("not grown"), "{grown}");
        // One whose first collection is a baseline may count nothing.
        let still = counted(0.0, 0.0, 0.0).unwrap();
        assert!(still.ends_with("; not grown: nbu_jobs_total"), "{still}");
    }
}
