//! The histogram of job durations.

use std::time::Duration;

use simulator::{Clock, Estate, Job};
use tests::{Exposition, Sample};

use super::at;

const NAME: &str = "nbu_job_duration_seconds";

/// The buckets in the order of their bounds, as (bound, count).
fn buckets(exposition: &Exposition) -> Vec<(f64, f64)> {
    let bound = |sample: &Sample| sample.labels["le"].parse::<f64>().unwrap();
    let series = exposition.all(&format!("{NAME}_bucket"), &[]);
    let mut buckets: Vec<_> = series.iter().map(|it| (bound(it), it.value)).collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    buckets
}

fn sum(exposition: &Exposition) -> f64 {
    exposition.sum(&format!("{NAME}_sum"), &[])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_histogram_of_durations_only_grows() {
    let clock = Clock::manual(Clock::System.now());
    let now = clock.now();
    let minute = Duration::from_secs(60);
    let mut estate = Estate::empty();
    for (id, seconds) in [(1, 30), (2, 60), (3, 100), (4, 4_000), (5, 100_000)] {
        let start = now - minute - Duration::from_secs(seconds);
        estate.add_job(Job::new(id, start).done(start, now - minute, 0));
    }
    let later = Job::new(6, now - minute).done(now, now + minute, 0);
    estate.add_job(later);
    let (_simulator, bench) = at(&clock, estate).await;

    let before = bench.until_read(&["paris"]).await;
    let counts: Vec<_> = buckets(&before).iter().map(|bucket| bucket.1).collect();
    assert_eq!(counts, [2., 3., 3., 3., 3., 4., 4., 4., 4., 5.]);
    assert_eq!(buckets(&before).last().unwrap().0, f64::INFINITY);
    assert_eq!(sum(&before), 104_190.0);

    clock.advance(2 * minute);
    let grown = |e: &Exposition| e.sum(&format!("{NAME}_count"), &[]) == 6.0;
    let after = bench.until("another job is done", grown).await;
    assert_eq!(sum(&after), 104_310.0);
    let (before, after) = (buckets(&before), buckets(&after));
    assert!(before.iter().zip(&after).all(|(b, a)| b.1 <= a.1));
    assert!(after.is_sorted_by(|a, b| a.1 <= b.1));
}
