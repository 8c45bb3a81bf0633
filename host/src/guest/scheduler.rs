//! Whose turn it is: so that no site's guest can starve another's, nor a scrape.
//!
//! Two things are rationed, each in order of arrival. How many collections are
//! under way at one time, which bounds memory: the default is so large that it is
//! seldom reached, for a collection mostly waits for NetBackup. And how many
//! calls compute at the same moment, which bounds the processor: a busy guest
//! gives way at every tick, and goes to the end of the lane. Short calls (probes,
//! checks) stand in rows of their own, so that no collection is before them.

use std::collections::HashMap;
use std::future::poll_fn;
use std::mem;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::GuestLimits;

/// The lane that a call stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    /// Collections.
    Collections,
    /// Everything that people wait for.
    Short,
}

/// What is rationed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum LimitedResource {
    /// Being under way.
    Slot,
    /// Computing.
    Processor,
}

/// The rows of a process. Other limits make other rows; who stands in a lane when
/// they change stays in it for that one call.
#[derive(Default)]
pub(super) struct Scheduler(Mutex<HashMap<(Lane, LimitedResource, usize), Arc<Semaphore>>>);

impl Scheduler {
    /// Waits until the call may begin; it lasts as long as the permit is held.
    /// None never comes: rows are not closed.
    pub(super) async fn enter(
        &self,
        lane: Lane,
        limits: &GuestLimits,
    ) -> Option<OwnedSemaphorePermit> {
        let room = self.semaphore(lane, LimitedResource::Slot, limits.collections);
        room.acquire_owned().await.ok()
    }

    /// Runs a call that takes turns.
    pub(super) fn turns(&self, lane: Lane, limits: &GuestLimits) -> ProcessorQueue {
        ProcessorQueue(self.semaphore(lane, LimitedResource::Processor, limits.busy))
    }

    fn semaphore(&self, lane: Lane, resource: LimitedResource, permits: usize) -> Arc<Semaphore> {
        let permits = permits.clamp(1, Semaphore::MAX_PERMITS);
        // An entry is put in whole.
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = rows.entry((lane, resource, permits));
        Arc::clone(entry.or_insert_with(|| Arc::new(Semaphore::new(permits))))
    }
}

/// A lane for the processor.
pub(super) struct ProcessorQueue(Arc<Semaphore>);

impl ProcessorQueue {
    /// Lets the future go on only in its turn. Between two steps it holds nothing.
    pub(super) async fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        loop {
            let turn = self.0.acquire().await;
            let step = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
            drop(turn);
            if let Poll::Ready(output) = step {
                return output;
            }
            woken().await;
        }
    }
}

/// Until the task is woken. Whatever woke it since the future was asked has
/// woken it for this too.
async fn woken() {
    let mut waited = false;
    poll_fn(|_| match mem::replace(&mut waited, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::JoinSet;

    use super::*;

    fn limits(collections: usize, busy: usize) -> GuestLimits {
        GuestLimits {
            collections,
            busy,
            ..GuestLimits::default()
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn no_more_compute_at_once_than_have_turns_and_all_come_to_their_end() {
        let scheduler = Arc::new(Scheduler::default());
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut tasks = JoinSet::new();
        for _ in 0..16 {
            let (scheduler, now, most) =
                (Arc::clone(&scheduler), Arc::clone(&now), Arc::clone(&most));
            tasks.spawn(async move {
                let work = async {
                    for _ in 0..200 {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(1, Ordering::SeqCst);
                        tokio::task::yield_now().await;
                    }
                };
                scheduler
                    .turns(Lane::Collections, &limits(64, 2))
                    .run(work)
                    .await;
            });
        }
        tasks.join_all().await;
        assert!(most.load(Ordering::SeqCst) <= 2, "{most:?}");
    }

    #[tokio::test]
    async fn who_waits_for_something_else_holds_no_turn() {
        let scheduler = Scheduler::default();
        let turns = || scheduler.turns(Lane::Collections, &limits(64, 1));
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let (waiting, sending) = (turns(), turns());
        let (received, ()) = tokio::join!(
            waiting.run(async { receiver.await.unwrap() }),
            sending.run(async { sender.send(7).unwrap() })
        );
        assert_eq!(received, 7);
    }

    #[tokio::test]
    async fn a_full_house_of_collections_leaves_room_for_probes() {
        let scheduler = Scheduler::default();
        let one = limits(1, 1);
        let held = scheduler.enter(Lane::Collections, &one).await;
        let mut second = pin!(scheduler.enter(Lane::Collections, &one));
        assert!(futures::poll!(second.as_mut()).is_pending());
        assert!(scheduler.enter(Lane::Short, &one).await.is_some());
        drop(held);
        assert!(second.await.is_some());
    }
}
