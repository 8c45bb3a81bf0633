//! Traces: spans of collections, scrapes, reloads and swaps, sent to an OpenTelemetry
//! receiver.
//!
//! The spans are not those of the `tracing` crate. Those depend on the filter of the log,
//! and the formats of the log would show them.

mod delivery;
#[cfg(feature = "traces")]
mod otlp;
mod settings;
mod span;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::error;

use delivery::{Delivery, SpanReceiver};
pub use settings::{ReceiverAddress, TraceSettings};
use span::SpanQueue;
pub use span::{Span, SpanContext, SpanName, SpanValue};

/// Spans that wait for the receiver. More are dropped.
const QUEUE: usize = 2048;

/// How long the end of the process waits for the receiver.
const LAST_SPANS: Duration = Duration::from_secs(1);

/// Whether this program can send traces.
pub const AVAILABLE: bool = cfg!(feature = "traces");

/// Starts spans. Clones share the receiver. Without one, no span is recorded.
#[derive(Clone, Default)]
pub struct Tracer(Arc<TracerInner>);

#[derive(Default)]
struct TracerInner {
    queue: ArcSwapOption<SpanQueue>,
    sending: Mutex<Sending>,
    dropped: watch::Sender<u64>,
}

/// The current receiver.
#[derive(Default)]
struct Sending {
    settings: Option<TraceSettings>,
    task: Option<JoinHandle<()>>,
}

impl Tracer {
    /// Starts a span, as a child of the current one if there is one. Other spans are
    /// recorded at the configured rate.
    pub fn start(&self, name: SpanName) -> Span {
        if let Some(parent) = SpanContext::inherited() {
            return parent.child(name);
        }
        let queue = self.0.queue.load();
        let sampled = queue.as_ref().filter(|queue| queue.samples());
        sampled.map_or_else(Span::default, |queue| Span::root(name, queue))
    }

    /// Sends the spans that start from now on as configured, or none. Does nothing if
    /// nothing changed. Must be called within a Tokio runtime.
    pub fn apply(&self, settings: Option<&TraceSettings>) {
        let mut sending = self.sending();
        if sending.settings.as_ref() == settings {
            return;
        }
        // The previous task sends what it has and ends.
        self.0.queue.store(None);
        *sending = Sending {
            settings: settings.cloned(),
            task: settings.and_then(|settings| {
                let receiver = connect(&settings.receiver);
                let receiver = receiver.inspect_err(|error| error!(error, "Traces are not sent"));
                Some(self.send_to(settings, receiver.ok()?))
            }),
        };
    }

    fn send_to(&self, settings: &TraceSettings, receiver: Box<dyn SpanReceiver>) -> JoinHandle<()> {
        let (queue, spans) = mpsc::channel(QUEUE);
        let delivery = Delivery {
            receiver,
            endpoint: settings.receiver.to_string(),
            dropped: self.0.dropped.clone(),
        };
        let queue = SpanQueue::new(queue, settings, self.0.dropped.clone());
        self.0.queue.store(Some(Arc::new(queue)));
        tokio::spawn(delivery.run(spans))
    }

    /// The number of spans that were dropped.
    pub fn dropped(&self) -> watch::Receiver<u64> {
        self.0.dropped.subscribe()
    }

    /// Sends the last spans, and waits for the receiver up to a second.
    pub async fn close(&self) {
        self.0.queue.store(None);
        let Some(mut task) = std::mem::take(&mut *self.sending()).task else {
            return;
        };
        if timeout(LAST_SPANS, &mut task).await.is_err() {
            task.abort();
        }
    }

    fn sending(&self) -> MutexGuard<'_, Sending> {
        // Assignments are atomic, so a poisoned lock is harmless.
        self.0
            .sending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(feature = "traces")]
use otlp::connect;

#[cfg(not(feature = "traces"))]
fn connect(_: &ReceiverAddress) -> Result<Box<dyn SpanReceiver>, String> {
    Err("this program was built without traces".to_owned())
}

#[cfg(test)]
mod tests;
