//! The problems and warnings of a configuration.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::documented::{self, DocumentedKey, DocumentedMap};
use super::regular_file;
use crate::file::{Contents, Snapshot};

/// One error or warning. Never holds the text of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A file that the configuration names; `None` is the configuration itself.
    pub file: Option<PathBuf>,
    /// The key, such as `nbuservers[1].port`, or the flag; empty for the file as a
    /// whole.
    pub at: String,
    /// The line in the file, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// How to fix it.
    pub hint: Option<String>,
}

/// Everything that prevents a configuration from being used.
#[derive(Clone, Debug)]
pub struct Problems {
    /// The configuration file.
    pub file: PathBuf,
    /// In the order of the files; at least one.
    pub problems: Vec<Problem>,
    /// Every file that was read or missing: a change of any of them may fix a
    /// problem.
    pub files: Vec<Snapshot>,
}

impl Problem {
    /// A problem in the configuration file.
    pub(super) fn on_line(
        line: usize,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) -> Self {
        Self {
            file: None,
            at: String::new(),
            line: Some(line),
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// The problem as logs and terminals show it.
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

impl Problems {
    /// Adds problems that were found later, and restores the order of the files.
    pub fn add(&mut self, found: Vec<Problem>) {
        self.problems.extend(found);
        sort(&mut self.problems);
    }
}

/// In the order of the files. A problem without a line is about a flag or a whole file.
fn sort(list: &mut [Problem]) {
    list.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
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

/// What is found while a configuration is loaded. Used through a shared reference,
/// so that all nested sections can add to it.
#[derive(Default)]
pub(super) struct Findings {
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    files: RefCell<Vec<Snapshot>>,
    /// The keys that were read, if they are to be documented.
    documented: Option<RefCell<Vec<DocumentedMap>>>,
}

impl Findings {
    /// Findings that collect the documentation of each key.
    pub(super) fn documenting() -> Self {
        Self {
            documented: Some(RefCell::default()),
            ..Self::default()
        }
    }

    pub(super) fn document_map(&self, path: &str, text: &'static str) {
        if let Some(maps) = &self.documented {
            documented::begin(&mut maps.borrow_mut(), path, text);
        }
    }

    /// Without documenting, the key is not even made.
    pub(super) fn document(&self, key: impl FnOnce() -> DocumentedKey) {
        if let Some(maps) = &self.documented {
            documented::insert(&mut maps.borrow_mut(), key());
        }
    }

    pub(super) fn into_documented(self) -> Vec<DocumentedMap> {
        self.documented.map_or_else(Vec::new, RefCell::into_inner)
    }

    pub(super) fn problem(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    pub(super) fn warning(&self, warning: Problem) {
        self.warnings.borrow_mut().push(warning);
    }

    /// Records a file that the configuration depends on. If it is read twice, the
    /// first content counts: a difference is a change.
    pub(super) fn file(&self, file: Snapshot) {
        let mut files = self.files.borrow_mut();
        if !files.iter().any(|known| known.path == file.path) {
            files.push(file);
        }
    }

    /// Reads a file that the configuration depends on, and records its content.
    pub(super) fn read(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        let read = regular_file::bytes(path);
        let contents = match &read {
            Ok(bytes) => Some(Contents::of(bytes)),
            // It was not read to its end, where it may change.
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => None,
            Err(error) => Some(Contents::after(error)),
        };
        let path = path.to_owned();
        self.file(Snapshot { path, contents });
        read
    }

    /// Reads a text file, and records its content.
    pub(super) fn read_text(&self, path: &Path) -> io::Result<Zeroizing<String>> {
        regular_file::text(self.read(path)?)
    }

    /// Adds the findings of another file, which the configuration names.
    pub(super) fn take_over(&self, other: Self, file: &Path) {
        let (problems, warnings, files) = other.into_parts();
        let in_file = |problem: Problem| Problem {
            file: Some(file.to_owned()),
            ..problem
        };
        let mut own = self.problems.borrow_mut();
        own.extend(problems.into_iter().map(in_file));
        let mut own = self.warnings.borrow_mut();
        own.extend(warnings.into_iter().map(in_file));
        files.into_iter().for_each(|file| self.file(file));
    }

    /// Problems and warnings in the order of the files, and the files.
    pub(super) fn into_parts(self) -> (Vec<Problem>, Vec<Problem>, Vec<Snapshot>) {
        let sorted = |list: RefCell<Vec<Problem>>| {
            let mut list = list.into_inner();
            sort(&mut list);
            list
        };
        (
            sorted(self.problems),
            sorted(self.warnings),
            self.files.into_inner(),
        )
    }
}
