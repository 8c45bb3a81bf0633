//! The room of the clock: when each site is read, with what state, and what is
//! done with the answer. Every site has a task of its own and waits for nobody.

mod attempt;
mod guests;
#[cfg(test)]
mod life;
mod memory;
mod persistence;
mod probe;
mod rounds;
mod schedule;
mod settings;
mod site_tasks;
mod spread;
mod state;
mod store;
mod update;
mod verdicts;

pub use attempt::{Described, Desk, Done};
pub use memory::Memory;
pub use probe::probe;
pub use rounds::Rounds;
pub use settings::Settings;
pub use store::{Store, Unusable, examine, make, proven_version};
