//! The manual page.

use clap_mangen::Man;

use super::args::definition;
use super::print;
use crate::app::ExitError;

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
"#;

/// Prints it in the format of `man`.
pub(super) fn run() -> Result<(), ExitError> {
    let mut text = Vec::new();
    let written = Man::new(definition()).render(&mut text);
    written.map_err(|error| ExitError::Command(format!("cannot write the manual: {error}")))?;
    print(&(String::from_utf8_lossy(&text) + END))
}
