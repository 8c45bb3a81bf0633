//! `/admin/jobs`: pages, filters, time.

use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use simulator::{Clock, Estate, Job, Options, Release, Simulator, State, Unended};

use crate::client::{KEY, get, send, start};

fn noon() -> Timestamp {
    "2026-03-04T12:00:00Z".parse().unwrap()
}

fn ago(minutes: i64) -> Timestamp {
    noon() - SignedDuration::from_mins(minutes)
}

/// 250 jobs that ended one a minute, and one that runs.
async fn with_jobs() -> Simulator {
    let mut estate = Estate::empty();
    for id in 1..=250_u64 {
        let minutes = 250 - id.cast_signed();
        let status = if id % 10 == 0 { 58 } else { 0 };
        estate.add_job(Job::new(id, ago(minutes + 5)).done(ago(minutes + 4), ago(minutes), status));
    }
    estate.add_job(Job::new(251, ago(3)).running(ago(2)));
    start(Options {
        estate,
        clock: Clock::manual(noon()),
        ..Options::default()
    })
    .await
}

async fn ids(simulator: &Simulator, query: &str) -> Vec<String> {
    let query = query.replace(' ', "%20");
    send(simulator, get(&format!("/admin/jobs?{query}")))
        .await
        .unwrap()
        .ids()
}

#[tokio::test]
async fn without_parameters_the_ten_newest_by_start_time_come() {
    let simulator = with_jobs().await;
    let newest = ids(&simulator, "").await;
    assert_eq!(newest.len(), 10);
    assert_eq!(newest[..2], ["251", "250"]);
}

#[tokio::test]
async fn cursors_lead_through_every_job_once() {
    let simulator = with_jobs().await;
    let mut query = "page%5Blimit%5D=100&sort=jobId".to_owned();
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let reply = send(&simulator, get(&format!("/admin/jobs?{query}")))
            .await
            .unwrap();
        assert_eq!(reply.status, StatusCode::OK);
        seen.extend(reply.ids());
        pages += 1;
        let json = reply.json();
        assert!(json["meta"]["pagination"].get("count").is_none());
        let rows = json["data"].as_array().unwrap();
        let last = &rows[rows.len() - 1]["meta"]["page"]["cursor"];
        let Some(next) = json["meta"]["pagination"].get("next") else {
            assert!(json["links"].get("next").is_none());
            break;
        };
        assert_eq!(next, last);
        query = format!(
            "page%5Blimit%5D=100&sort=jobId&page%5Bafter%5D={}",
            next.as_str().unwrap()
        );
    }
    assert_eq!(pages, 3);
    assert_eq!(seen, (1..=251).map(|id| id.to_string()).collect::<Vec<_>>());
    assert_eq!(simulator.requests().count("/admin/jobs"), 3);
}

#[tokio::test]
async fn the_jobs_that_ended_within_a_window_are_those_of_the_truth() {
    let simulator = with_jobs().await;
    let filter = "endTime ge 2026-03-04T11:00:00Z and state eq 'DONE'";
    let found = ids(&simulator, &format!("filter={filter}&page[limit]=100")).await;
    let truth = simulator.truth().finished(ago(60)..=noon());
    let counts: Vec<_> = truth
        .iter()
        .map(|(key, figures)| (key.status, figures.count))
        .collect();
    assert_eq!(counts, [(Some(0), 54), (Some(58), 7)]);
    assert_eq!(found.len(), 61);
    assert_eq!(ids(&simulator, "filter=state ne 'DONE'").await, ["251"]);
}

#[tokio::test]
async fn a_count_request_counts_with_the_same_filter() {
    let simulator = with_jobs().await;
    let body = r#"{"data":{"type":"jobCount","attributes":{"filter":"status eq 58"}}}"#;
    let request = Request::post("/netbackup/admin/jobs-count-requests")
        .header(header::HOST, "primary.example")
        .header(header::AUTHORIZATION, KEY)
        .header(
            header::ACCEPT,
            "application/vnd.netbackup+json;version=14.0",
        )
        .body(Full::from(body))
        .unwrap();
    let reply = send(&simulator, request).await.unwrap();
    assert_eq!(reply.json()["data"]["attributes"]["count"], 25);
}

