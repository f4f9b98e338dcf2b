//! Names to addresses, as glibc does it: `/etc/hosts`, then DNS with the search list of `/etc/resolv.conf`.
//!
//! Models getaddrinfo and res_search of glibc 2.36: a name with fewer dots than `ndots` is tried with each entry of
//! the search list first; for each try A and AAAA go out from one socket and the first try that has an A ends the
//! search. A server that is silent is asked again after five seconds; then the bare name is tried, and that is all.

use crate::dns::{Message, Rcode, RecordData, record_type, with_dot};
use crate::{Errno, Fd, Sys};
use sim::Ordered;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPTS: usize = 2;
const PORT: u16 = 53;
const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// Why a name has no address; the texts are `gai_strerror`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolveError {
    /// `Name or service not known`
    NotKnown,
    /// `Temporary failure in name resolution`
    Again,
}

impl ResolveError {
    /// What `gai_strerror` says.
    pub fn text(self) -> &'static str {
        match self {
            ResolveError::NotKnown => "Name or service not known",
            ResolveError::Again => "Temporary failure in name resolution",
        }
    }
}

/// A host as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its full name, without a dot at the end.
    pub canonical_name: String,
    /// Its addresses, the best first.
    pub addresses: Vec<Ipv4Addr>,
}

/// Addresses of a host, the best first, as `getaddrinfo` sorts them.
pub async fn lookup_host(sys: &Sys, name: &str) -> Result<Vec<Ipv4Addr>, ResolveError> {
    lookup(sys, name).await.map(|host| host.addresses)
}

/// Addresses and canonical name of a host.
pub async fn lookup(sys: &Sys, name: &str) -> Result<Host, ResolveError> {
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        return Ok(Host { canonical_name: name.to_string(), addresses: vec![address] });
    }
    if name.is_empty() || name.len() > 253 || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(ResolveError::NotKnown);
    }
    if let Some(host) = from_hosts(sys, name).await {
        return Ok(host);
    }
    let config = Config::read(sys).await;
    let mut last = ResolveError::NotKnown;
    for candidate in config.candidates(name) {
        match ask(sys, &config, &candidate).await {
            Ok(Some(mut host)) => {
                sort_by_prefix(sys, &mut host.addresses);
                return Ok(host);
            }
            Ok(None) => {}
            Err(error) => {
                last = error;
                // The rest of the search list is not worth the wait: only the name as it is gets a try.
                let bare = with_dot(name);
                if candidate != bare {
                    return match ask(sys, &config, &bare).await {
                        Ok(Some(host)) => Ok(host),
                        Ok(None) => Err(ResolveError::NotKnown),
                        Err(error) => Err(error),
                    };
                }
                break;
            }
        }
    }
    Err(last)
}

/// The name of an address: from `/etc/hosts`, then by PTR. Nothing when there is none.
pub async fn reverse(sys: &Sys, address: Ipv4Addr) -> Option<String> {
    for (ip, names) in hosts(sys).await {
        if ip == address {
            return names.into_iter().next();
        }
    }
    let config = Config::read(sys).await;
    let question = crate::dns::reverse_name(address);
    let reply = exchange(sys, &config, &question, &[record_type::PTR]).await.ok()?.pop()?;
    reply.answers.into_iter().find_map(|record| match record.data {
        RecordData::Ptr(name) => Some(name.trim_end_matches('.').to_string()),
        _ => None,
    })
}

/// `/etc/resolv.conf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// At most three are asked.
    pub nameservers: Vec<Ipv4Addr>,
    /// Domains to try names in.
    pub search: Vec<String>,
    /// A name with so many dots is tried as it is first.
    pub ndots: usize,
    /// How long to wait for an answer.
    pub timeout: Duration,
    /// How often each server is asked.
    pub attempts: usize,
}

impl Config {
    /// Reads the file of the process's own root directory; without one, a server on this very host is asked.
    pub async fn read(sys: &Sys) -> Config {
        let text = sys.read_file("/etc/resolv.conf").await.unwrap_or_default();
        Config::parse(&String::from_utf8_lossy(&text))
    }

