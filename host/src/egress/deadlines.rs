//! The timeouts of one request: those of the site, shortened by the guest.

use std::time::Duration;

use super::settings::Timeouts;

/// The timeouts of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RequestDeadlines {
    /// Connecting, including TLS. The connector enforces the single steps.
    pub(super) connect: Duration,
    pub(super) first_byte: Duration,
    pub(super) between_bytes: Duration,
    pub(super) total: Duration,
}

impl RequestDeadlines {
    pub(super) fn new(limits: &Timeouts) -> Self {
        Self {
            connect: limits.connect.saturating_add(limits.tls),
            first_byte: limits.first_byte,
            between_bytes: limits.between_bytes,
            total: limits.total,
        }
    }

    /// Applies a guest's timeouts where they are shorter.
    pub(super) fn shortened(
        self,
        connect: Option<Duration>,
        first_byte: Option<Duration>,
        between_bytes: Option<Duration>,
    ) -> Self {
        let shorter =
            |limit: Duration, wish: Option<Duration>| wish.map_or(limit, |w| w.min(limit));
        Self {
            connect: shorter(self.connect, connect),
            first_byte: shorter(self.first_byte, first_byte),
            between_bytes: shorter(self.between_bytes, between_bytes),
            total: self.total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_can_shorten_deadlines_but_not_lengthen_them() {
        let (short, long) = (Duration::from_millis(1), Duration::from_secs(9999));
        let site = RequestDeadlines::new(&Timeouts::default());
        assert_eq!(site.shortened(Some(long), Some(long), Some(long)), site);
        let hasty = site.shortened(Some(short), None, Some(short));
        assert_eq!(
            hasty,
            RequestDeadlines {
                connect: short,
                between_bytes: short,
                ..site
            }
        );
    }
}
