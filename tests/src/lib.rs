//! Test support: host, guest and simulator together.
//!
//! A [`Bench`] runs the host in this process with its own configuration file; a
//! [`Program`] runs the binary, for tests that need a process. Both listen on a free
//! port of 127.0.0.1.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod bench;
mod client;
mod collectors;
mod engine;
pub mod estates;
mod exposition;
pub mod guests;
pub mod processes;
mod program;
mod scripted;

pub use bench::{Bench, DEADLINE, Site, eventually};
pub use client::{Answer, Client};
pub use collectors::{collector_keys, native_selection};
pub use engine::engine;
pub use exposition::{Exposition, Sample};
pub use program::Program;
pub use scripted::{Act, Manner, Play, Scripted};
