//! Options for reading jobs.

use serde::Deserialize;

use super::saved::SavedLedger;
use super::time::{Clocks, CollectionTime};
use super::watermark::LONGEST_GAP;
use crate::api::Client;
use crate::contract::{DeclaredOption, Failure, Window};
use crate::options;

/// The most pages read at once.
const MAX_READERS: i64 = 16;

/// The options that every collector of jobs has.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct ReadOptions {
    /// How late a finished job may appear, in seconds.
    overlap: u64,
    /// The most pages read at once.
    readers: usize,
}

impl ReadOptions {
    /// The declarations. NetBackup keeps jobs no longer than the longest overlap by
    /// default.
    pub(crate) fn declared() -> Vec<DeclaredOption> {
        let overlap = "How late a finished job may appear in NetBackup's list. The list is read \
                       again for that long.";
        let readers = "Largest number of job pages requested at the same time in the first read. \
                       The number adapts to the server. Later reads request at most 2.";
        vec![
            options::duration("overlap", LONGEST_GAP, "5m", overlap),
            options::integer("readers", (1, MAX_READERS), MAX_READERS, readers),
        ]
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
