//! Bad days of a server, judged by a real Prometheus with the shipped rules.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use simulator::{Clock, Drive, Estate, Fault, Job, MediaServer, Pool, Simulator};
use tempfile::TempDir;
use tests::{Bench, Site, eventually};

use super::week::prometheus::{Asked, with_rules};

const RULES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../deploy/prometheus/rules.yml"
);

const REST: &str = "server: { collectionInterval: 1s, cacheTTL: 1s, scrapingInterval: 48h }
collectors:
  tape: { enabled: true }
  mediaServers: { enabled: true }
";

/// The rules with each `for` a sixtieth as long, so that minutes are seconds.
fn rules() -> String {
    let text = std::fs::read_to_string(RULES).unwrap();
    let scaled = text.lines().map(|line| {
        let Some((indent, time)) = line.split_once("for: ") else {
            return line.to_owned();
        };
        let (number, unit) = time.split_at(time.len() - 1);
        let unit = BTreeMap::from([("m", "s"), ("h", "m")])[unit];
        format!("{indent}for: {number}{unit}")
    });
    scaled.collect::<Vec<_>>().join("\n")
}

/// A job that ended this many minutes ago.
fn ended(id: u64, minutes: u64, status: i64) -> Job {
    let ago = |minutes| Clock::System.now() - Duration::from_secs(60 * minutes);
    let (start, end) = (ago(minutes + 10), ago(minutes));
    Job::new(id, start).done(start, end, status)
}

/// Backups of the last night, and of the catalog, and a pool with free space.
fn good_night() -> Estate {
    let mut estate = night(60, 90);
    estate.add_pool(Pool::new("pool", 1_000_000, 400_000));
    estate
}

/// A backup and a backup of the catalog that ended this many minutes ago.
fn night(backup: u64, catalog: u64) -> Estate {
    let mut estate = Estate::empty();
    estate.add_job(ended(1, backup, 0));
    let mut job = ended(2, catalog, 0);
    (job.job_type, job.policy_type) = ("DBBACKUP".into(), "NBU_CATALOG".into());
    estate.add_job(job);
    estate
}

/// Ten good jobs and ten that fail, each a second after the other.
fn half_fails(job_type: &'static str) -> Estate {
    let mut estate = good_night();
    let now = Clock::System.now();
    for number in 0..20 {
        let end = now + Duration::from_secs(10 + number);
        let status = [0, 96][number as usize % 2];
        let mut job = Job::new(10 + number, now).done(now, end, status);
        job.job_type = job_type.into();
        estate.add_job(job);
    }
    estate
}

/// Ten machines of one VMware policy, half of which have no backup since their snapshot
/// failed. The root is partly successful, and each good snapshot is a parent.
fn failed_snapshots() -> Estate {
    let mut estate = good_night();
    let root = 100;
    estate.add_job(ending(root, 40, 1, "BACKUP", "VMWARE", None));
    for machine in 1..=10 {
        let id = root + 10 * machine;
        let status = if machine % 2 == 0 { 156 } else { 0 };
        let snapshot = ending(id, 10 + machine, status, "SNAPSHOT", "VMWARE", Some(root));
        estate.add_job(snapshot);
        if status == 0 {
            let backup = ending(id + 1, 20 + machine, 0, "BACKUP", "VMWARE", Some(id));
            estate.add_job(backup);
        }
    }
    estate
}

/// Scripts of Oracle and SQL Server that fail though all their streams are good.
fn failed_scripts(policy_type: &'static str) -> Estate {
    let mut estate = good_night();
    for script in 1..=4 {
        let root = 100 * script;
        estate.add_job(ending(root, 30 + script, 6, "BACKUP", policy_type, None));
        for stream in 1..=2 {
            let end = 10 + script + stream;
            let stream = ending(root + stream, end, 0, "BACKUP", policy_type, Some(root));
            estate.add_job(stream);
        }
    }
    estate
}

/// A job that ends in this many seconds.
fn ending(
    id: u64,
    seconds: u64,
    status: i64,
    job_type: &'static str,
    policy_type: &'static str,
    parent: Option<u64>,
) -> Job {
    let now = Clock::System.now();
    let mut job = Job::new(id, now).done(now, now + Duration::from_secs(seconds), status);
    (job.job_type, job.policy_type) = (job_type.into(), policy_type.into());
    job.parent = parent;
    job
}

