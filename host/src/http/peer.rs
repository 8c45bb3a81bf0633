//! The identity of a client, taken from its address.

use std::net::{IpAddr, Ipv6Addr};

/// The address of a client; for IPv6 the /64 network, all of which one machine may
/// use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Peer(IpAddr);

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        let network = |v6: Ipv6Addr| Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64));
        Self(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(network(address)),
            address @ IpAddr::V4(_) => address,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Peer {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn a_peer_is_an_address_or_the_network_of_one_machine() {
        assert_eq!(peer("10.0.0.1"), peer("::ffff:10.0.0.1"));
        assert_ne!(peer("10.0.0.1"), peer("10.0.0.2"));
        assert_eq!(peer("2001:db8::1"), peer("2001:db8::ffff:0:0:2"));
        assert_ne!(peer("2001:db8::1"), peer("2001:db8:0:1::1"));
    }
}
