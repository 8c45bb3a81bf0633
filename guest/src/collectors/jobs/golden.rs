//! The bytes of a kept ledger, as state version 3 has them. Whoever changes them
//! makes another version of it.

use super::kept::Kept;
use super::ledger::{Ledger, Moment};
use super::reach::Clocks;
use super::row::{Job, Row};
use super::unended::Unended;

const T: u64 = 1_751_371_200;

/// After the first collection.
const FIRST: &str = "\
    c09b8fc306c39b8fc30694998fc30600b0ff8ec306ffffffffffffffffff01ffffffffffffffffff01021301\
    001401000507524553544f5245085354414e44415244013007524553544f5245085354414e44415244013106\
    4241434b5550085354414e444152440131094455504c4943415445085354414e444152440131074152434849\
    5645085354414e44415244013108960ef4839e860d010194050701000101fd0dac200101b02780b4c4c321ed\
    e289e5040100000000000000000200fe0db0090201f02ef0a204904e010000000000e055400001f90de80701\
    0000000100000000000000c00201020001019611ffffffffffffffffff0192c9a492c9a492c92401abaaaaaa\
    aaaa404002011f500101d7eb0401000004011c76ffffffffffffffffff0101ee010500019a99999999f95840\
    030100020301f0010500019a99999999f958400301";

/// After the one an hour later.
const NEXT: &str = "\
    d0b78fc306d3b78fc306a4b58fc30600bd9b8fc306ffffffffffffffffff01ffffffffffffffffff01011301\
    000507524553544f5245085354414e44415244013107524553544f5245085354414e44415244013009445550\
    4c4943415445085354414e44415244013106494d504f5254085354414e444152440131064241434b55500853\
    54414e44415244013107960ef4839e860d01019405070100000100dc290201f02ef0a204904e010000000000\
    e055400101fb0dae09ffffffffffffffffff0101ee010500019a99999999f95840020100020301f001050001\
    9a99999999f9584002010e901c0101901c030000040107b0090101901c640e0100000000000049400301f60d\
    e8110301c86fd8aa049e4f0100000000000056400001";

fn moment(server: u64) -> Moment {
    Moment {
        clocks: Clocks {
            server,
            host: server + 3,
        },
        window_start: server - 3600,
        overlap: 300,
    }
}

/// Job, attempt, type, children, start, end, kilobytes and saving.
type Told = (
    u64,
    u64,
    &'static str,
    u64,
    &'static str,
    &'static str,
    u64,
    &'static str,
);

fn job((id, attempt, action, children, start, end, kilobytes, saving): Told) -> Job<'static> {
    let state = if end.is_empty() { "ACTIVE" } else { "DONE" };
    let day = |time: &str| match time {
        "" | "-" => String::new(),
        time => format!("2025-07-01T{time}Z"),
    };
    let row = serde_json::json!({"attributes": {
        "jobId": id, "try": attempt, "jobType": action, "policyType": "STANDARD",
        "status": attempt % 2, "state": state, "childCount": children,
        "startTime": day(start), "endTime": day(end),
        "kilobytesTransferred": kilobytes, "numberOfFiles": kilobytes / 7,
        "dedupRatio": saving,
    }});
    // A row stays in the text that it was read from.
    let text = Box::leak(row.to_string().into_boxed_str());
    serde_json::from_str::<Row<'_>>(text)
        .unwrap()
        .job()
        .unwrap()
}

fn keep(mut ledger: Ledger, jobs: &[Told], waiting: &[Told]) -> String {
    for &told in jobs {
        let job = job(told);
        let labels = [&*job.action, &*job.policy_type, &*job.status];
        ledger.take(&job, labels);
    }
    let mut unended = Unended::default();
    for &told in waiting {
        unended.take(&job(told));
    }
    let bytes = postcard::to_allocvec(&ledger.keep(&unended, |_| true)).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn kept(hex: &str) -> Kept {
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect();
    postcard::from_bytes(&bytes).unwrap()
}

/// Not in the order of ends; `-` has ended, and does not say when.
const SHOWN_FIRST: &[Told] = &[
    (907, 2, "RESTORE", 0, "11:00:00", "11:50:00", 70_000, "87.5"),
    (907, 1, "RESTORE", 0, "11:00:00", "11:05:30", 7, ""),
    (
        12,
        1,
        "BACKUP",
        3,
        "10:58:00",
        "11:40:00",
        9_000_000_000,
        "0",
    ),
    (
        15,
        1,
        "BACKUP",
        0,
        "11:40:01",
        "11:58:20",
        u64::MAX,
        "33.333333333333336",
    ),
    (14, 1, "BACKUP", 0, "", "11:58:20", 0, "-2"),
    (13, 3, "DUPLICATE", 0, "11:58:00", "-", 5, "99.9"),
    (
        13,
        u64::MAX,
        "DUPLICATE",
        0,
        "11:58:00",
        "11:59:59",
        5,
        "99.9",
    ),
    // A clock that was set: it begins after its end.
    (u64::MAX, 1, "ARCHIVE", 0, "23:00:00", "11:59:00", 1, ""),
];

const SHOWN_NEXT: &[Told] = &[
    (16, 1, "IMPORT", 0, "12:10:00", "12:40:00", 100, "50"),
    // As before, and then as it was corrected.
    (14, 1, "BACKUP", 0, "", "11:58:20", 0, "-2"),
    (15, 1, "BACKUP", 0, "11:40:01", "11:58:21", 77, "12"),
    // Its first attempts stay with it.
    (907, 3, "RESTORE", 0, "11:00:00", "12:59:00", 71_000, "88"),
    (20, 1, "BACKUP", 0, "12:00:00", "12:30:00", 3, ""),
];

const WAITING: &[Told] = &[
    (19, 1, "BACKUP", 0, "11:59:30", "", 0, ""),
    (20, 1, "BACKUP", 0, "11:59:40", "", 0, ""),
];

#[test]
fn a_ledger_is_kept_in_the_bytes_that_it_always_was() {
    let first = Ledger::resume(None, moment(T));
    assert_eq!(keep(first, SHOWN_FIRST, WAITING), FIRST);
    let next = Ledger::resume(Some(kept(FIRST)), moment(T + 3600));
    assert_eq!(keep(next, SHOWN_NEXT, &WAITING[..1]), NEXT);
}

#[test]
fn what_was_kept_is_kept_again_as_it_is() {
    for (hex, server) in [(FIRST, T), (NEXT, T + 3600)] {
        let bytes = postcard::to_allocvec(&kept(hex)).unwrap();
        let again: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(again, hex, "{server}");
    }
}
