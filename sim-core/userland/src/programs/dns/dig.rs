//! `dig`: a question to a name server, and its whole answer.

use super::{How, Reply, ask, hash, rdata, reason, servers};
use crate::programs::support::{calendar, prelude::*, program};
use linux::dns::{Message, Rcode, Record, record_type};
use linux::resolver::Config;
use std::net::Ipv4Addr;
use std::time::Duration;

program!(PROGRAM, "dig", "DNS lookup utility", main);

const VERSION: &str = "9.18.30-0ubuntu0.24.04.2-Ubuntu";

#[derive(Clone, Debug)]
struct Request {
    server: Option<String>,
    port: u16,
    name: String,
    record_type: u16,
    how: How,
    tries: usize,
    search: bool,
    short: bool,
    command: bool,
    comments: bool,
    question: bool,
    answer: bool,
    authority: bool,
    additional: bool,
    statistics: bool,
    edns: bool,
    ttl: bool,
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    sys.cpu(Duration::from_millis(12)).await;
    let mut request = match read(&args[1..]) {
        Ok(request) => request,
        Err(Wrong::Missing(what)) => return not_simulated(&sys, "dig", &what).await,
        Err(Wrong::Usage(text)) => {
            sys.err(&format!("{text}\n")).await;
            return 1;
        }
    };
    request.how.cookie = request.edns.then(|| sys.random());
    let mut greeting = String::new();
    if request.command && !request.short {
        let words: String = args[1..].iter().map(|word| format!(" {word}")).collect();
        greeting = format!("\n; <<>> DiG {VERSION} <<>>{words}\n");
        if request.server.is_some() {
            greeting.push_str("; (1 server found)\n");
        }
        greeting.push_str(";; global options: +cmd\n");
    }
    let servers = match servers(&sys, request.server.as_deref(), request.port).await {
        Ok(servers) => servers,
        Err(text) => {
            sys.err(&format!("dig: {text}\n")).await;
            return 10;
        }
    };
    let names = match request.search {
        true => Config::read(&sys).await.candidates(&request.name),
        false => vec![linux::dns::with_dot(&request.name)],
    };
    let mut last = None;
    'names: for name in names {
        for _ in 0..request.tries {
            for &server in &servers {
                match ask(&sys, server, &name, request.record_type, request.how).await {
                    Ok(reply) => {
                        let found = reply.message.rcode == Rcode::NoError;
                        last = Some((server, reply));
                        if found {
                            break 'names;
                        }
                        continue 'names;
                    }
                    Err(errno) => {
                        sys.out(&format!(";; communications error to {}: {}\n", hash(server), reason(errno)))
                            .await;
                    }
                }
            }
        }
        break;
    }
    let Some((server, reply)) = last else {
        sys.out(&format!("{greeting};; no servers could be reached\n")).await;
        return 9;
    };
    let mut text = greeting;
    if request.short {
        for record in &reply.message.answers {
            text.push_str(&format!("{}\n", rdata(&record.data)));
        }
    } else {
        request.write(&mut text, &reply);
        if request.statistics {
            let by = if reply.by_tcp { "TCP" } else { "UDP" };
            let when = calendar::format("%a %b %d %H:%M:%S UTC %Y", calendar::now(&sys));
            text.push_str(&format!(
                ";; Query time: {} msec\n;; SERVER: {}({}) ({by})\n;; WHEN: {when}\n;; MSG SIZE  rcvd: {}\n\n",
                reply.took.as_millis(),
                hash(server),
                server.ip(),
                reply.size
            ));
        }
    }
    sys.out(&text).await;
    0
}

