//! Long lists are read completely.

use std::time::Duration;

use jiff::Timestamp;
use simulator::{
    Alert, Anomaly, ApiKey, Cartridge, Clock, Drive, Entitlement, Estate, FrontEnd,
    HostCertificate, Image, MediaServer, Msdp, Options, PausedClient, Policy, Pool, Release, Scan,
    Simulator, Slo, SlpImage, StorageServer, Ticket, Truth, Unit, VolumePool,
};
use tests::estates::simulator;

use super::facts::FACTS;
use super::series::Series;
use super::{all_on, attempted, names};

const RARELY: &str = "server: { collectionInterval: 1h }\nmetrics: { legacyNames: true }";
const HOUR: Duration = Duration::from_secs(3600);

/// Cycles through these values.
fn turn<'a>(words: &[&'a str], number: u32) -> &'a str {
    words[number as usize % words.len()]
}

/// Every list has more than one page, or several rows that look alike.
pub(super) fn large(now: Timestamp) -> Estate {
    let mut estate = Estate::empty();
    storage(&mut estate);
    tape(&mut estate, now);
    lifecycle(&mut estate, now);
    administration(&mut estate, now);
    let day = now - 10 * HOUR;
    for i in 0..250 {
        let ago = i * Duration::from_secs(60);
        let severity = turn(&["ERROR", "WARNING", "INFO"], i);
        estate.add_alert(Alert::new(i.into(), severity, day - ago));
        let client = format!("client{i}");
        let result = turn(
            &["CLEAN", "CLEAN", "IMPACTED", "NOT_SUPPORTED", "NOT_SCANNED"],
            i,
        );
        let mut image = Image::new(&client, day - ago).scanned(result);
        image.anomaly_status = turn(&["NOT_ANOMALOUS", "ANOMALOUS", "IGNORED"], i).to_owned();
        estate.add_image(image);
        // Each image was scanned twice; the later scan counts.
        for (number, hours) in [(2 * i, 2), (2 * i + 1, 1)] {
            let mut scan = Scan::new(&number.to_string(), &client, now - hours * HOUR);
            scan.backup_time = day - ago;
            scan.scanned = u64::from(1000 + number);
            scan.infected = u64::from(number % 7);
            estate.add_scan(scan.with("SCAN_COMPLETED", turn(&["CLEAN", "IMPACTED"], number / 3)));
        }
    }
    for i in 0..130 {
        let workload = turn(&["VMWARE", "CLOUD", "KUBERNETES"], i);
        estate.add_slo(Slo::new(&format!("plan{i}"), workload, i.into()));
    }
    estate
}

/// More than a page of each; one of the states of images has 1,100.
fn lifecycle(estate: &mut Estate, now: Timestamp) {
    for i in 0..1_250 {
        let client = format!("client{i}");
        let slp = turn(&["gold", "silver"], i);
        let image = SlpImage::new(&client, slp, now - (i + 1) * Duration::from_secs(60));
        estate.add_slp_image(match i {
            0..1_100 => image,
            1_100..1_200 => image.in_state("IN_PROCESS|INACTIVE", "IN_PROCESS|INACTIVE"),
            _ => image.in_state("COMPLETE", "COPYCOMPLETE"),
        });
    }
    for i in 0..510 {
        let server = MediaServer::new(&format!("media{i:03}"));
        estate.add_media_server(if i % 9 == 0 { server.offline() } else { server });
    }
    for i in 0..130 {
        let expires = now + (i + 1) * 24 * HOUR + HOUR;
        estate.add_api_key(ApiKey {
            tag: format!("tag{i:03}"),
            user: turn(&["monitor", "admin"], i).to_owned(),
            expires,
        });
        estate.add_host_certificate(HostCertificate {
            host: format!("host{i:03}"),
            expires,
            revoked: i % 11 == 0,
        });
    }
    for i in 0..230 {
        let severity = turn(&["LOW", "MEDIUM", "HIGH"], i);
        let found = now - (i + 1) * HOUR;
        estate.add_anomaly(Anomaly {
            kind: turn(&["JOB_BASED", "FILE_ENTROPY"], i).to_owned(),
            ..Anomaly::new(i.into(), severity, found)
        });
    }
}

/// More than a page of each.
fn administration(estate: &mut Estate, now: Timestamp) {
    for i in 0..230 {
        estate.add_ticket(Ticket {
            id: i.into(),
            state: turn(&["PENDING", "DONE", "REJECTED"], i).to_owned(),
            created: now - (i + 1) * HOUR,
        });
        estate.add_paused_client(PausedClient {
            client: format!("paused{i:03}"),
            trigger: turn(&["MANUAL", "AUTOMATIC", "MANUAL"], i).to_owned(),
            since: now - (i + 1) * HOUR,
        });
        estate.add_entitlement(Entitlement {
            id: format!("entitlement{i:03}"),
            product: turn(&["platform", "server"], i).to_owned(),
            meter: turn(&["FETB", "CPU", "SERVER"], i).to_owned(),
            kind: turn(&["SUBSCRIPTION", "PERPETUAL"], i / 3).to_owned(),
            status: turn(&["ACTIVE", "EXPIRED"], i / 7).to_owned(),
            count: i.into(),
            multiplier: 1.5,
            ends: now + i * 24 * HOUR,
        });
    }
    for i in 0..35 {
        estate.add_front_end(FrontEnd {
            primary: format!("primary{i:02}"),
            megabytes: f64::from(i) + 0.5,
        });
    }
    for i in 0..1_100 {
        estate.add_policy(Policy {
            name: format!("policy{i:04}"),
            kind: turn(&["Standard", "VMware", "DEPLOYMENT"], i).to_owned(),
            active: i % 5 > 0,
        });
    }
}

