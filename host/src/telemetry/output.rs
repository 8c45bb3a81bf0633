//! The output of the log, which a thread of its own writes.

use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tracing::{Event, Subscriber, warn};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::fields::Fields;
use super::line::line;
use super::queue::{LogLine, Queue};
use super::sink::Sink;
use super::{LogError, LogSettings};

/// The current output of all events.
#[derive(Clone)]
pub(super) struct Output {
    sink: Arc<ArcSwap<Sink>>,
    queue: Queue,
}

impl Output {
    pub(super) fn new(settings: &LogSettings) -> Result<Self, LogError> {
        let sink = Sink::open(settings)?;
        let report = |lines| {
            warn!(
                lines,
                "Log lines were dropped because they could not be written"
            )
        };
        Ok(Self {
            sink: Arc::new(ArcSwap::from_pointee(sink)),
            queue: Queue::start(report).map_err(LogError::Thread)?,
        })
    }

    /// The queue of lines to write.
    pub(super) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Changes the sink of the next events.
    pub(super) fn change(&self, sink: Sink) {
        self.sink.store(Arc::new(sink));
    }
}

/// Spans are not logged.
impl<S: Subscriber> Layer<S> for Output {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let sink = self.sink.load_full();
        let mut fields = Fields::default();
        event.record(&mut fields);
        let text = line(sink.format, Timestamp::now(), event.metadata(), &fields);
        self.queue.push(LogLine { sink, text });
    }
}
