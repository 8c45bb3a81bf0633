//! The room where generations change: an offered guest or new settings become
//! the current generation, or are refused and leave it untouched.
//!
//! `offered` reads, `provenance` asks who made it, `candidate` compiles and
//! compares, `canary` tries it on the sites, `probation` watches it afterwards;
//! `stage` lets the one in and the other go.

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
pub use settings::{Canary, GrowthLimit, Settings, Site};
pub use site_runtimes::check;
