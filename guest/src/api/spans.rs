//! A list in the order of time, read by several readers at once: each has a span
//! of seconds of its own, and every second belongs to one span.
//!
//! Filters are one-sided, so a span is read from its first second on, in the
//! order of time, and left at the first row that is beyond it. How many rows a
//! second has is not known before (there are nights), so the spans are cut while
//! they are read: a reader without work takes the later half of what another one
//! still has before it. A list that is short, or looks so, is never cut, and costs
//! what it costs one reader.
//!
//! The order is not believed. A page that is out of order, or shows what was not
//! asked for, has the list read once more by one reader to its end. So a row may
//! be passed on more than once, and whoever takes it must know it again.

use std::collections::BTreeMap;

use futures::future::LocalBoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};

use super::client::{Answer, Client};
use super::guard::Guard;
use super::page::{self, Rows};
use super::query::{self, Query};
use crate::report::{Failure, Reason};

/// A span is not cut for fewer pages than this: each cut may cost a page more.
const WORTH_CUTTING: u64 = 6;

/// Pages that must have been read for each cut but the first. What a page says of
/// the next ones may be wrong (a busy minute, and then the night), so that what is
/// lost by it is kept in proportion.
const PAGES_FOR_A_CUT: usize = 2;

/// A row that says when it was.
pub trait Timed {
    /// Seconds since the Unix epoch.
    fn moment(&self) -> Option<u64>;
}

/// Which list, and how it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// The path below the base path.
    pub endpoint: &'static str,
    /// What it is filtered and sorted by; what [`Timed`] reads of a row.
    pub time: &'static str,
    /// What it is sorted by when the order of time is not kept.
    pub otherwise: &'static str,
    /// Rows of a page.
    pub limit: u32,
}

/// Reads what is not older than `from`, by at most so many readers, and calls
/// `row` for each, in any order and possibly more than once. `now` is the
/// server's clock: until then the list is expected to reach. All in seconds since
/// the Unix epoch.
///
/// A reader that is told that the server is busy stops, and leaves its span to
/// the others; the last one fails with it.
pub async fn by_time<R>(
    client: &Client<'_>,
    list: List,
    (from, now): (u64, u64),
    readers: usize,
    mut row: impl FnMut(R::Row<'_>),
) -> Result<(), Failure>
where
    R: Rows,
    for<'a> R::Row<'a>: Timed,
{
    let mut reading = Reading::new(client, list, now, readers);
    reading.start(Span::all_from(from));
    if reading.run::<R>(&mut row).await? {
        return Ok(());
    }
    drop(reading);
    let query = list.since(from, list.otherwise);
    page::rows_by_cursor::<R>(client, query, list.limit, row).await
}

impl List {
    fn since(&self, from: u64, sort: &str) -> Query {
        Query::new(self.endpoint)
            .with("filter", &query::not_before(self.time, from))
            .with("sort", sort)
    }
}

/// The seconds that one reader reads.
struct Span {
    from: u64,
    /// The first second that is another reader's; none has the rest.
    until: Option<u64>,
    /// How far it is read.
    at: u64,
    /// Where it goes on.
    cursor: Option<String>,
    /// Rows of the last page, and the seconds that they took.
    pace: (u64, u64),
}

impl Span {
    fn all_from(from: u64) -> Self {
        Self {
            from,
            until: None,
            at: from,
            cursor: None,
            pace: (0, 1),
        }
    }

    /// Seconds that are still to be read, as far as the list is expected to reach.
    fn left(&self, now: u64) -> u64 {
        let end = now.saturating_add(1);
        self.until
            .map_or(end, |until| until.min(end))
            .saturating_sub(self.at)
    }

    /// Rows that are still to be read, if it goes on as on the last page.
    fn rows_left(&self, now: u64) -> u64 {
        let (rows, seconds) = self.pace;
        self.left(now).saturating_mul(rows) / seconds.max(1)
    }

    /// Gives the later half of what is left away.
    fn halve(&mut self, now: u64) -> Option<Self> {
        let middle = self.at.saturating_add(self.left(now) / 2);
        (middle > self.at).then(|| Self {
            from: middle,
            at: middle,
            cursor: None,
            until: self.until.replace(middle),
            pace: self.pace,
        })
    }
}

/// How a page was.
enum Order {
    /// Whether the span goes on.
    Kept(bool),
    Broken,
}

type Flight<'a> = LocalBoxFuture<'a, (usize, Result<Answer, Failure>)>;

/// One read of a list.
struct Reading<'a> {
    client: &'a Client<'a>,
    list: List,
    now: u64,
    readers: usize,
    flights: FuturesUnordered<Flight<'a>>,
    /// Those that a page is asked of, by number.
    spans: BTreeMap<usize, Span>,
    /// Those whose reader has stopped.
    waiting: Vec<Span>,
    started: usize,
    cuts: usize,
    /// Pages that had another one after them.
    full_pages: usize,
    /// The order was not kept while there was one span: it stays the only one.
    in_one: bool,
    guard: Guard,
}

