//! Schedules guest calls fairly, so that neither other sites nor scrapes starve.
//!
//! Two resources are limited, each in order of arrival. The number of concurrent
//! collections limits memory; collections mostly wait for NetBackup, so this limit is
//! rarely reached. The number of calls that compute at the same time limits processor
//! usage; a busy guest yields at every tick and rejoins the queue. Probes and checks
//! have their own lane, so that they do not wait for collections.

use std::collections::HashMap;
use std::future::poll_fn;
use std::mem;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::GuestLimits;

/// The lane of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    /// Collections.
    Collections,
    /// Probes, checks and descriptions, which people wait for.
    Short,
}

/// A limited resource.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum LimitedResource {
    /// A slot for a running call.
    Slot,
    /// Permission to compute.
    Processor,
}

/// The queues of the process. Changed limits create new queues; calls that are already
/// waiting stay in the old ones.
#[derive(Default)]
pub(super) struct Scheduler(Mutex<HashMap<(Lane, LimitedResource, usize), Arc<Semaphore>>>);

impl Scheduler {
    /// Waits for a slot, which is held as long as the permit. Never `None`, because
    /// queues are not closed.
    pub(super) async fn enter(
        &self,
        lane: Lane,
        limits: &GuestLimits,
    ) -> Option<OwnedSemaphorePermit> {
        let room = self.semaphore(lane, LimitedResource::Slot, limits.collections);
        room.acquire_owned().await.ok()
    }

    /// The queue in which a call takes its turns.
    pub(super) fn processor_queue(&self, lane: Lane, limits: &GuestLimits) -> ProcessorQueue {
        ProcessorQueue(self.semaphore(lane, LimitedResource::Processor, limits.busy))
    }

    fn semaphore(&self, lane: Lane, resource: LimitedResource, permits: usize) -> Arc<Semaphore> {
        let permits = permits.clamp(1, Semaphore::MAX_PERMITS);
        // Insertions are atomic, so a poisoned lock is harmless.
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = rows.entry((lane, resource, permits));
        Arc::clone(entry.or_insert_with(|| Arc::new(Semaphore::new(permits))))
    }
}

/// A queue for the processor.
pub(super) struct ProcessorQueue(Arc<Semaphore>);

impl ProcessorQueue {
    /// Polls the future only when it is its turn. Holds no permit between polls.
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

/// Waits until the task is woken. The waker was registered by the last poll of the
/// future.
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
    async fn the_number_of_computing_calls_is_limited_and_all_finish() {
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
                    .processor_queue(Lane::Collections, &limits(64, 2))
                    .run(work)
                    .await;
            });
        }
        tasks.join_all().await;
        assert!(most.load(Ordering::SeqCst) <= 2, "{most:?}");
    }

    #[tokio::test]
    async fn a_waiting_call_holds_no_permit() {
        let scheduler = Scheduler::default();
        let turns = || scheduler.processor_queue(Lane::Collections, &limits(64, 1));
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let (waiting, sending) = (turns(), turns());
        let (received, ()) = tokio::join!(
            waiting.run(async { receiver.await.unwrap() }),
            sending.run(async { sender.send(7).unwrap() })
        );
        assert_eq!(received, 7);
    }

    #[tokio::test]
    async fn probes_do_not_wait_for_collections() {
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
