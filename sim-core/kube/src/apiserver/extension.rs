//! A server of its own for kinds of its own, on the same library: what a metrics server answers with. Models
//! `apiserver/pkg/server`, as far as such a server needs it.

use super::encoded::Encoded;
use super::rest::{Request, Response};
use super::table::Form;
use super::{Filter, discovery};
use crate::api::{Object, Resource, Status};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

/// Answers a request for these kinds, which can be read only; `list` gives all objects of a kind, `get` one by
/// namespace and name, or why not.
pub fn answer(
    kinds: &[Resource],
    request: &Request,
    now: Timestamp,
    list: &dyn Fn(Resource, &str) -> Vec<Object>,
    get: &dyn Fn(Resource, &str, &str) -> Result<Object, Status>,
) -> Response {
    try_answer(kinds, request, now, list, get).unwrap_or_else(Response::from)
}

/// A plain answer.
pub fn text(status: u16, text: &str) -> Response {
    Response::text(status, text)
}

fn try_answer(
    kinds: &[Resource],
    request: &Request,
    now: Timestamp,
    list: &dyn Fn(Resource, &str) -> Vec<Object>,
    get: &dyn Fn(Resource, &str, &str) -> Result<Object, Status>,
) -> Result<Response, Status> {
    let path = request.path.trim_matches('/');
    if let Some(document) = discovery::document(kinds, path) {
        return Ok(Response::json(200, &document));
    }
    let parts: Vec<&str> = path.split('/').collect();
    let (namespace, plural, name) = match parts[..] {
        ["apis", _, _, "namespaces", namespace, plural] => (namespace, plural, ""),
        ["apis", _, _, "namespaces", namespace, plural, name] => (namespace, plural, name),
        ["apis", _, _, plural] => ("", plural, ""),
        ["apis", _, _, plural, name] => ("", plural, name),
        _ => return Ok(Response::text(404, "404 page not found\n")),
    };
    let found = kinds.iter().find(|kind| kind.plural == plural && (kind.namespaced || namespace.is_empty()));
    let kind = *found.ok_or_else(Status::no_such_path)?;
    if request.method != "GET" || request.flag("watch") {
        return Err(Status::method_not_allowed());
    }
    let form = Form::wanted(request);
    if !name.is_empty() {
        let object = get(kind, namespace, name)?;
        return Ok(match form {
            Some(form) => form.one(200, kind, &object, now),
            None => Response::json(200, &object),
        });
    }
    let filter = Filter::parse(kind, request.param("labelSelector"), request.param("fieldSelector"))?;
    let mut objects = list(kind, namespace);
    objects.retain(|object| filter.matches(object));
    if let Some(form) = form {
        return Ok(form.list(kind, &objects, &json!({}), now, &mut Encoded::default()));
    }
    let bare = |object: &Object| {
        let mut object = (**object).clone();
        crate::api::remove(&mut object, "/kind");
        crate::api::remove(&mut object, "/apiVersion");
        object
    };
    let items: Vec<Value> = objects.iter().map(bare).collect();
    let mut value = json!({"kind": kind.list_kind(), "apiVersion": kind.api_version(), "metadata": {}});
    value["items"] = Value::Array(items);
    Ok(Response::json(200, &value))
}
