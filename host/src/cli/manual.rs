//! The manual pages.

use clap_mangen::Man;

use super::args::definition;
use super::print;
use crate::app::ExitError;
use crate::suggestion::suggestion;

/// What the definition of the command line does not say.
const END: &str = r#".SH "EXIT STATUS"
0 for success, 1 for a failure while running, and 2 for an invalid configuration, guest or path.
.SH FILES
.TP
.I /etc/nbu_exporter/config.yaml
the configuration
.TP
.I /etc/nbu_exporter/environment
the API keys, for the systemd unit
.TP
.I /var/lib/nbu_exporter
saved counters
.TP
.I /usr/share/nbu_exporter
rules for Prometheus and dashboards for Grafana
.SH "SEE ALSO"
.I /usr/share/doc/nbu-exporter
.PP
.BR systemctl (1),
.BR prometheus (1)
.PP
.B nbu_exporter manual \fICOMMAND\fR
prints the page of a command.
"#;
/// The end of the page of a command.
const SEE_ALSO: &str = r#".SH "SEE ALSO"
.BR nbu_exporter (1)
"#;

/// Prints the page of the program or of a command, in the format of `man`.
pub(super) fn run(command: &[String]) -> Result<(), ExitError> {
    let mut page = definition().disable_help_subcommand(true);
    // Gives each command its full name, and the flags that it inherits.
    page.build();
    for name in command {
        page = match page.find_subcommand(name) {
            Some(found) => found.clone(),
            None => return Err(unknown(name, &page)),
        };
    }
    let mut text = Vec::new();
    let written = Man::new(page).render(&mut text);
    written.map_err(|error| ExitError::Command(format!("cannot write the manual: {error}")))?;
    let end = if command.is_empty() { END } else { SEE_ALSO };
    print(&(String::from_utf8_lossy(&text) + end))
}

fn unknown(name: &str, parent: &clap::Command) -> ExitError {
    let known: Vec<_> = parent.get_subcommands().map(|it| it.get_name()).collect();
    let parent = parent.get_bin_name().unwrap_or("nbu_exporter");
    ExitError::UnknownCommand(match known.as_slice() {
        [] => format!("`{parent}` has no commands"),
        known => format!(
            "`{parent}` has no command `{name}`\n  hint: {}",
            suggestion(name, known, "its commands")
        ),
    })
}
