//! `server:` where the exporter listens, the clockwork, and the log.

use std::net::{Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_yaml::Value as Yaml;

use super::Overrides;
use super::problem::Problem;
use super::section::Section;
use super::setting::{Complaint, Count, DurationOrZero, Port, Setting, complaint};
use super::web;
use crate::telemetry::{Filter, Format, Target};
use crate::{collect, guest, http, telemetry};

/// The predecessor's port, so that existing scrape configurations go on.
const PORT: Port = Port(9440);
const SHUTDOWN: Duration = Duration::from_secs(10);
/// A probe answers `/health`, and whoever asks for that does not wait longer.
const LONGEST_PROBE: Duration = Duration::from_secs(5);

/// What `server:` comes to.
pub(super) struct Server {
    pub(super) http: http::Settings,
    pub(super) collect: collect::Settings,
    pub(super) log: telemetry::Settings,
    pub(super) state_dir: Option<PathBuf>,
}

pub(super) fn read(
    server: &mut Section<'_>,
    directory: &Path,
    overrides: &Overrides,
    limits: &mut guest::GuestLimits,
) -> Server {
    let (listen, host) = listen(server, overrides);
    let names = machine().into_iter().chain(host).collect();
    let metrics_path = server.value("uri", MetricsPath("/metrics".into())).0;
    let default = collect::Settings::default();
    let collect = collect::Settings {
        lookback: server.value("scrapingInterval", default.lookback),
        interval: server.value("collectionInterval", default.interval),
        cache_ttl: server.value("cacheTTL", default.cache_ttl),
        stale_grace: server
            .value("staleGrace", DurationOrZero(default.stale_grace))
            .0,
    };
    limits.collect = server.value("collectionTimeout", limits.collect);
    limits.probe = server.value("probeTimeout", limits.probe);
    if limits.probe > LONGEST_PROBE {
        let hint = "write `5s` or less: `/health` waits for it";
        server.problem("probeTimeout", "longer than `5s`", hint);
    }
    Server {
        http: http::Settings {
            listen,
            names,
            metrics_path,
            shutdown_timeout: server.value("shutdownTimeout", SHUTDOWN),
            limits: http_limits(server),
            web: Arc::new(web(server, directory, overrides)),
        },
        collect,
        log: log(server, overrides),
        state_dir: state_dir(server, directory),
    }
}

fn http_limits(server: &mut Section<'_>) -> http::Limits {
    let default = http::Limits::default();
    let connections = Count(default.connections as u64);
    let connections = server.value("maxConnections", connections).0;
    http::Limits {
        connections: usize::try_from(connections).unwrap_or(usize::MAX),
        read: server.value("readTimeout", default.read),
        write: server.value("writeTimeout", default.write),
    }
}

/// The web configuration that the flag names, or else the key.
fn web(server: &mut Section<'_>, directory: &Path, overrides: &Overrides) -> http::Web {
    let findings = server.findings();
    let named = server.optional::<PathBuf>("webConfigFile");
    let named = named.map(|path| directory.join(path));
    let Some(path) = overrides.web_config.as_ref().or(named.as_ref()) else {
        return http::Web::default();
    };
    web::read(path, findings).unwrap_or_else(|error| {
        let message = format!("the file cannot be read: {error}");
        let hint = format!("the path is taken as `{}`", path.display());
        if overrides.web_config.is_some() {
            findings.problem(Problem {
                file: None,
                at: "--web.config.file".into(),
                line: None,
                message,
                hint: Some(hint),
            });
        } else {
            server.problem("webConfigFile", message, &hint);
        }
        http::Web::default()
    })
}

fn log(server: &mut Section<'_>, overrides: &Overrides) -> telemetry::Settings {
    let filter = server.value("logLevel", Filter::default());
    let format = server.value("logFormat", Format::default());
    let settings = telemetry::Settings {
        filter: overrides.log_level.clone().unwrap_or(filter),
        format: overrides.log_format.unwrap_or(format),
        target: server.value("logName", Target::default()),
    };
    if settings.shares_folder() {
        let message = "the log is in the root directory or the working directory, so that \
                       only this one file can be written to: once it is moved away, no new \
                       one can be made";
        let hint = "name a folder for logs alone, such as `/var/log/nbu_exporter/exporter.log`";
        server.warning("logName", message, hint);
    }
    settings
}

/// The folder for the state, which the process keeps the right to write to.
fn state_dir(server: &mut Section<'_>, directory: &Path) -> Option<PathBuf> {
    let folder = directory.join(server.optional::<PathBuf>("stateDir")?);
    if folder.canonicalize().is_ok_and(|at| at == Path::new("/")) {
        let hint = "name a folder for it alone, such as `/var/lib/nbu_exporter/state`";
        server.problem("stateDir", "is the root directory", hint);
    }
    // Whether it can be used is found out by those who use it: a disk that fails must
    // not keep a new key from taking effect.
    Some(folder)
}

/// The machine's own name, which may have a domain.
fn machine() -> Option<String> {
    let name = std::fs::read_to_string("/etc/hostname").ok()?;
    Some(name.trim().to_owned())
}

/// The addresses of the flag, or else of `host` and `port`, and the host as it
/// was written. No address only when that was reported.
fn listen(server: &mut Section<'_>, overrides: &Overrides) -> (Vec<SocketAddr>, Option<String>) {
    let host = server.value("host", "0.0.0.0".to_owned());
    let port = server.value("port", PORT).0;
    let Some(flag) = &overrides.listen else {
        let found = addresses(host.trim_matches(['[', ']']), port);
        if found.is_empty() {
            let hint = "write an address of this machine, or `0.0.0.0` for all";
            server.problem("host", "is neither an address nor a known name", hint);
        }
        return (found, Some(host));
    };
    let parts = flag.rsplit_once(':').and_then(|(host, port)| {
        let host = if host.is_empty() { "0.0.0.0" } else { host };
        Some((host.trim_matches(['[', ']']), port.parse().ok()?))
    });
    let found = parts.map_or_else(Vec::new, |(host, port)| addresses(host, port));
    let host = parts.map(|(host, _)| host.to_owned());
    if found.is_empty() {
        server.findings().problem(Problem {
            file: None,
            at: "--web.listen-address".into(),
            line: None,
            message: format!("`{flag}` is not an address to listen on"),
            hint: Some("write `HOST:PORT`, or `:PORT` for every interface".into()),
        });
    }
    (found, host)
}

fn addresses(host: &str, port: u16) -> Vec<SocketAddr> {
    if let Ok(address) = host.parse::<Ipv6Addr>() {
        return vec![(address, port).into()];
    }
    (host, port)
        .to_socket_addrs()
        .map_or_else(|_| Vec::new(), Iterator::collect)
}

/// The path that Prometheus scrapes.
struct MetricsPath(String);

impl Setting for MetricsPath {
    fn read(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let taken = matches!(text, "/" | "/health" | "/config" | "/-") || text.starts_with("/-/");
        if taken {
            let hint = "write another, such as `/metrics`";
            return Err(complaint(
                "is a path that the exporter answers itself",
                hint,
            ));
        }
        let whole = text.starts_with('/') && !text.contains(['?', '#', ' ', '\\']);
        whole
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| complaint("is not a path", "begin it with `/`, such as `/metrics`"))
    }

    fn show(&self) -> Yaml {
        self.0.as_str().into()
    }
}

impl Setting for Filter {
    fn read(text: &str) -> Result<Self, Complaint> {
        let hint = "write `error`, `warn`, `info`, `debug` or `trace`";
        text.parse()
            .map_err(|error| complaint(format!("is {error}"), hint))
    }

    fn show(&self) -> Yaml {
        self.as_str().into()
    }
}

impl Setting for Format {
    fn read(text: &str) -> Result<Self, Complaint> {
        text.parse()
            .map_err(|error| complaint(format!("is {error}"), "write `logfmt` or `json`"))
    }

    fn show(&self) -> Yaml {
        self.as_str().into()
    }
}

/// A file's path is taken from the working directory, as the predecessor did.
impl Setting for Target {
    fn read(text: &str) -> Result<Self, Complaint> {
        Ok(match text.trim() {
            // As a file they would be pipes or sockets in most places.
            "stdout" | "/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1" => Self::Stdout,
            "stderr" | "/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2" => Self::Stderr,
            _ => Self::File(PathBuf::read(text)?),
        })
    }

    fn show(&self) -> Yaml {
        match self {
            Self::Stdout => "stdout".into(),
            Self::Stderr => "stderr".into(),
            Self::File(path) => path.show(),
        }
    }
}
