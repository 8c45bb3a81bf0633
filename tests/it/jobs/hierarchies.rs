//! Jobs in three levels: each leaf and each parent is counted once, and so is each
//! attempt that NetBackup repeats.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use simulator::{Clock, Estate, Figures, Finished, Simulator};
use tests::Exposition;

use super::{Table, at, rounds, table};

const MINUTE: Duration = Duration::from_secs(60);
const LABELS: [&str; 3] = ["action", "policy_type", "status"];

/// The facts of what ended after the first collection.
struct Facts {
    leaves: Table,
    parents: Table,
    requeued: Table,
}

impl Facts {
    fn of(simulator: &Simulator, baseline: Timestamp) -> Self {
        let truth = simulator.truth();
        let later = baseline + Duration::from_nanos(1)..=truth.now();
        let requeued = truth.requeued(later.clone()).into_iter();
        let requeued = requeued.map(|((kind, policy), count)| (vec![kind, policy], count as f64));
        Self {
            leaves: finished(truth.finished(later.clone())),
            parents: finished(truth.finished_parents(later)),
            requeued: requeued.collect(),
        }
    }

    /// How many of these ended with one of the statuses.
    fn count(figures: &Table, action: &str, policy: &str, statuses: &[&str]) -> f64 {
        let matches = |labels: &[String]| {
            labels[0] == action && labels[1] == policy && statuses.contains(&&*labels[2])
        };
        let found = figures.iter().filter(|(labels, _)| matches(labels));
        found.map(|(_, count)| count).sum()
    }
}

fn finished(facts: BTreeMap<Finished, Figures>) -> Table {
    let row = |(key, figures): (Finished, Figures)| {
        let status = key.status.map_or("unknown".to_owned(), |it| it.to_string());
        (
            vec![key.job_type, key.policy_type, status],
            figures.count as f64,
        )
    };
    facts.into_iter().map(row).collect()
}

fn counted(page: &Exposition) -> [Table; 3] {
    [
        table(page, "nbu_jobs_finished_total", &LABELS),
        table(page, "nbu_parent_jobs_finished_total", &LABELS),
        table(page, "nbu_jobs_requeued_total", &LABELS[..2]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn leaves_parents_and_repeated_attempts_of_every_hierarchy_are_counted_once() {
    let clock = Clock::manual(Clock::System.now());
    let baseline = clock.now();
    let (simulator, bench) = at(&clock, Estate::lively(3, baseline)).await;
    // A collection every five minutes, for five hours.
    for _ in 0..60 {
        clock.advance(5 * MINUTE);
        rounds(&simulator, &bench, 2).await;
    }
    let facts = Facts::of(&simulator, baseline);
    let all = |page: &Exposition| {
        let [leaves, parents, requeued] = counted(page);
        leaves == facts.leaves && parents == facts.parents && requeued == facts.requeued
    };
    rounds(&simulator, &bench, 2).await;
    let page = bench.scrape().await;
    if !all(&page) {
        let [leaves, parents, requeued] = counted(&page);
        assert_eq!(leaves, facts.leaves, "leaves");
        assert_eq!(parents, facts.parents, "parents");
        assert_eq!(requeued, facts.requeued, "requeued");
    }
    for (figures, action, policy, statuses, what) in [
        (
            &facts.leaves,
            "SNAPSHOT",
            "VMWARE",
            &["156"][..],
            "failed snapshots",
        ),
        (&facts.leaves, "BACKUP", "VMWARE", &["0"], "machines"),
        (
            &facts.parents,
            "SNAPSHOT",
            "VMWARE",
            &["0"],
            "good snapshots",
        ),
        (
            &facts.parents,
            "BACKUP",
            "OBACKUP",
            &["6"],
            "failed scripts over good streams",
        ),
        (
            &facts.leaves,
            "BACKUP",
            "OBACKUP",
            &["29"],
            "scripts that did not start",
        ),
        (
            &facts.parents,
            "BACKUP",
            "OBACKUP",
            &["29"],
            "roots of those",
        ),
        (
            &facts.parents,
            "BACKUP",
            "SQL_SERVER",
            &["6"],
            "failed scripts over good streams",
        ),
    ] {
        assert!(
            Facts::count(figures, action, policy, statuses) > 0.0,
            "{what}"
        );
    }
    assert!(facts.requeued.values().sum::<f64>() >= 5.0);
}
