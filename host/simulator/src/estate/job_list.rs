//! A list of jobs with indexes for the usual filters.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::Timestamp;

use super::job::{Job, State};

/// Jobs in the order of their ids. A range of ids or of end times is found by
/// binary search.
#[derive(Clone, Default)]
pub(crate) struct JobList {
    jobs: BTreeMap<u64, Arc<Job>>,
    /// When the direct children of each parent are queued.
    children: HashMap<u64, Vec<Timestamp>>,
    ends: BTreeSet<AttemptEnd>,
    /// The time when each job is finally `DONE`, the time when it was queued, and its
    /// id.
    completions: BTreeSet<(Timestamp, Timestamp, u64)>,
}

/// An end that a job shows as `endTime` until its next attempt begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AttemptEnd {
    pub(crate) time: Timestamp,
    pub(crate) id: u64,
    /// The number of the attempt, from 1.
    pub(crate) attempt: usize,
}

impl JobList {
    /// Adds a job, or replaces the one with the same id.
    pub(crate) fn insert(&mut self, job: Job) {
        if let Some(old) = self.jobs.remove(&job.id) {
            for end in ends(&old) {
                self.ends.remove(&end);
            }
            self.completions.remove(&completion(&old));
            let siblings = old.parent.and_then(|id| self.children.get_mut(&id));
            if let Some(siblings) = siblings
                && let Some(index) = siblings.iter().position(|it| *it == old.queued)
            {
                siblings.swap_remove(index);
            }
        }
        self.ends.extend(ends(&job));
        self.completions.insert(completion(&job));
        if let Some(parent) = job.parent {
            self.children.entry(parent).or_default().push(job.queued);
        }
        self.jobs.insert(job.id, Arc::new(job));
    }

    /// Every job, in the order of the ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Job>> {
        self.jobs.values()
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Arc<Job>> {
        self.jobs.get(&id)
    }

    /// How many direct children a job has by a moment.
    pub(crate) fn children(&self, id: u64, now: Timestamp) -> u32 {
        let queued = self.children.get(&id).map_or(&[][..], Vec::as_slice);
        let queued = queued.iter().filter(|queued| **queued <= now);
        u32::try_from(queued.count()).unwrap_or(u32::MAX)
    }

    /// Whether a job will ever have children.
    pub(crate) fn is_parent(&self, id: u64) -> bool {
        self.children.get(&id).is_some_and(|it| !it.is_empty())
    }

    /// The jobs with these ids, in their order.
    pub(crate) fn range(&self, ids: RangeInclusive<u64>) -> impl Iterator<Item = &Arc<Job>> {
        let found = (!ids.is_empty()).then(|| self.jobs.range(ids));
        found.into_iter().flatten().map(|(_, job)| job)
    }

    /// The ends within a range, the earliest first; within a moment by id.
    pub(crate) fn ends(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = AttemptEnd> {
        let bound = |time, id, attempt| AttemptEnd { time, id, attempt };
        let range = bound(from, 0, 0)..=bound(to, u64::MAX, usize::MAX);
        let found = (from <= to).then(|| self.ends.range(range));
        found.into_iter().flatten().copied()
    }

    /// The jobs that are queued by a moment and not `DONE` for good before it. A
    /// few may be `DONE` until another attempt begins.
    pub(crate) fn unfinished(&self, now: Timestamp) -> impl Iterator<Item = u64> {
        self.completions
            .range((now, Timestamp::MIN, 0)..)
            .filter(move |(_, queued, _)| *queued <= now)
            .map(|(.., id)| *id)
    }
}

impl FromIterator<Job> for JobList {
    /// The ids are unique.
    fn from_iter<I: IntoIterator<Item = Job>>(jobs: I) -> Self {
        let jobs: Vec<_> = jobs.into_iter().map(Arc::new).collect();
        let mut children: HashMap<_, Vec<_>> = HashMap::new();
        for job in &jobs {
            if let Some(parent) = job.parent {
                children.entry(parent).or_default().push(job.queued);
            }
        }
        Self {
            children,
            ends: jobs.iter().flat_map(|job| ends(job)).collect(),
            completions: jobs.iter().map(|job| completion(job)).collect(),
            jobs: jobs.into_iter().map(|job| (job.id, job)).collect(),
        }
    }
}

fn ends(job: &Job) -> impl Iterator<Item = AttemptEnd> {
    let id = job.id;
    (1..)
        .zip(&job.attempts)
        .filter_map(move |(number, attempt)| {
            let shown = matches!(attempt.then, State::Done | State::Incomplete);
            let time = attempt.end.filter(|_| shown)?;
            let attempt = number;
            Some(AttemptEnd { time, id, attempt })
        })
}

fn completion(job: &Job) -> (Timestamp, Timestamp, u64) {
    let last = job.attempts.last();
    let done = last.filter(|last| last.then == State::Done);
    let shown = done.and_then(|last| last.end?.checked_add(last.late).ok());
    (shown.unwrap_or(Timestamp::MAX), job.queued, job.id)
}

/// Numbers jobs in the order of queueing, as a server does, and adapts their
/// parents. Until then a job's id is its place in `jobs`. The sort is stable, so
/// that a parent keeps its place before children that are queued with it.
pub(super) fn numbered(mut jobs: Vec<Job>, first_id: u64) -> JobList {
    jobs.sort_by_cached_key(|job| job.queued);
    let ids: HashMap<u64, u64> = jobs.iter().map(|job| job.id).zip(first_id..).collect();
    let new = |id: u64| ids.get(&id).copied().unwrap_or(id);
    let renumber = |mut job: Job| {
        job.id = new(job.id);
        job.parent = job.parent.map(new);
        job.ancestors = job.ancestors.into_iter().map(new).collect();
        job
    };
    jobs.into_iter().map(renumber).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_replaced_job_leaves_nothing_in_the_indexes() {
        let mut list = JobList::default();
        let mut child = Job::new(7, at(0)).done(at(10), at(20), 0);
        child.parent = Some(1);
        list.insert(child);
        let counts = |list: &JobList| (list.children(1, at(0)), list.ends(at(0), at(99)).count());
        assert_eq!(counts(&list), (1, 1));
        assert_eq!(list.children(1, at(-1)), 0, "it is not queued yet");
        assert_eq!(list.unfinished(at(15)).collect::<Vec<_>>(), [7]);
        list.insert(Job::new(7, at(30)).running(at(40)));
        assert_eq!(counts(&list), (0, 0));
        assert_eq!(list.unfinished(at(15)).count(), 0);
        assert_eq!(list.unfinished(at(50)).collect::<Vec<_>>(), [7]);
        assert_eq!(list.ends(at(9), at(0)).count(), 0);
    }
}