fn storage(estate: &mut Estate) {
    for i in 0..130 {
        let pool = Pool::new(&format!("pool{i:03}"), 1_000_000 + i, 1_000 + i);
        estate.add_unit(Unit::new(&format!("unit{i:03}"), 900_000 + i, 500 + i).on(&pool));
        estate.add_pool(pool);
        let msdp = Msdp::new(1_000_000 + i, 1_000 + i, 9_000 + i);
        estate.add_storage_server(StorageServer::new(&format!("server{i:03}"), msdp));
    }
    for i in 130..150 {
        estate.add_unit(Unit::without_capacity(
            &format!("unit{i}"),
            "CLOUD",
            "amazon",
        ));
    }
}

fn tape(estate: &mut Estate, now: Timestamp) {
    let hosts = ["media01", "media02", "media03", "media04"];
    for i in 0..120 {
        let drive = Drive::new(i, i / 40, &hosts);
        estate.add_drive(if i % 10 == 3 { drive.down() } else { drive });
        estate.add_volume_pool(VolumePool::new(
            i,
            &format!("volumes{i:03}"),
            u64::from(i) % 5,
        ));
    }
    for i in 0..250 {
        let pool = turn(&["NetBackup", "Offsite", "Scratch"], i);
        estate.add_cartridge(Cartridge::new(&format!("A{i:05}"), pool, now - HOUR));
    }
    hosts.iter().for_each(|host| estate.add_device_host(host));
}

/// How many rows each list has.
fn rows(truth: &Truth) -> [u64; 9] {
    let len = |len: usize| len as u64;
    [
        len(truth.units().len()),
        len(truth.pools().len()),
        len(truth.servers().len()),
        truth.alerts().values().sum(),
        truth.latest_scans().values().sum(),
        truth.slos().values().sum(),
        len(truth.drives().len()),
        len(truth.cartridges().len()),
        len(truth.volume_pools().len()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_long_list_is_counted_to_its_last_row() {
    let simulator = simulator(large(Clock::System.now())).await;
    let truth = simulator.truth();
    assert_eq!(rows(&truth), [150, 130, 130, 250, 250, 130, 120, 250, 120]);
    let rest = format!("{RARELY}\n{}", all_on("", &["client1"]));
    let (_bench, exposition) = attempted(&[("paris", &simulator)], &rest).await;
    for (collector, facts) in FACTS {
        let mut known = names::COLLECTORS.iter();
        let families = known.find(|it| it.collector == *collector).unwrap().all();
        let shown = Series::shown(&exposition, "paris", &families);
        shown.assert_is(&facts(&truth, Release::V11_2), collector);
    }
    for (family, sum) in [
        ("nbu_alerts", 250),
        ("nbu_catalog_images", 250),
        ("nbu_tape_media", 250),
        ("nbu_tape_drives", 120),
        ("nbu_tape_drive_info", 4 * 120),
    ] {
        assert_eq!(exposition.sum(family, &[]), f64::from(sum), "{family}");
    }
    for (path, pages) in [
        ("/manage/alerts", 3),
        ("/malware/latest-scan-results", 3),
        ("/storage/tape-media", 3),
        ("/storage/tape-volume-pools", 2),
        ("/storage/storage-servers", 2),
        ("/security/mpa-tickets", 3),
        // Without a count, an empty page ends the list.
        ("/config/paused-clients", 4),
        ("/licensing/entitlements", 4),
        ("/licensing/capacity", 4),
        ("/config/policies/", 3),
    ] {
        assert_eq!(simulator.requests().count(path), pages, "pages of {path}");
    }
    let dropped = exposition.sum("nbu_exporter_series_dropped_total", &[]);
    assert_eq!(dropped, 0.0, "no two series have the same labels");
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_counted_in_a_day_or_in_the_configured_window() {
    let now = Clock::System.now();
    for (window, expected) in [("", 2.0), (", window: 36h", 3.0), (", window: 7200m", 4.0)] {
        let mut estate = Estate::empty();
        for hours in [1, 23, 25, 48, 150] {
            estate.add_image(Image::new("client", now - hours * HOUR));
        }
        let options = Options {
            estate,
            release: Release::V10_5,
            ..Options::default()
        };
        let simulator = Simulator::start(options).await.unwrap();
        let rest = format!("{RARELY}\n{}", all_on(window, &[]));
        let (_bench, exposition) = attempted(&[("paris", &simulator)], &rest).await;
        assert_eq!(
            exposition.sum("nbu_catalog_images", &[]),
            expected,
            "{window}"
        );
    }
}
