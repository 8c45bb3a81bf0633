//! The attributes of a job, with the tables of filters and of sort keys
//! (`admin.yaml GET /admin/jobs`, parameters `filter` and `sort`).
//!
//! Some names are shown as a word and filtered by a number, and some are filtered
//! under another name: they have a hidden column.

use std::sync::Arc;

use jiff::Timestamp;

use crate::column::{Column, Datum, Ops, number, text, time};
use crate::estate::{JobSnapshot, State};
use crate::options::Unended;
use crate::release::Release;
use crate::server_clock::ServerClock;

/// A row of the list.
pub(super) struct Row {
    pub(super) snapshot: JobSnapshot,
    pub(super) unended: Unended,
    pub(super) clock: Arc<ServerClock>,
}

impl Row {
    fn time(&self, at: Timestamp) -> Datum<'_> {
        Datum::Time(self.clock.shown(at))
    }
}

type C = Column<Row>;

const FIRST: Release = Release::V10_3;
const LAST: Release = Release::V11_2;

/// An attribute that the simulator does not have, as in the vendor's example.
const fn empty(name: &'static str) -> C {
    C::shown(name, |_| Datum::text("")).sorted()
}

const fn zero(name: &'static str) -> C {
    C::shown(name, |_| Datum::Int(0)).sorted()
}

