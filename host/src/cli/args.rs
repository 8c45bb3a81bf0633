//! The command line.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as _, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::SignedDuration;

use super::collector_flags::collector_flags;
use super::program_name::program_name;
use super::web_flags::WebFlags;
use crate::app::ConfigSource;
use crate::config::{CollectorFlag, Overrides, ShardFlags};
use crate::telemetry::{Filter, LogFormat};

/// The default address of the demo: on this machine only.
pub const DEMO_ADDRESS: &str = "127.0.0.1:9440";

/// A Prometheus exporter for Veritas NetBackup.
///
/// Without a command it serves /metrics and /health until it is stopped.
#[derive(Clone, Debug, Parser)]
#[command(name = "nbu_exporter", version, max_term_width = 100)]
pub struct Args {
    /// Flags of every command.
    #[command(flatten)]
    pub options: Options,
    /// The same as the command `check`
    #[arg(long = "config.check")]
    pub config_check: bool,
    /// `None` serves.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that are not of the definition, and where they apply.
const MORE_FLAGS: &str = "      --collector.NAME, --no-collector.NAME  Enable or disable a collector of the \
                          guest, instead of collectors.NAME.enabled";

/// Commands that read the configuration, with the flags of [`Options`] that they use.
const CONFIGURED: &[(&str, &[&str])] = &[
    (
        "check",
        &[
            "config_file",
            "listen",
            "metrics_path",
            "web_config",
            "log_level",
            "log_format",
        ],
    ),
    (
        "collect",
        &["config_file", "log_level", "log_format", "debug", "trace"],
    ),
    (
        "record",
        &["config_file", "log_level", "log_format", "debug", "trace"],
    ),
    (
        "demo",
        &[
            "listen",
            "metrics_path",
            "max_requests",
            "disable_exporter_metrics",
            "web_config",
            "log_level",
            "log_format",
            "debug",
            "trace",
        ],
    ),
];

/// The definition of the command line. Every command accepts all flags of [`Options`], for
/// they may come before it, but its help lists those that it uses.
pub fn definition() -> clap::Command {
    let definition = Args::command().name(program_name()).after_help(MORE_FLAGS);
    let options = Options::augment_args(clap::Command::new(""));
    let commands = Command::augment_subcommands(clap::Command::new(""));
    let names = commands.get_subcommands().map(clap::Command::get_name);
    names.fold(definition, |definition, name| {
        let used = CONFIGURED.iter().find(|(command, _)| *command == name);
        let used = used.map_or(&[][..], |(_, used)| used);
        let unused = options.get_arguments();
        let unused = unused.filter(|it| !used.contains(&it.get_id().as_str()));
        // clap passes a global flag on to a command that has none of its name.
        let hidden = unused.map(|it| it.clone().hide(true));
        definition.mut_subcommand(name, |command| command.args(hidden))
    })
}

impl Args {
    /// Reads the arguments of the process. Prints help or what is wrong with them, and ends
    /// the process, where there is nothing to run.
    pub fn from_arguments(arguments: Vec<OsString>) -> Self {
        let (arguments, collectors) = collector_flags(arguments);
        let mut matches = definition().get_matches_from(arguments);
        let mut args =
            Self::from_arg_matches_mut(&mut matches).unwrap_or_else(|error| error.exit());
        args.options.collectors = collectors;
        args
    }
}

/// Flags of every command.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The configuration file
    #[arg(long = "config.file", visible_alias = "config", value_name = "FILE")]
    #[arg(global = true, default_value = "config.yaml")]
    pub config_file: PathBuf,
    /// Flags of the web server.
    #[command(flatten)]
    pub web: WebFlags,
    /// Log level: error, warn, info, debug, trace, or a list such as
    /// warn,nbu_exporter::swap=debug; instead of server.logLevel
    #[arg(long = "log.level", value_name = "LEVEL", global = true)]
    pub log_level: Option<Filter>,
    /// Log format: logfmt or json; instead of server.logFormat
    #[arg(long = "log.format", value_name = "FORMAT", global = true)]
    pub log_format: Option<LogFormat>,
    /// Number of replicas that share the sites; each collects its own part
    #[arg(long = "shard.count", value_name = "COUNT", global = true)]
    pub shard_count: Option<NonZeroU32>,
    /// This replica, from 0. Default: the number at the end of $POD_NAME or $HOSTNAME
    #[arg(
        long = "shard.index",
        value_name = "INDEX",
        global = true,
        requires = "shard_count"
    )]
    pub shard_index: Option<u32>,
    /// The same as --log.level=debug
    #[arg(long, global = true, conflicts_with_all = ["log_level", "trace"])]
    pub debug: bool,
    /// The same as --log.level=trace
    #[arg(long, global = true, conflicts_with = "log_level")]
    pub trace: bool,
    /// The flags `--collector.NAME` and `--no-collector.NAME`.
    #[arg(skip)]
    pub collectors: Vec<CollectorFlag>,
}