impl Request {
    fn write(&self, text: &mut String, reply: &Reply) {
        let message = &reply.message;
        let opt = message.additionals.iter().find(|record| record.data.record_type() == record_type::OPT);
        if self.comments {
            let name = message.questions.first().map_or("", |question| question.name.as_str());
            text.push_str(";; Got answer:\n");
            if name.to_ascii_lowercase().ends_with(".local.") || name.eq_ignore_ascii_case("local.") {
                text.push_str(
                    ";; WARNING: .local is reserved for Multicast DNS\n\
                     ;; You are currently testing what happens when an mDNS query is leaked to DNS\n",
                );
            }
            text.push_str(&header(message));
            if message.recursion_desired && !message.recursion_available {
                text.push_str(";; WARNING: recursion requested but not available\n");
            }
            text.push('\n');
            if let Some(record) = opt {
                text.push_str(";; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n");
                text.push_str(&self.cookie(record));
            }
        }
        if self.question {
            text.push_str(if self.comments { ";; QUESTION SECTION:\n" } else { "" });
            for question in &message.questions {
                text.push_str(&format!(
                    ";{}\n",
                    columns(&question.name, None, &record_type::name(question.record_type), "")
                ));
            }
            text.push_str(if self.comments { "\n" } else { "" });
        }
        let sections = [
            (self.answer, "ANSWER", &message.answers),
            (self.authority, "AUTHORITY", &message.authorities),
            (self.additional, "ADDITIONAL", &message.additionals),
        ];
        for (wanted, title, records) in sections {
            let shown: Vec<&Record> =
                records.iter().filter(|record| record.data.record_type() != record_type::OPT).collect();
            if !wanted || shown.is_empty() {
                continue;
            }
            if self.comments {
                text.push_str(&format!(";; {title} SECTION:\n"));
            }
            for record in shown {
                let ttl = self.ttl.then_some(record.ttl);
                let kind = record_type::name(record.data.record_type());
                text.push_str(&format!(
                    "{}\n",
                    columns(&record.name, Some(ttl), &kind, &rdata(&record.data))
                ));
            }
            text.push_str(if self.comments { "\n" } else { "" });
        }
    }

    /// The cookie came back as it was sent, when the server does not know what it is for.
    fn cookie(&self, record: &Record) -> String {
        let linux::dns::RecordData::Other { data, .. } = &record.data else { return String::new() };
        let sent = self.how.cookie.map(u64::to_be_bytes);
        match (sent, data.get(4..12)) {
            (Some(sent), Some(back)) if sent == back => {
                let hex: String = back.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("; COOKIE: {hex} (echoed)\n")
            }
            _ => String::new(),
        }
    }
}

pub(super) fn header(message: &Message) -> String {
    let flags = [
        (message.response, " qr"),
        (message.authoritative, " aa"),
        (message.truncated, " tc"),
        (message.recursion_desired, " rd"),
        (message.recursion_available, " ra"),
    ];
    let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
    format!(
        ";; ->>HEADER<<- opcode: QUERY, status: {}, id: {}\n;; flags:{flags}; QUERY: {}, ANSWER: {}, AUTHORITY: {}, ADDITIONAL: {}\n",
        message.rcode.name(),
        message.id,
        message.questions.len(),
        message.answers.len(),
        message.authorities.len(),
        message.additionals.len()
    )
}

/// A record or, without a time to live, a question, in columns by tabs. Models `indent` of BIND's masterdump.c.
fn columns(name: &str, ttl: Option<Option<u32>>, kind: &str, data: &str) -> String {
    let mut text = name.to_string();
    let mut at = name.len();
    let mut put = |to: usize, word: &str| {
        let to = to.max(at + 1);
        let tabs = to / 8 - at / 8;
        let from = if tabs > 0 { to / 8 * 8 } else { at };
        text.push_str(&"\t".repeat(tabs));
        text.push_str(&" ".repeat(to - from));
        text.push_str(word);
        at = to + word.len();
    };
    if let Some(Some(ttl)) = ttl {
        put(24, &ttl.to_string());
    }
    put(32, "IN");
    put(40, kind);
    if ttl.is_some() {
        put(48, data);
    }
    text
}

enum Wrong {
    Usage(String),
    Missing(String),
}

