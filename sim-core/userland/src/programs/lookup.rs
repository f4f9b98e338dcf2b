//! Names of addresses and of ports, for programs that show them.

use linux::Sys;
use linux::resolver;
use std::net::IpAddr;

/// The name of an address, if it has one.
pub(crate) async fn reverse(sys: &Sys, address: IpAddr) -> Option<String> {
    match address {
        IpAddr::V4(address) => resolver::reverse(sys, address).await,
        IpAddr::V6(_) => None,
    }
}

/// The number of a port that may be given by its name.
pub(crate) fn port(text: &str) -> Option<u16> {
    text.parse().ok().or_else(|| SERVICES.iter().find(|(name, _)| *name == text).map(|(_, port)| *port))
}

/// The name of a port in `/etc/services`, as far as people meet them.
pub(crate) fn service(port: u16, udp: bool) -> Option<&'static str> {
    let only_tcp =
        ["ftp", "ssh", "telnet", "smtp", "http", "https", "http-alt", "redis", "postgresql", "mysql"];
    SERVICES
        .iter()
        .find(|(name, number)| *number == port && !(udp && only_tcp.contains(name)))
        .map(|(name, _)| *name)
}

const SERVICES: [(&str, u16); 14] = [
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("bootps", 67),
    ("http", 80),
    ("ntp", 123),
    ("snmp", 161),
    ("https", 443),
    ("mysql", 3306),
    ("postgresql", 5432),
    ("redis", 6379),
    ("http-alt", 8080),
];
