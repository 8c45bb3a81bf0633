//! All NetBackup logic: one site's settings and state in, a report and the new
//! state out.
//!
//! - [`settings`], [`report`], [`manifest`], [`family`]: the contract of `wit/`
//!   as plain types, so that everything below runs and is tested natively.
//! - [`transport`], [`log`]: what the host lends.
//! - [`run`], [`check`], [`probe`]: the questions the host asks; the fourth,
//!   `describe`, is [`manifest::describe`].
//! - [`api`]: how NetBackup is spoken to: version, query, pages, errors.
//! - [`collectors`]: one file for each area of metrics, one line in the register.
//! - `component`: the only place that names the generated bindings.

pub mod api;
pub mod check;
pub mod collectors;
pub mod family;
pub mod log;
pub mod manifest;
pub mod probe;
pub mod report;
pub mod run;
pub mod settings;
pub mod state;
pub mod transport;

#[cfg(target_family = "wasm")]
mod component;
