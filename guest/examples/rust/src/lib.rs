//! A guest that counts the alerts of NetBackup.

pub mod alerts;
#[cfg(target_family = "wasm")]
mod component;
#[cfg(target_family = "wasm")]
mod http;
pub mod netbackup;

/// The types and functions of `wit/`.
#[allow(missing_docs, unsafe_code, clippy::all, reason = "generated")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "guest",
        generate_all,
    });
}
