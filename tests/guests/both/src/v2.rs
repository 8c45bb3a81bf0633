//! Version 0.2.

use crate::Component;
use crate::exports::nbu::collector0_2_0::collector::*;
use crate::nbu::collector0_2_0::metrics::{Kind, Point, ReportedFamily, Samples};

impl Guest for Component {
    fn describe() -> Manifest {
        Manifest {
            name: "both".into(),
            version: "1.0.0".into(),
            collectors: vec![DeclaredCollector {
                name: "contract".into(),
                summary: "The contract in use".into(),
                enabled_by_default: true,
                cached: false,
                default_interval_seconds: None,
                endpoints: vec![],
                permissions: vec![],
                options: vec![],
                families: vec![DeclaredFamily {
                    name: "nbu_contract".into(),
                    kind: Kind::Gauge,
                    unit: None,
                    help: "The contract in use.".into(),
                    labels: vec![],
                    experimental: false,
                }],
                state_version: 1,
            }],
            highlights: vec![],
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
            families: vec![ReportedFamily {
                name: "nbu_contract".into(),
                samples: Samples::Gauge(vec![Point {
                    label_values: vec![],
                    value: 0.2,
                }]),
            }],
            failures: vec![],
            unsupported: vec![],
            state: None,
            duration_milliseconds: 0,
            requests: 0,
            skipped_rows: 0,
        };
        Report {
            api_version: None,
            outcomes: settings.collectors.into_iter().map(outcome).collect(),
        }
    }
}
