//! Replaces generations. A candidate guest or new settings either become the current
//! generation, or are refused without any effect.
//!
//! `guest_file` reads the candidate, `provenance` verifies its origin, `evaluation`
//! compiles and compares it, and `canary` tries it on the sites. `controller` makes it
//! current. `probation` observes it afterwards and triggers a rollback.

mod attribution;
mod canary;
mod controller;
mod difference;
mod evaluation;
mod evaluation_inputs;
mod generation;
mod guest_file;
mod probation;
mod provenance;
mod refusal;
mod settings;
mod site_runtimes;

pub use canary::{Baseline, Regression, RollbackStatus, Served, ServedFamily};
pub use controller::{Cause, PreparedGeneration, Promotion, SwapController};
pub use difference::{Difference, KindChange, ManifestItem};
pub use generation::{Generation, GuestOrigin, GuestRequirements, SiteRuntime};
pub use guest_file::GuestFile;
pub use provenance::{ProvenVersion, Provenance, ProvenanceError, PublicKey, signature_path};
pub use refusal::Refusal;
pub use settings::{Canary, GrowthLimit, Site, SwapSettings};
pub use site_runtimes::check;
