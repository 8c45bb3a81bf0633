//! The jobs of an estate as a server shows them at a moment.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use itertools::Itertools as _;
use jiff::Timestamp;

use super::job::Job;
use super::job_list::{AttemptEnd, JobList};
use super::snapshot::JobSnapshot;
use crate::server_clock::ClockSegment;

/// The conditions on jobs that are known from a request. They may find jobs that do
/// not match, so the filter must still be evaluated.
#[derive(Clone, Debug)]
pub(crate) struct JobQuery {
    pub(crate) ids: RangeInclusive<u64>,
    /// The jobs ended within one of these; `None` also includes unfinished jobs.
    pub(crate) ended: Option<Vec<ClockSegment>>,
    /// They are not `DONE`.
    pub(crate) unfinished: bool,
}

/// The jobs that have a record at a moment.
pub(crate) struct JobView {
    lists: Vec<Arc<JobList>>,
    now: Timestamp,
}

impl JobView {
    pub(super) fn new(lists: Vec<Arc<JobList>>, now: Timestamp) -> Self {
        Self { lists, now }
    }

    /// The job with this id.
    pub(crate) fn find(&self, id: u64) -> Option<JobSnapshot> {
        self.lists
            .iter()
            .find_map(|list| self.snapshot(list, list.get(id)?))
    }

    /// The jobs that may match, in the order of their ids.
    pub(crate) fn by_id<'a>(
        &'a self,
        query: &JobQuery,
    ) -> Box<dyn Iterator<Item = JobSnapshot> + 'a> {
        let one = query.ids.start() == query.ids.end();
        let ranges = query.ended.as_deref();
        if one || (ranges.is_none() && !query.unfinished) {
            return Box::new(self.with_ids(query.ids.clone()));
        }
        let mut found = Vec::new();
        for (index, list) in self.lists.iter().enumerate() {
            let mut add = |id| {
                if query.ids.contains(&id) {
                    found.push(Reverse((id, index)));
                }
            };
            if query.unfinished {
                list.unfinished(self.now).for_each(add);
                continue;
            }
            for range in ranges.unwrap_or_default() {
                let ends = list.ends(range.from, range.to.min(self.now));
                ends.for_each(|end| add(end.id));
            }
        }
        // A page needs few of them, so that sorting all would take longer.
        let mut heap = BinaryHeap::from(found);
        let ids = std::iter::from_fn(move || heap.pop()).dedup();
        Box::new(ids.filter_map(|Reverse((id, index))| {
            let list = self.lists.get(index)?;
            self.snapshot(list, list.get(id)?)
        }))
    }

    /// The jobs that ended within the ranges, in the order of what the server's
    /// clock showed, and then of their ids.
    pub(crate) fn by_end(
        &self,
        ranges: Vec<ClockSegment>,
    ) -> impl Iterator<Item = JobSnapshot> + '_ {
        let ends = ranges.into_iter().flat_map(move |range| {
            self.lists.iter().map(move |list| {
                let ends = list.ends(range.from, range.to.min(self.now));
                ends.map(move |end| (range.shown(end.time), end, list))
            })
        });
        ends.kmerge_by(|(one, a, _), (other, b, _)| (one, a.id) < (other, b.id))
            .filter_map(|(_, end, list)| self.showing(list, end))
    }

    fn with_ids(&self, ids: RangeInclusive<u64>) -> impl Iterator<Item = JobSnapshot> + '_ {
        let lists = self.lists.iter().map(move |list| {
            let jobs = list.range(ids.clone());
            jobs.map(move |job| (job, list))
        });
        lists
            .kmerge_by(|(one, _), (other, _)| one.id < other.id)
            .filter_map(|(job, list)| self.snapshot(list, job))
    }

    /// The job whose end this is, if it still shows it.
    fn showing(&self, list: &JobList, end: AttemptEnd) -> Option<JobSnapshot> {
        let found = self.snapshot(list, list.get(end.id)?);
        found.filter(|job| job.tries == end.attempt && job.end().is_some())
    }

    fn snapshot(&self, list: &JobList, job: &Arc<Job>) -> Option<JobSnapshot> {
        let children = list.children(job.id, self.now);
        let snapshot = || JobSnapshot::new(Arc::clone(job), self.now, children);
        job.has_record(self.now).then(snapshot)
    }
}
