//! `getent` of glibc: entries of the databases that the C library looks names up in.

use super::dns::{How, ask};
use super::support::{prelude::*, program};
use linux::dns::{Rcode, RecordData, record_type, reverse_name, with_dot};
use linux::resolver::{self, Config};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

program!(PROGRAM, "getent", "Get entries from administrative database", main);

const HINT: &str = "Try `getent --help' or `getent --usage' for more information.\n";

async fn main(sys: Sys, args: Args) -> ExitCode {
    sys.cpu(Duration::from_micros(600)).await;
    let words: Vec<&String> = args[1..].iter().filter(|word| !word.starts_with('-')).collect();
    if let Some(option) = args[1..].iter().find(|word| word.starts_with('-')) {
        return not_simulated(&sys, "getent", &format!("the option {option}")).await;
    }
    let Some((database, keys)) = words.split_first() else {
        sys.err(&format!("getent: wrong number of arguments\n{HINT}")).await;
        return 1;
    };
    let mut status = 0;
    match (database.as_str(), keys.is_empty()) {
        ("passwd" | "group" | "services" | "protocols" | "networks" | "shadow", _) => {
            return lines(&sys, database, keys).await;
        }
        ("hosts", true) => {
            for (address, names) in hosts(&sys).await {
                sys.out(&entry(&address.to_string(), &names)).await;
            }
        }
        ("hosts", false) => {
            for key in keys {
                let found = host(&sys, key).await;
                status = if found.is_empty() { 2 } else { status };
                sys.out(&found).await;
            }
        }
        ("ahosts" | "ahostsv4", false) => {
            for key in keys {
                match resolver::lookup(&sys, key).await {
                    Ok(host) => {
                        let mut name = host.canonical_name.as_str();
                        let mut text = String::new();
                        for address in &host.addresses {
                            let address = address.to_string();
                            text.push_str(&format!(
                                "{address:<15} STREAM {name}\n{address:<15} DGRAM  \n{address:<15} RAW    \n"
                            ));
                            name = "";
                        }
                        sys.out(&text).await;
                    }
                    Err(_) => status = 2,
                }
            }
        }
        ("ahosts" | "ahostsv4" | "ahostsv6", _) => {
            return not_simulated(&sys, "getent", &format!("the database {database} without a name")).await;
        }
        ("initgroups" | "netgroup" | "aliases" | "ethers" | "gshadow" | "rpc", _) => {
            return not_simulated(&sys, "getent", &format!("the database {database}")).await;
        }
        (name, _) => {
            sys.err(&format!("Unknown database: {name}\n{HINT}")).await;
            return 1;
        }
    }
    status
}

/// Lines of a file in `/etc` whose first field, or number, is a key; all without one.
async fn lines(sys: &Sys, database: &str, keys: &[&String]) -> ExitCode {
    let bytes = sys.read_file(&format!("/etc/{database}")).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if keys.is_empty() {
        sys.out(&text).await;
        return 0;
    }
    let mut status = 0;
    for key in keys {
        let mut fields = text.lines().map(|line| (line, line.split(':').collect::<Vec<_>>()));
        let found =
            fields.find(|(_, row)| row.first() == Some(&key.as_str()) || row.get(2) == Some(&key.as_str()));
        match found {
            Some((line, _)) => sys.out(&format!("{line}\n")).await,
            None => status = 2,
        }
    }
    status
}

/// `/etc/hosts`
async fn hosts(sys: &Sys) -> Vec<(IpAddr, Vec<String>)> {
    let bytes = sys.read_file("/etc/hosts").await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let line = |line: &str| {
        let mut words = line.split('#').next().unwrap_or("").split_whitespace();
        Some((words.next()?.parse().ok()?, words.map(String::from).collect()))
    };
    text.lines().filter_map(line).collect()
}

fn entry(address: &str, names: &[String]) -> String {
    format!("{address:<15} {}\n", names.join(" "))
}

/// Models gethostbyname2 for both families: IPv6 is asked for first, for all names of the search list.
async fn host(sys: &Sys, key: &str) -> String {
    let known = hosts(sys).await;
    if let Ok(address) = key.parse::<Ipv4Addr>() {
        if let Some((_, names)) = known.iter().find(|(ip, _)| *ip == IpAddr::V4(address)) {
            return entry(key, names);
        }
        return match search(sys, &[reverse_name(address)], record_type::PTR).await {
            Some((_, records)) => {
                let names: Vec<String> = records
                    .iter()
                    .filter_map(|data| match data {
                        RecordData::Ptr(name) => Some(name.trim_end_matches('.').to_string()),
                        _ => None,
                    })
                    .collect();
                entry(key, &names)
            }
            None => String::new(),
        };
    }
    if key.parse::<Ipv6Addr>().is_ok() {
        return String::new();
    }
    for six in [true, false] {
        let matching: Vec<String> = known
            .iter()
            .filter(|(ip, names)| {
                ip.is_ipv6() == six && names.iter().any(|name| name.eq_ignore_ascii_case(key))
            })
            .map(|(ip, names)| entry(&ip.to_string(), names))
            .collect();
        if !matching.is_empty() {
            return matching.concat();
        }
    }
    let names = Config::read(sys).await.candidates(key);
    for kind in [record_type::AAAA, record_type::A] {
        let Some((asked, records)) = search(sys, &names, kind).await else { continue };
        let canonical = records.iter().rev().find_map(|data| match data {
            RecordData::Cname(name) => Some(name.trim_end_matches('.').to_string()),
            _ => None,
        });
        let asked = asked.trim_end_matches('.').to_string();
        let names = match canonical {
            Some(canonical) => vec![canonical, asked],
            None => vec![asked],
        };
        let text: String = records
            .iter()
            .filter_map(|data| match data {
                RecordData::A(address) => Some(entry(&address.to_string(), &names)),
                RecordData::Aaaa(address) => Some(entry(&address.to_string(), &names)),
                _ => None,
            })
            .collect();
        if !text.is_empty() {
            return text;
        }
    }
    String::new()
}

/// The first of the names that has such records, and what they say. A server that fails ends the search, but for
/// the bare name.
async fn search(sys: &Sys, names: &[String], kind: u16) -> Option<(String, Vec<RecordData>)> {
    let config = Config::read(sys).await;
    let mut failed = false;
    for name in names {
        if failed && names.last() != Some(name) {
            continue;
        }
        failed = true;
        'tries: for _ in 0..config.attempts {
            for &server in &config.nameservers {
                let server = SocketAddr::new(IpAddr::V4(server), 53);
                let Ok(reply) = ask(sys, server, &with_dot(name), kind, How::plain(config.timeout)).await
                else {
                    continue;
                };
                if matches!(reply.message.rcode, Rcode::ServFail | Rcode::Refused) {
                    continue;
                }
                let has = reply.message.answers.iter().any(|record| record.data.record_type() == kind);
                if reply.message.rcode == Rcode::NoError && has {
                    let records = reply.message.answers.into_iter().map(|record| record.data).collect();
                    return Some((name.clone(), records));
                }
                failed = false;
                break 'tries;
            }
        }
    }
    None
}
