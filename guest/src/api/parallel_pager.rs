//! Reads a list that is sorted by time with several readers at once. Each reader has
//! a span of seconds, and every second belongs to one span.
//!
//! Filters have a lower bound only. So a reader starts at the first second of its
//! span, and stops at the first row beyond the span. The number of rows in a second is
//! unknown in advance, and most jobs run at night, so spans are split during the read:
//! an idle reader takes the later half of another reader's remaining span. A short
//! list is never split, and costs as many requests as with one reader.
//!
//! An upper bound would save no request, because the page that goes beyond a span is
//! also its last one. It would also change with each split, while the reader holds a
//! cursor of the earlier filter.
//!
//! The pager does not rely on the order. If a page is out of order or contains rows
//! outside the filter, one reader reads the whole list again. So a row may be passed
//! on twice, and the caller has to recognize it.

use std::collections::BTreeMap;

use futures::future::LocalBoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};

use super::client::{Answer, Client};
use super::guard::Guard;
use super::page::{self, Rows};
use super::query::{self, Concurrency, Query};
use crate::contract::Failure;

/// The least number of remaining pages to split a span, because a split may cost
/// another page.
const MIN_PAGES_TO_SPLIT: u64 = 6;

/// Pages to read for each split except the first. An estimate from one page may be
/// wrong, for example at the start of a night, so this bounds the extra requests.
const PAGES_PER_SPLIT: usize = 2;

/// A row with a time.
pub trait Timed {
    /// Seconds since the Unix epoch.
    fn time(&self) -> Option<u64>;
}

/// A list and the parameters to request it.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// The path below the base path.
    pub endpoint: &'static str,
    /// The attribute to filter and sort by, the same as [`Timed::time`].
    pub time: &'static str,
    /// The attribute to sort by if the order by time is broken.
    pub fallback_sort: &'static str,
    /// Rows of a page.
    pub limit: u32,
}

/// Reads the rows at or after `from` with as many readers as the client allows. Calls
/// `row` for each, in any order and possibly twice. `now` is the server's clock, the
/// expected end of the list. Times are seconds since the Unix epoch.
///
/// Returns whether the rows were in order.
pub async fn by_time<R>(
    client: &Client<'_>,
    list: List,
    (from, now): (u64, u64),
    mut row: impl FnMut(R::Row<'_>),
) -> Result<bool, Failure>
where
    R: Rows,
    for<'a> R::Row<'a>: Timed,
{
    let mut pager = Pager::new(client, list, now);
    pager.start(Span::all_from(from));
    if pager.run::<R>(&mut row).await? {
        return Ok(!pager.is_unsorted);
    }
    let is_sorted = !pager.is_unsorted;
    drop(pager);
    let query = list.since(from, list.fallback_sort);
    page::rows_by_cursor::<R>(client, query, list.limit, row).await?;
    Ok(is_sorted)
}

impl List {
    fn since(&self, from: u64, sort: &str) -> Query {
        Query::new(self.endpoint)
            .limited(Concurrency::Adaptive)
            .with("filter", &query::not_before(self.time, from))
            .with("sort", sort)
    }
}

/// The seconds of one reader.
struct Span {
    from: u64,
    /// The first second of the next span. None means no end.
    until: Option<u64>,
    /// Time of the last row read, not before `from`.
    position: u64,
    /// The greatest time of a row read.
    greatest: u64,
    /// The cursor of the next page.
    cursor: Option<String>,
    /// Rows of the last page, and the seconds that it spans.
    density: (u64, u64),
}

impl Span {
    fn all_from(from: u64) -> Self {
        Self {
            from,
            until: None,
            position: from,
            greatest: 0,
            cursor: None,
            density: (0, 1),
        }
    }

    /// Remaining seconds up to the expected end of the list.
    fn remaining(&self, now: u64) -> u64 {
        let end = now.saturating_add(1);
        self.until
            .map_or(end, |until| until.min(end))
            .saturating_sub(self.position)
    }

    /// Remaining rows, estimated from the last page.
    fn remaining_rows(&self, now: u64) -> u64 {
        let (rows, seconds) = self.density;
        self.remaining(now).saturating_mul(rows) / seconds.max(1)
    }

    /// Splits off the later half of the remaining seconds.
    fn split(&mut self, now: u64) -> Option<Self> {
        let middle = self.position.saturating_add(self.remaining(now) / 2);
        (middle > self.position).then(|| Self {
            from: middle,
            position: middle,
            greatest: 0,
            cursor: None,
            until: self.until.replace(middle),
            density: self.density,
        })
    }
}

/// What a page means for its span.
enum Progress {
    NextPage,
    SpanDone,
    OutOfOrder,
}

type PendingPage<'a> = LocalBoxFuture<'a, (usize, Result<Answer, Failure>)>;

/// One read of a list.
struct Pager<'a> {
    client: &'a Client<'a>,
    list: List,
    now: u64,
    pending: FuturesUnordered<PendingPage<'a>>,
    /// Spans with a pending page, by reader.
    spans: BTreeMap<usize, Span>,
    started: usize,
    splits: usize,
    /// Pages that had a next page.
    full_pages: usize,
    /// The order was broken while there was one span, so it is not split.
    unsplittable: bool,
    /// A row was earlier than one before it.
    is_unsorted: bool,
    guard: Guard,
}

