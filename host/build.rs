//! Builds the default guest, so that one `cargo build` gives a program that
//! carries it.

#[path = "build/component.rs"]
mod component;

fn main() {
    println!("cargo::rerun-if-env-changed=NBU_GUEST_WASM");
    let wasm = match std::env::var_os("NBU_GUEST_WASM") {
        // For packagers: a component that was built and signed elsewhere.
        Some(path) => path.into(),
        None => component::build("guest", &["guest", "wit"]),
    };
    println!("cargo::rustc-env=NBU_GUEST_WASM={}", wasm.display());
    println!("cargo::rerun-if-changed={}", wasm.display());
    println!("cargo::rustc-env=NBU_RUSTC={}", component::rustc_version());
    println!("cargo::rustc-env=NBU_REVISION={}", revision());
    println!("cargo::rustc-env=NBU_WASMTIME={}", wasmtime_version());
}

/// As the lock file has it.
fn wasmtime_version() -> String {
    println!("cargo::rerun-if-changed=../Cargo.lock");
    let lock = std::fs::read_to_string("../Cargo.lock").unwrap_or_default();
    let entry = lock
        .split("[[package]]")
        .find(|entry| entry.contains("name = \"wasmtime\"\n"));
    entry
        .and_then(|entry| entry.split("version = \"").nth(1)?.split('"').next())
        .unwrap_or("unknown")
        .to_owned()
}

/// The commit that is built, or `unknown` outside a repository. A build without `.git`
/// passes it in `NBU_REVISION`.
fn revision() -> String {
    println!("cargo::rerun-if-env-changed=NBU_REVISION");
    if let Ok(revision) = std::env::var("NBU_REVISION") {
        return revision;
    }
    println!("cargo::rerun-if-changed=../.git/HEAD");
    println!("cargo::rerun-if-changed=../.git/refs/heads");
    std::process::Command::new("git")
        .args(["rev-parse", "--short=12", "HEAD"])
        .output()
        .ok()
        .filter(|answer| answer.status.success())
        .map(|answer| String::from_utf8_lossy(&answer.stdout).trim().to_owned())
        .unwrap_or_else(|| "unknown".to_owned())
}
