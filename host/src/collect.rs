//! Schedules collections, passes state between them and publishes their results. Each
//! site has its own task, independent of the others.

mod active_guests;
mod collection;
mod facts;
mod failure_lines;
mod failure_log;
mod guest_history;
mod guest_info;
mod memory;
mod persistence;
mod probe;
#[cfg(test)]
mod process_simulation;
mod rounds;
mod schedule;
mod settings;
mod site_tasks;
mod spans;
mod start_slot;
mod state;
mod store;
mod update;

pub use collection::{CollectionContext, FinishedCollection};
pub use guest_info::GuestInfo;
pub use memory::Memory;
pub use probe::probe;
pub use rounds::Rounds;
pub use settings::CollectSettings;
pub use store::{StateDirError, Store, examine, make, proven_version};
