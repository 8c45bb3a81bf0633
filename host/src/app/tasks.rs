//! The tasks of the exporter.

use std::collections::HashMap;

use tokio::task::{Id, JoinSet};

/// Running tasks with their names. Dropping this aborts them.
#[derive(Default)]
pub(super) struct Tasks {
    running: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

impl Tasks {
    /// Starts a task.
    pub(super) fn spawn(
        &mut self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let handle = self.running.spawn(task);
        self.names.insert(handle.id(), name);
    }

    /// Waits until a task ends or panics, and returns its name. Never returns if there
    /// is none.
    pub(super) async fn ended(&mut self) -> &'static str {
        let id = match self.running.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => error.id(),
            None => std::future::pending().await,
        };
        self.names.remove(&id).unwrap_or_default()
    }

    /// Waits until a task ends without a panic, then aborts the others.
    pub(super) async fn finish(&mut self) {
        while self
            .running
            .join_next()
            .await
            .is_some_and(|ended| ended.is_err())
        {}
        self.running.shutdown().await;
    }
}
