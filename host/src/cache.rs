//! The room of what is known: each site's last good families, for as long as
//! they count, and the page that scrapes are answered with.

mod counter_resets;
mod entry;
mod freshness;
mod store;

pub use entry::{Attempt, AttemptResult, CollectorStatus};
pub use freshness::definitions;
pub use store::Cache;
