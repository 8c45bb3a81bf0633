//! How the list of jobs is read.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::kept::Kept;
use super::ledger::Moment;
use super::reach::{Clocks, LONGEST_GAP};
use crate::collectors::{Context, seconds};
use crate::report::Failure;

/// Pages that are read at one time at most.
const MOST_READERS: usize = 16;

/// The same for every collector that reads jobs.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::collectors) struct Options {
    /// How late a finished job may show up, in seconds.
    #[serde(deserialize_with = "overlap")]
    overlap: u64,
    /// How many pages are read at one time.
    #[serde(deserialize_with = "readers")]
    readers: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            overlap: 5 * 60,
            readers: 4,
        }
    }
}

impl Options {
    pub(in crate::collectors) fn new(overlap: Option<Overlap>, readers: Option<Readers>) -> Self {
        let usual = Self::default();
        Self {
            overlap: overlap.map_or(usual.overlap, |it| it.0),
            readers: readers.map_or(usual.readers, |it| it.0),
        }
    }

    pub(super) fn readers(&self) -> usize {
        self.readers
    }

    /// The moment of a collection. A server that does not report its clock is taken
    /// to differ from the host's as it did in the last read, whose ledger is `kept`.
    /// Without one it is taken to have the host's: then the overlap also has to
    /// cover the difference.
    pub(in crate::collectors) async fn moment(
        &self,
        context: &Context<'_>,
        kept: Option<&Kept>,
    ) -> Result<Moment, Failure> {
        let host = context.window.now;
        let clocks = match (context.client.clock().await?, kept) {
            (Some(server), _) => Clocks { server, host },
            (None, Some(kept)) => kept.clocks().at(host),
            (None, None) => Clocks { server: host, host },
        };
        Ok(Moment {
            clocks,
            window_start: context.window.start(),
            overlap: self.overlap,
        })
    }
}

/// An overlap of its own, for other options.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(in crate::collectors) struct Overlap(#[serde(deserialize_with = "overlap")] u64);

/// Readers of its own, for other options.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(in crate::collectors) struct Readers(#[serde(deserialize_with = "readers")] usize);

fn overlap<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let overlap = seconds::deserialize(deserializer, "overlap", "5m")?;
    if overlap > LONGEST_GAP {
        let hours = LONGEST_GAP / 3600;
        return Err(D::Error::custom(format!(
            "the overlap of `{overlap}` seconds is longer than `{hours}h`, for which NetBackup keeps jobs"
        )));
    }
    Ok(overlap)
}

fn readers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    number
        .as_u64()
        .and_then(|number| usize::try_from(number).ok())
        .filter(|number| (1..=MOST_READERS).contains(number))
        .ok_or_else(|| {
            D::Error::custom(format!(
                "there are `1` to `{MOST_READERS}` readers, not `{number}`"
            ))
        })
}
