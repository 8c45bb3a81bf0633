//! Loads and runs guests: from the bytes of a component to checked reports.
//!
//! `compiler` compiles components in another process, `engine` links them, and `load`
//! builds a [`Guest`]. `call` runs one export in a fresh instance under its limits.
//! `admit` checks the result before anything else uses it. Only this module and
//! `egress::hooks` use Wasmtime types.

mod admit;
mod bindings;
mod body_error;
mod call;
mod captured_output;
mod compile;
mod compiler;
mod convert;
mod engine;
mod engine_config;
mod error;
mod guest_log;
mod handle_memory;
mod highlight;
mod hints;
mod import_overrides;
mod instance;
mod limits;
mod linked;
mod load;
mod manifest;
mod meter;
mod offline;
mod options;
mod report;
mod scheduler;
mod settings;

pub use bindings::contract::{
    Aggregate, DeclaredCollector, DeclaredFamily, DeclaredOption, Endpoint,
    Failure as CollectorFailure, Highlight, Manifest, Method, OptionKind, OptionValue, ProbeAnswer,
    Reason as FailureReason, Saved as SavedState,
};
pub use bindings::wire::Kind as DeclaredKind;
pub use call::{CallTarget, Collected};
pub use compiler::{CompileCost, CompilerProcess, compiler_main};
pub use engine::Engine;
pub use error::{Fault, FaultKind, LoadError};
pub use hints::{hints, unconnected};
pub use limits::{ComponentLimits, GuestLimits, InstanceLimits, LogLimits, ManifestLimits};
pub use load::{Digest, Guest, LARGEST, built_in};
pub use manifest::ManifestProblems;
use report::own_reason;
pub use report::{
    DroppedSeries, FAULT, OTHER, Outcome, REASONS, REDIRECT, Report, STATE, failure_text,
    reason_name,
};
pub use settings::{CollectorKeys, OptionKey, Place, SettingsProblem, SiteSettings, Window};
