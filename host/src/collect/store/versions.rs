//! The file of the versions that have passed their probation: a line with the
//! checksum of the next, and that.
//!
//! ```text
//! nbu_exporter versions 1 <SHA-256 of the rest>
//! {"<SHA-256 of the key>":"1.4.0"}
//! ```

use std::io::{self, ErrorKind};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use tracing::error;

use super::disk;
use super::format::Broken;
use crate::collect::versions::Versions;

/// No folder of a site begins with a dot.
const FILE: &str = ".versions";
const MAGIC: &str = "nbu_exporter versions 1 ";

/// What lies in the folder. A file that cannot be used is set aside, since the
/// next guest that passes its probation is written in its place; the log says
/// that older guests are not refused until then.
pub(super) fn read(folder: &Path) -> Versions {
    look(folder).unwrap_or_else(|broken| {
        let path = folder.join(FILE);
        let file = path.display();
        match disk::set_aside(&path) {
            Ok(aside) => {
                let aside = aside.display();
                error!(%file, %aside, "Versions of signed guests were set aside, an older guest can be started until one has passed its probation: {broken}");
            }
            Err(error) => {
                error!(%file, %error, "Versions of signed guests cannot be used or set aside, an older guest can be started until one has passed its probation: {broken}");
            }
        }
        Versions::default()
    })
}

/// The same, changing nothing. None lie where no guest has passed yet.
pub(super) fn look(folder: &Path) -> Result<Versions, Broken> {
    match disk::read(&folder.join(FILE), 0) {
        Ok(bytes) => decode(&bytes),
        Err(Broken::Unreadable(error)) if error.kind() == ErrorKind::NotFound => {
            Ok(Versions::default())
        }
        Err(broken) => Err(broken),
    }
}

pub(super) fn write(folder: &Path, versions: &Versions) -> io::Result<()> {
    let mut rest = serde_json::to_vec(&versions.texts())?;
    rest.push(b'\n');
    let head = format!("{MAGIC}{}\n", checksum(&rest));
    disk::replace(folder, ".", FILE, &[head.as_bytes(), &rest])
}

fn decode(bytes: &[u8]) -> Result<Versions, Broken> {
    let rest = bytes
        .strip_prefix(MAGIC.as_bytes())
        .ok_or(Broken::Foreign)?;
    let end = memchr::memchr(b'\n', rest).ok_or(Broken::Torn)?;
    let (sum, rest) = rest.split_at_checked(end).ok_or(Broken::Torn)?;
    let rest = rest.get(1..).unwrap_or_default();
    if checksum(rest).as_bytes() != sum {
        return Err(Broken::Torn);
    }
    let texts = serde_json::from_slice(rest).map_err(|_| Broken::Foreign)?;
    Versions::from_texts(texts).ok_or(Broken::Foreign)
}

fn checksum(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn versions(text: &str) -> Versions {
        Versions::from_texts(serde_json::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn what_was_written_is_read_and_a_file_that_was_changed_is_set_aside() {
        let folder = TempDir::new().unwrap();
        assert_eq!(read(folder.path()), Versions::default());
        let kept = versions(r#"{"a":"1.4.0"}"#);
        write(folder.path(), &kept).unwrap();
        assert_eq!(read(folder.path()), kept);

        let file = folder.path().join(FILE);
        let text = std::fs::read_to_string(&file).unwrap();
        let whole = text.len();
        let lower = text.replace("1.4.0", "1.3.0");
        for torn in [&text[..whole - 3], &text[..20], "", "x", &lower] {
            std::fs::write(&file, torn).unwrap();
            assert!(look(folder.path()).is_err(), "{torn}");
            assert_eq!(read(folder.path()), Versions::default());
            assert!(!file.exists());
            let aside = std::fs::read_to_string(folder.path().join(".versions.broken"));
            assert_eq!(aside.unwrap(), torn);
        }
    }

    #[test]
    fn of_two_folders_the_newer_version_counts() {
        let mut known = versions(r#"{"a":"1.4.0","b":"2.0.0"}"#);
        known.merge(&versions(r#"{"a":"1.10.0","b":"1.0.0","c":"0.1.0"}"#));
        let newest = r#"{"a":"1.10.0","b":"2.0.0","c":"0.1.0"}"#;
        assert_eq!(known, versions(newest));
    }
}
