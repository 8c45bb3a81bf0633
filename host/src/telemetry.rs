//! The log: what is said, how it is written, and where it goes. All three can
//! be changed while the program runs.
//!
//! Both formats are installed from the start and a gate opens one of them. A
//! format that came later would find spans that it had not seen begin, which
//! the formatters answer with a panic.

mod escape;
mod output;
mod queue;
mod settings;

use std::path::PathBuf;
use std::time::Duration;
use std::{error, fmt, io, panic};

use tokio::sync::watch;
use tracing::error;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

pub use escape::is_control_like;
use output::{Output, Sink};
pub use settings::{Filter, LogFormat, LogTarget, Settings};

/// How long the end of the process waits for the last lines to be written.
pub const LAST_LINES: Duration = Duration::from_secs(1);

/// Why the log cannot be written as the settings ask.
#[derive(Debug)]
pub enum LogError {
    /// The log file cannot be opened for appending.
    File(PathBuf, io::Error),
    /// The thread that writes the log cannot be started.
    Thread(io::Error),
    /// The process has a log already.
    Installed,
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => {
                write!(
                    f,
                    "the log file `{}` cannot be opened: {error}",
                    path.display()
                )?;
                if error.kind() == io::ErrorKind::InvalidInput {
                    f.write_str(
                        "\n  hint: for the streams of the process write `stdout` or `stderr`",
                    )?;
                }
                Ok(())
            }
            Self::Thread(error) => {
                write!(
                    f,
                    "the thread that writes the log cannot be started: {error}"
                )
            }
            Self::Installed => f.write_str("the log is installed already"),
        }
    }
}

impl error::Error for LogError {}

/// Changes the log of the running program.
#[derive(Clone)]
pub struct Handle {
    filter: reload::Handle<EnvFilter, Registry>,
    output: Output,
}

impl Handle {
    /// Opens what new settings name, and changes nothing yet. A log file is opened
    /// again, which is what a rotated one needs.
    ///
    /// # Errors
    /// The log file cannot be opened for appending.
    pub fn prepare(&self, settings: &Settings) -> Result<StagedLog, LogError> {
        Ok(StagedLog {
            sink: Sink::open(settings)?,
            filter: settings.filter.compiled(),
        })
    }

    /// The next line is logged as the settings say that were prepared.
    pub fn commit(&self, staged: StagedLog) {
        self.output.change(staged.sink);
        // Only fails once the subscriber is gone, and then nothing is logged.
        let _ = self.filter.reload(staged.filter);
    }

    /// How many lines were dropped, because they could not be written in time.
    pub fn dropped_lines(&self) -> watch::Receiver<u64> {
        self.output.queue().dropped()
    }

    /// Waits until all that was logged is written, at most for so long: there may be
    /// no reader.
    pub fn flush(&self, limit: Duration) {
        self.output.queue().flush(limit);
    }
}

/// Settings that can take effect.
pub struct StagedLog {
    sink: Sink,
    filter: EnvFilter,
}

/// Looks whether the log could be written as the settings ask, and changes nothing.
///
/// # Errors
/// The log file exists and cannot be written to.
pub fn examine(settings: &Settings) -> Result<(), LogError> {
    output::examine(settings)
}

/// Makes the log file where there is none.
///
/// # Errors
/// It cannot be opened for appending.
pub fn make(settings: &Settings) -> Result<(), LogError> {
    output::make(settings)
}

/// Installs the log of the process.
pub fn init(settings: &Settings) -> Result<Handle, LogError> {
    let (subscriber, handle) = subscriber(settings)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::Installed)?;
    Ok(handle)
}

/// From here on panics are logged, and not printed: a thread that prints waits for
/// the reader of standard error, and so would never come to the end of its panic.
pub fn log_panics(handle: Handle) {
    panic::set_hook(Box::new(move |panic| {
        error!(%panic, "A thread panicked");
        // It may be the last thing that the process does.
        handle.flush(LAST_LINES);
    }));
}

/// The log, not yet installed.
fn subscriber(settings: &Settings) -> Result<(impl tracing::Subscriber + use<>, Handle), LogError> {
    let output = Output::new(settings)?;
    let (filter, handle) = reload::Layer::new(settings.filter.compiled());
    let logfmt = tracing_logfmt::builder()
        .with_span_path(false)
        .with_ansi_color(false)
        .layer()
        .with_writer(output.clone())
        .with_filter(output.filter_format(LogFormat::Logfmt));
    let json = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(output.clone())
        .with_filter(output.filter_format(LogFormat::Json));
    let subscriber = Registry::default().with(filter).with(logfmt).with(json);
    let handle = Handle {
        filter: handle,
        output,
    };
    Ok((subscriber, handle))
}

#[cfg(test)]
mod tests;
