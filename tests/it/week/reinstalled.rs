//! A reinstalled server, whose job ids start again.

use jiff::SignedDuration;
use simulator::{Clock, Estate, Load};

use super::counters::{Counters, assert_same, truth};
use super::native::{Exporter, Fate};
use super::{monday, play};

/// Minutes from one collection to the next.
const STEP: SignedDuration = SignedDuration::from_mins(5);

#[tokio::test]
async fn jobs_of_a_reinstalled_server_are_distinct_despite_equal_ids() {
    let first = Load {
        ends: Some(monday() + SignedDuration::from_mins(40)),
        latest: SignedDuration::ZERO,
        ..Load::new(5, 30_000, monday())
    };
    let clock = Clock::manual(monday());
    let simulator = play(first.clone(), &clock).await;
    let mut exporter = Exporter::new();
    let mut counted = Counters::new();
    let mut begins = monday();
    for installation in 0..4 {
        // The server is reinstalled only after its jobs have ended and been read;
        // unread jobs would be lost.
        let over = begins + SignedDuration::from_mins(40) + first.longest();
        while clock.now() < over {
            read(&mut exporter, &simulator, &clock).await;
            let idle = simulator.truth().current().is_empty();
            if idle && clock.now() > begins + SignedDuration::from_hours(1) {
                break;
            }
            clock.jump(STEP);
        }
        read(&mut exporter, &simulator, &clock).await;
        for (series, value) in truth(&simulator) {
            *counted.entry(series).or_default() += value;
        }
        assert_same(&exporter.shown, &counted, &format!("after {installation}"));
        begins = clock.now();
        let next = Load {
            seed: installation,
            begins,
            ends: Some(begins + SignedDuration::from_mins(40)),
            ..first.clone()
        };
        simulator.change(|estate| *estate = Estate::under_load(next));
    }
}

async fn read(exporter: &mut Exporter, simulator: &simulator::Simulator, clock: &Clock) {
    let now = u64::try_from(clock.now().as_second()).unwrap();
    exporter.collect(simulator, now, Fate::Good).await;
}
