//! Machine code from the compiler process. The only `unsafe` of the host.

use wasmtime::component::Component;
use wasmtime::{Engine, Result};

/// Takes over what the compiler process made.
///
/// `Component::deserialize` runs its input as machine code, so the input must be
/// what `Engine::precompile_component` of this Wasmtime put out. It is, because of
/// where it comes from:
///
/// - The other end of the socket was handed to the child that this process started,
///   and to nobody else: a socket pair has no name that could be opened.
/// - That child runs this executable (`/proc/self/exe`, which names the running file
///   even after an upgrade has replaced it), so it is the same Wasmtime with the same
///   `config`; Wasmtime compares version, features and processor once more.
/// - The child passes on whole artifacts only: a worker that was killed or failed
///   gives a refusal, and a length that is not met ends the connection.
/// - Nothing compiled is ever written to disk.
///
/// A component that took over the worker through a fault of the compiler could
/// answer with code of its own; Cranelift is trusted in the same way wherever
/// it runs.
#[allow(unsafe_code, reason = "see the proof above")]
pub(super) fn load(engine: &Engine, artifact: &[u8]) -> Result<Component> {
    // SAFETY: `artifact` is the output of `precompile_component`, as proven above.
    unsafe { Component::deserialize(engine, artifact) }
}
