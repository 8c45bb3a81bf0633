//! A collection ends with a report for any response of a server.

use std::cell::RefCell;
use std::collections::HashSet;
use std::time::Duration;

use futures::executor::block_on;
use futures::future::{LocalBoxFuture, pending};
use guest::contract::{Outcome, Reason, Samples, Settings, Window};
use guest::describe::describe;
use guest::transport::{Request, Response, Transport};
use serde_json::{Map, Value, json};

use crate::recorded::{self, RELEASES};
use crate::site::{Lines, Site, ok, saved, settings, window, with_legacy_names};
use crate::text::declared;

/// xorshift64*, with the same numbers for the same seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
        usize::try_from(number >> 33).unwrap() % bound
    }
}

/// A random replacement for a value.
fn strange(random: &mut Random) -> Value {
    match random.below(16) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(u64::MAX),
        4 => json!(i64::MIN),
        5 => json!(1e308),
        6 => json!(0.5),
        7 => json!(""),
        8 => json!("é\u{0}\u{202e}'\"\\\n"),
        9 => json!("x".repeat(5000)),
        10 => json!("9999-12-31T23:59:59.999999999Z"),
        11 => json!("-009999-01-01T00:00:00Z"),
        12 => json!("18446744073709551615"),
        13 => json!([]),
        14 => json!({}),
        _ => json!([{"id": [], "attributes": [1]}, null, "a"]),
    }
}

/// Changes one value at a random place.
fn mutate(value: &mut Value, random: &mut Random) {
    let deeper = random.below(8) > 0;
    match value {
        Value::Array(list) if deeper && !list.is_empty() => {
            let at = random.below(list.len());
            match random.below(12) {
                0 => drop(list.remove(at)),
                1 => list.push(list[at].clone()),
                _ => mutate(&mut list[at], random),
            }
        }
        Value::Object(map) if deeper && !map.is_empty() => {
            let at = random.below(map.len());
            let key = map.keys().nth(at).unwrap().clone();
            match random.below(16) {
                0 => drop(map.remove(&key)),
                1 => rename(map, &key, random),
                _ => mutate(&mut map[&key], random),
            }
        }
        _ => *value = strange(random),
    }
}

fn rename(map: &mut Map<String, Value>, key: &str, random: &mut Random) {
    let names = ["next", "count", "id", "attributes", "meta", "future", ""];
    let value = map.remove(key).unwrap();
    map.insert(names[random.below(names.len())].to_owned(), value);
}

/// Sometimes bytes that are not JSON.
fn broken(mut body: Vec<u8>, random: &mut Random) -> Vec<u8> {
    match random.below(20) {
        0 => body.truncate(random.below(body.len() + 1)),
        1 if !body.is_empty() => {
            let at = random.below(body.len());
            body[at] = u8::try_from(random.below(256)).unwrap();
        }
        _ => {}
    }
    body
}

/// A site with a mutation in every response. It stops after some pages, because
/// another test covers endless lists.
struct Hostile<'a> {
    site: &'a Site,
    random: RefCell<Random>,
    answers: RefCell<u32>,
}

const PATIENCE: u32 = 12;

impl Transport for Hostile<'_> {
    fn send(&self, request: Request) -> LocalBoxFuture<'_, Result<Response, Reason>> {
        *self.answers.borrow_mut() += 1;
        let tired = *self.answers.borrow() > PATIENCE;
        let answer = self.site.send(request);
        Box::pin(async move {
            if tired {
                return Ok(ok(r#"{"data":[]}"#));
            }
            let mut response = answer.await?;
            let random = &mut *self.random.borrow_mut();
            if let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) {
                for _ in 0..=random.below(3) {
                    mutate(&mut body, random);
                }
                response.body = serde_json::to_vec(&body).unwrap();
            }
            response.body = broken(response.body, random);
            Ok(response)
        })
    }

    /// Waits forever.
    fn sleep(&self, _: Duration) -> LocalBoxFuture<'_, ()> {
        Box::pin(pending())
    }
}

/// One collection, and another one with the state of the first.
fn attempt(settings: &Settings, window: &Window, site: &Site, seed: u64) {
    let hostile = Hostile {
        site,
        random: RefCell::new(Random(seed)),
        answers: RefCell::default(),
    };
    site.asked.borrow_mut().clear();
    site.requests.borrow_mut().clear();
    let mut state = Vec::new();
    for _ in 0..2 {
        hostile.answers.replace(0);
        let log = Lines::default();
        let collect = guest::run::collect(settings, window, state.clone(), &hostile, &log);
        let outcome = block_on(collect).outcomes.remove(0);
        well_formed(&outcome);
        let Some(mut saved) = saved(&outcome) else {
            return;
        };
        let random = &mut *hostile.random.borrow_mut();
        for _ in 0..random.below(3) {
            let at = random.below(saved.bytes.len());
            saved.bytes[at] = u8::try_from(random.below(256)).unwrap();
        }
        state = vec![saved];
    }
}

/// An empty report has a failure or lists what the server lacks, and no two samples have the same labels.
fn well_formed(outcome: &Outcome) {
    let missing = outcome.failures.len() + outcome.unsupported.len();
    assert!(!outcome.families.is_empty() || missing > 0);
    for family in &outcome.families {
        let labels: Vec<&Vec<String>> = match &family.samples {
            Samples::Gauge(points) | Samples::Counter(points) => {
                points.iter().map(|point| &point.label_values).collect()
            }
            Samples::Histogram(all) => all.iter().map(|one| &one.label_values).collect(),
        };
        let mut seen = HashSet::new();
        for values in labels {
            assert_eq!(values.len(), declared(&family.name).labels.len());
            assert!(seen.insert(values), "{} has {values:?} twice", family.name);
        }
    }
}

#[test]
fn no_response_makes_the_guest_trap() {
    collect_strange(5_000);
}

#[test]
#[ignore = "takes two minutes of processor without optimization"]
fn none_of_a_hundred_thousand_responses_makes_the_guest_trap() {
    collect_strange(100_000);
}

/// Collects from this number of servers with strange responses, over all collectors.
fn collect_strange(number: usize) {
    let collectors: Vec<String> = describe().collectors.into_iter().map(|c| c.name).collect();
    let window = Window {
        last_api_version: None,
        ..window()
    };
    let all: Vec<Settings> = collectors
        .iter()
        .map(|collector| {
            with_legacy_names(Settings {
                collectors: vec![recorded::selection(collector)],
                ..settings(&[])
            })
        })
        .collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (all, window) = (&all, &window);
            scope.spawn(move || {
                let sites = RELEASES.map(|(release, _)| recorded::site(release));
                for case in (thread..number).step_by(threads) {
                    let site = &sites[case / all.len() % sites.len()];
                    // Spread over all bits, because similar seeds start similarly.
                    let seed = (case as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    attempt(&all[case % all.len()], window, site, seed);
                }
            });
        }
    });
}
