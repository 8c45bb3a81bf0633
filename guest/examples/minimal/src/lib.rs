//! The smallest guest: one collector that reports one constant.

#![cfg(target_family = "wasm")]

wit_bindgen::generate!({ path: "wit", world: "guest", generate_all });

use exports::nbu::collector::collector::*;
use nbu::collector::metrics::{Family, Kind, Point, Samples};

/// The key under `collectors:` in the configuration.
const COLLECTOR: &str = "jobs";
const NAME: &str = "nbu_answer";
const HELP: &str = "The answer; constant 42.";

struct MinimalGuest;
export!(MinimalGuest);

impl Guest for MinimalGuest {
    /// What this guest can collect. The host rejects a family or path that is not here.
    fn describe() -> Manifest {
        Manifest {
            version: env!("CARGO_PKG_VERSION").into(),
            capabilities: vec![Capability {
                name: COLLECTOR.into(),
                summary: "A constant".into(),
                families: vec![DescribedFamily {
                    name: NAME.into(),
                    kind: Kind::Gauge,
                    help: HELP.into(),
                    // The host adds `site` in front.
                    labels: vec![],
                }],
                paths: vec![],
                cached: false,
                state_version: 1,
            }],
        }
    }

    /// Problems with the settings of a site: here, a collector that does not exist.
    fn check(settings: Settings) -> Vec<Problem> {
        let selected = settings.collectors.into_iter().map(|it| it.name);
        selected
            .filter(|name| name != COLLECTOR)
            .map(unknown)
            .collect()
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

fn unknown(name: String) -> Problem {
    Problem {
        at: format!("collectors.{name}"),
        message: "this guest has no such collector".into(),
        hint: Some(format!("write `collectors.{name}.enabled: false`")),
    }
}

fn outcome(selected: Selection) -> Outcome {
    Outcome {
        collector: selected.name,
        families: vec![Family {
            name: NAME.into(),
            help: HELP.into(),
            labels: vec![],
            samples: Samples::Gauge(vec![Point {
                label_values: vec![],
                value: 42.0,
            }]),
        }],
        failures: vec![],
        state: None,
    }
}
