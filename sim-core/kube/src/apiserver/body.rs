//! What a request brings: an object, a patch, options.

use super::negotiate::Media;
use super::options::{DeleteOptions, FieldValidation, Propagation, WriteOptions};
use super::patch::PatchKind;
use super::rest::Request;
use super::strict::Findings;
use super::{ApiServer, managed_fields, negotiate, strict};
use crate::api::status::FieldError;
use crate::api::{ObjectExt, Resource, Status};
use crate::json;
use encoding::json;
use serde_json::Value;
use std::rc::Rc;

/// `--max-resource-write-bytes`.
const MAX_BODY: usize = 3 * 1024 * 1024;

/// The body of a request, if it is not too long. Models `limitedReadBody`.
pub(super) fn limited(request: &Request) -> Result<&[u8], Status> {
    if request.body.len() > MAX_BODY {
        let message = format!("Request entity too large: limit is {MAX_BODY}");
        return Err(Status::new(413, "RequestEntityTooLarge", message));
    }
    Ok(&request.body)
}

fn parse(text: &[u8]) -> Result<Value, String> {
    json::read(text).map_err(|error| match json::check(text) {
        Err(mistake) => mistake.sentence().to_string(),
        Ok(()) => {
            let what =
                if error.to_string().starts_with("recursion") { "JSON as deep as this" } else { "such text" };
            format!("kube-apiserver: {what} is not simulated")
        }
    })
}

/// An object of this kind, and what strict decoding finds in its text.
fn decoded(request: &Request, resource: Resource, kind: &str) -> Result<(Value, Findings), Status> {
    let media = negotiate::body_media(request)?;
    let text = limited(request)?;
    let refuse = |why: String| {
        Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): {why} ({})",
            summary(text)
        ))
    };
    let (object, findings) = match media {
        Media::Yaml => {
            let (value, twice) = yaml::parse_leniently(&String::from_utf8_lossy(text)).map_err(refuse)?;
            (value, Findings { list: twice, complete: false })
        }
        _ => {
            let value = parse(text)
                .map_err(|why| refuse(format!("couldn't get version/kind; json parse error: {why}")))?;
            // Custom objects are pruned by a schema of their own, other kinds' bodies have another table.
            let schema = (resource.custom.is_none() && resource.kind == kind).then_some(resource.schema);
            (value, strict::findings(text, schema))
        }
    };
    let mistyped = |found: &Value, place: &str| {
        let found = kind_of(found);
        refuse(format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into Go {place}"
        ))
    };
    if !object.is_object() && !object.is_null() {
        let place = "value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
                     \"json:\\\"kind,omitempty\\\"\" }";
        return Err(mistyped(&object, place));
    }
    for field in ["apiVersion", "kind"] {
        let value = object.get(field).unwrap_or(&Value::Null);
        if !value.is_string() && !value.is_null() {
            return Err(mistyped(value, &format!("struct field .{field} of type string")));
        }
    }
    Ok((if object.is_null() { json!({}) } else { object }, findings))
}

/// What Go calls a value.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Object(_) => "object",
        _ => "number",
    }
}

/// The beginning of a body, as it is shown. Models `summarizeData`.
fn summary(text: &[u8]) -> String {
    const LENGTH: usize = 30;
    let begin = &text[..text.len().min(LENGTH)];
    let more = if text.len() > LENGTH { " ..." } else { "" };
    match text.first() {
        None => "<empty>".to_string(),
        Some(b'{') => format!("{}{more}", String::from_utf8_lossy(begin)),
        Some(_) => format!("{}{more}", base16ct::lower::encode_string(begin)),
    }
}

/// The body of a subresource that has a kind of its own.
pub(super) fn body_of(request: &Request, resource: Resource, kind: &str) -> Result<Value, Status> {
    decoded(request, resource, kind).map(|(object, _)| object)
}

/// An object in a body, of the kind that the path names, and how to write it.
pub(super) fn body(
    server: &ApiServer,
    request: &Request,
    resource: Resource,
) -> Result<(Value, WriteOptions), Status> {
    let (object, findings) = decoded(request, resource, resource.kind)?;
    let mut options = write_options(request)?;
    options.findings = findings;
    check_kind(server, &object, resource)?;
    Ok((object, options))
}

