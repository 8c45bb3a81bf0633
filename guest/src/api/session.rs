//! What the collectors of one collection share: the API version, the answer of `/ping`,
//! and what the statuses of all responses say together.

use std::cell::Cell;

use futures::lock::Mutex;

use super::limiter::Limiter;
use super::version::{SUPPORTED, VERSION_HEADER, Version};
use crate::contract::{Failure, Level, Reason, Settings};
use crate::log::Log;
use crate::transport::{Response, Transport};

/// Shared by all collectors of a collection, so that the version is detected once.
pub struct Session<'a> {
    pub(super) transport: &'a dyn Transport,
    pub(super) log: &'a dyn Log,
    /// Whether the settings fix the version. Then the guest uses no other.
    pub(super) fixed: bool,
    /// Locked during detection; other requests wait for the result.
    pub(super) negotiated: Mutex<Negotiated>,
    /// The version of the last successful response.
    pub(super) accepted: Cell<Option<Version>>,
    /// The response of `/ping`, which is requested once.
    pub(super) ping: Mutex<Option<Result<Response, Failure>>>,
    /// The server's clock at that time.
    pub(super) server_time: Cell<Option<u64>>,
    pub(super) statuses: Statuses,
    pub(super) limiter: Limiter,
}

/// Counts the responses of a site by status.
#[derive(Default)]
pub(super) struct Statuses {
    all: Cell<u32>,
    /// Status 404.
    not_found: Cell<u32>,
    /// Requests with an API version, all but `/ping`.
    versioned: Cell<u32>,
    /// Status 406 of those.
    not_acceptable: Cell<u32>,
}

impl Statuses {
    pub(super) fn add(&self, status: u16, is_versioned: bool) {
        let increase = |count: &Cell<u32>| count.set(count.get().saturating_add(1));
        increase(&self.all);
        if status == 404 {
            increase(&self.not_found);
        }
        if is_versioned {
            increase(&self.versioned);
            if status == 406 {
                increase(&self.not_acceptable);
            }
        }
    }

    fn are_all_not_found(&self) -> bool {
        self.all.get() > 0 && self.all == self.not_found
    }

    fn are_all_not_acceptable(&self) -> bool {
        self.versioned.get() > 0 && self.versioned == self.not_acceptable
    }
}

/// The result of version detection.
pub(super) struct Negotiated {
    /// None before detection.
    pub(super) version: Option<Result<Version, Failure>>,
    /// Whether detection was repeated after a 406, which happens once.
    pub(super) repeated: bool,
}

impl<'a> Session<'a> {
    /// Uses the version of the settings, else the last one, else detects it. An
    /// unsupported version is ignored.
    pub fn new(
        settings: &Settings,
        last_api_version: Option<&str>,
        transport: &'a dyn Transport,
        log: &'a dyn Log,
    ) -> Self {
        let supported = |text: &str| text.parse().ok().filter(|v| SUPPORTED.contains(v));
        let fixed = settings.api_version.as_deref().and_then(supported);
        let version = fixed
            .or_else(|| last_api_version.and_then(supported))
            .map(Ok);
        Self {
            transport,
            log,
            fixed: fixed.is_some(),
            negotiated: Mutex::new(Negotiated {
                version,
                repeated: false,
            }),
            accepted: Cell::new(None),
            ping: Mutex::new(None),
            server_time: Cell::new(None),
            statuses: Statuses::default(),
            limiter: Limiter::default(),
        }
    }

    /// Reports an absence as `unsupported`. Names the likely cause if every response so
    /// far was a 404.
    pub fn explain(&self, failure: Failure) -> Failure {
        let Reason::Status(status) = failure.reason else {
            return failure;
        };
        if !failure.reason.is_absence() {
            return failure;
        }
        let hint = || "every request was answered with 404: check `uri`".to_owned();
        Failure {
            reason: Reason::unsupported(status),
            detail: match self.statuses.are_all_not_found() {
                true => Some(hint()),
                false => failure.detail,
            },
            ..failure
        }
    }

    /// Whether the failure only means that this server lacks one endpoint. If no
    /// request succeeds, `uri` or the version is wrong.
    pub fn is_absence(&self, failure: &Failure) -> bool {
        failure.reason.is_absence()
            && !self.statuses.are_all_not_found()
            && !self.statuses.are_all_not_acceptable()
    }

    /// The version in use, if it is known.
    pub async fn version(&self) -> Option<Version> {
        self.negotiated.lock().await.version.clone()?.ok()
    }

    /// The version to use next time: the one in use, or a newer one that `/ping`
    /// reported. An upgraded server continues to accept older versions
    /// (getting-started, "Versioned APIs"), so no 406 shows the upgrade. This sends
    /// no request.
    ///
    /// None if every request was refused with 406, unless the settings fix the version.
    ///
    /// After a 406 the detected version stays, even if the server reports another. A
    /// server that reports a version that it rejects gets it in every second
    /// collection, because the guest remembers only one version.
    pub async fn next_version(&self) -> Option<Version> {
        if !self.fixed && self.statuses.are_all_not_acceptable() {
            return None;
        }
        let negotiated = self.negotiated.lock().await;
        let current = negotiated.version.clone()?.ok()?;
        if self.fixed || negotiated.repeated {
            return Some(current);
        }
        let ping = self.ping.lock().await;
        let reported = match &*ping {
            Some(Ok(ping)) => server_version(ping).and_then(Version::newest_common),
            _ => None,
        };
        let Some(newer) = reported.filter(|&reported| reported > current) else {
            return Some(current);
        };
        self.log_version(newer);
        Some(newer)
    }

    /// The server's clock in seconds since the Unix epoch, if `/ping` was requested.
    pub fn server_time(&self) -> Option<u64> {
        self.server_time.get()
    }

    pub(super) fn log_version(&self, found: Version) {
        let version = found.to_string();
        let fields = [("version", version.as_str())];
        self.log.emit(Level::Info, "Detected API version", &fields);
    }
}

/// The server's version in the response of `/ping`.
pub(super) fn server_version(ping: &Response) -> Option<Version> {
    ping.header(VERSION_HEADER)?.parse().ok()
}
