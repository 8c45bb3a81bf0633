//! Complete bodies with unexpected content.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn typed(headers: &str, body: &[u8]) -> Vec<Act> {
    let head = format!(
        "HTTP/1.1 200 OK\r\n{headers}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    keep([head.as_bytes(), body].concat())
}

/// A list with one job that has this attribute.
fn job(attribute: &str) -> Vec<Act> {
    let attributes = format!(r#""jobId":1,"state":"ACTIVE",{attribute}"#);
    let row = format!(r#"{{"id":"1","attributes":{{{attributes}}}}}"#);
    keep(json(format!(
        r#"{{"data":[{row}],"meta":{{"pagination":{{}}}}}}"#
    )))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_unexpected_json_is_malformed() {
    let bomb = gzipped(&vec![b'['; 64 << 20]);
    let html = b"<!DOCTYPE html><html><body>Sign in</body></html>";
    let cases = vec![
        case(
            "html",
            Fails("malformed"),
            typed("content-type: text/html", html),
        )
        .await,
        case(
            "plain",
            Reads,
            typed("content-type: text/plain", EMPTY.as_bytes()),
        )
        .await,
        case(
            "bomb",
            Fails("malformed"),
            typed("content-encoding: gzip", &bomb),
        )
        .await,
        case(
            "gzip",
            Fails("malformed"),
            keep(json(gzipped(EMPTY.as_bytes()))),
        )
        .await,
        case("nothing", Fails("malformed"), keep(json(""))).await,
        case("null", Fails("malformed"), keep(json("null"))).await,
        case("list", Fails("malformed"), keep(json("[]"))).await,
        case("scalar", Fails("malformed"), keep(json(r#"{"data":1}"#))).await,
        case("half", Fails("malformed"), keep(json(&EMPTY[..20]))).await,
        case(
            "bom",
            Fails("malformed"),
            keep(json(format!("\u{feff}{EMPTY}"))),
        )
        .await,
        case(
            "more",
            Fails("malformed"),
            keep(json(format!("{EMPTY}{EMPTY}"))),
        )
        .await,
        case(
            "twice",
            Fails("malformed"),
            keep(json(r#"{"data":[],"data":[]}"#)),
        )
        .await,
    ];
    all(cases, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn extreme_values_do_not_break_the_page() {
    let deep = format!(r#"{{"data":[],"x":{}"#, "[".repeat(100_000));
    let with = |bytes: &[u8]| {
        let body = [br#"{"data":[],"x":""#, bytes, br#""}"#].concat();
        keep(json(body))
    };
    let cases = vec![
        case("deep", Fails("malformed"), keep(json("[".repeat(500_000)))).await,
        case("deep-within", Fails("malformed"), keep(json(deep))).await,
        case("nul", Fails("malformed"), with(b"a\0b")).await,
        case("nuls", Fails("malformed"), keep(json(vec![0; 100_000]))).await,
        case(
            "utf8",
            Fails("malformed"),
            job("\"jobType\":\"\u{fffd}\"").map_utf8(),
        )
        .await,
        case(
            "surrogate",
            Fails("malformed"),
            job(r#""jobType":"\ud800""#),
        )
        .await,
        case(
            "1e400",
            Fails("malformed"),
            job(r#""kilobytesTransferred":1e400"#),
        )
        .await,
        case(
            "2^70",
            Reads,
            job(r#""kilobytesTransferred":1180591620717411303424"#),
        )
        .await,
        case("negative", Reads, job(r#""kilobytesTransferred":-5"#)).await,
        case(
            "nan",
            Fails("malformed"),
            job(r#""kilobytesTransferred":NaN"#),
        )
        .await,
    ];
    all(cases, "").await;
}

trait Spoilt {
    /// The same with an invalid UTF-8 byte instead of U+FFFD.
    fn map_utf8(self) -> Self;
}

impl Spoilt for Vec<Act> {
    fn map_utf8(mut self) -> Self {
        if let Some(Act::Say(bytes)) = self.first_mut() {
            let at = bytes.windows(3).position(|w| w == "\u{fffd}".as_bytes());
            let at = at.expect("a replacement character");
            // The length stays the same, so that the content length is correct.
            bytes[at..at + 3].copy_from_slice(&[0xff, b'x', 0xfe]);
        }
        self
    }
}
