//! The jobs that an answer needs: by the indexes of the estate first those that may
//! match, then by the filter, and of these only as many as a page has.

use std::sync::Arc;

use jiff::Timestamp;

use super::columns::Row;
use crate::column::Datum;
use crate::endpoints::resource::ResourceRequest;
use crate::estate::{Estate, JobQuery, JobSnapshot, JobView, State};
use crate::filter::Bounds;
use crate::listing::{Listing, SortKey};
use crate::options::Unended;
use crate::page::Cursors;
use crate::server_clock::{ClockSegment, ServerClock};

type Rows<'a> = Box<dyn Iterator<Item = Row> + 'a>;

/// The jobs of a request, and what its filter requires of them.
pub(super) struct Selection<'a> {
    jobs: JobView,
    listing: &'a Listing<Row>,
    ids: Bounds<i64>,
    ends: Bounds<Timestamp>,
    unfinished: bool,
    unended: Unended,
    clock: Arc<ServerClock>,
}

impl<'a> Selection<'a> {
    pub(super) fn new(
        estate: &Estate,
        request: &ResourceRequest<'_>,
        listing: &'a Listing<Row>,
    ) -> Self {
        let filter = listing.filter();
        let ids = filter.map(|it| it.range("jobId", number));
        let ends = filter.map(|it| it.range("endTime", time));
        let unfinished = filter.is_some_and(|it| it.excludes("state", State::Done.name()));
        Self {
            jobs: estate.jobs(request.now),
            listing,
            ids: ids.unwrap_or_default(),
            ends: ends.unwrap_or_default(),
            unfinished,
            unended: request.format.unended,
            clock: Arc::clone(&request.clock),
        }
    }

    /// Every job that the filter keeps, in any order.
    pub(super) fn all(&self) -> Vec<Row> {
        self.rows(self.jobs.by_id(&self.query(None))).collect()
    }

    /// The jobs that a page is cut from: those of the page, one after it, and one
    /// before it if there is any. All jobs if no index has the order.
    pub(super) fn page(&self, cursors: &Cursors) -> Vec<Row> {
        self.in_order(cursors).unwrap_or_else(|| self.all())
    }

    fn in_order(&self, cursors: &Cursors) -> Option<Vec<Row>> {
        let (after, limit) = cursors.forward()?;
        let Some(after) = after else {
            return Some(self.sorted(None)?.take(limit + 1).collect());
        };
        let is_after = |row: &Row| self.listing.compare(row, after).is_gt();
        let first = self.sorted(None)?.next().filter(|row| !is_after(row));
        let rest = self.sorted(Some(after))?.filter(is_after);
        Some(first.into_iter().chain(rest.take(limit + 1)).collect())
    }

    /// The jobs that the filter keeps, in the order of the listing. With a cursor
    /// those before it may be missing.
    fn sorted(&self, after: Option<&SortKey>) -> Option<Rows<'_>> {
        let query = self.query(after);
        Some(match self.listing.ascending()? {
            "jobId" => self.rows(self.jobs.by_id(&query)),
            "endTime" => self.rows(self.jobs.by_end(query.ended?)),
            _ => return None,
        })
    }

    fn rows<'s>(&'s self, jobs: impl Iterator<Item = JobSnapshot> + 's) -> Rows<'s> {
        let row = |snapshot| Row {
            snapshot,
            unended: self.unended,
            clock: Arc::clone(&self.clock),
        };
        Box::new(jobs.map(row).filter(|row| self.listing.keeps(row)))
    }

    fn query(&self, after: Option<&SortKey>) -> JobQuery {
        let (mut ids, mut ends) = (self.ids, self.ends);
        let cursor = after.and_then(|key| key.first()?.as_i64());
        match self.listing.ascending() {
            Some("jobId") => ids.0 = ids.0.max(cursor),
            Some("endTime") => {
                let time = cursor.and_then(|it| Timestamp::from_millisecond(it).ok());
                ends.0 = ends.0.max(time);
            }
            _ => {}
        }
        let id = |bound: Option<i64>| bound.map(|it| u64::try_from(it).unwrap_or(0));
        JobQuery {
            ids: id(ids.0).unwrap_or(0)..=id(ids.1).unwrap_or(u64::MAX),
            ended: self.ended(ends),
            unfinished: self.unfinished,
        }
    }

    /// The true time in which jobs have ended whose `endTime` is in a range. `None`
    /// if jobs may match that have not ended.
    fn ended(&self, (from, to): Bounds<Timestamp>) -> Option<Vec<ClockSegment>> {
        let required = match self.unended {
            Unended::Absent | Unended::Null => from.is_some() || to.is_some(),
            Unended::Epoch => from.is_some_and(|from| from > Timestamp::UNIX_EPOCH),
        };
        let (from, to) = (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX));
        required.then(|| self.clock.segments(from, to)).flatten()
    }
}

fn number(literal: &Datum<'_>) -> Option<i64> {
    match literal {
        Datum::Int(number) => Some(*number),
        _ => None,
    }
}

fn time(literal: &Datum<'_>) -> Option<Timestamp> {
    match literal {
        Datum::Time(time) => Some(*time),
        _ => None,
    }
}
