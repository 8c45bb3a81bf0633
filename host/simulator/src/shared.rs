//! What all connections share.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::auth::AcceptedKey;
use crate::clock::Clock;
use crate::estate::Estate;
use crate::fault::{Crowd, Faults};
use crate::options::{JobFormat, Options, Strictness};
use crate::release::Release;
use crate::requests::Requests;
use crate::server_clock::ServerClock;

/// The state of a server, which all connections share.
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) strictness: Strictness,
    pub(crate) rows: usize,
    pub(crate) format: JobFormat,
    pub(crate) faults: Faults,
    pub(crate) crowd: Crowd,
    pub(crate) requests: Requests,
    /// `https://127.0.0.1:1556`, for a client that names no host.
    pub(crate) base: String,
    pub(crate) ca_pem: Option<String>,
    /// The public key for tokens, of which none are issued.
    pub(crate) token_key: String,
    estate: Mutex<Estate>,
    server_clock: Mutex<ServerClock>,
    /// What an upgrade or a rotation of the key changes.
    current: Mutex<(Release, AcceptedKey)>,
}

impl Shared {
    pub(crate) fn new(options: Options, address: SocketAddr, token_key: String) -> Self {
        let scheme = if options.authority.is_some() {
            "https"
        } else {
            "http"
        };
        Self {
            base: format!("{scheme}://{address}"),
            ca_pem: options.authority.map(|authority| authority.pem()),
            token_key,
            clock: options.clock,
            strictness: options.strictness,
            rows: options.rows,
            format: JobFormat {
                unended: options.unended,
                numeric_ids: options.numeric_ids,
            },
            faults: Faults::default(),
            crowd: Crowd::default(),
            requests: Requests::new(),
            estate: Mutex::new(options.estate),
            server_clock: Mutex::default(),
            current: Mutex::new((options.release, AcceptedKey::new(&options.api_key))),
        }
    }

    pub(crate) fn estate(&self) -> MutexGuard<'_, Estate> {
        self.estate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn server_clock(&self) -> MutexGuard<'_, ServerClock> {
        let clock = self.server_clock.lock();
        clock.unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn release(&self) -> Release {
        self.current().0
    }

    pub(crate) fn key(&self) -> AcceptedKey {
        self.current().1.clone()
    }

    /// The base URL for a client that calls this server `host`.
    pub(crate) fn base_of(&self, host: &str) -> String {
        let scheme = if self.ca_pem.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{host}")
    }

    pub(crate) fn current(&self) -> MutexGuard<'_, (Release, AcceptedKey)> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
