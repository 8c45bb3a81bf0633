//! The guest without a runtime: recorded bodies in, reports out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests and their helpers"
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
mod job_facts;
mod jobs;
mod licence;
mod model;
mod paging;
mod parallel_pager;
mod policies;
mod posture;
mod probe;
mod random_bodies;
mod recorded;
mod security;
mod site;
mod slp;
mod storage;
mod tape;
mod text;
mod upgrade;
mod version;
