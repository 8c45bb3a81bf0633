//! The last values of each site while they are valid, and the page that is served to
//! scrapes.

mod counter_resets;
mod entry;
mod freshness;
mod snapshot;
mod store;
mod transitions;

pub use entry::PastCollection;
pub use entry::{Attempt, AttemptResult, CollectorStatus};
pub use freshness::definitions;
pub use snapshot::{CollectorSnapshot, SiteSnapshot};
pub use store::Cache;
