//! A request: what is asked for, in which media type, and how it is written in a URL.

use encoding::tape::Hidden;
use sim::Ordered;

/// The media type of most requests.
pub const JSON: &str = "application/json";
/// The media types of those that take what comes, JSON first.
pub const ANY: &str = "application/json, */*";
pub(super) const PROTOBUF: &str = "application/vnd.kubernetes.protobuf,application/json";
/// What asks the server for a table.
pub const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
/// Media types of patches.
pub const STRATEGIC_MERGE_PATCH: &str = "application/strategic-merge-patch+json";
/// RFC 7386.
pub const MERGE_PATCH: &str = "application/merge-patch+json";
/// RFC 6902.
pub const JSON_PATCH: &str = "application/json-patch+json";

/// Query parameters.
pub type Query<'a> = &'a [(&'a str, &'a str)];

/// A request.
pub struct Request<'a> {
    /// `GET`, `POST`, ...
    pub method: &'a str,
    /// Path without query.
    pub path: &'a str,
    /// Query.
    pub query: Query<'a>,
    /// What is wanted back.
    pub accept: &'a str,
    /// Media type of the body.
    pub content_type: &'a str,
    /// Body.
    pub body: Vec<u8>,
    /// What is not read in the objects of the answer, if that is a list or a table.
    pub hidden: Option<Hidden<'a>>,
}

impl<'a> Request<'a> {
    /// A request without a body.
    pub fn new(method: &'a str, path: &'a str, query: Query<'a>) -> Self {
        Request { method, path, query, accept: JSON, content_type: JSON, body: Vec::new(), hidden: None }
    }
}

/// Whether a path leads to a document about the server.
pub(super) fn is_discovery(path: &str) -> bool {
    matches!(path, "/api" | "/apis" | "/version" | "/openapi/v3")
}

/// A query as it stands in a URL, with its question mark; nothing for none.
pub(super) fn query_text(query: Query<'_>) -> String {
    let mut pairs: Vec<String> =
        query.iter().map(|(key, value)| format!("{}={}", escape(key), escape(value))).collect();
    pairs.order_by(|a, b| a.split('=').next().cmp(&b.split('=').next()));
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// Percent-encodes what is not unreserved.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(byte as char),
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}
