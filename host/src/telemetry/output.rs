//! Where events are written to, and by whom: not by the threads that log.

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

/// What a gate's filter function looks like.
pub(super) type FormatFilter<S> =
    DynFilterFn<S, Box<dyn Fn(&Metadata<'_>, &Context<'_, S>) -> bool + Send + Sync>>;

/// The one place that every event is written to, at any time the latest.
#[derive(Clone)]
pub(super) struct Output {
    sink: Arc<ArcSwap<Sink>>,
    queue: Queue,
}

impl Output {
    pub(super) fn new(settings: &Settings) -> Result<Self, LogError> {
        let sink = Sink::open(settings)?;
        let report = |lines| warn!(lines, "Log lines were dropped: they could not be written");
        Ok(Self {
            sink: Arc::new(ArcSwap::from_pointee(sink)),
            queue: Queue::start(report).map_err(LogError::Thread)?,
        })
    }

    /// Where its lines wait.
    pub(super) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// The next event goes there.
    pub(super) fn change(&self, sink: Sink) {
        self.sink.store(Arc::new(sink));
    }

    /// Lets events pass to the format that is chosen, and spans to both.
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

/// What lines are written to. A line keeps the sink that it was made for.
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

    /// Waits for as long as the reader or the disk does.
    pub(super) fn write(&self, line: &[u8]) -> io::Result<()> {
        match &self.stream {
            LogStream::Stdout => io::stdout().write_all(line),
            LogStream::Stderr => io::stderr().write_all(line),
            LogStream::File(file) => (&*file).write_all(line),
        }
    }
}

/// Opens a log for appending. It may be a character device too, such as `/dev/null`.
/// A pipe that nobody reads could not be opened without waiting.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let (file, metadata) = file::open_any(path, options.append(true), Links::Follow)?;
    let kind = metadata.file_type();
    if kind.is_file() || kind.is_char_device() {
        Ok(file)
    } else {
        Err(file::unexpected(kind))
    }
}

/// Looks whether the settings could be used, and changes nothing.
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

/// Makes the log file where there is none.
///
/// # Errors
/// It cannot be opened for appending.
pub(super) fn make(settings: &Settings) -> Result<(), LogError> {
    Sink::open(settings).map(drop)
}

/// Takes events, each in one piece: so all of the log passes here, whoever logs.
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

    /// The thread behind the queue writes.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
