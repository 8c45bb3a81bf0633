//! Name resolution.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use super::address::AddressPolicy;
use super::allow::Rule;
use super::failure::{RequestFailure, Shortage};

/// The system's resolver with a check of its results. The checked addresses are the
/// ones that are used, even if the next lookup returns others.
#[derive(Clone)]
pub(super) struct Resolver {
    system: GaiResolver,
    policy: AddressPolicy,
}

impl Resolver {
    pub(super) fn new(policy: AddressPolicy) -> Self {
        let system = GaiResolver::new();
        Self { system, policy }
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = RequestFailure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, RequestFailure>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RequestFailure>> {
        self.system
            .poll_ready(cx)
            .map_err(|error| RequestFailure::Name(error.to_string()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (policy, host) = (self.policy, name.as_str().to_owned());
        let lookup = self.system.call(name);
        Box::pin(async move {
            let found = lookup.await.map_err(|error| lookup_failure(&error))?;
            let allowed: Vec<_> = found
                .filter(|found| policy.allows(&host, found.ip()))
                .collect();
            if allowed.is_empty() {
                Err(RequestFailure::Denied(Rule::Address))
            } else {
                Ok(allowed.into_iter())
            }
        })
    }
}

fn lookup_failure(error: &io::Error) -> RequestFailure {
    match Shortage::of(error) {
        Some(shortage) => RequestFailure::NoDescriptor(shortage),
        None => {
            let text = error.to_string();
            // The words of the standard library say no more than the failure does.
            let reason = text.strip_prefix("failed to lookup address information: ");
            RequestFailure::Name(reason.unwrap_or(&text).to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    /// A number is a name here and an address for the system's resolver. Nothing is sent
    /// to the network.
    #[tokio::test]
    async fn forbidden_addresses_of_a_name_are_not_found() {
        let lookup = async |policy, name: &str| {
            let found = Resolver::new(policy).call(name.parse().unwrap()).await;
            found.map(|all| all.map(|it| it.ip()).collect::<Vec<_>>())
        };
        let denied = Err(RequestFailure::Denied(Rule::Address));
        for (name, address) in [
            ("0x7f000001", [127, 0, 0, 1]),
            ("0xa9fea9fe", [169, 254, 169, 254]),
            ("0xa83f8110", [168, 63, 129, 16]),
        ] {
            assert_eq!(
                lookup(AddressPolicy::NotLocal, name).await,
                denied,
                "{name}"
            );
            let found = lookup(AddressPolicy::Any, name).await.unwrap();
            assert_eq!(found, [IpAddr::from(address)], "{name}");
        }
        let found = lookup(AddressPolicy::NotLocal, "0x0a000001").await.unwrap();
        assert_eq!(found, [IpAddr::from([10, 0, 0, 1])]);
    }
}
