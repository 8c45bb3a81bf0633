//! Tests of counters and the saved state, on a server whose time stands still.

use std::collections::HashMap;

use simulator::{Estate, Fault};

use super::bed::TestBed;
use super::faults::PING;
use super::results::Results;
use super::verdicts::{Collection, Verdict, complete, continued, shortened};
use crate::cli::replayed::keep_states;
use crate::guest::{Collected, SavedState};
use crate::metrics;

/// What the server answers meanwhile, to all requests but one.
const OUTAGES: [(&str, Fault); 3] = [
    ("500", Fault::Status(500)),
    ("404", Fault::NotFound),
    ("no connection", Fault::Down),
];

/// The tests of a guest that has counters or saves a state. They leave the server empty.
pub(super) async fn state_tests(bed: &TestBed<'_>, results: &mut Results<'_>) {
    let first = bed.collect(Vec::new()).await;
    let saved = first.as_ref().map_or_else(|_| Vec::new(), states);
    if !saved.is_empty() {
        unusable_states(bed, &saved, results).await;
    }
    let mut add = |name: &str, result| results.add(&format!("{}: {name}", bed.release), || result);
    if !counts(&first).is_empty() {
        let again = bed.collect(saved.clone()).await;
        add("nothing new is counted", steady(&first, &again, STILL));
        let mut outages = Vec::new();
        for (name, path, fault) in failing(bed, &first) {
            let states = after_outage(bed, &saved, path, fault).await;
            let counted = steady(&first, &resumed(bed, &states).await, STILL);
            outages.push((name, states, counted));
        }
        let restarted = bed.collect_restarted(saved.clone()).await;
        let restarted = steady(&first, &restarted, STILL);
        // A guest that counts again what it reads now shows less.
        bed.simulator.change(Estate::purge);
        for (name, states, counted) in outages {
            let purged = resumed(bed, &states).await;
            let kept = continued(&first, &purged);
            add(&format!("continue after {name}"), counted.and(kept));
        }
        let purged = bed.collect_restarted(saved.clone()).await;
        let kept = continued(&first, &purged);
        add("continue after a restart", restarted.and(kept));
        let mut states = saved;
        let purged = bed.collect(states.clone()).await;
        let once = continued(&first, &purged);
        if let Ok(collected) = &purged {
            keep_states(&mut states, &collected.report);
        }
        let twice = continued(&first, &bed.collect(states).await);
        add("continue after old jobs are deleted", once.and(twice));
    }
    bed.simulator.change(|estate| *estate = Estate::empty());
    add("an empty server", complete(&bed.collect(Vec::new()).await));
}

async fn unusable_states(bed: &TestBed<'_>, saved: &[SavedState], results: &mut Results<'_>) {
    let mut add = |name: &str, result| results.add(&format!("{}: {name}", bed.release), || result);
    let other = changed(saved, |it| {
        it.version = it.version.checked_sub(1).unwrap_or(1);
    });
    let collected = bed.collect(other).await;
    add("a state of another version", complete(&collected));
    let unusable = changed(saved, |it| it.bytes = b"\xffnot a state".to_vec());
    let collected = bed.collect(unusable).await;
    add("an unusable state", complete(&collected));
}

/// The outages of all lists, and of each list of a collector that has several and a state.
fn failing<'b>(bed: &'b TestBed<'_>, first: &Collection) -> Vec<(String, Option<&'b str>, Fault)> {
    let whole = OUTAGES.map(|(name, fault)| (name.to_owned(), None, fault));
    let lists = bed.lists().into_iter();
    let single = lists.filter(|(_, collectors)| {
        let has_state = |name: &&str| {
            let mut outcomes = first.iter().flat_map(|it| &it.report.outcomes);
            outcomes.any(|it| it.collector == **name && it.state.is_some())
        };
        collectors
            .iter()
            .any(|it| has_state(it) && bed.has_lists(it))
    });
    let single = single.map(|(path, _)| {
        let name = format!("500 on {path}");
        (name, Some(path), Fault::Status(500))
    });
    whole.into_iter().chain(single).collect()
}

