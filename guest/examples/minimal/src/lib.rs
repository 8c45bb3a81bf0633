//! The smallest guest: one collector that reports one constant.

#![cfg(target_family = "wasm")]

wit_bindgen::generate!({ path: "wit", world: "guest", generate_all });

use exports::nbu::collector::collector::*;
use nbu::collector::metrics::{Kind, Point, ReportedFamily, Samples};

/// The name of the only family.
const NAME: &str = "nbu_answer";

struct MinimalGuest;
export!(MinimalGuest);

impl Guest for MinimalGuest {
    /// What this guest can collect. The host rejects what is not declared here.
    fn describe() -> Manifest {
        Manifest {
            // Versions and saved states only compare between guests of one name.
            name: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            collectors: vec![DeclaredCollector {
                // The key under `collectors:` in the configuration.
                name: "answer".into(),
                summary: "A constant".into(),
                enabled_by_default: true,
                cached: false,
                default_interval_seconds: None,
                endpoints: vec![],
                permissions: vec![],
                options: vec![],
                families: vec![DeclaredFamily {
                    name: NAME.into(),
                    kind: Kind::Gauge,
                    unit: None,
                    help: "The answer; constant 42.".into(),
                    // The host adds `site` in front.
                    labels: vec![],
                    experimental: false,
                }],
                state_version: 1,
            }],
            highlights: vec![],
        }
    }

    /// Problems that the declared options do not express; here, none.
    fn check(_: Settings) -> Vec<Problem> {
        vec![]
    }

    /// Whether the site answers, for `/health`. A real guest sends one request.
    fn probe(_: Settings, _: Option<String>) -> Result<ProbeAnswer, Failure> {
        Ok(ProbeAnswer {
            api_version: "14.0".into(),
            server_time: None,
        })
    }

    /// One collection of one site: one outcome for each selected collector, in order.
    fn collect(settings: Settings, _: Window, _: Vec<Saved>) -> Report {
        Report {
            api_version: None,
            outcomes: settings.collectors.into_iter().map(outcome).collect(),
        }
    }
}

fn outcome(selected: Selection) -> Outcome {
    let answer = Point {
        label_values: vec![],
        value: 42.0,
    };
    Outcome {
        collector: selected.name,
        families: vec![ReportedFamily {
            name: NAME.into(),
            samples: Samples::Gauge(vec![answer]),
        }],
        failures: vec![],
        unsupported: vec![],
        state: None,
        duration_milliseconds: 0,
        requests: 0,
        skipped_rows: 0,
    }
}
