//! The attributes of a malware scan, with the tables of filters and of sort keys
//! of both lists.

use jiff::Timestamp;

use crate::column::{Column, Datum, Ops, number, text};
use crate::estate::Scan;
use crate::release::Release;

pub(super) static ALL: [C; COUNT] = columns(true);
pub(super) static LATEST: [C; COUNT] = columns(false);

/// The only tool and the only scan host.
pub(super) const TOOL: &str = "1";
pub(super) const TOOL_NAME: &str = "NetBackup Malware Scanner";
pub(super) const HOST: &str = "1";
const HOST_NAME: &str = "scanhost01";

type C = Column<Scan>;

const COUNT: usize = 34;

const fn sorted_if(column: C, sorts: bool) -> C {
    if sorts { column.sorted() } else { column }
}

/// A sort key of 11.2 for all scans, but not for the latest.
const fn newly_sorted(column: C, all: bool) -> C {
    if all {
        column.sorted_in(Release::V11_2, Release::V11_2)
    } else {
        column
    }
}

/// The columns of all scans, or of the latest. The latest are filtered neither by date
/// nor by state, and have fewer sort keys. Their sort key of
/// infected files was renamed with the attribute.
const fn columns(all: bool) -> [C; COUNT] {
    let (dates, state) = if all {
        (Ops::NUMBER, Ops::WORDS)
    } else {
        (Ops::NONE, Ops::NONE)
    };
    [
        C::hidden("id", |s| Datum::text(&s.id)),
        text("scanState", state, |s| Datum::text(&s.state)),
        text("scanResult", Ops::WORDS, |s| Datum::text(&s.result)),
        newly_sorted(C::shown("policyType", |s| Datum::text(&s.policy_type)), all),
        newly_sorted(
            C::shown("policyName", |s| Datum::text(&s.policy)).since(Release::V10_5),
            all,
        ),
        newly_sorted(C::shown("backupType", |s| Datum::text(&s.backup_type)), all),
        C::shown("signature", |_| Datum::text("20260301")),
        // The schema requires them without a description.
        C::shown("malwareToolId", |_| Datum::text(TOOL)),
        C::shown("scanHostId", |_| Datum::text(HOST)),
        // Texts in filters up to 10.5, date-times from 11.0 on.
        C::hidden("dateOfScan", |s| Datum::time_text(s.date))
            .text(dates)
            .sorted()
            .until(Release::V10_5),
        C::shown("dateOfScan", |s| Datum::Time(s.date))
            .time_with(dates)
            .filter_since(Release::V11_0)
            .sorted(),
        C::hidden("endDateOfScan", |s| end(s, Datum::time_text))
            .text(dates)
            .until(Release::V10_5),
        newly_sorted(
            C::shown("endDateOfScan", |s| end(s, Datum::Time))
                .time_with(dates)
                .filter_since(Release::V11_0),
            all,
        ),
        C::shown("startDateOfScan", |s| Datum::Time(s.date)),
        C::shown("noOfFilesImpacted", |s| s.infected.into())
            .sorted()
            .until(Release::V10_3),
        sorted_if(
            C::hidden("noOfFilesImpacted", |s| s.infected.into()).since(Release::V10_4),
            all,
        ),
        sorted_if(
            C::shown("numberOfFilesImpacted", |s| s.infected.into()).since(Release::V10_4),
            !all,
        ),
        C::shown("numberOfFilesScanned", |s| s.scanned.into()),
        C::shown("totalNumberOfFiles", |s| s.total.into()),
        newly_sorted(C::hidden("totalNoOfFiles", |s| s.total.into()), all),
        C::shown("result", |s| Datum::text(&s.result)),
        text("client", Ops::WORDS, |s| Datum::text(&s.client)),
        C::shown("displayName", |s| Datum::text(&s.client)),
        number("backupTime", Ops::NUMBER, backup_time),
        newly_sorted(C::shown("triggerMethod", |_| Datum::text("AUTOMATIC")), all),
        C::shown("malwareScannerVersion", |_| Datum::text("2.4")),
        C::shown("mediaServerName", |s| Datum::text(&s.media_server)),
        C::hidden("malwareTool/malwareToolName", |_| Datum::text(TOOL_NAME)).text(Ops::WORDS),
        C::hidden("malwareTool.malwareToolName", |_| Datum::text(TOOL_NAME)).sorted(),
        C::hidden("scanHost/hostName", |_| Datum::text(HOST_NAME)).text(Ops::WORDS),
        C::hidden("scanHost.hostName", |_| Datum::text(HOST_NAME)).sorted(),
        // Scans are neither nested nor in batches.
        C::hidden("parentScanResult/id", |_| Datum::Absent).number(Ops::EQ),
        C::hidden("hierarchyLevel", |_| Datum::Absent).number(Ops::EQ),
        newly_sorted(C::hidden("scanBatchId", |_| Datum::Absent), all),
    ]
}

fn backup_time(scan: &Scan) -> Datum<'_> {
    Datum::Int(scan.backup_time.as_second())
}

fn end(scan: &Scan, datum: fn(Timestamp) -> Datum<'static>) -> Datum<'_> {
    scan.end.map_or(Datum::Absent, datum)
}
