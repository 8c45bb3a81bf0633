//! A NetBackup REST server made from the vendor's specification alone.
//!
//! It shares no code with the exporter, so that both cannot have the same mistake.
//! What they share is the specification.
//!
//! ```text
//! server ── accepts, speaks TLS, one task for each connection
//!   route ── fault, authorization, version, endpoint
//!     endpoints ── one file for each resource
//!       page, listing, filter, column ── paging, sorting, filtering, attributes
//! estate ── what the server holds, as functions of the time
//!   scenario ── a realistic estate from a seed
//!   load ── tens of thousands of jobs a day from a seed
//! truth ── the same facts, counted without any endpoint
//! ```

#![forbid(unsafe_code)]

mod answer;
mod auth;
mod body;
mod clock;
mod column;
mod endpoints;
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
mod server_clock;
mod shared;
mod tls;
mod truth;
mod version;

pub use clock::{Clock, SimulatedTime};
pub use estate::{
    Alert, Anomaly, ApiKey, Attempt, Cartridge, CertificateAuthority, Drive, DrivePath,
    Entitlement, Estate, FrontEnd, HostCertificate, Image, Job, Load, MediaServer, Msdp,
    PausedClient, Policy, Pool, Scan, SecurityStatus, Slo, SlpImage, State, StorageServer, Text,
    Ticket, Unit, Volume, VolumePool,
};
pub use fault::{Fault, Faults, Gate, Malformed, RETRY_AFTER};
pub use options::{Options, Strictness, Unended};
pub use release::Release;
pub use requests::{Request, Requests};
pub use route::paths;
pub use server::Simulator;
pub use tls::Authority;
pub use truth::{Durations, Figures, Finished, Scanned, Truth};
