//! Where events are written to.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tracing::Metadata;
use tracing_subscriber::filter::DynFilterFn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::escape::escaped;
use super::{Error, Format, Settings, Target};
use crate::file::{self, Links};

/// What a gate's filter function looks like.
pub(super) type Gate<S> =
    DynFilterFn<S, Box<dyn Fn(&Metadata<'_>, &Context<'_, S>) -> bool + Send + Sync>>;

/// The one place that every event is written to, at any time the latest.
#[derive(Clone)]
pub(super) struct Output(Arc<ArcSwap<Sink>>);

impl Output {
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        let sink = Sink::open(settings)?;
        Ok(Self(Arc::new(ArcSwap::from_pointee(sink))))
    }

    /// The next event goes where the settings say, or where the last one went
    /// when that place cannot be opened.
    pub(super) fn change(&self, settings: &Settings) -> Result<(), Error> {
        self.0.store(Arc::new(Sink::open(settings)?));
        Ok(())
    }

    /// Lets events pass to the format that is chosen, and spans to both.
    pub(super) fn gate<S: tracing::Subscriber + for<'a> LookupSpan<'a>>(
        &self,
        format: Format,
    ) -> Gate<S> {
        let output = self.clone();
        DynFilterFn::new(Box::new(move |metadata, _| {
            metadata.is_span() || output.0.load().format == format
        }))
    }
}

impl MakeWriter<'_> for Output {
    type Writer = Writer;

    fn make_writer(&self) -> Writer {
        Writer(self.0.load_full())
    }
}

struct Sink {
    format: Format,
    stream: Stream,
}

enum Stream {
    Stdout,
    Stderr,
    File(File),
}

impl Sink {
    fn open(settings: &Settings) -> Result<Self, Error> {
        let stream = match &settings.target {
            Target::Stdout => Stream::Stdout,
            Target::Stderr => Stream::Stderr,
            Target::File(path) => {
                let file = open(path, OpenOptions::new().create(true));
                Stream::File(file.map_err(|error| Error::File(path.clone(), error))?)
            }
        };
        Ok(Self {
            format: settings.format,
            stream,
        })
    }
}

/// Opens a log for appending. It may be a character device too, such as `/dev/null`.
/// A pipe would stop the whole process as soon as nobody reads it.
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
pub(super) fn examine(settings: &Settings) -> Result<(), Error> {
    let Target::File(path) = &settings.target else {
        return Ok(());
    };
    match open(path, &mut OpenOptions::new()) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::File(path.clone(), error)),
        _ => Ok(()),
    }
}

/// Makes the log file where there is none.
///
/// # Errors
/// It cannot be opened for appending.
pub(super) fn make(settings: &Settings) -> Result<(), Error> {
    Sink::open(settings).map(drop)
}

/// Writes events, each in one piece: so all of the log passes here, whoever logs.
pub(super) struct Writer(Arc<Sink>);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let event = escaped(bytes, self.0.format);
        match &self.0.stream {
            Stream::Stdout => io::stdout().write_all(&event)?,
            Stream::Stderr => io::stderr().write_all(&event)?,
            Stream::File(file) => (&*file).write_all(&event)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match &self.0.stream {
            Stream::Stdout => io::stdout().flush(),
            Stream::Stderr => io::stderr().flush(),
            Stream::File(file) => (&*file).flush(),
        }
    }
}
