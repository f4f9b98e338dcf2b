//! `host`: addresses of names and names of addresses, a sentence for each.

use super::{How, ask, hash, rdata, reason, reversed, servers};
use crate::programs::support::{prelude::*, program};
use linux::dns::{Message, Rcode, RecordData, record_type};
use linux::resolver::Config;
use std::net::SocketAddr;
use std::time::Duration;

program!(PROGRAM, "host", "DNS lookup utility", main);

const USAGE: &str = "Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]
            [-R number] [-m flag] [-p port] hostname [server]
       -a is equivalent to -v -t ANY
";

/// How often and how long servers are asked.
struct Client<'a> {
    sys: &'a Sys,
    servers: Vec<SocketAddr>,
    how: How,
    tries: usize,
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "t: W: R: T 4 r !6 !a !c: !C !d !i !l !m: !N: !p: !s !v !V !w";
    sys.cpu(Duration::from_millis(12)).await;
    let options = match crate::programs::support::options::read(&args, TABLE) {
        Ok(options) => options,
        Err(crate::programs::support::options::Problem::NotSimulated(option)) => {
            return not_simulated(&sys, "host", &format!("the option {option}")).await;
        }
        Err(crate::programs::support::options::Problem::Usage(text)) => {
            sys.err(&format!("host: {text}\n{USAGE}")).await;
            return 1;
        }
    };
    let [name, given @ ..] = options.operands.as_slice() else {
        sys.err(USAGE).await;
        return 1;
    };
    let servers = match servers(&sys, given.first().map(String::as_str), 53).await {
        Ok(servers) => servers,
        Err(text) => {
            sys.err(&format!("host: {text}\n")).await;
            return 1;
        }
    };
    let number = |key: &str| options.value(key).and_then(|text| text.parse::<u64>().ok());
    let timeout = Duration::from_secs(number("W").unwrap_or(5).max(1));
    let how = How { tcp: options.has("T"), recursion: !options.has("r"), ..How::plain(timeout) };
    let client = Client { sys: &sys, servers, how, tries: number("R").unwrap_or(2).clamp(1, 100) as usize };
    if let (Some(server), [given, ..]) = (client.servers.first(), given) {
        sys.out(&format!("Using domain server:\nName: {given}\nAddress: {}\nAliases: \n\n", hash(*server)))
            .await;
    }
    let kind = match options.value("t").map(|text| (text, record_type::parse(text))) {
        None => None,
        Some((_, Some(kind))) => Some(kind),
        Some((text, None)) => return not_simulated(&sys, "host", &format!("the type {text}")).await,
    };
    client.run(name, kind).await
}

impl Client<'_> {
    async fn run(&self, name: &str, kind: Option<u16>) -> ExitCode {
        let reverse = reversed(name);
        let first = kind.unwrap_or(if reverse.is_some() { record_type::PTR } else { record_type::A });
        let names = match &reverse {
            Some(reverse) => vec![reverse.clone()],
            None => Config::read(self.sys).await.candidates(name),
        };
        let mut last = None;
        for candidate in names {
            let Some(message) = self.ask(&candidate, first).await else {
                self.sys.out(";; no servers could be reached\n").await;
                return 1;
            };
            let found = message.rcode == Rcode::NoError;
            last = Some((candidate, message));
            if found {
                break;
            }
        }
        let Some((full, message)) = last else { return 1 };
        if message.rcode != Rcode::NoError {
            let code = match message.rcode {
                Rcode::FormErr => 1,
                Rcode::ServFail => 2,
                Rcode::NxDomain => 3,
                Rcode::NotImp => 4,
                Rcode::Refused => 5,
                _ => 0,
            };
            let shown = reverse.as_deref().unwrap_or(name);
            self.sys.out(&format!("Host {shown} not found: {code}({})\n", message.rcode.name())).await;
            return 1;
        }
        self.show(&full, &message, kind).await;
        if kind.is_none() && reverse.is_none() {
            // For an alias the rest is asked of the name that it stands for.
            let target = message.answers.iter().rev().find_map(|record| match &record.data {
                RecordData::Cname(target) => Some(target.clone()),
                _ => None,
            });
            let full = target.unwrap_or(full);
            for more in [record_type::AAAA, record_type::MX] {
                match self.ask(&full, more).await {
                    Some(message) => self.show(&full, &message, None).await,
                    None => {
                        self.sys.out(";; no servers could be reached\n").await;
                        return 1;
                    }
                }
            }
        }
        0
    }

    async fn ask(&self, name: &str, kind: u16) -> Option<Message> {
        for _ in 0..self.tries {
            for &server in &self.servers {
                match ask(self.sys, server, name, kind, self.how).await {
                    Ok(reply) => return Some(reply.message),
                    Err(errno) => {
                        let text =
                            format!(";; communications error to {}: {}\n", hash(server), reason(errno));
                        self.sys.out(&text).await;
                    }
                }
            }
        }
        None
    }

    /// Says what an answer says; that there is none only of a type that was asked for.
    async fn show(&self, name: &str, message: &Message, kind: Option<u16>) {
        let mut text = String::new();
        for record in &message.answers {
            let name = record.name.strip_suffix('.').unwrap_or(&record.name);
            let said = rdata(&record.data);
            // Names of addresses keep their dot, others do not.
            text.push_str(&match &record.data {
                RecordData::A(_) => format!("{name} has address {said}\n"),
                RecordData::Aaaa(_) => format!("{name} has IPv6 address {said}\n"),
                RecordData::Cname(_) => format!("{name} is an alias for {said}\n"),
                RecordData::Ptr(_) => format!("{name} domain name pointer {said}\n"),
                RecordData::Ns(_) => format!("{name} name server {said}\n"),
                RecordData::Mx { .. } => format!("{name} mail is handled by {said}\n"),
                RecordData::Txt(_) => format!("{name} descriptive text {said}\n"),
                other => format!("{name} has {} record {said}\n", record_type::name(other.record_type())),
            });
        }
        if let (true, Some(kind)) = (message.answers.is_empty(), kind) {
            let name = name.strip_suffix('.').unwrap_or(name);
            text.push_str(&format!("{name} has no {} record\n", record_type::name(kind)));
        }
        self.sys.out(&text).await;
    }
}
