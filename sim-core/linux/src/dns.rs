//! DNS messages (RFC 1035, 2782, 3596): what resolvers send and name servers answer.
//!
//! Pure: bytes in, [`Message`] out, and back. Names are texts that end with a dot. Compression is understood, and used
//! for names that repeat an earlier one from one of its labels on.

use sim::SortedMap;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A domain name, with its dot at the end; the root is `.`.
pub type Name = String;

/// Types of records, by number.
pub mod record_type {
    /// An IPv4 address.
    pub const A: u16 = 1;
    /// A name server.
    pub const NS: u16 = 2;
    /// Another name.
    pub const CNAME: u16 = 5;
    /// The start of a zone's authority.
    pub const SOA: u16 = 6;
    /// A name for an address.
    pub const PTR: u16 = 12;
    /// A mail exchanger.
    pub const MX: u16 = 15;
    /// Text.
    pub const TXT: u16 = 16;
    /// An IPv6 address.
    pub const AAAA: u16 = 28;
    /// A service's host and port.
    pub const SRV: u16 = 33;
    /// EDNS.
    pub const OPT: u16 = 41;
    /// Anything.
    pub const ANY: u16 = 255;

    const NAMES: &[(u16, &str)] = &[
        (A, "A"),
        (NS, "NS"),
        (CNAME, "CNAME"),
        (SOA, "SOA"),
        (PTR, "PTR"),
        (MX, "MX"),
        (TXT, "TXT"),
        (AAAA, "AAAA"),
        (SRV, "SRV"),
        (OPT, "OPT"),
        (ANY, "ANY"),
    ];

    /// `A`, `AAAA`, ...; `TYPE65` for others.
    pub fn name(number: u16) -> String {
        NAMES
            .iter()
            .find(|(known, _)| *known == number)
            .map_or_else(|| format!("TYPE{number}"), |(_, n)| (*n).to_string())
    }

    /// Reads `A`, `aaaa`, ...
    pub fn parse(text: &str) -> Option<u16> {
        NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(number, _)| *number)
    }
}

/// Response codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rcode {
    /// There is an answer, though it may be empty.
    #[default]
    NoError,
    /// The question was not understood.
    FormErr,
    /// The server could not find out.
    ServFail,
    /// There is no such name.
    NxDomain,
    /// The server does not do that.
    NotImp,
    /// The server does not want to.
    Refused,
    /// Another code.
    Other(u8),
}

impl Rcode {
    fn number(self) -> u8 {
        match self {
            Rcode::NoError => 0,
            Rcode::FormErr => 1,
            Rcode::ServFail => 2,
            Rcode::NxDomain => 3,
            Rcode::NotImp => 4,
            Rcode::Refused => 5,
            Rcode::Other(number) => number & 0x0f,
        }
    }

    fn of(number: u8) -> Rcode {
        match number {
            0 => Rcode::NoError,
            1 => Rcode::FormErr,
            2 => Rcode::ServFail,
            3 => Rcode::NxDomain,
            4 => Rcode::NotImp,
            5 => Rcode::Refused,
            other => Rcode::Other(other),
        }
    }