fn read(args: &[String]) -> Result<Request, Wrong> {
    let mut request = Request {
        server: None,
        port: 53,
        name: String::new(),
        record_type: record_type::A,
        how: How { tcp: false, timeout: Duration::from_secs(5), recursion: true, cookie: None },
        tries: 3,
        search: false,
        short: false,
        command: true,
        comments: true,
        question: true,
        answer: true,
        authority: true,
        additional: true,
        statistics: true,
        edns: true,
        ttl: true,
    };
    let mut kind = None;
    let mut named = false;
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if let Some(server) = arg.strip_prefix('@') {
            request.server = Some(server.to_string());
        } else if let Some(option) = arg.strip_prefix('+') {
            plus(&mut request, option)?;
        } else if let Some(option) = arg.strip_prefix('-').filter(|option| !option.is_empty()) {
            let (letter, attached) = option.split_at(option.chars().next().map_or(0, char::len_utf8));
            let mut value = || {
                let next =
                    if attached.is_empty() { rest.next().cloned() } else { Some(attached.to_string()) };
                next.ok_or_else(|| Wrong::Usage(format!("Invalid option: -{letter}")))
            };
            match letter {
                "4" => {}
                "t" => kind = Some(read_kind(&value()?)?),
                "p" => {
                    let text = value()?;
                    request.port = text
                        .parse()
                        .map_err(|_| Wrong::Usage(format!("Couldn't parse port number '{text}'")))?;
                }
                "q" => {
                    request.name = value()?;
                    named = true;
                }
                "x" => {
                    let text = value()?;
                    let address: Ipv4Addr =
                        text.parse().map_err(|_| Wrong::Usage(format!("Invalid IP address {text}")))?;
                    request.name = linux::dns::reverse_name(address);
                    kind = Some(record_type::PTR);
                    named = true;
                }
                "c" => {
                    value()?;
                }
                _ => return Err(Wrong::Missing(format!("the option -{letter}"))),
            }
        } else if let (Some(number), true) = (record_type::parse(arg), kind.is_none()) {
            kind = Some(number);
        } else if arg.eq_ignore_ascii_case("in") {
        } else if matches!(
            arg.to_ascii_uppercase().as_str(),
            "AXFR" | "CAA" | "DS" | "DNSKEY" | "HINFO" | "NAPTR" | "CH"
        ) {
            return Err(Wrong::Missing(format!("the type {arg}")));
        } else if named {
            return Err(Wrong::Missing("more than one name".into()));
        } else {
            request.name.clone_from(arg);
            named = true;
        }
    }
    if !named {
        request.name = ".".into();
        kind.get_or_insert(record_type::NS);
    }
    request.record_type = kind.unwrap_or(record_type::A);
    request.how.tcp |= request.record_type == record_type::ANY;
    Ok(request)
}

fn read_kind(text: &str) -> Result<u16, Wrong> {
    record_type::parse(text).ok_or_else(|| Wrong::Missing(format!("the type {text}")))
}

fn plus(request: &mut Request, option: &str) -> Result<(), Wrong> {
    let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
    let (on, name) = name.strip_prefix("no").map_or((true, name), |name| (false, name));
    let number = |what: &str| {
        let text = value.unwrap_or("");
        text.parse::<u64>().map_err(|_| Wrong::Usage(format!("Couldn't parse {what} '{text}'")))
    };
    match name {
        "short" => request.short = on,
        "search" => request.search = on,
        "tcp" | "vc" => request.how.tcp = on,
        "rec" | "recurse" => request.how.recursion = on,
        "edns" | "cookie" => request.edns = on,
        "cmd" => request.command = on,
        "comments" => request.comments = on,
        "question" => request.question = on,
        "answer" => request.answer = on,
        "authority" => request.authority = on,
        "additional" => request.additional = on,
        "stats" => request.statistics = on,
        "ttlid" => request.ttl = on,
        "time" | "timeout" => request.how.timeout = Duration::from_secs(number("timeout")?.max(1)),
        "tries" => request.tries = number("tries")?.clamp(1, 100) as usize,
        "retry" => request.tries = number("retries")?.min(100) as usize + 1,
        "all" => {
            for part in [
                &mut request.command,
                &mut request.comments,
                &mut request.question,
                &mut request.answer,
                &mut request.authority,
                &mut request.additional,
                &mut request.statistics,
            ] {
                *part = on;
            }
        }
        "qr" | "trace" | "dnssec" | "multiline" | "yaml" | "domain" | "ndots" | "identify" | "bufsize"
        | "subnet" | "nsid" | "ignore" | "fail" | "showsearch" | "https" | "tls" | "onesoa" | "crypto"
        | "split" | "rrcomments" | "class" | "besteffort" | "ednsflags" | "aaflag" | "aaonly" | "adflag"
        | "cdflag" | "zflag" | "defname" | "unknownformat" => {
            return Err(Wrong::Missing(format!("the option +{name}")));
        }
        _ => return Err(Wrong::Usage(format!("Invalid option: +{option}"))),
    }
    Ok(())
}
