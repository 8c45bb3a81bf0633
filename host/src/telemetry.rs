//! The log: what is said, how it is written, and where it goes. All three can
//! be changed while the program runs.
//!
//! Both formats are installed from the start and a gate opens one of them. A
//! format that came later would find spans that it had not seen begin, which
//! the formatters answer with a panic.

mod escape;
mod output;
mod settings;

use std::path::PathBuf;
use std::{error, fmt, io};

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

pub use escape::is_control_like;
use output::Output;
pub use settings::{Filter, Format, Settings, Target};

/// Why the log cannot be written as the settings ask.
#[derive(Debug)]
pub enum Error {
    /// The log file cannot be opened for appending.
    File(PathBuf, io::Error),
    /// The process has a log already.
    Installed,
}

impl fmt::Display for Error {
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
            Self::Installed => f.write_str("the log is installed already"),
        }
    }
}

impl error::Error for Error {}

/// Changes the log of the running program.
#[derive(Clone)]
pub struct Handle {
    filter: reload::Handle<EnvFilter, Registry>,
    output: Output,
}

impl Handle {
    /// Makes new settings take effect; when they cannot, the old ones go on. A
    /// log file is opened anew, which is what a rotated one needs.
    pub fn apply(&self, settings: &Settings) -> Result<(), Error> {
        self.output.change(settings)?;
        // Only fails once the subscriber is gone, and then nothing is logged.
        let _ = self.filter.reload(settings.filter.compiled());
        Ok(())
    }
}

/// Looks whether the log could be written as the settings ask, and changes nothing.
///
/// # Errors
/// The log file exists and cannot be written to.
pub fn examine(settings: &Settings) -> Result<(), Error> {
    output::examine(settings)
}

/// Makes the log file where there is none.
///
/// # Errors
/// It cannot be opened for appending.
pub fn make(settings: &Settings) -> Result<(), Error> {
    output::make(settings)
}

/// Installs the log of the process.
pub fn init(settings: &Settings) -> Result<Handle, Error> {
    let (subscriber, handle) = subscriber(settings)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| Error::Installed)?;
    Ok(handle)
}

/// The log, not yet installed.
fn subscriber(settings: &Settings) -> Result<(impl tracing::Subscriber + use<>, Handle), Error> {
    let output = Output::new(settings)?;
    let (filter, handle) = reload::Layer::new(settings.filter.compiled());
    let logfmt = tracing_logfmt::builder()
        .with_span_path(false)
        .with_ansi_color(false)
        .layer()
        .with_writer(output.clone())
        .with_filter(output.gate(Format::Logfmt));
    let json = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(output.clone())
        .with_filter(output.gate(Format::Json));
    let subscriber = Registry::default().with(filter).with(logfmt).with(json);
    let handle = Handle {
        filter: handle,
        output,
    };
    Ok((subscriber, handle))
}

#[cfg(test)]
mod tests;
