//! Limits how many requests of a collection are in flight.
//!
//! The lists of jobs share one limit, which adapts to the server. Other lists have one
//! reader each, so they are free until the server is busy. Then all requests share
//! the limit, and the client repeats those that were refused.

use std::cell::RefCell;
use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::query::Concurrency;

/// The limit at the beginning, and the greatest one for lists that were read before.
const FEW: usize = 2;

/// Requests in flight, of all collectors, above which no page of jobs is requested. The
/// host allows 32; no more than 8 lists begin later.
const MOST_IN_FLIGHT: usize = 24;

/// Answers at a limit below a refused one, before the limit tries that one again.
const ANSWERS_BEFORE_RETRY: usize = 100;

/// How much slower than the fastest page a page may be to raise the limit.
const TOLERATED_FACTOR: u32 = 2;
const TOLERATED_DELAY: Duration = Duration::from_millis(10);

/// Decides the limit from what happens to requests.
#[derive(Debug)]
struct AdaptiveLimit {
    limit: usize,
    /// The least of the configured numbers.
    readers: usize,
    /// Whether a list is read for the first time, which is long.
    is_first_read: bool,
    /// The greatest limit that was not refused.
    ceiling: usize,
    /// Answers in time since the limit changed.
    answers: usize,
    fastest: Duration,
    /// How often the limit was halved.
    halvings: usize,
}

impl Default for AdaptiveLimit {
    fn default() -> Self {
        Self {
            limit: FEW,
            readers: usize::MAX,
            is_first_read: false,
            ceiling: usize::MAX,
            answers: 0,
            fastest: Duration::MAX,
            halvings: 0,
        }
    }
}

impl AdaptiveLimit {
    fn allow(&mut self, readers: usize, is_first_read: bool) {
        self.readers = self.readers.min(readers.max(1));
        self.is_first_read |= is_first_read;
    }

    fn most(&self) -> usize {
        match self.is_first_read {
            true => self.readers,
            false => self.readers.min(FEW),
        }
    }

    fn get(&self) -> usize {
        self.limit.min(self.most())
    }

    /// Adds one after as many answers in time as the limit.
    fn note_answer(&mut self, latency: Duration) {
        self.fastest = self.fastest.min(latency);
        let tolerated = self.fastest.saturating_mul(TOLERATED_FACTOR) + TOLERATED_DELAY;
        if latency > tolerated {
            self.answers = 0;
            return;
        }
        self.answers += 1;
        let needed = match self.limit < self.ceiling {
            true => self.limit,
            false => ANSWERS_BEFORE_RETRY,
        };
        if self.answers >= needed && self.limit < self.most() {
            self.limit += 1;
            self.ceiling = self.ceiling.max(self.limit);
            self.answers = 0;
        }
    }

    /// Halves the limit, once for requests that were sent at the same limit. `halvings`
    /// is the number at that time.
    fn note_refusal(&mut self, halvings: usize) {
        if halvings < self.halvings {
            return;
        }
        self.limit = (self.get() / 2).max(1);
        self.answers = 0;
        self.halvings += 1;
    }

    /// Also remembers that the server refused this limit.
    fn note_excess(&mut self, halvings: usize) {
        if halvings == self.halvings {
            self.ceiling = (self.get() - 1).max(1);
        }
        self.note_refusal(halvings);
    }
}

#[derive(Debug, Default)]
struct ReaderLimit {
    limit: AdaptiveLimit,
    /// Whether the server was busy. Then the limit includes all requests.
    is_busy: bool,
    in_flight: usize,
    limited_in_flight: usize,
    sent: u64,
    /// Requests that wait as long as the server asked for.
    pauses: usize,
    /// Endpoints that refused a request while it was the only one.
    refused_alone: Vec<&'static str>,
    waiting: Vec<Waker>,
}

impl ReaderLimit {
    fn has_room(&self, concurrency: Concurrency) -> bool {
        let used = match (self.is_busy, concurrency) {
            (true, _) => self.in_flight,
            (false, Concurrency::Free) => return true,
            (false, _) => self.limited_in_flight,
        };
        self.pauses == 0 && used < self.limit.get() && self.in_flight < MOST_IN_FLIGHT
    }

    fn wake(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }
}

/// The limit of one collection.
#[derive(Debug, Default)]
pub(super) struct Limiter(RefCell<ReaderLimit>);

impl Limiter {
    /// Allows this many concurrent requests in a first read, and few otherwise.
    pub(super) fn allow(&self, readers: usize, is_first_read: bool) {
        self.0.borrow_mut().limit.allow(readers, is_first_read);
    }

    /// The current limit.
    pub(super) fn limit(&self) -> usize {
        self.0.borrow().limit.get()
    }

