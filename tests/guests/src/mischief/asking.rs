//! Requests that no well-behaved guest makes. An option of the collector selects the
//! request.

use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, Scheme,
};
use wasip2::io::streams::StreamError;

use super::hunt;
use crate::component::bindings::exports::nbu::collector::collector::Settings;

/// A request without any restriction.
struct Wish {
    method: Method,
    scheme: Scheme,
    authority: String,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// A body that a server which expects none would read as the next request.
const SMUGGLED: &str = "DELETE /netbackup/admin/jobs/1 HTTP/1.1\r\nhost: nbu\r\n\r\n";

/// The outcome of the request that the options select.
pub(crate) fn all(settings: &Settings) -> String {
    let options = settings.collectors.first().map(|c| c.options.as_str());
    let options = options.unwrap_or_default();
    let (_, rest) = settings.base_url.split_once("://").unwrap_or_default();
    let (authority, base) = rest.split_once('/').unwrap_or((rest, ""));
    let word = option(options, "ask");
    let at = |path: &str| Wish {
        method: Method::Get,
        scheme: Scheme::Http,
        authority: authority.to_owned(),
        path: format!("/{base}{path}"),
        headers: Vec::new(),
        body: Vec::new(),
    };
    match word.as_str() {
        "thousands" => many(|| at("/ping"), 3000, false),
        "at-once" => many(|| at("/ping"), 100, true),
        "guess" => guess(at),
        "smuggle" | "smuggle-length" => {
            // The second request finds the first one's connection in the pool.
            let first = said(answer(send(stray(&word, at, authority))));
            format!("{first}, {}", said(answer(send(at("/ping")))))
        }
        "hunt" => hunt::hunt(&echoes(at("/ping"), &option(options, "pieces")), options),
        _ => said(answer(send(stray(&word, at, authority)))),
    }
}

fn stray(word: &str, at: impl Fn(&str) -> Wish, authority: &str) -> Wish {
    let port = authority.rsplit(':').next().unwrap_or_default();
    let ping = at("/ping");
    let method = |method| Wish {
        method,
        ..at("/ping")
    };
    let to = |authority: String| Wish {
        authority,
        ..at("/ping")
    };
    let with = |name: &str, value: &str| Wish {
        headers: vec![(name.to_owned(), value.as_bytes().to_vec())],
        ..at("/ping")
    };
    match word {
        "host" => to(format!("elsewhere.invalid:{port}")),
        "port" => to("127.0.0.1:9".to_owned()),
        "userinfo" => to(format!("{authority}@127.0.0.1:{port}")),
        "mapped" => to(format!("[::ffff:127.0.0.1]:{port}")),
        "decimal" => to(format!("2130706433:{port}")),
        "scheme" => Wish {
            scheme: Scheme::Https,
            ..ping
        },
        "odd-scheme" => Wish {
            scheme: Scheme::Other("gopher".to_owned()),
            ..ping
        },
        "undeclared" => at("/admin/jobs"),
        "above" => Wish {
            path: "/ping".to_owned(),
            ..ping
        },
        "dots" => at("/x/../ping"),
        "encoded" => at("/%70ing"),
        "slashes" => at("//ping"),
        "semicolon" => at("/ping;x"),
        "post" => method(Method::Post),
        "put" => method(Method::Put),
        "delete" => method(Method::Delete),
        "head" => method(Method::Head),
        "connect" => method(Method::Connect),
        "odd-method" => method(Method::Other("PURGE".to_owned())),
        "long-url" => at(&format!("/ping?{}", "x".repeat(20_000))),
        "headers" => Wish {
            headers: (0..100)
                .map(|n| (format!("x-{n}"), b"1".to_vec()))
                .collect(),
            ..ping
        },
        "body" => Wish {
            method: Method::Post,
            body: vec![b'x'; 1 << 20],
            ..at("/admin/jobs-count-requests")
        },
        "smuggle" => Wish {
            body: SMUGGLED.into(),
            ..ping
        },
        "smuggle-length" => Wish {
            body: SMUGGLED.into(),
            ..with("content-length", &SMUGGLED.len().to_string())
        },
        header => {
            let (name, value) = header.split_once('=').unwrap_or((header, "mine"));
            with(name, value)
        }
    }
}

/// The text of a member of a JSON object; no member holds a quote.
pub(crate) fn option(options: &str, name: &str) -> String {
    let begin = format!("\"{name}\":\"");
    let rest = options.split_once(&begin).map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or_default().to_owned()
}

fn send(wish: Wish) -> Result<FutureIncomingResponse, String> {
    let headers = Fields::new();
    for (name, value) in &wish.headers {
        let added = headers.append(name, value);
        added.map_err(|error| format!("{error:?}"))?;
    }
    let request = OutgoingRequest::new(headers);
    let invalid = |()| "not a request".to_owned();
    request.set_method(&wish.method).map_err(invalid)?;
    request.set_scheme(Some(&wish.scheme)).map_err(invalid)?;
    request
        .set_authority(Some(&wish.authority))
        .map_err(invalid)?;
    request
        .set_path_with_query(Some(&wish.path))
        .map_err(invalid)?;
    let body = request.body().map_err(invalid)?;
    let code = |error: ErrorCode| format!("{error:?}");
    let sent = outgoing_handler::handle(request, None).map_err(code)?;
    write(&body, &wish.body);
    // Fails when the host has given the request up.
    let _ = OutgoingBody::finish(body, None);
    Ok(sent)
}

fn write(body: &OutgoingBody, bytes: &[u8]) {
    let Ok(stream) = body.write() else { return };
    for piece in bytes.chunks(4096) {
        if stream.blocking_write_and_flush(piece).is_err() {
            return;
        }
    }
}

fn answer(sent: Result<FutureIncomingResponse, String>) -> Result<IncomingResponse, String> {
    let future = sent?;
    future.subscribe().block();
    match future.get() {
        Some(Ok(answer)) => answer.map_err(|error| format!("{error:?}")),
        _ => Err("no answer".to_owned()),
    }
}

fn said(answer: Result<IncomingResponse, String>) -> String {
    answer.map_or_else(
        |error| error,
        |answer| format!("allowed: {}", answer.status()),
    )
}

/// Repeats one request, sequentially or concurrently. Returns the number of responses
/// and the first error.
fn many(wish: impl Fn() -> Wish, times: usize, at_once: bool) -> String {
    let mut held = Vec::new();
    let (mut allowed, mut refused) = (0, String::new());
    for _ in 0..times {
        match answer(send(wish())) {
            Ok(answer) => {
                allowed += 1;
                held.extend(at_once.then_some(answer));
            }
            Err(error) if refused.is_empty() => refused = error,
            Err(_) => {}
        }
    }
    format!("allowed {allowed}, then {refused}")
}

/// Guesses the key character by character: sends a guess that the server echoes, and
/// keeps the character that makes the first chunk of the response shortest.
fn guess(at: impl Fn(&str) -> Wish) -> String {
    let alphabet: Vec<char> = ('!'..='~')
        .filter(|c| !"\"#<>\\^`{|}".contains(*c))
        .collect();
    let mut known = String::new();
    while known.len() < 100 {
        let first = |next: &char| {
            let path = format!("/ping?{}", format!("{:.>120}", format!("{known}{next}")));
            first_piece(at(&path))
        };
        let lengths: Vec<_> = alphabet.iter().map(first).collect();
        if lengths.iter().all(|length| *length == lengths[0]) {
            break;
        }
        let shortest = (0..lengths.len()).min_by_key(|at| lengths[*at]);
        known.extend(shortest.map(|at| alphabet[at]));
    }
    format!("guessed {} characters: `{known}`", known.len())
}

/// The length of the first chunk.
fn first_piece(wish: Wish) -> usize {
    let Ok(answer) = answer(send(wish)) else {
        return 0;
    };
    let Ok(body) = answer.consume() else { return 0 };
    let Ok(stream) = body.stream() else { return 0 };
    stream.blocking_read(4096).map_or(0, |piece| piece.len())
}

/// The headers and the body of a response, read in chunks of at most this size, or of
/// varying sizes.
fn echoes(wish: Wish, pieces: &str) -> Vec<u8> {
    let Ok(answer) = answer(send(wish)) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for (name, value) in answer.headers().entries() {
        all.extend(name.into_bytes());
        all.extend(value);
    }
    let Ok(body) = answer.consume() else {
        return all;
    };
    read(&body, pieces, &mut all);
    all
}

fn read(body: &IncomingBody, pieces: &str, into: &mut Vec<u8>) {
    let Ok(stream) = body.stream() else { return };
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    loop {
        // xorshift64: from 1 to 40, about as long as a key.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let size = pieces.parse().unwrap_or(1 + state % 40);
        match stream.blocking_read(size) {
            Ok(piece) => into.extend(piece),
            Err(StreamError::Closed | StreamError::LastOperationFailed(_)) => return,
        }
    }
}
