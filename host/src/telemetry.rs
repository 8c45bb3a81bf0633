//! The log: its filter, its format and its target, all of which can change while the
//! program runs.

mod escape;
mod fields;
mod line;
mod output;
mod queue;
mod settings;
mod sink;

use std::path::PathBuf;
use std::time::Duration;
use std::{error, fmt, io, panic};

use tokio::sync::watch;
use tracing::error;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Registry, reload};

pub use escape::is_control_like;
pub use fields::guest_fields;
use output::Output;
pub use settings::{Filter, LogFormat, LogSettings, LogTarget};
use sink::Sink;

/// How long the process waits at its end for the last lines to be written.
pub const LAST_LINES: Duration = Duration::from_secs(1);

/// Why the log cannot be set up.
#[derive(Debug)]
pub enum LogError {
    /// The log file cannot be opened for appending.
    File(PathBuf, io::Error),
    /// The thread that writes the log cannot be started.
    Thread(io::Error),
    /// The process already has a log.
    Installed,
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => {
                write!(f, "cannot open the log file `{}`: {error}", path.display())?;
                let folder = settings::folder(path);
                match error.kind() {
                    io::ErrorKind::NotFound => {
                        write!(f, "\n  hint: create the folder `{}`", folder.display())?;
                        match folder.is_relative() {
                            true => f.write_str("; the path starts at the working directory"),
                            false => Ok(()),
                        }
                    }
                    io::ErrorKind::PermissionDenied => write!(
                        f,
                        "\n  hint: the user that runs the exporter must be able to write to `{}`",
                        folder.display()
                    ),
                    io::ErrorKind::InvalidInput => {
                        f.write_str("\n  hint: write the path of a file, or `stdout` or `stderr`")
                    }
                    _ => Ok(()),
                }
            }
            Self::Thread(error) => {
                write!(f, "cannot start the log thread: {error}")
            }
            Self::Installed => f.write_str("the log is already installed"),
        }
    }
}

impl error::Error for LogError {}

/// Changes and flushes the log of the running program.
#[derive(Clone)]
pub struct Handle {
    filter: reload::Handle<EnvFilter, Registry>,
    output: Output,
}

impl Handle {
    /// Prepares new settings without changing the log. A log file is opened again, which
    /// log rotation needs.
    ///
    /// # Errors
    /// The log file cannot be opened for appending.
    pub fn prepare(&self, settings: &LogSettings) -> Result<StagedLog, LogError> {
        Ok(StagedLog {
            sink: Sink::open(settings)?,
            filter: settings.filter.compiled(),
        })
    }

    /// Applies prepared settings from the next line on.
    pub fn commit(&self, staged: StagedLog) {
        self.output.change(staged.sink);
        // Fails only if the subscriber is gone, and then there is no log.
        let _ = self.filter.reload(staged.filter);
    }

    /// Number of dropped lines.
    pub fn dropped_lines(&self) -> watch::Receiver<u64> {
        self.output.queue().dropped()
    }

    /// Waits until all lines are written, up to the limit: there may be no reader.
    pub fn flush(&self, limit: Duration) {
        self.output.queue().flush(limit);
    }
}

/// Prepared settings.
pub struct StagedLog {
    sink: Sink,
    filter: EnvFilter,
}

/// Checks whether the log can be written, without changes.
///
/// # Errors
/// The log file cannot be written to, or not be created.
pub fn examine(settings: &LogSettings) -> Result<(), LogError> {
    sink::examine(settings)
}

/// Creates the log file if it is missing.
///
/// # Errors
/// It cannot be opened for appending.
pub fn make(settings: &LogSettings) -> Result<(), LogError> {
    sink::make(settings)
}

/// Installs the log of the process.
pub fn init(settings: &LogSettings) -> Result<Handle, LogError> {
    let (subscriber, handle) = subscriber(settings)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::Installed)?;
    Ok(handle)
}

/// Logs panics from here on instead of printing them: without a reader of standard
/// error, a panicking thread could block for ever.
pub fn log_panics(handle: Handle) {
    panic::set_hook(Box::new(move |panic| {
        error!(%panic, "A thread panicked");
        // The process may end next.
        handle.flush(LAST_LINES);
    }));
}

/// The subscriber, not yet installed.
fn subscriber(
    settings: &LogSettings,
) -> Result<(impl tracing::Subscriber + use<>, Handle), LogError> {
    let output = Output::new(settings)?;
    let (filter, handle) = reload::Layer::new(settings.filter.compiled());
    let subscriber = Registry::default().with(filter).with(output.clone());
    let handle = Handle {
        filter: handle,
        output,
    };
    Ok((subscriber, handle))
}

#[cfg(test)]
mod tests;
