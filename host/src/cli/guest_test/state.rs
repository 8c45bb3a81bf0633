//! Tests of the saved state, on a server whose time stands still.

use std::collections::HashMap;

use simulator::Estate;

use super::bed::TestBed;
use super::results::Results;
use super::{complete, continued, states};
use crate::guest::{Collected, SavedState};
use crate::metrics;

/// The tests of a guest that has counters or saves a state.
pub(super) async fn state_tests(bed: &TestBed<'_>, results: &mut Results<'_>) {
    let first = bed.collect(Vec::new()).await;
    let saved = first.as_ref().map_or_else(|_| Vec::new(), states);
    let mut test = |name, result| results.add(&format!("{}: {name}", bed.release), || result);
    if !saved.is_empty() {
        let changed = changed(&saved, |it| {
            it.version = it.version.checked_sub(1).unwrap_or(1);
        });
        let collected = bed.collect(changed).await;
        test("a state of another version", complete(&collected));
        let changed = self::changed(&saved, |it| it.bytes = b"\xffnot a state".to_vec());
        let collected = bed.collect(changed).await;
        test("an unusable state", complete(&collected));
    }
    if !counts(&first).is_empty() {
        let again = bed.collect(saved.clone()).await;
        test("nothing new is counted", steady(&first, &again));
        // A guest that counts only what it reads now shows less.
        bed.simulator.change(|estate| *estate = Estate::empty());
        let emptied = bed.collect(saved).await;
        test("continue on an empty server", continued(&first, &emptied));
    }
}

/// The counters by their series.
fn counts(collected: &Result<Collected, String>) -> HashMap<String, f64> {
    let outcomes = collected.iter().flat_map(|it| &it.report.outcomes);
    metrics::counts(outcomes.flat_map(|it| &it.families))
}

fn changed(saved: &[SavedState], change: impl Fn(&mut SavedState)) -> Vec<SavedState> {
    let mut saved = saved.to_vec();
    saved.iter_mut().for_each(change);
    saved
}

/// No counter has grown, since nothing has happened on the server.
fn steady(
    first: &Result<Collected, String>,
    again: &Result<Collected, String>,
) -> Result<String, String> {
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
        false => Err(format!(
            "{}\nnothing has happened on the server since the first collection",
            grown.join("\n")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::guest_test::tests::with_outcome;
    use crate::guest::Outcome;
    use crate::metrics::{Family, Point, Samples};

    fn collected(value: f64) -> Result<Collected, String> {
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
        assert!(steady(&collected(2.0), &collected(2.0)).is_ok());
        let said = steady(&collected(2.0), &collected(4.0)).unwrap_err();
        assert!(
            said.starts_with("counter `a_total` grew from 2 to 4\n"),
            "{said}"
        );
        assert!(steady(&collected(2.0), &collected(1.0)).is_err());
    }
}
