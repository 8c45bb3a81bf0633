//! What answers the requests of a site: its server, or a bundle.

use std::pin::pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::connect::capture_connection;
use tokio::time::timeout;

use super::client::{self, AnswerBody, HttpClient, Pool, SentBody};
use super::connector::Connector;
use super::deadlines::RequestDeadlines;
use super::failure::{RequestFailure, TimeoutStep};
use super::settings::EgressSettings;
use super::sockets::Sockets;
use super::{EgressError, replay};
use crate::bundle::Replay;

/// What answers the requests of a site.
pub(super) enum Upstream {
    /// The site's server.
    Network(Box<Network>),
    /// A bundle. There is no socket.
    Bundle(Arc<Replay>),
}

/// The connections to a server.
pub(super) struct Network {
    pool: ArcSwap<Pool>,
    connector: Connector,
    sockets: Arc<Sockets>,
}

/// What answers the requests of one call.
pub(super) enum CallUpstream {
    /// The site's pool at the beginning of the call.
    Pool(Arc<Pool>),
    /// A bundle.
    Bundle(Arc<Replay>),
}

impl Network {
    /// Without a connection.
    pub(super) fn new(
        settings: &EgressSettings,
        sockets: Arc<Sockets>,
    ) -> Result<Self, EgressError> {
        let connector = client::connector(settings, Arc::clone(&sockets))?;
        Ok(Self {
            pool: ArcSwap::from_pointee(client::pool(settings, &connector)),
            connector,
            sockets,
        })
    }
}

impl Upstream {
    pub(super) fn is_bundle(&self) -> bool {
        matches!(self, Self::Bundle(_))
    }

    pub(super) fn for_call(&self) -> CallUpstream {
        match self {
            Self::Network(network) => CallUpstream::Pool(network.pool.load_full()),
            Self::Bundle(replay) => CallUpstream::Bundle(Arc::clone(replay)),
        }
    }

    /// Replaces the pool by an empty one if connections are scarce. The old one is
    /// dropped once no call uses it.
    pub(super) fn release_idle(&self, settings: &EgressSettings) {
        if let Self::Network(network) = self
            && network.sockets.are_scarce()
        {
            let pool = client::pool(settings, &network.connector);
            network.pool.store(Arc::new(pool));
        }
    }
}

impl CallUpstream {
    pub(super) async fn answer(
        &self,
        request: Request<SentBody>,
        deadlines: RequestDeadlines,
    ) -> Result<Response<AnswerBody>, RequestFailure> {
        match self {
            Self::Pool(pool) => send(&pool.client, request, deadlines).await,
            Self::Bundle(replay) => replay::answer(replay, request).await,
        }
    }
}

/// Waits for a connection, then for the first byte.
async fn send(
    client: &HttpClient,
    mut request: Request<SentBody>,
    deadlines: RequestDeadlines,
) -> Result<Response<AnswerBody>, RequestFailure> {
    let mut captured = capture_connection(&mut request);
    let connected = async { drop(captured.wait_for_connection_metadata().await) };
    let mut response = pin!(client.request(request));
    let answered = tokio::select! {
        // The failure of a connection says more than a timeout.
        biased;
        answer = &mut response => answer,
        in_time = timeout(deadlines.connect, connected) => {
            in_time.map_err(|_| RequestFailure::Timeout(TimeoutStep::Connect))?;
            timeout(deadlines.first_byte, response)
                .await
                .map_err(|_| RequestFailure::Timeout(TimeoutStep::FirstByte))?
        }
    };
    let response = answered.map_err(|error| RequestFailure::from_chain(&error))?;
    Ok(response.map(|body| {
        let body = body.map_err(|error| RequestFailure::from_chain(&error));
        body.boxed_unsync()
    }))
}
