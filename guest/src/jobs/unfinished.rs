//! Unfinished jobs: one list, read once for all collectors of a collection.
//!
//! The guest reads rows instead of asking the server to count them (`admin.yaml
//! POST /admin/jobs-count-requests`). Such a count includes parents, because there
//! is no filter by `childCount`. It also reports neither ages nor job ids.

use std::collections::HashMap;
use std::rc::Rc;

use futures::lock::Mutex;

use super::attempt::{Attempt, AttemptKey};
use super::labels::LabelSets;
use super::list;
use super::row::Job;
use crate::api::Client;
use crate::contract::Failure;

/// One unfinished job.
#[derive(Debug)]
pub(crate) struct UnfinishedJob {
    pub(crate) key: AttemptKey,
    /// What it did so far. Its labels are action, policy type and status.
    pub(crate) attempt: Attempt,
    /// A job that waits for another attempt may report an end.
    has_end: bool,
    /// The number of its state and queue reason.
    condition: u32,
    /// The number of its client.
    client: Option<u32>,
}

impl UnfinishedJob {
    /// Whether it reports an end at or after `time`.
    pub(crate) fn ended_since(&self, time: u64) -> bool {
        self.has_end && self.attempt.end >= time
    }
}

/// All unfinished jobs of a site.
#[derive(Debug, Default)]
pub(crate) struct Unfinished {
    labels: LabelSets<3>,
    conditions: LabelSets<2>,
    clients: LabelSets<1>,
    jobs: Vec<UnfinishedJob>,
    by_id: HashMap<u64, usize>,
    greatest_id: u64,
}

impl Unfinished {
    fn add(&mut self, job: &Job<'_>) {
        self.greatest_id = self.greatest_id.max(job.id);
        // The job may have finished after the server filtered the list. A list that
        // changes between two pages may contain a job twice.
        if job.is_done() || self.by_id.contains_key(&job.id) {
            return;
        }
        let labels = [&*job.action, &*job.policy_type, &*job.status];
        self.by_id.insert(job.id, self.jobs.len());
        self.jobs.push(UnfinishedJob {
            key: AttemptKey::of(job),
            attempt: Attempt::of(job, 0, self.labels.number(labels)),
            has_end: job.end.is_some(),
            condition: self.conditions.number([&job.state, &job.queue_reason]),
            client: job.client.as_ref().map(|name| self.clients.number([name])),
        });
    }

    /// Each job once.
    pub(crate) fn jobs(&self) -> &[UnfinishedJob] {
        &self.jobs
    }

    /// The job with this id.
    pub(crate) fn find(&self, id: u64) -> Option<&UnfinishedJob> {
        self.by_id.get(&id).and_then(|&index| self.jobs.get(index))
    }

    /// The greatest id in the list, including jobs that have finished since.
    pub(crate) fn greatest_id(&self) -> u64 {
        self.greatest_id
    }

    /// Action, policy type and status.
    pub(crate) fn labels(&self, job: &UnfinishedJob) -> [&str; 3] {
        self.labels.set(job.attempt.labels)
    }

    /// State and the code of the queue reason.
    pub(crate) fn condition(&self, job: &UnfinishedJob) -> [&str; 2] {
        self.conditions.set(job.condition)
    }

    /// The client whose job it is.
    pub(crate) fn client(&self, job: &UnfinishedJob) -> Option<&str> {
        job.client.map(|number| {
            let [name] = self.clients.set(number);
            name
        })
    }
}

/// Reads the unfinished jobs once for all collectors of a collection.
#[derive(Debug, Default)]
pub(crate) struct SharedUnfinished {
    /// Locked during the read; other collectors wait for its result.
    result: Mutex<Option<Result<Rc<Unfinished>, Failure>>>,
}

impl SharedUnfinished {
    /// The list, from the server or from an earlier call.
    pub(crate) async fn read(&self, client: &Client<'_>) -> Result<Rc<Unfinished>, Failure> {
        let mut result = self.result.lock().await;
        if let Some(known) = &*result {
            return known.clone();
        }
        let mut unfinished = Unfinished::default();
        let read = list::unfinished(client, |job| unfinished.add(&job)).await;
        let new = read.map(|()| Rc::new(unfinished));
        *result = Some(new.clone());
        new
    }
}
