//! A site with a changing address.

use simulator::{Estate, Options, Simulator, Unit};
use tests::{Bench, Exposition};

use super::{KEY, Keys, paris};

pub(super) const KEYS: &[Keys] = &[("nbuserver", &["host", "port", "uri"])];

/// A simulator with one storage unit, at one of the loopback addresses.
async fn with_unit(name: &str, host: [u8; 4]) -> Simulator {
    let mut estate = Estate::empty();
    estate.add_unit(Unit::new(name, 1000, 10));
    let options = Options {
        listen: (host, 0).into(),
        estate,
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

/// Which of the two units the page shows; neither if it shows both.
fn told(page: &Exposition) -> [bool; 2] {
    ["here", "there"].map(|name| !page.all("nbu_disk_bytes", &[("name", name)]).is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_port_or_host_replaces_all_values_of_the_old_one() {
    let here = with_unit("here", [127, 0, 0, 1]).await;
    let there = with_unit("there", [127, 0, 0, 1]).await;
    let bench = Bench::on(&paris(&here, KEY, "")).await;
    bench
        .until("the first is shown", |page| told(page) == [true, false])
        .await;
    bench.reconfigure(&paris(&there, KEY, "")).await;
    bench
        .until("the other is shown", |page| told(page) == [false, true])
        .await;

    let far = with_unit("here", [127, 0, 73, 9]).await;
    let text = paris(&far, KEY, "").replace("host: 127.0.0.1", "host: 127.0.73.9");
    bench.reconfigure(&text).await;
    bench
        .until("the far one is shown", |page| told(page) == [true, false])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_the_old_address_disappear_even_if_the_new_one_is_unreachable() {
    let here = with_unit("here", [127, 0, 0, 1]).await;
    let bench = Bench::on(&paris(&here, KEY, "")).await;
    let page = bench.until("it is shown", |page| told(page)[0]).await;
    let read = |page: &Exposition| {
        let of_storage = [("site", "paris"), ("source", "storage")];
        page.value("nbu_last_scrape_timestamp_seconds", &of_storage)
    };
    let port = here.address().port();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = silent.local_addr().unwrap().port();
    let text = paris(&here, KEY, "").replace(&port.to_string(), &nowhere.to_string());
    bench.reconfigure(&text).await;
    let moved = bench
        .until("it is no longer shown", |page| !told(page)[0])
        .await;
    assert_eq!(read(&moved), read(&page), "its age stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_base_path_is_used_after_the_reload() {
    let simulator = with_unit("here", [127, 0, 0, 1]).await;
    let wrong = format!("{KEY}, uri: /elsewhere");
    let bench = Bench::on(&paris(&simulator, &wrong, "")).await;
    bench
        .until("nothing is there", |page| {
            page.value("nbu_up", &[]) == Some(0.0)
        })
        .await;
    let all = simulator.requests().all();
    assert!(all.iter().all(|r| r.path.starts_with("/elsewhere/")));
    let right = format!("{KEY}, uri: /netbackup");
    bench.reconfigure(&paris(&simulator, &right, "")).await;
    bench.until("it is shown", |page| told(page)[0]).await;
}
