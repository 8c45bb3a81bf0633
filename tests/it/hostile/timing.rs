//! Late, slow and interrupted responses.

use std::time::Duration;

use super::*;

const PAUSE: Duration = Duration::from_millis(100);

fn said(text: &str) -> Act {
    Act::Say(text.as_bytes().to_vec())
}

/// Everything up to the middle of the body.
fn half() -> Act {
    let whole = json(EMPTY);
    Act::Say(whole[..whole.len() - 10].to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_server_is_a_timeout() {
    let slow_head = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(1000));
    let whole = json(EMPTY);
    let (head, body) = whole.split_at(whole.len() - EMPTY.len());
    let long = format!("{}{}", " ".repeat(1000), EMPTY);
    let long_head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", long.len());
    let informing = vec![said("HTTP/1.1 102 Wait\r\n\r\n"), Act::Hang];
    let cases = vec![
        case("hang", Fails("timeout"), vec![Act::Hang]).await,
        case(
            "hang-head",
            Fails("timeout"),
            vec![said("HTTP/1.1 200 OK\r\nx"), Act::Hang],
        )
        .await,
        case(
            "hang-body",
            Fails("timeout"),
            vec![Act::Say(head.to_vec()), Act::Hang],
        )
        .await,
        case("hang-middle", Fails("timeout"), vec![half(), Act::Hang]).await,
        case(
            "hang-end",
            Fails("timeout"),
            vec![
                said("HTTP/1.1 200 OK\r\n\r\n"),
                Act::Say(body.to_vec()),
                Act::Hang,
            ],
        )
        .await,
        case(
            "drip-head",
            Fails("timeout"),
            vec![Act::Drip(slow_head.into_bytes(), PAUSE)],
        )
        .await,
        case(
            "drip-body",
            Fails("timeout"),
            vec![said(&long_head), Act::Drip(long.into_bytes(), PAUSE)],
        )
        .await,
        case("informs", Fails("timeout"), informing).await,
        case(
            "informs-ever",
            Fails("timeout"),
            vec![Act::Drip(
                b"HTTP/1.1 100 Go\r\n\r\n".repeat(100),
                PAUSE / 10,
            )],
        )
        .await,
    ];
    all(cases, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_broken_at_any_point_is_unreachable() {
    let at_once = Manner {
        first: vec![Act::Close],
        ..Manner::default()
    };
    let reset_at_once = Manner {
        first: vec![Act::Reset],
        ..Manner::default()
    };
    let informed = keep(format!(
        "HTTP/1.1 103 Soon\r\n\r\n{}",
        String::from_utf8(json(EMPTY)).unwrap()
    ));
    let cases = vec![
        Case::of("close-first", Fails("unreachable"), at_once, vec![]).await,
        Case::of("reset-first", Fails("unreachable"), reset_at_once, vec![]).await,
        case("close", Fails("unreachable"), vec![Act::Close]).await,
        case("reset", Fails("unreachable"), vec![Act::Reset]).await,
        case(
            "close-head",
            Fails("unreachable"),
            raw("HTTP/1.1 200 OK\r\nx"),
        )
        .await,
        case("close-body", Fails("unreachable"), vec![half(), Act::Close]).await,
        case("reset-body", Fails("unreachable"), vec![half(), Act::Reset]).await,
        case(
            "half-open",
            Fails("unreachable"),
            vec![half(), Act::HalfClose],
        )
        .await,
        case(
            "half-open-at-once",
            Fails("unreachable"),
            vec![Act::HalfClose],
        )
        .await,
        case("informed", Reads, informed).await,
    ];
    all(cases, "").await;
}
