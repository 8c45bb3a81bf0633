//! Each fault as a client sees it.

use std::time::Duration;

use jiff::Timestamp;
use simulator::{Estate, Fault, Malformed, Options, Simulator};
use tokio::time::timeout;

use crate::client::{Reply, get, send, start};

async fn lively() -> Simulator {
    let estate = Estate::lively(1, Timestamp::now());
    start(Options {
        estate,
        ..Options::default()
    })
    .await
}

async fn with(fault: Fault) -> Result<Reply, String> {
    let simulator = lively().await;
    simulator.faults().set(fault);
    send(&simulator, get("/admin/jobs")).await
}

#[tokio::test]
async fn a_fault_of_status_comes_with_the_error_object() {
    for (fault, status) in [
        (Fault::Unauthorized, 401),
        (Fault::NotAcceptable, 406),
        (Fault::NotFound, 404),
        (Fault::Status(500), 500),
        (Fault::Status(503), 503),
    ] {
        let reply = with(fault).await.unwrap();
        assert_eq!(reply.status.as_u16(), status);
        assert!(reply.json()["errorCode"].is_i64());
        let until = reply.header("retry-after");
        assert_eq!(until.parse::<Timestamp>().is_ok(), status == 503, "{until}");
    }
}

#[tokio::test]
async fn a_fault_can_be_set_on_one_path_and_cleared() {
    let simulator = lively().await;
    let status = async |path| send(&simulator, get(path)).await.unwrap().status.as_u16();
    simulator
        .faults()
        .set_on("/storage/disk-pools", Fault::Status(500));
    assert_eq!(status("/storage/disk-pools").await, 500);
    assert_eq!(status("/storage/storage-units").await, 200);
    simulator.faults().clear();
    assert_eq!(status("/storage/disk-pools").await, 200);
}

#[tokio::test]
async fn a_server_that_is_down_answers_again_after_the_fault() {
    let simulator = lively().await;
    simulator.faults().set(Fault::Down);
    assert!(send(&simulator, get("/ping")).await.is_err());
    assert_eq!(
        (
            simulator.requests().connections(),
            simulator.requests().total()
        ),
        (1, 0)
    );
    simulator.faults().clear();
    assert!(send(&simulator, get("/ping")).await.is_ok());
    simulator.faults().set_on("/ping", Fault::Down);
    assert_eq!(
        send(&simulator, get("/ping")).await.err().unwrap(),
        "no answer"
    );
}

#[tokio::test]
async fn a_request_that_hangs_is_in_the_log_without_a_status() {
    let simulator = lively().await;
    simulator.faults().set_on("/admin/jobs", Fault::Hanging);
    let requests = simulator.requests();
    tokio::select! {
        reply = send(&simulator, get("/admin/jobs")) => panic!("{:?}", reply.map(|r| r.status)),
        () = requests.wait_for("/admin/jobs", 1) => {}
    }
    assert_eq!(requests.all()[0].status, None);
    assert!(requests.all()[0].is("/admin/jobs"));
}

#[tokio::test]
async fn headers_may_come_without_a_body() {
    let simulator = lively().await;
    simulator.faults().set(Fault::HangAfterHeaders);
    let requests = simulator.requests();
    let answered = requests.wait_until(|log| log.iter().any(|one| one.status == Some(200)));
    tokio::select! {
        reply = send(&simulator, get("/admin/jobs")) => panic!("{:?}", reply.map(|r| r.status)),
        () = answered => {}
    }
}

#[tokio::test]
async fn a_truncated_body_ends_after_its_headers() {
    assert_eq!(
        with(Fault::CutShort).await.err().unwrap(),
        "200 OK and a broken body"
    );
}

#[tokio::test]
async fn a_malformed_body_cannot_be_read() {
    let html = with(Fault::Malformed(Malformed::Html)).await.unwrap();
    assert_eq!(html.header("content-type"), "text/html");
    let shape = with(Fault::Malformed(Malformed::WrongShape)).await.unwrap();
    assert!(shape.json()["data"].is_string());
    let truncated = with(Fault::Malformed(Malformed::Truncated)).await.unwrap();
    assert_eq!(
        truncated.header("content-length"),
        truncated.body.len().to_string()
    );
    assert!(serde_json::from_slice::<serde_json::Value>(&truncated.body).is_err());
}

