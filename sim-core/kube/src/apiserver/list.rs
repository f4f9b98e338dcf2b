//! Lists: whole or in pages, as of now or as of a version. Models `apiserver/pkg/storage/etcd3/store.go` and
//! `apimachinery/pkg/apis/meta/internalversion/validation`.

use super::body::number;
use super::rest::{Request, Response, Target, header};
use super::strategy::outward;
use super::{ApiServer, Filter, table};
use crate::api::status::FieldError;
use crate::api::{Object, ObjectExt, Resource, Status, corrupt_at, go_order, set};
use crate::json;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL_NOPAD};
use encoding::json;
use serde_json::Value;

impl ApiServer {
    /// Answers a list.
    pub(super) fn answer_list(&self, request: &Request, target: &Target) -> Result<Response, Status> {
        let resource = target.resource;
        check_options(request)?;
        let filter = Filter::parse(resource, request.param("labelSelector"), request.param("fieldSelector"))?;
        let limit = number(request, "limit")?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(0);
        let (version, start) = self.place_of_list(request, resource, limit > 0)?;
        let mut objects = match version {
            Some(version) => {
                let then = self.0.store.borrow().list_at(resource, &target.namespace, &filter, version);
                then.into_iter().map(|object| outward(resource, object)).collect()
            }
            None => self.list(resource, &target.namespace, &filter),
        };
        let version = version.unwrap_or_else(|| self.resource_version());
        if !start.is_empty() {
            let namespace = target.namespace.as_str();
            objects.drain(..objects.partition_point(|object| is_before(object, namespace, &start)));
        }
        // What is found out anew each time has no version.
        let is_kept = resource.verbs.contains(&"watch");
        let mut metadata = json!({"resourceVersion": version.to_string()});
        if !is_kept {
            metadata = json!({});
        }
        if limit > 0 && objects.len() > limit {
            // What a selector leaves over is not counted.
            if request.param("labelSelector").is_empty() && request.param("fieldSelector").is_empty() {
                set(&mut metadata, "/remainingItemCount", json!(objects.len() - limit));
            }
            let start = format!("{}\0", key(&objects[limit - 1], &target.namespace));
            set(&mut metadata, "/continue", json!(Page { version, start }.write()));
            objects.truncate(limit);
        }
        if let Some(form) = table::Form::wanted(request) {
            let mut encoded = self.0.encoded.borrow_mut();
            return Ok(form.list(resource, &objects, &metadata, self.now(), &mut encoded));
        }
        // Items are written one by one: a list of a thousand pods is not built twice.
        let mut body = format!(
            "{{\"kind\":\"{}\",\"apiVersion\":\"{}\",\"metadata\":",
            resource.list_kind(),
            resource.api_version()
        );
        go_order::write_metadata(&mut body, &metadata);
        body.push_str(",\"items\":");
        let mut encoded = self.0.encoded.borrow_mut();
        encoded.expect(resource, objects.len());
        table::each(&mut body, &objects, &mut |text, object| encoded.write(text, resource, object));
        body.push_str("}\n");
        let body = body.into_bytes();
        Ok(Response::Whole { status: 200, headers: vec![header("Content-Type", "application/json")], body })
    }

    /// As of which version a list is wanted, now if of none, and where it begins. Models `ValidateListOptions` of
    /// `apiserver/pkg/storage`.
    fn place_of_list(
        &self,
        request: &Request,
        resource: Resource,
        limited: bool,
    ) -> Result<(Option<u64>, String), Status> {
        let (token, asked) = (request.param("continue"), request.param("resourceVersion"));
        let forgotten = self.0.store.borrow().forgotten(resource);
        if !token.is_empty() {
            let page = Page::read(token)
                .map_err(|why| Status::bad_request(format!("invalid continue token: {why}")))?;
            if !matches!(asked, "" | "0") {
                return Err(Status::bad_request(
                    "specifying resource version is not allowed when using continue",
                ));
            }
            if page.version > 0 && page.version < forgotten {
                return Err(expired(&Page { version: 0, ..page }));
            }
            return Ok((Some(page.version).filter(|version| *version > 0), page.start));
        }
        let version = parse_version(asked)
            .map_err(|why| Status::bad_request(format!("invalid resource version: {}", why.message)))?;
        let Some(version) = version else { return Ok((None, String::new())) };
        self.check_reached(version)?;
        let exact = match request.param("resourceVersionMatch") {
            "" => limited,
            how => how == "Exact",
        };
        if exact && version < forgotten {
            return Err(Status::expired("The resourceVersion for the provided list is too old."));
        }
        Ok((exact.then_some(version), String::new()))
    }

    /// Whether an object can be had that is as new as the request wants it.
    pub(super) fn check_version(&self, request: &Request) -> Result<(), Status> {
        match parse_version(request.param("resourceVersion"))? {
            Some(version) => self.check_reached(version),
            None => Ok(()),
        }
    }

    /// A version that is yet to come cannot be served.
    fn check_reached(&self, version: u64) -> Result<(), Status> {
        let current = self.resource_version();
        if version <= current {
            return Ok(());
        }
        let message = format!("Timeout: Too large resource version: {version}, current: {current}");
        let mut status = Status::new(504, "Timeout", message);
        status.details = json!({
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        });
        Err(status)
    }
}

