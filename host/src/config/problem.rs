//! What is wrong with a configuration, said so that it can be put right.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::reading;
use crate::file::{Contents, Snapshot};

/// One thing that is wrong, or that will not do what it seems to say. Never
/// holds the text of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// None is the configuration file; another is one that it names.
    pub file: Option<PathBuf>,
    /// The key, such as `nbuservers[1].port`, or the flag, or another file;
    /// empty for the file as a whole.
    pub at: String,
    /// The line in the file, from 1.
    pub line: Option<usize>,
    /// One fact.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// Everything that keeps a configuration from being used.
#[derive(Clone, Debug)]
pub struct Problems {
    /// The configuration file.
    pub file: PathBuf,
    /// In the order of the files; at least one.
    pub problems: Vec<Problem>,
    /// Every file that was looked at, existing or not: a change of any of them
    /// may put things right.
    pub files: Vec<Snapshot>,
}

impl Problem {
    /// The problem as a log or a terminal shows it.
    pub fn in_file<'a>(&'a self, configuration: &'a Path) -> impl fmt::Display + 'a {
        let file = self.file.as_deref().unwrap_or(configuration);
        fmt::from_fn(move |f| {
            write!(f, "{}", file.display())?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            if !self.at.is_empty() {
                write!(f, ": {}", self.at)?;
            }
            write!(f, ": {}", self.message)?;
            match &self.hint {
                Some(hint) => write!(f, "\n  hint: {hint}"),
                None => Ok(()),
            }
        })
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            write!(f, "{gap}{}", problem.in_file(&self.file))?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// What one loading comes upon. Behind a shared reference, so that the readers
/// of nested sections can all write to it.
#[derive(Default)]
pub(super) struct Findings {
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    files: RefCell<Vec<Snapshot>>,
}

impl Findings {
    pub(super) fn problem(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    pub(super) fn warning(&self, warning: Problem) {
        self.warnings.borrow_mut().push(warning);
    }

    /// Notes a file that the configuration depends on. If it is read twice, what was
    /// read first counts: a difference is a change.
    pub(super) fn file(&self, file: Snapshot) {
        let mut files = self.files.borrow_mut();
        if !files.iter().any(|known| known.path == file.path) {
            files.push(file);
        }
    }

    /// Reads a file that the configuration depends on, and notes what it held.
    pub(super) fn read(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        let read = reading::bytes(path);
        let contents = match &read {
            Ok(bytes) => Some(Contents::of(bytes)),
            // Not to the end, but its end may be what changes.
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => None,
            Err(error) => Some(Contents::after(error)),
        };
        let path = path.to_owned();
        self.file(Snapshot { path, contents });
        read
    }

    /// The same for a text.
    pub(super) fn read_text(&self, path: &Path) -> io::Result<Zeroizing<String>> {
        reading::text(self.read(path)?)
    }

    /// Takes over what another loading came upon in a file of its own.
    pub(super) fn take_over(&self, other: Self, file: &Path) {
        let (problems, warnings, files) = other.into_parts();
        let there = |problem: Problem| Problem {
            file: Some(file.to_owned()),
            ..problem
        };
        let mine = &mut *self.problems.borrow_mut();
        mine.extend(problems.into_iter().map(there));
        let mine = &mut *self.warnings.borrow_mut();
        mine.extend(warnings.into_iter().map(there));
        files.into_iter().for_each(|file| self.file(file));
    }

    /// Problems and warnings in the order of the files, then the files.
    pub(super) fn into_parts(self) -> (Vec<Problem>, Vec<Problem>, Vec<Snapshot>) {
        let sorted = |list: RefCell<Vec<Problem>>| {
            let mut list = list.into_inner();
            list.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
            list
        };
        (
            sorted(self.problems),
            sorted(self.warnings),
            self.files.into_inner(),
        )
    }
}
