//! The output of the log, which a thread of its own writes.

use std::io::{self, Write};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tracing::{Metadata, warn};
use tracing_subscriber::filter::DynFilterFn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::escape::escaped;
use super::queue::{LogLine, Queue};
use super::sink::Sink;
use super::{LogError, LogFormat, LogSettings};

/// Enables one format.
pub(super) type FormatFilter<S> =
    DynFilterFn<S, Box<dyn Fn(&Metadata<'_>, &Context<'_, S>) -> bool + Send + Sync>>;

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

    /// Passes events to the selected format, and spans to both.
    pub(super) fn filter_format<S: tracing::Subscriber + for<'a> LookupSpan<'a>>(
        &self,
        format: LogFormat,
    ) -> FormatFilter<S> {
        let sink = Arc::clone(&self.sink);
        DynFilterFn::new(Box::new(move |metadata, _| {
            metadata.is_span() || sink.load().format == format
        }))
    }
}

impl MakeWriter<'_> for Output {
    type Writer = Writer;

    fn make_writer(&self) -> Writer {
        Writer {
            sink: self.sink.load_full(),
            queue: self.queue.clone(),
        }
    }
}

/// Receives each event as one write, and escapes and queues it.
pub(super) struct Writer {
    sink: Arc<Sink>,
    queue: Queue,
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.queue.push(LogLine {
            text: escaped(bytes, self.sink.format).into_owned(),
            sink: Arc::clone(&self.sink),
        });
        Ok(bytes.len())
    }

    /// The log thread writes.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