    /// As dig prints it.
    pub fn name(self) -> String {
        match self {
            Rcode::NoError => "NOERROR".into(),
            Rcode::FormErr => "FORMERR".into(),
            Rcode::ServFail => "SERVFAIL".into(),
            Rcode::NxDomain => "NXDOMAIN".into(),
            Rcode::NotImp => "NOTIMP".into(),
            Rcode::Refused => "REFUSED".into(),
            Rcode::Other(number) => format!("RESERVED{number}"),
        }
    }
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name asked for.
    pub name: Name,
    /// The type of record asked for.
    pub record_type: u16,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose record it is.
    pub name: Name,
    /// Seconds that it may be kept.
    pub ttl: u32,
    /// What it says.
    pub data: RecordData,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the RFCs")]
pub enum RecordData {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Ns(Name),
    Cname(Name),
    Ptr(Name),
    Soa { primary: Name, mailbox: Name, serial: u32, refresh: u32, retry: u32, expire: u32, minimum: u32 },
    Mx { preference: u16, exchange: Name },
    Txt(Vec<String>),
    Srv { priority: u16, weight: u16, port: u16, target: Name },
    Other { record_type: u16, data: Vec<u8> },
}

impl RecordData {
    /// The type's number.
    pub fn record_type(&self) -> u16 {
        match self {
            RecordData::A(_) => record_type::A,
            RecordData::Aaaa(_) => record_type::AAAA,
            RecordData::Ns(_) => record_type::NS,
            RecordData::Cname(_) => record_type::CNAME,
            RecordData::Ptr(_) => record_type::PTR,
            RecordData::Soa { .. } => record_type::SOA,
            RecordData::Mx { .. } => record_type::MX,
            RecordData::Txt(_) => record_type::TXT,
            RecordData::Srv { .. } => record_type::SRV,
            RecordData::Other { record_type, .. } => *record_type,
        }
    }
}

/// A query or its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// What brings an answer to its question.
    pub id: u16,
    /// True for an answer (`qr`).
    pub response: bool,
    /// The server is the zone's own (`aa`).
    pub authoritative: bool,
    /// Cut to fit into a datagram (`tc`).
    pub truncated: bool,
    /// The client wants the server to ask others (`rd`).
    pub recursion_desired: bool,
    /// The server does ask others (`ra`).
    pub recursion_available: bool,
    /// How it went.
    pub rcode: Rcode,
    /// What is asked.
    pub questions: Vec<Question>,
    /// The answer.
    pub answers: Vec<Record>,
    /// Who is the authority.
    pub authorities: Vec<Record>,
    /// What else may be of use.
    pub additionals: Vec<Record>,
}

/// The bytes are no DNS message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl Message {
    /// A question as a resolver puts it.
    pub fn query(id: u16, name: &str, record_type: u16) -> Message {
        let questions = vec![Question { name: with_dot(name), record_type }];
        Message { id, recursion_desired: true, questions, ..Message::default() }
    }

    /// The beginning of an answer to a query.
    pub fn reply_to(query: &Message) -> Message {
        Message {
            id: query.id,
            response: true,
            recursion_desired: query.recursion_desired,
            questions: query.questions.clone(),
            ..Message::default()
        }
    }

    /// The bytes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.u16(self.id);
        let flag = |on: bool, bit: u16| u16::from(on) << bit;
        out.u16(
            flag(self.response, 15)
                | flag(self.authoritative, 10)
                | flag(self.truncated, 9)
                | flag(self.recursion_desired, 8)
                | flag(self.recursion_available, 7)
                | u16::from(self.rcode.number()),
        );
        for count in
            [self.questions.len(), self.answers.len(), self.authorities.len(), self.additionals.len()]
        {
            out.u16(u16::try_from(count).unwrap_or(u16::MAX));
        }
        for question in &self.questions {
            out.name(&question.name);
            out.u16(question.record_type);
            out.u16(1);
        }
        for record in self.answers.iter().chain(&self.authorities).chain(&self.additionals) {
            out.record(record);
        }
        out.bytes
    }

    /// Reads the bytes on the wire.
    pub fn decode(bytes: &[u8]) -> Result<Message, Malformed> {
        let mut input = Reader { bytes, at: 0 };
        let id = input.u16()?;
        let flags = input.u16()?;
        let counts = [input.u16()?, input.u16()?, input.u16()?, input.u16()?];
        let bit = |n: u16| flags >> n & 1 == 1;
        let mut message = Message {
            id,
            response: bit(15),
            authoritative: bit(10),
            truncated: bit(9),
            recursion_desired: bit(8),
            recursion_available: bit(7),
            rcode: Rcode::of((flags & 0x0f) as u8),
            ..Message::default()
        };
        for _ in 0..counts[0] {
            let name = input.name()?;
            let record_type = input.u16()?;
            input.u16()?;
            message.questions.push(Question { name, record_type });
        }
        for (count, section) in [
            (counts[1], &mut message.answers),
            (counts[2], &mut message.authorities),
            (counts[3], &mut message.additionals),
        ] {
            for _ in 0..count {
                section.push(input.record()?);
            }
        }
        Ok(message)
    }
}

