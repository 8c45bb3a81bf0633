//! The room of the guest: from the bytes of a component to checked reports.
//!
//! `compiler` has components compiled in another process, `engine` links, `load` makes a [`Guest`] of bytes, `call` runs
//! one export in a fresh instance under its limits, `admit` checks what came back
//! before anything else sees it. Nothing outside this room and
//! `egress::hooks` names a Wasmtime type.

mod admit;
mod bindings;
mod body_error;
mod call;
mod compiler;
mod convert;
mod engine;
mod error;
mod holdings;
mod instance;
mod limits;
mod load;
mod log;
mod manifest;
mod meter;
mod narrow;
mod offline;
mod pace;
mod printed;
mod report;
mod settings;

pub use bindings::exports::nbu::collector::collector::{
    Capability, DescribedFamily, Failure, Manifest, ProbeAnswer, Problem, Reason, Saved, Window,
};
pub use bindings::nbu::collector::metrics::Kind as DeclaredKind;
pub use call::{Collected, Place};
pub use compiler::{CompilerProcess, compiler_main};
pub use engine::Engine;
pub use error::{Fault, FaultKind, LoadError};
pub use limits::{ComponentLimits, InstanceLimits, Limits, LogLimits, ManifestLimits};
pub use load::{Digest, Guest, LARGEST, built_in};
pub use report::{FAULT, Outcome, REASONS, Report, STATE, failure_text, reason_name};
pub use settings::{Selection, SiteSettings};
