//! Finds declared endpoints that do not exist, and failures of other ones.

use super::bed::TestBed;
use super::verdicts::{Collection, Verdict, noticed};

/// The greatest number of wrong characters in a path that is taken for a misspelt one.
const MISSPELT: usize = 3;

/// Each declared list exists in a release, or is no misspelt name of one that does. Names
/// the lists that the simulator lacks.
pub(super) fn declared(bed: &TestBed<'_>) -> Verdict {
    let mut wrong = Vec::new();
    let mut unknown = Vec::new();
    for (path, collectors) in bed.lists() {
        if simulator::paths().any(|it| it == path) {
            continue;
        }
        let distance = |it: &&str| strsim::damerau_levenshtein(it, path);
        match simulator::paths().min_by_key(distance) {
            Some(near) if distance(&near) <= MISSPELT => wrong.push(format!(
                "collector `{}` declares `{path}`: did you mean `{near}`?",
                collectors.join("`, `")
            )),
            _ => unknown.push(path),
        }
    }
    match (wrong.is_empty(), unknown.is_empty()) {
        (false, _) => Err(wrong.join("\n")),
        (true, true) => Ok(String::new()),
        (true, false) => Ok(format!(
            "not simulated, so test with recorded answers: {}",
            unknown.join(", ")
        )),
    }
}

/// One of the collectors reports that the server answered 500 to the list, by its path.
pub(super) fn failed(collected: &Collection, collectors: &[&str], path: &str) -> Verdict {
    let noticed = noticed(collected, collectors, &["status"])?;
    let outcomes = collected.iter().flat_map(|it| &it.report.outcomes);
    let mut failures = outcomes.flat_map(|it| &it.failures);
    // A failure of several lists has all their paths.
    match failures.any(|it| it.endpoint.split_whitespace().any(|it| it == path)) {
        true => Ok(noticed),
        false => Err(format!("no failure names `{path}`, which failed")),
    }
}
