//! The scheme of a site, and the certificates that are trusted.

use std::fs;

use simulator::{Authority, Clock, Estate, Options, Simulator};
use tests::{Bench, Exposition};

use super::{KEY, Keys, OFTEN, lively, paris};

pub(super) const KEYS: &[Keys] = &[("nbuserver", &["scheme", "caFile", "insecureSkipVerify"])];

async fn encrypted() -> Simulator {
    let options = Options {
        authority: Some(Authority::new().unwrap()),
        estate: Estate::lively(1, Clock::System.now()),
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

fn down(page: &Exposition) -> bool {
    page.value("nbu_up", &[("site", "paris")]) == Some(0.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_scheme_is_used_at_once() {
    let simulator = lively().await;
    let right = paris(&simulator, KEY, "");
    let bench = Bench::on(&right.replace("scheme: http", "scheme: https")).await;
    bench.until("TLS finds no peer", down).await;
    bench.reconfigure(&right).await;
    bench.until_read(&["paris"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_trusted_only_while_its_authority_is_configured() {
    let (simulator, other) = (encrypted().await, Authority::new().unwrap());
    let rest = format!("server: {{ {OFTEN} }}");
    let bench = Bench::on(&paris(&simulator, KEY, &rest)).await;
    bench.until("no authority is trusted", down).await;

    fs::write(bench.file("ca.pem"), simulator.ca_pem().unwrap()).unwrap();
    let trusting = format!("{KEY}, caFile: ca.pem");
    bench
        .reconfigure(&paris(&simulator, &trusting, &rest))
        .await;
    bench.until_read(&["paris"]).await;

    // Only the content of the file changes, even while connections are open.
    fs::write(bench.file("ca.pem"), other.pem()).unwrap();
    bench.until("another authority is trusted", down).await;
    fs::write(bench.file("ca.pem"), simulator.ca_pem().unwrap()).unwrap();
    bench.until_read(&["paris"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verification_can_be_switched_off_and_on_again() {
    let simulator = encrypted().await;
    let rest = format!("server: {{ {OFTEN} }}");
    let bench = Bench::on(&paris(&simulator, KEY, &rest)).await;
    bench.until("no authority is trusted", down).await;
    let blind = format!("{KEY}, insecureSkipVerify: true");
    bench.reconfigure(&paris(&simulator, &blind, &rest)).await;
    bench.until_read(&["paris"]).await;
    bench.reconfigure(&paris(&simulator, KEY, &rest)).await;
    bench.until("no authority is trusted again", down).await;
}
