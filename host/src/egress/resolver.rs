//! From a name to addresses.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use tower_service::Service;

use super::failure::Failure;

/// The system's resolver. Wrapped only because the HTTP library keeps its own
/// name for a failed lookup to itself.
#[derive(Clone)]
pub(super) struct Resolver(GaiResolver);

impl Resolver {
    pub(super) fn new() -> Self {
        Self(GaiResolver::new())
    }
}

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<GaiAddrs, Failure>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.0
            .poll_ready(cx)
            .map_err(|error| Failure::Name(error.to_string()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let lookup = self.0.call(name);
        Box::pin(async move {
            lookup
                .await
                .map_err(|error| Failure::Name(error.to_string()))
        })
    }
}