    /// Reads the text of the file. Models resolv.conf(5).
    pub fn parse(text: &str) -> Config {
        let mut config = Config {
            nameservers: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            timeout: TIMEOUT,
            attempts: ATTEMPTS,
        };
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => {
                    config.nameservers.extend(words.next().and_then(|word| word.parse::<Ipv4Addr>().ok()))
                }
                Some("search" | "domain") => {
                    config.search = words.map(|word| word.trim_end_matches('.').to_string()).collect()
                }
                Some("options") => {
                    for option in words {
                        let number =
                            option.split_once(':').and_then(|(_, number)| number.parse::<u64>().ok());
                        match (option.split(':').next(), number) {
                            (Some("ndots"), Some(n)) => config.ndots = n.min(15) as usize,
                            (Some("timeout"), Some(n)) => {
                                config.timeout = Duration::from_secs(n.clamp(1, 30))
                            }
                            (Some("attempts"), Some(n)) => config.attempts = n.clamp(1, 5) as usize,
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        config.nameservers.truncate(3);
        if config.nameservers.is_empty() {
            config.nameservers.push(Ipv4Addr::LOCALHOST);
        }
        config
    }

    /// The full names to try for a name, in order.
    pub fn candidates(&self, name: &str) -> Vec<String> {
        if name.ends_with('.') {
            return vec![name.to_string()];
        }
        let searched = self.search.iter().map(|domain| with_dot(&format!("{name}.{domain}")));
        let bare = std::iter::once(with_dot(name));
        let dots = name.matches('.').count();
        if dots >= self.ndots { bare.chain(searched).collect() } else { searched.chain(bare).collect() }
    }
}

async fn hosts(sys: &Sys) -> Vec<(Ipv4Addr, Vec<String>)> {
    let text = sys.read_file("/etc/hosts").await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let line = |line: &str| {
        let mut words = line.split('#').next().unwrap_or("").split_whitespace();
        let address = words.next()?.parse().ok()?;
        Some((address, words.map(String::from).collect()))
    };
    text.lines().filter_map(line).collect()
}

async fn from_hosts(sys: &Sys, name: &str) -> Option<Host> {
    let name = name.trim_end_matches('.');
    let mut found: Option<Host> = None;
    for (address, names) in hosts(sys).await {
        if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let canonical_name = names.into_iter().next().unwrap_or_default();
            found.get_or_insert(Host { canonical_name, addresses: Vec::new() }).addresses.push(address);
        }
    }
    found
}

/// Asks for A and AAAA of one full name; nothing when it has no A.
async fn ask(sys: &Sys, config: &Config, name: &str) -> Result<Option<Host>, ResolveError> {
    let replies = exchange(sys, config, name, &[record_type::A, record_type::AAAA]).await?;
    let mut host = Host { canonical_name: name.trim_end_matches('.').to_string(), addresses: Vec::new() };
    for reply in replies {
        if matches!(reply.rcode, Rcode::ServFail | Rcode::Refused) {
            return Err(ResolveError::Again);
        }
        for record in reply.answers {
            if let RecordData::A(address) = record.data {
                host.canonical_name = record.name.trim_end_matches('.').to_string();
                host.addresses.push(address);
            }
        }
    }
    Ok((!host.addresses.is_empty()).then_some(host))
}

/// Sends a question for each type and waits for as many answers, from one socket, each server in its turn.
async fn exchange(
    sys: &Sys,
    config: &Config,
    name: &str,
    types: &[u16],
) -> Result<Vec<Message>, ResolveError> {
    for _ in 0..config.attempts {
        for &server in &config.nameservers {
            let Ok(fd) = sys.udp(ANY_PORT) else { return Err(ResolveError::Again) };
            let server = SocketAddr::new(IpAddr::V4(server), PORT);
            let asked = sys.timeout(config.timeout, converse(sys, fd, server, name, types)).await;
            let _ = sys.close(fd);
            match asked {
                Some(Ok(replies)) => return Ok(replies),
                Some(Err(Errno::EINTR)) | None => {}
                Some(Err(_)) => {}
            }
        }
    }
    Err(ResolveError::Again)
}

async fn converse(
    sys: &Sys,
    fd: Fd,
    server: SocketAddr,
    name: &str,
    types: &[u16],
) -> Result<Vec<Message>, Errno> {
    sys.udp_connect(fd, server)?;
    let mut open: Vec<(u16, u16)> = Vec::new();
    for &record_type in types {
        let id = (sys.random() & 0xffff) as u16;
        sys.send_to(fd, &Message::query(id, name, record_type).encode(), server).await?;
        open.push((id, record_type));
    }
    let mut replies = Vec::new();
    while !open.is_empty() {
        let (bytes, _) = sys.recv_from(fd, 65_536).await?;
        let Ok(reply) = Message::decode(&bytes) else { continue };
        let asked = reply.questions.first().map(|question| question.record_type);
        if let Some(at) = open.iter().position(|&(id, kind)| id == reply.id && Some(kind) == asked) {
            open.remove(at);
            replies.push(reply);
        }
    }
    Ok(replies)
}

/// The address with the longest prefix in common with the own one first. Models rule 9 of RFC 6724 in glibc.
fn sort_by_prefix(sys: &Sys, addresses: &mut [Ipv4Addr]) {
    if addresses.len() < 2 {
        return;
    }
    // A connected UDP socket tells from which address this host would speak.
    let own = |to: Ipv4Addr| -> Option<u32> {
        let fd = sys.udp(ANY_PORT).ok()?;
        let connected = sys.udp_connect(fd, SocketAddr::new(IpAddr::V4(to), PORT));
        let local = connected.ok().and_then(|()| sys.local_addr(fd).ok());
        let _ = sys.close(fd);
        match local?.ip() {
            IpAddr::V4(address) => Some(u32::from(address)),
            IpAddr::V6(_) => None,
        }
    };
    let common = |to: Ipv4Addr| own(to).map_or(0, |own| (own ^ u32::from(to)).leading_zeros());
    let mut ranked: Vec<(u32, Ipv4Addr)> = addresses.iter().map(|to| (common(*to), *to)).collect();
    ranked.order_by(|(one, _), (other, _)| other.cmp(one));
    for (place, (_, address)) in addresses.iter_mut().zip(ranked) {
        *place = address;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: &str = "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n";

    #[test]
    fn short_names_are_searched_first() {
        let config = Config::parse(POD);
        assert_eq!(
            config.candidates("blue"),
            ["blue.default.svc.cluster.local.", "blue.svc.cluster.local.", "blue.cluster.local.", "blue."]
        );
        assert_eq!(config.candidates("example.com.").len(), 1);
        assert_eq!(config.candidates("a.b.c.d.e.f")[0], "a.b.c.d.e.f.");
        assert_eq!(config.nameservers, [Ipv4Addr::new(10, 96, 0, 10)]);
    }

    #[test]
    fn without_a_file_this_host_is_asked() {
        let config = Config::parse("# nothing\n");
        assert_eq!((config.nameservers[0], config.ndots), (Ipv4Addr::LOCALHOST, 1));
        assert_eq!(config.candidates("a.b"), ["a.b."]);
    }
}
