//! The room where generations change: an offered guest or new settings become
//! the current generation, or are refused and leave it untouched.
//!
//! `offered` reads, `provenance` asks who made it, `candidate` compiles and
//! compares, `canary` tries it on the sites, `probation` watches it afterwards;
//! `stage` lets the one in and the other go.

mod blame;
mod canary;
mod candidate;
mod difference;
mod generation;
mod members;
mod offered;
mod probation;
mod provenance;
mod refusal;
mod refused;
mod settings;
mod stage;

pub use canary::{Served, ServedFamily, Verdict, Witness, Worse};
pub use difference::{Difference, Item, KindChange};
pub use generation::{Demands, Generation, Member, Origin};
pub use members::check;
pub use offered::Offered;
pub use provenance::{Proof, Provenance, PublicKey, Untrusted, signature_path};
pub use refusal::Refusal;
pub use settings::{Bound, Canary, Settings, Site};
pub use stage::{Cause, Offer, Stage, Staged};