/// What to do instead of serving.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Validate the configuration and the guest, without network unless --ask; exit with 2 on
    /// problems
    Check {
        /// Also try each enabled collector once, and print a table of what the API key of
        /// each site may read; exit with 1 if something is missing. Guests do not report
        /// rows, so the table has the series of each collector
        #[arg(long)]
        ask: bool,
    },
    /// Collect once and print the metrics; the log goes to standard error
    Collect {
        /// Only this site
        #[arg(long, value_name = "NAME")]
        site: Option<String>,
        /// Also fail if series were dropped
        #[arg(long)]
        strict: bool,
    },
    /// Print the contract of guests, start a new guest, or test one
    Guest {
        /// What to do
        #[command(subcommand)]
        command: GuestCommand,
    },
    /// Serve two simulated NetBackup servers; needs no configuration
    Demo {
        /// Run this guest instead of the built-in one, and swap it when the file
        /// changes
        #[arg(long, value_name = "FILE")]
        guest: Option<PathBuf>,
    },
    /// Print the version, digest, collectors, metrics, paths and imports of a guest
    Inspect {
        /// The component; without it, the built-in guest
        #[arg(value_name = "FILE.wasm")]
        file: Option<PathBuf>,
        /// Verify the signature in FILE.wasm.minisig with this minisign public key
        #[arg(long, value_name = "KEY", requires = "file")]
        public_key: Option<String>,
        /// Print all metrics, including those of the exporter itself, as Markdown
        #[arg(long, conflicts_with = "public_key")]
        markdown: bool,
    },
    /// Print all configuration keys as Markdown
    Reference,
    /// Print the completions of a shell, such as for /etc/bash_completion.d
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page of the program, or of a command such as `check` or `guest test`
    Manual {
        /// The command
        #[arg(value_name = "COMMAND")]
        command: Vec<String>,
    },
    /// Collect one site, and write its exchange with NetBackup to a file, with pseudonyms for
    /// all names
    Record {
        /// The site
        #[arg(long, value_name = "NAME")]
        site: String,
        /// The bundle to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// Keep the values of this attribute, option or label; may be repeated
        #[arg(long, value_name = "FIELD")]
        keep: Vec<String>,
        /// Collect every server.collectionInterval until this time, such as 1h, is over, or
        /// until Ctrl-C; without it, once
        #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
        duration: Option<Duration>,
    },
    /// Repeat the collection of a bundle without network, and print the metrics; exit
    /// with 1 if they differ from the recorded ones
    Replay {
        /// The bundle
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Run this guest instead of the built-in one, and print the differences
        #[arg(long, value_name = "FILE.wasm")]
        guest: Option<PathBuf>,
    },
    /// Compare what two guests report from a bundle; exit with 1 if a rule or a panel
    /// uses what goes
    Diff {
        /// The old guest
        #[arg(value_name = "OLD.wasm")]
        old: PathBuf,
        /// The new guest
        #[arg(value_name = "NEW.wasm")]
        new: PathBuf,
        /// The bundle
        #[arg(long, value_name = "FILE")]
        bundle: PathBuf,
        /// Rules of Prometheus to search; may be repeated
        #[arg(long, value_name = "FILE")]
        rules: Vec<PathBuf>,
        /// A Grafana dashboard to search; may be repeated
        #[arg(long, value_name = "FILE")]
        dashboard: Vec<PathBuf>,
    },
}

