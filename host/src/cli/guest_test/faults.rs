//! What can go wrong with every answer of a server.

use simulator::{Fault, Malformed};

use super::bed::{self, TestBed};
use super::results::Results;
use super::verdicts::{Collection, Verdict, empty_handed, noticed, reason_is_right, withstood};
use crate::guest::CollectorFailure;

/// The endpoint that most guests request first, to learn the API version.
pub(super) const PING: &str = "/ping";

/// A fault of the server in all its answers, or in those of one path.
#[derive(Clone)]
pub(super) struct FaultTest {
    name: String,
    fault: Fault,
    path: Option<String>,
    /// Whether each collector that sent requests must report a failure.
    is_noticed: bool,
}

/// The faults that are tested without `--fault`.
pub(super) fn standard_faults() -> impl Iterator<Item = FaultTest> {
    let all = [
        ("401", Fault::Unauthorized, true),
        ("403", Fault::Status(403), true),
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
        ("rows without attributes", Fault::NoAttributes, false),
        // A list of one page has no cursor.
        ("a repeated cursor", Fault::RepeatCursor, false),
        ("no answer", Fault::Hanging, true),
    ];
    all.into_iter().map(|(name, fault, is_noticed)| FaultTest {
        name: name.to_owned(),
        fault,
        path: None,
        is_noticed,
    })
}

/// A fault of `--fault`, as it is written for the simulator. A fault that is not one of
/// [`standard_faults`] may be too small to be noticed.
pub(super) fn chosen_fault(written: &str) -> Result<FaultTest, String> {
    let chosen = Fault::with_path(written);
    let (fault, path) = chosen.map_err(|why| match why {
        why if why.contains("hint: ") => format!("`--fault {written}`: {why}"),
        why => format!(
            "`--fault {written}`: {why}\n  hint: write one of {}, or add a path as in \
             `html@/admin/jobs`",
            Fault::WRITTEN
        ),
    })?;
    Ok(FaultTest {
        name: written.to_owned(),
        is_noticed: standard_faults().any(|it| it.is_noticed && it.fault == fault),
        path: path.map(str::to_owned),
        fault,
    })
}

/// What a guest does with a server that is well.
pub(super) struct Sound {
    /// Whether its probe succeeds.
    pub(super) is_probed: bool,
    /// The paths that it reports as unsupported.
    pub(super) lacking: Vec<String>,
}

/// The guest withstands each of the faults.
pub(super) async fn fault_tests(
    bed: &TestBed<'_>,
    faults: impl Iterator<Item = FaultTest>,
    sound: &Sound,
    results: &mut Results<'_>,
) {
    let faults_of_server = bed.simulator.faults();
    for test in faults {
        let name = format!("{}: {}", bed.release, test.name);
        if let Some(path) = &test.path {
            let before = bed.simulator.requests().count(path);
            faults_of_server.set_on(path, test.fault.clone());
            let collected = test.collect(bed).await;
            let is_requested = bed.simulator.requests().count(path) > before;
            results.add(&name, || test.on_path(path, is_requested, bed, &collected));
            continue;
        }
        faults_of_server.set(test.fault.clone());
        let collected = test.collect(bed).await;
        results.add(&name, || {
            test.on_lists(bed, &collected, sound, |_| test.is_noticed, test.reasons())
        });
        if sound.is_probed && !test.hangs() {
            faults_of_server.set(test.fault.clone());
            let probed = bed.probed().await;
            faults_of_server.clear();
            results.add(&format!("{name}, probe"), || test.on_probe(probed));
        }
        // A guest that cannot learn the version may have requested nothing else.
        let before = bed.simulator.requests().total();
        faults_of_server.set_except(PING, test.fault.clone());
        let collected = test.collect(bed).await;
        let asked = bed.declaring(before);
        let has_asked = |name: &str| test.is_noticed && asked.contains(name);
        let name = format!("{name}, except for {PING}");
        results.add(&name, || {
            test.on_lists(bed, &collected, sound, has_asked, test.reasons_of_lists())
        });
        // NetBackup answers this request without a credential.
        if sound.is_probed && test.fault == Fault::Unauthorized {
            faults_of_server.set_except(PING, test.fault.clone());
            let probed = bed.probed().await;
            faults_of_server.clear();
            results.add(&format!("{name}, probe"), || test.on_probe(probed));
        }
    }
}

impl FaultTest {
    /// One collection, after which the server is sound again.
    async fn collect(&self, bed: &TestBed<'_>) -> Collection {
        let collected = bed.collect_within(bed::deadline(self.hangs())).await;
        bed.simulator.faults().clear();
        collected
    }

    fn hangs(&self) -> bool {
        matches!(self.fault, Fault::Hanging)
    }

    /// The reasons that `docs/guests.md` has for it; empty if any is right.
    fn reasons(&self) -> &'static [&'static str] {
        match self.fault {
            Fault::Unauthorized | Fault::Status(401 | 403) => &["unauthorized"],
            Fault::Status(429 | 503) => &["busy"],
            Fault::Status(_) => &["status"],
            Fault::NotFound => &["unsupported", "status"],
            Fault::Down => &["unreachable"],
            Fault::CutShort => &["unreachable", "malformed"],
            Fault::Malformed(_) => &["malformed"],
            Fault::Hanging => &["timeout"],
            _ => &[],
        }
    }

    /// The same for declared endpoints: a release may lack them.
    fn reasons_of_lists(&self) -> &'static [&'static str] {
        match self.fault {
            Fault::NotFound => &["unsupported"],
            _ => self.reasons(),
        }
    }

    /// Whether a probe cannot succeed. One that reads no body does not see a malformed one,
    /// and each list may be one that the release lacks.
    fn fails_probe(&self) -> bool {
        matches!(
            self.fault,
            Fault::Unauthorized | Fault::Status(_) | Fault::Down
        )
    }

    /// The answers to all lists have the fault.
    fn on_lists(
        &self,
        bed: &TestBed<'_>,
        collected: &Collection,
        sound: &Sound,
        must_notice: impl Fn(&str) -> bool,
        reasons: &[&str],
    ) -> Verdict {
        let failure = withstood(collected, &sound.lacking, must_notice, reasons)?;
        if let Some(path) = bed.undeclared(collected) {
            return Err(format!(
                "a failure names `{path}`, which is the path of no declared endpoint"
            ));
        }
        // Some of the wrong shapes may be right for a resource that is not a list.
        if self.is_noticed && self.fault != Fault::Malformed(Malformed::WrongShape) {
            empty_handed(collected)?;
        }
        Ok(failure)
    }

    fn on_probe(&self, probed: Result<Result<String, CollectorFailure>, String>) -> Verdict {
        match probed? {
            Ok(version) if self.fails_probe() => Err(format!(
                "the probe succeeds, with the API version `{version}`: `/health` would report \
                 the server as well"
            )),
            Ok(version) => Ok(format!("API version {version}")),
            Err(failure) => reason_is_right(&[&failure], self.reasons()),
        }
    }

    fn on_path(
        &self,
        path: &str,
        is_requested: bool,
        bed: &TestBed<'_>,
        collected: &Collection,
    ) -> Verdict {
        if collected.is_ok() && !is_requested {
            return Err(format!("the guest sends no request to `{path}`"));
        }
        match bed.lists().get(path) {
            // A list that a release lacks is not a failure.
            Some(collectors) if self.is_noticed && self.fault != Fault::NotFound => {
                noticed(collected, collectors, self.reasons_of_lists())
            }
            _ => withstood(collected, &[], |_| false, &[]),
        }
    }
}