/// A version as a request writes it; nothing for none and for `0`, which is any. Upstream says with a bare error what
/// is none, hence the code. Models `ParseResourceVersion`.
pub(super) fn parse_version(text: &str) -> Result<Option<u64>, Status> {
    match text {
        "" | "0" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            let why = if text.bytes().all(|byte| byte.is_ascii_digit()) {
                "value out of range"
            } else {
                "invalid syntax"
            };
            let message = format!(
                "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: {why}"
            );
            Status::new(500, "", message)
        }),
    }
}

/// Whether an object stands before a place in its list.
fn is_before(object: &Object, namespace: &str, place: &str) -> bool {
    if namespace.is_empty() && !object.namespace().is_empty() {
        let key = object.namespace().bytes().chain([b'/']).chain(object.name().bytes());
        return key.lt(place.bytes());
    }
    object.name() < place
}

/// Where an object stands in a list.
fn key(object: &Object, namespace: &str) -> String {
    if namespace.is_empty() && !object.namespace().is_empty() {
        format!("{}/{}", object.namespace(), object.name())
    } else {
        object.name().to_string()
    }
}

/// Where the next page begins, and as of which version.
struct Page {
    version: u64,
    start: String,
}

impl Page {
    fn write(&self) -> String {
        // Field by field, as Go writes it: `v`, `rv`, `start`.
        let version =
            if self.version > 0 { format!("\"rv\":{},", self.version) } else { "\"rv\":-1,".to_string() };
        let token = format!("{{\"v\":\"meta.k8s.io/v1\",{version}\"start\":{}}}", json!(self.start));
        BASE64URL_NOPAD.encode(token.as_bytes())
    }

    /// Models `DecodeContinue`.
    fn read(token: &str) -> Result<Page, String> {
        const NOT_VALID: &str = "continue key is not valid";
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|error| {
            format!("{NOT_VALID}: illegal base64 data at input byte {}", corrupt_at(&error, token))
        })?;
        let value: Value = json::read(&bytes).map_err(|_| {
            let mistake = json::check(&bytes).err();
            format!("{NOT_VALID}: {}", mistake.as_ref().map_or("", |mistake| mistake.sentence()))
        })?;
        if value.str_at("/v") != "meta.k8s.io/v1" {
            let shown = value.str_at("/v");
            return Err(format!("{NOT_VALID}: server does not recognize this encoded version {shown}"));
        }
        let start = value.str_at("/start").to_string();
        match value.int_at("/rv") {
            None | Some(0) => {
                Err(format!("{NOT_VALID}: incorrect encoded start resourceVersion (version meta.k8s.io/v1)"))
            }
            _ if start.is_empty() => {
                Err(format!("{NOT_VALID}: encoded start key empty (version meta.k8s.io/v1)"))
            }
            _ if start.split('/').any(|part| matches!(part, "" | "." | "..")) => {
                Err(format!("{NOT_VALID}: {start}"))
            }
            Some(version) => Ok(Page { version: u64::try_from(version).unwrap_or(0), start }),
        }
    }
}

/// The page that a token leads to is history; what it gives instead goes on with what is there now.
fn expired(page: &Page) -> Status {
    let mut status = Status::expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list \
         without the continue parameter, or use the continue token in this response to retrieve the remainder of the \
         results. Continuing with the provided token results in an inconsistent list - objects that were created, \
         modified, or deleted between the time the first chunk was returned and now may show up in the list.",
    );
    status.metadata = json!({"continue": page.write()});
    status
}

/// Models `ValidateListOptions` of `apis/meta/internalversion`.
pub(super) fn check_options(request: &Request) -> Result<(), Status> {
    let (version, how) = (request.param("resourceVersion"), request.param("resourceVersionMatch"));
    let initial = !request.param("sendInitialEvents").is_empty();
    let watch = request.flag("watch");
    let mut errors = Vec::new();
    let mut error = |field: &str, reason: &'static str, detail: String| {
        errors.push(FieldError { field: field.to_string(), reason, detail });
    };
    let mut forbidden =
        |field: &str, why: &str| error(field, "FieldValueForbidden", format!("Forbidden: {why}"));
    const MATCH: &str = "resourceVersionMatch";
    if watch && initial && how != "NotOlderThan" {
        forbidden(MATCH, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    }
    if !how.is_empty() {
        if watch && !initial {
            forbidden(
                MATCH,
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            );
        }
        if !watch && version.is_empty() {
            forbidden(MATCH, "resourceVersionMatch is forbidden unless resourceVersion is provided");
        }
        let continues = !request.param("continue").is_empty();
        if continues && !watch {
            forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided");
        }
        let (known, supported) = match watch {
            true => (how == "NotOlderThan", "\"NotOlderThan\""),
            false => (matches!(how, "Exact" | "NotOlderThan"), "\"Exact\", \"NotOlderThan\", \"\""),
        };
        if !known {
            let detail = format!("Unsupported value: {how:?}: supported values: {supported}");
            error(MATCH, "FieldValueNotSupported", detail);
        }
        let mut forbidden =
            |field: &str, why: &str| error(field, "FieldValueForbidden", format!("Forbidden: {why}"));
        if continues && watch {
            forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided");
        }
        if !watch && how == "Exact" && version == "0" {
            forbidden(MATCH, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
        }
    }
    if !watch && initial {
        error(
            "sendInitialEvents",
            "FieldValueForbidden",
            "Forbidden: sendInitialEvents is forbidden for list".to_string(),
        );
    }
    if errors.is_empty() { Ok(()) } else { Err(Status::invalid_options("ListOptions", &errors)) }
}
