//! Loads machine code from the compiler process. The only `unsafe` code of the host.

use wasmtime::component::Component;
use wasmtime::{Engine, Result};

/// Loads an artifact of the compiler process.
///
/// `Component::deserialize` executes its input as machine code. So the input must be
/// the output of `Engine::precompile_component` of the same Wasmtime. This is proven
/// by its origin:
///
/// - Only the child that this process started owns the other end of the socket. A
///   socket pair has no name, so nothing else can open it.
/// - The child runs the same executable: `/proc/self/exe` names the running file even
///   after an upgrade. So Wasmtime and `config` are the same, and Wasmtime checks
///   version, features and processor again.
/// - The child only forwards complete artifacts, after the cost of compiling. A killed or
///   failed worker results in a refusal, and a length mismatch ends the connection.
/// - Compiled code is never written to disk.
///
/// A component that exploits a bug in the compiler could return its own machine code.
/// Cranelift is trusted in the same way wherever it runs.
#[allow(unsafe_code, reason = "see the proof above")]
pub(super) fn load(engine: &Engine, artifact: &[u8]) -> Result<Component> {
    // SAFETY: `artifact` is the output of `precompile_component`, as proven above.
    unsafe { Component::deserialize(engine, artifact) }
}
