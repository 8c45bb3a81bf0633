//! What the exporter and its compiler workers must agree on: Wasmtime's configuration, and
//! the interfaces of guests.

use wasmtime::{Config, OptLevel, RegallocAlgorithm, Result};

/// Stack size of a guest in bytes, which limits recursion.
const STACK: usize = 1 << 20;

/// The engine of a worker.
pub(super) fn compiling_engine() -> Result<wasmtime::Engine> {
    wasmtime::Engine::new(&config())
}

/// Disables features that guests do not need. Must be identical for compiling and
/// running, because Wasmtime rejects artifacts of another configuration.
pub(super) fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        .max_wasm_stack(STACK)
        .async_stack_size(2 * STACK)
        // Without this, sparse data segments are expanded at compile time, and a small
        // component could produce hundreds of megabytes.
        .memory_guaranteed_dense_image_size(0)
        .wasm_tail_call(false)
        .wasm_relaxed_simd(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false);
    // The tests start hundreds of processes, each of which compiles a guest: 2.7 seconds of
    // processor for the default one, instead of 4.8.
    if cfg!(debug_assertions) {
        config
            .cranelift_opt_level(OptLevel::None)
            .cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
    }
    config
}

/// The interfaces that the linker provides, for rejecting a component before it is
/// compiled. The linker makes the final decision, including versions and types.
pub(super) const PROVIDED: &[&str] = &[
    "nbu:collector/log@0.1.0",
    "nbu:collector/log@0.2.0",
    "wasi:cli/environment@0.2.0",
    "wasi:cli/exit@0.2.0",
    "wasi:cli/stderr@0.2.0",
    "wasi:cli/stdin@0.2.0",
    "wasi:cli/stdout@0.2.0",
    "wasi:cli/terminal-input@0.2.0",
    "wasi:cli/terminal-output@0.2.0",
    "wasi:cli/terminal-stderr@0.2.0",
    "wasi:cli/terminal-stdin@0.2.0",
    "wasi:cli/terminal-stdout@0.2.0",
    "wasi:clocks/monotonic-clock@0.2.0",
    "wasi:clocks/wall-clock@0.2.0",
    "wasi:filesystem/preopens@0.2.0",
    "wasi:filesystem/types@0.2.0",
    "wasi:http/outgoing-handler@0.2.0",
    "wasi:http/types@0.2.0",
    "wasi:io/error@0.2.0",
    "wasi:io/poll@0.2.0",
    "wasi:io/streams@0.2.0",
    "wasi:random/insecure-seed@0.2.0",
    "wasi:random/insecure@0.2.0",
    "wasi:random/random@0.2.0",
    "wasi:sockets/instance-network@0.2.0",
    "wasi:sockets/ip-name-lookup@0.2.0",
    "wasi:sockets/network@0.2.0",
    "wasi:sockets/tcp-create-socket@0.2.0",
    "wasi:sockets/tcp@0.2.0",
    "wasi:sockets/udp-create-socket@0.2.0",
    "wasi:sockets/udp@0.2.0",
];

/// The interfaces of which a component must export one, the newest first.
pub(super) const EXPORTED: [&str; 2] = [
    "nbu:collector/collector@0.2.0",
    "nbu:collector/collector@0.1.0",
];
