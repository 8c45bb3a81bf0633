//! The settings of the log.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The settings of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSettings {
    /// Which events are logged.
    pub filter: Filter,
    /// The format of each line.
    pub format: LogFormat,
    /// Where the log goes.
    pub target: LogTarget,
}

/// Which events are logged: a level (`info`), or directives of tracing-subscriber's
/// `EnvFilter` (`warn,nbu_exporter::swap=debug`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(String);

/// The format of each line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Key-value pairs: `ts=… level=info msg…`.
    #[default]
    Logfmt,
    /// A JSON object.
    Json,
}

/// Where the log goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogTarget {
    /// Standard output, as in the Go exporter.
    #[default]
    Stdout,
    /// Standard error, for commands that print data.
    Stderr,
    /// A file, to which lines are appended.
    File(PathBuf),
}

impl LogSettings {
    /// The path that must stay writable; `None` without a file. If the log has its own
    /// folder it is the folder, so that a log that was moved away can be created again.
    /// Otherwise it is only the file, which must exist by then.
    pub fn writable(&self) -> Option<PathBuf> {
        let LogTarget::File(path) = &self.target else {
            return None;
        };
        let device = path.metadata().is_ok_and(|metadata| !metadata.is_file());
        if device || is_shared(folder(path)) {
            Some(path.clone())
        } else {
            Some(folder(path).to_owned())
        }
    }

    /// Whether the log file is in the root or working directory, which contain other files
    /// too.
    pub fn shares_folder(&self) -> bool {
        matches!(&self.target, LogTarget::File(path) if is_shared(folder(path)))
    }
}

/// The folder of a log file.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder == Path::new("") => Path::new("."),
        Some(folder) => folder,
        // The path is the root directory.
        None => Path::new("/"),
    }
}

/// A missing folder is not shared.
fn is_shared(folder: &Path) -> bool {
    let shared = [Path::new("/"), Path::new(".")];
    let found = folder.canonicalize();
    found.is_ok_and(|found| {
        shared
            .iter()
            .any(|shared| shared.canonicalize().is_ok_and(|shared| shared == found))
    })
}

impl Filter {
    /// The directives as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A level below `info` applies to this crate only: the libraries would flood the
    /// log.
    pub(super) fn compiled(&self) -> EnvFilter {
        let directives = match self.0.parse::<LevelFilter>() {
            Ok(level) if level > LevelFilter::INFO => {
                format!("info,{}={level}", env!("CARGO_CRATE_NAME"))
            }
            _ => self.0.clone(),
        };
        // A guest can make them log without a limit, and they do not name the site.
        EnvFilter::new(format!(
            "wasmtime_wasi=off,wasmtime_wasi_http=off,{directives}"
        ))
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self("info".into())
    }
}

impl FromStr for Filter {
    type Err = &'static str;

    /// `EnvFilter` treats an unknown word as a crate name, so a misspelt level would
    /// disable the log. Here it is an error.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let words = text.split(',').filter(|word| !word.contains(['=', '[']));
        let mut levels = words.map(str::trim);
        // `LevelFilter` accepts the empty word as a level.
        let strange = levels.any(|word| word.is_empty() || word.parse::<LevelFilter>().is_err());
        if strange || EnvFilter::try_new(text).is_err() {
            return Err("neither a log level nor a list of `crate=level`");
        }
        Ok(Self(text.to_owned()))
    }
}

impl LogFormat {
    /// `logfmt` or `json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Logfmt => "logfmt",
            Self::Json => "json",
        }
    }
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_lowercase().as_str() {
            "logfmt" => Ok(Self::Logfmt),
            "json" => Ok(Self::Json),
            _ => Err("neither `logfmt` nor `json`"),
        }
    }
}
