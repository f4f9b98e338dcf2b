//! Which form an answer may have, and which a body has. Models `apiserver/pkg/endpoints/handlers/negotiation` and the
//! router before it, which looks at `Accept` and `Content-Type` on its own.

use super::rest::{Request, Response, header};
use super::table::Form;
use crate::api::{Resource, Status};
use encoding::json;
use serde_json::Value;
use sim::Ordered;

/// What objects are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    Json,
    Yaml,
    Protobuf,
}

/// In the order in which upstream offers them.
const MEDIA: &[(&str, Media)] = &[
    ("application/json", Media::Json),
    ("application/yaml", Media::Yaml),
    ("application/vnd.kubernetes.protobuf", Media::Protobuf),
];
const ACCEPTED: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// What the client will have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) media: Media,
    pub(super) form: Option<Form>,
    pretty: bool,
}

/// One part of `Accept`: a type, its quality in thousandths, and its parameters.
struct Clause<'a> {
    media: &'a str,
    quality: u32,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> Clause<'a> {
    fn parse(text: &'a str) -> Clause<'a> {
        let mut parts = text.split(';').map(str::trim);
        let mut clause = Clause { media: parts.next().unwrap_or(""), quality: 1_000, parameters: Vec::new() };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            match name {
                "q" => clause.quality = value.parse::<f64>().map_or(1_000, |q| (q * 1_000.0) as u32),
                _ => clause.parameters.push((name, value)),
            }
        }
        clause
    }

    fn parameter(&self, name: &str) -> &'a str {
        self.parameters.iter().find(|(own, _)| *own == name).map_or("", |(_, value)| value)
    }

    fn takes(&self, media: &str) -> bool {
        self.media == media || matches!(self.media, "*/*" | "application/*")
    }

    /// How far down the list it stands.
    fn rank(&self) -> (u32, bool) {
        (1_000 - self.quality.min(1_000), self.media.contains('*'))
    }
}

/// What the request wants; nothing when that cannot be had. Objects and lists can be had as tables.
fn wanted(request: &Request, transforms: bool) -> Option<Wanted> {
    let accept = request.header("Accept");
    if accept.is_empty() {
        return Some(Wanted { media: Media::Json, form: None, pretty: is_pretty(request) });
    }
    let mut clauses: Vec<Clause<'_>> = accept.split(',').map(Clause::parse).collect();
    clauses.order_by_key(Clause::rank);
    let mut protobuf = None;
    for clause in &clauses {
        for (name, media) in MEDIA.iter().filter(|(name, _)| clause.takes(name)) {
            let Some(form) = form_of(request, clause, *media) else { continue };
            if form.is_some() && !transforms {
                continue;
            }
            let pretty = clause.parameter("pretty") == "1" || is_pretty(request);
            let found = Wanted { media: *media, form, pretty };
            // Who takes anything else gets that.
            if *name != MEDIA[2].0 {
                return Some(found);
            }
            protobuf = protobuf.or(Some(found));
        }
    }
    protobuf
}

/// The form that a clause asks for; nothing when there is no such form.
fn form_of(request: &Request, clause: &Clause<'_>, media: Media) -> Option<Option<Form>> {
    let (kind, group, version) = (clause.parameter("as"), clause.parameter("g"), clause.parameter("v"));
    if kind.is_empty() && group.is_empty() && version.is_empty() {
        return Some(None);
    }
    if group != "meta.k8s.io" || !matches!(version, "v1" | "v1beta1") {
        return None;
    }
    match kind {
        "Table" if media != Media::Protobuf => Some(Some(match request.param("includeObject") {
            "Object" => Form::Object,
            "None" => Form::Cells,
            _ => Form::Metadata,
        })),
        "PartialObjectMetadata" | "PartialObjectMetadataList" => Some(Some(Form::Partial)),
        _ => None,
    }
}

/// People read what browsers and the tools of the command line get.
fn is_pretty(request: &Request) -> bool {
    match request.param("pretty") {
        "" => {
            ["curl", "Wget", "Mozilla/5.0"].iter().any(|tool| request.header("User-Agent").starts_with(tool))
        }
        said => matches!(said, "1" | "t" | "T" | "true" | "TRUE" | "True"),
    }
}

/// Whether the client takes an answer about objects.
pub(super) fn check_accept(request: &Request, verb: &str) -> Result<Option<Form>, Status> {
    let accept = request.header("Accept");
    let takes = |clause: &str| {
        let media = clause.split(';').next().unwrap_or("").trim();
        media == "*/*" || MEDIA.iter().any(|(name, _)| *name == media)
    };
    if !accept.is_empty() && !accept.split(',').any(takes) {
        let streams = match verb {
            "list" | "watch" => {
                ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
            }
            _ => "",
        };
        let text = format!("406: Not Acceptable\n\nAvailable representations: {ACCEPTED}{streams}");
        return Err(Status { details: Value::Object(Default::default()), ..not_acceptable(text) });
    }
    match wanted(request, true) {
        None => Err(not_acceptable(format!("only the following media types are accepted: {ACCEPTED}"))),
        Some(Wanted { media: Media::Protobuf, .. }) => {
            Err(Status::not_simulated("an answer in application/vnd.kubernetes.protobuf"))
        }
        Some(wanted) => Ok(wanted.form),
    }
}

