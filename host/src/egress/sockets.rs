//! The limit on the connections of all sites together.
//!
//! A connection counts from before it is opened until its socket is closed. Requests
//! wait a moment for room. Idle connections are kept after a collection only while half
//! of the room is free, so they never make other sites wait, and while they are few.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::failure::{RequestFailure, Shortage};
use crate::descriptors::Shares;

/// Connections that stay open when a collection ends. Each holds buffers of up to the
/// largest head, so with many sites they would take more memory than all values.
const MAX_IDLE: usize = 128;

/// The connections that this process may have.
pub struct Sockets {
    free: Arc<Semaphore>,
    /// Free connections and those in use.
    size: Mutex<usize>,
    limit: Box<dyn Fn() -> usize + Send + Sync>,
}

/// One used connection, until it is dropped.
pub(super) struct Socket {
    _permit: OwnedSemaphorePermit,
}

impl Sockets {
    /// As many as the process has descriptors for.
    pub fn shared() -> Arc<Self> {
        Self::limited(|| Shares::now().upstream)
    }

    /// As many as `limit` returns; it is called again for each connection.
    pub(super) fn limited(limit: impl Fn() -> usize + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(0)),
            size: Mutex::new(0),
            limit: Box::new(limit),
        })
    }

    /// Waits for a free connection, up to `limit`.
    pub(super) async fn take(&self, limit: Duration) -> Result<Socket, RequestFailure> {
        let size = self.resize();
        let permit = timeout(limit, Arc::clone(&self.free).acquire_owned()).await;
        match permit {
            Ok(Ok(permit)) => Ok(Socket { _permit: permit }),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(RequestFailure::NoDescriptor(Shortage::Upstream(size))),
        }
    }

    /// Whether less than half of the connections are free, or many are in use.
    pub(super) fn are_scarce(&self) -> bool {
        let size = self.resize();
        let used = size.saturating_sub(self.free.available_permits());
        used > (size / 2).min(MAX_IDLE)
    }

    /// Applies the current limit. If it fell below the number in use, later calls apply
    /// the rest.
    fn resize(&self) -> usize {
        let limit = (self.limit)().min(Semaphore::MAX_PERMITS);
        // The number is valid even if a thread panicked while it held the lock.
        let mut size = self.size.lock().unwrap_or_else(PoisonError::into_inner);
        if limit > *size {
            self.free.add_permits(limit - *size);
            *size = limit;
        } else {
            *size -= self.free.forget_permits(*size - limit);
        }
        limit
    }
}
