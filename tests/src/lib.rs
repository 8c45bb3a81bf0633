//! Host, guest and simulator together: what the tests in `it/` stand on.
//!
//! A [`Bench`] runs the host in this process on a configuration file of its
//! own; a [`Program`] runs the binary, for what only a process can show. Both
//! listen on a free port of 127.0.0.1.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod bench;
mod client;
mod engine;
pub mod estates;
mod exposition;
pub mod guests;
pub mod processes;
mod program;
mod scripted;

pub use bench::{Bench, DEADLINE, Site, eventually};
pub use client::{Answer, Client};
pub use engine::engine;
pub use exposition::{Exposition, Sample};
pub use program::Program;
pub use scripted::{Act, Manner, Play, Scripted};