pub(super) static COLUMNS: &[C] = &[
    // Identity.
    number("jobId", Ops::NUMBER, |r| r.snapshot.job.id.into()),
    number("parentJobId", Ops::NUMBER, |r| {
        r.snapshot.job.parent.unwrap_or(0).into()
    }),
    text("jobPath", Ops::TEXT, path),
    C::shown("childCount", |r| u64::from(r.snapshot.children).into()).sorted(),
    text("jobType", Ops::EQ_NE, |r| {
        Datum::text(&r.snapshot.job.job_type)
    }),
    C::shown("jobSubType", |_| Datum::text("SCHEDULED")).sorted(),
    text("policyType", Ops::EQ_NE, |r| {
        Datum::text(&r.snapshot.job.policy_type)
    }),
    text("policyName", Ops::PARTS, |r| {
        Datum::text(&r.snapshot.job.policy)
    }),
    text("scheduleName", Ops::TEXT, |r| {
        Datum::text(&r.snapshot.job.schedule.0)
    }),
    C::shown("scheduleType", |r| Datum::text(&r.snapshot.job.schedule.1)).sorted(),
    text("clientName", Ops::TEXT, |r| {
        Datum::text(&r.snapshot.job.client)
    }),
    // State.
    text("state", Ops::EQ_NE, |r| {
        Datum::text(r.snapshot.state.name())
    }),
    number("status", Ops::NUMBER, status),
    C::shown("try", |r| (r.snapshot.tries as u64).into())
        .number(Ops::NUMBER)
        .sorted_in(Release::V11_2, LAST),
    C::hidden("tryField", |r| (r.snapshot.tries as u64).into()).sorted_in(FIRST, Release::V11_0),
    C::shown("jobQueueReason", |r| Datum::Int(queue_reason(r))),
    C::hidden("qReasonCode", |r| Datum::Int(queue_reason(r)))
        .number(Ops::EQ_NE)
        .sorted(),
    C::shown("jobQueueResource", queue_resource),
    C::hidden("qResource", queue_resource)
        .text(Ops::EQ)
        .sorted(),
    number("currentOperation", Ops::EQ_NE, operation),
    number("percentComplete", Ops::NUMBER, |r| {
        Datum::Int((r.snapshot.progress() * 100.0) as i64)
    }),
    C::shown("restartable", |_| Datum::Int(1)).sorted(),
    C::shown("suspendable", |r| {
        Datum::Int((r.snapshot.state == State::Active).into())
    })
    .sorted(),
    C::shown("resumable", |r| {
        Datum::Int((r.snapshot.state == State::Suspended).into())
    })
    .sorted(),
    C::shown("cancellable", |r| {
        Datum::Int((r.snapshot.state != State::Done).into())
    }),
    C::hidden("killable", |r| {
        Datum::Int((r.snapshot.state != State::Done).into())
    })
    .sorted(),
    // Times.
    time("startTime", |r| r.time(r.snapshot.job.queued)),
    time("activeTryStartTime", try_start),
    time("endTime", end),
    time("lastUpdateTime", |r| r.time(r.snapshot.updated())),
    C::shown("elapsedTime", |r| Datum::Span(r.snapshot.elapsed()))
        .span()
        .sorted(),
    C::shown("activeElapsedTime", |r| {
        Datum::Span(r.snapshot.active_elapsed())
    })
    .span()
    .sorted(),
    // Amounts.
    number("kilobytesTransferred", Ops::NUMBER, |r| kilobytes(r).into()),
    C::shown("kilobytesDataTransferred", |r| {
        r.snapshot.job.moved(kilobytes(r)).unwrap_or(0).into()
    })
    .sorted(),
    C::shown("kilobytesToTransfer", |r| {
        r.snapshot.job.kilobytes.saturating_sub(kilobytes(r)).into()
    })
    .sorted(),
    number("numberOfFiles", Ops::NUMBER, |r| {
        r.snapshot.transferred(r.snapshot.job.files).into()
    }),
    C::shown("estimatedFiles", |r| r.snapshot.job.files.into()).sorted(),
    number("transferRate", Ops::NUMBER, rate),
    number("dedupRatio", Ops::NUMBER, dedup),
    C::shown("dedupSpaceRatio", dedup).sorted(),
    C::shown("compressionSpaceRatio", |_| Datum::Float(0.0)).sorted(),
    number("acceleratorOptimization", Ops::NUMBER, |r| {
        let optimization = r.snapshot.job.accelerator;
        optimization.map_or(Datum::Absent, Datum::Float)
    }),
    // Destination.
    text("destinationStorageUnitName", Ops::EQ, |r| {
        Datum::text(&r.snapshot.job.unit)
    }),
    text("destinationMediaServerName", Ops::TEXT, |r| {
        Datum::text(&r.snapshot.job.media_server)
    }),
    empty("destinationMediaId").text(Ops::EQ),
    empty("sourceMediaId"),
    empty("sourceMediaServerName").text(Ops::TEXT),
    empty("sourceStorageUnitName"),
    C::shown("backupId", backup_id)
        .text(Ops::EQ)
        .filter_since(Release::V10_5)
        .sorted(),
    // Shown as words, filtered by number.
    C::shown("applicationType", |r| Datum::text(application(r).1)),
    C::hidden("applicationType", |r| Datum::Int(application(r).0))
        .number(Ops::EQ)
        .sorted(),
    C::shown("dataMovement", |_| Datum::text("STANDARD")),
    C::hidden("dataMovement", |_| Datum::Int(0))
        .number(Ops::EQ)
        .sorted(),
    C::shown("offHostType", |_| Datum::text("STANDARD")),
    C::hidden("offHostType", |_| Datum::Int(0))
        .number(Ops::EQ_NE)
        .sorted(),
    C::shown("transportType", |_| Datum::text("LAN")),
    C::hidden("transportType", |_| Datum::Int(0))
        .number(Ops::EQ)
        .sorted(),
    // Not simulated.
    text("dteMode", Ops::EQ, |_| Datum::text("OFF")),
    text("jobOwner", Ops::EQ, |_| Datum::text("root")),
    empty("assetID").text(Ops::EQ),
    empty("assetDisplayableName").text(Ops::TEXT),
    text("workloadDisplayName", Ops::TEXT, workload),
    empty("restoreBackupIDs").text(Ops::TEXT),
    empty("instanceDatabaseName").text(Ops::EQ),
    empty("profileName").text(Ops::EQ),
    empty("robotName").text(Ops::EQ),
    empty("vaultName").text(Ops::EQ),
    empty("dumpHost").text(Ops::EQ),
    empty("currentFile").text(Ops::EQ),
    empty("controlHost"),
    empty("jobGroup"),
    empty("auditUserName"),
    empty("auditDomainName"),
    zero("auditDomainType"),
    zero("activeProcessId").number(Ops::NUMBER),
    zero("mainProcessId"),
    zero("sessionId").number(Ops::NUMBER),
    zero("priority").number(Ops::NUMBER),
    zero("copyNumber").number(Ops::NUMBER),
    zero("numberOfTapeToEject").number(Ops::NUMBER),
    zero("streamNumber"),
    zero("frozenImage"),
    zero("compression"),
    zero("submissionType"),
    C::shown("retentionLevel", |_| Datum::Int(1)),
    C::hidden("retention", |_| Datum::Int(1)).sorted(),
    C::hidden("assetNamespace", |_| Datum::text("")).sorted(),
    C::hidden("providerGeneratedId", |_| Datum::text("")).sorted_in(Release::V11_2, LAST),
    C::hidden("cursorValue", |r| r.snapshot.job.id.into()).sorted_in(FIRST, Release::V11_0),
];

