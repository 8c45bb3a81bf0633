//! A guest of both contracts. Its only value is the version that the host uses.

#![cfg(target_family = "wasm")]
#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "the bindings are generated"
)]

mod v1;
mod v2;

wit_bindgen::generate!({ path: "wit", world: "both", generate_all });

struct Component;

export!(Component);
