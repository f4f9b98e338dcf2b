//! Names of ports of Services and of the chains made for them.

use base32ct::{Base32Upper, Encoding as _};
use sha2::{Digest, Sha256};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Transport protocols of Service ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP
    Tcp,
    /// UDP
    Udp,
    /// SCTP: rules are written, but nothing in this world sends it.
    Sctp,
}

impl Protocol {
    /// From a field of an object; absent means TCP.
    pub fn of(text: &str) -> Protocol {
        match text {
            "UDP" => Protocol::Udp,
            "SCTP" => Protocol::Sctp,
            _ => Protocol::Tcp,
        }
    }
    /// As iptables has it.
    pub fn lower(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Sctp => "sctp",
        }
    }
}

/// A port of a Service. Models pkg/proxy `ServicePortName`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServicePortName {
    /// Namespace of the Service.
    pub namespace: String,
    /// Name of the Service.
    pub name: String,
    /// Name of the port, often empty.
    pub port: String,
    /// Its protocol.
    pub protocol: Protocol,
}

impl fmt::Display for ServicePortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)?;
        if !self.port.is_empty() {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

impl ServicePortName {
    /// The 16 characters that all chains of this port share.
    pub fn hash(&self) -> String {
        hash(&format!("{self}{}", self.protocol.lower()))
    }

    /// The chain of one endpoint.
    pub fn endpoint_chain(&self, endpoint: SocketAddrV4) -> String {
        format!("KUBE-SEP-{}", hash(&format!("{self}{}{endpoint}", self.protocol.lower())))
    }
}

fn hash(text: &str) -> String {
    let mut encoded = Base32Upper::encode_string(&Sha256::digest(text.as_bytes()));
    encoded.truncate(16);
    encoded
}

/// An address with its port in the order of their text, as kube-proxy sorts endpoints.
pub(super) fn by_text(address: Ipv4Addr, port: u16) -> String {
    format!("{address}:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_every_real_cluster() {
        let hash = |namespace: &str, name: &str, port: &str, protocol| {
            ServicePortName { namespace: namespace.into(), name: name.into(), port: port.into(), protocol }
                .hash()
        };
        assert_eq!(hash("default", "kubernetes", "https", Protocol::Tcp), "NPX46M4PTMTKRN6Y");
        assert_eq!(hash("kube-system", "kube-dns", "dns", Protocol::Udp), "TCOU7JCQXEZGVUNU");
        assert_eq!(hash("kube-system", "kube-dns", "dns-tcp", Protocol::Tcp), "ERIFXISQEP7F7OF4");
        assert_eq!(hash("default", "blue", "", Protocol::Tcp), "TZHUT5BFADSOUCNR");
    }
}
