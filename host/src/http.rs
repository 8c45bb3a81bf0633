//! The web server: a scrape is answered from memory, everything else asks the
//! application through the traits here.
//!
//! `server` accepts and drains, `web` encrypts and turns away, `routes` finds the answer, and each answer that
//! takes thought has a file of its own. Nothing here knows the guest, so that no
//! request can run WebAssembly or wait for NetBackup but `/health`.

pub mod health;
pub mod server;
pub mod settings;
pub mod state;
pub mod web;

mod browser;
mod chunked_body;
mod landing;
mod negotiate;
mod peer;
mod reply;
mod routes;
mod scrape;
#[cfg(test)]
mod testing;

pub use health::{Health, HealthProbes, HealthReport, SiteHealth};
pub use server::{BindError, Server, Serving};
pub use settings::{ConnectionLimits, Settings};
pub use state::{Freshness, Reload, ServerState, Status};
pub use web::Web;
