//! All NetBackup logic: settings and state of one site in, a report and the new
//! state out.
//!
//! - [`contract`]: the types of `wit/`, which also compile natively, for tests.
//! - [`transport`], [`log`]: what the host provides.
//! - [`family`], `state`: metric families and saved states. `options`: of collectors.
//! - [`describe`], [`check`], [`probe`], [`run`]: one file for each export.
//! - [`api`]: requests, API version, lists and errors of NetBackup.
//! - `jobs`: the list of jobs. `ledger`: counts each finished attempt once.
//! - `collector`, `collectors`: what a collector is, and all of them.
//! - `component`: the exports.

pub mod api;
pub mod check;
mod collector;
mod collectors;
pub mod contract;
pub mod describe;
pub mod family;
mod highlights;
mod jobs;
mod ledger;
pub mod log;
mod options;
pub mod probe;
pub mod run;
mod state;
pub mod transport;

#[cfg(target_family = "wasm")]
mod component;
