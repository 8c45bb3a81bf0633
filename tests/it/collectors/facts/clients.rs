//! Jobs of the clients on an allow-list.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use simulator::Truth;

use super::Series;

/// The series of clients, by their names as the list spells them.
struct Clients<'a> {
    listed: &'a [&'a str],
    series: Series,
}

/// The series of attempts that ended within a range, as a first collection shows that
/// looks back to its start. Its counters are 0, because these attempts are the
/// baseline.
pub(in crate::collectors) fn clients(
    truth: &Truth,
    listed: &[&str],
    within: RangeInclusive<Timestamp>,
) -> Series {
    let series = Series::default();
    let mut clients = Clients { listed, series };
    let mut leaves = truth.client_jobs(within.clone());
    leaves.values_mut().for_each(|count| *count = 0);
    clients.count("nbu_client_jobs_finished_total", leaves);
    let all = truth.client_jobs_with_parents(within.clone());
    clients.count("nbu_client_jobs_count", all);
    clients.succeed(truth.client_successes(within.clone()));
    clients.back_up(truth.client_backups(within.clone()));
    let backed_up = truth.client_backups(within);
    for client in listed {
        let mut known = backed_up.keys();
        let is_known = known.any(|(name, _)| name.eq_ignore_ascii_case(client));
        let labels = [("client", *client)];
        clients
            .series
            .add("nbu_client_backed_up", &labels, u64::from(is_known));
    }
    clients.series
}

impl<'a> Clients<'a> {
    fn spelled(&self, client: &str) -> Option<&'a str> {
        let mut listed = self.listed.iter().copied();
        listed.find(|name| name.eq_ignore_ascii_case(client))
    }

    fn count(&mut self, name: &str, jobs: BTreeMap<(String, String, Option<i64>), u64>) {
        for ((client, action, status), count) in jobs {
            let status = status.map_or("unknown".to_owned(), |status| status.to_string());
            if let Some(client) = self.spelled(&client) {
                let labels = [
                    ("client", client),
                    ("action", &*action),
                    ("status", &*status),
                ];
                self.series.add(name, &labels, count);
            }
        }
    }

    fn succeed(&mut self, last: BTreeMap<(String, String, String), Timestamp>) {
        for ((client, policy, action), end) in last {
            let Some(client) = self.spelled(&client) else {
                continue;
            };
            let policy = if policy.is_empty() {
                "unknown"
            } else {
                &policy
            };
            let labels = [("client", client), ("policy", policy), ("action", &*action)];
            let end = end.as_second() as f64;
            for name in [
                "nbu_client_last_job_success_timestamp_seconds",
                "nbu_client_last_job_success_seconds",
            ] {
                self.series.set(name, &labels, end);
            }
        }
    }

    fn back_up(&mut self, last: BTreeMap<(String, String), Timestamp>) {
        for ((client, schedule), end) in last {
            if let Some(client) = self.spelled(&client) {
                let name = "nbu_client_last_successful_backup_timestamp_seconds";
                let labels = [("client", client), ("schedule_type", &*schedule)];
                self.series.set(name, &labels, end.as_second() as f64);
            }
        }
    }
}
