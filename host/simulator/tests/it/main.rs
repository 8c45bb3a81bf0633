//! The simulator over real sockets, as a client sees it.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod client;
mod faults;
mod findings;
mod jobs;
mod lively;
mod protocol;
mod restart;
mod schema;
mod storage;
mod tape;
