//! Programs that ask name servers themselves: `dig`, `host` and `nslookup` of BIND.
//!
//! They share a client that asks one server once ([`ask`]) and the texts of records.

mod dig;
mod host;
mod nslookup;

pub use dig::PROGRAM as DIG;
pub use host::PROGRAM as HOST;
pub use nslookup::PROGRAM as NSLOOKUP;

use super::support::prelude::*;
use linux::dns::{Message, RecordData};
use linux::resolver::Config;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// How to ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    pub(super) tcp: bool,
    pub(super) timeout: Duration,
    pub(super) recursion: bool,
    /// Eight bytes that come back, if the server knows EDNS.
    pub(super) cookie: Option<u64>,
}

impl How {
    pub(super) fn plain(timeout: Duration) -> How {
        How { tcp: false, timeout, recursion: true, cookie: None }
    }
}

/// What came back.
pub(super) struct Reply {
    pub(super) message: Message,
    pub(super) size: usize,
    pub(super) took: Duration,
    pub(super) by_tcp: bool,
}

/// Why nothing came back, as BIND's library says it.
pub(super) fn reason(error: Errno) -> &'static str {
    match error {
        Errno::ECONNREFUSED => "connection refused",
        Errno::EHOSTUNREACH => "host unreachable",
        Errno::ENETUNREACH => "network unreachable",
        Errno::ECONNRESET => "connection reset",
        Errno::EPERM | Errno::EACCES => "permission denied",
        Errno::EINTR => "operation canceled",
        _ => "timed out",
    }
}

/// Asks a server once; a reply that was cut is asked for again over TCP.
///
/// # Errors
/// `ETIMEDOUT` and what sockets say.
pub(super) async fn ask(
    sys: &Sys,
    server: SocketAddr,
    name: &str,
    record_type: u16,
    how: How,
) -> Result<Reply, Errno> {
    let began = sys.now();
    let id = (sys.random() & 0xffff) as u16;
    let mut query = Message::query(id, name, record_type);
    query.recursion_desired = how.recursion;
    let mut bytes = query.encode();
    if let Some(cookie) = how.cookie {
        add_edns(&mut bytes, cookie);
    }
    let mut by_tcp = how.tcp;
    loop {
        let exchange = async {
            if by_tcp { over_tcp(sys, server, &bytes).await } else { over_udp(sys, server, &bytes, id).await }
        };
        let answer = sys.timeout(how.timeout, exchange).await.unwrap_or(Err(Errno::ETIMEDOUT))?;
        let message = Message::decode(&answer).map_err(|_| Errno::ECONNRESET)?;
        if message.truncated && !by_tcp {
            by_tcp = true;
            continue;
        }
        return Ok(Reply { message, size: answer.len(), took: sys.now().duration_since(began), by_tcp });
    }
}

/// Adds the pseudo record of EDNS with a cookie. Its class says how much may come back by UDP.
fn add_edns(bytes: &mut Vec<u8>, cookie: u64) {
    bytes[11] += 1;
    bytes.extend([0, 0, 41]);
    bytes.extend(EDNS_SIZE.to_be_bytes());
    bytes.extend([0, 0, 0, 0, 0, 12, 0, 10, 0, 8]);
    bytes.extend(cookie.to_be_bytes());
}

const EDNS_SIZE: u16 = 1232;

async fn over_udp(sys: &Sys, server: SocketAddr, query: &[u8], id: u16) -> Result<Vec<u8>, Errno> {
    let fd = sys.udp(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0))?;
    let result = async {
        sys.udp_connect(fd, server)?;
        sys.send_to(fd, query, server).await?;
        loop {
            let (bytes, _) = sys.recv_from(fd, 65_536).await?;
            if bytes.get(..2) == Some(&id.to_be_bytes()) {
                return Ok(bytes);
            }
        }
    }
    .await;
    let _ = sys.close(fd);
    result
}

async fn over_tcp(sys: &Sys, server: SocketAddr, query: &[u8]) -> Result<Vec<u8>, Errno> {
    let fd = sys.connect(server).await?;
    let result = async {
        let mut framed = (query.len() as u16).to_be_bytes().to_vec();
        framed.extend(query);
        sys.write_all(fd, &framed).await?;
        let mut got = Vec::new();
        loop {
            let want = got.get(..2).map_or(2, |head| 2 + usize::from(head[0]) * 256 + usize::from(head[1]));
            if got.len() >= want && want > 2 {
                return Ok(got[2..want].to_vec());
            }
            let mut more = sys.read(fd, 65_536).await?;
            if more.is_empty() {
                return Err(Errno::ECONNRESET);
            }
            got.append(&mut more);
        }
    }
    .await;
    let _ = sys.close(fd);
    result
}

/// Servers to ask: the one that was given, by its number or its name, or those of `/etc/resolv.conf`.
///
/// # Errors
/// What is wrong with the given one.
pub(super) async fn servers(sys: &Sys, given: Option<&str>, port: u16) -> Result<Vec<SocketAddr>, String> {
    let addresses = match given {
        None => Config::read(sys).await.nameservers,
        Some(name) => match linux::resolver::lookup_host(sys, name).await {
            Ok(addresses) => addresses.into_iter().take(1).collect(),
            Err(_) => return Err(format!("couldn't get address for '{name}': not found")),
        },
    };
    Ok(addresses.into_iter().map(|address| SocketAddr::new(IpAddr::V4(address), port)).collect())
}

/// A server as BIND writes it: `10.96.0.10#53`.
pub(super) fn hash(server: SocketAddr) -> String {
    format!("{}#{}", server.ip(), server.port())
}

/// What a record says, as in a zone file.
pub(super) fn rdata(data: &RecordData) -> String {
    match data {
        RecordData::A(address) => address.to_string(),
        RecordData::Aaaa(address) => address.to_string(),
        RecordData::Ns(name) | RecordData::Cname(name) | RecordData::Ptr(name) => name.clone(),
        RecordData::Soa { primary, mailbox, serial, refresh, retry, expire, minimum } => {
            format!("{primary} {mailbox} {serial} {refresh} {retry} {expire} {minimum}")
        }
        RecordData::Mx { preference, exchange } => format!("{preference} {exchange}"),
        RecordData::Txt(texts) => texts
            .iter()
            .map(|text| format!("\"{}\"", text.replace('"', "\\\"")))
            .collect::<Vec<_>>()
            .join(" "),
        RecordData::Srv { priority, weight, port, target } => format!("{priority} {weight} {port} {target}"),
        RecordData::Other { data, .. } => {
            let hex: String = data.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("\\# {} {hex}", data.len())
        }
    }
}

/// The name of an address's PTR record, or the name itself.
pub(super) fn reversed(name: &str) -> Option<String> {
    name.parse::<Ipv4Addr>().ok().map(linux::dns::reverse_name)
}

#[cfg(test)]
mod tests;
