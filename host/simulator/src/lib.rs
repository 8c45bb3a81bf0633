//! A NetBackup REST server made from the vendor's specification alone.
//!
//! It shares no code with the exporter, so that the two cannot agree by sharing
//! a mistake: what they have in common is the specification.
//!
//! ```text
//! server ── accepts, speaks TLS, one task a connection
//!   route ── fault? who are you? which version? which resource?
//!     answer ── the resources, one file each, and who takes which request
//!       listing ── columns, filter, sort over the rows of a resource
//!         filter, page ── the query's grammar, the two ways of paging
//! estate ── what there is to tell, one kind a file, as functions of the time
//!   story ── a lively estate made from a seed
//!   busy ── tens of thousands of jobs a day, found by index
//! truth ── the same facts counted without any of the above
//! ```

#![forbid(unsafe_code)]

mod answer;
mod auth;
mod body;
mod clock;
mod estate;
mod fault;
mod filter;
mod listing;
mod options;
mod page;
mod query;
mod release;
mod requests;
mod route;
mod server;
mod tls;
mod truth;
mod version;
mod wall;

pub use clock::{Clock, Hands};
pub use estate::{
    Alert, Attempt, Cartridge, Drive, DrivePath, Estate, Image, Job, Load, Msdp, Pool, Scan, Slo,
    State, StorageServer, Unit, Volume, VolumePool,
};
pub use fault::{Fault, Faults, Gate, Malformed};
pub use options::{Options, Strictness, Unended};
pub use release::Release;
pub use requests::{Request, Requests};
pub use server::Simulator;
pub use tls::Authority;
pub use truth::{Durations, Figures, Finished, Scanned, Truth};