/// The states after a collection in which one list failed, or all.
async fn after_outage(
    bed: &TestBed<'_>,
    saved: &[SavedState],
    path: Option<&str>,
    fault: Fault,
) -> Result<Vec<SavedState>, String> {
    let mut states = saved.to_vec();
    match path {
        Some(path) => bed.simulator.faults().set_on(path, fault),
        None => bed.simulator.faults().set_except(PING, fault),
    }
    let failed = bed.collect(states.clone()).await;
    bed.simulator.faults().clear();
    keep_states(&mut states, &failed?.report);
    Ok(states)
}

async fn resumed(bed: &TestBed<'_>, states: &Result<Vec<SavedState>, String>) -> Collection {
    bed.collect(states.clone()?).await
}

/// The states that the collectors return.
pub(super) fn states(collected: &Collected) -> Vec<SavedState> {
    let outcomes = collected.report.outcomes.iter();
    outcomes.filter_map(|it| it.state.clone()).collect()
}

/// The counters by their series.
fn counts(collected: &Collection) -> HashMap<String, f64> {
    let outcomes = collected.iter().flat_map(|it| &it.report.outcomes);
    metrics::counts(outcomes.flat_map(|it| &it.families))
}

fn changed(saved: &[SavedState], change: impl Fn(&mut SavedState)) -> Vec<SavedState> {
    let mut saved = saved.to_vec();
    saved.iter_mut().for_each(change);
    saved
}

/// Why no counter may change.
pub(super) const STILL: &str = "nothing has happened on the server meanwhile";

/// A collection in which lists fail changes nothing, also if rows come meanwhile: the next
/// one counts what it counts without the failure, as in `sound`.
pub(super) async fn outages_with_news(
    bed: &TestBed<'_>,
    first: &Collection,
    saved: &[SavedState],
    sound: &Collection,
    results: &mut Results<'_>,
) {
    let cause = "rows came while the list failed: expected what is counted without the failure";
    for (name, path, fault) in failing(bed, first) {
        let states = after_outage(bed, saved, path, fault).await;
        let counted = steady(sound, &resumed(bed, &states).await, cause);
        results.add(&format!("{}: new rows after {name}", bed.release), || {
            counted
        });
    }
}

/// No counter has fallen or grown. `cause` says why none may.
pub(super) fn steady(first: &Collection, again: &Collection, cause: &str) -> Verdict {
    let figures = continued(first, again)?;
    let before = counts(first);
    let grown = counts(again).into_iter();
    let mut grown: Vec<_> = grown
        .filter_map(|(series, after)| {
            let before = before.get(&series).copied().unwrap_or_default();
            (after > before).then(|| format!("counter `{series}` grew from {before} to {after}"))
        })
        .collect();
    grown.sort();
    match grown.is_empty() {
        true => Ok(figures),
        false => Err(format!("{}\n{cause}", shortened(&grown))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::guest_test::verdicts::tests::with_outcome;
    use crate::guest::Outcome;
    use crate::metrics::{Family, Point, Samples};

    fn collected(value: f64) -> Collection {
        let point = Point {
            label_values: Vec::new(),
            value,
        };
        let family = Family {
            name: "a_total".to_owned(),
            help: String::new(),
            labels: Vec::new(),
            samples: Samples::Counter(vec![point]),
        };
        let outcome = Outcome {
            collector: "jobs".to_owned(),
            families: vec![family],
            ..Outcome::default()
        };
        with_outcome(outcome, 1)
    }

    #[test]
    fn a_counter_that_counts_the_same_again_is_found() {
        assert!(steady(&collected(2.0), &collected(2.0), STILL).is_ok());
        let said = steady(&collected(2.0), &collected(4.0), STILL).unwrap_err();
        assert!(
            said.starts_with("counter `a_total` grew from 2 to 4\n"),
            "{said}"
        );
        assert!(steady(&collected(2.0), &collected(1.0), STILL).is_err());
    }
}
