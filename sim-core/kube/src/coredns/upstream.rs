//! The internet, as far as it goes: a resolver on the router that knows a few names, and the web server behind one
//! of them.

use linux::dns::{Message, Rcode, Record, RecordData, record_type};
use linux::http::Connection;
use linux::{Errno, ExitCode, Sys};
use std::net::{Ipv4Addr, SocketAddr};

/// Where example.com is.
pub const EXAMPLE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 80);

/// Names with an address. Nobody answers at those that are not example.com's.
const NAMES: &[(&str, Ipv4Addr)] = &[
    ("docker.io.", Ipv4Addr::new(44, 208, 254, 194)),
    ("example.com.", EXAMPLE),
    ("github.com.", Ipv4Addr::new(140, 82, 121, 4)),
    ("google.com.", Ipv4Addr::new(142, 250, 74, 206)),
    ("kubernetes.io.", Ipv4Addr::new(15, 197, 167, 90)),
    ("registry-1.docker.io.", Ipv4Addr::new(44, 208, 254, 194)),
    ("registry.k8s.io.", Ipv4Addr::new(34, 96, 108, 209)),
    ("www.google.com.", Ipv4Addr::new(142, 250, 74, 196)),
];

/// Aliases.
const ALIASES: &[(&str, &str)] =
    &[("www.example.com.", "example.com."), ("www.kubernetes.io.", "kubernetes.io.")];

fn address_of(name: &str) -> Option<Ipv4Addr> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, ip)| *ip)
}

/// The answer to a question.
fn answer(query: &Message) -> Message {
    let mut reply = Message::reply_to(query);
    reply.authoritative = true;
    reply.recursion_available = true;
    reply.additionals =
        query.additionals.iter().filter(|r| r.data.record_type() == record_type::OPT).cloned().collect();
    let Some(question) = query.questions.first() else {
        return Message { rcode: Rcode::FormErr, ..reply };
    };
    let asked = question.name.to_ascii_lowercase();
    let record = |name: &str, data: RecordData| Record { name: name.to_string(), ttl: 300, data };
    let mut name = asked.as_str();
    if let Some((alias, target)) = ALIASES.iter().find(|(alias, _)| *alias == name) {
        reply.answers.push(record(alias, RecordData::Cname((*target).to_string())));
        name = target;
    }
    if asked == "." && question.record_type == record_type::NS {
        let servers = RecordData::Ns("a.root-servers.net.".into());
        reply.answers.push(Record { ttl: 86_400, ..record(".", servers) });
        return reply;
    }
    match address_of(name) {
        Some(ip) if question.record_type == record_type::A => {
            reply.answers.push(record(name, RecordData::A(ip)))
        }
        Some(_) => {}
        None => reply.rcode = Rcode::NxDomain,
    }
    if reply.answers.is_empty() {
        reply.authorities.push(authority(name));
    }
    reply
}

/// The start of the zone that says no.
fn authority(name: &str) -> Record {
    let zone = NAMES
        .iter()
        .map(|(known, _)| *known)
        .find(|known| name == *known || name.ends_with(&format!(".{known}")));
    let (name, ttl, data) = match zone {
        Some(zone) => (
            zone,
            3_600,
            RecordData::Soa {
                primary: format!("ns.{zone}"),
                mailbox: format!("hostmaster.{zone}"),
                serial: 2_026_010_501,
                refresh: 7_200,
                retry: 3_600,
                expire: 1_209_600,
                minimum: 3_600,
            },
        ),
        None => (
            ".",
            86_400,
            RecordData::Soa {
                primary: "a.root-servers.net.".into(),
                mailbox: "nstld.verisign-grs.com.".into(),
                serial: 2_026_010_500,
                refresh: 1_800,
                retry: 900,
                expire: 604_800,
                minimum: 86_400,
            },
        ),
    };
    Record { name: name.to_string(), ttl, data }
}

/// The program: answers on port 53.
pub async fn resolver(sys: Sys) -> ExitCode {
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 53));
    let Ok(socket) = sys.udp(any) else { return 1 };
    loop {
        match sys.recv_from(socket, 4_096).await {
            Ok((data, from)) => {
                if let Some(query) = Message::decode(&data).ok().filter(|message| !message.response) {
                    let _ = sys.send_to(socket, &answer(&query).encode(), from).await;
                }
            }
            Err(Errno::EBADF) => return 1,
            Err(_) => {}
        }
    }
}

const PAGE: &str = "<!doctype html><html lang=\"en\"><head><title>Example Domain</title></head><body><div>\
<h1>Example Domain</h1><p>This domain is for use in documentation examples without needing permission.</p>\
<p><a href=\"https://iana.org/domains/example\">Learn more</a></p></div></body></html>\n";

/// The program: one page on port 80.
pub async fn web_server(sys: Sys) -> ExitCode {
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 80));
    let Ok(listener) = sys.listen(any, 128) else { return 1 };
    loop {
        let Ok((fd, _)) = sys.accept(listener).await else { return 1 };
        let own = sys.clone();
        sys.spawn_thread(async move {
            let mut connection = Connection::new(&own, fd);
            while let Ok(Some(head)) = connection.read_request().await {
                let headers = [("Content-Type".to_string(), "text/html".to_string())];
                let body = if head.method == "HEAD" { &[] } else { PAGE.as_bytes() };
                if connection.write_response(200, &headers, body).await.is_err() || !head.keep_alive() {
                    break;
                }
            }
            let _ = own.close(fd);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_names_are_known() {
        assert!(NAMES.is_sorted() && ALIASES.is_sorted());
        let ask = |name: &str, kind| answer(&Message::query(1, name, kind));
        assert_eq!(ask("example.com", record_type::A).answers[0].data, RecordData::A(EXAMPLE));
        assert_eq!(ask("www.example.com", record_type::A).answers.len(), 2);
        let empty = ask("example.com", record_type::AAAA);
        assert_eq!((empty.rcode, empty.authorities[0].name.as_str()), (Rcode::NoError, "example.com."));
        let nobody = ask("blue.", record_type::A);
        assert_eq!((nobody.rcode, nobody.authorities[0].name.as_str()), (Rcode::NxDomain, "."));
    }
}
