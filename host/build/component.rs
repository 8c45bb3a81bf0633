//! Builds a crate of this workspace as a component. Shared by the build scripts of the
//! host (the default guest) and of the tests (other guests).

use std::path::PathBuf;
use std::process::{Command, exit};
use std::{env, fs};

const TARGET: &str = "wasm32-wasip2";

/// What the outer build sets for itself and the inner one must not inherit:
/// flags for the host's target, and the lock on the outer target directory.
const NOT_INHERITED: [&str; 10] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "CARGO_MAKEFLAGS",
    "MAKEFLAGS",
];

/// Builds `package` and returns the path of its component. `sources` are the
/// folders, from the workspace's root, whose change means another build.
pub(crate) fn build(package: &str, sources: &[&str]) -> PathBuf {
    let root = workspace();
    for source in sources.iter().chain(&["Cargo.toml", "Cargo.lock"]) {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    demand_target();
    let target_dir = shared_target_dir();
    // Link-time optimisation is worth its time only in what is installed.
    let profile = match var("PROFILE").as_str() {
        "release" => "guest",
        _ => "guest-dev",
    };
    let mut cargo = Command::new(var("CARGO"));
    cargo
        .current_dir(&root)
        .args(["build", "--lib", "--locked", "--profile", profile])
        .args(["--package", package, "--target", TARGET, "--target-dir"])
        .arg(&target_dir);
    for name in NOT_INHERITED {
        cargo.env_remove(name);
    }
    match cargo.output() {
        Ok(answer) if answer.status.success() => {}
        Ok(answer) => fail(&format!(
            "the component `{package}` does not build:\n{}",
            String::from_utf8_lossy(&answer.stderr)
        )),
        Err(error) => fail(&format!("cannot run cargo: {error}")),
    }
    let built = target_dir
        .join(TARGET)
        .join(profile)
        .join(format!("{package}.wasm"));
    let wasm = PathBuf::from(var("OUT_DIR")).join(format!("{package}.wasm"));
    // Copied out, so that the path stays valid while a later build replaces it.
    if let Err(error) = fs::copy(&built, &wasm) {
        fail(&format!("cannot copy {}: {error}", built.display()));
    }
    wasm
}

/// `target/components`, so that components share their dependencies. The outer cargo
/// locks only the folders of its own profiles.
fn shared_target_dir() -> PathBuf {
    let out_dir = PathBuf::from(var("OUT_DIR"));
    // target/PROFILE/build/PACKAGE-HASH/out
    let target = out_dir.ancestors().nth(4).unwrap_or(&out_dir);
    target.join("components")
}

/// `rustc 1.95.0 (…)`, as the compiler says it.
#[allow(dead_code, reason = "only the host asks")]
pub(crate) fn rustc_version() -> String {
    Command::new(var("RUSTC"))
        .arg("--version")
        .output()
        .map(|answer| String::from_utf8_lossy(&answer.stdout).trim().to_owned())
        .unwrap_or_default()
}

/// Ends with one clear line when the compiler in use cannot build components.
fn demand_target() {
    let answer = Command::new(var("RUSTC"))
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    let installed = answer
        .is_ok_and(|answer| PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim()).is_dir());
    if !installed {
        fail(&format!(
            "the Rust target `{TARGET}` is not installed; run: rustup target add {TARGET}"
        ));
    }
}

fn workspace() -> PathBuf {
    let manifest = PathBuf::from(var("CARGO_MANIFEST_DIR"));
    manifest.parent().map(PathBuf::from).unwrap_or(manifest)
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| fail(&format!("cargo sets no `{name}`")))
}

fn fail(message: &str) -> ! {
    for line in message.lines() {
        println!("cargo::error={line}");
    }
    exit(1)
}
