//! Guests that observe how a response arrives, to learn the key.

use http_body::Body as _;

use super::server::{NextStep, Script, Server};
use super::*;

/// What a guest can see of a response except its bytes: lengths, order, size hints and
/// errors.
async fn seen(port: u16, key: &str) -> Vec<String> {
    let mut settings = settings(port);
    settings.credential = ApiKey::new(key).unwrap();
    let response = match Way::to(&settings).get("/ping").await {
        Ok(response) => response,
        Err(error) => return vec![format!("{error:?}")],
    };
    let mut seen = vec![format!("{}", response.status())];
    let lengths = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        format!("{} {}", name.as_str().len(), value.len())
    };
    seen.extend(response.headers().iter().map(lengths));
    let mut body = response.into_body();
    loop {
        seen.push(format!("{} {:?}", body.is_end_stream(), body.size_hint()));
        seen.push(match body.frame().await {
            None => return seen,
            Some(Err(error)) => format!("{error:?}"),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => format!("{} bytes", data.len()),
                Err(frame) => {
                    let trailers = frame.into_trailers().unwrap();
                    format!("{:?}", trailers.iter().map(lengths).collect::<Vec<_>>())
                }
            },
        });
    }
}

/// A response with the key and many prefixes and suffixes of it.
fn answer(random: &mut fastrand::Rng, key: &str) -> String {
    let text = |random: &mut fastrand::Rng| -> String {
        let part = |random: &mut fastrand::Rng| {
            let at = random.usize(..=key.len());
            [&key[at..], &key[..at], key, "-", "x*x"][random.usize(..5)].to_owned()
        };
        (0..random.usize(1..6)).map(|_| part(random)).collect()
    };
    let mut all = "HTTP/1.1 200 OK\r\n".to_owned();
    for n in 0..random.usize(..4) {
        all += &format!("x{n}{}: {}\r\n", text(random), text(random));
    }
    if random.bool() {
        let body = text(random) + &text(random);
        all += &format!("content-length: {}\r\n\r\n{body}", body.len());
    } else {
        all += "transfer-encoding: chunked\r\n\r\n";
        for _ in 0..random.usize(..6) {
            let chunk = text(random);
            all += &format!("{:x}\r\n{chunk}\r\n", chunk.len());
        }
        all += "0\r\n";
        for n in 0..random.usize(..3) {
            all += &format!("t{n}{}: {}\r\n", text(random), text(random));
        }
        all += "\r\n";
    }
    if random.u8(..3) == 0 {
        all.truncate(random.usize(..all.len()));
    }
    all
}

#[tokio::test]
async fn a_response_looks_the_same_for_every_key() {
    let mut random = fastrand::Rng::with_seed(4);
    for round in 0..400 {
        let key = ["abcabcabd", "aaaaaaaaa", "q7rk2m9xw4"][round % 3];
        let says: &str = answer(&mut random, key).leak();
        let then = NextStep::Closes;
        let server = Server::http(Script { says, then }).await;
        let (with, without) = (
            seen(server.port, key).await,
            seen(server.port, &"Z".repeat(key.len())).await,
        );
        assert_eq!(with, without, "{says:?}");
    }
}

/// An encoded body is rejected, even if its encoding is the key.
#[tokio::test]
async fn no_rejection_depends_on_the_key() {
    for key in ["identity", "encoding", "-encoding", "content-encoding"] {
        for says in [
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx",
            "HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-length: 1\r\n\r\nx",
        ] {
            let then = NextStep::Closes;
            let server = Server::http(Script { says, then }).await;
            let without = seen(server.port, &"Z".repeat(key.len())).await;
            assert_eq!(seen(server.port, key).await, without, "{key}");
        }
    }
}

/// The attack: a server echoes the query and flushes right after it. The guest extends
/// its guess by the character that changes the end of the chunk.
#[tokio::test]
async fn chunk_boundaries_do_not_confirm_a_guess_in_the_query() {
    const ALPHABET: &[u8] = b"-abcdefghijklmnopqrstuvwxyz0123456789";
    let server = Server::echo().await;
    let way = Way::to(&settings(server.port));
    let first = async |guess: String| {
        let path = format!("/ping?{guess:.>64}");
        let mut body = way.get(&path).await.unwrap().into_body();
        let frame = body.frame().await.unwrap().unwrap();
        let length = frame.into_data().unwrap().len();
        assert!(body.collect().await.is_ok());
        length
    };
    for beginning in 0..KEY.len() - 1 {
        let mut lengths = Vec::new();
        for next in ALPHABET {
            lengths.push(first(format!("{}{}", &KEY[..beginning], *next as char)).await);
        }
        let same = lengths.iter().all(|length| *length == lengths[0]);
        assert!(same, "after {beginning} characters: {lengths:?}");
    }
}
