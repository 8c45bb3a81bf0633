//! `config_policies.yaml GET /config/policies/`. The bundle of 11.2 lacks the file: 11.0
//! is carried forward.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::resource::{Resource, ResourceRequest, list};
use crate::answer::Answer;
use crate::column::{Column, Datum, Ops};
use crate::estate::{Estate, Policy};
use crate::page::Limits;
use crate::release::Release;

type C = Column<Policy>;

static POLICIES: Resource<Policy> = Resource {
    columns: COLUMNS,
    parameters: &["filter", "page[limit]", "page[offset]", "sort"],
    limits: Limits { min: 1, max: 500 },
    sort: "policyName",
    tie: "policyName",
};

/// An empty text, filtered by its parts.
const fn empty(name: &'static str) -> C {
    C::shown(name, |_| Datum::text(""))
        .text(Ops::CONTAINS)
        .sorted()
}

const fn zero(name: &'static str) -> C {
    C::shown(name, |_| Datum::Int(0)).sorted()
}

const fn off(name: &'static str) -> C {
    C::shown(name, |_| Datum::Flag(false)).sorted()
}

static COLUMNS: &[C] = &[
    C::hidden("policyName", |p| Datum::text(&p.name))
        .text(Ops::CONTAINS)
        .sorted(),
    C::hidden("policyType", |p| Datum::text(&p.kind))
        .text(Ops::CONTAINS)
        .sorted(),
    // No filter knows it.
    C::shown("active", |p| Datum::Flag(p.active)).sorted(),
    C::shown("effectiveDateUTC", |_| {
        Datum::time_text(Timestamp::UNIX_EPOCH)
    })
    .text(Ops::CONTAINS)
    .sorted(),
    C::shown("autoManagedType", |_| Datum::Int(0))
        .number(Ops::EQ)
        .sorted(),
    C::shown("storageIsSLP", |_| Datum::Flag(false)),
    C::hidden("scaleOutServer", |_| Datum::text(""))
        .text(Ops::CONTAINS)
        .sorted(),
    empty("dataClassification"),
    empty("storage"),
    empty("volumePool"),
    empty("mediaOwner"),
    empty("collectTrueImageRestoreInfo"),
    empty("alternateClientHostname"),
    empty("dataMoverMachine"),
    empty("backupHost"),
    empty("backupHostPool"),
    empty("snapshotMethod"),
    empty("keyword"),
    empty("exchangeServerList"),
    empty("exchangeDatabaseBackupSource"),
    empty("deploymentPackageFormalName"),
    empty("deploymentMediaServer"),
    zero("checkpointIntervalMinutes"),
    zero("jobLimit"),
    zero("priority"),
    zero("deploymentLimitJobs"),
    off("clientCompress"),
    off("clientEncrypt"),
    off("blockIncremental"),
    off("followNFSMounts"),
    off("crossMountPoints"),
    off("individualFileRestore"),
    off("collectBareMetalRestoreInfo"),
    off("disableClientSideDeduplication"),
    off("granularRecovery"),
    off("snapshotBackup"),
    off("retainSnapshot"),
    off("useAccelerator"),
    off("optimizedBackup"),
    off("useMultipleDataStreams"),
];

/// Answers the list.
pub(crate) fn policies(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    let page = POLICIES.by_offset(estate.policies(), request);
    Answer::of(page.map(|mut page| {
        for number in ["page", "pages"] {
            page.pagination.remove(number);
        }
        list(page, |it| policy(it, request.release))
    }))
}

/// The type of a row is that of the policy.
fn policy(it: &Policy, release: Release) -> Value {
    json!({
        "type": it.kind,
        "id": it.name,
        "links": { "self": { "href": format!("/config/policies/{}", it.name) } },
        "attributes": POLICIES.attributes(it, &Default::default(), release),
    })
}
