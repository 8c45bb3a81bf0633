//! Which addresses a host name may resolve to.
//!
//! A name is resolved again for each connection. Without this check, its DNS records
//! could send the API key to a service on this machine or in its cloud.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Metadata services of clouds that are not link-local. Link-local addresses are
/// denied anyway.
const METADATA: [IpAddr; 6] = [
    // Alibaba Cloud.
    v4(100, 100, 100, 200),
    // Azure.
    v4(168, 63, 129, 16),
    // Oracle Cloud.
    v4(192, 0, 0, 192),
    // AWS: instances, and pods of EKS.
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]),
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23]),
    // Google Cloud.
    v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]),
];

/// Addresses for documentation, which no machine has (RFC 5737, RFC 3849).
const UNASSIGNED_V4: IpAddr = v4(192, 0, 2, 1);
const UNASSIGNED_V6: IpAddr = v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]);

const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8]) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h))
}

/// Which addresses a host name may resolve to. A literal address in the configuration
/// is always allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AddressPolicy {
    /// Not this machine, its links or its cloud's metadata.
    NotLocal,
    /// All addresses: `allowLocalAddresses`.
    Any,
}

impl AddressPolicy {
    /// Whether the name may resolve to this address.
    pub(super) fn allows(self, name: &str, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self == Self::Any || !is_local(address) || (is_localhost(name) && address.is_loopback())
    }

    /// Whether a connection to `host` may be used. Only a connection shows whether its
    /// peer is this machine.
    pub(super) fn allows_connection(self, host: &str, local: IpAddr, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        self == Self::Any
            || literal
            || (is_localhost(host) && peer.is_loopback())
            || !(local.to_canonical() == peer || is_own(peer))
    }
}

/// Whether this machine has the address: a socket can be bound to it, and not to any
/// address (`ip_nonlocal_bind`). Comparing both ends of the connection is not enough,
/// since an interface may have a second address.
fn is_own(address: IpAddr) -> bool {
    let unassigned = if address.is_ipv4() {
        UNASSIGNED_V4
    } else {
        UNASSIGNED_V6
    };
    let can_bind = |address: IpAddr| UdpSocket::bind((address, 0)).is_ok();
    can_bind(address) && !can_bind(unassigned)
}

/// The names that always mean this machine (RFC 6761).
fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

fn is_local(address: IpAddr) -> bool {
    let scoped = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast() || is_this_network(v4),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || embedded(v6).any(|v4| is_local(v4.into())),
    };
    scoped
        || address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || METADATA.contains(&address)
}

/// `0.0.0.0/8` (RFC 1122), which systems treat as this machine.
fn is_this_network(address: Ipv4Addr) -> bool {
    address.octets()[0] == 0
}

