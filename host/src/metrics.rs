//! Metrics: the data model, the page that scrapes receive, and the host's own
//! instruments.
//!
//! A guest's families pass through four steps. `check` drops what Prometheus would
//! reject, `rendered_family` renders what changed, `page` joins the families of all
//! sites, and a scrape sends the bytes. The instruments end every scrape.

pub mod budget;
pub mod check;
pub mod chunks;
pub mod counts;
pub mod definition;
pub mod family;
pub mod gzip;
pub mod instruments;
pub mod page;
pub mod rendered_family;

mod text;

pub use budget::{Budget, SiteLimits};
pub use check::{Checked, Reason, check, violations};
pub use chunks::Chunks;
pub use counts::{FallenCounter, counts, fallen_counters};
pub use definition::Definition;
pub use family::{Bucket, Distribution, Family, Kind, Point, Samples};
pub use instruments::{BuildInfo, Instruments, SwapResult};
pub use page::Page;
pub use rendered_family::{FamilyHeaders, LabelRenderer, LabelSet, RenderedFamily};
pub use text::Format;
