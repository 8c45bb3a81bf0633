//! Uses as much as possible of each resource that the host holds for a guest.

use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    OutgoingResponse, Scheme,
};
use wasip2::io::poll::poll;
use wasip2::io::streams::OutputStream;

use crate::component::bindings::exports::nbu::collector::collector::Settings;
use crate::component::bindings::nbu::collector::log;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// A little less than the memory that the tests give a guest.
const ALL: usize = 110 * MIB;

/// Exhausts one kind of resource. Panics when the host refuses more.
pub(crate) fn hold(kind: Option<&str>, settings: Option<&Settings>) {
    match kind.unwrap_or_default() {
        "bodies" => repeat(1_500, body),
        "responses" => repeat(1_500, response),
        "fields" => repeat(20_000, fields),
        "trailers" => repeat(20_000, trailers),
        "emptied" => repeat(20_000, emptied),
        "methods" => repeat(400, || method(MIB)),
        "authorities" => repeat(400, || authority(MIB)),
        "paths" => repeat(8_000, path),
        "timers" => repeat(400_000, || subscribe_duration(u64::MAX)),
        "printed" => {
            let _ = wasip2::cli::stdout::get_stdout().write(&vec![b'p'; ALL]);
        }
        "line" => log::emit(log::Level::Info, &"l".repeat(ALL), &[]),
        "polls" => polls(8 * MIB),
        "random" => drop(wasip2::random::random::get_random_bytes(60 << 20)),
        "heads" => heads(settings),
        "answers" => answers(settings),
        _ => {}
    }
}

/// The longest text that a guest can make.
pub(crate) fn long() -> String {
    "h".repeat(ALL)
}

/// The largest state that a guest can make.
pub(crate) fn large() -> Vec<u8> {
    vec![b's'; ALL]
}

/// Creates this many, and keeps all until the last is created.
fn repeat<T>(times: usize, make: impl FnMut() -> T) {
    let held: Vec<T> = std::iter::repeat_with(make).take(times).collect();
    drop(held);
}

/// An unsent request with as large a body as the host accepts, or slightly above any
/// sensible limit.
fn body() -> (OutputStream, OutgoingBody, OutgoingRequest) {
    let request = OutgoingRequest::new(Fields::new());
    let body = request.body().expect("a body");
    (filled(&body), body, request)
}

/// The same for a response to no request.
fn response() -> (OutputStream, OutgoingBody, OutgoingResponse) {
    let response = OutgoingResponse::new(Fields::new());
    let body = response.body().expect("a body");
    (filled(&body), body, response)
}

fn filled(body: &OutgoingBody) -> OutputStream {
    let stream = body.write().expect("its stream");
    let mut left = 256 * KIB;
    while let Ok(room) = stream.check_write() {
        let room = usize::try_from(room).unwrap_or(left).min(left);
        if room == 0 || stream.write(&vec![b'b'; room]).is_err() {
            break;
        }
        left -= room;
    }
    stream
}

/// As much as fits into the smallest sensible limit.
fn fields() -> Fields {
    let fields = Fields::new();
    for _ in 0..14 {
        let _ = fields.append("x-held", &[b'f'; KIB]);
    }
    fields
}

/// Fields that an unsent request keeps alive in addition to its own.
fn trailers() -> OutgoingRequest {
    let request = OutgoingRequest::new(fields());
    let body = request.body().expect("a body");
    let _ = OutgoingBody::finish(body, Some(fields()));
    request
}

/// Fields that held many small values, which were deleted.
fn emptied() -> Fields {
    let fields = Fields::new();
    let _ = fields.set("x", &vec![Vec::new(); 390]);
    let _ = fields.delete("x");
    fields
}

fn method(bytes: usize) -> OutgoingRequest {
    let request = OutgoingRequest::new(Fields::new());
    let method = Method::Other("M".repeat(bytes));
    request.set_method(&method).expect("a method");
    request
}

fn authority(bytes: usize) -> OutgoingRequest {
    let request = OutgoingRequest::new(Fields::new());
    let name = "a".repeat(bytes);
    request.set_authority(Some(&name)).expect("an authority");
    request
}

fn path() -> OutgoingRequest {
    let request = OutgoingRequest::new(Fields::new());
    let path = format!("/{}", "p".repeat(60 * KIB));
    request.set_path_with_query(Some(&path)).expect("a path");
    request
}

/// Waits for the same timer many times at once.
fn polls(times: usize) {
    let now = subscribe_duration(0);
    poll(&vec![&now; times]);
}

fn send(settings: &Settings) -> FutureIncomingResponse {
    let (_, rest) = settings.base_url.split_once("://").unwrap_or_default();
    let (authority, base) = rest.split_once('/').unwrap_or((rest, ""));
    let request = OutgoingRequest::new(Fields::new());
    let _ = request.set_scheme(Some(&Scheme::Http));
    let _ = request.set_authority(Some(authority));
    let _ = request.set_path_with_query(Some(&format!("/{base}/ping")));
    outgoing_handler::handle(request, None).expect("a request")
}

fn answer(future: &FutureIncomingResponse) -> IncomingResponse {
    future.subscribe().block();
    let answer = future
        .get()
        .expect("it is there")
        .expect("it is taken once");
    answer.expect("an answer")
}

/// The headers of many responses, without the responses.
fn heads(settings: Option<&Settings>) {
    let Some(settings) = settings else { return };
    repeat(4_000, || answer(&send(settings)).headers());
}

/// Many responses that are only partly read.
fn answers(settings: Option<&Settings>) {
    let Some(settings) = settings else { return };
    repeat(800, || {
        let answer = answer(&send(settings));
        let body = answer.consume().expect("a body");
        let stream = body.stream().expect("its stream");
        let mut read = 0;
        while read < 2 * MIB {
            read += stream.blocking_read(64 * KIB as u64).expect("more").len();
        }
        stream.subscribe().block();
        (stream, body, answer)
    });
}
