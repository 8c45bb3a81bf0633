//! What a file holds: a line with the checksum of all that follows, a line that
//! says what follows, and the states as the guests have left them.
//!
//! ```text
//! nbu_exporter state 1 <SHA-256 of the rest>
//! {"site":"paris","collector":"jobs","states":[{"guest":"<SHA-256>","version":1,"bytes":2048}]}
//! <2048 bytes>
//! ```
//!
//! The first state is the newest. A second is that of the guest which a rollback would
//! return to.

use std::fmt;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::collect::state::{StateEntry, StateVersion};
use crate::guest::SavedState;

/// Counts up when a program that knows only the one before cannot read it.
const VERSION: u32 = 1;
const MAGIC: &str = "nbu_exporter state ";
/// Bytes of the first two lines: room for any name of a site.
const LINES: usize = 64 << 10;

/// Why a file cannot be used.
#[derive(Debug)]
pub(super) enum StateFileError {
    /// Nothing that this program has written.
    Foreign,
    /// Written by a later version of this program.
    Newer(u32),
    /// Not as it was written.
    Corrupt,
    /// A state of more bytes than a guest may save, or a file that must have one.
    TooLarge(u64, u64),
    /// It belongs to another site or collector.
    Misplaced(String, String),
    /// A directory, a link or the like.
    NotAFile(io::Error),
    /// The system cannot read it, now.
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
    /// Whether another guest's report was shown after the one it came with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    followed: bool,
}

/// The most bytes that a file may have where a state may have `limit`.
pub(super) fn largest(limit: usize) -> u64 {
    2 * limit as u64 + LINES as u64
}

/// The first two lines; the bytes of the states follow them, in the order of the
/// entry's versions.
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

/// The site, the collector, and its states. No state may have more bytes than
/// `limit`.
pub(super) fn decode(
    bytes: &[u8],
    limit: usize,
) -> Result<(String, String, StateEntry), StateFileError> {
    let rest = checked(bytes)?;
    // What has the right checksum is as somebody has written it: what does not fit
    // from here on was written by somebody else.
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
            // Earlier releases did not say so of the second.
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

/// What follows the first line, if that has its checksum.
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
    /// Whether nothing good is lost when another file takes its place. A good file
    /// that cannot be used now stays where it is.
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
            Self::Foreign => f.write_str("it is not a state file of this program"),
            Self::Newer(version) => write!(
                f,
                "it has the format `{version}`, of a later version of this program; \
                 this one reads up to `{VERSION}`"
            ),
            Self::Corrupt => f.write_str("checksum mismatch: the file is corrupt"),
            Self::TooLarge(bytes, limit) => write!(
                f,
                "its `{bytes}` bytes are more than the `{limit}` of `guest.limits.stateSize`"
            ),
            Self::Misplaced(site, collector) => write!(
                f,
                "it belongs to the site `{site}` and the collector `{collector}`"
            ),
            Self::NotAFile(error) | Self::Unreadable(error) => {
                write!(f, "it cannot be read: {error}")
            }
        }
    }
}
