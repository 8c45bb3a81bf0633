//! Every expected family exists. The names are written here by hand, independent of
//! the guest's manifest.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use tests::{Client, Exposition, Program, eventually};

/// A collector, its families, and the predecessor's names for them.
pub(crate) struct Names {
    pub(crate) collector: &'static str,
    pub(crate) families: &'static [&'static str],
    pub(super) legacy: &'static [&'static str],
}

impl Names {
    /// Both.
    pub(super) fn all(&self) -> Vec<&'static str> {
        [self.families, self.legacy].concat()
    }
}

#[rustfmt::skip]
pub(crate) const COLLECTORS: &[Names] = &[
    Names {
        collector: "storage",
        families: &["nbu_disk_bytes", "nbu_disk_capacity_bytes", "nbu_storage_max_concurrent_jobs",
            "nbu_storage_max_fragment_size_bytes", "nbu_storage_info", "nbu_disk_pool_bytes",
            "nbu_disk_pool_state", "nbu_disk_pool_water_mark_ratio", "nbu_disk_pool_volumes",
            "nbu_storage_server_state", "nbu_storage_server_status_code", "nbu_msdp_bytes",
            "nbu_msdp_dedup_saved_ratio", "nbu_disk_volume_up", "nbu_disk_pool_info"],
        legacy: &["nbu_disk_pool_volume_count"],
    },
    Names {
        collector: "jobs",
        families: &["nbu_jobs_finished_total", "nbu_parent_jobs_finished_total",
            "nbu_jobs_transferred_bytes_total", "nbu_jobs_data_transferred_bytes_total",
            "nbu_jobs_files_total", "nbu_job_duration_seconds", "nbu_jobs_requeued_total",
            "nbu_last_successful_backup_timestamp_seconds",
            "nbu_catalog_backup_last_success_timestamp_seconds",
            "nbu_catalog_backup_last_status", "nbu_jobs_current", "nbu_jobs_queued",
            "nbu_jobs_oldest_seconds", "nbu_jobs_window", "nbu_jobs_window_bytes",
            "nbu_jobs_dedup_saved_ratio", "nbu_clients", "nbu_client_overdue_seconds"],
        legacy: &["nbu_jobs_count", "nbu_jobs_bytes", "nbu_status_count", "nbu_jobs_state_count",
            "nbu_jobs_queued_count", "nbu_jobs_files_count", "nbu_jobs_dedup_ratio"],
    },
    Names {
        collector: "alerts",
        families: &["nbu_alerts", "nbu_alert_last_created_timestamp_seconds"],
        legacy: &["nbu_alerts_count"],
    },
    Names {
        collector: "malware",
        families: &["nbu_malware_files_scanned", "nbu_malware_files_infected",
            "nbu_malware_scans"],
        legacy: &["nbu_malware_scan_count"],
    },
    Names {
        collector: "catalog",
        families: &["nbu_catalog_images"],
        legacy: &["nbu_catalog_images_count"],
    },
    Names { collector: "slo", families: &["nbu_slos"], legacy: &["nbu_slo_count"] },
    Names {
        collector: "tape",
        families: &["nbu_tape_drives", "nbu_tape_drive_info", "nbu_tape_media",
            "nbu_tape_robot_device_hosts", "nbu_tape_pool_partially_full",
            "nbu_tape_pool_media", "nbu_tape_media_status", "nbu_tape_cleanings_remaining",
            "nbu_tape_drive_path_up", "nbu_tape_drives_needing_cleaning"],
        legacy: &["nbu_tape_drives_count", "nbu_tape_media_count"],
    },
    Names {
        collector: "slp",
        families: &["nbu_slp_images", "nbu_slp_oldest_image_timestamp_seconds",
            "nbu_slp_copies"],
        legacy: &[],
    },
    Names {
        collector: "mediaServers",
        families: &["nbu_media_server_state", "nbu_media_server_up", "nbu_media_server_info"],
        legacy: &[],
    },
    Names {
        collector: "security",
        families: &["nbu_host_certificates", "nbu_host_certificate_expiry_timestamp_seconds",
            "nbu_ca_certificate_expiry_timestamp_seconds", "nbu_ca_migration_state",
            "nbu_api_key_expiry_timestamp_seconds"],
        legacy: &[],
    },
    Names {
        collector: "posture",
        families: &["nbu_security_risk_score", "nbu_mpa_tickets", "nbu_paused_clients",
            "nbu_server_info", FREEZE_MODE],
        legacy: &[],
    },
    Names {
        collector: "licence",
        families: &["nbu_license_entitlements", "nbu_license_expiry_timestamp_seconds",
            "nbu_license_front_end_bytes"],
        legacy: &[],
    },
    Names { collector: "policies", families: &["nbu_policies"], legacy: &[] },
    Names { collector: "anomalies", families: &["nbu_anomalies"], legacy: &[] },
    Names {
        collector: "perClient",
        families: &["nbu_client_last_successful_backup_timestamp_seconds", "nbu_client_backed_up",
            "nbu_client_jobs_finished_total", "nbu_client_last_job_success_timestamp_seconds"],
        legacy: &["nbu_client_jobs_count", "nbu_client_last_job_success_seconds"],
    },
];

