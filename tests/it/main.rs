//! Integration tests, one file a topic.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod cli;
mod keys;
mod predecessor;
mod reload;
mod scrape;
mod secrets;
