//! Loads guests from the bytes of a component.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::bindings::contract;
use super::engine::Engine;
use super::linked::LinkedGuest;
use super::{
    CollectorKeys, CompileCost, DeclaredCollector, GuestLimits, LoadError, Manifest, OptionKey,
    SettingsProblem, SiteSettings, convert, manifest, options,
};
use crate::egress::Permit;
use crate::suggestion::suggestion;

/// Maximum size of a component in bytes. The built-in guest has about a hundredth.
pub const LARGEST: u64 = 64 << 20;

/// How Wasmtime reports an export of another type. It checks types when it creates an
/// instance.
const OTHER_TYPE: &str = "failed to convert function to given type";

/// The name of the default guest. Its states and versions keep the keys that they had
/// before guests had names.
pub(super) const DEFAULT_NAME: &str = "netbackup";

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
    pub(super) linked: LinkedGuest,
    pub(super) manifest: Arc<Manifest>,
    digest: Digest,
    imports: Vec<String>,
    compile_cost: Option<CompileCost>,
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
        let compiled = engine.compile(bytes, limits.component).await?;
        let mut guest = Self {
            engine: Arc::clone(engine),
            linked: compiled.linked,
            manifest: Arc::new(Manifest {
                name: String::new(),
                version: String::new(),
                collectors: Vec::new(),
                highlights: Vec::new(),
            }),
            digest,
            imports: compiled.imports,
            compile_cost: compiled.cost,
            limits,
            permit: Arc::new(Permit::new(digest, [])),
        };
        let manifest = guest.describe().await;
        let manifest = manifest.map_err(|fault| match fault.message.contains(OTHER_TYPE) {
            true => LoadError::other_contract(&fault.message),
            false => LoadError::Undescribed(fault),
        })?;
        guest.manifest = Arc::new(manifest);
        manifest::check(&guest.manifest, &limits).map_err(LoadError::InvalidManifest)?;
        let collectors = guest.manifest.collectors.iter();
        let endpoints = collectors.flat_map(|collector| &collector.endpoints);
        let endpoints = endpoints.map(|it| (http_method(it.method), it.path.as_str()));
        guest.permit = Arc::new(Permit::new(digest, endpoints));
        Ok(guest)
    }

    /// What the guest can collect.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The version of the contract that it is used with, such as `0.2`.
    pub fn contract(&self) -> &'static str {
        self.linked.version()
    }

    fn declared(&self, collector: &str) -> Option<&DeclaredCollector> {
        let mut collectors = self.manifest.collectors.iter();
        collectors.find(|it| it.name == collector)
    }

    /// The key of a collector's saved state. Guests of other names have states of their
    /// own, since their collectors may share names.
    pub fn state_key(&self, collector: &str) -> String {
        match self.manifest.name.as_str() {
            DEFAULT_NAME => collector.to_owned(),
            name => format!("{name}:{collector}"),
        }
    }

    /// Identifies the guest's line of versions under a signing key.
    pub fn version_key(&self, key: Digest) -> Digest {
        match self.manifest.name.as_str() {
            DEFAULT_NAME => key,
            name => Digest::of(format!("{key} {name}").as_bytes()),
        }
    }

    /// Whether results of the collector may be reused until the TTL expires.
    pub fn caches(&self, collector: &str) -> bool {
        self.declared(collector).is_some_and(|it| it.cached)
    }

    /// The collectors that run with these settings: those that the configuration
    /// enables, and those that run by default. Only declared ones.
    pub fn collectors(&self, settings: &SiteSettings) -> Vec<String> {
        let runs = |declared: &&DeclaredCollector| {
            let keys = settings.collector(&declared.name);
            let enabled = keys.and_then(|keys| keys.enabled);
            enabled.unwrap_or(declared.enabled_by_default)
        };
        let running = self.manifest.collectors.iter().filter(runs);
        running.map(|it| it.name.clone()).collect()
    }

    /// The shortest time between two collections of the collector, by the configuration
    /// or by the manifest.
    pub fn interval(&self, settings: &SiteSettings, collector: &str) -> Option<Duration> {
        let configured = settings.collector(collector).and_then(|keys| keys.interval);
        let declared = || {
            let seconds = self.declared(collector)?.default_interval_seconds?;
            Some(Duration::from_secs(seconds.into()))
        };
        configured.or_else(declared)
    }

    /// The settings of one site as the guest gets them, and what is wrong with them.
    pub(super) fn bind(
        &self,
        settings: &SiteSettings,
        only: impl Fn(&str) -> bool,
    ) -> (contract::Settings, Vec<SettingsProblem>) {
        let mut problems = unknown(&self.manifest, settings);
        let mut collectors = Vec::new();
        for name in self
            .collectors(settings)
            .into_iter()
            .filter(|name| only(name))
        {
            let keys = settings.collector(&name);
            let options = match (&self.linked, self.declared(&name)) {
                (LinkedGuest::V2(_), Some(declared)) => {
                    let (options, found) = options::bind(declared, keys, settings.legacy_names);
                    problems.extend(found);
                    options
                }
                _ => convert::v1::options(keys, settings.legacy_names),
            };
            collectors.push(contract::Selection { name, options });
        }
        let settings = contract::Settings {
            base_url: settings.base_url.clone(),
            api_version: settings.api_version.clone(),
            collectors,
        };
        (settings, problems)
    }

    /// The options of a collector that the configuration sets, by their paths. The values
    /// of each kind have one notation.
    pub fn configured_options(
        &self,
        settings: &SiteSettings,
        collector: &str,
    ) -> serde_json::Map<String, serde_json::Value> {
        let keys = settings.collector(collector);
        let bound = match (&self.linked, self.declared(collector)) {
            (LinkedGuest::V2(_), Some(declared)) => {
                options::bind(declared, keys, settings.legacy_names).0
            }
            _ => Vec::new(),
        };
        let value = |key: &OptionKey| {
            let bound = bound.iter().find(|(name, _)| *name == key.path);
            bound.map_or_else(|| key.value.clone(), |(_, value)| options::json(value))
        };
        let given = keys.into_iter().flat_map(|keys| &keys.options);
        given.map(|key| (key.path.clone(), value(key))).collect()
    }

    /// The digest of the component.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What compiling took; `None` if the code was cached.
    pub fn compile_cost(&self) -> Option<CompileCost> {
        self.compile_cost
    }

    /// Names of the imported interfaces, such as `wasi:http/outgoing-handler@0.2.12`.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }
}

fn http_method(method: contract::Method) -> http::Method {
    match method {
        contract::Method::Get => http::Method::GET,
        contract::Method::Post => http::Method::POST,
    }
}

/// Collectors of the configuration that the guest does not have. A file may disable those
/// of another guest, but a flag is written for this process.
fn unknown(manifest: &Manifest, settings: &SiteSettings) -> Vec<SettingsProblem> {
    let names: Vec<_> = manifest
        .collectors
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    let needed = |keys: &&CollectorKeys| keys.enabled != Some(false) || keys.place.is_flag();
    let needed = settings.collectors.iter().filter(needed);
    let unknown = needed.filter(|keys| !names.contains(&keys.name.as_str()));
    unknown
        .map(|keys| SettingsProblem {
            at: format!("collectors.{}", keys.name),
            place: Some(keys.place.clone()),
            message: format!("the guest has no collector `{}`", keys.name),
            hint: Some(suggestion(&keys.name, &names, "available collectors")),
        })
        .collect()
}
