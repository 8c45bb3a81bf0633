//! Options for reading jobs.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::saved::SavedLedger;
use super::time::{Clocks, CollectionTime};
use super::watermark::LONGEST_GAP;
use crate::api::Client;
use crate::contract::{Failure, Window};
use crate::duration;

/// The most pages read at once.
const MAX_READERS: usize = 16;

/// The options that every collector of jobs has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadOptions {
    /// How late a finished job may appear, in seconds.
    overlap: u64,
    /// How many pages are read at once.
    readers: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            overlap: 5 * 60,
            readers: 4,
        }
    }
}

impl ReadOptions {
    /// Without an option its default applies.
    pub(crate) fn new(overlap: Option<Overlap>, readers: Option<Readers>) -> Self {
        let default = Self::default();
        Self {
            overlap: overlap.map_or(default.overlap, |it| it.0),
            readers: readers.map_or(default.readers, |it| it.0),
        }
    }

    pub(crate) fn readers(&self) -> usize {
        self.readers
    }

    /// The time of this collection. If the server does not report its clock, the
    /// guest assumes the same difference to the host's clock as in the last read.
    /// Before the first read it assumes no difference, so the overlap has to cover it.
    pub(crate) async fn time(
        &self,
        client: &Client<'_>,
        window: &Window,
        saved: Option<&SavedLedger>,
    ) -> Result<CollectionTime, Failure> {
        let host = window.now;
        let clocks = match (client.clock().await?, saved) {
            (Some(server), _) => Clocks { server, host },
            (None, Some(saved)) => saved.clocks().at(host),
            (None, None) => Clocks { server: host, host },
        };
        Ok(CollectionTime {
            clocks,
            window_start: window.start(),
            overlap: self.overlap,
        })
    }
}

/// The option `overlap` among other options.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Overlap(#[serde(deserialize_with = "overlap")] u64);

/// The option `readers` among other options.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Readers(#[serde(deserialize_with = "readers")] usize);

fn overlap<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let overlap = duration::deserialize(deserializer, "overlap", "5m")?;
    if overlap > LONGEST_GAP {
        let hours = LONGEST_GAP / 3600;
        // NetBackup keeps jobs no longer by default.
        return Err(D::Error::custom(format!(
            "expected an overlap of at most `{hours}h`, found `{overlap}` seconds"
        )));
    }
    Ok(overlap)
}

fn readers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    number
        .as_u64()
        .and_then(|number| usize::try_from(number).ok())
        .filter(|number| (1..=MAX_READERS).contains(number))
        .ok_or_else(|| {
            D::Error::custom(format!(
                "expected `1` to `{MAX_READERS}` readers, found `{number}`"
            ))
        })
}
