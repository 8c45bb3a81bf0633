//! Storage units and disk pools are reported completely.

use simulator::{Estate, Fault, Pool, Simulator, Unit};
use tests::estates::{simulator, site};
use tests::{Bench, Exposition};

const RARELY: &str = "server: { collectionInterval: 1h }";

async fn read(estate: Estate) -> (Simulator, Exposition) {
    let simulator = simulator(estate).await;
    let bench = Bench::start(&[site("paris", &simulator)], RARELY).await;
    let exposition = bench.until_read(&["paris"]).await;
    (simulator, exposition)
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_units_and_pools_are_read_completely() {
    let mut estate = Estate::empty();
    for i in 0..1_130 {
        let pool = Pool::new(&format!("pool-{i:04}"), 1_000_000 + i, 1_000 + i);
        estate.add_unit(Unit::new(&format!("unit-{i:04}"), 900_000 + i, 500 + i).on(&pool));
        estate.add_pool(pool);
    }
    let (simulator, exposition) = read(estate).await;
    let truth = simulator.truth();
    assert_eq!(truth.units().len(), 1_130);
    for unit in truth.units() {
        let labels = [("name", unit.name.as_str()), ("size", "used")];
        let used = exposition.value("nbu_disk_bytes", &labels);
        assert_eq!(used, unit.used.map(|bytes| bytes as f64), "{}", unit.name);
    }
    for pool in truth.pools() {
        let labels = [("pool", pool.name.as_str()), ("size", "raw")];
        let raw = exposition.value("nbu_disk_pool_bytes", &labels);
        assert_eq!(raw, pool.raw.map(|bytes| bytes as f64), "{}", pool.name);
    }
    for path in ["/storage/storage-units", "/storage/disk-pools"] {
        assert_eq!(simulator.requests().count(path), 3, "three pages of {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_without_a_capacity_has_no_series_of_bytes() {
    let mut estate = Estate::empty();
    estate.add_unit(Unit::without_capacity("cloud", "CLOUD", "amazon"));
    estate.add_unit(Unit::without_capacity("tape", "TAPE", "tape"));
    estate.add_unit(Unit::new("disk", 1_000, 10));
    let (_simulator, exposition) = read(estate).await;
    let names = |family: &str| {
        let series = exposition.all(family, &[]);
        let mut names: Vec<_> = series.iter().map(|it| it.labels["name"].clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names("nbu_disk_capacity_bytes"), ["disk"]);
    assert_eq!(names("nbu_storage_info"), ["cloud", "disk"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_one_state_of_a_pool_is_1() {
    let mut estate = Estate::empty();
    for (name, state) in [("a", "UP"), ("b", "DOWN")] {
        let mut pool = Pool::new(name, 1_000, 10);
        pool.state = state.to_owned();
        estate.add_pool(pool);
    }
    let (_simulator, exposition) = read(estate).await;
    let state =
        |pool, state| exposition.value("nbu_disk_pool_state", &[("pool", pool), ("state", state)]);
    assert_eq!(state("a", "UP"), Some(1.0));
    assert_eq!(state("a", "DOWN"), Some(0.0));
    assert_eq!(state("b", "UP"), Some(0.0));
    assert_eq!(state("b", "DOWN"), Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forbidden_list_does_not_affect_the_others() {
    let mut estate = Estate::empty();
    estate.add_unit(Unit::new("disk", 1_000, 10));
    let simulator = simulator(estate).await;
    let servers = "/storage/storage-servers";
    simulator.faults().set_on(servers, Fault::Unauthorized);
    let bench = Bench::start(&[site("paris", &simulator)], RARELY).await;
    let failed = [("collector", "storage"), ("reason", "unauthorized")];
    let exposition = bench
        .until("one list is refused", |e: &Exposition| {
            e.value("nbu_collector_failures_total", &failed) == Some(1.0)
        })
        .await;
    assert_eq!(exposition.all("nbu_disk_capacity_bytes", &[]).len(), 1);
    assert_eq!(exposition.all("nbu_storage_server_state", &[]).len(), 0);
    let success = exposition.value("nbu_collector_success", &[("collector", "storage")]);
    assert_eq!(success, Some(0.0));
}
