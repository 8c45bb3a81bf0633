//! Which connection is closed when there are too many.
//!
//! The peer with the most connections loses one, so a flood from few addresses evicts
//! itself. In a flood from many addresses, the phase of each connection decides.

use std::cmp::Reverse;
use std::collections::HashMap;

use tokio::time::Instant;

use crate::http::peer::Peer;

/// Peers with at most this fraction of all connections count as equal. Otherwise a
/// flood from many addresses would evict a client that has two connections.
const FEW: usize = 16;

/// A connection that may be closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct EvictionCandidate<T> {
    pub(super) client: T,
    pub(super) peer: Peer,
    pub(super) claim: KeepReason,
    /// When the reason to keep it ends.
    pub(super) until: Instant,
}

/// Why a connection should be kept for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeepReason {
    /// It is new and has sent no request yet.
    New,
    /// A request is being answered, or the client is expected to read the response.
    Busy,
}

/// The candidates in the order of eviction. `newcomer` is the peer of the connection
/// that needs room.
pub(super) fn in_order<T>(
    mut candidates: Vec<EvictionCandidate<T>>,
    newcomer: Option<Peer>,
    now: Instant,
) -> Vec<EvictionCandidate<T>> {
    let mut counts = HashMap::<Peer, usize>::new();
    for peer in candidates.iter().map(|c| c.peer).chain(newcomer) {
        *counts.entry(peer).or_default() += 1;
    }
    let few = candidates.len() / FEW;
    counts
        .values_mut()
        .for_each(|count| *count = few.max(*count));
    let spared = spared(&candidates, &counts, now);
    candidates.sort_by_key(|candidate| {
        let connections = counts.get(&candidate.peer);
        let claims = candidate.until > now;
        let spared = claims && candidate.claim == spared;
        (Reverse(connections), claims, spared, candidate.until)
    });
    candidates
}

/// Which connections to keep among those of the peers with the most: busy ones, unless
/// new ones have less than a quarter. Then busy ones would block all others.
fn spared<T>(
    candidates: &[EvictionCandidate<T>],
    counts: &HashMap<Peer, usize>,
    now: Instant,
) -> KeepReason {
    let most = counts.values().max();
    let heaviest = candidates.iter().filter(|c| counts.get(&c.peer) == most);
    let (mut all, mut new) = (0, 0);
    for candidate in heaviest {
        all += 1;
        new += usize::from(candidate.claim == KeepReason::New && candidate.until > now);
    }
    if new * 4 > all {
        KeepReason::Busy
    } else {
        KeepReason::New
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    struct Crowd {
        now: Instant,
        candidates: Vec<EvictionCandidate<&'static str>>,
    }

    impl Crowd {
        fn new() -> Self {
            Self {
                now: Instant::now() + 100 * SECOND,
                candidates: vec![],
            }
        }

        /// `left` is the number of seconds until the reason ends; negative if it has
        /// ended.
        fn with(mut self, client: &'static str, peer: u8, claim: KeepReason, left: i32) -> Self {
            let seconds = SECOND * left.unsigned_abs();
            let until = if left < 0 {
                self.now - seconds
            } else {
                self.now + seconds
            };
            let peer = address(peer);
            self.candidates.push(EvictionCandidate {
                client,
                peer,
                claim,
                until,
            });
            self
        }

        fn leave(self, newcomer: u8) -> Vec<&'static str> {
            let ordered = in_order(self.candidates, Some(address(newcomer)), self.now);
            ordered.iter().map(|candidate| candidate.client).collect()
        }
    }

    fn address(number: u8) -> Peer {
        IpAddr::from([127, 0, 0, number]).into()
    }

    use KeepReason::{Busy, New};

    #[test]
    fn a_peer_with_two_connections_is_not_the_first_to_lose_one_to_many_peers() {
        let one = |crowd: Crowd, peer| crowd.with("crowd", peer, New, 1);
        let crowd = (10..42).fold(Crowd::new(), one);
        let crowd = crowd.with("good", 1, New, 2).with("good", 1, New, 2);
        assert_eq!(crowd.leave(9)[..32], ["crowd"; 32]);
    }

    #[test]
    fn the_peer_with_the_most_connections_always_loses_one() {
        let crowd = || {
            Crowd::new()
                .with("good", 1, New, -9)
                .with("one", 2, Busy, 9)
                .with("two", 2, Busy, 8)
                .with("three", 2, New, 9)
                .with("four", 2, New, 9)
        };
        for newcomer in [1, 2, 3] {
            let leave = crowd().leave(newcomer);
            assert_eq!(leave, ["three", "four", "two", "one", "good"]);
        }
    }

    #[test]
    fn the_newcomer_counts_for_its_peer() {
        let crowd = Crowd::new().with("one", 1, New, -1).with("two", 2, New, -2);
        assert_eq!(crowd.leave(1)[0], "one");
    }

    #[test]
    fn among_equal_connections_the_first_to_lose_its_claim_is_evicted() {
        let crowd = Crowd::new()
            .with("newer", 1, New, 2)
            .with("new", 1, New, 1)
            .with("stalled", 1, Busy, -1)
            .with("idle", 1, New, -2)
            .with("answered", 1, Busy, 9);
        assert_eq!(
            crowd.leave(1),
            ["idle", "stalled", "new", "newer", "answered"]
        );
    }

    #[test]
    fn answers_are_spared_until_they_leave_newcomers_too_little() {
        let busy = |count| {
            let one = |crowd: Crowd, _| crowd.with("busy", 1, Busy, 9);
            (0..count).fold(Crowd::new(), one)
        };
        let three = busy(3).with("new", 1, New, 1).with("newer", 1, New, 2);
        assert_eq!(three.leave(1)[..2], ["new", "newer"]);
        let seven = busy(7).with("new", 1, New, 1);
        assert_eq!(seven.leave(1)[0], "busy");
        assert_eq!(Crowd::new().with("new", 1, New, 1).leave(1), ["new"]);
    }
}
