//! Questions and answers as messages.

use super::kubernetes::{Answer, Data, QueryType, Record as ZoneRecord, TTL, ZONE};
use linux::dns::{Message, Question, Rcode, Record, RecordData, record_type, with_dot};

/// A question that came in.
#[derive(Clone, Debug)]
pub(super) struct Query {
    /// Lower case, with its dot at the end.
    pub name: String,
    /// Its type, as far as the zone tells types apart.
    pub kind: QueryType,
    /// The type's number.
    pub code: u16,
    message: Message,
}

impl Query {
    /// The same question about another name.
    pub fn about(&self, name: &str) -> Query {
        let mut other = self.clone();
        other.name = name.to_ascii_lowercase();
        other.message.questions = vec![Question { name: with_dot(name), record_type: self.code }];
        other
    }
}

/// Reads a question; nothing when the bytes are none.
pub(super) fn parse_query(data: &[u8]) -> Option<Query> {
    let message = Message::decode(data).ok().filter(|message| !message.response)?;
    let question = message.questions.first()?;
    let kind = match question.record_type {
        record_type::A => QueryType::A,
        record_type::AAAA => QueryType::AAAA,
        record_type::CNAME => QueryType::CNAME,
        record_type::NS => QueryType::NS,
        record_type::PTR => QueryType::PTR,
        record_type::SOA => QueryType::SOA,
        record_type::SRV => QueryType::SRV,
        record_type::TXT => QueryType::TXT,
        _ => QueryType::Other,
    };
    let (name, code) = (question.name.to_ascii_lowercase(), question.record_type);
    Some(Query { name, kind, code, message })
}

/// An answer to be filled in. What a client sent along as EDNS comes back as it is, cookies too.
fn reply(query: &Query) -> Message {
    let mut reply = Message::reply_to(&query.message);
    let is_opt = |record: &&Record| record.data.record_type() == record_type::OPT;
    reply.additionals = query.message.additionals.iter().filter(is_opt).cloned().collect();
    reply
}

/// The zone's answer, and what an upstream added to it.
pub(super) fn encode_answer(query: &Query, answer: &Answer, foreign: Vec<Record>) -> Vec<u8> {
    let mut message = reply(query);
    message.authoritative = true;
    if answer.nx_domain {
        message.rcode = Rcode::NxDomain;
    }
    message.answers = answer.answers.iter().map(record).chain(foreign).collect();
    message.authorities = answer.authorities.iter().map(record).collect();
    let opt = std::mem::take(&mut message.additionals);
    message.additionals = answer.additionals.iter().map(record).chain(opt).collect();
    message.encode()
}

fn record(record: &ZoneRecord) -> Record {
    let data = match &record.data {
        Data::A(ip) => RecordData::A(*ip),
        Data::Cname(name) => RecordData::Cname(name.clone()),
        Data::Ns(name) => RecordData::Ns(name.clone()),
        Data::Ptr(name) => RecordData::Ptr(name.clone()),
        Data::Srv { weight, port, target } => {
            RecordData::Srv { priority: 0, weight: *weight, port: *port, target: target.clone() }
        }
        Data::Txt(text) => RecordData::Txt(vec![text.clone()]),
        Data::Soa(serial) => RecordData::Soa {
            primary: format!("ns.dns.{ZONE}"),
            mailbox: format!("hostmaster.{ZONE}"),
            serial: *serial,
            refresh: 7_200,
            retry: 1_800,
            expire: 86_400,
            minimum: TTL,
        },
    };
    Record { name: record.name.clone(), ttl: TTL, data }
}

/// The question as it goes on to an upstream.
pub(super) fn upstream_query(query: &Query, id: u16) -> Vec<u8> {
    Message { id, ..query.message.clone() }.encode()
}

/// The answers in an upstream's reply.
pub(super) fn answers_of(reply: &[u8]) -> Vec<Record> {
    Message::decode(reply).map(|message| message.answers).unwrap_or_default()
}

/// An upstream's reply as an answer to this question, `age` seconds later; nothing when it is too old. Times to
/// live are never above `max`.
pub(super) fn aged_reply(query: &Query, upstream: &[u8], age: u32, max: u32) -> Option<Vec<u8>> {
    let from = Message::decode(upstream).ok()?;
    let mut message = reply(query);
    message.rcode = from.rcode;
    message.authoritative = from.authoritative;
    message.recursion_available = from.recursion_available;
    let lifetime =
        from.answers.iter().chain(&from.authorities).map(|record| record.ttl).min().unwrap_or(max).min(max);
    if age > 0 && age >= lifetime {
        return None;
    }
    let younger =
        |record: Record| Record { ttl: record.ttl.min(max) - age.min(record.ttl.min(max)), ..record };
    message.answers = from.answers.into_iter().map(younger).collect();
    message.authorities = from.authorities.into_iter().map(younger).collect();
    Some(message.encode())
}

/// Nobody upstream has answered.
pub(super) fn server_failure(query: &Query) -> Vec<u8> {
    Message { rcode: Rcode::ServFail, ..reply(query) }.encode()
}
