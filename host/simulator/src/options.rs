//! How a simulator is set up.

use std::net::{Ipv4Addr, SocketAddr};

use crate::{Authority, Clock, Estate, Release};

/// What a simulator is started with. The default listens on a free port of
/// 127.0.0.1 over plain HTTP, plays the newest release and has nothing to tell.
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// HTTPS with certificates of this authority; `None` is plain HTTP.
    pub authority: Option<Authority>,
    /// The release that is played at first.
    pub release: Release,
    /// The key that the `Authorization` header must carry, alone.
    pub api_key: String,
    /// What there is to tell.
    pub estate: Estate,
    /// What time it is there.
    pub clock: Clock,
    /// What happens to a request that asks for what is not documented.
    pub strictness: Strictness,
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
            unended: Unended::default(),
            numeric_ids: false,
        }
    }
}

/// What a server does with a `page[limit]` out of bounds and with a query
/// parameter it does not know is not documented: both ways are offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// 400 and the error object.
    #[default]
    Refuse,
    /// The limit is clamped, the parameter ignored.
    Forgive,
}

/// What a job that has not ended shows for `status` and `endTime` is not
/// documented: all that is plausible is offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unended {
    /// Neither attribute is there.
    #[default]
    Absent,
    /// Both are there and null.
    Null,
    /// `endTime` is 1970-01-01T00:00:00.000Z; there is no `status`.
    Epoch,
}