/// Versions that upstream can still read, and converts, but does not take at another version's path.
const READABLE: &[&str] = &[
    "apps/v1beta1",
    "apps/v1beta2",
    "batch/v1beta1",
    "policy/v1beta1",
    "networking.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1beta1",
    "storage.k8s.io/v1beta1",
    "scheduling.k8s.io/v1beta1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1beta1",
    "coordination.k8s.io/v1beta1",
];

fn check_kind(server: &ApiServer, object: &Value, resource: Resource) -> Result<(), Status> {
    let own = resource.api_version();
    let kind = Some(object.kind()).filter(|kind| !kind.is_empty()).unwrap_or(resource.kind);
    let meta = object.at("/metadata");
    if !meta.is_object() && !meta.is_null() {
        return Err(Status::bad_request(format!(
            "{kind} in version {:?} cannot be handled as a {}: json: cannot unmarshal {} into Go struct field \
             {}.metadata of type v1.ObjectMeta",
            resource.version,
            resource.kind,
            kind_of(meta),
            resource.kind
        )));
    }
    let version = Some(object.api_version()).filter(|v| !v.is_empty()).unwrap_or(&own);
    if kind == resource.kind && version == own {
        return Ok(());
    }
    let is_form = server
        .resources()
        .iter()
        .any(|r| r.kind == kind && r.group == resource.group && r.api_version() == version);
    if kind == resource.kind && (is_form || READABLE.contains(&version)) {
        return Err(Status::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({own})"
        )));
    }
    let short = version.rsplit('/').next().unwrap_or(version);
    let is_known = server.resources().iter().any(|r| r.kind == kind && r.api_version() == version);
    if resource.custom.is_some() {
        if version != own {
            return Err(Status::bad_request(format!(
                "the API version in the data ({version}) does not match the expected API version ({own})"
            )));
        }
        let detail = format!("Invalid value: {kind:?}: must be {}", resource.kind);
        let error = FieldError { field: "kind".to_string(), reason: "FieldValueInvalid", detail };
        return Err(Status::invalid(resource, object.name(), &[error]));
    }
    let why = if is_known {
        let package = resource.group.split('.').next().filter(|group| !group.is_empty()).unwrap_or("core");
        format!("converting ({short}.{kind}) to ({package}.{}): unknown conversion", resource.kind)
    } else {
        format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \
             \"k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30\""
        )
    };
    Err(Status::bad_request(format!(
        "{kind} in version {short:?} cannot be handled as a {}: {why}",
        resource.kind
    )))
}

/// A configuration to be applied: YAML, of which JSON is a part.
pub(super) fn configuration(request: &Request) -> Result<(Value, WriteOptions), Status> {
    let text = limited(request)?;
    let mut options = write_options(request)?;
    let refuse = |how: &str, why: &str| {
        Status::bad_request(format!("error {how} patch: error converting YAML to JSON: {why}"))
    };
    let value = match json::read(text) {
        Ok(value) => {
            options.findings.list = Vec::new();
            value
        }
        Err(_) => {
            let (value, twice) = yaml::parse_leniently(&String::from_utf8_lossy(text))
                .map_err(|why| refuse("decoding", &why))?;
            if options.field_validation == FieldValidation::Strict && !twice.is_empty() {
                return Err(refuse("strict decoding", &strict::sentences(&twice).concat()));
            }
            options.findings.list = twice;
            value
        }
    };
    Ok((value, options))
}

/// A patch, in one of three languages.
pub(super) fn patch_body(request: &Request, resource: Resource) -> Result<(PatchKind, Value), Status> {
    let kind = PatchKind::of_content_type(&negotiate::content_type(request));
    let Some(kind) = kind.filter(|kind| *kind != PatchKind::Strategic || resource.custom.is_none()) else {
        return Err(negotiate::no_patch(resource));
    };
    let patch = parse(limited(request)?).map_err(|why| {
        let strategic = kind == PatchKind::Strategic;
        Status::bad_request(if strategic { why } else { format!("error decoding patch: {why}") })
    })?;
    Ok((kind, patch))
}

pub(super) fn named(name: &str, object: &Value) -> Result<(), Status> {
    if object.name() == name {
        return Ok(());
    }
    Err(Status::bad_request(format!(
        "the name of the object ({}) does not match the name on the URL ({name})",
        object.name()
    )))
}

