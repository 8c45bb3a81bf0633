//! Each collector in each release: every value is correct, and there are no other
//! series.

use jiff::{SignedDuration, Timestamp};
use simulator::{Clock, Estate, Options, Release, Simulator, Truth};
use tests::Exposition;
use tokio::sync::OnceCell;

use super::facts::{self, FACTS, Facts};
use super::series::Series;
use super::{all_on, attempted, failures, names, success};

/// Windows wider than any job, since the duration of a test would matter at their
/// edges. Jobs are compared elsewhere.
const WIDE: &str = "server: { collectionInterval: 1h, scrapingInterval: 150h }
metrics: { legacyNames: true }";

/// How long a job is kept.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(78);

/// One aged client, some healthy ones, a virtual machine, the client of a parent job,
/// one in another case, and one that does not exist.
const CLIENTS: [&str; 8] = [
    "par-legacy-erp01",
    "par-sql004",
    "par-ora003",
    "par-media001",
    "par-vm007",
    "par-vm",
    "PAR-WIN005",
    "par-nobody",
];

/// The page of one host with all releases, and the facts of each release.
struct Read {
    exposition: Exposition,
    truths: Vec<(Release, Truth)>,
}

/// The last time that was half an hour before midnight, when most policies run.
fn night() -> Timestamp {
    let day = SignedDuration::from_hours(24);
    let from_midnight = SignedDuration::from_mins(23 * 60 + 30);
    let now = Clock::System.now();
    let midnight = now.as_second().div_euclid(day.as_secs()) * day.as_secs();
    let tonight = Timestamp::from_second(midnight).unwrap() + from_midnight;
    if tonight < now {
        tonight
    } else {
        tonight - day
    }
}

/// Reads them once for all tests.
async fn read() -> &'static Read {
    static READ: OnceCell<Read> = OnceCell::const_new();
    READ.get_or_init(read_all).await
}

async fn read_all() -> Read {
    let now = night();
    let mut simulators = Vec::new();
    for release in Release::ALL {
        let options = Options {
            release,
            clock: Clock::manual(now),
            estate: Estate::lively_in("par", 1, now),
            ..Options::default()
        };
        simulators.push((release, Simulator::start(options).await.unwrap()));
    }
    let sites: Vec<_> = simulators.iter().map(|(r, it)| (r.name(), it)).collect();
    let collectors = all_on(", window: 150h", &CLIENTS);
    let (_bench, exposition) = attempted(&sites, &format!("{WIDE}\n{collectors}")).await;
    let truths = simulators.iter().map(|(r, it)| (*r, it.truth()));
    Read {
        exposition,
        truths: truths.collect(),
    }
}

/// How many endpoints of the collector the release lacks.
fn lacking(collector: &str, release: Release) -> f64 {
    match collector {
        // Release 10.4 introduced three lists of tape, 10.5 the risk score.
        "tape" if release < Release::V10_4 => 3.0,
        "posture" if release < Release::V10_5 => 1.0,
        _ => 0.0,
    }
}

/// Compares a collector in every release, and expects at least this many series.
async fn compare(collector: &str, least: usize, facts: impl Fn(&Truth, Release) -> Series) {
    let Read { exposition, truths } = read().await;
    let mut known = names::COLLECTORS.iter();
    let families = known.find(|it| it.collector == collector).unwrap().all();
    for (release, truth) in truths {
        let of = format!("{collector} in {release:?}");
        let facts = facts(truth, *release);
        assert!(facts.len() >= least, "{of}: {facts:#?}");
        Series::shown(exposition, release.name(), &families).assert_is(&facts, &of);

        let shown = success(exposition, release.name(), collector);
        assert_eq!(shown, Some(1.0), "{of}");
        let counted = failures(exposition, release.name(), collector, "unsupported");
        assert_eq!(counted, (0.0, 0.0), "{of}");
        let labels = [("site", release.name()), ("collector", collector)];
        let counted = exposition.sum("nbu_collector_unsupported", &labels);
        assert_eq!(counted, lacking(collector, *release), "{of}");
    }
}

fn facts_of(collector: &str) -> Facts {
    let mut all = FACTS.iter();
    all.find(|(name, _)| *name == collector).unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_is_correct_in_every_release() {
    compare("storage", 100, facts_of("storage")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_correct_in_every_release() {
    compare("alerts", 6, facts_of("alerts")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malware_is_correct_in_every_release() {
    compare("malware", 6, facts_of("malware")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_is_correct_in_every_release() {
    compare("catalog", 6, facts_of("catalog")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_are_correct_in_every_release() {
    compare("slo", 7, facts_of("slo")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tape_is_correct_in_every_release_and_10_3_has_only_drives() {
    compare("tape", 10, facts_of("tape")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lifecycle_images_are_correct_in_every_release() {
    compare("slp", 4, facts_of("slp")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn media_servers_are_correct_in_every_release() {
    compare("mediaServers", 30, facts_of("mediaServers")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anomalies_are_correct_in_every_release() {
    compare("anomalies", 3, facts_of("anomalies")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_and_keys_are_correct_in_every_release() {
    compare("security", 20, facts_of("security")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_posture_is_correct_in_every_release() {
    compare("posture", 10, facts_of("posture")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn licences_are_correct_in_every_release() {
    compare("licence", 15, facts_of("licence")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_correct_in_every_release() {
    compare("policies", 11, facts_of("policies")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listed_clients_are_correct_in_every_release() {
    compare("perClient", 30, |truth, _| {
        let within = truth.now() - REMEMBERED..=truth.now();
        facts::clients(truth, &CLIENTS, within)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_family_is_shown_and_none_is_dropped() {
    let Read { exposition, .. } = read().await;
    let known: Vec<_> = names::COLLECTORS
        .iter()
        .flat_map(names::Names::all)
        .collect();
    for family in exposition.types.keys() {
        let named = known.contains(&family.as_str())
            || names::HEALTH.contains(&family.as_str())
            || family.starts_with("nbu_exporter_")
            || family.starts_with("process_");
        assert!(named, "{family}");
    }
    let dropped = exposition.sum("nbu_exporter_series_dropped_total", &[]);
    assert_eq!(dropped, 0.0);
}
