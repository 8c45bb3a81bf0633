//! Pages of jobs as JSON.

use std::fmt::Write;

use super::{ACTIONS, CLIENTS, Job, State};

/// A page with these jobs. `next` is the position of the last one, if there are more.
pub(super) fn page(rows: &[Job], next: Option<(u64, u64)>) -> String {
    let date = |seconds: u64| jiff::Timestamp::from_second(seconds as i64).unwrap();
    let mut data = Vec::new();
    for job in rows {
        let mut row = format!(
            r#"{{"id":"{}","attributes":{{"jobId":{},"try":{},"childCount":{},"jobType":"{}","policyType":"P",
            "clientName":"{}","policyName":"nightly","kilobytesTransferred":{},"numberOfFiles":{},"startTime":"{}""#,
            job.id,
            job.id,
            job.attempt,
            job.children,
            ACTIONS[job.action],
            CLIENTS[job.client],
            job.size,
            job.size * 3,
            date(job.start),
        );
        let state = match job.state {
            State::Queued => "QUEUED",
            State::Active => "ACTIVE",
            State::Requeued => "REQUEUED",
            State::Done => "DONE",
        };
        write!(row, r#","state":"{state}""#).unwrap();
        if let Some(end) = job.end {
            write!(row, r#","status":{},"endTime":"{}""#, job.status, date(end)).unwrap();
        }
        data.push(row + "}}");
    }
    let next = next.map(|(one, other)| format!(r#""next":"{one}.{other}""#));
    format!(
        r#"{{"data":[{}],"meta":{{"pagination":{{{}}}}}}}"#,
        data.join(","),
        next.unwrap_or_default()
    )
}
