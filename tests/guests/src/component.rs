//! The exports, good and bad.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "the bindings are generated"
)]

use std::hint::black_box;
use std::time::Duration;

use bindings::exports::nbu::collector::collector::*;
use bindings::nbu::collector::log;
use bindings::nbu::collector::metrics::{Family, Kind, Point, Samples};
use wasip2::http::outgoing_handler;
use wasip2::http::types::{Fields, Method, OutgoingRequest, Scheme};

use crate::asking;
use crate::behaviour::written;

pub(crate) mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "guest",
        with: {
            "wasi:clocks/monotonic-clock@0.2.12": wasip2::clocks::monotonic_clock,
            "wasi:http/outgoing-handler@0.2.12": wasip2::http::outgoing_handler,
            "wasi:http/types@0.2.12": wasip2::http::types,
            "wasi:io/error@0.2.12": wasip2::io::error,
            "wasi:io/poll@0.2.12": wasip2::io::poll,
            "wasi:io/streams@0.2.12": wasip2::io::streams,
        },
    });
}

struct Component;

bindings::export!(Component with_types_in bindings);

impl Guest for Component {
    fn describe() -> Manifest {
        let (word, stamp) = written();
        if word == "mute" {
            panic!("nothing to say");
        }
        let capability = |name: &str, cached| Capability {
            name: name.to_owned(),
            summary: format!("What the tests need of `{name}`."),
            families: vec![DescribedFamily {
                name: format!("nbu_test_{name}"),
                kind: Kind::Gauge,
                help: "The number that was written into the guest.".to_owned(),
                labels: vec!["stamp".to_owned()],
            }],
            paths: vec!["/ping".to_owned(), "/admin/jobs-count-requests".to_owned()],
            cached,
            state_version: 1,
        };
        Manifest {
            version: format!("0.0.{stamp}"),
            capabilities: vec![capability("storage", true), capability("jobs", false)],
        }
    }

    fn check(_: Settings) -> Vec<Problem> {
        if written().0 != "picky" {
            return Vec::new();
        }
        vec![Problem {
            at: "apiVersion".to_owned(),
            message: "nothing is good enough".to_owned(),
            hint: None,
        }]
    }

    fn probe(_: Settings, _: Option<String>) -> Result<ProbeAnswer, Failure> {
        Ok(ProbeAnswer {
            api_version: "14.0".to_owned(),
            server_time: None,
        })
    }

    fn collect(settings: Settings, window: Window, state: Vec<Saved>) -> Report {
        let (word, stamp) = written();
        let refusal = match word.as_str() {
            "panic" => panic!("boom"),
            "spin" => spin(),
            "hoard" => hoard(),
            "recurse" => Some(recurse(1).to_string()),
            "sleep" => sleep(),
            "chatter" => chatter(),
            "print" => print(),
            "echo" => Some(echo(&settings, &window, &state)),
            "own-credential" => own_credential(),
            "wander" => wander("127.0.0.1:9"),
            "ask" => Some(asking::all(&settings)),
            "userinfo" => wander(&format!("{}@127.0.0.1:9", authority(&settings))),
            _ => None,
        };
        let outcome = |collector: String| Outcome {
            families: families(&word, &collector, stamp),
            failures: refusal.iter().map(|why| failure(why)).collect(),
            collector,
            state: None,
        };
        let mut outcomes: Vec<_> = settings
            .collectors
            .into_iter()
            .map(|selection| outcome(selection.name))
            .collect();
        if word == "liar" {
            outcomes.reverse();
            outcomes.push(outcome("uninvited".to_owned()));
        }
        Report {
            api_version: Some("14.0".to_owned()),
            outcomes,
        }
    }
}

fn families(word: &str, collector: &str, stamp: u32) -> Vec<Family> {
    let family = |name: String, label: &str| Family {
        name,
        help: "The number that was written into the guest.".to_owned(),
        labels: vec![label.to_owned()],
        samples: Samples::Gauge(vec![Point {
            label_values: vec![stamp.to_string()],
            value: f64::from(stamp),
        }]),
    };
    let good = family(format!("nbu_test_{collector}"), "stamp");
    match word {
        "undeclared" => vec![good, family("nbu_secret_family".to_owned(), "stamp")],
        "mislabels" => vec![family(format!("nbu_test_{collector}"), "site")],
        _ => vec![good],
    }
}

fn failure(why: &str) -> Failure {
    Failure {
        endpoint: "/elsewhere".to_owned(),
        reason: Reason::Denied(why.to_owned()),
        detail: None,
        request_id: None,
    }
}

fn spin() -> Option<String> {
    let mut n = 0_u64;
    loop {
        n = black_box(n.wrapping_add(1));
    }
}

fn hoard() -> Option<String> {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(vec![1; 1 << 20]);
        black_box(&hoard);
    }
}

/// Endless, in a way that the compiler cannot make a loop of.
fn recurse(n: u64) -> u64 {
    let room = black_box([n; 64]);
    recurse(n + 1) + room[0]
}

/// Waits inside the host instead of keeping a processor busy.
fn sleep() -> Option<String> {
    std::thread::sleep(Duration::from_secs(3600));
    None
}

/// Far more on standard output and error than anybody wants to read.
fn print() -> Option<String> {
    for n in 0..20_000 {
        println!("printed {n}");
        eprintln!("printed {n}");
    }
    None
}

/// Everything that a guest can find out about where it runs.
fn echo(settings: &Settings, window: &Window, state: &[Saved]) -> String {
    let environment: Vec<_> = std::env::vars().collect();
    let arguments: Vec<_> = std::env::args().collect();
    let root = std::fs::read_dir("/").map(|entries| entries.count()).ok();
    format!(
        "{settings:?} {window:?} {state:?} environment={environment:?} \
         arguments={arguments:?} files={root:?}"
    )
}

fn chatter() -> Option<String> {
    for n in 0..100_000 {
        log::emit(log::Level::Info, &format!("chatter {n}"), &[]);
    }
    None
}

/// What the host says to a guest that brings an `Authorization` of its own.
fn own_credential() -> Option<String> {
    let refused = Fields::new().append("Authorization", b"mine").err();
    Some(refused.map_or("allowed".to_owned(), |error| format!("{error:?}")))
}

/// What the host says to a request for another destination.
fn wander(authority: &str) -> Option<String> {
    let request = OutgoingRequest::new(Fields::new());
    let _ = request.set_method(&Method::Get);
    let _ = request.set_scheme(Some(&Scheme::Http));
    if request.set_authority(Some(authority)).is_err() {
        return Some("not an authority".to_owned());
    }
    let _ = request.set_path_with_query(Some("/"));
    let answer = match outgoing_handler::handle(request, None) {
        Ok(answer) => answer,
        Err(error) => return Some(format!("{error:?}")),
    };
    answer.subscribe().block();
    match answer.get() {
        Some(Ok(Err(error))) => Some(format!("{error:?}")),
        _ => Some("allowed".to_owned()),
    }
}

fn authority(settings: &Settings) -> String {
    let rest = settings.base_url.split("://").nth(1).unwrap_or_default();
    rest.split('/').next().unwrap_or_default().to_owned()
}
