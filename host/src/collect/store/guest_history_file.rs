//! The file of the guest history: a line with a checksum, and a line of JSON.
//!
//! ```text
//! nbu_exporter versions 1 <SHA-256 of the rest>
//! {"<SHA-256 of the key>":"1.4.0","rolled-back":"<SHA-256 of the guest>"}
//! ```

use std::io::{self, ErrorKind};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use tracing::error;

use super::disk;
use super::format::StateFileError;
use crate::collect::guest_history::GuestHistory;
use crate::file::Disk;

/// The leading dot distinguishes it from site directories.
const FILE: &str = ".versions";
const MAGIC: &str = "nbu_exporter versions 1 ";

/// Reads the history. Renames a corrupt file, because the next write replaces it.
///
/// # Errors
/// A possibly valid history cannot be read now.
pub(super) fn read(disk: &Disk, folder: &Path) -> Result<GuestHistory, StateFileError> {
    let unusable = match look(disk, folder) {
        Err(unusable) => unusable,
        read => return read,
    };
    let path = folder.join(FILE);
    let file = path.display();
    if !unusable.is_broken() {
        error!(%file, reason = %unusable, "Guest history cannot be read; only the built-in guest is accepted");
        return Err(unusable);
    }
    match disk::rename_corrupt(disk, &path) {
        Ok(aside) => {
            let aside = aside.display();
            error!(%file, %aside, reason = %unusable, "Guest history is corrupt and was renamed; older and rolled back guests are accepted");
            Ok(GuestHistory::default())
        }
        Err(error) => {
            error!(%file, %error, reason = %unusable, "Guest history is corrupt and cannot be renamed; only the built-in guest is accepted");
            Err(unusable)
        }
    }
}

/// Reads the history and changes nothing. It is empty if there is no file.
pub(super) fn look(disk: &Disk, folder: &Path) -> Result<GuestHistory, StateFileError> {
    match disk::read(disk, &folder.join(FILE), 0) {
        Ok(bytes) => decode(&bytes),
        Err(StateFileError::Unreadable(error)) if error.kind() == ErrorKind::NotFound => {
            Ok(GuestHistory::default())
        }
        Err(unusable) => Err(unusable),
    }
}

pub(super) fn write(disk: &Disk, folder: &Path, guest_history: &GuestHistory) -> io::Result<()> {
    let mut rest = serde_json::to_vec(&guest_history.texts())?;
    rest.push(b'\n');
    let head = format!("{MAGIC}{}\n", checksum(&rest));
    disk::replace(disk, folder, ".", FILE, &[head.as_bytes(), &rest])
}

fn decode(bytes: &[u8]) -> Result<GuestHistory, StateFileError> {
    let rest = bytes
        .strip_prefix(MAGIC.as_bytes())
        .ok_or(StateFileError::Foreign)?;
    let end = memchr::memchr(b'\n', rest).ok_or(StateFileError::Corrupt)?;
    let (sum, rest) = rest.split_at_checked(end).ok_or(StateFileError::Corrupt)?;
    let rest = rest.get(1..).unwrap_or_default();
    if checksum(rest).as_bytes() != sum {
        return Err(StateFileError::Corrupt);
    }
    let texts = serde_json::from_slice(rest).map_err(|_| StateFileError::Foreign)?;
    GuestHistory::from_texts(texts).ok_or(StateFileError::Foreign)
}

fn checksum(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn history(text: &str) -> GuestHistory {
        GuestHistory::from_texts(serde_json::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn a_written_history_is_read_and_a_modified_one_is_renamed() {
        let (folder, disk) = (TempDir::new().unwrap(), Disk::default());
        assert_eq!(read(&disk, folder.path()).unwrap(), GuestHistory::default());
        let guest = "0".repeat(64);
        let kept = history(&format!(r#"{{"a":"1.4.0","rolled-back":"{guest}"}}"#));
        write(&disk, folder.path(), &kept).unwrap();
        assert_eq!(read(&disk, folder.path()).unwrap(), kept);

        let file = folder.path().join(FILE);
        let text = std::fs::read_to_string(&file).unwrap();
        let whole = text.len();
        let lower = text.replace("1.4.0", "1.3.0");
        for torn in [&text[..whole - 3], &text[..20], "", "x", &lower] {
            std::fs::write(&file, torn).unwrap();
            assert!(look(&disk, folder.path()).is_err(), "{torn}");
            assert_eq!(read(&disk, folder.path()).unwrap(), GuestHistory::default());
            assert!(!file.exists());
            let aside = std::fs::read_to_string(folder.path().join(".versions.broken"));
            assert_eq!(aside.unwrap(), torn);
        }
    }

    #[test]
    fn merging_keeps_the_newer_versions() {
        let mut known = history(r#"{"a":"1.4.0","b":"2.0.0"}"#);
        known.merge(&history(r#"{"a":"1.10.0","b":"1.0.0","c":"0.1.0"}"#));
        let newest = r#"{"a":"1.10.0","b":"2.0.0","c":"0.1.0"}"#;
        assert_eq!(known, history(newest));
    }
}
