//! The expected series, from the facts of an estate: one function per collector.
//! Labels are the API's own words.

mod administration;
mod clients;
mod findings;
mod lifecycle;
mod security;
mod storage;
mod tape;

use simulator::{Release, Truth};

use super::series::Series;

pub(super) use clients::clients;

/// The expected series of a collector in a release, including the predecessor's
/// names.
pub(super) type Facts = fn(&Truth, Release) -> Series;

/// Every collector that reports current numbers, without a window.
pub(super) const FACTS: &[(&str, Facts)] = &[
    ("storage", storage::storage),
    ("alerts", findings::alerts),
    ("malware", findings::malware),
    ("catalog", findings::catalog),
    ("slo", findings::slo),
    ("tape", tape::tape),
    ("slp", lifecycle::slp),
    ("mediaServers", lifecycle::media_servers),
    ("anomalies", lifecycle::anomalies),
    ("security", security::security),
    ("posture", administration::posture),
    ("licence", administration::licence),
    ("policies", administration::policies),
];
