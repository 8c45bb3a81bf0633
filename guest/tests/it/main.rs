//! The guest without a runtime: recorded bodies in, reports out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests and their helpers"
)]
#![forbid(unsafe_code)]

mod alerts;
mod anomalies;
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
mod late_ends;
mod licence;
mod lists;
mod media_servers;
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
mod unreadable;
mod upgrade;
mod version;
