//! The NetBackup API.
//!
//! - [`client`] sends a request in the common [`version`], [`query`] builds it.
//!   [`session`] is what the clients of all collectors share.
//! - [`page`] reads a list page by page, [`parallel_pager`] a long one with several
//!   readers. [`guard`] stops reading a list that does not end.
//! - `limiter` limits concurrent requests. [`error`] turns error responses into failures.
//! - [`lenient`] parses attributes that servers write differently than specified,
//!   [`nested`] objects and lists inside a row. [`skipped`] counts unreadable rows.

pub mod client;
pub mod error;
pub mod guard;
pub mod lenient;
mod limiter;
pub mod nested;
pub mod page;
pub mod parallel_pager;
pub mod query;
pub mod session;
pub mod skipped;
pub mod version;

pub use client::Client;
pub use query::Query;
pub use session::Session;
pub use version::{SUPPORTED, Version, light_request};
