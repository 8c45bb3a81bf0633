//! What the flags of the command ask for, checked before the guest is compiled.

use std::fs::File;
use std::path::Path;

use simulator::Release;

use super::TestOptions;
use super::faults::{FaultTest, chosen_fault};
use super::subject::ChosenOption;
use crate::app::ExitError;
use crate::bundle::Bundle;
use crate::cli::replayed;

/// The tests to run.
pub(super) struct TestPlan<'a> {
    pub(super) releases: Vec<Release>,
    /// Empty for all of them.
    pub(super) faults: Vec<FaultTest>,
    /// The options of the collectors; the others have their defaults.
    pub(super) options: Vec<ChosenOption>,
    /// Recorded answers and their file.
    pub(super) bundle: Option<(&'a Path, Bundle)>,
}

impl<'a> TestPlan<'a> {
    /// Checks all flags. The error has every problem.
    pub(super) fn new(options: &TestOptions<'a>) -> Result<Self, ExitError> {
        let mut problems = Vec::new();
        let releases = releases(options.release).unwrap_or_else(|why| {
            problems.push(why);
            Vec::new()
        });
        let mut faults = Vec::new();
        for written in options.faults {
            match chosen_fault(written) {
                Ok(fault) => faults.push(fault),
                Err(why) => problems.push(why),
            }
        }
        let mut chosen = Vec::new();
        for written in options.options {
            match ChosenOption::parse(written) {
                Ok(option) => chosen.push(option),
                Err(why) => problems.push(why),
            }
        }
        let bundle = options.record.and_then(|path| match replayed::read(path) {
            Ok(bundle) => Some((path, bundle)),
            Err(why) => {
                problems.push(why.to_string());
                None
            }
        });
        problems.extend(options.golden.and_then(|path| match path.exists() {
            true => unreadable(path),
            false => unwritable(path),
        }));
        problems.extend(options.junit.and_then(unwritable));
        match problems.is_empty() {
            true => Ok(Self {
                releases,
                faults,
                options: chosen,
                bundle,
            }),
            false => Err(ExitError::Command(problems.join("\n"))),
        }
    }
}

fn releases(only: Option<&str>) -> Result<Vec<Release>, String> {
    let Some(only) = only else {
        return Ok(Release::ALL.to_vec());
    };
    let found = Release::ALL.into_iter().find(|it| it.name() == only);
    found.map(|release| vec![release]).ok_or_else(|| {
        let names = Release::ALL.map(|release| release.name()).join(", ");
        format!("`{only}` is not a release\n  hint: write one of {names}")
    })
}

fn unreadable(path: &Path) -> Option<String> {
    let shown = path.display();
    let opened = File::open(path);
    opened
        .err()
        .map(|error| format!("cannot read `{shown}`: {error}"))
}

/// The folder of a file that the command will write is missing.
fn unwritable(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|it| *it != Path::new(""))?;
    let (shown, folder_shown) = (path.display(), folder.display());
    (!folder.is_dir()).then(|| format!("cannot write `{shown}`: `{folder_shown}` is not a folder"))
}
