//! Builds the ill-behaved guests.

#[path = "../host/build/component.rs"]
mod component;

fn main() {
    let wasm = component::build("guests", &["tests/guests", "wit"]);
    println!("cargo::rustc-env=TEST_GUESTS_WASM={}", wasm.display());
}
