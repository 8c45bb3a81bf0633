//! Version 0.1.

use crate::Component;
use crate::exports::nbu::collector0_1_0::collector::*;
use crate::nbu::collector0_1_0::metrics::{Family, Kind, Point, Samples};

impl Guest for Component {
    fn describe() -> Manifest {
        Manifest {
            version: "1.0.0".into(),
            capabilities: vec![Capability {
                name: "contract".into(),
                summary: "The contract in use".into(),
                families: vec![DescribedFamily {
                    name: "nbu_contract".into(),
                    kind: Kind::Gauge,
                    help: "The contract in use.".into(),
                    labels: vec![],
                }],
                paths: vec![],
                cached: false,
                state_version: 1,
            }],
        }
    }

    fn check(_: Settings) -> Vec<Problem> {
        vec![]
    }

    fn probe(_: Settings, _: Option<String>) -> Result<ProbeAnswer, Failure> {
        Ok(ProbeAnswer {
            api_version: "14.0".into(),
            server_time: None,
        })
    }

    fn collect(settings: Settings, _: Window, _: Vec<Saved>) -> Report {
        let outcome = |selection: Selection| Outcome {
            collector: selection.name,
            families: vec![Family {
                name: "nbu_contract".into(),
                help: "The contract in use.".into(),
                labels: vec![],
                samples: Samples::Gauge(vec![Point {
                    label_values: vec![],
                    value: 0.1,
                }]),
            }],
            failures: vec![],
            state: None,
        };
        Report {
            api_version: None,
            outcomes: settings.collectors.into_iter().map(outcome).collect(),
        }
    }
}
