//! Wrong, duplicate or missing lengths of bodies.

use super::*;

fn sized(lengths: &str, body: &str) -> Vec<Act> {
    raw(format!("HTTP/1.1 200 OK\r\n{lengths}\r\n\r\n{body}"))
}

/// The same, with the connection left open.
fn open(mut acts: Vec<Act>) -> Vec<Act> {
    acts.retain(|act| !matches!(act, Act::Close));
    acts
}

fn chunked(body: &str) -> Vec<Act> {
    sized("transfer-encoding: chunked", body)
}

/// The correct body in one chunk.
fn chunk() -> String {
    format!("{:x}\r\n{EMPTY}\r\n", EMPTY.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_content_length_is_detected() {
    let right = format!("content-length: {}", EMPTY.len());
    let hang = |lengths: &str| {
        let head = format!("HTTP/1.1 200 OK\r\n{lengths}\r\n\r\n{EMPTY}");
        vec![Act::Say(head.into_bytes()), Act::Hang]
    };
    let cases = vec![
        case("right", Reads, open(sized(&right, EMPTY))).await,
        case("none", Reads, sized("x: y", EMPTY)).await,
        case(
            "twice",
            Reads,
            open(sized(&format!("{right}\r\n{right}"), EMPTY)),
        )
        .await,
        case(
            "differ",
            Fails("malformed"),
            sized("content-length: 36\r\ncontent-length: 5", EMPTY),
        )
        .await,
        case(
            "negative",
            Fails("malformed"),
            sized("content-length: -1", EMPTY),
        )
        .await,
        case(
            "plus",
            Fails("malformed"),
            sized("content-length: +36", EMPTY),
        )
        .await,
        case(
            "float",
            Fails("malformed"),
            sized("content-length: 3.6e1", EMPTY),
        )
        .await,
        case(
            "overflow",
            Fails("malformed"),
            sized("content-length: 99999999999999999999", EMPTY),
        )
        .await,
        case(
            "enormous",
            Fails("malformed"),
            sized("content-length: 9999999999999999999", EMPTY),
        )
        .await,
        case(
            "short",
            Fails("malformed"),
            sized("content-length: 9", EMPTY),
        )
        .await,
        case(
            "long",
            Fails("unreachable"),
            sized("content-length: 99", EMPTY),
        )
        .await,
        case("waits", Fails("timeout"), hang("content-length: 99")).await,
    ];
    all(cases, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_chunks_are_detected() {
    let end = "0\r\n\r\n";
    let flood = |piece: &str| {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        vec![
            Act::Say(format!("{head}{}", if piece == "x" { "1;" } else { "0\r\n" }).into_bytes()),
            Act::Endless(piece.repeat(500).into_bytes()),
        ]
    };
    let cases = vec![
        case("right", Reads, open(chunked(&format!("{}{end}", chunk())))).await,
        case(
            "letters",
            Fails("malformed"),
            chunked(&format!("zz\r\n{EMPTY}")),
        )
        .await,
        case(
            "negative",
            Fails("malformed"),
            chunked(&format!("-1\r\n{EMPTY}")),
        )
        .await,
        case(
            "overflow",
            Fails("malformed"),
            chunked(&format!("fffffffffffffffff\r\n{EMPTY}")),
        )
        .await,
        case(
            "enormous",
            Fails("unreachable"),
            chunked(&format!("fffffffffffffff0\r\n{EMPTY}")),
        )
        .await,
        case("endless", Fails("unreachable"), chunked(&chunk())).await,
        case(
            "unended",
            Fails("malformed"),
            chunked(&chunk().replace("}}\r\n", "}}xx0\r\n\r\n")),
        )
        .await,
        case("extended", Fails("malformed"), flood("x")).await,
        case("trailers", Fails("malformed"), flood("x: y\r\n")).await,
        case(
            "unknown",
            Fails("malformed"),
            sized("transfer-encoding: x", EMPTY),
        )
        .await,
        case(
            "packed",
            Fails("malformed"),
            sized("transfer-encoding: gzip, chunked", &chunk()),
        )
        .await,
        case(
            "both",
            Reads,
            open(sized(
                "content-length: 5\r\ntransfer-encoding: chunked",
                &format!("{}{end}", chunk()),
            )),
        )
        .await,
    ];
    all(cases, "").await;
}

/// An extra response must not answer another request. If it arrives before that
/// request is sent, it must be detected then; otherwise it is indistinguishable from
/// a fast response.
#[tokio::test(flavor = "multi_thread")]
async fn an_extra_response_does_not_answer_the_next_request() {
    let job = r#"{"data":[{"id":"7","attributes":{"jobId":7,"jobType":"SMUGGLED","state":"ACTIVE"}}],"meta":{"pagination":{}}}"#;
    let two = [json(EMPTY), json(job)].concat();
    let kept = vec![Act::Say(two.clone())];
    let before = Manner {
        first: vec![Act::Say(json(job))],
        ..Manner::default()
    };
    let cases = vec![
        case("behind", Reads, kept).await,
        case("behind-close", Reads, raw(two)).await,
        Case::of(
            "before",
            ReadsOrFails("unreachable"),
            before,
            keep(json(EMPTY)),
        )
        .await,
    ];
    let page = all(cases, "").await;
    for site in ["behind", "behind-close"] {
        let jobs = page.all("nbu_jobs_current", &[("site", site)]);
        let smuggled = jobs.iter().find(|job| job.labels["action"] == "SMUGGLED");
        assert_eq!(smuggled, None, "{site}");
    }
}
