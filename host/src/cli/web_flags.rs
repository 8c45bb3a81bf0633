//! The flags `--web.…`, most of which other exporters have too.

use std::path::PathBuf;

use crate::config::Overrides;
use crate::http::PassedSockets;

/// Flags of the web server.
#[derive(Clone, Debug, clap::Args)]
pub struct WebFlags {
    /// Address to listen on, instead of server.host and server.port; :PORT is every IPv4
    /// address; may be repeated. Default of the demo: 127.0.0.1:9440
    #[arg(long = "web.listen-address", value_name = "HOST:PORT", global = true)]
    pub listen: Vec<String>,
    /// Listen on the sockets that systemd passes, instead of an address
    #[arg(long = "web.systemd-socket", global = true, conflicts_with = "listen")]
    pub systemd_socket: bool,
    /// Path of the metrics, instead of server.uri
    #[arg(long = "web.telemetry-path", value_name = "PATH", global = true)]
    pub metrics_path: Option<String>,
    /// Number of scrapes that are answered at one time; 0 is no limit. Default: 40
    #[arg(long = "web.max-requests", value_name = "COUNT", global = true)]
    pub max_requests: Option<usize>,
    /// Leave out the metrics process_*
    #[arg(long = "web.disable-exporter-metrics", global = true)]
    pub disable_exporter_metrics: bool,
    /// Web configuration file with TLS and authentication, instead of
    /// server.webConfigFile
    #[arg(long = "web.config.file", value_name = "FILE", global = true)]
    pub web_config: Option<PathBuf>,
    /// The sockets for `--web.systemd-socket`.
    #[arg(skip)]
    pub passed_sockets: PassedSockets,
}

impl WebFlags {
    /// What these flags override, and nothing else.
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            listen: self.listen.clone(),
            passed_sockets: self.passed_sockets.clone(),
            metrics_path: self.metrics_path.clone(),
            max_requests: self.max_requests,
            disable_exporter_metrics: self.disable_exporter_metrics,
            web_config: self.web_config.clone(),
            ..Overrides::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::cli::args::Args;

    #[test]
    fn the_flags_of_the_web_server_reach_the_configuration() {
        let parse = |flags: &[&str]| {
            let program = ["nbu_exporter"].iter();
            Args::try_parse_from(program.chain(flags))
        };
        let flags = ["--web.max-requests=0", "--web.disable-exporter-metrics"];
        let overrides = parse(&flags).unwrap().options.overrides();
        assert_eq!(overrides.max_requests, Some(0));
        assert!(overrides.disable_exporter_metrics);
        assert!(parse(&["--web.systemd-socket", "--web.listen-address=:1"]).is_err());
    }
}
