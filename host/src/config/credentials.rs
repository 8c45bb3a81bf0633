//! The API key of a site, and the files that configuration keys name.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::regular_file::full_path;
use super::section::Section;
use super::shared::SharedSettings;
use crate::secret::{ApiKey, InvalidKey};

/// The variable with the folder in which systemd puts the credentials of a unit.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// The alternatives for an API key. Exactly one is required.
const SOURCES: [&str; 3] = ["apiKey", "apiKeyFile", "apiKeyCredential"];
/// What the files in `deploy` have in place of a key.
const PLACEHOLDER: &str = "replace-me";

/// The API key, from the configuration, another file or systemd.
pub(super) fn key(section: &mut Section<'_>, common: &SharedSettings<'_>) -> Option<ApiKey> {
    let given: Vec<_> = SOURCES.into_iter().filter(|key| section.has(key)).collect();
    let doc = "The API key. One of `apiKey`, `apiKeyFile` and `apiKeyCredential` is required; the \
               host sends it in `Authorization`.";
    let text = section.secret("apiKey", doc);
    let doc = "File with the API key. It is read again when it changes.";
    let path = section.optional::<PathBuf>("apiKeyFile", doc);
    let doc = "Name of a [systemd credential](https://systemd.io/CREDENTIALS/) with the API key.";
    let name = section.optional::<String>("apiKeyCredential", doc);
    match *given.as_slice() {
        [] => {
            let hint = "write `apiKey` with the key or `${VARIABLE}`, `apiKeyFile` with a path, or \
                        `apiKeyCredential` with the name of a systemd credential";
            section.problem("apiKey", "is missing", hint);
            None
        }
        ["apiKey"] => valid(section, "apiKey", text?),
        ["apiKeyFile"] => from_file(section, "apiKeyFile", &common.directory.join(path?)),
        ["apiKeyCredential"] => {
            let path = credential(section, common, &name?)?;
            from_file(section, "apiKeyCredential", &path)
        }
        [first, .., last] => {
            section.problem(
                last,
                format!("conflicts with `{first}`"),
                "keep one of them",
            );
            None
        }
        // `SOURCES` has no fourth key.
        [_] => None,
    }
}

/// The file in which systemd provides a credential.
fn credential(section: &Section<'_>, common: &SharedSettings<'_>, name: &str) -> Option<PathBuf> {
    let at = "apiKeyCredential";
    if name.contains('/') || matches!(name, "." | "..") {
        let hint = "write the name before the `:` of `LoadCredential=`";
        section.problem(at, format!("`{name}` is not a credential name"), hint);
        return None;
    }
    let Some(directory) = (common.environment)(CREDENTIALS) else {
        let hint = format!(
            "add `LoadCredential={name}:/path/of/the/key` to the unit, or use `apiKeyFile`"
        );
        let message = format!("no systemd credentials: `{CREDENTIALS}` is not set");
        section.problem(at, message, &hint);
        return None;
    };
    Some(Path::new(&directory).join(name))
}

/// The API key in a file.
fn from_file(section: &Section<'_>, at: &str, path: &Path) -> Option<ApiKey> {
    let bytes = content(section, at, path)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => valid(section, at, text),
        // A character that is reported as invalid.
        Err(_) => valid(section, at, "\0"),
    }
}

fn valid(section: &Section<'_>, at: &str, text: &str) -> Option<ApiKey> {
    let (message, hint) = match ApiKey::new(text) {
        Ok(key) => {
            warn_about_form(section, at, text.trim());
            if text.trim() == PLACEHOLDER {
                let message = format!("the key is the placeholder `{PLACEHOLDER}`");
                let hint = "replace it by the key that NetBackup issued";
                section.warning(at, message, hint);
            }
            return Some(key);
        }
        Err(InvalidKey::Empty) => ("the key is empty", "write the key that NetBackup issued"),
        Err(InvalidKey::NotAHeader) => (
            "the key contains a line break or another character that HTTP headers forbid",
            "write only the key, on one line",
        ),
    };
    section.problem(at, message, hint);
    None
}

/// NetBackup expects the key alone. A gateway before it may expect more, so it is sent
/// as written.
fn warn_about_form(section: &Section<'_>, at: &str, key: &str) {
    let begins_with = |prefix: &&&str| {
        let start = key.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if let Some(prefix) = ["Bearer ", "Basic ", "Authorization:"]
        .iter()
        .find(begins_with)
    {
        let word = prefix.trim_end();
        let hint = format!("write only the key, without `{word}`");
        let message = format!("the key begins with `{word}`, but NetBackup expects the key alone");
        section.warning(at, message, &hint);
    } else if key.contains(char::is_whitespace) {
        let message = "the key contains a space, but NetBackup's keys are one word";
        section.warning(at, message, "write only the key");
    }
}

/// Reads a file that a key names. Its content is never shown, and its memory is
/// overwritten when it is dropped.
pub(super) fn content(section: &Section<'_>, key: &str, path: &Path) -> Option<Zeroizing<Vec<u8>>> {
    match section.findings().read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            let hint = full_path(path);
            section.problem(key, format!("cannot read the file: {error}"), &hint);
            None
        }
    }
}
