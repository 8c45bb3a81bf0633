//! What the log needs to know.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The log: what, how and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Which events are shown.
    pub filter: Filter,
    /// How an event is written.
    pub format: LogFormat,
    /// Where it is written to.
    pub target: LogTarget,
}

/// Which events are shown: a level (`info`), or the directives of
/// tracing-subscriber's `EnvFilter` (`warn,nbu_exporter::swap=debug`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(String);

/// How an event is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// `ts=… level=info msg…`, a line for each event.
    #[default]
    Logfmt,
    /// One JSON object on a line for each event.
    Json,
}

/// Where the log goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogTarget {
    /// Standard output, as the predecessor did.
    #[default]
    Stdout,
    /// Standard error, for commands whose output is data.
    Stderr,
    /// A file, which is appended to.
    File(PathBuf),
}

impl Settings {
    /// What the process must be able to write to; none when there is no file. With a
    /// folder of its own that is the folder, so that a log which was moved away can be
    /// made again. Otherwise it is the file alone, which must exist by then.
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

    /// Whether the log file lies in the root directory or in the working directory,
    /// which hold more than logs.
    pub fn shares_folder(&self) -> bool {
        matches!(&self.target, LogTarget::File(path) if is_shared(folder(path)))
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder == Path::new("") => Path::new("."),
        Some(folder) => folder,
        // The root itself, which is no file.
        None => Path::new("/"),
    }
}

/// A folder that does not exist is nobody's.
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
    /// The directives as they were given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Below `info`, a level alone is ours: the libraries beneath would drown
    /// everything else.
    pub(super) fn compiled(&self) -> EnvFilter {
        match self.0.parse::<LevelFilter>() {
            Ok(level) if level > LevelFilter::INFO => {
                EnvFilter::new(format!("info,{}={level}", env!("CARGO_CRATE_NAME")))
            }
            _ => EnvFilter::new(&self.0),
        }
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self("info".into())
    }
}

impl FromStr for Filter {
    type Err = &'static str;

    /// `EnvFilter` takes an unknown word for the name of a crate, so that a
    /// misspelt level would silence everything; here it is an error.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let words = text.split(',').filter(|word| !word.contains(['=', '[']));
        let mut levels = words.map(str::trim);
        // `LevelFilter` takes the empty word for a level.
        let strange = levels.any(|word| word.is_empty() || word.parse::<LevelFilter>().is_err());
        if strange || EnvFilter::try_new(text).is_err() {
            return Err("not a level, nor a list of `crate=level`");
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
