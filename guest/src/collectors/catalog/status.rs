//! Which statuses the images of a release can be filtered by: `catalog.yaml GET
//! /catalog/images`, `filter`. Each list has the common values first: those that
//! follow are not asked for once every image is accounted for.

use crate::api::Version;

/// An attribute that images can be filtered by, and its values.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) values: &'static [&'static str],
}

/// NetBackup 10.5 and later. `UNDEFINED` is a value too, but none to filter by.
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

/// Every release has it, the later ones beside `malwareStatus`.
static MALWARE_BEFORE_11: Field = Field {
    name: "malwareScanResult",
    values: &["NOT_SCANNED", "CLEAN", "NOT_SUPPORTED", "IMPACTED"],
};

/// NetBackup 10.5. That 10.4 has the filter too is not specified.
const ANOMALIES_SINCE: Version = Version::new(12, 0);

/// NetBackup 11.0.
const MALWARE_SINCE: Version = Version::new(13, 0);

/// What tells whether malware was found.
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
