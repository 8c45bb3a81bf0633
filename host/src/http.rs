//! The web server. A scrape is answered from memory; everything else calls the
//! application through traits.
//!
//! `server` accepts and drains connections, `web` encrypts and authenticates, and
//! `routes` dispatches. This room does not import the guest: no request can run
//! WebAssembly, and only `/health` waits for NetBackup.

pub mod health;
pub mod server;
pub mod settings;
pub mod state;
pub mod web;

mod answer;
mod browser;
mod chunked_body;
mod negotiate;
mod peer;
mod reply;
mod routes;
mod scrape;
mod scrape_slots;
mod status_page;
pub mod status_report;
#[cfg(test)]
mod testing;

pub use health::{Health, HealthProbes, HealthReport, ProbeFailure, SiteHealth};
pub use server::{BindError, PassedSockets, Server, Serving, unavailable_addresses};
pub use settings::{ConnectionLimits, HttpSettings};
pub use state::{Reload, ServerState, Status};
pub use status_report::{
    CollectionTime, CollectorHealth, GuestStatus, SiteStatus, StatusReport, Tile,
};
pub use web::Web;
