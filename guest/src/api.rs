//! How NetBackup is spoken to.
//!
//! [`client`] sends one request in the agreed [`version`]; [`page`] reads a
//! whole list, page by page, and [`spans`] a long one with several readers;
//! [`guard`] ends one that does not end; [`query`] spells what is asked; [`error`]
//! types what is refused; [`lenient`] reads what specification and servers disagree
//! on.

pub mod client;
pub mod error;
pub mod guard;
pub mod lenient;
pub mod page;
pub mod query;
pub mod spans;
pub mod version;

pub use client::Client;
pub use query::Query;
pub use version::{SPOKEN, Version, light_request};
