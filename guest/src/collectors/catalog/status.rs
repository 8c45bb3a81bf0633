//! The statuses by which a release can filter images: `catalog.yaml GET
//! /catalog/images`, `filter`. Common values come first, because the guest stops
//! once the counts add up to the total.

use crate::api::Version;

/// An attribute to filter images by, and its values.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) values: &'static [&'static str],
}

/// NetBackup 10.4 and later. There is no filter for the value `UNDEFINED`.
pub(super) static ANOMALY: Field = Field {
    name: "anomalyStatus",
    values: &[
        "NOT_PROCESSED",
        "NOT_ANOMALOUS",
        "ANOMALOUS",
        "NOT_REVIEWED",
        "FALSE_POSITIVE",
        "IGNORED",
    ],
};

/// NetBackup 11.0 and later.
static MALWARE: Field = Field {
    name: "malwareStatus",
    values: &[
        "NOT_SCANNED",
        "CLEAN",
        "NOT_SUPPORTED",
        "INFECTION_DETECTED_BY_MALWARE_SCAN",
        "INFECTION_DETECTED_BY_FILE_HASH_SEARCH",
        "UNKNOWN_TYPE",
    ],
};

/// Every release, later ones in addition to `malwareStatus`.
static MALWARE_BEFORE_11: Field = Field {
    name: "malwareScanResult",
    values: &["NOT_SCANNED", "CLEAN", "NOT_SUPPORTED", "IMPACTED"],
};

/// NetBackup 10.4.
const ANOMALIES_SINCE: Version = Version::new(11, 0);

/// NetBackup 11.0.
const MALWARE_SINCE: Version = Version::new(13, 0);

/// The malware status of a release.
pub(super) fn malware(version: Option<Version>) -> &'static Field {
    if version >= Some(MALWARE_SINCE) {
        &MALWARE
    } else {
        &MALWARE_BEFORE_11
    }
}

/// Whether images can be filtered by [`ANOMALY`].
pub(super) fn knows_anomalies(version: Option<Version>) -> bool {
    version >= Some(ANOMALIES_SINCE)
}
