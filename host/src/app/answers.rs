//! What the web server asks of the application: probes, reloads, freshness.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};

use super::reloader::{Why, ask};
use super::rooms::Rooms;
use crate::clock::Timestamp;
use crate::collect::probe;
use crate::http::{Freshness, Health, Reload, Status};
use crate::site::SiteName;

/// Answers from the rooms.
pub(super) struct Answers(pub(super) Rooms);

impl Health for Answers {
    fn sites(&self) -> BoxFuture<'static, Vec<SiteName>> {
        let stage = Arc::clone(&self.0.stage);
        async move {
            let generation = stage.wait().await;
            let members = generation.members.iter();
            members.map(|member| member.name.clone()).collect()
        }
        .boxed()
    }

    fn probe(&self, site: SiteName) -> BoxFuture<'static, Result<String, String>> {
        let rooms = self.0.clone();
        async move {
            let generation = rooms.stage.current();
            let found = generation
                .as_ref()
                .and_then(|g| Some((g, g.member(&site)?)));
            match found {
                Some((generation, member)) => probe(generation, member, &rooms.memory).await,
                None => Err("the site was removed".to_owned()),
            }
        }
        .boxed()
    }
}

impl Reload for Answers {
    fn reload(&self) -> BoxFuture<'static, Result<String, String>> {
        let requests = self.0.requests.clone();
        async move { ask(&requests, Why::Http).await }.boxed()
    }
}

impl Status for Answers {
    fn freshness(&self) -> Vec<Freshness> {
        let now = Timestamp::now().unix;
        let rows = self
            .0
            .cache
            .status()
            .into_iter()
            .flat_map(|(site, _, collectors)| {
                collectors
                    .into_iter()
                    .map(move |(collector, status)| Freshness {
                        site: site.clone(),
                        collector,
                        age: status.last_success.and_then(|at| {
                            // A clock that was set back gives no age rather than a wrong one.
                            std::time::Duration::try_from_secs_f64(now - at).ok()
                        }),
                        up: status.success == Some(true),
                    })
            });
        rows.collect()
    }
}