/// A name with its dot at the end.
pub fn with_dot(name: &str) -> Name {
    if name.ends_with('.') { name.to_string() } else { format!("{name}.") }
}

/// The name under which an address is looked up backwards.
pub fn reverse_name(address: Ipv4Addr) -> Name {
    let [a, b, c, d] = address.octets();
    format!("{d}.{c}.{b}.{a}.in-addr.arpa.")
}

#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    /// Where names, and their ends from each label on, have been written.
    written: SortedMap<String, u16>,
}

impl Writer {
    fn u16(&mut self, number: u16) {
        self.bytes.extend_from_slice(&number.to_be_bytes());
    }

    fn u32(&mut self, number: u32) {
        self.bytes.extend_from_slice(&number.to_be_bytes());
    }

    fn name(&mut self, name: &str) {
        let mut rest = name.trim_end_matches('.');
        while !rest.is_empty() {
            if let Some(at) = self.written.get(rest) {
                self.u16(0xc000 | at);
                return;
            }
            if let Ok(at) = u16::try_from(self.bytes.len())
                && at < 0x4000
            {
                self.written.insert(rest.to_string(), at);
            }
            let (label, tail) = rest.split_once('.').unwrap_or((rest, ""));
            let label = &label.as_bytes()[..label.len().min(63)];
            self.bytes.push(label.len() as u8);
            self.bytes.extend_from_slice(label);
            rest = tail;
        }
        self.bytes.push(0);
    }

