//! What a file holds: a line with the checksum of all that follows, a line that
//! says what follows, and the states as the guests have left them.
//!
//! ```text
//! nbu_exporter state 1 <SHA-256 of the rest>
//! {"site":"paris","collector":"jobs","states":[{"guest":"<SHA-256>","version":1,"bytes":2048}]}
//! <2048 bytes>
//! ```
//!
//! The first state is the latest. A second is what the guest had left that is gone
//! back to if the one of the first fails its probation.

use std::fmt;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::collect::state::Left;
use crate::guest::Saved;

/// Counts up when a program that knows only the one before cannot read it.
const VERSION: u32 = 1;
const MAGIC: &str = "nbu_exporter state ";
/// Bytes of the first two lines: room for any name of a site.
const LINES: usize = 64 << 10;

/// What a file says.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) now: Left,
    pub(super) before: Option<Left>,
}

/// Why a file cannot be used.
#[derive(Debug)]
pub(super) enum Broken {
    /// Nothing of it, or nothing that we have written.
    Foreign,
    /// Written by a later program.
    Newer(u32),
    /// Not as it was written.
    Torn,
    /// A state of more bytes than a guest may leave, or a file that must have one.
    TooLarge(u64, u64),
    /// It belongs to another site or collector.
    Misplaced(String, String),
    /// The system does not let us.
    Unreadable(io::Error),
}

#[derive(Serialize, Deserialize)]
struct Contents {
    site: String,
    collector: String,
    states: Vec<Part>,
}

#[derive(Serialize, Deserialize)]
struct Part {
    /// Who left it.
    guest: String,
    version: u32,
    bytes: usize,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    followed: bool,
}

/// The most bytes that a file may have where a state may have `limit`.
pub(super) fn largest(limit: usize) -> u64 {
    2 * limit as u64 + LINES as u64
}

/// The first two lines; the bytes of the states follow them.
pub(super) fn head(site: &str, collector: &str, states: &[&Left]) -> io::Result<Vec<u8>> {
    let part = |left: &&Left| Part {
        guest: left.guest.to_string(),
        version: left.saved.version,
        bytes: left.saved.bytes.len(),
        followed: left.followed,
    };
    let contents = Contents {
        site: site.to_owned(),
        collector: collector.to_owned(),
        states: states.iter().map(part).collect(),
    };
    let mut line = serde_json::to_vec(&contents)?;
    line.push(b'\n');
    let mut sum = Sha256::new_with_prefix(&line);
    for left in states {
        sum.update(&left.saved.bytes);
    }
    let sum = base16ct::lower::encode_string(&sum.finalize());
    let mut head = format!("{MAGIC}{VERSION} {sum}\n").into_bytes();
    head.append(&mut line);
    Ok(head)
}

/// Whose states these are, and what they are. No state may have more bytes than
/// `limit`.
pub(super) fn decode(bytes: &[u8], limit: usize) -> Result<(String, String, Record), Broken> {
    let rest = bytes
        .strip_prefix(MAGIC.as_bytes())
        .ok_or(Broken::Foreign)?;
    let (first, rest) = line(rest).ok_or(Broken::Torn)?;
    let (version, sum) = first.split_once(' ').ok_or(Broken::Torn)?;
    match version.parse().map_err(|_| Broken::Torn)? {
        VERSION => {}
        later if later > VERSION => return Err(Broken::Newer(later)),
        _ => return Err(Broken::Torn),
    }
    if base16ct::lower::encode_string(&Sha256::digest(rest)) != sum {
        return Err(Broken::Torn);
    }
    // What has the right checksum is as somebody has written it: what does not fit
    // from here on was written by somebody else.
    let (second, mut rest) = line(rest).ok_or(Broken::Foreign)?;
    let contents: Contents = serde_json::from_str(second).map_err(|_| Broken::Foreign)?;
    let mut states = Vec::new();
    for part in contents.states {
        if part.bytes > limit {
            return Err(Broken::TooLarge(part.bytes as u64, limit as u64));
        }
        let (bytes, others) = rest.split_at_checked(part.bytes).ok_or(Broken::Foreign)?;
        rest = others;
        states.push(Left {
            guest: part.guest.parse().map_err(|_| Broken::Foreign)?,
            saved: Arc::new(Saved {
                collector: contents.collector.clone(),
                version: part.version,
                bytes: bytes.to_vec(),
            }),
            followed: part.followed,
        });
    }
    let mut states = states.into_iter();
    let (now, before, more) = (states.next(), states.next(), states.next());
    if more.is_some() || !rest.is_empty() {
        return Err(Broken::Foreign);
    }
    let now = now.ok_or(Broken::Foreign)?;
    let record = Record { now, before };
    Ok((contents.site, contents.collector, record))
}

fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = memchr::memchr(b'\n', bytes.get(..LINES).unwrap_or(bytes))?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((str::from_utf8(line).ok()?, rest.get(1..)?))
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("it is no state of this program"),
            Self::Newer(version) => write!(
                f,
                "it has the format `{version}`, of a later version of this program, \
                 which knows `{VERSION}`"
            ),
            Self::Torn => f.write_str("it is not whole: its checksum is another"),
            Self::TooLarge(bytes, limit) => write!(
                f,
                "its `{bytes}` bytes are more than the `{limit}` of `guest.limits.stateSize`"
            ),
            Self::Misplaced(site, collector) => {
                write!(
                    f,
                    "it is of the site `{site}` and the collector `{collector}`"
                )
            }
            Self::Unreadable(error) => write!(f, "it cannot be read: {error}"),
        }
    }
}
