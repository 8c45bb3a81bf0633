//! The time of a collection, by the clocks of the server and the host.

use serde::{Deserialize, Serialize};

/// Both clocks at the beginning of a read, in seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Clocks {
    pub(crate) server: u64,
    pub(crate) host: u64,
}

impl Clocks {
    /// Both clocks when the host's shows `host`, if both have run at the same speed.
    pub(crate) fn at(self, host: u64) -> Self {
        let elapsed = host.wrapping_sub(self.host).cast_signed();
        Self {
            server: self.server.saturating_add_signed(elapsed),
            host,
        }
    }
}

/// When a collection takes place, and which jobs it covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CollectionTime {
    pub(crate) clocks: Clocks,
    /// By the host's clock.
    pub(crate) window_start: u64,
    /// How late a finished job may appear, in seconds.
    pub(crate) overlap: u64,
}

impl CollectionTime {
    /// The start of the window by the earlier of both clocks. So the ledger knows a
    /// job that starts another attempt within it, even if the host's clock is ahead.
    pub(crate) fn earliest_window_start(self) -> u64 {
        let length = self.clocks.host.saturating_sub(self.window_start);
        let by_server = self.clocks.server.saturating_sub(length);
        self.window_start.min(by_server)
    }
}
