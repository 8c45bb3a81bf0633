//! Sends queued spans to the receiver.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{info, warn};

use super::span::SpanRecord;

/// Spans of one request.
const BATCH: usize = 512;
/// How long a span waits for others, so that they are sent together.
const BATCH_DELAY: Duration = Duration::from_millis(500);
/// The time for one request, from the connection to the response.
pub(super) const REQUEST: Duration = Duration::from_secs(5);

/// Where spans are sent.
pub(super) trait SpanReceiver: Send + Sync {
    /// Sends spans; or says why they were not received.
    fn send(&self, spans: Vec<SpanRecord>) -> BoxFuture<'_, Result<(), String>>;
}

/// Sends the spans of one queue.
pub(super) struct Delivery {
    pub(super) receiver: Box<dyn SpanReceiver>,
    /// For the log.
    pub(super) endpoint: String,
    pub(super) dropped: watch::Sender<u64>,
}

impl Delivery {
    /// Runs until the queue is closed and empty. What cannot be sent is dropped: a receiver
    /// that is down must not cost memory.
    pub(super) async fn run(self, mut queue: mpsc::Receiver<SpanRecord>) {
        let endpoint = &self.endpoint;
        let mut failing = false;
        loop {
            let spans = next_batch(&mut queue).await;
            let count = spans.len() as u64;
            if count == 0 {
                return;
            }
            let sent = timeout(REQUEST, self.receiver.send(spans)).await;
            let sent = sent.unwrap_or_else(|_| Err(format!("no response within {REQUEST:?}")));
            if let Err(error) = &sent {
                self.dropped.send_modify(|dropped| *dropped += count);
                if !failing {
                    warn!(
                        endpoint,
                        error, "Traces cannot be sent; their spans are dropped and counted"
                    );
                }
            } else if failing {
                info!(endpoint, "Traces are sent again");
            }
            failing = sent.is_err();
        }
    }
}

/// Empty once the queue is closed.
async fn next_batch(queue: &mut mpsc::Receiver<SpanRecord>) -> Vec<SpanRecord> {
    let mut spans = Vec::new();
    let mut more = queue.recv_many(&mut spans, BATCH).await;
    let deadline = Instant::now() + BATCH_DELAY;
    while more > 0 && spans.len() < BATCH {
        let room = BATCH - spans.len();
        let received = timeout_at(deadline, queue.recv_many(&mut spans, room)).await;
        more = received.unwrap_or_default();
    }
    spans
}
