//! What can go wrong with every answer of a server.

use simulator::{Fault, Malformed};

use super::bed::{self, TestBed};
use super::results::Results;
use super::withstood;
use crate::app::ExitError;

/// A fault of the server in all its answers.
#[derive(Clone)]
pub(super) struct FaultTest {
    name: String,
    fault: Fault,
    /// Whether each collector that sent requests must report a failure.
    is_noticed: bool,
}

/// The faults that are tested without `--fault`.
pub(super) fn standard_faults() -> impl Iterator<Item = FaultTest> {
    let all = [
        ("401", Fault::Unauthorized, true),
        ("404", Fault::NotFound, true),
        ("406", Fault::NotAcceptable, true),
        ("429", Fault::Status(429), true),
        ("500", Fault::Status(500), true),
        ("503", Fault::Status(503), true),
        ("no connection", Fault::Down, true),
        ("a truncated body", Fault::CutShort, true),
        (
            "HTML instead of JSON",
            Fault::Malformed(Malformed::Html),
            true,
        ),
        (
            "truncated JSON",
            Fault::Malformed(Malformed::Truncated),
            true,
        ),
        (
            "JSON of another shape",
            Fault::Malformed(Malformed::WrongShape),
            true,
        ),
        // A list of one page has no cursor.
        ("a repeated cursor", Fault::RepeatCursor, false),
        ("no answer", Fault::Hanging, true),
    ];
    all.into_iter().map(|(name, fault, is_noticed)| FaultTest {
        name: name.to_owned(),
        fault,
        is_noticed,
    })
}

/// The faults of `--fault`, as they are written for the simulator. A fault that is not one
/// of [`standard_faults`] may be too small to be noticed.
pub(super) fn chosen_faults(written: &[String]) -> Result<Vec<FaultTest>, ExitError> {
    let each = written.iter().map(|text| {
        let fault: Fault = text.parse().map_err(|why| {
            ExitError::Command(format!(
                "`--fault {text}`: {why}\n  hint: write one of {}",
                Fault::WRITTEN
            ))
        })?;
        Ok(FaultTest {
            name: text.clone(),
            is_noticed: standard_faults().any(|it| it.is_noticed && it.fault == fault),
            fault,
        })
    });
    each.collect()
}

/// The guest withstands each of the faults.
pub(super) async fn fault_tests(
    bed: &TestBed<'_>,
    faults: impl Iterator<Item = FaultTest>,
    results: &mut Results,
) {
    for test in faults {
        let hangs = matches!(test.fault, Fault::Hanging);
        bed.simulator.faults().set(test.fault);
        let collected = bed.collect_within(bed::deadline(hangs)).await;
        let name = format!("{}: {}", bed.release, test.name);
        results.add(&name, || withstood(&collected, test.is_noticed));
        bed.simulator.faults().clear();
    }
}
