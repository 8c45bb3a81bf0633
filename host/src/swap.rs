//! The room where generations change: an offered guest or new settings become
//! the current generation, or are refused and leave it untouched.

mod canary;
mod generation;
mod refusal;
mod settings;
mod stage;

pub use canary::Witness;
pub use generation::{Generation, Member};
pub use refusal::Refusal;
pub use settings::{Settings, Site};
pub use stage::{Cause, Offer, Stage, check, read};