/// The IPv4 addresses that a gateway or tunnel would translate this one to.
fn embedded(address: Ipv6Addr) -> impl Iterator<Item = Ipv4Addr> {
    let octets = address.octets();
    let at = move |places: [usize; 4]| Ipv4Addr::from(places.map(|place| octets[place]));
    let found: Vec<_> = match address.segments() {
        // `::1` and `::` embed no address.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => vec![],
        // `::a.b.c.d`, deprecated; `::ffff:0:a.b.c.d` of SIIT (RFC 2765); and
        // `64:ff9b::a.b.c.d` of NAT64 (RFC 6052).
        [0, 0, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
            vec![at([12, 13, 14, 15])]
        }
        // NAT64 with a local prefix (RFC 8215) of 48, 56, 64 or 96 bits. Only one of the
        // positions holds an address; the others are mostly zero.
        [0x64, 0xff9b, 1, ..] => {
            let shorter = [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12]].map(at);
            let shorter = shorter.into_iter().filter(|&v4| !is_this_network(v4));
            shorter.chain([at([12, 13, 14, 15])]).collect()
        }
        // 6to4 (RFC 3056).
        [0x2002, ..] => vec![at([2, 3, 4, 5])],
        // Teredo (RFC 4380): the server, and the client with its bits inverted.
        [0x2001, 0, ..] => {
            let client = u32::from(at([12, 13, 14, 15]));
            vec![at([4, 5, 6, 7]), Ipv4Addr::from(!client)]
        }
        _ => vec![],
    };
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(policy: AddressPolicy, name: &str, address: &str) -> bool {
        policy.allows(name, address.parse().unwrap())
    }

    #[test]
    fn a_name_never_resolves_to_a_local_address_in_any_notation() {
        for address in [
            "127.0.0.1",
            "127.8.8.8",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "::ffff:0.0.0.0",
            "169.254.1.1",
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fe80::1",
            "fd00:ec2::254",
            "100.100.100.200",
            "::ffff:100.100.100.200",
            "224.0.0.1",
            "255.255.255.255",
            "ff02::1",
            "168.63.129.16",
            "192.0.0.192",
            "fd00:ec2::23",
            "fd20:ce::254",
            "::ffff:168.63.129.16",
            "::168.63.129.16",
            // SIIT.
            "::ffff:0:127.0.0.1",
            "::ffff:0:a9fe:a9fe",
            "::ffff:0:0:0",
            // NAT64 with a prefix of the network's own, of 96, 64, 56 and 48 bits.
            "64:ff9b:1::7f00:1",
            "64:ff9b:1:7:0:0:a9fe:a9fe",
            "64:ff9b:1::a9:fea9:fe00:0",
            "64:ff9b:1:a9:fe:a9fe::",
            "64:ff9b:1:a9fe:a9:fe00::",
            "64:ff9b::a83f:8110",
            // 6to4.
            "2002:7f00:1::",
            "2002:7f00:1::1",
            "2002:a9fe:a9fe::1",
            "2002:a83f:8110:1::1",
            "2002::1",
            // Teredo: a local server, then local clients.
            "2001:0:7f00:1::f5ff:fffe",
            "2001:0:a9fe:a9fe:0:0:f5ff:fffe",
            "2001:0:4136:e378:8000:63bf:80ff:fffe",
            "2001:0:4136:e378:8000:63bf:5601:5601",
        ] {
            assert!(
                !allows(AddressPolicy::NotLocal, "nbu1.example", address),
                "{address}"
            );
            assert!(
                allows(AddressPolicy::Any, "nbu1.example", address),
                "{address}"
            );
        }
    }

    #[test]
    fn public_and_private_addresses_are_allowed() {
        for address in [
            "10.0.0.1",
            "192.168.1.1",
            "203.0.113.9",
            "100.100.100.201",
            "fd00::1",
            "2001:db8::1",
            "64:ff9b::a00:1",
            "64:ff9b:1::a00:1",
            "64:ff9b:1:0:a:0:100::",
            "::ffff:0:10.0.0.1",
            "2002:a00:1::1",
            "2001:0:4136:e378:8000:63bf:f5ff:fffe",
            "2001:1::1",
            "168.63.129.17",
            "fd20:ce::255",
        ] {
            assert!(
                allows(AddressPolicy::NotLocal, "nbu1.example", address),
                "{address}"
            );
        }
    }

    #[test]
    fn localhost_resolves_only_to_loopback() {
        for name in ["localhost", "LOCALHOST.", "nbu.localhost"] {
            assert!(allows(AddressPolicy::NotLocal, name, "127.0.0.1"), "{name}");
            assert!(allows(AddressPolicy::NotLocal, name, "::1"), "{name}");
            assert!(
                !allows(AddressPolicy::NotLocal, name, "169.254.169.254"),
                "{name}"
            );
        }
        assert!(!allows(
            AddressPolicy::NotLocal,
            "notlocalhost",
            "127.0.0.1"
        ));
        assert!(!allows(
            AddressPolicy::NotLocal,
            "localhost.evil",
            "127.0.0.1"
        ));
    }

    fn uses(host: &str, local: &str, peer: &str) -> bool {
        let [local, peer] = [local, peer].map(|text| text.parse().unwrap());
        assert!(AddressPolicy::Any.allows_connection(host, local, peer));
        AddressPolicy::NotLocal.allows_connection(host, local, peer)
    }

    #[test]
    fn a_name_does_not_resolve_to_addresses_of_this_machine() {
        // Documentation addresses, which no machine has: only the two ends decide.
        assert!(uses("nbu1.example", "192.0.2.7", "192.0.2.8"));
        assert!(!uses("nbu1.example", "192.0.2.7", "192.0.2.7"));
        assert!(!uses("nbu1.example", "::ffff:192.0.2.7", "192.0.2.7"));
        assert!(!uses("nbu1.example", "2001:db8::7", "2001:db8::7"));
        assert!(!uses("localhost", "192.0.2.7", "192.0.2.7"));
        // Another address of this machine than the connection comes from.
        assert!(!uses("nbu1.example", "192.0.2.7", "127.0.0.2"));
        assert!(uses("localhost", "127.0.0.1", "127.0.0.1"));
        // Written by the operator.
        assert!(uses("192.0.2.7", "192.0.2.7", "192.0.2.7"));
        assert!(uses("[2001:db8::7]", "2001:db8::7", "2001:db8::7"));
    }
}
