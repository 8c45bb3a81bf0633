//! Misbehaviour in exports other than `collect`.

use http::StatusCode;
use nbu_exporter::app::ExitError;
use tempfile::TempDir;
use tests::{Bench, guests};

use super::{by_site, everywhere, simulator};

/// The error of a host that starts with a guest of this behaviour and these limits.
async fn refused(behaviour: &str, limits: &str) -> String {
    refused_on(&["paris"], behaviour, limits).await
}

/// The same with these sites.
async fn refused_on(sites: &[&str], behaviour: &str, limits: &str) -> String {
    let simulator = simulator().await;
    let folder = TempDir::new().unwrap();
    let guest = guests::behaving(behaviour, 1);
    guests::install(&guest, &folder.path().join(guests::FILE));
    let rest = format!("guest: {{ path: guest.wasm, limits: {{ {limits} }} }}\n");
    let text = by_site(sites, &simulator, &rest);
    std::fs::write(folder.path().join("config.yaml"), text).unwrap();
    match Bench::open(folder).await {
        Ok(_) => panic!("`{behaviour}` was taken"),
        Err(ExitError::Config(problems)) => problems.to_string(),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_misbehaves_at_load_is_rejected_with_the_reason() {
    for (behaviour, reason) in [
        ("mute", "has no valid manifest"),
        ("spin-describe", "did not finish within 0.3 s"),
        ("spin-check", "did not finish within 0.3 s"),
        ("trap-check", "trap"),
        ("picky", "nothing is good enough"),
        ("families", "declares `100000` families, the limit is `500`"),
        ("paths", "declares `100000` endpoints, the limit is `100`"),
        (
            "collectors",
            "declares `10000` collectors, the limit is `64`",
        ),
        ("namesake", "`nbu_test_jobs` twice"),
        ("misnamed", "invalid-name"),
        ("usurper", "reserved-name"),
        ("twin", "`storage` twice"),
        ("nobody", "no collector"),
        ("long-version", "version"),
    ] {
        let brief = behaviour.starts_with("spin");
        let limits = if brief { "checkTimeout: 300ms" } else { "" };
        let said = refused(behaviour, limits).await;
        assert!(said.contains(reason), "{behaviour}: {said}");
        assert!(said.len() < 4000, "{behaviour}: {} bytes", said.len());
    }
    let flood = refused("picky-flood", "failures: 7").await;
    assert_eq!(flood.matches("nothing is good enough").count(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_is_slow_for_every_site_is_rejected() {
    let names: Vec<_> = (0..40).map(|n| format!("site-{n}")).collect();
    let sites: Vec<_> = names.iter().map(String::as_str).collect();
    let said = refused_on(&sites, "dawdle-check", "checkTimeout: 1s").await;
    assert!(said.contains("all sites within 10 s"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misbehaving_probe_is_reported_in_one_line_and_other_sites_stay_healthy() {
    let simulator = simulator().await;
    let behaviours = ["steady", "spin-probe", "trap-probe", "novel"];
    let rest = "guest: { path: guest.wasm }\nserver: { probeTimeout: 500ms }\n";
    let bench = everywhere(&behaviours, &simulator, rest).await;
    let health = bench.get("/health").await;
    let text = health.text();
    assert_eq!(health.status, StatusCode::OK, "{text}");
    let line = |site| text.lines().find(|line| line.contains(site)).unwrap();
    assert!(line("spin-probe").contains("deadline"), "{text}");
    assert!(line("trap-probe").contains("trap"), "{text}");
    assert!(line("novel").contains("contract"), "{text}");
    assert!(text.len() < 4000, "{} bytes", text.len());
}
