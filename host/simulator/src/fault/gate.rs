//! A gate for requests, so that a test decides when each continues.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

/// Lets as many requests through as it was opened for. Clones are the same gate.
#[derive(Clone)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// A gate that is shut.
    pub fn shut() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    /// Lets this many more requests through.
    pub fn open(&self, requests: usize) {
        self.0.add_permits(requests);
    }

    /// Waits until it may pass.
    pub(crate) async fn pass(&self) {
        // The semaphore is never closed, so there is no error.
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
