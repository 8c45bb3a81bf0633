//! Collects what is wrong with a manifest.

use std::fmt;

use crate::telemetry::is_control_like;

/// The number of problems that are listed, since a manifest may have very many.
const LISTED: usize = 20;

/// What is wrong with a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManifestProblems {
    listed: Vec<String>,
    further: usize,
    /// Whether the configuration could raise a limit that is exceeded.
    pub exceeds_limit: bool,
}

/// The greatest number or size of something.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    /// A key of `guest.limits`.
    Configured(usize),
    Fixed(usize),
}

impl ManifestProblems {
    pub(super) fn add(&mut self, problem: String) {
        if self.listed.len() < LISTED {
            self.listed.push(problem);
        } else {
            self.further += 1;
        }
    }

    /// Whether a list is short enough to be read.
    pub(super) fn admit(&mut self, subject: &str, count: usize, limit: Limit, what: &str) -> bool {
        let is_short = count <= limit.value();
        if !is_short {
            let limit = self.exceeded(limit);
            self.add(format!(
                "{subject} declares `{count}` {what}, the limit is `{limit}`"
            ));
        }
        is_short
    }

    /// Checks a text that is shown on one line.
    pub(super) fn text(&mut self, place: &str, text: &str, limit: Limit) {
        if text.contains(is_control_like) {
            self.add(format!(
                "{place} contains a control character; write it on one line"
            ));
        }
        let bytes = text.len();
        if bytes > limit.value() {
            let limit = self.exceeded(limit);
            self.add(format!(
                "{place} has `{bytes}` bytes, the limit is `{limit}`"
            ));
        }
    }

    fn exceeded(&mut self, limit: Limit) -> usize {
        self.exceeds_limit |= matches!(limit, Limit::Configured(_));
        limit.value()
    }

    /// Fails if there is any.
    pub(super) fn result(self) -> Result<(), Self> {
        if self.listed.is_empty() {
            Ok(())
        } else {
            Err(self)
        }
    }
}

impl Limit {
    fn value(self) -> usize {
        match self {
            Self::Configured(limit) | Self::Fixed(limit) => limit,
        }
    }
}

/// One problem on the same line, or each on a line of its own.
impl fmt::Display for ManifestProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.listed.as_slice() {
            return f.write_str(only);
        }
        write!(f, "{} problems", self.listed.len() + self.further)?;
        for problem in &self.listed {
            write!(f, "\n  {problem}")?;
        }
        match self.further {
            0 => Ok(()),
            further => write!(f, "\n  and {further} more"),
        }
    }
}
