//! The output of the log, which a thread of its own writes.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tracing::{Metadata, warn};
use tracing_subscriber::filter::DynFilterFn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::escape::escaped;
use super::queue::{LogLine, Queue};
use super::{LogError, LogFormat, LogTarget, Settings};
use crate::file::{self, Links};

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
    pub(super) fn new(settings: &Settings) -> Result<Self, LogError> {
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

/// Where lines are written. A line keeps the sink that was current when it was logged.
pub(super) struct Sink {
    pub(super) format: LogFormat,
    pub(super) stream: LogStream,
}

pub(super) enum LogStream {
    Stdout,
    Stderr,
    File(File),
}

impl Sink {
    pub(super) fn open(settings: &Settings) -> Result<Self, LogError> {
        let stream = match &settings.target {
            LogTarget::Stdout => LogStream::Stdout,
            LogTarget::Stderr => LogStream::Stderr,
            LogTarget::File(path) => {
                let file = open(path, OpenOptions::new().create(true));
                LogStream::File(file.map_err(|error| LogError::File(path.clone(), error))?)
            }
        };
        Ok(Self {
            format: settings.format,
            stream,
        })
    }

    /// May block on the reader or the disk.
    pub(super) fn write(&self, line: &[u8]) -> io::Result<()> {
        match &self.stream {
            LogStream::Stdout => io::stdout().write_all(line),
            LogStream::Stderr => io::stderr().write_all(line),
            LogStream::File(file) => (&*file).write_all(line),
        }
    }
}

/// Opens a log for appending: a file or a character device such as `/dev/null`. Opening
/// a pipe without a reader would block.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let (file, metadata) = file::open_any(path, options.append(true), Links::Follow)?;
    let kind = metadata.file_type();
    if kind.is_file() || kind.is_char_device() {
        Ok(file)
    } else {
        Err(file::unexpected(kind))
    }
}

/// Checks whether the log can be written, without changes.
///
/// # Errors
/// The log file exists and cannot be written to.
pub(super) fn examine(settings: &Settings) -> Result<(), LogError> {
    let LogTarget::File(path) = &settings.target else {
        return Ok(());
    };
    match open(path, &mut OpenOptions::new()) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(LogError::File(path.clone(), error))
        }
        _ => Ok(()),
    }
}

/// Creates the log file if it is missing.
///
/// # Errors
/// It cannot be opened for appending.
pub(super) fn make(settings: &Settings) -> Result<(), LogError> {
    Sink::open(settings).map(drop)
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
