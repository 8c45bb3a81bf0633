//! Detects regressions in a successful trial. Pure functions.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use bytesize::ByteSize;

use super::baseline::Served;
use crate::guest::{Collected, Outcome};
use crate::metrics::FallenCounter;
use crate::swap::settings::Canary;

/// A way in which a trial is worse than what is served.
#[derive(Clone, Debug, PartialEq)]
pub enum Regression {
    /// A served family is missing.
    Lost {
        /// Its collector.
        collector: String,
        /// Its name.
        family: String,
        /// Its number of series on the page.
        before: usize,
    },
    /// Counters are lower than on the page, or missing.
    Counters {
        /// Their collector.
        collector: String,
        /// One of them, with its family.
        example: FallenCounter,
        /// The number of series of this family.
        series: usize,
    },
    /// A collector reports far more series.
    Series {
        /// The collector.
        collector: String,
        /// Number on the page.
        before: usize,
        /// Number in the trial.
        after: usize,
    },
    /// The collection takes far longer.
    Time {
        /// The last collection of the running guest.
        before: Duration,
        /// The trial.
        after: Duration,
    },
    /// The collection uses far more memory, in bytes.
    Memory {
        /// The last collection of the running guest.
        before: u64,
        /// The trial.
        after: u64,
    },
}

impl fmt::Display for Regression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost {
                collector,
                family,
                before,
            } => write!(
                f,
                "family `{family}` of `{collector}` is missing, {before} series before"
            ),
            Self::Counters {
                collector,
                example,
                series,
            } => write!(
                f,
                "family `{}` of `{collector}` lost the counts of {series} series, \
                 such as: {example}",
                example.family
            ),
            Self::Series {
                collector,
                before,
                after,
            } => write!(f, "`{collector}` has {after} series, {before} before"),
            Self::Time { before, after } => write!(
                f,
                "the collection took {:.1} s, {:.1} s before",
                after.as_secs_f64(),
                before.as_secs_f64()
            ),
            Self::Memory { before, after } => {
                let (after, before) = (ByteSize(*after), ByteSize(*before));
                write!(f, "the collection used {after} of memory, {before} before")
            }
        }
    }
}

/// Finds all regressions.
pub(super) fn find(
    served: &Served,
    collected: &Collected,
    took: Duration,
    canary: &Canary,
) -> Vec<Regression> {
    let outcomes = &collected.report.outcomes;
    let names = outcomes.iter().flat_map(|outcome| &outcome.families);
    let reported: BTreeSet<_> = names.map(|family| family.name.as_str()).collect();
    let mut worse = Vec::new();
    // Failures are judged elsewhere.
    for outcome in outcomes.iter().filter(|outcome| outcome.succeeded()) {
        worse.extend(lost(served, outcome, &reported));
        worse.extend(more_series(served, outcome, canary));
    }
    if let Some(before) = served.took
        && let (earlier, now) = (before.as_secs_f64(), took.as_secs_f64())
        && canary.seconds.exceeded(earlier, now)
    {
        let after = took;
        worse.push(Regression::Time { before, after });
    }
    if let Some(before) = served.peak_memory
        && let after = collected.peak_memory
        && canary.memory.exceeded(before as f64, after as f64)
    {
        worse.push(Regression::Memory { before, after });
    }
    worse
}

/// The served families of the collector that the trial did not report.
fn lost(served: &Served, outcome: &Outcome, reported: &BTreeSet<&str>) -> Vec<Regression> {
    let families = served.families.iter();
    let gone = families.filter(|it| {
        let name = it.rendered.header().name.as_str();
        it.collector == outcome.collector && !reported.contains(name)
    });
    let lost = gone.map(|family| Regression::Lost {
        collector: family.collector.clone(),
        family: family.rendered.header().name.clone(),
        before: family.rendered.series(),
    });
    lost.collect()
}

fn more_series(served: &Served, outcome: &Outcome, canary: &Canary) -> Option<Regression> {
    let families = served.families.iter();
    let own = families.filter(|family| family.collector == outcome.collector);
    let before: usize = own.map(|family| family.rendered.series()).sum();
    let after: usize = outcome.families.iter().map(|family| family.series()).sum();
    // There is nothing to compare with if the collector failed until now.
    let known = before > 0;
    let grown = known && canary.series.exceeded(before as f64, after as f64);
    grown.then(|| Regression::Series {
        collector: outcome.collector.clone(),
        before,
        after,
    })
}

#[cfg(test)]
mod tests;
