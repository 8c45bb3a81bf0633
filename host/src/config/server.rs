//! `server:` where the exporter listens, when it collects, and its log.

use std::net::{Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_yaml::Value as Yaml;

use super::Overrides;
use super::documented::Doc;
use super::problem::Problem;
use super::regular_file::full_path;
use super::section::Section;
use super::setting::{Complaint, Count, DurationOrZero, Port, Setting, complaint};
use super::web;
use crate::telemetry::{Filter, LogFormat, LogTarget};
use crate::{collect, guest, http, telemetry};

/// The Go exporter's port, so that existing scrape configurations keep working.
const PORT: Port = Port(9440);
const SHUTDOWN: Duration = Duration::from_secs(10);
/// `/health` waits for a probe, and answers after this time at the latest.
const MAX_PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// The settings of `server:`.
pub(super) struct ServerKeys {
    pub(super) http: http::HttpSettings,
    pub(super) collect: collect::CollectSettings,
    pub(super) log: telemetry::LogSettings,
    pub(super) state_dir: Option<PathBuf>,
}

pub(super) fn read(
    server: &mut Section<'_>,
    directory: &Path,
    overrides: &Overrides,
    limits: &mut guest::GuestLimits,
) -> ServerKeys {
    let (listen, host) = listen(server, overrides);
    let names = machine().into_iter().chain(host).collect();
    let doc = "Path of the metrics.";
    let metrics_path = MetricsPath("/metrics".into());
    let metrics_path = server.value("uri", metrics_path, doc);
    let metrics_path = flagged_path(server, overrides).unwrap_or(metrics_path).0;
    let collect = schedule(server);
    timeouts(server, limits);
    compare_times(server, &collect, limits.collect);
    let doc = "How long scrapes in progress may take to finish after SIGTERM or SIGINT. The \
               process exits at most one second later, with status 1 if a thread is blocked.";
    let shutdown_timeout = server.value("shutdownTimeout", SHUTDOWN, doc);
    ServerKeys {
        http: http::HttpSettings {
            listen,
            passed_sockets: overrides.passed_sockets.clone(),
            names,
            metrics_path,
            shutdown_timeout,
            limits: http_limits(server, overrides),
            web: Arc::new(web(server, directory, overrides)),
        },
        collect,
        log: log(server, overrides),
        state_dir: state_dir(server, directory),
    }
}

fn schedule(server: &mut Section<'_>) -> collect::CollectSettings {
    let default = collect::CollectSettings::default();
    let doc = "How far back finished jobs are read.";
    let lookback = server.value("scrapingInterval", default.lookback, doc);
    let doc = "How often each site is read. More than 16 sites that start together begin one \
               after another, within a tenth of the interval and 30 s.";
    let interval = server.value("collectionInterval", default.interval, doc);
    let doc = "How long storage data is reused, independent of the interval.";
    let cache_ttl = server.value("cacheTTL", default.cache_ttl, doc);
    let doc = "How long the last values are still served after a collector fails. Then they \
               disappear.";
    let stale_grace = DurationOrZero(default.stale_grace);
    collect::CollectSettings {
        lookback,
        interval,
        cache_ttl,
        stale_grace: server.value("staleGrace", stale_grace, doc).0,
    }
}

/// Warns about times that contradict each other.
fn compare_times(server: &Section<'_>, schedule: &collect::CollectSettings, collection: Duration) {
    let interval = DurationOrZero(schedule.interval).text();
    let timeout = DurationOrZero(collection).text();
    if collection > schedule.interval {
        let (key, message) = match server.has("collectionTimeout") {
            true => (
                "collectionTimeout",
                format!("is longer than `server.collectionInterval`, `{interval}`"),
            ),
            false => (
                "collectionInterval",
                format!("is shorter than `server.collectionTimeout`, `{timeout}`"),
            ),
        };
        let hint = "a slow collection delays the next one; write a shorter `collectionTimeout`";
        server.warning(key, message, hint);
    }
    if server.has("cacheTTL") && schedule.cache_ttl < schedule.interval {
        let message = format!("has no effect below `server.collectionInterval`, `{interval}`");
        server.warning(
            "cacheTTL",
            message,
            "write a longer time, or remove the key",
        );
    }
    if schedule.lookback < schedule.interval {
        warn_about_gaps(server, schedule);
    }
}

/// Warns that jobs which finish between two collections are not all in a window.
fn warn_about_gaps(server: &Section<'_>, schedule: &collect::CollectSettings) {
    if server.has("scrapingInterval") {
        let interval = DurationOrZero(schedule.interval).text();
        let message = format!("is shorter than `server.collectionInterval`, `{interval}`");
        let hint = "write at least that time, or the window misses jobs; counters are exact in \
                    any case";
        server.warning("scrapingInterval", message, hint);
    } else {
        let lookback = DurationOrZero(schedule.lookback).text();
        let message = format!("is longer than `server.scrapingInterval`, `{lookback}`");
        let hint = "write a shorter time, or a longer `scrapingInterval`, or the window misses \
                    jobs; counters are exact in any case";
        server.warning("collectionInterval", message, hint);
    }
}

fn timeouts(server: &mut Section<'_>, limits: &mut guest::GuestLimits) {
    let doc = "Timeout of one collection of one site. A collector that has not finished after \
               three quarters of it fails alone.";
    limits.collect = server.value("collectionTimeout", limits.collect, doc);
    let doc = "Timeout of the probe behind `/health`; at most `5s`.";
    limits.probe = server.value("probeTimeout", limits.probe, doc);
    if limits.probe > MAX_PROBE_TIMEOUT {
        let hint = "write `5s` or less, since `/health` waits for it";
        server.reject("probeTimeout", "is longer than `5s`", hint);
    }
}

fn http_limits(server: &mut Section<'_>, overrides: &Overrides) -> http::ConnectionLimits {
    let default = http::ConnectionLimits::default();
    let connections = Count(default.connections as u64);
    let doc = "Maximum number of client connections; at most a quarter of the file descriptors. \
               A further one closes a connection of the address that has the most.";
    let connections = server.value("maxConnections", connections, doc).0;
    let doc = "Timeout of a TLS handshake, and of receiving a request, idle time included.";
    let read = server.value("readTimeout", default.read, doc);
    let doc = "How long a client may leave a response unread.";
    http::ConnectionLimits {
        connections: usize::try_from(connections).unwrap_or(usize::MAX),
        scrapes: overrides.max_requests.unwrap_or(default.scrapes),
        read,
        write: server.value("writeTimeout", default.write, doc),
    }
}

/// The web configuration from the flag, or else from the key.
fn web(server: &mut Section<'_>, directory: &Path, overrides: &Overrides) -> http::Web {
    let findings = server.findings();
    let doc = "Web configuration file with TLS and authentication; see \
               [below](#web-configuration-file).";
    let named = server.optional::<PathBuf>("webConfigFile", doc);
    let named = named.map(|path| directory.join(path));
    let Some(path) = overrides.web_config.as_ref().or(named.as_ref()) else {
        return http::Web::default();
    };
    web::read(path, findings).unwrap_or_else(|error| {
        let message = format!("cannot read the file: {error}");
        let hint = full_path(path);
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

fn log(server: &mut Section<'_>, overrides: &Overrides) -> telemetry::LogSettings {
    let doc = "`error`, `warn`, `info`, `debug`, `trace`, or a list such as \
               `warn,nbu_exporter::swap=debug`.";
    let filter = server.value("logLevel", Filter::default(), doc);
    let doc = "Format of the log.";
    let format = server.value("logFormat", LogFormat::default(), doc);
    let doc = Doc::with_restart(
        "Where the log goes. A file's path is relative to the working directory; give the file a \
         folder of its own. At most 1 MiB of lines waits to be written; further lines are \
         dropped and counted in `nbu_exporter_log_lines_dropped_total`.",
        "a file in another folder",
    );
    let settings = telemetry::LogSettings {
        filter: overrides.log_level.clone().unwrap_or(filter),
        format: overrides.log_format.unwrap_or(format),
        target: server.value("logName", LogTarget::default(), doc),
    };
    if settings.shares_folder() {
        let message = "the log is in the root or working directory, so no new file can be \
                       created after it is moved away";
        let hint = "use a folder for logs only, such as `/var/log/nbu_exporter/exporter.log`";
        server.warning("logName", message, hint);
    }
    settings
}

/// The folder for the state. The process keeps write access to it.
fn state_dir(server: &mut Section<'_>, directory: &Path) -> Option<PathBuf> {
    let doc = Doc::with_restart(
        "Directory for persistent counters. Created if missing, and locked by one process; not \
         `/`. The default is `state` in systemd's `$STATE_DIRECTORY`. Without both, counters start at 0 in every process.",
        "a directory that the process may not write to yet",
    );
    let folder = directory.join(server.optional::<PathBuf>("stateDir", doc)?);
    if folder.canonicalize().is_ok_and(|at| at == Path::new("/")) {
        let hint = "use a separate folder, such as `/var/lib/nbu_exporter/state`";
        server.reject("stateDir", "is the root directory", hint);
    }
    // Whether it is usable is checked where it is used: a failing disk must not keep a
    // new API key from taking effect.
    Some(folder)
}

/// The host name of this machine, which may include a domain.
fn machine() -> Option<String> {
    let name = std::fs::read_to_string("/etc/hostname").ok()?;
    Some(name.trim().to_owned())
}

/// The addresses from the flag, or else from `host` and `port`, and the host as
/// written. Empty only if a problem was reported.
fn listen(server: &mut Section<'_>, overrides: &Overrides) -> (Vec<SocketAddr>, Option<String>) {
    let doc = |text| Doc::with_restart(text, "between one address and `0.0.0.0` on the same port");
    let host = "0.0.0.0".to_owned();
    let host = server.value("host", host, doc("Address or host name to listen on."));
    let port = server.value("port", PORT, doc("TCP port to listen on.")).0;
    if !overrides.passed_sockets.is_empty() {
        return (overrides.passed_sockets.addresses(), Some(host));
    }
    if overrides.listen.is_empty() {
        let found = addresses(host.trim_matches(['[', ']']), port);
        if found.is_empty() {
            let hint = match host.contains(['/', ':']) {
                true => "write only an address or a name here, and the port in `port`",
                false => "write an address of this machine, or `0.0.0.0` for all of them",
            };
            server.reject("host", "is not an IP address or a known host name", hint);
        }
        return (found, Some(host));
    }
    let mut all = (Vec::new(), None);
    for flag in &overrides.listen {
        let (found, host) = flagged_address(server, flag);
        all.0.extend(found);
        all.1 = host.or(all.1);
    }
    all
}

/// The addresses and the host of `--web.listen-address`.
fn flagged_address(server: &Section<'_>, flag: &str) -> (Vec<SocketAddr>, Option<String>) {
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
            hint: Some("write `HOST:PORT`, or `:PORT` for all interfaces".into()),
        });
    }
    (found, host)
}

/// The path of `--web.telemetry-path`.
fn flagged_path(server: &Section<'_>, overrides: &Overrides) -> Option<MetricsPath> {
    let flag = overrides.metrics_path.as_ref()?;
    let read = MetricsPath::read(flag);
    let complain = |complaint: Complaint| {
        server.findings().problem(Problem {
            file: None,
            at: "--web.telemetry-path".into(),
            line: None,
            message: format!("`{flag}` {}", complaint.message),
            hint: complaint.hint,
        });
    };
    read.map_err(complain).ok()
}

fn addresses(host: &str, port: u16) -> Vec<SocketAddr> {
    if let Ok(address) = host.parse::<Ipv6Addr>() {
        return vec![(address, port).into()];
    }
    (host, port)
        .to_socket_addrs()
        .map_or_else(|_| Vec::new(), Iterator::collect)
}

/// The path of the metrics.
struct MetricsPath(String);

impl Setting for MetricsPath {
    const KIND: &'static str = "URL path";

    fn read(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let taken = matches!(text, "/" | "/health" | "/config" | "/probe" | "/-")
            || text.starts_with("/-/");
        if taken {
            let hint = "use another path, such as `/metrics`";
            return Err(complaint("is a path that the exporter uses itself", hint));
        }
        let whole = text.starts_with('/') && !text.contains(['?', '#', ' ', '\\']);
        whole
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| complaint("is not a path", "begin with `/`, such as `/metrics`"))
    }

    fn show(&self) -> Yaml {
        self.0.as_str().into()
    }
}

impl Setting for Filter {
    const KIND: &'static str = "log level";

    fn read(text: &str) -> Result<Self, Complaint> {
        let hint = "write `error`, `warn`, `info`, `debug` or `trace`";
        text.parse()
            .map_err(|error| complaint(format!("is {error}"), hint))
    }

    fn show(&self) -> Yaml {
        self.as_str().into()
    }
}

impl Setting for LogFormat {
    const KIND: &'static str = "`logfmt` or `json`";

    fn read(text: &str) -> Result<Self, Complaint> {
        text.parse()
            .map_err(|error| complaint(format!("is {error}"), "write `logfmt` or `json`"))
    }

    fn show(&self) -> Yaml {
        self.as_str().into()
    }
}

/// A path is relative to the working directory, as in the Go exporter.
impl Setting for LogTarget {
    const KIND: &'static str = "`stdout`, `stderr` or path";

    fn read(text: &str) -> Result<Self, Complaint> {
        Ok(match text.trim() {
            // As files these would usually be pipes or sockets.
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
