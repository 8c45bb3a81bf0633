//! A finished job as the simulator writes it, with gaps for what differs.

use std::fmt::Write as _;

use http::Method;
use jiff::Timestamp;
use serde_json::Value;
use simulator::{Clock, Estate, Job, Options, Simulator};
use tests::Client;

const POLICY_TYPES: [&str; 4] = ["STANDARD", "VMWARE", "MS_SQL_SERVER", "NDMP"];
/// Seconds.
const DURATION: u64 = 900;

/// The value that fills a gap.
enum Gap {
    Id,
    Start,
    End,
    Client,
    PolicyType,
    Status,
}

/// Text, and a gap after each but the last.
pub(crate) struct Row {
    pieces: Vec<(String, Option<Gap>)>,
}

impl Row {
    /// Requests a job from a simulator.
    pub(crate) async fn recorded() -> Self {
        let mut estate = Estate::empty();
        let now = Clock::System.now();
        let mut job = Job::new(1, now).done(now, now, 0);
        job.kilobytes = 1 << 20;
        job.files = 1_000;
        estate.add_job(job);
        let options = Options {
            estate,
            ..Options::default()
        };
        let simulator = Simulator::start(options).await.unwrap();
        let headers = [
            ("authorization", "simulator"),
            ("accept", "application/vnd.netbackup+json;version=14.0"),
        ];
        let client = Client::new(simulator.address());
        let list = client.ask(Method::GET, "/netbackup/admin/jobs", &headers);
        let list: Value = serde_json::from_slice(&list.await.bytes).unwrap();
        Self::with_gaps(list["data"][0].clone())
    }

    fn with_gaps(mut row: Value) -> Self {
        for (name, gap) in [
            ("jobId", "@number@"),
            ("jobPath", "@id@"),
            ("startTime", "@start@"),
            ("activeTryStartTime", "@start@"),
            ("endTime", "@end@"),
            ("lastUpdateTime", "@end@"),
            ("clientName", "@client@"),
            ("policyType", "@type@"),
            ("status", "@status@"),
        ] {
            row["attributes"][name] = gap.into();
        }
        row["id"] = "@id@".into();
        let text = row.to_string();
        // Numbers stand without quotes.
        let text = text.replace("\"@number@\"", "@id@");
        let text = text.replace("\"@status@\"", "@status@");
        let text = text.replace("/admin/jobs/1", "/admin/jobs/@id@");
        let mut parts = text.split('@');
        let mut pieces = Vec::new();
        while let Some(before) = parts.next() {
            let gap = parts.next().map(|name| match name {
                "id" => Gap::Id,
                "start" => Gap::Start,
                "end" => Gap::End,
                "client" => Gap::Client,
                "type" => Gap::PolicyType,
                "status" => Gap::Status,
                _ => panic!("`@{name}@` is no gap"),
            });
            pieces.push((before.to_owned(), gap));
        }
        Self { pieces }
    }

    /// About how long a row is.
    pub(crate) fn bytes(&self) -> usize {
        let texts = self.pieces.iter().map(|(text, _)| text.len());
        texts.sum::<usize>() + 200
    }

    /// Writes the job of this number, counted from 0, that ended then.
    pub(crate) fn write(&self, out: &mut String, number: u64, end: u64) {
        let [start, end] = [end - DURATION, end].map(moment);
        for (text, gap) in &self.pieces {
            out.push_str(text);
            // Writing to a string cannot fail.
            let _ = match gap {
                Some(Gap::Id) => write!(out, "{}", number + 1),
                Some(Gap::Start) => out.write_str(&start),
                Some(Gap::End) => out.write_str(&end),
                Some(Gap::Client) => write!(out, "client-{:04}", number % 1000),
                Some(Gap::PolicyType) => out.write_str(POLICY_TYPES[(number % 4) as usize]),
                Some(Gap::Status) => {
                    write!(out, "{}", if number.is_multiple_of(20) { 58 } else { 0 })
                }
                None => Ok(()),
            };
        }
    }
}

fn moment(seconds: u64) -> String {
    let moment = Timestamp::from_second(i64::try_from(seconds).unwrap()).unwrap();
    // Milliseconds, as NetBackup has them.
    moment.to_string().replace('Z', ".000Z")
}
