//! The host of `nbu_exporter`: it knows HTTP, time, secrets and Prometheus, and
//! nothing of NetBackup. `ARCHITECTURE.md` has the map.

// `deny` and not `forbid`: `guest/compiler/artifact.rs` takes machine code from the compiler process.
#![deny(unsafe_code)]

pub mod app;
pub mod budget;
pub mod bundle;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod collect;
pub mod config;
pub mod descriptors;
pub mod egress;
pub mod events;
pub mod file;
pub mod guest;
pub mod http;
pub mod landlock;
pub mod metrics;
pub mod secret;
pub mod site;
mod suggestion;
pub mod swap;
pub mod telemetry;
pub mod traces;
pub mod watch;
