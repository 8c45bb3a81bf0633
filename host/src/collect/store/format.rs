//! The format of a state file: a line with a checksum of the rest, a line with
//! metadata, and the raw states.
//!
//! ```text
//! nbu_exporter state 1 <SHA-256 of the rest>
//! {"site":"paris","collector":"jobs","states":[{"guest":"<SHA-256>","version":1,"bytes":2048}]}
//! <2048 bytes>
//! ```
//!
//! The first state is the newest. A second one belongs to the guest that a rollback
//! would restore.

use std::fmt;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::collect::state::{StateEntry, StateVersion};
use crate::guest::SavedState;

/// Increased with each incompatible change.
const VERSION: u32 = 1;
const MAGIC: &str = "nbu_exporter state ";
/// Maximum size of the first two lines in bytes. Enough for any site name.
const LINES: usize = 64 << 10;

/// The reason why a state file cannot be used.
#[derive(Debug)]
pub(super) enum StateFileError {
    /// Not written by this program.
    Foreign,
    /// Written by a later version of this program.
    Newer(u32),
    /// Truncated or modified.
    Corrupt,
    /// The size of a state, or of the whole file, and the limit.
    TooLarge(u64, u64),
    /// Belongs to another site and collector.
    Misplaced(String, String),
    /// Not a regular file.
    NotAFile(io::Error),
    /// The system cannot read it now.
    Unreadable(io::Error),
}

#[derive(Serialize, Deserialize)]
struct StateFileHeader {
    site: String,
    collector: String,
    states: Vec<StoredVersion>,
}

#[derive(Serialize, Deserialize)]
struct StoredVersion {
    /// The guest that wrote it.
    guest: String,
    version: u32,
    bytes: usize,
    /// Whether a later report of another guest was published. The key keeps its first
    /// name for compatibility.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    followed: bool,
}

/// The maximum size of a file whose states have at most `limit` bytes.
pub(super) fn largest(limit: usize) -> u64 {
    2 * limit as u64 + LINES as u64
}

/// The first two lines. The raw states follow in the order of the entry's versions.
pub(super) fn head(site: &str, collector: &str, entry: &StateEntry) -> io::Result<Vec<u8>> {
    let part = |version: &StateVersion| StoredVersion {
        guest: version.guest.to_string(),
        version: version.saved.version,
        bytes: version.saved.bytes.len(),
        followed: version.superseded,
    };
    let contents = StateFileHeader {
        site: site.to_owned(),
        collector: collector.to_owned(),
        states: entry.versions().map(part).collect(),
    };
    let mut line = serde_json::to_vec(&contents)?;
    line.push(b'\n');
    let mut sum = Sha256::new_with_prefix(&line);
    for version in entry.versions() {
        sum.update(&version.saved.bytes);
    }
    let sum = base16ct::lower::encode_string(&sum.finalize());
    let mut head = format!("{MAGIC}{VERSION} {sum}\n").into_bytes();
    head.append(&mut line);
    Ok(head)
}

/// Decodes site, collector and states. `limit` is the maximum size of a state in
/// bytes.
pub(super) fn decode(
    bytes: &[u8],
    limit: usize,
) -> Result<(String, String, StateEntry), StateFileError> {
    let rest = checked(bytes)?;
    // The checksum is correct, so invalid contents were not written by this program.
    let (second, mut rest) = line(rest).ok_or(StateFileError::Foreign)?;
    let contents: StateFileHeader =
        serde_json::from_str(second).map_err(|_| StateFileError::Foreign)?;
    let mut versions = Vec::new();
    for part in contents.states {
        if part.bytes > limit {
            return Err(StateFileError::TooLarge(part.bytes as u64, limit as u64));
        }
        let (bytes, others) = rest
            .split_at_checked(part.bytes)
            .ok_or(StateFileError::Foreign)?;
        rest = others;
        versions.push(StateVersion {
            guest: part.guest.parse().map_err(|_| StateFileError::Foreign)?,
            // Earlier releases did not store this for the second state.
            superseded: part.followed || !versions.is_empty(),
            saved: Arc::new(SavedState {
                collector: contents.collector.clone(),
                version: part.version,
                bytes: bytes.to_vec(),
            }),
        });
    }
    if !(1..=2).contains(&versions.len()) || !rest.is_empty() {
        return Err(StateFileError::Foreign);
    }
    Ok((contents.site, contents.collector, StateEntry::new(versions)))
}

/// Returns the data after the first line, if the checksum is correct.
fn checked(bytes: &[u8]) -> Result<&[u8], StateFileError> {
    let rest = bytes
        .strip_prefix(MAGIC.as_bytes())
        .ok_or(StateFileError::Foreign)?;
    let (first, rest) = line(rest).ok_or(StateFileError::Corrupt)?;
    let (version, sum) = first.split_once(' ').ok_or(StateFileError::Corrupt)?;
    match version.parse().map_err(|_| StateFileError::Corrupt)? {
        VERSION => {}
        later if later > VERSION => return Err(StateFileError::Newer(later)),
        _ => return Err(StateFileError::Corrupt),
    }
    if base16ct::lower::encode_string(&Sha256::digest(rest)) != sum {
        return Err(StateFileError::Corrupt);
    }
    Ok(rest)
}

fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = memchr::memchr(b'\n', bytes.get(..LINES).unwrap_or(bytes))?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((str::from_utf8(line).ok()?, rest.get(1..)?))
}

impl StateFileError {
    /// Whether the file may be replaced. A valid file that cannot be used now must be
    /// kept.
    pub(super) fn is_broken(&self) -> bool {
        match self {
            Self::Foreign | Self::Corrupt | Self::Misplaced(..) | Self::NotAFile(_) => true,
            Self::Newer(_) | Self::TooLarge(..) | Self::Unreadable(_) => false,
        }
    }
}

impl fmt::Display for StateFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("the file is not a state file of this program"),
            Self::Newer(version) => write!(
                f,
                "the file has format `{version}`, of a later version of this program; \
                 this one reads up to `{VERSION}`"
            ),
            Self::Corrupt => f.write_str("checksum mismatch: the file is corrupt"),
            Self::TooLarge(bytes, limit) => write!(
                f,
                "it has `{bytes}` bytes, more than the limit of `{limit}` (`guest.limits.stateSize`)"
            ),
            Self::Misplaced(site, collector) => write!(
                f,
                "the file belongs to site `{site}` and collector `{collector}`"
            ),
            Self::NotAFile(error) | Self::Unreadable(error) => {
                write!(f, "the file cannot be read: {error}")
            }
        }
    }
}
