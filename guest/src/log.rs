//! Where the guest says what it is doing.

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the usual four")]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// Takes lines; the host's log behind the component, a list in tests.
pub trait Log {
    /// One line with its fields.
    fn emit(&self, level: Level, message: &str, fields: &[(&str, &str)]);
}