impl<'a> Reading<'a> {
    fn new(client: &'a Client<'a>, list: List, now: u64, readers: usize) -> Self {
        Self {
            client,
            list,
            now,
            readers: readers.max(1),
            flights: FuturesUnordered::new(),
            spans: BTreeMap::new(),
            waiting: Vec::new(),
            started: 0,
            cuts: 0,
            full_pages: 0,
            in_one: false,
            guard: Guard::new(list.endpoint),
        }
    }

    fn start(&mut self, span: Span) {
        let number = self.started;
        self.started += 1;
        self.ask(number, span);
    }

    fn ask(&mut self, number: usize, span: Span) {
        let (client, list) = (self.client, self.list);
        let query = list
            .since(span.from, list.time)
            .with("page[limit]", &list.limit.to_string());
        let query = match &span.cursor {
            Some(cursor) => page::after(&query, cursor),
            None => query,
        };
        self.spans.insert(number, span);
        self.flights
            .push(Box::pin(async move { (number, client.ask(&query).await) }));
    }

    /// Whether the order was kept. If not, nothing is complete.
    async fn run<R>(&mut self, row: &mut impl FnMut(R::Row<'_>)) -> Result<bool, Failure>
    where
        R: Rows,
        for<'r> R::Row<'r>: Timed,
    {
        while let Some((number, answer)) = self.flights.next().await {
            let Some(mut span) = self.spans.remove(&number) else {
                continue;
            };
            match answer {
                Ok(answer) => match self.take::<R>(&answer, number, &mut span, row)? {
                    Order::Kept(true) => self.ask(number, span),
                    Order::Kept(false) => {}
                    Order::Broken => return Ok(false),
                },
                Err(failure) => self.give_back(span, failure)?,
            }
            self.fill();
        }
        Ok(true)
    }

    /// A busy server is asked by one reader less from now on.
    fn give_back(&mut self, span: Span, failure: Failure) -> Result<(), Failure> {
        let others = self.flights.len();
        if others == 0 || !matches!(failure.reason, Reason::Busy(_)) {
            return Err(failure);
        }
        self.readers = others;
        self.waiting.push(span);
        Ok(())
    }

    /// Work for the readers that have none.
    fn fill(&mut self) {
        while self.flights.len() < self.readers {
            let Some(span) = self.waiting.pop().or_else(|| self.cut()) else {
                return;
            };
            self.start(span);
        }
    }

    /// The later half of what is longest, where that is worth it.
    fn cut(&mut self) -> Option<Span> {
        let now = self.now;
        let longest = self.spans.values_mut().max_by_key(|s| s.rows_left(now))?;
        let worth = longest.rows_left(now) >= WORTH_CUTTING * u64::from(self.list.limit);
        if self.in_one || !worth || self.cuts > self.full_pages / PAGES_FOR_A_CUT {
            return None;
        }
        self.cuts += 1;
        longest.halve(now)
    }

    /// Passes on the rows of a page that belong to the span.
    fn take<R>(
        &mut self,
        answer: &Answer,
        number: usize,
        span: &mut Span,
        row: &mut impl FnMut(R::Row<'_>),
    ) -> Result<Order, Failure>
    where
        R: Rows,
        for<'r> R::Row<'r>: Timed,
    {
        let (rows, next) = page::cut::<R>(answer)?;
        self.guard.page();
        let (before, count) = (span.at, rows.len());
        let mut beyond = false;
        for one in rows {
            if let Some(moment) = one.moment() {
                if moment < span.at && self.started > 1 {
                    return Ok(Order::Broken);
                }
                self.in_one |= moment < span.at;
                span.at = span.at.max(moment);
                if span.until.is_some_and(|until| moment >= until) {
                    beyond = true;
                    continue;
                }
            }
            self.guard.row(&one);
            row(one);
        }
        span.pace = (
            u64::try_from(count).unwrap_or(u64::MAX),
            span.at.saturating_sub(before),
        );
        let Some(cursor) = next.filter(|_| !beyond) else {
            return Ok(Order::Kept(false));
        };
        self.guard.follow(number, &cursor)?;
        self.full_pages += 1;
        span.cursor = Some(cursor);
        Ok(Order::Kept(true))
    }
}