/// Commands for authors of guests.
#[derive(Clone, Debug, Subcommand)]
pub enum GuestCommand {
    /// Print the contract as WIT, or write it to a folder with the WASI packages that it
    /// imports
    Wit {
        /// The folder; it is created
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Test a guest against a simulated NetBackup server of each release, with all that can
    /// go wrong; exit with 1 on failures
    Test {
        /// The component
        #[arg(value_name = "FILE.wasm")]
        file: PathBuf,
        /// Only this release, such as 11.2
        #[arg(long, value_name = "RELEASE")]
        release: Option<String>,
        /// Only this fault, as `--fault` of `nbu_simulator`, such as status=503, slow=2 or
        /// html@/admin/jobs; may be repeated
        #[arg(long, value_name = "FAULT[@PATH]")]
        fault: Vec<String>,
        /// An option, such as alerts.pageSize=50 or alerts.names='[A, B]'; may be repeated
        #[arg(long, value_name = "COLLECTOR.OPTION=VALUE")]
        option: Vec<String>,
        /// Also test the guest on the recorded answers of this bundle
        #[arg(long, value_name = "BUNDLE")]
        record: Option<PathBuf>,
        /// Compare the metrics with this file; it is written if it does not exist
        #[arg(long, value_name = "FILE")]
        golden: Option<PathBuf>,
        /// Write the results as JUnit XML
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
    },
    /// Write a project that collects alerts, with tests and the contract
    New {
        /// The folder of the project, which must not exist
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// The language of the guest
        #[arg(long)]
        language: Language,
    },
}

fn duration(text: &str) -> Result<Duration, String> {
    let read = text.parse::<SignedDuration>();
    let read = read.map_err(|_| "it is not a time such as `1h`, `30m` or `90s`".to_owned())?;
    Duration::try_from(read).map_err(|_| "it is negative".to_owned())
}

/// A language with an example.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "lowercase")]
pub enum Language {
    /// For the target wasm32-wasip2
    Rust,
    /// With componentize-js
    JavaScript,
    /// With componentize-py
    Python,
}

impl Options {
    /// The flags that override the configuration.
    pub fn overrides(&self) -> Overrides {
        let word = match (self.debug, self.trace) {
            (_, true) => Some("trace"),
            (true, _) => Some("debug"),
            _ => None,
        };
        let short = word.and_then(|word| word.parse().ok());
        Overrides {
            collectors: self.collectors.clone(),
            log_level: self.log_level.clone().or(short),
            log_format: self.log_format,
            shard: self.shard_count.map(|count| ShardFlags {
                count,
                index: self.shard_index,
            }),
            ..self.web.overrides()
        }
    }
}

impl From<&Options> for ConfigSource {
    fn from(options: &Options) -> Self {
        Self {
            path: options.config_file.clone(),
            overrides: options.overrides(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_command_line_definition_is_valid() {
        definition().debug_assert();
    }

    #[test]
    fn flags_may_come_before_or_after_the_command() {
        for line in [
            "nbu_exporter --config.file=a.yaml --log.format json collect --site paris",
            "nbu_exporter collect --site paris --config a.yaml --log.format=json",
        ] {
            let args = parse(line).unwrap();
            assert_eq!(args.options.config_file, PathBuf::from("a.yaml"), "{line}");
            assert_eq!(args.options.overrides().log_format, Some(LogFormat::Json));
            let Some(Command::Collect { site, .. }) = args.command else {
                panic!("{line} is not `collect`");
            };
            assert_eq!(site.as_deref(), Some("paris"));
        }
    }

    #[test]
    fn debug_and_trace_are_levels() {
        let level = |line: &str| parse(line).unwrap().options.overrides().log_level.unwrap();
        assert_eq!(level("nbu_exporter --debug").as_str(), "debug");
        assert_eq!(level("nbu_exporter --trace").as_str(), "trace");
        assert_eq!(level("nbu_exporter --log.level warn").as_str(), "warn");
        assert!(parse("nbu_exporter --debug --log.level warn").is_err());
        assert!(parse("nbu_exporter --log.level inof").is_err());
    }

    #[test]
    fn the_file_applies_without_flags() {
        let args = parse("nbu_exporter").unwrap();
        assert_eq!(args.options.config_file, PathBuf::from("config.yaml"));
        let overrides = args.options.overrides();
        assert!(overrides.listen.is_empty() && overrides.log_level.is_none());
        assert!(args.command.is_none() && overrides.log_format.is_none());
    }
}