#[tokio::test]
async fn a_running_job_has_no_status_and_no_end_in_three_ways() {
    for unended in [Unended::Absent, Unended::Null, Unended::Epoch] {
        let mut estate = Estate::empty();
        estate.add_job(Job::new(1, ago(3)).running(ago(2)));
        let clock = Clock::manual(noon());
        let options = Options {
            estate,
            clock,
            unended,
            numeric_ids: true,
            ..Options::default()
        };
        let simulator = start(options).await;
        let json = send(&simulator, get("/admin/jobs")).await.unwrap().json();
        assert_eq!(json["data"][0]["id"], 1);
        let job = json["data"][0]["attributes"].as_object().unwrap();
        assert_eq!(job["state"], "ACTIVE");
        let shown = (job.get("status"), job.get("endTime"));
        match unended {
            Unended::Absent => assert_eq!(shown, (None, None)),
            Unended::Null => assert!(shown.0.unwrap().is_null() && shown.1.unwrap().is_null()),
            Unended::Epoch => {
                assert_eq!(shown, (None, Some(&"1970-01-01T00:00:00.000Z".into())));
            }
        }
    }
}

#[tokio::test]
async fn a_job_passes_through_its_states_as_the_clock_moves() {
    let mut estate = Estate::empty();
    let later = |minutes: i64| ago(-minutes);
    let mut job = Job::new(9, noon())
        .requeued(later(10), later(20), 13)
        .done(later(30), later(40), 0)
        .showing("policyType", "A_NEW_ONE")
        .hiding("clientName");
    job.kilobytes = 4000;
    job.queue_reason = 5;
    estate.add_job(job);
    let clock = Clock::manual(noon());
    let options = Options {
        estate,
        clock: clock.clone(),
        ..Options::default()
    };
    let simulator = start(options).await;
    let mut told = Vec::new();
    for _ in 0..5 {
        let json = send(&simulator, get("/admin/jobs/9")).await.unwrap().json();
        let job = json["data"]["attributes"].clone();
        assert_eq!(job["policyType"], "A_NEW_ONE");
        assert!(job.get("clientName").is_none());
        told.push(format!(
            "{} try {} status {} reason {} kb {}",
            job["state"],
            job["try"],
            job["status"],
            job["jobQueueReason"],
            job["kilobytesTransferred"],
        ));
        clock.advance(Duration::from_secs(11 * 60));
    }
    assert_eq!(
        told,
        [
            r#""QUEUED" try 0 status null reason 5 kb 0"#,
            r#""ACTIVE" try 1 status null reason 0 kb 400"#,
            r#""REQUEUED" try 1 status 13 reason 5 kb 2000"#,
            r#""ACTIVE" try 2 status null reason 0 kb 1200"#,
            r#""DONE" try 2 status 0 reason 0 kb 4000"#,
        ]
    );
    clock.advance(Duration::from_secs(79 * 3600));
    let gone = send(&simulator, get("/admin/jobs/9")).await.unwrap();
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_lively_estate_answers_as_its_truth() {
    let estate = Estate::lively(4, noon());
    let clock = Clock::manual(noon());
    let simulator = start(Options {
        estate,
        clock,
        ..Options::default()
    })
    .await;
    for (index, state) in [State::Queued, State::Active, State::Requeued]
        .into_iter()
        .enumerate()
    {
        let filter = format!("filter=state eq '{}'&page[limit]=100", state.name());
        let current = simulator.truth().current();
        let truth: u64 = current
            .iter()
            .filter(|((_, one), _)| *one == state)
            .map(|(_, count)| count)
            .sum();
        let found = ids(&simulator, &filter).await.len() as u64;
        assert_eq!(found, truth, "{state:?}");
        assert!(index > 1 || found > 0, "{state:?}");
    }
}

#[tokio::test]
async fn a_release_has_its_own_filters_and_sort_keys() {
    let simulator = start(Options {
        release: Release::V10_3,
        ..Options::default()
    })
    .await;
    let status = async |query: &str| {
        let query = query.replace(' ', "%20");
        send(&simulator, get(&format!("/admin/jobs?{query}")))
            .await
            .unwrap()
            .status
            .as_u16()
    };
    let asked = [
        "filter=backupId eq 'x'",
        "sort=try",
        "sort=tryField",
        "filter=qReasonCode eq 5",
    ];
    let mut told = Vec::new();
    for query in asked {
        told.push(status(query).await);
    }
    assert_eq!(told, [400, 400, 200, 200]);
    simulator.set_release(Release::V11_2);
    let mut told = Vec::new();
    for query in asked {
        told.push(status(query).await);
    }
    assert_eq!(told, [200, 200, 400, 200]);
}
