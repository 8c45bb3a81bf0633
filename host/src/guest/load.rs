//! Loads guests from the bytes of a component.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::bindings::GuestPre;
use super::engine::Engine;
use super::instance::Instance;
use super::{GuestLimits, LoadError, Manifest, manifest};
use crate::egress::Permit;

/// Maximum size of a component in bytes. The built-in guest has about a hundredth.
pub const LARGEST: u64 = 64 << 20;

/// The component that is embedded in the program.
pub fn built_in() -> Bytes {
    Bytes::from_static(include_bytes!(env!("NBU_GUEST_WASM")))
}

/// SHA-256 digest of a component.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl FromStr for Digest {
    type Err = &'static str;

    /// Parses the output format of `sha256sum`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        match base16ct::mixed::decode(text.trim(), &mut bytes) {
            Ok(all) if all.len() == 32 => Ok(Self(bytes)),
            _ => Err("is not a sha256 digest"),
        }
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

/// A compiled, linked and described component. Immutable; each call creates an
/// instance.
pub struct Guest {
    pub(super) engine: Arc<Engine>,
    pub(super) linked: GuestPre<Instance>,
    manifest: Manifest,
    digest: Digest,
    imports: Vec<String>,
    /// Limits of calls without a site.
    pub(super) limits: GuestLimits,
    /// The paths that its requests may use.
    pub(super) permit: Arc<Permit>,
}

impl Guest {
    /// Same as [`load_within`](Self::load_within), with the default limits.
    pub async fn load(engine: &Arc<Engine>, bytes: Bytes) -> Result<Self, LoadError> {
        Self::load_within(engine, bytes, GuestLimits::default()).await
    }

    /// Compiles, links and describes a component. The running generation is not
    /// affected.
    pub async fn load_within(
        engine: &Arc<Engine>,
        bytes: Bytes,
        limits: GuestLimits,
    ) -> Result<Self, LoadError> {
        let size = bytes.len() as u64;
        if size > LARGEST {
            let (bytes, limit) = (size, LARGEST);
            return Err(LoadError::TooLarge { bytes, limit });
        }
        let digest = Digest::of(&bytes);
        let (linked, imports) = engine.compile(bytes, limits.component).await?;
        let mut guest = Self {
            engine: Arc::clone(engine),
            linked,
            manifest: Manifest {
                version: String::new(),
                capabilities: Vec::new(),
            },
            digest,
            imports,
            limits,
            permit: Arc::new(Permit::new(digest, [])),
        };
        let manifest = guest.describe().await;
        guest.manifest = manifest.map_err(|fault| LoadError::Undescribed(fault.message))?;
        manifest::check(&guest.manifest, &limits).map_err(LoadError::Undescribed)?;
        let capabilities = guest.manifest.capabilities.iter();
        let paths = capabilities.flat_map(|capability| &capability.paths);
        guest.permit = Arc::new(Permit::new(digest, paths.map(String::as_str)));
        Ok(guest)
    }

    /// What the guest can collect.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether results of the collector may be reused until the TTL expires.
    pub fn caches(&self, collector: &str) -> bool {
        let capabilities = &self.manifest.capabilities;
        capabilities.iter().any(|c| c.name == collector && c.cached)
    }

    /// The digest of the component.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Names of the imported interfaces, such as `wasi:http/outgoing-handler@0.2.12`.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }
}
