//! A linked component and its exports, for every supported version of the contract.

use wasmtime::component::{Component, InstancePre};
use wasmtime::{Result, Store};

use super::bindings::{contract, v1, v2};
use super::convert::{self, RawReport};
use super::instance::Instance;
use super::{Manifest, ProbeAnswer, SavedState};

/// The version of the contract that a guest is used with: the newest that it exports.
#[derive(Clone)]
pub(super) enum LinkedGuest {
    V1(v1::GuestPre<Instance>),
    V2(v2::GuestPre<Instance>),
}

/// An instance of a guest.
pub(super) enum GuestInstance {
    V1(v1::Guest),
    V2(v2::Guest),
}

/// What a problem of the settings is before it is checked.
type RawProblems = Vec<contract::Problem>;
/// The result of a probe before it is checked.
type RawProbe = Result<ProbeAnswer, contract::Failure>;

impl LinkedGuest {
    /// Finds the exports.
    pub(super) fn new(linked: InstancePre<Instance>) -> Result<Self> {
        let exports = |interface: &str| exports(linked.component(), interface);
        if exports(V2) {
            v2::GuestPre::new(linked).map(Self::V2)
        } else {
            v1::GuestPre::new(linked).map(Self::V1)
        }
    }

    /// The version of the contract, such as `0.2`.
    pub(super) fn version(&self) -> &'static str {
        match self {
            Self::V1(_) => "0.1",
            Self::V2(_) => "0.2",
        }
    }

    pub(super) async fn instantiate(&self, store: &mut Store<Instance>) -> Result<GuestInstance> {
        Ok(match self {
            Self::V1(guest) => GuestInstance::V1(guest.instantiate_async(store).await?),
            Self::V2(guest) => GuestInstance::V2(guest.instantiate_async(store).await?),
        })
    }
}

/// The interface of version 0.2 without its patch version.
const V2: &str = "nbu:collector/collector@0.2.";

fn exports(component: &Component, interface: &str) -> bool {
    let engine = component.engine();
    let kind = component.component_type();
    kind.exports(engine)
        .any(|(name, _)| name.starts_with(interface))
}

impl GuestInstance {
    pub(super) async fn describe(&self, store: &mut Store<Instance>) -> Result<Manifest> {
        match self {
            Self::V1(guest) => {
                let manifest = guest.nbu_collector_collector().call_describe(store).await;
                manifest.map(convert::v1::manifest)
            }
            Self::V2(guest) => guest.nbu_collector_collector().call_describe(store).await,
        }
    }

    pub(super) async fn check(
        &self,
        store: &mut Store<Instance>,
        settings: contract::Settings,
    ) -> Result<RawProblems> {
        match self {
            Self::V1(guest) => {
                let settings = convert::v1::settings(settings);
                let collector = guest.nbu_collector_collector();
                let problems = collector.call_check(store, &settings).await?;
                Ok(problems.into_iter().map(convert::v1::problem).collect())
            }
            Self::V2(guest) => {
                let collector = guest.nbu_collector_collector();
                collector.call_check(store, &settings).await
            }
        }
    }

    pub(super) async fn probe(
        &self,
        store: &mut Store<Instance>,
        settings: contract::Settings,
        last: Option<&str>,
    ) -> Result<RawProbe> {
        Ok(match self {
            Self::V1(guest) => {
                let settings = convert::v1::settings(settings);
                let collector = guest.nbu_collector_collector();
                let answer = collector.call_probe(store, &settings, last).await?;
                answer
                    .map(convert::v1::probe_answer)
                    .map_err(convert::v1::failure)
            }
            Self::V2(guest) => {
                let collector = guest.nbu_collector_collector();
                collector.call_probe(store, &settings, last).await?
            }
        })
    }

    pub(super) async fn collect(
        &self,
        store: &mut Store<Instance>,
        manifest: &Manifest,
        settings: contract::Settings,
        window: contract::Window,
        state: Vec<SavedState>,
    ) -> Result<RawReport> {
        match self {
            Self::V1(guest) => {
                let settings = convert::v1::settings(settings);
                let window = convert::v1::window(window);
                let state: Vec<_> = state.into_iter().map(convert::v1::saved).collect();
                let collector = guest.nbu_collector_collector();
                let report = collector
                    .call_collect(store, &settings, &window, &state)
                    .await?;
                Ok(convert::v1::report(report))
            }
            Self::V2(guest) => {
                let collector = guest.nbu_collector_collector();
                let report = collector
                    .call_collect(store, &settings, &window, &state)
                    .await?;
                Ok(convert::report(manifest, report))
            }
        }
    }
}
