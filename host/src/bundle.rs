//! A recorded collection in one file: settings, window, every request with its answer,
//! and the report. A bundle is enough to repeat the collection without a network.
//!
//! A bundle holds no credential: its types have no place for one. [`redact`] also
//! replaces names, paths and addresses.

mod exchange;
mod format;
mod model;
mod redact;
mod replay;

pub use self::exchange::{Exchange, FailureKind, RecordedBody, RecordedRequest, RecordedResponse};
pub use self::exchange::{RequestHeaders, ResponseHeaders};
pub use self::format::{BundleError, MAX_COMPRESSED, MAX_CONTENT};
pub use self::model::{Bundle, RecordedCollection, RecordedGuest, RecordedSelection};
pub use self::model::{RecordedSettings, RecordedWindow};
pub use self::redact::{Redaction, redact};
pub use self::replay::{MissingRequest, Replay};
