//! Every operation of the socket interfaces. All others need a socket.

use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::resolve_addresses;
use wasip2::sockets::network::IpAddressFamily;
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use wasip2::sockets::udp_create_socket::create_udp_socket;

/// The result of each operation.
pub(crate) fn all() -> String {
    let mut results = Vec::new();
    for family in [IpAddressFamily::Ipv4, IpAddressFamily::Ipv6] {
        let tcp = create_tcp_socket(family).map(drop);
        let udp = create_udp_socket(family).map(drop);
        results.push(format!("{family:?} tcp={tcp:?} udp={udp:?}"));
    }
    let network = instance_network();
    for name in ["localhost", "127.0.0.1", "example.org"] {
        let found = resolve_addresses(&network, name).and_then(|addresses| {
            addresses.subscribe().block();
            addresses.resolve_next_address()
        });
        results.push(format!("{name}={found:?}"));
    }
    results.join(" ")
}
