//! The log of the guest.

use crate::contract::Level;

/// The host's log in the component, a list in tests.
pub trait Log {
    /// Logs a message with its fields.
    fn emit(&self, level: Level, message: &str, fields: &[(&str, &str)]);
}
