//! The two names of this program.

use std::path::Path;

/// The name of the program with the simulator, as its package installs it.
const KIT: &str = "nbu_exporter-sdk";

/// The name that this program was started by, for its help, manual and completions.
pub(super) fn program_name() -> &'static str {
    let started = std::env::args_os().next();
    let started = started
        .as_ref()
        .and_then(|path| Path::new(path).file_name());
    if started.is_some_and(|name| name == KIT) {
        KIT
    } else {
        "nbu_exporter"
    }
}
