//! Builds the guests of the tests: the misbehaving one, the one of both contracts, and
//! the examples.

#[path = "../host/build/component.rs"]
mod component;

fn main() {
    let wasm = component::build("guests", &["tests/guests", "wit"]);
    println!("cargo::rustc-env=TEST_GUESTS_WASM={}", wasm.display());
    let wasm = component::build("both_guest", &["tests/guests/both", "wit"]);
    println!("cargo::rustc-env=TEST_BOTH_GUEST_WASM={}", wasm.display());
    let wasm = component::build("minimal_guest", &["guest/examples/minimal", "wit"]);
    println!(
        "cargo::rustc-env=TEST_MINIMAL_GUEST_WASM={}",
        wasm.display()
    );
    let wasm = component::build("example_guest", &["guest/examples/rust", "wit"]);
    println!(
        "cargo::rustc-env=TEST_EXAMPLE_GUEST_WASM={}",
        wasm.display()
    );
}
