//! A gate that requests wait at, so that a test says when each goes on.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

/// Lets through as many requests as it was opened for; clones are the same gate.
#[derive(Clone)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// A gate that is shut.
    pub fn shut() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    /// Lets so many requests more go through.
    pub fn open(&self, requests: usize) {
        self.0.add_permits(requests);
    }

    /// Waits for a place, and takes it.
    pub(crate) async fn pass(&self) {
        // It is never closed, so that there is always a place one day.
        if let Ok(permit) = self.0.acquire().await {
            permit.forget();
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gate({})", self.0.available_permits())
    }
}

impl PartialEq for Gate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Gate {}
