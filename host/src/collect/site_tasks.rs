//! The running site tasks.

use std::collections::HashMap;

use tokio::task::{AbortHandle, JoinError, JoinSet};

use crate::site::SiteName;

/// At most one task per site. Dropping this aborts them.
#[derive(Default)]
pub(super) struct SiteTasks {
    tasks: JoinSet<()>,
    running: HashMap<SiteName, AbortHandle>,
}

impl SiteTasks {
    /// Aborts the tasks of other sites. Forgets finished tasks, so that they can be
    /// restarted.
    pub(super) fn retain(&mut self, stays: impl Fn(&SiteName) -> bool) {
        self.running.retain(|name, task| {
            let stays = stays(name);
            if !stays {
                task.abort();
            }
            stays && !task.is_finished()
        });
    }

    pub(super) fn has(&self, name: &SiteName) -> bool {
        self.running.contains_key(name)
    }

    pub(super) fn start(
        &mut self,
        name: SiteName,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let task = self.tasks.spawn(task);
        self.running.insert(name, task);
    }

    /// Waits until tasks end, and returns the sites whose task panicked. Never returns
    /// if there are no tasks.
    pub(super) async fn ended(&mut self) -> Vec<SiteName> {
        let Some(first) = self.tasks.join_next().await else {
            return std::future::pending().await;
        };
        let mut ended = vec![first];
        while let Some(another) = self.tasks.try_join_next() {
            ended.push(another);
        }
        let panics = ended.into_iter().filter_map(Result::err);
        let panics = panics.filter(JoinError::is_panic);
        panics.filter_map(|error| self.site(&error)).collect()
    }

    fn site(&self, error: &JoinError) -> Option<SiteName> {
        let mut running = self.running.iter();
        let (name, _) = running.find(|(_, task)| task.id() == error.id())?;
        Some(name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(name: &str) -> SiteName {
        SiteName::new(name).unwrap()
    }

    #[tokio::test]
    async fn a_panicked_task_is_reported_and_can_be_restarted() {
        let mut tasks = SiteTasks::default();
        tasks.start(site("paris"), async { panic!("no luck") });
        tasks.start(site("lyon"), std::future::pending());
        assert_eq!(tasks.ended().await, [site("paris")]);
        tasks.retain(|_| true);
        assert!(!tasks.has(&site("paris")) && tasks.has(&site("lyon")));
    }

    #[tokio::test]
    async fn an_aborted_task_is_not_reported_as_panicked() {
        let mut tasks = SiteTasks::default();
        tasks.start(site("paris"), std::future::pending());
        tasks.retain(|_| false);
        assert_eq!(tasks.ended().await, []);
        assert!(!tasks.has(&site("paris")));
    }
}