/// Families of every site, independent of its collectors.
pub(super) const HEALTH: &[&str] = &[
    "nbu_up",
    "nbu_last_scrape_timestamp_seconds",
    "nbu_collector_success",
    "nbu_collector_duration_seconds",
    "nbu_collector_failures_total",
    "nbu_collector_unsupported",
    "nbu_rows_skipped_total",
    "nbu_exporter_collection_interval_seconds",
    "nbu_api_version",
];

/// The exporter's own families with a `site` label.
const OF_SITES: &[&str] = &[
    "nbu_exporter_collection_duration_seconds",
    "nbu_exporter_collections_total",
    "nbu_exporter_guest_peak_memory_bytes",
    "nbu_exporter_guest_faults_total",
    "nbu_exporter_egress_denied_total",
    "nbu_exporter_series_dropped_total",
    "nbu_exporter_upstream_requests_total",
    "nbu_exporter_upstream_request_duration_seconds",
    "nbu_exporter_upstream_received_bytes_total",
    "nbu_exporter_series",
    "nbu_exporter_cache_lookups_total",
];

/// The exporter's own families without a `site` label.
const OWN: &[&str] = &[
    "nbu_exporter_build_info",
    "nbu_exporter_config_last_reload_successful",
    "nbu_exporter_config_last_reload_success_timestamp_seconds",
    "nbu_exporter_config_info",
    "nbu_exporter_config_reloads_total",
    "nbu_exporter_guest_info",
    "nbu_exporter_guest_generation",
    "nbu_exporter_guest_swaps_total",
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
    "process_virtual_memory_bytes",
];

/// No client is late before the exporter has known it for a day.
const LATER: &str = "nbu_client_overdue_seconds";

/// The server of lyon has release 10.5, which does not report it.
const FREEZE_MODE: &str = "nbu_freeze_mode";

const SITES: [&str; 2] = ["paris", "lyon"];
const DAY: f64 = 24.0 * 3600.0;

/// The names in this list that a site lacks.
fn missing<'a>(page: &Exposition, site: &str, names: &[&'a str]) -> Vec<&'a str> {
    let there = |name: &str| {
        let histogram = page.types.get(name).is_some_and(|kind| kind == "histogram");
        let series = format!("{name}{}", if histogram { "_count" } else { "" });
        !page.all(&series, &[("site", site)]).is_empty()
    };
    let expected = |name: &str| name != FREEZE_MODE || site == "paris";
    let missing = names.iter().filter(|name| expected(name) && !there(name));
    missing.copied().collect()
}

/// Waits until no site lacks any of them; a failure names the missing ones.
async fn until_there(client: &Client, names: &[&str]) -> Exposition {
    let mut before: [Vec<&str>; 2] = Default::default();
    eventually("every family is there at both sites", async || {
        let page = client.scrape().await;
        let missing = SITES.map(|site| missing(&page, site, names));
        if missing != before {
            eprintln!("not there yet: {missing:?}");
        }
        before.clone_from(&missing);
        missing.iter().all(Vec::is_empty)
    })
    .await;
    client.scrape().await
}

/// The age in days of the last backup of any client of a site.
fn days_since_backup(page: &Exposition, site: &str) -> Vec<f64> {
    let name = "nbu_client_last_successful_backup_timestamp_seconds";
    let now = simulator::Clock::System.now().as_second() as f64;
    let series = page.all(name, &[("site", site)]);
    series.iter().map(|it| (now - it.value) / DAY).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_every_family_and_with_legacy_names_the_predecessors_too() {
    let folder = TempDir::new().unwrap();
    let listen = "--web.listen-address=127.0.0.1:0";
    let mut program = Program::start(&["demo", listen], folder.path());
    let file = program.line("Configuration").await;
    let file = PathBuf::from(file.split_whitespace().nth(1).expect("a path"));
    let client = Client::new(program.address().await);

    let families: Vec<_> = COLLECTORS
        .iter()
        .flat_map(|it| it.families)
        .copied()
        .filter(|name| *name != LATER)
        .collect();
    // The demo's servers have every list.
    let health = HEALTH.iter().copied();
    let health: Vec<_> = health
        .filter(|name| *name != "nbu_collector_unsupported")
        .collect();
    let page = until_there(&client, &[&families, &health, OF_SITES].concat()).await;
    let own: Vec<_> = OWN
        .iter()
        .filter(|name| !page.types.contains_key(**name))
        .collect();
    assert!(own.is_empty(), "{own:?}");
    let legacy: Vec<_> = COLLECTORS
        .iter()
        .flat_map(|it| it.legacy)
        .copied()
        .collect();
    for name in &legacy {
        assert!(!page.types.contains_key(*name), "{name}");
    }
    for site in SITES {
        let days = days_since_backup(&page, site);
        assert!(
            days.iter().any(|days| *days > 2.0),
            "{site}: one is aged: {days:?}"
        );
        let well = days.iter().filter(|days| **days < 1.5).count();
        assert!(well >= 2, "{site}: others are well: {days:?}");
    }

    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}metrics: {{ legacyNames: true }}\n")).unwrap();
    until_there(&client, &[families, legacy].concat()).await;
}
