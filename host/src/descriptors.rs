//! The file descriptors of the process: how many it may have, and for what.
//!
//! Clients, connections to NetBackup and everything else have a share each. The
//! shares add up to the limit, so that no use can take the descriptors of another.
//! The limit is read each time, because `prlimit` changes it while the process runs.

use std::io;

use rustix::process::{Resource, getrlimit, setrlimit};

/// The least for files, listening sockets and the runtime. About 25 are in use at
/// rest.
const LEAST_FOR_FILES: usize = 32;

/// How the descriptors are divided. What is left is for files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// All of them.
    pub limit: usize,
    /// For connections of clients.
    pub clients: usize,
    /// For connections to NetBackup servers and proxies.
    pub upstream: usize,
}

impl Shares {
    /// By the soft limit as it is now.
    pub fn now() -> Self {
        let soft = getrlimit(Resource::Nofile).current;
        let limit = soft.and_then(|soft| usize::try_from(soft).ok());
        Self::of(limit.unwrap_or(usize::MAX))
    }

    /// A quarter for clients, a quarter for files and half for NetBackup. If there are
    /// few, files come first.
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
/// The system refuses it; the soft limit stays as it was.
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
