use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::State;

fn begins() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn busy(per_day: u32) -> Busy {
    Busy::new(Load::new(7, per_day, begins()))
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

#[test]
fn a_day_has_as_many_jobs_as_its_load_says_and_is_the_same_again() {
    let (one, other) = (busy(5000).day(3), busy(5000).day(3));
    assert_eq!(one.records().len(), 5000);
    let told = |day: &Day| format!("{:?}", day.records());
    assert_eq!(told(&one), told(&other));
    assert_ne!(told(&one), told(&busy(5000).day(4)));
}

#[test]
fn everything_is_over_within_the_longest_time_that_a_load_allows() {
    let busy = busy(60_000);
    for number in 0..2 {
        let dawn = busy.load.dawn(number);
        let day = busy.day(number);
        let last = day.records().iter().map(Record::over).max().unwrap();
        let longest = busy.load.longest().as_secs() + day::SECONDS;
        assert!(last - dawn <= longest, "{} of {longest}", last - dawn);
        assert!(day.records().iter().all(|it| it.queued >= dawn));
    }
}

#[test]
fn every_way_of_a_job_happens_and_nights_are_busier_than_days() {
    let day = busy(60_000).day(0);
    let tries = || day.records().iter().flat_map(Record::tries);
    let states: BTreeSet<_> = tries().map(|one| one.then).collect();
    let all = [
        State::Requeued,
        State::Done,
        State::Suspended,
        State::Incomplete,
    ];
    assert_eq!(states, all.into());
    let late = |seconds| tries().filter(move |one| one.late > seconds).count();
    assert!(late(0) > 10_000 && late(60) > 1_000 && late(3600) > 5);
    assert!(tries().any(|one| one.status.is_none() && one.then == State::Done));
    assert!(tries().any(|one| one.end - one.start > day::SECONDS));
    let kinds: BTreeSet<_> = tries().map(|one| one.status).collect();
    assert!(kinds.len() > 15, "{kinds:?}");

    let mut hours: BTreeMap<i64, usize> = BTreeMap::new();
    for record in day.records() {
        *hours.entry(record.queued / 3600 % 24).or_default() += 1;
    }
    assert!(hours[&22] > 5 * hours[&8]);
    let children: usize = day.records().iter().map(|it| it.children as usize).sum();
    let parents = day.records().iter().filter_map(|it| it.parent);
    assert_eq!(parents.count(), children);
    assert!(children > 1000);
}

#[test]
fn a_parent_ends_after_its_children_and_has_a_smaller_id() {
    let busy = busy(10_000);
    let day = busy.day(1);
    for (place, record) in (0_u32..).zip(day.records()) {
        let Some(parent) = record.parent else {
            continue;
        };
        assert!(parent < place);
        assert!(day.record(parent).unwrap().over() > record.over());
        let (job, _) = day.job(place, &busy.load, &busy.names);
        assert_eq!(job.parent, Some(day.id(parent, &busy.load)));
    }
}

#[test]
fn nothing_begins_at_the_end_of_a_load_and_ids_begin_where_it_says() {
    let load = Load {
        ends: Some(begins() + hours(30)),
        first_id: 1,
        ..Load::new(7, 2000, begins())
    };
    let settled = begins() + hours(30) + load.longest();
    let busy = Busy::new(load);
    let days = busy.days(settled);
    assert_eq!(days.len(), 2);
    assert_eq!(days[0].id(0, &busy.load), 1);
    let half = days[1].records().len();
    assert!(half > 100 && half < 1000, "{half}");
    assert!(busy.unended(settled).is_empty());
    assert!(busy.unended(begins() - hours(1)).is_empty());
    assert_eq!(busy.all(begins() - hours(1)).len(), 0);
}

#[test]
fn a_job_is_found_by_its_id_as_long_as_it_has_a_record() {
    let busy = busy(2000);
    let now = begins() + hours(40);
    for seen in busy.all(now) {
        let found = busy.find(seen.job.id, now).unwrap();
        assert_eq!(found.job.id, seen.job.id);
    }
    for id in [0, 2000 * 2 + 1, u64::MAX] {
        assert!(busy.find(id, now).is_none(), "{id}");
    }
    assert!(busy.find(1, now + hours(200)).is_none());
}

#[test]
fn a_job_in_few_bytes_stands_where_the_whole_one_does() {
    let busy = busy(400);
    let mut told = BTreeSet::new();
    for minutes in (0..8 * 24 * 60).step_by(97) {
        let now = begins() + SignedDuration::from_mins(minutes);
        let unended: BTreeSet<_> = busy.unended(now).iter().map(|it| it.job.id).collect();
        for day in busy.days(now) {
            for (place, record) in (0..).zip(day.records()) {
                let (job, children) = day.job(place, &busy.load, &busy.names);
                let there = job.queued <= now && !job.expired(now, KEPT);
                let seen = Seen::new(Arc::new(job), now, children);
                let stands = there.then_some((seen.state, seen.tries));
                assert_eq!(record.stands(now), stands, "{:?} at {now}", seen.job);
                let waits = there && seen.state != State::Done;
                assert_eq!(unended.contains(&seen.job.id), waits, "{:?}", seen.job);
                told.extend(stands.map(|(state, _)| state));
            }
        }
    }
    assert_eq!(told.len(), 6, "{told:?}");
}
