//! How a simulator is set up.

use std::net::{Ipv4Addr, SocketAddr};

use crate::clock::Clock;
use crate::estate::Estate;
use crate::release::Release;
use crate::tls::Authority;

/// How a simulator is started. The default listens on a free port of 127.0.0.1 over
/// plain HTTP, simulates the newest release and has an empty estate.
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// HTTPS with certificates of this authority; `None` is plain HTTP.
    pub authority: Option<Authority>,
    /// The release that is simulated at first.
    pub release: Release,
    /// The key that the `Authorization` header must carry, alone.
    pub api_key: String,
    /// What the server holds.
    pub estate: Estate,
    /// The time of the estate.
    pub clock: Clock,
    /// The answer to undocumented requests.
    pub strictness: Strictness,
    /// The most rows of a page, also if `page[limit]` asks for more.
    pub rows: usize,
    /// What a job that has not ended shows for `status` and `endTime`.
    pub unended: Unended,
    /// Whether `data[].id` of a job is a number, as in the vendor's example, and
    /// not a string, as in its schema.
    pub numeric_ids: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            authority: None,
            release: Release::default(),
            api_key: "simulator".to_owned(),
            estate: Estate::empty(),
            clock: Clock::System,
            strictness: Strictness::default(),
            rows: usize::MAX,
            unended: Unended::default(),
            numeric_ids: false,
        }
    }
}

/// What a server does with a `page[limit]` out of bounds and with an unknown query
/// parameter. It is not documented, so both are possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// 400 and the error object.
    #[default]
    Refuse,
    /// The limit is clamped, the parameter ignored.
    Forgive,
}

/// What a job that has not ended shows for `status` and `endTime`. It is not
/// documented, so every plausible answer is possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unended {
    /// Neither attribute is present.
    #[default]
    Absent,
    /// Both are null.
    Null,
    /// `endTime` is 1970-01-01T00:00:00.000Z; there is no `status`.
    Epoch,
}

/// How jobs are shown.
#[derive(Clone, Copy)]
pub(crate) struct JobFormat {
    pub(crate) unended: Unended,
    pub(crate) numeric_ids: bool,
}
