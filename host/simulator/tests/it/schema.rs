//! Whether the simulator's answers match the vendor's OpenAPI files, for
//! every endpoint, page and release, and whether it supports the filters and sorts
//! that they name. The files are not part of this tree. Without
//! them the tests skip themselves.

mod adapt;
mod bundle;
mod contradiction;
mod endpoint;
mod exchange;
mod operation;
mod query_support;
mod report;
mod tests;
mod undocumented;
mod vocabulary;

use jiff::Timestamp;
use simulator::{Authority, Clock, Estate, Options, Simulator};

use crate::client::start;
use bundle::{Bundles, RELEASES};
use endpoint::ENDPOINTS;
use operation::Operation;
use report::Report;

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_matches_the_vendors_files() {
    let Some(folder) = bundle::folder() else {
        eprintln!("skipped: no OpenAPI files here; NBU_OPENAPI_DIR says where they are");
        return;
    };
    let mut bundles = Bundles::new(folder);
    let mut report = Report::default();
    let simulator = lively().await;
    for release in RELEASES {
        simulator.set_release(release);
        let errors = bundles.file(release, endpoint::ERRORS);
        for endpoint in ENDPOINTS {
            let file = bundles.file(release, endpoint.file);
            match Operation::find(&file, &errors, endpoint.path, &endpoint.method()) {
                Some(operation) => {
                    let exchanges = exchange::exchanges(&simulator, release, endpoint).await;
                    report.check(release, endpoint, &operation, &exchanges);
                }
                None => {
                    let exchange = exchange::absent(&simulator, release, endpoint).await;
                    report.status(release, endpoint, &exchange);
                }
            }
        }
    }
    report.conclude();
}

/// An estate at night, when jobs run and wait. TLS, so that there is a certificate.
async fn lively() -> Simulator {
    let night: Timestamp = "2026-03-04T01:20:00Z".parse().unwrap();
    let options = Options {
        authority: Some(Authority::new().unwrap()),
        estate: Estate::lively(1, night),
        clock: Clock::manual(night),
        ..Options::default()
    };
    start(options).await
}
