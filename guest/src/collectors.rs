//! The register of collectors.

mod alerts;
mod anomalies;
mod catalog;
mod clients;
mod jobs;
mod licence;
mod malware;
mod media_servers;
mod policies;
mod posture;
mod rows;
mod security;
mod slo;
mod slp;
mod storage;
mod tape;

use crate::collector::Collector;

/// Every collector.
pub(crate) static REGISTER: &[Collector] = &[
    storage::COLLECTOR,
    jobs::COLLECTOR,
    alerts::COLLECTOR,
    malware::COLLECTOR,
    catalog::COLLECTOR,
    slo::COLLECTOR,
    tape::COLLECTOR,
    clients::COLLECTOR,
    slp::COLLECTOR,
    media_servers::COLLECTOR,
    anomalies::COLLECTOR,
    security::COLLECTOR,
    licence::COLLECTOR,
    policies::COLLECTOR,
    posture::COLLECTOR,
];

/// The collector of this name.
pub(crate) fn find(name: &str) -> Option<&'static Collector> {
    REGISTER.iter().find(|collector| collector.name == name)
}