    fn record(&mut self, record: &Record) {
        self.name(&record.name);
        self.u16(record.data.record_type());
        self.u16(1);
        self.u32(record.ttl);
        let length_at = self.bytes.len();
        self.u16(0);
        match &record.data {
            RecordData::A(address) => self.bytes.extend_from_slice(&address.octets()),
            RecordData::Aaaa(address) => self.bytes.extend_from_slice(&address.octets()),
            RecordData::Ns(name) | RecordData::Cname(name) | RecordData::Ptr(name) => self.name(name),
            RecordData::Soa { primary, mailbox, serial, refresh, retry, expire, minimum } => {
                self.name(primary);
                self.name(mailbox);
                for number in [serial, refresh, retry, expire, minimum] {
                    self.u32(*number);
                }
            }
            RecordData::Mx { preference, exchange } => {
                self.u16(*preference);
                self.name(exchange);
            }
            RecordData::Txt(texts) => {
                for text in texts {
                    let text = &text.as_bytes()[..text.len().min(255)];
                    self.bytes.push(text.len() as u8);
                    self.bytes.extend_from_slice(text);
                }
            }
            RecordData::Srv { priority, weight, port, target } => {
                for number in [priority, weight, port] {
                    self.u16(*number);
                }
                self.name(target);
            }
            RecordData::Other { data, .. } => self.bytes.extend_from_slice(data),
        }
        let length = (self.bytes.len() - length_at - 2) as u16;
        self.bytes[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Result<&[u8], Malformed> {
        let taken = self.bytes.get(self.at..self.at + count).ok_or(Malformed)?;
        self.at += count;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }

    fn u16(&mut self) -> Result<u16, Malformed> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        let bytes = self.take(4)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn name(&mut self) -> Result<Name, Malformed> {
        let mut name = String::new();
        let mut behind = None;
        // Pointers only lead backwards in messages that are meant well; the bound ends the others.
        for _ in 0..128 {
            let length = self.u8()?;
            if length & 0xc0 == 0xc0 {
                let low = self.u8()?;
                behind.get_or_insert(self.at);
                self.at = usize::from(length & 0x3f) << 8 | usize::from(low);
                continue;
            }
            if length == 0 {
                if let Some(at) = behind {
                    self.at = at;
                }
                return Ok(if name.is_empty() { ".".into() } else { name });
            }
            let label = self.take(usize::from(length))?;
            name.push_str(&String::from_utf8_lossy(label));
            name.push('.');
            if name.len() > 255 {
                return Err(Malformed);
            }
        }
        Err(Malformed)
    }

    fn record(&mut self) -> Result<Record, Malformed> {
        let name = self.name()?;
        let number = self.u16()?;
        self.u16()?;
        let ttl = self.u32()?;
        let length = usize::from(self.u16()?);
        let end = self.at + length;
        let data = match number {
            record_type::A if length == 4 => RecordData::A(Ipv4Addr::from(self.u32()?)),
            record_type::AAAA if length == 16 => {
                let octets: [u8; 16] = self.take(16)?.try_into().map_err(|_| Malformed)?;
                RecordData::Aaaa(Ipv6Addr::from(octets))
            }
            record_type::NS => RecordData::Ns(self.name()?),
            record_type::CNAME => RecordData::Cname(self.name()?),
            record_type::PTR => RecordData::Ptr(self.name()?),
            record_type::SOA => RecordData::Soa {
                primary: self.name()?,
                mailbox: self.name()?,
                serial: self.u32()?,
                refresh: self.u32()?,
                retry: self.u32()?,
                expire: self.u32()?,
                minimum: self.u32()?,
            },
            record_type::MX => RecordData::Mx { preference: self.u16()?, exchange: self.name()? },
            record_type::TXT => {
                let mut texts = Vec::new();
                while self.at < end {
                    let length = usize::from(self.u8()?);
                    texts.push(String::from_utf8_lossy(self.take(length)?).into_owned());
                }
                RecordData::Txt(texts)
            }
            record_type::SRV => RecordData::Srv {
                priority: self.u16()?,
                weight: self.u16()?,
                port: self.u16()?,
                target: self.name()?,
            },
            _ => RecordData::Other { record_type: number, data: self.take(length)?.to_vec() },
        };
        if self.at != end {
            return Err(Malformed);
        }
        Ok(Record { name, ttl, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, data: RecordData) -> Record {
        Record { name: name.into(), ttl: 30, data }
    }

    #[test]
    fn messages_read_back_what_they_write() {
        let query = Message::query(7, "_http._tcp.blue.default.svc.cluster.local", record_type::SRV);
        let mut reply = Message::reply_to(&query);
        reply.authoritative = true;
        let target = "blue.default.svc.cluster.local.";
        reply.answers = vec![
            record(
                &query.questions[0].name,
                RecordData::Srv { priority: 0, weight: 100, port: 80, target: target.into() },
            ),
            record(target, RecordData::A(Ipv4Addr::new(10, 96, 20, 1))),
            record(target, RecordData::Txt(vec!["a".into(), "b c".into()])),
            record(target, RecordData::Other { record_type: 65, data: vec![1, 2, 3] }),
        ];
        reply.authorities = vec![record(
            "cluster.local.",
            RecordData::Soa {
                primary: "ns.dns.cluster.local.".into(),
                mailbox: "hostmaster.cluster.local.".into(),
                serial: 1,
                refresh: 7200,
                retry: 1800,
                expire: 86_400,
                minimum: 30,
            },
        )];
        let bytes = reply.encode();
        assert_eq!(Message::decode(&bytes), Ok(reply));
        assert!(bytes.len() < 260, "names are compressed: {} bytes", bytes.len());
    }

    #[test]
    fn what_is_no_message_is_refused_and_nothing_panics() {
        let bytes = Message::query(1, "blue", record_type::A).encode();
        for end in 0..bytes.len() {
            assert_eq!(Message::decode(&bytes[..end]), Err(Malformed));
        }
        // A name that points at itself.
        let mut looping = bytes[..12].to_vec();
        looping.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1]);
        assert_eq!(Message::decode(&looping), Err(Malformed));
    }

    #[test]
    fn addresses_are_looked_up_backwards() {
        assert_eq!(reverse_name(Ipv4Addr::new(10, 96, 0, 1)), "1.0.96.10.in-addr.arpa.");
    }
}
