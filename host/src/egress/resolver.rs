//! From a name to addresses.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use super::address::Reach;
use super::allow::Rule;
use super::failure::Failure;

/// The system's resolver, whose answers are looked at before anybody connects:
/// what was checked is what is used, whatever the name says the next time.
#[derive(Clone)]
pub(super) struct Resolver {
    system: GaiResolver,
    reach: Reach,
}

impl Resolver {
    pub(super) fn new(reach: Reach) -> Self {
        let system = GaiResolver::new();
        Self { system, reach }
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.system
            .poll_ready(cx)
            .map_err(|error| Failure::Name(error.to_string()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (reach, host) = (self.reach, name.as_str().to_owned());
        let lookup = self.system.call(name);
        Box::pin(async move {
            let found = lookup
                .await
                .map_err(|error| Failure::Name(error.to_string()))?;
            let allowed: Vec<_> = found
                .filter(|found| reach.allows(&host, found.ip()))
                .collect();
            if allowed.is_empty() {
                Err(Failure::Denied(Rule::Address))
            } else {
                Ok(allowed.into_iter())
            }
        })
    }
}