fn not_acceptable(text: String) -> Status {
    Status::new(406, "NotAcceptable", text)
}

/// What a body that holds an object is written in.
pub(super) fn body_media(request: &Request) -> Result<Media, Status> {
    let content = content_type(request);
    if content.is_empty() {
        return Ok(Media::Json);
    }
    match MEDIA.iter().find(|(name, _)| *name == content) {
        Some((_, Media::Protobuf)) => {
            Err(Status::not_simulated("this body in application/vnd.kubernetes.protobuf"))
        }
        Some((_, media)) => Ok(*media),
        None => Err(unknown_format(ACCEPTED)),
    }
}

/// `Content-Type` without its parameters.
pub(super) fn content_type(request: &Request) -> String {
    request.header("Content-Type").split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

/// A patch in a language that nobody speaks: the router refuses it, for custom kinds the handler does.
pub(super) fn no_patch(resource: Resource) -> Status {
    match resource.custom {
        Some(_) => unknown_format(
            "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
        ),
        None => Status {
            details: Value::Object(Default::default()),
            ..Status::unsupported_media_type("415: Unsupported Media Type")
        },
    }
}

fn unknown_format(accepted: &str) -> Status {
    Status::unsupported_media_type(format!(
        "the body of the request was in an unknown format - accepted media types include: {accepted}"
    ))
}

/// The answer in the client's own writing: indented, or as YAML.
pub(super) fn present(request: &Request, answer: Response) -> Response {
    let Response::Whole { status, mut headers, body } = answer else { return answer };
    let is_json = headers.iter().any(|(name, value)| name == "Content-Type" && value == "application/json");
    let raw = matches!(request.path.trim_matches('/'), "" | "version");
    let body = match wanted(request, status < 400) {
        _ if !is_json => body,
        Some(Wanted { media: Media::Yaml, .. }) if !raw => {
            headers.retain(|(name, _)| name != "Content-Type");
            headers.push(header("Content-Type", "application/yaml"));
            let value = json::read(&body).expect("what was just written can be read");
            yaml::emit(&value).into_bytes()
        }
        Some(Wanted { pretty: false, .. }) if !raw => body,
        _ => indented(&body),
    };
    Response::Whole { status, headers, body }
}

/// Compact JSON as Go's `MarshalIndent` writes it, keys in the order they have.
fn indented(compact: &[u8]) -> Vec<u8> {
    let compact = compact.trim_ascii_end();
    let mut out = Vec::with_capacity(compact.len() * 2);
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', depth * 2));
    };
    for (i, &byte) in compact.iter().enumerate() {
        if quoted {
            out.push(byte);
            quoted = escaped || byte != b'"';
            escaped = byte == b'\\' && !escaped;
            continue;
        }
        let next = compact.get(i + 1).copied();
        match byte {
            b'{' | b'[' => {
                out.push(byte);
                if !matches!(next, Some(b'}' | b']')) {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                if !matches!(compact[i - 1], b'{' | b'[') {
                    depth = depth.saturating_sub(1);
                    line(&mut out, depth);
                }
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => {
                quoted = byte == b'"';
                out.push(byte);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_as_go_indents_it() {
        let compact = br#"{"a":[],"b":{},"c":["x{,:\"}",1,{"d":null}],"e":"\\"}
"#;
        let text = String::from_utf8(indented(compact)).unwrap();
        let expected = "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    \"x{,:\\\"}\",\n    1,\n    {\n      \"d\": null\n    }\n  ],\n  \"e\": \"\\\\\"\n}";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_best_clause_wins() {
        let ask = |accept: &str| {
            let headers = vec![("Accept".to_string(), accept.to_string())];
            let request = Request { headers, ..Request::default() };
            match check_accept(&request, "list") {
                Ok(form) => format!("{form:?}"),
                Err(status) => format!("{} {}", status.code, status.message),
            }
        };
        assert_eq!(ask("application/json;as=Table;v=v1;g=meta.k8s.io,application/json"), "Some(Metadata)");
        assert_eq!(
            ask("application/json;q=0.9,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"),
            "Some(Partial)"
        );
        assert_eq!(ask("text/html,application/json;q=0.1"), "None");
        assert_eq!(ask("application/vnd.kubernetes.protobuf,application/json"), "None");
        assert_eq!(
            ask("application/json;as=Table;v=v9;g=meta.k8s.io"),
            format!("406 only the following media types are accepted: {ACCEPTED}")
        );
        assert!(
            ask("text/html")
                .starts_with("406 406: Not Acceptable\n\nAvailable representations: application/json,")
        );
    }
}
