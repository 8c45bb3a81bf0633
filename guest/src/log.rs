//! The log of the guest.

/// The severity of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the usual four")]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// The host's log in the component, a list in tests.
pub trait Log {
    /// Logs a message with its fields.
    fn emit(&self, level: Level, message: &str, fields: &[(&str, &str)]);
}
