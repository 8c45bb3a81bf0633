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
mod compiler;
mod convert;
mod engine;
mod error;
mod guest_log;
mod handle_memory;
mod import_overrides;
mod instance;
mod limits;
mod load;
mod manifest;
mod meter;
mod offline;
mod report;
mod scheduler;
mod settings;

pub use bindings::exports::nbu::collector::collector::{
    Capability, DescribedFamily, Failure as CollectorFailure, Manifest, ProbeAnswer,
    Problem as SettingsProblem, Reason as FailureReason, Saved as SavedState, Window,
};
pub use bindings::nbu::collector::metrics::Kind as DeclaredKind;
pub use call::{CallTarget, Collected};
pub use compiler::{CompilerProcess, compiler_main};
pub use engine::Engine;
pub use error::{Fault, FaultKind, LoadError};
pub use limits::{ComponentLimits, GuestLimits, InstanceLimits, LogLimits, ManifestLimits};
pub use load::{Digest, Guest, LARGEST, built_in};
pub use report::{FAULT, Outcome, REASONS, Report, STATE, failure_text, reason_name};
pub use settings::{Selection, SiteSettings};
