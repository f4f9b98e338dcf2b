//! What a request brings: an object, a patch, options.

use super::options::{DeleteOptions, FieldValidation, Propagation, WriteOptions};
use super::patch::PatchKind;
use super::rest::Request;
use super::{ApiServer, managed_fields};
use crate::api::{ObjectExt, Resource, Status};
use serde_json::{Value, json};
use std::rc::Rc;

pub(super) fn json_body(request: &Request) -> Result<Value, Status> {
    serde_json::from_slice(&request.body)
        .map_err(|error| Status::bad_request(go_json_error(&request.body, &error)))
}

fn go_json_error(body: &[u8], error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_string();
    }
    let bad = body.iter().find(|c| !c.is_ascii_whitespace()).copied().unwrap_or(b' ');
    format!("invalid character '{}' looking for beginning of value", char::from(bad))
}

/// A body in JSON, or in YAML where the world has a parser for it.
pub(super) fn structured_body(server: &ApiServer, request: &Request) -> Result<Value, Status> {
    let first = request.body.iter().find(|c| !c.is_ascii_whitespace());
    match server.yaml() {
        Some(yaml) if first != Some(&b'{') => {
            yaml(&request.body).map_err(|why| Status::bad_request(format!("error decoding YAML: {why}")))
        }
        _ => json_body(request),
    }
}

/// An object in a body, of the kind that the path names.
pub(super) fn body(server: &ApiServer, request: &Request, resource: Resource) -> Result<Value, Status> {
    let content = request.header("Content-Type").split(';').next().unwrap_or("").trim();
    if !matches!(content, "" | "application/json" | "application/yaml") {
        return Err(Status::unsupported_media_type(format!(
            "the body of the request was in an unknown format - accepted media types include: application/json, \
             application/yaml, application/vnd.kubernetes.protobuf, application/cbor (got {content})"
        )));
    }
    let object =
        if content == "application/yaml" { structured_body(server, request)? } else { json_body(request)? };
    let (version, kind) = (object.api_version(), object.kind());
    if !kind.is_empty() && kind != resource.kind {
        return Err(Status::bad_request(format!(
            "{kind} in version \"{}\" cannot be handled as a {}: converting ({version}.{kind}) to ({}.{}): unknown \
             conversion",
            version.rsplit('/').next().unwrap_or(version),
            resource.kind,
            resource.group,
            resource.kind
        )));
    }
    if !version.is_empty() && version != resource.api_version() {
        return Err(Status::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({})",
            resource.api_version()
        )));
    }
    Ok(object)
}

pub(super) fn patch_body(request: &Request) -> Result<(PatchKind, Value), Status> {
    let content = request.header("Content-Type");
    let Some(kind) = PatchKind::of_content_type(content) else {
        return Err(Status::unsupported_media_type(format!(
            "the body of the request was in an unknown format - accepted media types include: \
             application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, \
             application/apply-patch+yaml, application/apply-patch+cbor (got {content})"
        )));
    };
    Ok((kind, json_body(request)?))
}

pub(super) fn named(resource: Resource, name: &str, object: &Value) -> Result<(), Status> {
    if object.name() == name {
        return Ok(());
    }
    let _ = resource;
    Err(Status::bad_request(format!(
        "the name of the object ({}) does not match the name on the URL ({name})",
        object.name()
    )))
}

fn dry_run(value: &str) -> Result<bool, Status> {
    match value {
        "" => Ok(false),
        "All" => Ok(true),
        other => {
            let mut status = Status::new(
                422,
                "Invalid",
                format!(" \"\" is invalid: dryRun: Unsupported value: {other:?}: supported values: \"All\""),
            );
            status.details = json!({});
            Err(status)
        }
    }
}

pub(super) fn write_options(request: &Request) -> Result<WriteOptions, Status> {
    let field_validation = match request.param("fieldValidation") {
        "Strict" => FieldValidation::Strict,
        "Ignore" => FieldValidation::Ignore,
        _ => FieldValidation::Warn,
    };
    let manager = match request.param("fieldManager") {
        "" => managed_fields::manager_of_agent(request.header("User-Agent")),
        name => name.into(),
    };
    Ok(WriteOptions {
        dry_run: dry_run(request.param("dryRun"))?,
        field_validation,
        manager: Some(manager),
        track: true,
        who: Some(Rc::clone(&request.who)),
        ..WriteOptions::default()
    })
}

/// Options of a deletion stand in the body or in the query.
pub(super) fn delete_options(request: &Request) -> Result<DeleteOptions, Status> {
    let body =
        if request.body.iter().all(u8::is_ascii_whitespace) { Value::Null } else { json_body(request)? };
    delete_options_of(request, &body)
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
        _ if body.bool_at("/orphanDependents") => Some(Propagation::Orphan),
        _ => None,
    };
    let text = |path: &str| Some(body.str_at(path).to_string()).filter(|text| !text.is_empty());
    Ok(DeleteOptions {
        grace_period_seconds: body
            .int_at("/gracePeriodSeconds")
            .or_else(|| request.param("gracePeriodSeconds").parse().ok()),
        propagation_policy,
        uid: text("/preconditions/uid"),
        resource_version: text("/preconditions/resourceVersion"),
        dry_run: dry_run(match body.list_at("/dryRun").first().and_then(Value::as_str) {
            Some(value) => value,
            None => request.param("dryRun"),
        })?,
    })
}
