//! Several sites: they neither wait for nor affect each other.

use std::fs;

use simulator::{Estate, Fault, Pool, Unit};
use tempfile::TempDir;
use tests::estates::{simulator, site, small};
use tests::{Bench, Exposition, guests};

const OFTEN: &str = "server: { collectionInterval: 100ms, cacheTTL: 100ms }";

fn read_at(exposition: &Exposition, site: &str, collector: &str) -> Option<f64> {
    let labels = [("site", site), ("source", collector)];
    exposition.value("nbu_last_scrape_timestamp_seconds", &labels)
}

fn up(exposition: &Exposition, site: &str) -> Option<f64> {
    exposition.value("nbu_up", &[("site", site)])
}

fn stock(name: &str, used: u64) -> Estate {
    let mut estate = Estate::empty();
    let pool = Pool::new("pool", 1_000, used);
    estate.add_unit(Unit::new(name, 1_000, used).on(&pool));
    estate.add_pool(pool);
    estate
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_site_does_not_delay_others() {
    let paris = simulator(small()).await;
    let london = simulator(small()).await;
    let tokyo = simulator(small()).await;
    tokyo.faults().set(Fault::Hanging);
    let sites = [
        site("tokyo", &tokyo),
        site("paris", &paris),
        site("london", &london),
    ];
    let bench = Bench::start(&sites, OFTEN).await;
    tokyo.requests().wait_for("/ping", 1).await;
    let healthy = ["paris", "london"];
    let mut exposition = bench.until_read(&healthy).await;
    for _ in 0..5 {
        let at = |e: &Exposition| healthy.map(|site| read_at(e, site, "jobs"));
        let before = at(&exposition);
        let later = |e: &Exposition| at(e).iter().zip(&before).all(|(now, then)| now > then);
        exposition = bench.until("both are read again", later).await;
        assert_eq!(up(&exposition, "tokyo"), None, "it still hangs");
        assert_eq!(healthy.map(|site| up(&exposition, site)), [Some(1.0); 2]);
    }
    assert_eq!(tokyo.requests().total(), 1, "nothing piles up on it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_attempt_is_stopped_at_its_deadline_with_a_reason() {
    let paris = simulator(small()).await;
    let tokyo = simulator(small()).await;
    let rest = "server: { collectionInterval: 100ms, cacheTTL: 100ms, collectionTimeout: 2s }";
    let sites = [site("paris", &paris), site("tokyo", &tokyo)];
    let bench = Bench::start(&sites, rest).await;
    bench.until_read(&["paris", "tokyo"]).await;

    tokyo.faults().set(Fault::Hanging);
    let down = |e: &Exposition| up(e, "tokyo") == Some(0.0);
    let exposition = bench.until("the deadline has passed", down).await;
    for collector in ["storage", "jobs"] {
        let failures = |site, reason| {
            let labels = [("site", site), ("collector", collector), ("reason", reason)];
            exposition.sum("nbu_collector_failures_total", &labels)
        };
        assert!(failures("tokyo", "timeout") >= 1.0, "{collector}");
        assert_eq!(failures("paris", "timeout"), 0.0, "{collector}");
        let labels = [("site", "tokyo"), ("collector", collector)];
        assert_eq!(
            exposition.value("nbu_collector_success", &labels),
            Some(0.0)
        );
    }
    // The guest ends its collectors before the host ends the guest.
    assert_eq!(exposition.sum("nbu_exporter_guest_faults_total", &[]), 0.0);
    let tokyos = exposition.all("nbu_disk_bytes", &[("site", "tokyo")]);
    assert!(!tokyos.is_empty(), "its last values stay");

    tokyo.faults().clear();
    bench.until_read(&["paris", "tokyo"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_site_does_not_affect_others() {
    let paris = simulator(small()).await;
    let tokyo = simulator(small()).await;
    tokyo.set_api_key("another");
    let sites = [site("tokyo", &tokyo), site("paris", &paris)];
    let bench = Bench::start(&sites, OFTEN).await;
    let both = |e: &Exposition| (up(e, "tokyo"), up(e, "paris")) == (Some(0.0), Some(1.0));
    let exposition = bench.until("one is up, one is down", both).await;
    let paris = [("site", "paris")];
    assert_eq!(exposition.sum("nbu_collector_failures_total", &paris), 0.0);
    let refused = [("site", "tokyo"), ("reason", "unauthorized")];
    assert!(exposition.sum("nbu_collector_failures_total", &refused) >= 2.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_site_is_reported_separately_in_the_order_of_the_file() {
    let tokyo = simulator(stock("tokyo-unit", 100)).await;
    let paris = simulator(stock("paris-unit", 700)).await;
    let sites = [site("tokyo", &tokyo), site("paris", &paris)];
    let bench = Bench::start(&sites, OFTEN).await;
    let exposition = bench.until_read(&["tokyo", "paris"]).await;
    let used = |site: &str| {
        let labels = [("site", site), ("size", "used")];
        let found = exposition.all("nbu_disk_bytes", &labels);
        let found = found.iter().map(|it| (it.labels["name"].clone(), it.value));
        found.collect::<Vec<_>>()
    };
    assert_eq!(used("tokyo"), [("tokyo-unit".to_owned(), 100.0)]);
    assert_eq!(used("paris"), [("paris-unit".to_owned(), 700.0)]);
    let ups = exposition.all("nbu_up", &[]);
    let order: Vec<_> = ups.iter().map(|up| up.labels["site"].as_str()).collect();
    assert_eq!(order, ["tokyo", "paris"]);
}

/// Within 15 s, of which the last site waits 14 s.
#[tokio::test(flavor = "multi_thread")]
async fn many_sites_start_spread_out_and_an_added_site_starts_at_once() {
    let config = |sites: usize| {
        let site = |number: usize| {
            format!(
                "  - {{ site: s{number}, scheme: http, host: 127.0.0.1, port: 9, apiKey: k }}\n"
            )
        };
        let sites: String = (0..sites).map(site).collect();
        let server = "server: { collectionInterval: 150s }\n";
        format!("{server}{}nbuservers:\n{sites}", guests::GUEST)
    };
    let folder = TempDir::new().unwrap();
    let steady = guests::behaving("steady", 1);
    guests::install(&steady, &folder.path().join(guests::FILE));
    fs::write(folder.path().join("config.yaml"), config(17)).unwrap();
    let bench = Bench::open(folder).await.unwrap();
    let exposition = bench.until_read(&["s0"]).await;
    assert_eq!(up(&exposition, "s16"), None, "it waits");
    bench.reconfigure(&config(18)).await;
    let exposition = bench.until_read(&["s17"]).await;
    assert_eq!(up(&exposition, "s16"), None, "it still waits");
    let names: Vec<_> = (0..18).map(|number| format!("s{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    bench.until_read(&names).await;
}