    /// Waits until a request may be sent.
    pub(super) async fn slot(&self, concurrency: Concurrency) -> Slot<'_> {
        poll_fn(|context| {
            let mut state = self.0.borrow_mut();
            if !state.has_room(concurrency) {
                state.waiting.push(context.waker().clone());
                return Poll::Pending;
            }
            state.in_flight += 1;
            state.limited_in_flight += usize::from(concurrency != Concurrency::Free);
            state.sent += 1;
            Poll::Ready(Slot {
                limiter: self,
                concurrency,
                number: state.sent,
                began_alone: state.in_flight == 1,
                is_counted: state.is_busy || concurrency != Concurrency::Free,
                halvings: state.limit.halvings,
            })
        })
        .await
    }

    /// Whether this endpoint refused a request while it was the only one.
    pub(super) fn refused_alone(&self, endpoint: &str) -> bool {
        self.0.borrow().refused_alone.contains(&endpoint)
    }

    /// Holds requests back until it is dropped.
    pub(super) fn pause(&self) -> Pause<'_> {
        self.0.borrow_mut().pauses += 1;
        Pause(self)
    }
}

/// A request in flight.
pub(super) struct Slot<'a> {
    limiter: &'a Limiter,
    concurrency: Concurrency,
    number: u64,
    began_alone: bool,
    /// Whether the limit includes it.
    is_counted: bool,
    halvings: usize,
}

impl Slot<'_> {
    /// The server answered after this time.
    pub(super) fn answered(self, latency: Duration) {
        if self.concurrency == Concurrency::Adaptive {
            self.limiter.0.borrow_mut().limit.note_answer(latency);
        }
    }

    /// The server was busy, or did not answer in time. Returns whether to repeat the
    /// request: fewer at once do not help if it was the only one.
    pub(super) fn refused(self, endpoint: &'static str, is_busy: bool) -> bool {
        let mut state = self.limiter.0.borrow_mut();
        state.is_busy |= is_busy;
        match self.is_counted {
            true => state.limit.note_excess(self.halvings),
            false => state.limit.note_refusal(self.halvings),
        }
        if self.began_alone && state.sent == self.number {
            state.refused_alone.push(endpoint);
        }
        !state.refused_alone.contains(&endpoint)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut state = self.limiter.0.borrow_mut();
        state.in_flight -= 1;
        state.limited_in_flight -= usize::from(self.concurrency != Concurrency::Free);
        state.wake();
    }
}

/// Holds requests back.
pub(super) struct Pause<'a>(&'a Limiter);

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        let mut state = self.0.0.borrow_mut();
        state.pauses -= 1;
        state.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAST: Duration = Duration::from_millis(20);

    fn first_read(readers: usize) -> AdaptiveLimit {
        let mut limit = AdaptiveLimit::default();
        limit.allow(readers, true);
        limit
    }

    fn answers(limit: &mut AdaptiveLimit, count: usize) -> usize {
        (0..count).for_each(|_| limit.note_answer(FAST));
        limit.get()
    }

    #[test]
    fn it_begins_with_two_and_adds_one_for_each_round_of_answers() {
        let mut limit = first_read(5);
        assert_eq!(limit.get(), 2);
        assert_eq!(answers(&mut limit, 2), 3);
        assert_eq!(answers(&mut limit, 2), 3);
        assert_eq!(answers(&mut limit, 1), 4);
        assert_eq!(answers(&mut limit, 100), 5);
    }

    #[test]
    fn a_slower_server_gets_no_more_readers() {
        let mut limit = first_read(16);
        limit.note_answer(FAST);
        (0..50).for_each(|_| limit.note_answer(FAST * 3));
        assert_eq!(limit.get(), 2);
        assert_eq!(answers(&mut limit, 2), 3);
    }

    #[test]
    fn refusals_of_one_limit_halve_it_once() {
        let mut limit = first_read(16);
        assert_eq!(answers(&mut limit, 1000), 16);
        let halvings = limit.halvings;
        (0..16).for_each(|_| limit.note_excess(halvings));
        assert_eq!(limit.get(), 8);
        limit.note_excess(limit.halvings);
        (0..9).for_each(|_| limit.note_excess(limit.halvings));
        assert_eq!(limit.get(), 1);
    }

    #[test]
    fn a_refused_limit_is_rarely_tried_again() {
        let mut limit = first_read(16);
        assert_eq!(answers(&mut limit, 2 + 3), 4);
        limit.note_excess(limit.halvings);
        assert_eq!(limit.get(), 2);
        assert_eq!(answers(&mut limit, 2), 3);
        assert_eq!(answers(&mut limit, ANSWERS_BEFORE_RETRY - 1), 3);
        assert_eq!(answers(&mut limit, 1), 4);
    }

    #[test]
    fn the_least_setting_wins_and_a_later_read_has_few_readers() {
        let mut limit = AdaptiveLimit::default();
        limit.allow(16, false);
        assert_eq!(answers(&mut limit, 1000), 2);
        limit.allow(4, true);
        assert_eq!(answers(&mut limit, 1000), 4);
        limit.allow(1, false);
        assert_eq!(limit.get(), 1);
    }

    #[test]
    fn the_refusal_of_a_free_request_leaves_the_limit_untried() {
        let mut limit = first_read(16);
        limit.note_refusal(limit.halvings);
        assert_eq!(limit.get(), 1);
        assert_eq!(answers(&mut limit, 1 + 2 + 3), 4);
    }
}
