use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::*;
use crate::estate::job::{Attempt, Job, State};
use crate::estate::{Estate, JobQuery, JobSnapshot};

fn begins() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn load(per_day: u32) -> Load {
    Load::new(7, per_day, begins())
}

fn day(per_day: u32, number: i64) -> Vec<Arc<Job>> {
    day::plan(&load(per_day), number).iter().cloned().collect()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn recorded(estate: &Estate, now: Timestamp, unfinished: bool) -> Vec<JobSnapshot> {
    let query = JobQuery {
        ids: 0..=u64::MAX,
        ended: None,
        unfinished,
    };
    estate.jobs(now).by_id(&query).collect()
}

/// When the record shows the last end.
fn over(job: &Job) -> Timestamp {
    let last = job.attempts.last().unwrap();
    last.end.unwrap() + last.late
}

#[test]
fn a_day_has_as_many_jobs_as_its_load_and_is_always_the_same() {
    let one = day(5000, 3);
    assert_eq!(one.len(), 5000);
    let text = |jobs: &[Arc<Job>]| format!("{jobs:?}");
    assert_eq!(text(&one), text(&day(5000, 3)));
    assert_ne!(text(&one), text(&day(5000, 4)));
}

#[test]
fn every_job_is_over_within_the_longest_time_of_a_load() {
    for number in 0..2 {
        let jobs = day(60_000, number);
        let start = begins() + hours(24 * number);
        let last = jobs.iter().map(|job| over(job)).max().unwrap();
        let longest = load(60_000).longest() + hours(24);
        assert!(last.duration_since(start) <= longest, "{last}");
        assert!(jobs.iter().all(|job| job.queued >= start));
    }
}

#[test]
fn a_day_has_every_kind_of_attempt_and_most_jobs_at_night() {
    let jobs = day(60_000, 0);
    let attempts = || jobs.iter().flat_map(|job| &job.attempts);
    let states: BTreeSet<_> = attempts().map(|it| it.then).collect();
    let all = [
        State::Requeued,
        State::Done,
        State::Suspended,
        State::Incomplete,
    ];
    assert_eq!(states, all.into());
    let late = |seconds| {
        attempts()
            .filter(move |it| it.late.as_secs() > seconds)
            .count()
    };
    assert!(late(0) > 10_000 && late(60) > 1_000 && late(3600) > 5);
    assert!(attempts().any(|it| it.status.is_none() && it.then == State::Done));
    let lasts = |it: &Attempt| it.end.unwrap().duration_since(it.start);
    assert!(attempts().any(|it| lasts(it) > hours(24)));
    let statuses: BTreeSet<_> = attempts().map(|it| it.status).collect();
    assert!(statuses.len() > 15, "{statuses:?}");

    let mut by_hour: BTreeMap<i64, usize> = BTreeMap::new();
    for job in &jobs {
        let hour = job.queued.as_second() / 3600 % 24;
        *by_hour.entry(hour).or_default() += 1;
    }
    assert!(by_hour[&22] > 5 * by_hour[&8]);
    let children = jobs.iter().filter(|job| job.parent.is_some()).count();
    assert!(children > 1000);
}

#[test]
fn a_parent_ends_after_its_children_and_has_a_smaller_id() {
    let list = day::plan(&load(10_000), 1);
    let mut children: BTreeMap<u64, u32> = BTreeMap::new();
    for job in list.iter() {
        let Some(parent) = job.parent else {
            continue;
        };
        assert!(parent < job.id);
        assert!(over(list.get(parent).unwrap()) > over(job));
        *children.entry(parent).or_default() += 1;
    }
    assert!(children.len() > 100);
    for (parent, count) in children {
        assert_eq!(list.children(parent, Timestamp::MAX), count);
    }
}

#[test]
fn nothing_is_queued_after_the_end_of_a_load_and_ids_begin_at_the_first_id() {
    let load = Load {
        ends: Some(begins() + hours(30)),
        first_id: 1,
        ..Load::new(7, 2000, begins())
    };
    let settled = begins() + hours(30) + load.longest();
    let days = LoadPlan::new(load.clone()).all(settled);
    assert_eq!(days.len(), 2);
    assert_eq!(days[0].iter().next().unwrap().id, 1);
    let half = days[1].iter().count();
    assert!(half > 100 && half < 1000, "{half}");
    let estate = Estate::under_load(load);
    assert_eq!(recorded(&estate, settled, true).len(), 0);
    assert_eq!(recorded(&estate, begins() - hours(1), true).len(), 0);
    assert_eq!(recorded(&estate, begins() - hours(1), false).len(), 0);
}

#[test]
fn a_job_is_found_by_its_id_while_it_has_a_record() {
    let estate = Estate::under_load(load(2000));
    let now = begins() + hours(40);
    let jobs = estate.jobs(now);
    for job in recorded(&estate, now, false) {
        assert_eq!(jobs.find(job.job.id).unwrap().job.id, job.job.id);
    }
    for id in [0, 2000 * 2 + 1, u64::MAX] {
        assert!(jobs.find(id).is_none(), "{id}");
    }
    assert!(estate.jobs(now + hours(200)).find(1).is_none());
}

#[test]
fn the_unfinished_jobs_of_a_moment_are_all_in_the_index() {
    let estate = Estate::under_load(load(400));
    let mut states = BTreeSet::new();
    for minutes in (0..8 * 24 * 60).step_by(97) {
        let now = begins() + SignedDuration::from_mins(minutes);
        let unfinished = |jobs: Vec<JobSnapshot>| -> Vec<u64> {
            let jobs = jobs.iter().filter(|job| job.state != State::Done);
            jobs.map(|job| job.job.id).collect()
        };
        let all = recorded(&estate, now, false);
        states.extend(all.iter().map(|job| job.state));
        let indexed = unfinished(recorded(&estate, now, true));
        assert_eq!(indexed, unfinished(all), "{now}");
    }
    assert_eq!(states.len(), 6, "{states:?}");
}
