//! The configuration: from YAML to the settings of every room, or to all problems
//! at once.
//!
//! `yaml` holds the file as written, and [`Config`] the valid settings. Only `app`
//! and `cli` see a whole `Config`.

mod amounts;
mod collectors;
mod credentials;
mod documented;
mod guest_keys;
mod host_name;
mod json;
mod key_lines;
mod limits;
mod problem;
mod proxy;
mod reference;
mod regular_file;
mod section;
mod server;
mod setting;
mod shard;
mod shared;
mod sites;
mod tls;
mod traces;
mod variables;
mod web;
mod yaml;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

use sha2::{Digest, Sha256};

use crate::file::Snapshot;
use crate::guest::CollectorKeys;
use crate::site::SiteName;
use crate::suggestion::split_hints;
use crate::traces::TraceSettings;
use crate::{collect, guest, http, swap, telemetry};
pub use collectors::CollectorFlag;
pub use documented::{DefaultValue, DocumentedKey, DocumentedMap};
use key_lines::KeyLines;
use problem::Findings;
pub use problem::{Problem, Problems};
pub use reference::{Reference, reference};
use regular_file::full_path;
use section::Section;
use shard::Shard;
pub use shard::ShardFlags;
use shared::SharedSettings;
use variables::Variables;

/// A configuration that is valid, except for what only the guest can check.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the exporter listens.
    pub http: http::HttpSettings,
    /// The guest and the sites.
    pub swap: swap::SwapSettings,
    /// The configured sites that other replicas collect.
    pub sites_elsewhere: Vec<SiteName>,
    /// When sites are collected.
    pub collect: collect::CollectSettings,
    /// The log.
    pub log: telemetry::LogSettings,
    /// Where traces are sent; `None` if they are not.
    pub traces: Option<TraceSettings>,
    /// Whether the page has `process_…`.
    pub process_metrics: bool,
    /// The folder for the guest's saved state; `None` keeps the state in memory.
    pub state_dir: Option<PathBuf>,
    /// Keys that have another effect than they seem to have.
    pub warnings: Vec<Problem>,
    /// Every file that was read or missing, with its content, to be watched: the
    /// configuration, `.env`, key files and CA files, but not the guest.
    pub files: Vec<Snapshot>,
    /// SHA-256 of the configuration file, in hexadecimal.
    pub sha256: String,
    /// The configuration as YAML, with all defaults and with secrets masked.
    pub masked: String,
    /// The collectors that the file mentions; every site has the same.
    pub collectors: Arc<[CollectorKeys]>,
    key_lines: KeyLines,
}

impl Config {
    /// A problem of a key that shows only when its value is used. The text may end with
    /// a hint on a line of its own.
    pub fn problem(&self, key: &str, text: &impl fmt::Display) -> Problem {
        let (message, hint) = split_hints(&text.to_string());
        Problem {
            file: None,
            at: key.to_owned(),
            line: self.key_lines.find(key),
            message,
            hint,
        }
    }

    /// Whether the file has the key.
    pub fn has(&self, key: &str) -> bool {
        self.key_lines.has(key)
    }
}

/// Flags of the command line, which override the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `HOST:PORT` or `:PORT`, instead of `server.host` and `server.port`, if there is one.
    pub listen: Vec<String>,
    /// Sockets of systemd, instead of every address, if there is one.
    pub passed_sockets: http::PassedSockets,
    /// Number of scrapes that are answered at one time; 0 is no limit.
    pub max_requests: Option<usize>,
    /// Whether `process_…` is left out.
    pub disable_exporter_metrics: bool,
    /// Instead of `server.uri`.
    pub metrics_path: Option<String>,
    /// Collectors that run or do not, instead of `collectors.NAME.enabled`.
    pub collectors: Vec<CollectorFlag>,
    /// A web configuration file, relative to the working directory, instead of
    /// `server.webConfigFile`.
    pub web_config: Option<PathBuf>,
    /// Instead of `server.logLevel`.
    pub log_level: Option<telemetry::Filter>,
    /// Instead of `server.logFormat`.
    pub log_format: Option<telemetry::LogFormat>,
    /// Collects the share of one replica; without it, all sites.
    pub shard: Option<ShardFlags>,
}

