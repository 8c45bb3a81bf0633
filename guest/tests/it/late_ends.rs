//! Jobs whose end appears in the list long after it.

use futures::executor::block_on;
use guest::contract::{Samples, Window};

use crate::hostile::Random;
use crate::model::Model;
use crate::site::{Lines, saved, settings};

#[test]
fn a_job_counts_that_becomes_done_between_the_two_lists_long_after_its_end() {
    let (model, mut state) = (Model::new(), Vec::new());
    let mut read = || {
        let (window, log) = (window(model.time.get()), Lines::default());
        let settings = settings(&["jobs"]);
        let collect = guest::run::collect(&settings, &window, state.clone(), &model, &log);
        let outcome = block_on(collect).outcomes.remove(0);
        state = vec![saved(&outcome).unwrap()];
        let mut families = outcome.families.iter();
        let counted = families.find(|it| it.name == "nbu_jobs_finished_total");
        match &counted.unwrap().samples {
            Samples::Counter(points) => points.iter().map(|point| point.value).sum::<f64>(),
            _ => panic!("a counter"),
        }
    };
    let wait = |seconds| model.time.set(model.time.get() + seconds);
    read();
    wait(10);
    model.queue(&mut Random(2));
    model.jobs.borrow_mut()[0].children = 0;
    model.finish(0, model.clock(), 0, 2 * 3600, false);
    wait(3600);
    // The lists are an hour apart, and in between the job is shown as done.
    model.passing.set(2 * 3600);
    read();
    wait(60);
    read();
    wait(60);
    assert_eq!(read(), 1.0);
}

fn window(now: u64) -> Window {
    Window {
        now,
        lookback_seconds: 3600,
        deadline_milliseconds: 120_000,
        last_api_version: Some("13.0".to_owned()),
        resumed: Vec::new(),
    }
}
