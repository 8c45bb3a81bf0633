//! The API key of a site, and the files that keys name.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::section::Section;
use super::sites::Common;
use crate::secret::{ApiKey, InvalidKey};

/// Where systemd puts the credentials of a unit.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// The keys that give an API key, of which one is to be there.
const WAYS: [&str; 3] = ["apiKey", "apiKeyFile", "apiKeyCredential"];

/// The API key, from the configuration, a file of its own or systemd.
pub(super) fn key(section: &mut Section<'_>, common: &Common<'_>) -> Option<ApiKey> {
    let given: Vec<_> = WAYS.into_iter().filter(|way| section.has(way)).collect();
    let text = section.secret("apiKey");
    let path = section.optional::<PathBuf>("apiKeyFile");
    let name = section.optional::<String>("apiKeyCredential");
    match *given.as_slice() {
        [] => {
            let hint = "write the key, as `${NAME}` of a variable, or `apiKeyFile` with a path, or \
                        `apiKeyCredential` with the name of a systemd credential";
            section.problem("apiKey", "is missing", hint);
            None
        }
        ["apiKey"] => valid(section, "apiKey", text?),
        ["apiKeyFile"] => within(section, "apiKeyFile", &common.directory.join(path?)),
        ["apiKeyCredential"] => {
            let path = credential(section, common, &name?)?;
            within(section, "apiKeyCredential", &path)
        }
        [first, .., last] => {
            section.problem(last, format!("`{first}` is given too"), "keep one of them");
            None
        }
        // There is no fourth way.
        [_] => None,
    }
}

/// Where systemd has put a credential.
fn credential(section: &Section<'_>, common: &Common<'_>, name: &str) -> Option<PathBuf> {
    let at = "apiKeyCredential";
    if name.contains('/') || matches!(name, "." | "..") {
        let hint = "write the name that stands before the `:` of `LoadCredential=`";
        section.problem(
            at,
            format!("`{name}` is not the name of a credential"),
            hint,
        );
        return None;
    }
    let Some(directory) = (common.environment)(CREDENTIALS) else {
        let hint = format!(
            "write `LoadCredential={name}:/path/of/the/key` into the unit, or name a file with \
             `apiKeyFile`"
        );
        let message = format!("systemd gives no credentials: `{CREDENTIALS}` is not set");
        section.problem(at, message, &hint);
        return None;
    };
    Some(Path::new(&directory).join(name))
}

/// The key that a file holds.
fn within(section: &Section<'_>, at: &str, path: &Path) -> Option<ApiKey> {
    let bytes = content(section, at, path)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => valid(section, at, text),
        Err(_) => valid(section, at, "\0"),
    }
}

fn valid(section: &Section<'_>, at: &str, text: &str) -> Option<ApiKey> {
    let (message, hint) = match ApiKey::new(text) {
        Ok(key) => return Some(key),
        Err(InvalidKey::Empty) => ("the key is empty", "write the key that NetBackup issued"),
        Err(InvalidKey::NotAHeader) => (
            "the key holds a line break, or another character that no HTTP header may carry",
            "write the key alone, on one line",
        ),
    };
    section.problem(at, message, hint);
    None
}

/// Reads a file that a key names. Its content is never part of a message, and
/// its memory is overwritten when it is dropped.
pub(super) fn content(section: &Section<'_>, key: &str, path: &Path) -> Option<Zeroizing<Vec<u8>>> {
    match section.findings().read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            let hint = format!("the path is taken as `{}`", path.display());
            section.problem(key, format!("the file cannot be read: {error}"), &hint);
            None
        }
    }
}
