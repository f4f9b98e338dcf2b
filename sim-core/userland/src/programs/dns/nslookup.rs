//! `nslookup`: what a name server says of a name, in the words of an older program.

use super::{How, ask, hash, rdata, reason, reversed, servers};
use crate::programs::support::{prelude::*, program};
use linux::dns::{Message, Rcode, Record, RecordData, record_type};
use linux::resolver::Config;
use std::net::SocketAddr;
use std::time::Duration;

program!(PROGRAM, "nslookup", "Query Internet name servers interactively", main);

const TRIES: usize = 3;

struct Client<'a> {
    sys: &'a Sys,
    servers: Vec<SocketAddr>,
    how: How,
    /// Whether the server's address was printed.
    greeted: bool,
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    sys.cpu(Duration::from_millis(12)).await;
    let mut how = How::plain(Duration::from_secs(5));
    let (mut kind, mut words) = (None, Vec::new());
    for arg in &args[1..] {
        let Some(option) = arg.strip_prefix('-').filter(|option| !option.is_empty()) else {
            words.push(arg.as_str());
            continue;
        };
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match name {
            "type" | "ty" | "querytype" | "query" | "q" => match record_type::parse(value) {
                Some(number) => kind = Some(number),
                None => {
                    sys.out(&format!("unknown query type: {value}\n")).await;
                    return 1;
                }
            },
            "timeout" => match value.parse::<u64>() {
                Ok(seconds) => how.timeout = Duration::from_secs(seconds.max(1)),
                Err(_) => return not_simulated(&sys, "nslookup", &format!("the option {arg}")).await,
            },
            "vc" => how.tcp = true,
            "norecurse" | "norec" => how.recursion = false,
            _ => return not_simulated(&sys, "nslookup", &format!("the option {arg}")).await,
        }
    }
    let Some((&name, given)) = words.split_first() else {
        return not_simulated(&sys, "nslookup", "the interactive mode").await;
    };
    let servers = match servers(&sys, given.first().copied(), 53).await {
        Ok(servers) => servers,
        Err(text) => {
            sys.err(&format!("nslookup: {text}\n")).await;
            return 1;
        }
    };
    let mut client = Client { sys: &sys, servers, how, greeted: false };
    let status = client.run(name, kind).await;
    sys.out("\n").await;
    status
}

impl Client<'_> {
    async fn run(&mut self, name: &str, kind: Option<u16>) -> ExitCode {
        let reverse = reversed(name).filter(|_| kind.is_none_or(|kind| kind == record_type::PTR));
        let first = match &reverse {
            Some(_) => record_type::PTR,
            None => kind.unwrap_or(record_type::A),
        };
        let names = match &reverse {
            Some(reverse) => vec![reverse.clone()],
            None => Config::read(self.sys).await.candidates(name),
        };
        let mut last = None;
        for candidate in names {
            let Some((server, message)) = self.ask(&candidate, first).await else { return 1 };
            let found = message.rcode == Rcode::NoError;
            last = Some((candidate, server, message));
            if found {
                break;
            }
        }
        let Some((full, server, message)) = last else { return 1 };
        if reverse.is_none() {
            self.greet(server).await;
        }
        if message.rcode != Rcode::NoError {
            let shown = reverse.as_deref().map_or(name, |reverse| reverse.trim_end_matches('.'));
            self.sys.out(&format!("** server can't find {shown}: {}\n", message.rcode.name())).await;
            return 1;
        }
        self.show(name, &message, first, kind.is_some() || reverse.is_some()).await;
        if kind.is_none() && reverse.is_none() {
            let alias = message.answers.iter().rev().find_map(|record| match &record.data {
                RecordData::Cname(target) => Some(target.clone()),
                _ => None,
            });
            if let Some((_, six)) = self.ask(&alias.unwrap_or(full), record_type::AAAA).await {
                self.sys.out(&addresses(&six)).await;
            } else {
                return 1;
            }
        }
        0
    }

    async fn ask(&self, name: &str, kind: u16) -> Option<(SocketAddr, Message)> {
        for _ in 0..TRIES {
            for &server in &self.servers {
                match ask(self.sys, server, name, kind, self.how).await {
                    Ok(reply) => {
                        if reply.message.recursion_desired && !reply.message.recursion_available {
                            let text = format!(";; Got recursion not available from {}\n", server.ip());
                            self.sys.out(&text).await;
                        }
                        return Some((server, reply.message));
                    }
                    Err(errno) => {
                        let text =
                            format!(";; communications error to {}: {}\n", hash(server), reason(errno));
                        self.sys.out(&text).await;
                    }
                }
            }
        }
        self.sys.out(";; no servers could be reached\n").await;
        None
    }

    async fn greet(&mut self, server: SocketAddr) {
        if !self.greeted {
            self.greeted = true;
            self.sys.out(&format!("Server:\t\t{}\nAddress:\t{}\n\n", server.ip(), hash(server))).await;
        }
    }

    async fn show(&self, name: &str, message: &Message, kind: u16, explicit: bool) {
        let mut text = String::new();
        if !message.authoritative {
            text.push_str("Non-authoritative answer:\n");
        }
        match message.answers.is_empty() {
            true if explicit => text.push_str(&format!("*** Can't find {name}: No answer\n")),
            _ => text.push_str(&addresses(message)),
        }
        if !message.authoritative && !matches!(kind, record_type::A | record_type::AAAA) {
            text.push_str("\nAuthoritative answers can be found from:\n");
            for record in &message.authorities {
                text.push_str(&sentence(record));
            }
        }
        self.sys.out(&text).await;
    }
}

fn addresses(message: &Message) -> String {
    message.answers.iter().map(sentence).collect()
}

fn sentence(record: &Record) -> String {
    let name = record.name.strip_suffix('.').unwrap_or(&record.name);
    let said = rdata(&record.data);
    match &record.data {
        RecordData::A(_) | RecordData::Aaaa(_) => format!("Name:\t{name}\nAddress: {said}\n"),
        RecordData::Cname(_) => format!("{name}\tcanonical name = {said}\n"),
        RecordData::Ptr(_) => format!("{name}\tname = {said}\n"),
        RecordData::Ns(_) => format!("{name}\tnameserver = {said}\n"),
        RecordData::Mx { .. } => format!("{name}\tmail exchanger = {said}\n"),
        RecordData::Txt(_) => format!("{name}\ttext = {said}\n"),
        RecordData::Srv { .. } => format!("{name}\tservice = {said}\n"),
        RecordData::Soa { primary, mailbox, serial, refresh, retry, expire, minimum } => {
            let bare = |name: &str| name.strip_suffix('.').unwrap_or(name).to_string();
            format!(
                "{name}\n\torigin = {}\n\tmail addr = {}\n\tserial = {serial}\n\trefresh = {refresh}\n\tretry = {retry}\n\t\
                 expire = {expire}\n\tminimum = {minimum}\n",
                bare(primary),
                bare(mailbox)
            )
        }
        RecordData::Other { .. } => format!("{name}\trdata_{} = {said}\n", record.data.record_type()),
    }
}
