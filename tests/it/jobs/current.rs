//! Unfinished jobs are counted by their state.

use std::time::Duration;

use jiff::Timestamp;
use simulator::{Clock, Estate, Job, Options, Simulator, State, Unended};
use tests::estates::site;
use tests::{Bench, Exposition};

use super::{OFTEN, Table, at, table};

const MINUTE: Duration = Duration::from_secs(60);

/// One job in each state, and one that is queued, starts in five minutes and is done
/// in ten.
fn waiting(now: Timestamp) -> Estate {
    let ago = |minutes: u32| now - minutes * MINUTE;
    let root = |id| Job::new(id, ago(30));
    let stopped = |id, then| root(id).attempt(ago(25), Some(ago(20)), Some(50), then);
    let queued = |id, reason| Job {
        queue_reason: reason,
        ..root(id)
    };
    let mut child = root(3).running(ago(10));
    child.parent = Some(7);
    let mut moving = root(8).done(now + 5 * MINUTE, now + 10 * MINUTE, 0);
    moving.job_type = "DBBACKUP".into();
    let mut estate = Estate::empty();
    let jobs = [
        queued(1, 5),
        queued(2, 4242),
        child,
        stopped(4, State::Requeued),
        stopped(5, State::Suspended),
        stopped(6, State::Incomplete),
        root(7).running(ago(10)),
        moving,
    ];
    jobs.into_iter().for_each(|job| estate.add_job(job));
    estate
}

fn truth(simulator: &Simulator) -> Table {
    let current = simulator.truth().current().into_iter();
    let row = |((kind, state), count): ((String, State), u64)| {
        (vec![kind, state.name().to_owned()], count as f64)
    };
    current.map(row).collect()
}

async fn until_correct(simulator: &Simulator, bench: &Bench) -> Exposition {
    let labels = ["action", "state"];
    let is_true = |e: &Exposition| table(e, "nbu_jobs_current", &labels) == truth(simulator);
    bench.until("the counts are true", is_true).await
}

#[tokio::test(flavor = "multi_thread")]
async fn queued_and_active_jobs_follow_their_states() {
    let clock = Clock::manual(Clock::System.now());
    let (simulator, bench) = at(&clock, waiting(clock.now())).await;
    let exposition = until_correct(&simulator, &bench).await;
    assert_eq!(truth(&simulator).len(), 6, "every state is there");
    let queued = table(&exposition, "nbu_jobs_queued", &["action", "reason"]);
    let row = |action: &str, reason: &str| (vec![action.to_owned(), reason.to_owned()], 1.0);
    let backups = [
        row("BACKUP", "MAX_STORAGE_UNIT_JOBS"),
        row("BACKUP", "4242"),
        row("DBBACKUP", "0"),
    ];
    assert_eq!(queued, backups.into());
    let oldest = exposition.sum(
        "nbu_jobs_oldest_seconds",
        &[("action", "BACKUP"), ("state", "QUEUED")],
    );
    assert!((1799.0..2400.0).contains(&oldest), "{oldest}");

    for state in ["ACTIVE", "DONE"] {
        clock.advance(5 * MINUTE);
        let exposition = until_correct(&simulator, &bench).await;
        let labels = [("action", "DBBACKUP"), ("state", state)];
        let running = exposition.sum("nbu_jobs_current", &labels);
        assert_eq!(running, f64::from(u8::from(state == "ACTIVE")), "{state}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_a_missing_end_time_means_unfinished() {
    let clock = Clock::manual(Clock::System.now());
    for (unended, numeric_ids) in [
        (Unended::Null, false),
        (Unended::Epoch, true),
        (Unended::Absent, true),
    ] {
        let options = Options {
            estate: waiting(clock.now()),
            clock: clock.clone(),
            unended,
            numeric_ids,
            ..Options::default()
        };
        let simulator = Simulator::start(options).await.unwrap();
        let bench = Bench::start(&[site("paris", &simulator)], OFTEN).await;
        let exposition = until_correct(&simulator, &bench).await;
        let finished = exposition.sum("nbu_jobs_finished_total", &[]);
        assert_eq!(finished, 0.0, "{unended:?}");
    }
}
