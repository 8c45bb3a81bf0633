//! All NetBackup logic: settings and state of one site in, a report and the new
//! state out.
//!
//! - [`settings`], [`report`], [`state`], [`family`]: the contract of `wit/` as plain
//!   types, so that everything below compiles and is tested natively.
//! - [`transport`], [`log`]: what the host provides.
//! - [`describe`], [`check`], [`probe`], [`run`]: one file for each export.
//! - [`api`]: requests, API version, lists and errors of NetBackup.
//! - `jobs`: the list of jobs. `ledger`: counts each finished attempt once.
//! - `collector`, `collectors`: what a collector is, and all of them.
//! - `component`: the only file that names the generated bindings.

pub mod api;
pub mod check;
mod collector;
mod collectors;
pub mod describe;
mod duration;
pub mod family;
mod jobs;
mod ledger;
pub mod log;
pub mod probe;
pub mod report;
pub mod run;
pub mod settings;
pub mod state;
pub mod transport;

#[cfg(target_family = "wasm")]
mod component;
