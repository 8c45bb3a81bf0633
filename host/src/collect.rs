//! The room of the clock: when each site is read, with what state, and what is
//! done with the answer. Every site has a task of its own and waits for nobody.

mod active_guests;
mod collection;
mod guest_history;
mod memory;
mod persistence;
mod probe;
#[cfg(test)]
mod process_simulation;
mod rounds;
mod schedule;
mod settings;
mod site_tasks;
mod start_slot;
mod state;
mod store;
mod update;

pub use collection::{CollectionContext, FinishedCollection, GuestInfo};
pub use memory::Memory;
pub use probe::probe;
pub use rounds::Rounds;
pub use settings::Settings;
pub use store::{StateDirError, Store, examine, make, proven_version};
