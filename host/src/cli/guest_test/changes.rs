//! Tests with a server that changes between two collections.

use std::collections::BTreeMap;
use std::io;

use simulator::{Fault, RETRY_AFTER, Release};

use super::bed::TestBed;
use super::faults::PING;
use super::results::Results;
use super::state::states;
use super::subject::TestSubject;
use super::verdicts::{Collection, Verdict, complete, noticed};
use crate::guest::{FailureReason, Outcome, failure_text};
use crate::metrics;

/// What may be left of the seconds to wait, since only the clock of the guest goes on.
const LEFT: std::ops::RangeInclusive<u64> = 75..=RETRY_AFTER as u64 + 1;

/// The parameter of a list by cursor.
const CURSOR: &str = "page[after]";

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
    let resumed = later.collect(saved).await;
    let name = format!("{}: new rows are counted", later.release);
    results.add(&name, || counted(first, &fresh, &resumed));
    Ok(())
}

/// A collector that counts the rows of a first collection also counts those that are new
/// in a later one. `first` and `resumed` follow each other, and `fresh` has no state.
fn counted(first: &Collection, fresh: &Collection, resumed: &Collection) -> Verdict {
    let figures = complete(resumed)?;
    let total = |collection: &Collection, collector: &str| -> f64 {
        let outcomes = collection.iter().flat_map(|it| &it.report.outcomes);
        let named = outcomes.filter(|it| it.collector == collector);
        metrics::counts(named.flat_map(|it| &it.families))
            .values()
            .sum()
    };
    let saving = first.iter().flat_map(|it| &it.report.outcomes);
    let mut saving = saving.filter(|it| it.state.is_some());
    let frozen = saving.find(|Outcome { collector, .. }| {
        total(fresh, collector) > 0.0 && total(resumed, collector) <= total(first, collector)
    });
    match frozen {
        Some(Outcome { collector, .. }) => Err(format!(
            "collector `{collector}` counts rows in a first collection, and none of those that are \
             new in a later one"
        )),
        None => Ok(match still(first, resumed) {
            still if still.is_empty() => figures,
            still => format!("{figures}; not grown: {still}"),
        }),
    }
}

/// The counters that have the same values in both.
fn still(first: &Collection, later: &Collection) -> String {
    let totals = |collection: &Collection| {
        let outcomes = collection.iter().flat_map(|it| &it.report.outcomes);
        let mut totals = BTreeMap::<String, f64>::new();
        for (series, value) in metrics::counts(outcomes.flat_map(|it| &it.families)) {
            let family = series.split('{').next().unwrap_or_default();
            *totals.entry(family.to_owned()).or_default() += value;
        }
        totals
    };
    let before = totals(first);
    let grows = |(family, total): &(String, f64)| before.get(family).is_none_or(|it| it < total);
    let still = totals(later).into_iter().filter(|it| !grows(it));
    let names: Vec<_> = still.map(|(family, _)| family).collect();
    names.join(", ")
}

/// A list whose cursor leads to the same page for ever is given up. `bed` has short pages,
/// and was read once.
pub(super) async fn repeated_cursor(bed: &TestBed<'_>, results: &mut Results<'_>) {
    let requests = bed.simulator.requests().all();
    let continued = requests.iter().filter(|it| it.parameter(CURSOR).is_some());
    let is_continued = |path: &str| continued.clone().any(|it| it.is(path));
    for (path, collectors) in bed
        .lists()
        .into_iter()
        .filter(|(path, _)| is_continued(path))
    {
        bed.simulator.faults().set_on(path, Fault::RepeatCursor);
        let collected = bed.collect(Vec::new()).await;
        bed.simulator.faults().clear();
        let name = format!("{}: a repeated cursor on {path}", bed.release);
        results.add(&name, || noticed(&collected, &collectors, &["too-long"]));
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
    use crate::guest::SavedState;
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
        let frozen = counted(&counter(7.0), &counter(5.0), &counter(7.0));
        let said = frozen.unwrap_err();
        assert!(said.starts_with("collector `jobs` counts rows in a first collection, and none"));
        let grown = counted(&counter(7.0), &counter(5.0), &counter(12.0)).unwrap();
        assert!(!grown.contains("not grown"), "{grown}");
        // One whose first collection is a baseline may count nothing.
        let still = counted(&counter(0.0), &counter(0.0), &counter(0.0)).unwrap();
        assert!(still.ends_with("; not grown: nbu_jobs_total"), "{still}");
    }
}
