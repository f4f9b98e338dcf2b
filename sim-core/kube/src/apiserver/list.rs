//! Lists: whole or in pages, as of now or as of a version. Models `apiserver/pkg/storage/etcd3/store.go` and
//! `apimachinery/pkg/apis/meta/internalversion/validation`.

use super::rest::{Request, Response, Target, header};
use super::{ApiServer, Filter, managed_fields, table};
use crate::api::status::FieldError;
use crate::api::{Object, ObjectExt, Status, set};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

impl ApiServer {
    /// Answers a list.
    pub(super) fn answer_list(&self, request: &Request, target: &Target) -> Result<Response, Status> {
        let resource = target.resource;
        check_options(request)?;
        let filter = Filter::parse(resource, request.param("labelSelector"), request.param("fieldSelector"))?;
        self.check_version(request)?;
        let mut objects = self.list(resource, &target.namespace, &filter);
        let mut version = self.resource_version();
        let token = request.param("continue");
        if !token.is_empty() {
            let page = Page::read(token)?;
            if page.version > 0 {
                let forgotten = self.0.store.borrow().forgotten(resource);
                if page.version < forgotten {
                    return Err(expired(&Page { version: 0, ..page }));
                }
                version = page.version;
            }
            objects.retain(|object| key(object, &target.namespace) >= page.start);
        }
        let mut metadata = json!({"resourceVersion": version.to_string()});
        let limit = request.param("limit").parse::<usize>().unwrap_or(0);
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
            return Ok(form.answer(200, &form.list(resource, &objects, metadata, self.now())));
        }
        // Items are written one by one: a list of a thousand pods is not built twice.
        let mut body = format!(
            "{{\"kind\":\"{}\",\"apiVersion\":\"{}\",\"metadata\":{metadata},\"items\":[",
            resource.list_kind(),
            resource.api_version()
        )
        .into_bytes();
        for (i, object) in objects.iter().enumerate() {
            if i > 0 {
                body.push(b',');
            }
            serde_json::to_writer(&mut body, &*managed_fields::shown(resource, object))
                .expect("JSON values can always be written");
        }
        body.extend_from_slice(b"]}\n");
        Ok(Response::Whole { status: 200, headers: vec![header("Content-Type", "application/json")], body })
    }

    /// A version that is yet to come cannot be served.
    fn check_version(&self, request: &Request) -> Result<(), Status> {
        let asked = request.param("resourceVersion");
        if asked.is_empty() {
            return Ok(());
        }
        let Ok(version) = asked.parse::<u64>() else {
            return Err(Status::new(
                500,
                "",
                format!(
                    "resourceVersion: Invalid value: {asked:?}: strconv.ParseUint: parsing {asked:?}: invalid syntax"
                ),
            ));
        };
        let current = self.resource_version();
        if version <= current {
            return Ok(());
        }
        let mut status =
            Status::new(504, "Timeout", format!("Too large resource version: {version}, current: {current}"));
        status.details = json!({
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        });
        Err(status)
    }
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

    fn read(token: &str) -> Result<Page, Status> {
        let refuse = |why: String| Status::bad_request(format!("continue key is not valid: {why}"));
        let bytes = BASE64URL_NOPAD
            .decode(token.as_bytes())
            .map_err(|error| refuse(format!("illegal base64 data at input byte {}", error.position)))?;
        let value: Value =
            serde_json::from_slice(&bytes).map_err(|_| refuse("unexpected end of JSON input".to_string()))?;
        if value.str_at("/v") != "meta.k8s.io/v1" {
            let shown = value.str_at("/v");
            return Err(refuse(format!("server does not recognize this encoded version {shown:?}")));
        }
        let start = value.str_at("/start").to_string();
        if start.is_empty() {
            return Err(refuse("encoded continue token (start) must be set".to_string()));
        }
        let version = value.int_at("/rv").and_then(|rv| u64::try_from(rv).ok()).unwrap_or(0);
        Ok(Page { version, start })
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

/// Models `ValidateListOptions`.
pub(super) fn check_options(request: &Request) -> Result<(), Status> {
    let (version, how) = (request.param("resourceVersion"), request.param("resourceVersionMatch"));
    let initial = request.param("sendInitialEvents");
    let watch = request.flag("watch");
    let mut errors = Vec::new();
    let mut forbidden = |field: &str, why: &str| {
        errors.push(FieldError {
            field: field.to_string(),
            reason: "FieldValueForbidden",
            detail: format!("Forbidden: {why}"),
        });
    };
    if !watch && !initial.is_empty() {
        forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list");
    }
    if watch && !initial.is_empty() && how != "NotOlderThan" {
        forbidden(
            "resourceVersionMatch",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        );
    }
    if !how.is_empty() {
        if watch && initial.is_empty() {
            forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            );
        } else if !watch && version.is_empty() {
            forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden unless resourceVersion is provided",
            );
        }
        if !request.param("continue").is_empty() {
            forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
        }
        if how == "Exact" && version == "0" {
            forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
            );
        } else if !matches!(how, "Exact" | "NotOlderThan") {
            errors.push(FieldError {
                field: "resourceVersionMatch".to_string(),
                reason: "FieldValueNotSupported",
                detail: format!(
                    "Unsupported value: {how:?}: supported values: \"Exact\", \"NotOlderThan\", \"\""
                ),
            });
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let list = if list.len() == 1 { list[0].clone() } else { format!("[{}]", list.join(", ")) };
    let causes: Vec<Value> =
        errors.iter().map(|e| json!({"reason": e.reason, "message": e.detail, "field": e.field})).collect();
    let mut status = Status::new(422, "Invalid", format!("ListOptions.meta.k8s.io \"\" is invalid: {list}"));
    status.details = json!({"group": "meta.k8s.io", "kind": "ListOptions", "causes": causes});
    Err(status)
}