impl<'a> Pager<'a> {
    fn new(client: &'a Client<'a>, list: List, now: u64) -> Self {
        Self {
            client,
            list,
            now,
            pending: FuturesUnordered::new(),
            spans: BTreeMap::new(),
            started: 0,
            splits: 0,
            full_pages: 0,
            unsplittable: false,
            is_unsorted: false,
            guard: Guard::new(list.endpoint),
        }
    }

    fn start(&mut self, span: Span) {
        let number = self.started;
        self.started += 1;
        self.request(number, span);
    }

    fn request(&mut self, number: usize, span: Span) {
        let (client, list) = (self.client, self.list);
        let query = list
            .since(span.from, list.time)
            .with("page[limit]", &list.limit.to_string());
        let query = match &span.cursor {
            Some(cursor) => page::after(&query, cursor),
            None => query,
        };
        self.spans.insert(number, span);
        self.pending
            .push(Box::pin(async move { (number, client.ask(&query).await) }));
    }

    /// Returns whether the order was right. If not, rows may be missing.
    async fn run<R>(&mut self, row: &mut impl FnMut(R::Row<'_>)) -> Result<bool, Failure>
    where
        R: Rows,
        for<'r> R::Row<'r>: Timed,
    {
        while let Some((number, answer)) = self.pending.next().await {
            let Some(mut span) = self.spans.remove(&number) else {
                continue;
            };
            match self.take::<R>(&answer?, number, &mut span, row)? {
                Progress::NextPage => self.request(number, span),
                Progress::SpanDone => {}
                Progress::OutOfOrder => return Ok(false),
            }
            self.assign();
        }
        self.guard.finish(self.client.skipped())?;
        Ok(true)
    }

    /// Gives spans to idle readers. If the limit fell, some readers wait for others.
    fn assign(&mut self) {
        while self.pending.len() < self.client.readers() {
            let Some(span) = self.split() else {
                return;
            };
            self.start(span);
        }
    }

    /// The later half of the longest span, if a split is worth it.
    fn split(&mut self) -> Option<Span> {
        let now = self.now;
        let longest = self
            .spans
            .values_mut()
            .max_by_key(|s| s.remaining_rows(now))?;
        let is_worth_it =
            longest.remaining_rows(now) >= MIN_PAGES_TO_SPLIT * u64::from(self.list.limit);
        if self.unsplittable || !is_worth_it || self.splits > self.full_pages / PAGES_PER_SPLIT {
            return None;
        }
        self.splits += 1;
        longest.split(now)
    }

    /// Passes on the rows of a page that belong to the span.
    fn take<R>(
        &mut self,
        answer: &Answer,
        number: usize,
        span: &mut Span,
        row: &mut impl FnMut(R::Row<'_>),
    ) -> Result<Progress, Failure>
    where
        R: Rows,
        for<'r> R::Row<'r>: Timed,
    {
        let (rows, counts, next) = page::split::<R>(answer)?;
        self.guard.begin_page(counts);
        let (before, count) = (span.position, rows.len());
        let mut beyond = false;
        for one in rows {
            if let Some(time) = one.time() {
                self.is_unsorted |= time < span.greatest;
                span.greatest = span.greatest.max(time);
                if time < span.position && self.started > 1 {
                    return Ok(Progress::OutOfOrder);
                }
                self.unsplittable |= time < span.position;
                span.position = span.position.max(time);
                if span.until.is_some_and(|until| time >= until) {
                    beyond = true;
                    continue;
                }
            }
            self.guard.add_row(&one);
            row(one);
        }
        span.density = (
            u64::try_from(count).unwrap_or(u64::MAX),
            span.position.saturating_sub(before),
        );
        let Some(cursor) = next.filter(|_| !beyond) else {
            return Ok(Progress::SpanDone);
        };
        self.guard.check_cursor(number, &cursor)?;
        self.full_pages += 1;
        span.cursor = Some(cursor);
        Ok(Progress::NextPage)
    }
}
