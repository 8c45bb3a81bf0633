//! `guest.limits:` limits of a guest other than `memoryLimit` and the timeouts of
//! `server`.

use std::time::Duration;

use bytesize::ByteSize;

use super::section::Section;
use super::setting::Count;
use crate::guest::GuestLimits;

/// Replaces the defaults in `limits` by the values of the file.
pub(super) fn read(section: &mut Section<'_>, limits: &mut GuestLimits) {
    calls(section, limits);
    component(section, limits);
    log(section, limits);
    manifest(section, limits);
    report(section, limits);
}

fn calls(section: &mut Section<'_>, limits: &mut GuestLimits) {
    let doc = "Number of collections that may run at the same time, of all sites together. More \
               wait in order.";
    count(section, "collections", &mut limits.collections, doc);
    // The default depends on the machine, so the masked copy does not show it.
    let doc = "Number of guest calls that may compute at the same time; more take turns. Calls \
               waiting for NetBackup are not counted. By default the number of processors.";
    if let Some(Count(calls)) = section.optional("busyCalls", doc) {
        limits.busy = addressable(section, "busyCalls", calls).unwrap_or(limits.busy);
    }
    let doc = "Timeout of `describe` and `check`, the calls without network.";
    limits.offline = section.value::<Duration>("checkTimeout", limits.offline, doc);
}

fn component(section: &mut Section<'_>, limits: &mut GuestLimits) {
    let component = &mut limits.component;
    let doc = "Number of functions of a guest.";
    count(section, "functions", &mut component.functions, doc);
    let doc = "Size of one function of a guest.";
    size(section, "functionSize", &mut component.function_bytes, doc);
    let doc = "Timeout of compiling a guest. Then the compiler is stopped, and the guest rejected.";
    component.compile = section.value::<Duration>("compileTimeout", component.compile, doc);
    let doc = "Address space of the process that compiles one guest, for about a second. The \
               memory limit of the service or container must leave room for it.";
    size(section, "compileMemory", &mut component.memory, doc);

    let instance = &mut limits.instance;
    let doc = "Number of core instances in one call.";
    count(section, "instances", &mut instance.instances, doc);
    let doc = "Number of linear memories in one call.";
    count(section, "memories", &mut instance.memories, doc);
    let doc = "Number of tables in one call.";
    count(section, "tables", &mut instance.tables, doc);
    let doc = "Number of elements of one table.";
    count(section, "tableElements", &mut instance.table_elements, doc);
    let doc = "Number of timers, requests and streams that may be open at the same time.";
    count(section, "handles", &mut instance.handles, doc);
    let doc = "Bytes that one call of the host, or one response, may pass; at most a quarter of \
               what is left of `guest.memoryLimit`.";
    size(section, "callSize", &mut instance.host_call_bytes, doc);
}

fn log(section: &mut Section<'_>, limits: &mut GuestLimits) {
    let doc = "Number of lines that one call may log. Further lines are dropped and counted.";
    count(section, "logLines", &mut limits.log.lines, doc);
    let doc = "Bytes that one call may log. Further lines are dropped and counted.";
    size(section, "logSize", &mut limits.log.bytes, doc);
    let doc = "Bytes of one log line. Longer lines are cut.";
    size(section, "logLineSize", &mut limits.log.line_bytes, doc);
}

fn manifest(section: &mut Section<'_>, limits: &mut GuestLimits) {
    let manifest = &mut limits.manifest;
    let doc = "Number of collectors of a guest.";
    count(section, "collectors", &mut manifest.collectors, doc);
    let doc = "Number of API paths that one collector may declare.";
    count(section, "paths", &mut manifest.paths, doc);
    let doc = "Number of families that one collector may declare.";
    count(section, "families", &mut manifest.families, doc);
    // A report cannot have more families than the manifest declares.
    limits.report.families = manifest.families;
}

fn report(section: &mut Section<'_>, limits: &mut GuestLimits) {
    let report = &mut limits.report;
    let doc = "Series of one family. A family with more is dropped as a whole, since a part of \
               it would look like a smaller number.";
    count(section, "seriesPerFamily", &mut report.family_series, doc);
    let doc = "Series of one collector. A family that does not fit is dropped.";
    count(
        section,
        "seriesPerCollector",
        &mut report.collector_series,
        doc,
    );
    let doc = "Series of one site. A family that does not fit is dropped.";
    count(section, "seriesPerSite", &mut limits.site.series, doc);
    let doc = "Bytes of the text of one site. A family that does not fit is dropped.";
    size(section, "sizePerSite", &mut limits.site.bytes, doc);
    let doc = "Number of labels of one family.";
    count(section, "labels", &mut report.labels, doc);
    let doc = "Bytes of the name of a family or label.";
    size(section, "nameSize", &mut report.name_bytes, doc);
    let doc = "Bytes of a label value.";
    size(section, "labelSize", &mut report.value_bytes, doc);
    let doc = "Bytes of a HELP text.";
    size(section, "helpSize", &mut report.help_bytes, doc);
    let doc = "Number of failures, or of problems with settings, that are read from one result.";
    count(section, "failures", &mut limits.failures, doc);
    let doc = "Size of the saved state of one collector.";
    size(section, "stateSize", &mut limits.state_bytes, doc);
}

fn count(section: &mut Section<'_>, key: &'static str, limit: &mut usize, doc: &'static str) {
    let count = section.value(key, Count(*limit as u64), doc).0;
    *limit = addressable(section, key, count).unwrap_or(*limit);
}

fn size(section: &mut Section<'_>, key: &'static str, limit: &mut usize, doc: &'static str) {
    let bytes = section.value(key, ByteSize(*limit as u64), doc).0;
    *limit = addressable(section, key, bytes).unwrap_or(*limit);
}

fn addressable(section: &Section<'_>, key: &str, amount: u64) -> Option<usize> {
    let amount = usize::try_from(amount).ok();
    if amount.is_none() {
        section.problem(key, "exceeds the address space of this machine", "");
    }
    amount
}
