//! Answers one request at a time, in the order of the requests.
//!
//! A guest may decide by the order of answers what it requests next. So a recorded
//! collection and its replay must not depend on the time that an answer takes.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// Time to drop a body that was read, before the next request is answered. Guests in
/// languages with garbage collection drop it late or never.
const UNTIL_DROPPED: Duration = Duration::from_millis(50);

/// A request that waited for so long goes on: the guest may not read an answer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The requests that wait for their turn, and the one that has it.
#[derive(Clone, Debug)]
pub(super) struct Turns(watch::Sender<BTreeSet<u64>>);

/// The place of a request in the order. The next one follows when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    number: u64,
}

impl Default for Turns {
    fn default() -> Self {
        Self(watch::Sender::new(BTreeSet::new()))
    }
}

impl Turns {
    /// The turn after all others.
    pub(super) fn take(&self) -> Turn {
        let mut number = 0;
        self.0.send_modify(|waiting| {
            number = waiting.last().map_or(0, |last| last + 1);
            waiting.insert(number);
        });
        Turn {
            turns: self.clone(),
            number,
        }
    }
}

impl Turn {
    /// Waits until no earlier request is left.
    pub(super) async fn wait(&self) {
        let mut waiting = self.turns.0.subscribe();
        let first = waiting.wait_for(|waiting| waiting.first() == Some(&self.number));
        // Both results mean that this request is next.
        let _ = timeout(LONGEST_WAIT, first).await;
    }

    /// Ends the turn after the guest has read the answer.
    pub(super) async fn end(self) {
        sleep(UNTIL_DROPPED).await;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.0.send_modify(|waiting| {
            waiting.remove(&self.number);
        });
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn requests_are_answered_in_their_order_even_if_some_are_dropped() {
        let turns = Turns::default();
        let [first, second, third] = [turns.take(), turns.take(), turns.take()];
        assert!(first.wait().now_or_never().is_some());
        assert!(second.wait().now_or_never().is_none());
        drop(second);
        assert!(third.wait().now_or_never().is_none(), "the first has it");
        drop(first);
        third.wait().await;
        let fourth = turns.take();
        assert!(fourth.wait().now_or_never().is_none());
        drop(third);
        fourth.wait().await;
    }
}
