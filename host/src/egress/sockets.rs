//! The connections that all sites may have together.
//!
//! A connection counts from before it is made until its socket is closed. Requests
//! wait a moment for room. Idle connections outlive a collection only while half of
//! the room is free, so that they can never keep other sites waiting.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::failure::{RequestFailure, Shortage};
use crate::descriptors::Shares;

/// The room for connections of this process.
pub struct Sockets {
    free: Arc<Semaphore>,
    /// Those that are free and those in use.
    size: Mutex<usize>,
    limit: Box<dyn Fn() -> usize + Send + Sync>,
}

/// Room for one connection, until it is dropped.
pub(super) struct Socket {
    _permit: OwnedSemaphorePermit,
}

impl Sockets {
    /// As many as the process has descriptors for, at any time.
    pub fn shared() -> Arc<Self> {
        Self::limited(|| Shares::now().upstream)
    }

    /// As many as `limit` says, which is asked again for each connection.
    pub(super) fn limited(limit: impl Fn() -> usize + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(0)),
            size: Mutex::new(0),
            limit: Box::new(limit),
        })
    }

    /// Waits until there is room for one more, or `deadlines` has passed.
    pub(super) async fn take(&self, deadlines: Duration) -> Result<Socket, RequestFailure> {
        let size = self.resize();
        let permit = timeout(deadlines, Arc::clone(&self.free).acquire_owned()).await;
        match permit {
            Ok(Ok(permit)) => Ok(Socket { _permit: permit }),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(RequestFailure::NoDescriptor(Shortage::Upstream(size))),
        }
    }

    /// Whether less than half of the room is free.
    pub(super) fn are_scarce(&self) -> bool {
        let size = self.resize();
        self.free.available_permits() < size.div_ceil(2)
    }

    /// Follows the limit. If it fell below what is in use, the rest goes with the next
    /// calls.
    fn resize(&self) -> usize {
        let limit = (self.limit)().min(Semaphore::MAX_PERMITS);
        // A number is whole even if a thread panicked meanwhile.
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