/// Refuses an option with a value that it cannot have. Models `apis/meta/v1/validation`.
fn unsupported(kind: &str, field: &str, value: &str, supported: &str) -> Status {
    let detail = format!("Unsupported value: {value}: supported values: {supported}");
    let error = FieldError { field: field.to_string(), reason: "FieldValueNotSupported", detail };
    Status::invalid_options(kind, &[error])
}

fn dry_run(kind: &str, value: &str) -> Result<bool, Status> {
    match value {
        "" => Ok(false),
        "All" => Ok(true),
        other => Err(unsupported(kind, "dryRun", &format!("[]string{{{other:?}}}"), "\"All\"")),
    }
}

pub(super) fn write_options(request: &Request) -> Result<WriteOptions, Status> {
    let kind = match request.method.as_str() {
        "PUT" => "UpdateOptions",
        "PATCH" => "PatchOptions",
        _ => "CreateOptions",
    };
    let field_validation = match request.param("fieldValidation") {
        "Strict" => FieldValidation::Strict,
        "Ignore" => FieldValidation::Ignore,
        "" | "Warn" => FieldValidation::Warn,
        other => {
            let supported = "\"\", \"Ignore\", \"Strict\", \"Warn\"";
            return Err(unsupported(kind, "fieldValidation", &format!("{other:?}"), supported));
        }
    };
    let manager = match request.param("fieldManager") {
        "" => managed_fields::manager_of_agent(request.header("User-Agent")),
        name => name.into(),
    };
    Ok(WriteOptions {
        dry_run: dry_run(kind, request.param("dryRun"))?,
        field_validation,
        manager: Some(manager),
        track: true,
        who: Some(Rc::clone(&request.who)),
        ..WriteOptions::default()
    })
}

/// Options of a deletion stand in the body or in the query.
pub(super) fn delete_options(request: &Request) -> Result<DeleteOptions, Status> {
    let text = limited(request)?;
    if text.is_empty() {
        number(request, "gracePeriodSeconds")?;
        return delete_options_of(request, &Value::Null);
    }
    let media = negotiate::body_media(request)?;
    let read = match media {
        Media::Yaml => yaml::parse_leniently(&String::from_utf8_lossy(text)).map(|(value, _)| value),
        _ => parse(text).map_err(|why| format!("couldn't get version/kind; json parse error: {why}")),
    };
    // Upstream says this with a bare error, hence the code.
    delete_options_of(request, &read.map_err(|why| Status::new(500, "", why))?)
}

/// A number in the query, if it is there. Models `Convert_Slice_string_To_int64`.
pub(super) fn number(request: &Request, name: &str) -> Result<Option<i64>, Status> {
    match request.param(name) {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| Status::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"))),
    }
}

/// Options of a deletion that stand in a body of another kind.
pub(super) fn delete_options_of(request: &Request, body: &Value) -> Result<DeleteOptions, Status> {
    let policy = match body.str_at("/propagationPolicy") {
        "" => request.param("propagationPolicy"),
        policy => policy,
    };
    let propagation_policy = match policy {
        "Foreground" => Some(Propagation::Foreground),
        "Orphan" => Some(Propagation::Orphan),
        "Background" => Some(Propagation::Background),
        "" if body.bool_at("/orphanDependents") => Some(Propagation::Orphan),
        "" => None,
        other => {
            let supported = "\"Foreground\", \"Background\", \"Orphan\", \"nil\"";
            return Err(unsupported("DeleteOptions", "propagationPolicy", &format!("{other:?}"), supported));
        }
    };
    let text = |path: &str| Some(body.str_at(path).to_string()).filter(|text| !text.is_empty());
    Ok(DeleteOptions {
        grace_period_seconds: body
            .int_at("/gracePeriodSeconds")
            .or_else(|| request.param("gracePeriodSeconds").parse().ok()),
        propagation_policy,
        uid: text("/preconditions/uid"),
        resource_version: text("/preconditions/resourceVersion"),
        dry_run: dry_run(
            "DeleteOptions",
            match body.list_at("/dryRun").first().and_then(Value::as_str) {
                Some(value) => value,
                None => request.param("dryRun"),
            },
        )?,
    })
}
