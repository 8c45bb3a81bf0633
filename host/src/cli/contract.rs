//! Print the contract between host and guest.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::{print, replace};
use crate::app::ExitError;

macro_rules! wit {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("../../../wit/", $name)))),*]
    };
}

/// The package of the contract. The first file names it.
const CONTRACT: [(&str, &str); 4] = wit!("world.wit", "collector.wit", "metrics.wit", "log.wit");

/// The WASI packages that a guest may import.
const DEPENDENCIES: [(&str, &str); 7] = wit!(
    "deps/cli.wit",
    "deps/clocks.wit",
    "deps/filesystem.wit",
    "deps/http.wit",
    "deps/io.wit",
    "deps/random.wit",
    "deps/sockets.wit"
);

/// Prints the contract, or writes it to a folder with the WASI packages.
pub(super) fn run(folder: Option<&Path>) -> Result<(), ExitError> {
    match folder {
        None => print(&CONTRACT.map(|(_, text)| text).join("\n")),
        Some(folder) => write(folder).map_err(|error| {
            ExitError::Command(format!("cannot write `{}`: {error}", folder.display()))
        }),
    }
}

/// Writes the contract to a folder, as bindings generators expect it.
pub(super) fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join("deps"))?;
    for (name, text) in CONTRACT.into_iter().chain(DEPENDENCIES) {
        replace(&folder.join(name), 0o644, |file| {
            file.write_all(text.as_bytes())
        })?;
    }
    Ok(())
}
