//! The register of collectors.

mod alerts;
mod catalog;
mod clients;
mod jobs;
mod malware;
mod rows;
mod slo;
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
];

/// The collector of this name.
pub(crate) fn find(name: &str) -> Option<&'static Collector> {
    REGISTER.iter().find(|collector| collector.name == name)
}
