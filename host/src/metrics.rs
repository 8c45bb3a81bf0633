//! Metrics: the model, the page a scrape is answered with, and the host's own
//! instruments.
//!
//! A guest's families pass through three steps: `check` drops what Prometheus
//! would refuse, `page` merges the sites and renders them once, and a scrape
//! hands out the rendered bytes. The instruments are the host's own and are
//! rendered at each scrape.

pub mod budget;
pub mod check;
pub mod definition;
pub mod family;
pub mod gzip;
pub mod instruments;
pub mod page;

mod text;

pub use budget::Budget;
pub use check::{Checked, Reason, check};
pub use definition::Definition;
pub use family::{Bucket, Distribution, Family, Kind, Point, Samples};
pub use instruments::{Build, Instruments, SwapResult};
pub use page::Page;
pub use text::Format;
