//! Counters that a candidate loses, because it ignores the saved state or reads it wrongly.
//!
//! A counter may also fall or vanish for a good reason: NetBackup deleted what it counts,
//! or the settings changed after the page was made. The running guest then loses it too. So
//! a series counts only if the running guest still has it, with its own next input. The
//! page is older than the input of the trial, so a collection that ends meanwhile cannot
//! make a healthy candidate look worse.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::baseline::Served;
use super::regression::Regression;
use crate::guest::{Digest, Report};
use crate::metrics::{FallenCounter, Family, Kind, counts, fallen_counters};

/// A series of a collector that is lower in the trial than on the page.
pub(super) struct Suspect {
    pub(super) collector: String,
    counter: FallenCounter,
}

/// Compares the collectors that succeeded with what `running` reported. A family with
/// other labels is another one: its series cannot continue.
pub(super) fn suspects(served: &Served, running: Digest, trial: &Report) -> Vec<Suspect> {
    let mut suspects = Vec::new();
    for outcome in trial.outcomes.iter().filter(|it| it.succeeded()) {
        let reported: HashMap<_, _> = outcome
            .families
            .iter()
            .map(|it| (it.name.as_str(), labels(&it.labels)))
            .collect();
        let own = served.families.iter().filter(|it| {
            let header = it.rendered.header();
            it.guest == running
                && it.collector == outcome.collector
                && header.kind != Kind::Gauge
                && reported.get(header.name.as_str()) == Some(&labels(&header.labels))
        });
        let before: Vec<Family> = own.map(|it| it.rendered.read()).collect();
        let fallen = fallen_counters(&before, &outcome.families).into_iter();
        suspects.extend(fallen.map(|counter| Suspect {
            collector: outcome.collector.clone(),
            counter,
        }));
    }
    suspects
}

fn labels(names: &[String]) -> BTreeSet<&String> {
    names.iter().collect()
}

/// The suspects that the running guest still has, by family.
pub(super) fn confirmed(suspects: Vec<Suspect>, running: &Report) -> Vec<Regression> {
    let outcomes = running.outcomes.iter();
    let now: HashMap<&str, HashMap<String, f64>> = outcomes
        .map(|it| (it.collector.as_str(), counts(&it.families)))
        .collect();
    let mut families = BTreeMap::<_, (FallenCounter, usize)>::new();
    for Suspect { collector, counter } in suspects {
        let still = now.get(collector.as_str());
        let still = still.and_then(|it| it.get(&counter.series));
        if still.is_some_and(|it| *it >= counter.before) {
            let key = (collector, counter.family.clone());
            families.entry(key).or_insert((counter, 0)).1 += 1;
        }
    }
    let regression = |((collector, _), (example, series))| Regression::Counters {
        collector,
        example,
        series,
    };
    families.into_iter().map(regression).collect()
}

#[cfg(test)]
mod tests;
