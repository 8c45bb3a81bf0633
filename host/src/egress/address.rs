//! Which addresses a name may lead to.
//!
//! A name is looked up anew for each connection, and whoever answers for it
//! could send the key to a service on this machine or in its cloud.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where the clouds hand out credentials to the machines that ask.
const METADATA: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// What the names that are looked up may lead to. An address that the operator
/// wrote himself is not looked up and not asked about here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Not to this machine, its links or its cloud.
    Elsewhere,
    /// Anywhere: `allowLocalAddresses`.
    Anywhere,
}

impl Reach {
    /// Whether the name may lead there.
    pub(super) fn allows(self, name: &str, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self == Self::Anywhere
            || !is_local(address)
            || (is_localhost(name) && address.is_loopback())
    }
}

/// The names that mean this machine wherever they are looked up (RFC 6761).
fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

fn is_local(address: IpAddr) -> bool {
    let scoped = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast() || v4.octets()[0] == 0,
        IpAddr::V6(v6) => v6.is_unicast_link_local() || embedded(v6).is_some_and(is_local),
    };
    scoped
        || address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || METADATA.contains(&address)
}

/// The IPv4 address that a gateway would make of this one: the deprecated
/// `::a.b.c.d`, and `64:ff9b::a.b.c.d` of NAT64.
fn embedded(v6: Ipv6Addr) -> Option<IpAddr> {
    let (segments, octets) = (v6.segments(), v6.octets());
    let compatible = segments[..6] == [0; 6] && !v6.is_loopback() && !v6.is_unspecified();
    let nat64 = segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
    let [.., a, b, c, d] = octets;
    (compatible || nat64).then(|| Ipv4Addr::new(a, b, c, d).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(reach: Reach, name: &str, address: &str) -> bool {
        reach.allows(name, address.parse().unwrap())
    }

    #[test]
    fn a_name_leads_to_no_local_address_in_any_notation() {
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
        ] {
            assert!(
                !allows(Reach::Elsewhere, "nbu1.example", address),
                "{address}"
            );
            assert!(
                allows(Reach::Anywhere, "nbu1.example", address),
                "{address}"
            );
        }
    }

    #[test]
    fn the_addresses_of_a_network_are_allowed_private_ones_too() {
        for address in [
            "10.0.0.1",
            "192.168.1.1",
            "203.0.113.9",
            "100.100.100.201",
            "fd00::1",
            "2001:db8::1",
            "64:ff9b::a00:1",
        ] {
            assert!(
                allows(Reach::Elsewhere, "nbu1.example", address),
                "{address}"
            );
        }
    }

    #[test]
    fn localhost_may_lead_to_this_machine_and_nowhere_else_local() {
        for name in ["localhost", "LOCALHOST.", "nbu.localhost"] {
            assert!(allows(Reach::Elsewhere, name, "127.0.0.1"), "{name}");
            assert!(allows(Reach::Elsewhere, name, "::1"), "{name}");
            assert!(!allows(Reach::Elsewhere, name, "169.254.169.254"), "{name}");
        }
        assert!(!allows(Reach::Elsewhere, "notlocalhost", "127.0.0.1"));
        assert!(!allows(Reach::Elsewhere, "localhost.evil", "127.0.0.1"));
    }
}
