//! Jobs that have not ended: one list, read once for all collectors of a
//! collection. What it says is kept by numbers, for a night may queue many.
//!
//! They are read as rows and not counted by the server (`admin.yaml POST
//! /admin/jobs-count-requests`): a count cannot leave parents out, since there is
//! no filter by `childCount`, and tells neither ages nor which jobs there are.

use std::collections::HashMap;
use std::rc::Rc;

use futures::lock::Mutex;

use super::labels::Labels;
use super::list;
use super::record::Record;
use super::row::Job;
use crate::api::Client;
use crate::report::Failure;

/// One job that has not ended.
#[derive(Debug)]
pub(in crate::collectors) struct Waiting {
    /// As it would be if it ended now; its labels are action, policy type and
    /// status.
    pub(in crate::collectors) record: Record,
    /// It says that it has an end, as one that waits for another attempt does.
    has_end: bool,
    /// The number of its state and of what it waits for.
    condition: u32,
    /// The number of its client.
    client: Option<u32>,
}

impl Waiting {
    /// Whether it says that it ended since then.
    pub(in crate::collectors) fn ended_since(&self, moment: u64) -> bool {
        self.has_end && self.record.end >= moment
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(in crate::collectors) struct Unended {
    labels: Labels<3>,
    conditions: Labels<2>,
    clients: Labels<1>,
    jobs: Vec<Waiting>,
    by_id: HashMap<u64, usize>,
    newest: u64,
}

impl Unended {
    pub(super) fn take(&mut self, job: &Job<'_>) {
        self.newest = self.newest.max(job.id);
        // It may have ended since it was filtered. A list that moves while it is
        // paged may show a job twice.
        if job.is_done() || self.by_id.contains_key(&job.id) {
            return;
        }
        let labels = [&*job.action, &*job.policy_type, &*job.status];
        let end = job.end.unwrap_or_default();
        self.by_id.insert(job.id, self.jobs.len());
        self.jobs.push(Waiting {
            record: Record::of(job, end, self.labels.number(labels)),
            has_end: job.end.is_some(),
            condition: self.conditions.number([&job.state, &job.queue_reason]),
            client: job.client.as_ref().map(|name| self.clients.number([name])),
        });
    }

    /// Each once.
    pub(in crate::collectors) fn jobs(&self) -> &[Waiting] {
        &self.jobs
    }

    /// Whether a job is among them.
    pub(super) fn has(&self, id: u64) -> bool {
        self.by_id.contains_key(&id)
    }

    /// The attempt of a job, if it is among them.
    pub(super) fn attempts(&self, id: u64) -> impl Iterator<Item = u64> {
        let job = self.by_id.get(&id).and_then(|&place| self.jobs.get(place));
        job.map(|job| job.record.attempt).into_iter()
    }

    /// The greatest id, of those that have ended meanwhile too.
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// Action, policy type and status.
    pub(in crate::collectors) fn labels(&self, job: &Waiting) -> [&str; 3] {
        self.labels.set(job.record.labels)
    }

    /// State, and the number of what it waits for.
    pub(super) fn condition(&self, job: &Waiting) -> [&str; 2] {
        self.conditions.set(job.condition)
    }

    /// Whose job it is.
    pub(in crate::collectors) fn client(&self, job: &Waiting) -> Option<&str> {
        job.client.map(|number| {
            let [name] = self.clients.set(number);
            name
        })
    }
}

/// What the collectors of a collection read together.
#[derive(Debug, Default)]
pub struct Shared {
    /// Held while the list is being read; the others wait for the answer.
    unended: Mutex<Option<Result<Rc<Unended>, Failure>>>,
}

impl Shared {
    /// Reads the list, once.
    pub(in crate::collectors) async fn unended(
        &self,
        client: &Client<'_>,
    ) -> Result<Rc<Unended>, Failure> {
        let mut known = self.unended.lock().await;
        if let Some(answer) = &*known {
            return answer.clone();
        }
        let mut unended = Unended::default();
        let read = list::unended(client, |job| unended.take(&job)).await;
        let answer = read.map(|()| Rc::new(unended));
        *known = Some(answer.clone());
        answer
    }
}
