//! The configuration: from the YAML that operators write to the settings of
//! every room, or to all that is wrong with it at once.
//!
//! `file` is the configuration as written, [`Config`] as meant; an invalid one
//! cannot be held. Nothing but the wiring sees a whole `Config`.

mod amounts;
mod collectors;
mod credentials;
mod file;
mod guest_keys;
mod host_name;
mod json;
mod limits;
mod problem;
mod proxy;
mod reading;
mod section;
mod server;
mod setting;
mod sites;
mod tls;
mod variables;
mod web;

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::file::Snapshot;
use crate::{collect, guest, http, swap, telemetry};
use problem::Findings;
pub use problem::{Problem, Problems};
use section::Section;
use variables::Variables;

/// A configuration that is valid as far as the host can tell.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the exporter listens.
    pub http: http::Settings,
    /// Which guest, and the sites it collects.
    pub swap: swap::Settings,
    /// When sites are collected.
    pub collect: collect::Settings,
    /// The log.
    pub log: telemetry::Settings,
    /// The folder for the guest's saved state; none keeps it in memory.
    pub state_dir: Option<PathBuf>,
    /// What does not do what it seems to say.
    pub warnings: Vec<Problem>,
    /// Every file it was made from or looked for, and what it held, to be watched:
    /// the configuration, `.env`, key files, CA files. Not the guest.
    pub files: Vec<Snapshot>,
    /// SHA-256 of the configuration file in hexadecimal, as `sha256sum` prints.
    pub sha256: String,
    /// The configuration as YAML with every default filled in and every secret
    /// masked.
    pub masked: String,
}

/// Flags of the command line, which win over the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `HOST:PORT` or `:PORT`, instead of `server.host` and `server.port`.
    pub listen: Option<String>,
    /// A web configuration, from the working directory; instead of
    /// `server.webConfigFile`.
    pub web_config: Option<PathBuf>,
    /// Instead of `server.logLevel`.
    pub log_level: Option<telemetry::Filter>,
    /// Instead of `server.logFormat`.
    pub log_format: Option<telemetry::Format>,
}

/// Reads the configuration file and all that it names. Blocks: it reads files
/// and resolves the name to listen on.
pub fn load(
    path: &Path,
    overrides: &Overrides,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<Config, Problems> {
    let findings = Findings::default();
    match findings.read_text(path) {
        Ok(text) => read(&text, path, overrides, environment, findings),
        Err(error) => Err(unreadable(path, &error, findings)),
    }
}

/// The same for a text that did not come from the file system; `path` is what
/// messages call it and where relative paths start.
pub fn parse(
    text: &str,
    path: &Path,
    overrides: &Overrides,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<Config, Problems> {
    let findings = Findings::default();
    findings.file(path.to_owned().into());
    read(text, path, overrides, environment, findings)
}

fn read(
    text: &str,
    path: &Path,
    overrides: &Overrides,
    environment: &impl Fn(&str) -> Option<String>,
    findings: Findings,
) -> Result<Config, Problems> {
    let directory = path.parent().unwrap_or(Path::new(""));
    let variables = Variables::read(environment, directory, &findings);
    let read = match file::parse(text, &findings) {
        Ok(mut root) => {
            variables.expand(&mut root, "", &findings);
            Some(settings(
                Section::root(&root, &findings),
                directory,
                overrides,
                environment,
            ))
        }
        Err(problem) => {
            findings.problem(problem);
            None
        }
    };
    let (problems, warnings, files) = findings.into_parts();
    match read {
        Some(mut config) if problems.is_empty() => {
            config.warnings = warnings;
            config.files = files;
            config.sha256 = base16ct::lower::encode_string(&Sha256::digest(text));
            Ok(config)
        }
        _ => Err(Problems {
            file: path.to_owned(),
            problems,
            files,
        }),
    }
}

/// Reads every key there is. What is wrong is among the section's findings, and
/// then the result is not to be used.
fn settings(
    mut root: Section<'_>,
    directory: &Path,
    overrides: &Overrides,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Config {
    let mut limits = guest::GuestLimits::default();
    let server = root.nested("server", |s| {
        server::read(s, directory, overrides, &mut limits)
    });
    let guest = root.nested("guest", |s| guest_keys::read(s, directory, &mut limits));
    let legacy_names = root.nested("metrics", |s| s.value("legacyNames", false));
    let collectors = collectors::read(&mut root);
    let common = sites::Common {
        directory,
        environment,
        collectors: &collectors,
        legacy_names,
    };
    let sites = sites::read(&mut root, &common);
    root.given("opentelemetry", opentelemetry);
    Config {
        http: server.http,
        swap: swap::Settings {
            guest_path: guest.path,
            limits,
            sites,
            provenance: guest.provenance,
            canary: guest.canary,
            probation: guest.probation,
            allow_new_capabilities: guest.allow_new_capabilities,
        },
        collect: server.collect,
        log: server.log,
        state_dir: server.state_dir,
        warnings: Vec::new(),
        files: Vec::new(),
        sha256: String::new(),
        masked: masked(root, overrides),
    }
}

/// The predecessor sent traces; this exporter says that it does not.
fn opentelemetry(section: &mut Section<'_>) {
    if section.value("enabled", false) {
        let hint = "remove it, or set it to `false`";
        section.warning("enabled", "traces are not exported", hint);
    }
    section.unused(&["endpoint", "insecure", "samplingRate"]);
}

/// The effective configuration, with the flags that win over it on top.
fn masked(root: Section<'_>, overrides: &Overrides) -> String {
    let web_config = overrides.web_config.as_ref().and_then(|path| path.to_str());
    let flags = [
        ("web.listen-address", overrides.listen.as_deref()),
        ("web.config.file", web_config),
        (
            "log.level",
            overrides.log_level.as_ref().map(|f| f.as_str()),
        ),
        ("log.format", overrides.log_format.map(|f| f.as_str())),
    ];
    let mut text = String::new();
    for (flag, value) in flags {
        if let Some(value) = value {
            text += &format!("# on the command line: --{flag}={value}\n");
        }
    }
    text + &serde_yaml::to_string(&root.finish()).unwrap_or_default()
}

fn unreadable(path: &Path, error: &io::Error, findings: Findings) -> Problems {
    let (message, hint) = if error.kind() == io::ErrorKind::NotFound {
        let hint = "name one with `--config.file`; `nbu_exporter demo` runs without one";
        ("the file does not exist".to_owned(), Some(hint.to_owned()))
    } else {
        (format!("the file cannot be read: {error}"), None)
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
