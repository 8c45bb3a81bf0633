//! The guest without a runtime: recorded bodies in, reports out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of it is tests, its helpers too"
)]
#![forbid(unsafe_code)]

mod alerts;
mod catalog;
mod check;
mod clients;
mod counters;
mod exact;
mod failures;
mod golden;
mod hostile;
mod jobs;
mod model;
mod paging;
mod probe;
mod recorded;
mod site;
mod spans;
mod storage;
mod tape;
mod text;
mod version;
