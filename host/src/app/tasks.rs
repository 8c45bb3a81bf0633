//! The tasks that the exporter consists of.

use std::collections::HashMap;

use tokio::task::{Id, JoinSet};

/// Running tasks, each with a name for people. Dropping this stops them all.
#[derive(Default)]
pub(super) struct Tasks {
    running: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

impl Tasks {
    /// Starts one.
    pub(super) fn spawn(
        &mut self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let handle = self.running.spawn(task);
        self.names.insert(handle.id(), name);
    }

    /// Waits until one of them ends or panics, and returns its name. Never returns if
    /// there is none.
    pub(super) async fn ended(&mut self) -> &'static str {
        let id = match self.running.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => error.id(),
            None => std::future::pending().await,
        };
        self.names.remove(&id).unwrap_or_default()
    }

    /// Waits until one of them ends by itself, then stops the others.
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
