//! Bindings generated from `wit/`, for each supported version of the contract. WASI
//! interfaces refer to `wasmtime-wasi` and `wasmtime-wasi-http`.

/// Version 0.1, adapted by `convert::v1`.
#[allow(
    missing_docs,
    unreachable_pub,
    reason = "generated; `wit/` documents it"
)]
pub(super) mod v1 {
    wasmtime::component::bindgen!({
        path: "../wit/v0.1",
        world: "guest",
        exports: { default: async },
        with: {
            "wasi:http": wasmtime_wasi_http::p2::bindings::http,
            "wasi:io": wasmtime_wasi::p2::bindings::io,
            "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
        },
    });
}

/// Version 0.2. Its types are also the model of the host.
#[allow(
    missing_docs,
    unreachable_pub,
    reason = "generated; `wit/` documents it"
)]
pub(super) mod v2 {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "guest",
        exports: { default: async },
        with: {
            "wasi:http": wasmtime_wasi_http::p2::bindings::http,
            "wasi:io": wasmtime_wasi::p2::bindings::io,
            "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
        },
    });
}

pub(super) use v2::exports::nbu::collector::collector as contract;
pub(super) use v2::nbu::collector::metrics as wire;
