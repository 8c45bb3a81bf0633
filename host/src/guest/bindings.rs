//! Bindings generated from `wit/`. WASI interfaces refer to `wasmtime-wasi` and
//! `wasmtime-wasi-http`.

#![allow(
    missing_docs,
    unreachable_pub,
    reason = "generated; `wit/` documents it"
)]

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