fn drive_down() -> Estate {
    let mut estate = good_night();
    estate.add_device_host("media01");
    estate.add_drive(Drive::new(0, 0, &["media01"]));
    estate.add_drive(Drive::new(1, 0, &["media01"]).down());
    estate
}

fn media_server_offline() -> Estate {
    let mut estate = good_night();
    estate.add_media_server(MediaServer::new("media01"));
    estate.add_media_server(MediaServer::new("media02").offline());
    estate
}

fn pool_full() -> Estate {
    let mut estate = night(60, 90);
    estate.add_pool(Pool::new("pool", 1_000_000, 979_000));
    estate
}

/// Each bad day, with the only alert that it raises.
fn days() -> Vec<(&'static str, Estate, Option<&'static str>)> {
    const HOURS: u64 = 60;
    vec![
        ("well", good_night(), None),
        ("revoked", good_night(), Some("NetBackupKeyRefused")),
        ("down", good_night(), Some("NetBackupSiteDown")),
        ("idle", night(30 * HOURS, 90), Some("NetBackupNoBackups")),
        (
            "uncataloged",
            night(60, 30 * HOURS),
            Some("NetBackupCatalogBackupOld"),
        ),
        ("failing", half_fails("BACKUP"), Some("NetBackupJobsFail")),
        ("snapshots", failed_snapshots(), Some("NetBackupJobsFail")),
        (
            "oracle",
            failed_scripts("ORACLE"),
            Some("NetBackupParentFails"),
        ),
        (
            "sql",
            failed_scripts("SQL_SERVER"),
            Some("NetBackupParentFails"),
        ),
        (
            "stuck",
            half_fails("REPLICATE"),
            Some("NetBackupReplicationFails"),
        ),
        ("full", pool_full(), Some("NetBackupPoolAboveMark")),
        ("tape", drive_down(), Some("NetBackupDriveDown")),
        (
            "media",
            media_server_offline(),
            Some("NetBackupMediaServerOffline"),
        ),
    ]
}

type Alerts = BTreeSet<(String, String)>;

/// The alerts that fire now, with their site.
async fn firing(asked: &Asked) -> Alerts {
    let series = asked.query("ALERTS{alertstate=\"firing\"}", None).await;
    let label = |it: &serde_json::Value, name: &str| {
        it["metric"][name].as_str().unwrap_or_default().to_owned()
    };
    let named = series
        .iter()
        .map(|it| (label(it, "site"), label(it, "alertname")));
    named.collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the alerts wait for their `for`, in seconds instead of minutes: `make verify`"]
async fn each_bad_day_raises_its_alert_and_no_other() {
    let mut expected = Alerts::new();
    let mut sites: Vec<(&str, Simulator)> = Vec::new();
    for (name, estate, alert) in days() {
        sites.push((name, tests::estates::simulator(estate).await));
        expected.extend(alert.map(|it| (name.to_owned(), it.to_owned())));
    }
    let folder = TempDir::new().unwrap();
    let configured: Vec<Site<'_>> = sites
        .iter()
        .map(|(name, simulator)| tests::estates::site(name, simulator))
        .collect();
    Bench::write(folder.path(), &configured, REST);
    let bench = Bench::open(folder).await.unwrap();
    let names: Vec<&str> = sites.iter().map(|(name, _)| *name).collect();
    bench.until_read(&names).await;
    let simulator = |name| &sites.iter().find(|(it, _)| *it == name).unwrap().1;
    simulator("revoked").set_api_key("another");
    simulator("down").faults().set(Fault::Status(503));
    let Some(prometheus) = with_rules(bench.app.addresses()[0], &rules()).await else {
        return println!("SKIPPED: the alerts of the bad days need Prometheus");
    };
    let asked = &prometheus.asked;
    let mut seen = Alerts::new();
    eventually("each alert fires", async || {
        seen.extend(firing(asked).await);
        expected.is_subset(&seen)
    })
    .await;
    assert_eq!(seen, expected);

    simulator("revoked").set_api_key("simulator");
    simulator("down").faults().clear();
    expected.retain(|(site, _)| !["revoked", "down"].contains(&site.as_str()));
    eventually("the repaired sites are quiet", async || {
        firing(asked).await == expected
    })
    .await;
}
