//! Random bodies that match the vendor's OpenAPI files are never malformed, on any
//! endpoint of any release. The files are not part of this tree: `NBU_OPENAPI_DIR` names
//! their folder. Without them the tests skip themselves.

mod generate;
mod openapi;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use futures::executor::block_on;
use futures::future::{LocalBoxFuture, pending};
use guest::contract::{Reason, Settings, Window};
use guest::describe::describe;
use guest::transport::{Request, Response, Transport};
use serde_json::Value;

use crate::hostile::Random;
use crate::site::{Lines, NOW, ok, saved, select, window, with_legacy_names};
use generate::Generator;
use openapi::{Bundles, RELEASES};

const IMAGES: &str = "/catalog/images";

/// A server that answers every request with a random body.
struct RandomServer<'a> {
    bundles: &'a Bundles,
    release: usize,
    random: RefCell<Random>,
    bodies: Cell<usize>,
    /// The last body of each request, for the message of a failure.
    sent: RefCell<Vec<(String, Value)>>,
}

impl RandomServer<'_> {
    fn answer(&self, request: &Request) -> Response {
        let endpoint = request.endpoint();
        if endpoint == "/ping" {
            return ok(&format!("{NOW}000"));
        }
        let Some((file, schema)) = self.bundles.response(self.release, endpoint) else {
            return Response {
                status: 404,
                ..ok("")
            };
        };
        let mut random = self.random.borrow_mut();
        let mut body = Generator::new(file, &mut random).body(schema);
        // The guest rejects images without a count, since it does not read them all.
        if endpoint == IMAGES {
            let rows = body["data"].as_array().map_or(0, Vec::len);
            body["data"] = body["data"].as_array().cloned().unwrap_or_default().into();
            body["meta"]["pagination"]["count"] = rows.into();
        }
        self.bodies.set(self.bodies.get() + 1);
        let text = body.to_string();
        self.sent
            .borrow_mut()
            .push((request.path_and_query.clone(), body));
        ok(&text)
    }
}

impl Transport for RandomServer<'_> {
    fn send(&self, request: Request) -> LocalBoxFuture<'_, Result<Response, Reason>> {
        Box::pin(async move { Ok(self.answer(&request)) })
    }

    /// Waits forever.
    fn sleep(&self, _: Duration) -> LocalBoxFuture<'_, ()> {
        Box::pin(pending())
    }
}

/// The settings of one collector, with its own options where it needs some.
fn settings(collector: &str) -> Settings {
    let options = match collector {
        "perClient" => r#"{"allowlist":["a","client"]}"#,
        _ => "{}",
    };
    with_legacy_names(Settings {
        base_url: "https://nbu1:1556/netbackup".to_owned(),
        collectors: vec![select(collector, options)],
        api_version: None,
    })
}

/// Collects three times with the saved state. Returns the number of bodies, and what
/// was malformed.
fn collect(
    bundles: &Bundles,
    release: usize,
    collector: &str,
    seed: u64,
) -> (usize, Option<String>) {
    let server = RandomServer {
        bundles,
        release,
        random: RefCell::new(Random(seed)),
        bodies: Cell::new(0),
        sent: RefCell::default(),
    };
    let mut state = Vec::new();
    for round in 0..3 {
        let window = Window {
            now: NOW + round * 300,
            last_api_version: Some(format!("{}.0", release + 10)),
            ..window()
        };
        let (settings, log) = (settings(collector), Lines::default());
        let collected = guest::run::collect(&settings, &window, state, &server, &log);
        let outcome = block_on(collected).outcomes.remove(0);
        let mut failures = outcome.failures.iter();
        let malformed = failures.find(|it| matches!(it.reason, Reason::Malformed(_)));
        if malformed.is_some() || outcome.skipped_rows > 0 {
            let name = RELEASES[release];
            let (lines, sent) = (log.0.borrow(), server.sent.borrow());
            let sent: Vec<String> = sent
                .iter()
                .map(|(path, body)| format!("{path}\n{body}"))
                .collect();
            let what = format!(
                "{name} {collector}, seed {seed}: {malformed:?}, {} rows skipped\n{lines:?}\n{}",
                outcome.skipped_rows,
                sent.join("\n")
            );
            return (server.bodies.get(), Some(what));
        }
        state = saved(&outcome).into_iter().collect();
        server.sent.borrow_mut().clear();
    }
    (server.bodies.get(), None)
}

fn read_bodies(count: usize) {
    let Some(folder) = openapi::folder() else {
        eprintln!("SKIPPED: no OpenAPI files; NBU_OPENAPI_DIR names their folder");
        return;
    };
    let manifest = describe();
    let collectors = manifest.collectors.iter();
    let endpoints = collectors.flat_map(|it| it.endpoints.iter().map(|it| it.path.as_str()));
    let endpoints = endpoints.collect();
    let bundles = Bundles::read(&folder, &endpoints);
    let (mut bodies, mut seed) = (0, 0);
    let mut found = BTreeMap::new();
    while bodies < count {
        for release in 0..RELEASES.len() {
            for collector in &manifest.collectors {
                seed += 1;
                let (read, malformed) = collect(&bundles, release, &collector.name, seed);
                bodies += read;
                if let Some(malformed) = malformed {
                    found.entry(&collector.name).or_insert(malformed);
                }
            }
        }
    }
    let (requested, known) = bundles.coverage(&endpoints);
    assert_eq!(requested, known, "endpoints of releases");
    eprintln!("{bodies} bodies of {known} endpoints of releases");
    let found: Vec<_> = found.into_values().collect();
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

#[test]
fn no_body_that_matches_the_vendors_files_is_malformed() {
    read_bodies(3000);
}

#[test]
#[ignore = "takes two minutes without optimization"]
fn no_body_of_a_hundred_thousand_is_malformed() {
    read_bodies(100_000);
}