#[tokio::test]
async fn rows_may_come_without_attributes() {
    let page = with(Fault::NoAttributes).await.unwrap().json();
    let rows = page["data"].as_array().unwrap();
    let is_bare = |row: &serde_json::Value| {
        row["id"].is_string() && row["attributes"] == serde_json::json!({})
    };
    assert!(!rows.is_empty() && rows.iter().all(is_bare), "{page}");
}

#[tokio::test]
async fn a_list_may_fail_after_its_first_page() {
    let simulator = lively().await;
    let later = Fault::Status(500);
    simulator
        .faults()
        .set_on_later_pages("/manage/alerts", later);
    let status = async |path| send(&simulator, get(path)).await.unwrap().status;
    assert_eq!(status("/manage/alerts?page[offset]=0").await, 200);
    assert_eq!(status("/manage/alerts?page[offset]=10").await, 500);
    assert_eq!(status("/manage/alerts?page[after]=x").await, 500);
    assert_eq!(status("/storage/disk-pools?page[offset]=2").await, 200);
}

#[tokio::test]
async fn a_repeated_cursor_always_leads_to_the_same_page() {
    let simulator = lively().await;
    simulator.faults().set(Fault::RepeatCursor);
    let first = send(&simulator, get("/admin/jobs")).await.unwrap().json();
    let next = first["meta"]["pagination"]["next"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/admin/jobs?page[after]={next}");
    let second = send(&simulator, get(&path)).await.unwrap().json();
    assert_eq!(second["meta"]["pagination"]["next"], next.as_str());
    let path = "/storage/disk-pools?page[offset]=2&page[limit]=2";
    let pools = send(&simulator, get(path)).await.unwrap().json();
    assert_eq!(pools["meta"]["pagination"]["next"], 2);
}

#[tokio::test]
async fn a_huge_body_has_the_requested_length() {
    let reply = with(Fault::HugeBody(1_000_000)).await.unwrap();
    assert_eq!(reply.body.len(), 1_000_000);
    assert!(reply.body.starts_with(b"{\"data\":["));
    assert_eq!(reply.header("content-length"), "");
}

#[tokio::test]
async fn a_slow_or_trickled_answer_is_complete() {
    let moment = Duration::from_millis(20);
    let simulator = lively().await;
    simulator.faults().set(Fault::Slow(moment));
    let began = std::time::Instant::now();
    assert_eq!(send(&simulator, get("/ping")).await.unwrap().status, 200);
    // A sleep is never shorter than requested.
    assert!(began.elapsed() >= moment);
    simulator
        .faults()
        .set(Fault::Trickle(Duration::from_millis(1)));
    let reply = timeout(Duration::from_secs(30), send(&simulator, get("/ping"))).await;
    assert_eq!(reply.unwrap().unwrap().body.len(), 13);
}

#[tokio::test]
async fn a_redirect_has_a_location_and_an_echo_the_headers() {
    let reply = with(Fault::Redirect("http://127.0.0.1:1/".to_owned()))
        .await
        .unwrap();
    assert_eq!(
        (reply.status.as_u16(), reply.header("location")),
        (307, "http://127.0.0.1:1/")
    );
    let reply = with(Fault::EchoRequestHeaders).await.unwrap();
    assert_eq!(reply.json()["headers"]["host"], "primary.example");
    assert_eq!(reply.header("x-echo-host"), "primary.example");
}

#[tokio::test]
async fn a_crowded_server_refuses_what_is_too_much() {
    let simulator = lively().await;
    let time = Duration::from_millis(500);
    simulator.faults().set(Fault::Crowded(3, time));
    let ask = || async {
        let reply = send(&simulator, get("/storage/disk-pools")).await.unwrap();
        assert_eq!(reply.header("retry-after"), "");
        reply.status.as_u16()
    };
    let (a, b, c, d) = tokio::join!(ask(), ask(), ask(), ask());
    let mut statuses = [a, b, c, d];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 503]);
    assert_eq!(ask().await, 200);
}
