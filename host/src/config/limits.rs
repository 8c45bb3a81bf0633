//! `guest.limits:` what a guest may use and say besides memory and time.

use std::time::Duration;

use bytesize::ByteSize;

use super::section::Section;
use super::setting::Count;
use crate::guest::GuestLimits;

/// Reads every key into the limits, whose values until then are the defaults.
pub(super) fn read(section: &mut Section<'_>, limits: &mut GuestLimits) {
    count(section, "collections", &mut limits.collections);
    // Its default is the machine's, and not shown as if it were everybody's.
    if let Some(Count(calls)) = section.optional("busyCalls") {
        limits.busy = addressable(section, "busyCalls", calls).unwrap_or(limits.busy);
    }
    limits.offline = section.value::<Duration>("checkTimeout", limits.offline);
    count(section, "functions", &mut limits.component.functions);
    size(
        section,
        "functionSize",
        &mut limits.component.function_bytes,
    );
    let compile = &mut limits.component.compile;
    *compile = section.value::<Duration>("compileTimeout", *compile);
    size(section, "compileMemory", &mut limits.component.memory);

    let instance = &mut limits.instance;
    count(section, "instances", &mut instance.instances);
    count(section, "memories", &mut instance.memories);
    count(section, "tables", &mut instance.tables);
    count(section, "tableElements", &mut instance.table_elements);
    count(section, "handles", &mut instance.handles);
    size(section, "callSize", &mut instance.host_call_bytes);

    count(section, "logLines", &mut limits.log.lines);
    size(section, "logSize", &mut limits.log.bytes);
    size(section, "logLineSize", &mut limits.log.line_bytes);

    count(section, "collectors", &mut limits.manifest.collectors);
    count(section, "paths", &mut limits.manifest.paths);
    count(section, "families", &mut limits.manifest.families);
    // Nobody can report more families than may be announced.
    limits.report.families = limits.manifest.families;

    let report = &mut limits.report;
    count(section, "seriesPerFamily", &mut report.family_series);
    count(section, "seriesPerCollector", &mut report.collector_series);
    count(section, "seriesPerSite", &mut limits.site_series);
    count(section, "labels", &mut report.labels);
    size(section, "nameSize", &mut report.name_bytes);
    size(section, "labelSize", &mut report.value_bytes);
    size(section, "helpSize", &mut report.help_bytes);
    count(section, "failures", &mut limits.failures);
    size(section, "stateSize", &mut limits.state_bytes);
}

fn count(section: &mut Section<'_>, key: &'static str, limit: &mut usize) {
    let count = section.value(key, Count(*limit as u64)).0;
    *limit = addressable(section, key, count).unwrap_or(*limit);
}

fn size(section: &mut Section<'_>, key: &'static str, limit: &mut usize) {
    let bytes = section.value(key, ByteSize(*limit as u64)).0;
    *limit = addressable(section, key, bytes).unwrap_or(*limit);
}

fn addressable(section: &Section<'_>, key: &str, amount: u64) -> Option<usize> {
    let amount = usize::try_from(amount).ok();
    if amount.is_none() {
        section.problem(key, "is more than this machine can address", "");
    }
    amount
}
