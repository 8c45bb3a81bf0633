//! The histogram of job durations.

use std::time::Duration;

use simulator::{Clock, Estate, Job};
use tests::{Exposition, Sample};

use super::at;

const NAME: &str = "nbu_job_duration_seconds";

/// The buckets of a status class in the order of their bounds, as (bound, count).
fn buckets(exposition: &Exposition, class: &str) -> Vec<(f64, f64)> {
    let bound = |sample: &Sample| sample.labels["le"].parse::<f64>().unwrap();
    let series = exposition.all(&format!("{NAME}_bucket"), &[("status_class", class)]);
    let mut buckets: Vec<_> = series.iter().map(|it| (bound(it), it.value)).collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    buckets
}

fn sum(exposition: &Exposition) -> f64 {
    exposition.sum(&format!("{NAME}_sum"), &[("status_class", "ok")])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_histogram_of_durations_only_grows() {
    let clock = Clock::manual(Clock::System.now());
    let now = clock.now();
    let minute = Duration::from_secs(60);
    let mut estate = Estate::empty();
    let end = now + minute;
    for (id, seconds, status) in [
        (1, 30, 0),
        (2, 60, 0),
        (3, 100, 0),
        (4, 4_000, 0),
        (5, 100_000, 0),
        (6, 5, 96),
    ] {
        let start = end - Duration::from_secs(seconds);
        estate.add_job(Job::new(id, start).done(start, end, status));
    }
    estate.add_job(Job::new(7, now + minute).done(now + minute, now + 3 * minute, 0));
    let (_simulator, bench) = at(&clock, estate).await;

    clock.advance(2 * minute);
    let counted = |e: &Exposition| e.sum(&format!("{NAME}_count"), &[]) == 6.0;
    let before = bench.until("six jobs are done", counted).await;
    let counts = |class| -> Vec<f64> {
        let buckets = buckets(&before, class).into_iter();
        buckets.map(|(_, count)| count).collect()
    };
    let ok = [
        0., 1., 2., 3., 3., 3., 3., 3., 4., 4., 4., 4., 5., 5., 5., 5.,
    ];
    assert_eq!(counts("ok"), ok);
    assert_eq!(
        counts("failed"),
        [1.0; 16],
        "a failure is not a short success"
    );
    let bounds: Vec<_> = buckets(&before, "ok").iter().map(|it| it.0).collect();
    assert_eq!(
        (bounds[0], bounds[14], bounds[15]),
        (10.0, 604_800.0, f64::INFINITY)
    );
    assert_eq!(sum(&before), 104_190.0);

    clock.advance(2 * minute);
    let grown = |e: &Exposition| e.sum(&format!("{NAME}_count"), &[]) == 7.0;
    let after = bench.until("another job is done", grown).await;
    assert_eq!(sum(&after), 104_310.0);
    let (before, after) = (buckets(&before, "ok"), buckets(&after, "ok"));
    assert!(before.iter().zip(&after).all(|(b, a)| b.1 <= a.1));
    assert!(after.is_sorted_by(|a, b| a.1 <= b.1));
}