fn path(row: &Row) -> Datum<'_> {
    let job = &row.snapshot.job;
    let ids = job.ancestors.iter().chain(&job.parent).chain([&job.id]);
    Datum::Text(ids.map(u64::to_string).collect::<Vec<_>>().join(".").into())
}

fn status(row: &Row) -> Datum<'_> {
    match (row.snapshot.status(), row.unended) {
        (Some(status), _) => Datum::Int(status),
        (None, Unended::Null) => Datum::Null,
        (None, _) => Datum::Absent,
    }
}

fn end(row: &Row) -> Datum<'_> {
    match (row.snapshot.end(), row.unended) {
        (Some(end), _) => row.time(end),
        (None, Unended::Absent) => Datum::Absent,
        (None, Unended::Null) => Datum::Null,
        (None, Unended::Epoch) => Datum::Time(Timestamp::UNIX_EPOCH),
    }
}

fn try_start(row: &Row) -> Datum<'_> {
    row.snapshot
        .attempt()
        .map_or(Datum::Absent, |attempt| row.time(attempt.start))
}

/// The reason to wait, while the job waits.
fn queue_reason(row: &Row) -> i64 {
    match row.snapshot.state {
        State::Queued | State::Requeued => row.snapshot.job.queue_reason,
        _ => 0,
    }
}

fn queue_resource(row: &Row) -> Datum<'_> {
    Datum::text(if queue_reason(row) == 0 {
        ""
    } else {
        &row.snapshot.job.unit
    })
}

/// The codes of `currentOperation`: 27 parent, 14 restore, 11 duplicate, 29
/// replicate, 3 writing.
fn operation(row: &Row) -> Datum<'_> {
    Datum::Int(match &*row.snapshot.job.job_type {
        _ if row.snapshot.state != State::Active => 0,
        _ if row.snapshot.children > 0 => 27,
        "RESTORE" => 14,
        "DUPLICATE" => 11,
        "REPLICATE" => 29,
        _ => 3,
    })
}

fn kilobytes(row: &Row) -> u64 {
    row.snapshot.transferred(row.snapshot.job.kilobytes)
}

/// KB/s over the last attempt.
fn rate(row: &Row) -> Datum<'_> {
    let seconds = row
        .snapshot
        .active_elapsed()
        .as_secs()
        .unsigned_abs()
        .max(1);
    (kilobytes(row) / seconds).into()
}

/// Known at the end of an attempt that succeeded. One that failed and moved nothing
/// shows 100.
fn dedup(row: &Row) -> Datum<'_> {
    let ratio = match (row.snapshot.job.dedup_ratio, row.snapshot.status()) {
        (Some(ratio), Some(0 | 1)) => Some(ratio),
        (Some(_), Some(_)) if kilobytes(row) == 0 => Some(100.0),
        _ => None,
    };
    ratio.map_or(Datum::Absent, Datum::Float)
}

fn backup_id(row: &Row) -> Datum<'_> {
    let job = &row.snapshot.job;
    if job.job_type != "BACKUP" || row.snapshot.tries == 0 {
        return Datum::text("");
    }
    Datum::Text(format!("{}_{}", job.client, job.queued.as_second()).into())
}

fn application(row: &Row) -> (i64, &'static str) {
    match &*row.snapshot.job.policy_type {
        "VMWARE" => (1, "VMWARE"),
        "HYPERV" => (2, "HYPERV"),
        _ => (0, "NONE"),
    }
}

/// The machine, for the policies that protect machines.
fn workload(row: &Row) -> Datum<'_> {
    Datum::text(if application(row).0 == 0 {
        ""
    } else {
        &row.snapshot.job.client
    })
}
