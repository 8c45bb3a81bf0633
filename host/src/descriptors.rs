//! Shares of the file descriptor limit.
//!
//! Clients, connections to NetBackup and everything else each have a share. The shares
//! add up to the limit, so that none can exhaust another. The limit is read each time,
//! because `prlimit` can change it at runtime.

use std::io;

use rustix::process::{Resource, getrlimit, setrlimit};

/// The minimum share of files, listening sockets and the runtime. About 25 are in use
/// when idle.
const LEAST_FOR_FILES: usize = 32;

/// The shares. The remaining descriptors are for files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// The soft limit.
    pub limit: usize,
    /// Client connections.
    pub clients: usize,
    /// Connections to NetBackup servers and proxies.
    pub upstream: usize,
}

impl Shares {
    /// The shares of the current soft limit.
    pub fn now() -> Self {
        let soft = getrlimit(Resource::Nofile).current;
        let limit = soft.and_then(|soft| usize::try_from(soft).ok());
        Self::of(limit.unwrap_or(usize::MAX))
    }

    /// A quarter for clients, a quarter for files and half for NetBackup. With a low
    /// limit, files come first.
    fn of(limit: usize) -> Self {
        let clients = limit / 4;
        let files = (limit / 4).max(LEAST_FOR_FILES.min(limit / 2));
        Self {
            limit,
            clients,
            upstream: limit - clients - files,
        }
    }
}

/// Raises the soft limit of this process to the hard limit.
///
/// # Errors
/// The system rejects it; the soft limit is unchanged.
pub fn raise_limit() -> io::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return Ok(());
    }
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_add_up_to_the_limit_and_files_always_have_some() {
        for (limit, clients, upstream) in [
            (0, 0, 0),
            (48, 12, 12),
            (64, 16, 16),
            (256, 64, 128),
            (1024, 256, 512),
            (4096, 1024, 2048),
        ] {
            let shares = Shares {
                limit,
                clients,
                upstream,
            };
            assert_eq!(Shares::of(limit), shares);
        }
        assert!(Shares::of(usize::MAX).upstream > usize::MAX / 3);
    }
}
