//! What the guest shows, compared with the truth.

use std::collections::BTreeMap;

use guest::contract::{ReportedFamily, Samples};

use super::Simulation;
use crate::model::{ACTIONS, CLIENTS, Figures, State};
use crate::text::samples;

impl Simulation {
    /// No counter decreases, and each new one starts at 0.
    pub(super) fn check_counters(&mut self, families: &[ReportedFamily]) {
        let now = counters(families);
        for (sample, value) in now {
            let first = if self.collections == 0 { value } else { 0.0 };
            let before = self.before.insert(sample.clone(), value);
            match before {
                Some(before) => assert!(value >= before, "{sample}: {value} after {before}"),
                None => assert_eq!(value, first, "{sample}"),
            }
        }
    }

    /// The gauges of the window equal the server's numbers.
    pub(super) fn check_gauges(&self, families: &[ReportedFamily], window_start: u64) {
        let jobs = self.model.jobs.borrow();
        let shown = jobs.iter().filter_map(|job| self.model.seen(job));
        let leaves = shown.filter(|job| job.children == 0);
        let (done, others): (Vec<_>, Vec<_>) = leaves.partition(|job| job.state == State::Done);
        let inside = done.iter().filter(|job| job.end.unwrap() >= window_start);
        assert_eq!(sum(families, "nbu_jobs_window{"), inside.count() as f64);
        assert_eq!(sum(families, "nbu_jobs_current{"), others.len() as f64);
    }

    /// Every counter equals the truth.
    pub(super) fn compare_with_the_truth(&self) {
        let value = |sample: String| self.before.get(&sample).copied().unwrap_or(0.0);
        let mut sums: BTreeMap<usize, Figures> = BTreeMap::new();
        for (&(action, status), &[jobs, size, files, seconds]) in &*self.model.truth.borrow() {
            let labels = format!(r#"action="{}",policy_type="P""#, ACTIONS[action]);
            let of = |name: &str| value(format!(r#"{name}{{{labels},status="{status}"}}"#));
            assert_eq!(
                of("nbu_jobs_finished_total"),
                jobs as f64,
                "{labels} {status}"
            );
            assert_eq!(of("nbu_jobs_transferred_bytes_total"), size as f64 * 1024.0);
            let sum = sums.entry(action).or_default();
            for (sum, figure) in sum.iter_mut().zip([jobs, files, seconds, 0]) {
                *sum += figure;
            }
        }
        for (action, [_, files, seconds, _]) in sums {
            let labels = format!(r#"{{action="{}",policy_type="P"}}"#, ACTIONS[action]);
            assert_eq!(value(format!("nbu_jobs_files_total{labels}")), files as f64);
            let labels = labels.trim_end_matches('}');
            let name = format!("nbu_job_duration_seconds_sum{labels},");
            let classes = self.before.iter().filter(|(it, _)| it.starts_with(&name));
            let sum: f64 = classes.map(|(_, seconds)| seconds).sum();
            assert_eq!(sum, seconds as f64);
        }
        for (&(action, status), &jobs) in &*self.model.parents.borrow() {
            let labels = format!(r#"action="{}",policy_type="P""#, ACTIONS[action]);
            let name = "nbu_parent_jobs_finished_total";
            let counted = value(format!(r#"{name}{{{labels},status="{status}"}}"#));
            assert_eq!(counted, jobs as f64, "parents {labels} {status}");
        }
        // A rollback forgets failed tries that no answer contains again.
        let requeued = self.model.requeued.borrow();
        for (&action, &tries) in requeued.iter().filter(|_| !self.events.rollbacks) {
            let labels = format!(r#"{{action="{}",policy_type="P"}}"#, ACTIONS[action]);
            let counted = value(format!("nbu_jobs_requeued_total{labels}"));
            assert_eq!(counted, tries as f64, "requeued {labels}");
        }
        for (&(client, action, status), &jobs) in &*self.model.clients.borrow() {
            let (client, action) = (CLIENTS[client], ACTIONS[action]);
            let labels = format!(r#"{{client="{client}",action="{action}",status="{status}"}}"#);
            let counted = value(format!("nbu_client_jobs_finished_total{labels}"));
            let listed = ["app1", "db1"].contains(&client);
            assert_eq!(counted, if listed { jobs as f64 } else { 0.0 }, "{labels}");
        }
    }
}

fn counters(families: &[ReportedFamily]) -> Vec<(String, f64)> {
    let counter = |family: &&ReportedFamily| !matches!(family.samples, Samples::Gauge(_));
    let families: Vec<ReportedFamily> = families.iter().filter(counter).cloned().collect();
    let text = samples(&families);
    let pair = |line: &str| {
        let (sample, value) = line.rsplit_once(' ').unwrap();
        (sample.to_owned(), value.parse().unwrap())
    };
    text.lines().map(pair).collect()
}

fn sum(families: &[ReportedFamily], sample: &str) -> f64 {
    let text = samples(families);
    let lines = text.lines().filter(|line| line.starts_with(sample));
    let values = lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap());
    values.sum()
}
