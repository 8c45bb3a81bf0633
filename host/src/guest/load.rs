//! From the bytes of a file to a guest that can be called.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::bindings::GuestPre;
use super::engine::Engine;
use super::error::one_line;
use super::instance::Instance;
use super::{LoadError, Manifest};
use crate::egress::Permit;

/// Bytes of the largest component that is compiled. The built-in one has a
/// hundredth of it.
const LARGEST: u64 = 64 << 20;

/// The component that the program carries.
pub fn built_in() -> Bytes {
    Bytes::from_static(include_bytes!(env!("NBU_GUEST_WASM")))
}

/// SHA-256 of a component's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base16ct::lower::encode_string(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A component that was compiled, linked and described. Immutable; each call
/// gets an instance of its own.
pub struct Guest {
    pub(super) engine: Arc<Engine>,
    pub(super) linked: GuestPre<Instance>,
    manifest: Manifest,
    digest: Digest,
    imports: Vec<String>,
    /// The paths of the manifest, for the way out.
    pub(super) permit: Arc<Permit>,
}

impl Guest {
    /// Compiles, links and asks for the manifest, all off the runtime's threads
    /// where it takes long. Nothing of the running generation is touched.
    pub async fn load(engine: &Arc<Engine>, bytes: Bytes) -> Result<Self, LoadError> {
        let size = bytes.len() as u64;
        if size > LARGEST {
            let (bytes, limit) = (size, LARGEST);
            return Err(LoadError::TooLarge { bytes, limit });
        }
        let compiler = Arc::clone(engine);
        let digest = Digest::of(&bytes);
        let compiled = tokio::task::spawn_blocking(move || compile(&compiler, &bytes));
        let (linked, imports) = compiled
            .await
            .map_err(|error| LoadError::NotAComponent(format!("the compiler failed: {error}")))??;
        let mut guest = Self {
            engine: Arc::clone(engine),
            linked,
            manifest: Manifest {
                version: String::new(),
                capabilities: Vec::new(),
            },
            digest,
            imports,
            permit: Arc::new(Permit::new(digest, [])),
        };
        let manifest = guest.describe().await;
        guest.manifest = manifest.map_err(|fault| LoadError::Undescribed(fault.message))?;
        consistent(&guest.manifest).map_err(LoadError::Undescribed)?;
        let capabilities = guest.manifest.capabilities.iter();
        let paths = capabilities.flat_map(|capability| &capability.paths);
        guest.permit = Arc::new(Permit::new(digest, paths.map(String::as_str)));
        Ok(guest)
    }

    /// What it is able to collect.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether the host may reuse that collector's answer for the TTL.
    pub fn caches(&self, collector: &str) -> bool {
        let capabilities = &self.manifest.capabilities;
        capabilities.iter().any(|c| c.name == collector && c.cached)
    }

    /// Of the bytes that were compiled.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The interfaces that it asks for, such as `wasi:http/outgoing-handler@0.2.12`.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }
}

fn compile(engine: &Engine, bytes: &[u8]) -> Result<(GuestPre<Instance>, Vec<String>), LoadError> {
    let component = engine
        .compile(bytes)
        .map_err(|error| LoadError::NotAComponent(one_line(&error)))?;
    let kind = component.component_type();
    let imports = kind
        .imports(engine.wasmtime())
        .map(|(name, _)| name.to_owned())
        .collect();
    let linked = engine
        .link(&component)
        .map_err(|error| LoadError::Unlinkable(one_line(&error)))?;
    Ok((linked, imports))
}

/// A manifest that names a collector twice could not be configured.
fn consistent(manifest: &Manifest) -> Result<(), String> {
    if manifest.capabilities.is_empty() {
        return Err("it names no collector".to_owned());
    }
    let mut names = HashSet::new();
    for capability in &manifest.capabilities {
        if !names.insert(capability.name.as_str()) {
            return Err(format!(
                "it names the collector `{}` twice",
                capability.name
            ));
        }
    }
    Ok(())
}
