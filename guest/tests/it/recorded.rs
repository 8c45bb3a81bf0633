//! A site of each supported release, with responses as in the vendor's specification
//! of that release. Without a file for an endpoint, that of the release before applies.

use guest::contract::Selection;
use guest::transport::Response;

use crate::site::{Site, ok, select};

/// A NetBackup release and its API version.
pub(crate) const RELEASES: [(&str, &str); 4] = [
    ("10.3", "10.0"),
    ("10.5", "12.0"),
    ("11.0", "13.0"),
    ("11.2", "14.0"),
];

macro_rules! body {
    ($name:literal) => {
        include_str!(concat!("bodies/", $name, ".json"))
    };
}

/// Part of a request, the first release with this response, and the response.
const BODIES: &[(&str, &str, &str)] = &[
    ("filter=endTime ge", "10.3", body!("finished-10.3")),
    ("filter=state ne 'DONE'", "10.3", body!("current-11.2")),
    ("/storage/storage-units", "10.3", body!("units-10.3")),
    ("/storage/storage-servers", "10.3", body!("servers-10.3")),
    ("/storage/disk-pools", "10.3", body!("pools-11.0")),
    ("/manage/alerts", "10.3", body!("alerts-10.3")),
    (
        "/malware/latest-scan-results",
        "10.3",
        body!("malware-10.3"),
    ),
    (
        "/malware/latest-scan-results",
        "10.5",
        body!("malware-10.5"),
    ),
    ("/servicecatalog/slos", "10.3", body!("slos-10.3")),
    ("/servicecatalog/slos", "10.5", body!("slos-10.5")),
    ("/storage/drives", "10.3", body!("drives-10.3")),
    ("/storage/tape-media", "10.5", body!("tape-media-10.5")),
    (
        "/storage/tape-volume-pools",
        "10.5",
        body!("volume-pools-10.5"),
    ),
    ("/storage/robots-device-hosts", "10.5", body!("robots-10.5")),
    ("/catalog/slp-images", "10.3", body!("slp-none-10.3")),
    ("slpImageState eq 'NOT_STARTED'", "10.3", body!("slp-10.3")),
    (
        "slpImageState eq 'IN_PROCESS|INACTIVE'",
        "10.3",
        body!("slp-inactive-10.3"),
    ),
    ("/config/media-servers", "10.3", body!("media-servers-10.3")),
    (
        "/security/certificates/current",
        "10.3",
        body!("certificates-10.3"),
    ),
    (
        "/security/certificate-authorities",
        "10.3",
        body!("authorities-10.3"),
    ),
    (
        "/security/certificate-authorities/migration-summary",
        "10.3",
        body!("migration-10.3"),
    ),
    ("/security/api-keys", "10.3", body!("api-keys-10.3")),
    ("/security/anomalies", "10.3", body!("anomalies-10.3")),
    ("/security/anomalies", "10.5", body!("anomalies-10.5")),
    ("/security/status", "10.5", body!("security-status-10.5")),
    ("/security/status", "11.0", body!("security-status-11.0")),
    ("/security/mpa-tickets", "10.3", body!("mpa-tickets-10.3")),
    ("/security/serverinfo", "10.3", body!("server-info-10.3")),
    ("/security/serverinfo", "11.2", body!("server-info-11.2")),
    // Without a count, an empty page ends the list.
    ("/config/paused-clients", "10.3", body!("no-rows-10.3")),
    (
        "/config/paused-clients?sort=clientUniqueIdentifier&page[limit]=100&page[offset]=0",
        "10.3",
        body!("paused-clients-10.3"),
    ),
    ("/licensing/entitlements", "10.3", body!("no-rows-10.3")),
    (
        "/licensing/entitlements?page[limit]=100&page[offset]=0",
        "10.3",
        body!("entitlements-10.3"),
    ),
    (
        "/licensing/entitlements?page[limit]=100&page[offset]=0",
        "10.5",
        body!("entitlements-10.5"),
    ),
    ("/licensing/capacity", "10.3", body!("capacity-10.3")),
    ("/config/policies/", "10.3", body!("policies-10.3")),
];

/// A site of this release with data for every collector.
pub(crate) fn site(release: &str) -> Site {
    let (_, version) = RELEASES[number(release)];
    let site = catalog(Site::default().with_version(version), number(release));
    bodies(release)
        .into_iter()
        .fold(site, |site, (part, body)| site.on(part, body))
}

/// A collector with options that match the data of these sites.
pub(crate) fn selection(collector: &str) -> Selection {
    let options = match collector {
        "perClient" => r#"{"allowlist":["app1","db1"]}"#,
        _ => "{}",
    };
    select(collector, options)
}

/// Images by malware scan, malware status and anomaly status.
const IMAGES: [(&str, &str, &str, u64); 6] = [
    ("NOT_SCANNED", "NOT_SCANNED", "NOT_PROCESSED", 900),
    ("NOT_SCANNED", "NOT_SCANNED", "ANOMALOUS", 3),
    ("CLEAN", "CLEAN", "NOT_ANOMALOUS", 40),
    ("CLEAN", "CLEAN", "UNDEFINED", 7),
    (
        "IMPACTED",
        "INFECTION_DETECTED_BY_MALWARE_SCAN",
        "FALSE_POSITIVE",
        2,
    ),
    (
        "CLEAN",
        "INFECTION_DETECTED_BY_FILE_HASH_SEARCH",
        "NOT_REVIEWED",
        1,
    ),
];

/// Counts images by the filters of the release. Others get status 400.
fn catalog(site: Site, release: usize) -> Site {
    site.rule(move |asked, _| {
        let rest = asked.strip_prefix("/catalog/images?filter=backupTime ge ")?;
        let conditions: Vec<&str> = rest.split('&').next()?.split(" and ").skip(1).collect();
        let mut count = 0;
        let mut refused = false;
        for (scan, malware, anomaly, number) in IMAGES {
            let fits = conditions.iter().all(|condition| {
                let (field, value) = condition.split_once(" eq ").unwrap();
                let actual = match field {
                    "malwareScanResult" => scan,
                    "anomalyStatus" if release >= 1 => anomaly,
                    "malwareStatus" if release >= 2 => malware,
                    _ => "",
                };
                refused |= actual.is_empty() || value == "'UNDEFINED'";
                value == format!("'{actual}'")
            });
            count += if fits { number } else { 0 };
        }
        let body = format!(
            r#"{{"data":[],"meta":{{"pagination":{{"count":{count},"limit":1,"offset":0}}}}}}"#
        );
        let status = if refused { 400 } else { 200 };
        Some(Ok(Response {
            status,
            ..ok(&body)
        }))
    })
}

fn number(release: &str) -> usize {
    RELEASES.iter().position(|(r, _)| *r == release).unwrap()
}

/// The requests and responses of a site of this release.
pub(crate) fn bodies(release: &str) -> Vec<(&'static str, &'static str)> {
    let there = BODIES
        .iter()
        .filter(|(_, since, _)| number(since) <= number(release));
    there.map(|&(part, _, body)| (part, body)).collect()
}