/// Reads the configuration file and the files that it names. Blocks on files and
/// on resolving `server.host`.
pub fn load(
    path: &Path,
    overrides: &Overrides,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<Config, Problems> {
    load_partially(path, overrides, environment).map_err(|(problems, _)| problems)
}

/// Like [`load`]. Beside the problems it returns the settings that could be read, with
/// their warnings and with defaults for the rest. A guest may find further problems.
pub fn load_partially(
    path: &Path,
    overrides: &Overrides,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<Config, (Problems, Option<Box<Config>>)> {
    let findings = Findings::default();
    match findings.read_text(path) {
        Ok(text) => read(&text, path, overrides, environment, findings),
        Err(error) => Err((unreadable(path, &error, findings), None)),
    }
}

/// Reads a configuration from a text. `path` is its name in messages, and relative
/// paths start in its directory.
pub fn parse(
    text: &str,
    path: &Path,
    overrides: &Overrides,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<Config, Problems> {
    let findings = Findings::default();
    findings.file(path.to_owned().into());
    read(text, path, overrides, environment, findings).map_err(|(problems, _)| problems)
}

fn read(
    text: &str,
    path: &Path,
    overrides: &Overrides,
    environment: &impl Fn(&str) -> Option<String>,
    findings: Findings,
) -> Result<Config, (Problems, Option<Box<Config>>)> {
    let directory = path.parent().unwrap_or(Path::new(""));
    let variables = Variables::read(environment, directory, &findings);
    let read = match yaml::parse(text, &findings) {
        Ok(mut root) => {
            variables.expand(&mut root, "", &findings);
            let section = Section::root(&root, &findings);
            let mut config = settings(section, path, overrides, environment);
            config.key_lines = KeyLines::of(&root);
            Some(config)
        }
        Err(problem) => {
            findings.problem(problem);
            None
        }
    };
    let (problems, warnings, files) = findings.into_parts();
    match read.map(|config| Config { warnings, ..config }) {
        Some(mut config) if problems.is_empty() => {
            config.files = files;
            config.sha256 = base16ct::lower::encode_string(&Sha256::digest(text));
            Ok(config)
        }
        read => {
            let problems = Problems {
                file: path.to_owned(),
                problems,
                files,
            };
            Err((problems, read.map(Box::new)))
        }
    }
}

/// Reads all keys. If the findings have a problem afterwards, the result is not
/// usable.
fn settings(
    mut root: Section<'_>,
    file: &Path,
    overrides: &Overrides,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Config {
    let directory = file.parent().unwrap_or(Path::new(""));
    let mut limits = guest::GuestLimits::default();
    let text = "Where the exporter listens, when it collects, and its log.";
    let server = root.nested("server", text, |s| {
        server::read(s, directory, overrides, &mut limits)
    });
    let text = "The guest, the WebAssembly component that reads NetBackup.";
    let guest = root.nested("guest", text, |s| {
        guest_keys::read(s, directory, &mut limits)
    });
    let legacy_names = root.nested("metrics", "The names of metrics.", |s| {
        s.value(
            "legacyNames",
            false,
            "Also serve the metric names of the Go exporter.",
        )
    });
    let rounds = server.collect.interval;
    let collectors = collectors::read(&mut root, &file.into(), rounds, &overrides.collectors);
    let shared = SharedSettings {
        directory,
        environment,
        collectors: Arc::clone(&collectors),
        legacy_names,
        collection_timeout: limits.collect,
    };
    let mut sites = sites::read(&mut root, &shared);
    let shard = overrides.shard;
    let shard = shard.and_then(|it| Shard::read(it, environment, root.findings()));
    let elsewhere = sites.extract_if(.., |site| shard.is_some_and(|it| !it.owns(&site.name)));
    let sites_elsewhere = elsewhere.map(|site| site.name).collect();
    let traces = root.given("opentelemetry", traces::ABOUT, traces::read);
    Config {
        http: server.http,
        swap: swap::SwapSettings {
            guest_path: guest.path,
            limits,
            sites,
            provenance: guest.provenance,
            canary: guest.canary,
            probation: guest.probation,
            allow_new_capabilities: guest.allow_new_capabilities,
        },
        sites_elsewhere,
        collect: server.collect,
        log: server.log,
        traces: traces.flatten(),
        process_metrics: !overrides.disable_exporter_metrics,
        state_dir: server.state_dir.or_else(|| systemd_state(environment)),
        warnings: Vec::new(),
        files: Vec::new(),
        sha256: String::new(),
        masked: masked(root, overrides),
        collectors,
        key_lines: KeyLines::default(),
    }
}

/// `state` in the folder that systemd made for `StateDirectory=`, the first if there are
/// several (systemd.exec(5)).
fn systemd_state(environment: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let folders = environment("STATE_DIRECTORY")?;
    let first = Path::new(folders.split(':').next()?);
    // Always absolute, if systemd sets it.
    first.is_absolute().then(|| first.join("state"))
}

/// The configuration in effect, with the overriding flags as comments on top.
fn masked(root: Section<'_>, overrides: &Overrides) -> String {
    let web_config = overrides.web_config.as_ref().and_then(|path| path.to_str());
    let shard = overrides.shard;
    let count = shard.map(|it| it.count.to_string());
    let index = shard.and_then(|it| it.index).map(|it| it.to_string());
    let metrics_path = overrides.metrics_path.as_deref();
    let max_requests = overrides.max_requests.map(|it| it.to_string());
    let flags = [
        ("web.max-requests", max_requests.as_deref()),
        ("web.telemetry-path", metrics_path),
        ("web.config.file", web_config),
        (
            "log.level",
            overrides.log_level.as_ref().map(|f| f.as_str()),
        ),
        ("log.format", overrides.log_format.map(|f| f.as_str())),
        ("shard.count", count.as_deref()),
        ("shard.index", index.as_deref()),
    ];
    let listen = overrides.listen.iter();
    let listen = listen.map(|address| format!("--web.listen-address={address}"));
    let flags = flags.iter();
    let flags = flags.filter_map(|(flag, value)| Some(format!("--{flag}={}", (*value)?)));
    let collectors = overrides.collectors.iter().map(CollectorFlag::to_string);
    let switches = [
        ("--web.systemd-socket", !overrides.passed_sockets.is_empty()),
        (
            "--web.disable-exporter-metrics",
            overrides.disable_exporter_metrics,
        ),
    ];
    let switches = switches.into_iter().filter(|(_, on)| *on);
    let switches = switches.map(|(flag, _)| flag.to_owned());
    let all = listen.chain(flags).chain(switches).chain(collectors);
    let text: String = all
        .map(|flag| format!("# on the command line: {flag}\n"))
        .collect();
    text + &serde_yaml::to_string(&root.finish()).unwrap_or_default()
}

fn unreadable(path: &Path, error: &io::Error, findings: Findings) -> Problems {
    let (message, hint) = if error.kind() == io::ErrorKind::NotFound {
        let hint = "use `--config.file FILE`; `nbu_exporter demo` needs no file";
        ("the file does not exist".to_owned(), Some(hint.to_owned()))
    } else {
        let hint = match error.kind() {
            io::ErrorKind::InvalidData => "save the file as UTF-8".to_owned(),
            io::ErrorKind::InvalidInput => {
                "name a file; a container engine makes a folder for a missing one".to_owned()
            }
            _ => full_path(path),
        };
        (format!("cannot read the file: {error}"), Some(hint))
    };
    Problems {
        file: path.to_owned(),
        problems: vec![Problem {
            file: None,
            at: String::new(),
            line: None,
            message,
            hint,
        }],
        files: findings.into_parts().2,
    }
}

#[cfg(test)]
mod tests;
