//! Requests: a path and a verb become an operation, its outcome becomes bytes. Models
//! `apiserver/pkg/endpoints`.

use super::apply::is_apply;
use super::body::{body, body_of, delete_options_of, named, number, patch_body, write_options};
use super::list::{check_options, parse_version};
use super::options::Written;
use super::rbac::{Attributes, Identity, is_question};
use super::store::{EventKind, WatchEvent};
use super::strategy::{decode, outward, place as place_in};
use super::upstream::{self, Upstream};
use super::watch::WatchStream;
use super::{ApiServer, Filter, certificates, managed_fields, negotiate, table};
use crate::api::{
    CERTIFICATE_SIGNING_REQUEST, COMPONENT_STATUS, ENDPOINTS, NAMESPACE, NODE, Object, ObjectExt, POD,
    Resource, SERVICE, Status, go_order,
};
use crate::json;
use serde_json::Value;
use std::rc::Rc;

/// A request as it came off the wire.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// `/api/v1/namespaces/default/pods`, decoded.
    pub path: String,
    /// Query parameters, decoded.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Who asks, as the credentials say; empty when the headers say it.
    pub user: String,
    /// Who that is, once it has been found out.
    pub who: Rc<Identity>,
}

/// An answer.
pub enum Response {
    /// One that is complete.
    Whole {
        /// HTTP status code.
        status: u16,
        /// Headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// One that goes on.
    Watch(WatchStream),
    /// One that a kubelet must give.
    Upstream(Upstream),
}

impl Request {
    /// A query parameter, empty when it is not there.
    pub fn param(&self, name: &str) -> &str {
        self.query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// A header, empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// Whether an option is switched on: by any value but two. Models `Convert_Slice_string_To_bool`.
    pub(super) fn flag(&self, name: &str) -> bool {
        let given = self.query.iter().find(|(key, _)| key == name);
        given.is_some_and(|(_, value)| value != "0" && !value.eq_ignore_ascii_case("false"))
    }
}

impl Response {
    /// A JSON answer.
    pub(super) fn json(status: u16, value: &Value) -> Response {
        Response::json_bytes(status, json_line(value))
    }

    /// A JSON answer that is written already.
    pub(super) fn json_bytes(status: u16, body: Vec<u8>) -> Response {
        Response::Whole { status, headers: vec![header("Content-Type", "application/json")], body }
    }

    /// A plain answer.
    pub(super) fn text(status: u16, text: &str) -> Response {
        let headers = vec![header("Content-Type", "text/plain; charset=utf-8")];
        Response::Whole { status, headers, body: text.as_bytes().to_vec() }
    }

    fn warn(mut self, warnings: &[String]) -> Response {
        if let Response::Whole { headers, .. } = &mut self {
            for warning in warnings {
                let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
                headers.push(header("Warning", &format!("299 - \"{quoted}\"")));
            }
        }
        self
    }
}

impl From<Status> for Response {
    fn from(status: Status) -> Response {
        let mut answer = Response::json(status.code, &status.to_value());
        let retry = status.details.int_at("/retryAfterSeconds").filter(|seconds| *seconds > 0);
        if let (Some(seconds), Response::Whole { headers, .. }) = (retry, &mut answer) {
            headers.push(header("Retry-After", &seconds.to_string()));
        }
        answer
    }
}

/// A value as the body of an answer.
pub(super) fn json_line(value: &Value) -> Vec<u8> {
    let mut text = go_order::compact(value);
    text.push('\n');
    text.into_bytes()
}

/// It was done.
pub(super) fn success() -> Response {
    let success =
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    Response::json(201, &success)
}

/// A header of an answer.
pub(super) fn header(name: &str, value: &str) -> (String, String) {
    (name.to_string(), value.to_string())
}

/// What a path names.
pub(super) struct Target {
    pub(super) resource: Resource,
    pub(super) namespace: String,
    pub(super) name: String,
    subresource: String,
    /// What follows the subresource: the path of a proxied request.
    rest: String,
}

/// The older form of a watch, with `/watch/` in the path, is not offered.
fn parse(server: &ApiServer, path: &str) -> Option<Target> {
    let mut parts = path.trim_matches('/').split('/');
    let (group, version) = match parts.next()? {
        "api" => ("", parts.next()?),
        "apis" => (parts.next()?, parts.next()?),
        _ => return None,
    };
    let mut parts: Vec<&str> = parts.collect();
    let mut namespace = "";
    if parts.len() > 2 && parts[0] == "namespaces" && server.resource(group, version, parts[2]).is_some() {
        namespace = parts[1];
        parts.drain(..2);
    }
    let resource = server.resource(group, version, parts.first()?)?;
    if resource.namespaced == namespace.is_empty()
        && (resource.namespaced && parts.len() > 1 || !namespace.is_empty())
    {
        return None;
    }
    Some(Target {
        resource,
        namespace: namespace.to_string(),
        name: parts.get(1).copied().unwrap_or("").to_string(),
        subresource: parts.get(2).copied().unwrap_or("").to_string(),
        rest: parts.get(3..).unwrap_or(&[]).join("/"),
    })
}

impl ApiServer {
    /// Answers a request.
    pub fn handle(&self, mut request: Request) -> Response {
        let answer = match self.authenticate(&request) {
            Ok(who) => {
                request.who = Rc::new(who);
                self.try_handle(&request).unwrap_or_else(Response::from)
            }
            Err(refused) => *refused,
        };
        negotiate::present(&request, answer)
    }

    fn try_handle(&self, request: &Request) -> Result<Response, Status> {
        let Some(target) = parse(self, &request.path) else {
            if let Some(answer) = self.pass_on(request)? {
                return Ok(answer);
            }
            let verb = request.method.to_lowercase();
            let verb = if verb == "head" { "get" } else { &verb };
            let wanted = Attributes { verb, path: &request.path, ..Attributes::default() };
            self.check_access(&request.who, &wanted)?;
            return self.elsewhere(request);
        };
        let Target { resource, namespace, name, subresource, .. } = &target;
        if !subresource.is_empty() && resource.subresource(subresource).is_none() {
            return Err(Status::no_such_path());
        }
        let watch = request.flag("watch");
        let verb = match (request.method.as_str(), name.is_empty()) {
            ("GET" | "HEAD", true) if watch => "watch",
            ("GET" | "HEAD", true) => "list",
            ("GET" | "HEAD", false) => "get",
            ("POST", _) => "create",
            ("PUT", _) => "update",
            ("PATCH", _) => "patch",
            ("DELETE", true) => "deletecollection",
            ("DELETE", false) => "delete",
            _ => return Err(Status::method_not_allowed()),
        };
        let wanted = Attributes {
            verb,
            group: resource.group,
            resource: resource.plural,
            subresource,
            // A namespace stands in itself.
            namespace: if std::ptr::eq(*resource, NAMESPACE) { name } else { namespace },
            name,
            path: "",
        };
        self.check_access(&request.who, &wanted)?;
        if watch
            && matches!(verb, "watch" | "get")
            && subresource.is_empty()
            && !resource.verbs.contains(&"watch")
        {
            return Err(Status::not_supported(resource, "watch"));
        }
        if subresource.is_empty() && !resource.verbs.contains(&verb) {
            return Err(Status::method_not_allowed());
        }
        if verb == "create" && resource.namespaced && namespace.is_empty() {
            return Err(Status::method_not_allowed());
        }
        let connects = ["log", "exec", "attach", "portforward", "proxy"].contains(&subresource.as_str());
        if !connects {
            negotiate::check_accept(request, verb)?;
        }
        if !subresource.is_empty() {
            return self.subresource(request, &target, verb);
        }
        let response = match verb {
            "watch" => self.begin_watch(request, &target, None),
            "list" => self.answer_list(request, &target),
            "get" if watch => self.begin_watch(request, &target, Some(name)),
            "get" => {
                self.check_version(request)?;
                self.get(resource, namespace, name).map(|object| self.show(request, resource, 200, &object))
            }
            "create" if name.is_empty() => {
                let (mut object, options) = body(self, request, resource)?;
                let place = namespace.clone();
                if is_question(resource) {
                    let mut review = object;
                    place_in(resource, &place, &mut review)?;
                    let warnings = decode(resource, &mut review, &options, &|_| true)?;
                    let answer = self.answer_review(&request.who, resource, &place, review)?;
                    return Ok(Response::json(201, &answer).warn(&warnings));
                }
                if std::ptr::eq(*resource, CERTIFICATE_SIGNING_REQUEST) {
                    certificates::requested_by(&mut object, &request.who);
                }
                let written = self.create(resource, &place, object, &options)?;
                Ok(self.written(request, resource, 201, written))
            }
            "update" if !name.is_empty() => {
                let (object, options) = body(self, request, resource)?;
                named(name, &object)?;
                let written = self.update(resource, namespace, object, false, &options)?;
                Ok(self.written(request, resource, 200, written))
            }
            "patch" if !name.is_empty() && is_apply(request) => self.answer_apply(request, &target, false),
            "patch" if !name.is_empty() => {
                let (kind, patch) = patch_body(request, resource)?;
                let options = write_options(request)?;
                let written = self.patch(resource, namespace, name, kind, patch, false, &options)?;
                Ok(self.written(request, resource, 200, written))
            }
            "delete" => self.answer_delete(request, &target),
            "deletecollection" => self.answer_delete_collection(request, &target),
            _ => Err(Status::method_not_allowed()),
        }?;
        // Some kinds are on their way out: every request for them says so.
        let warnings: &[String] = if std::ptr::eq(*resource, ENDPOINTS) {
            &["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_string()]
        } else if std::ptr::eq(*resource, COMPONENT_STATUS) {
            &["v1 ComponentStatus is deprecated in v1.19+".to_string()]
        } else {
            &[]
        };
        let deprecated = resource.custom.and_then(|custom| custom.deprecation.clone());
        Ok(response.warn(warnings).warn(deprecated.as_slice()))
    }

    /// What is no resource.
    fn elsewhere(&self, request: &Request) -> Result<Response, Status> {
        if let Some(found) = self.discover(request) {
            return Ok(found);
        }
        // A pod's binding may also be posted to a collection of its own.
        let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        if let ["api", "v1", "namespaces", namespace, "bindings"] = parts[..]
            && request.method == "POST"
        {
            let binding = body_of(request, POD, "Binding")?;
            return self.answer_binding(namespace, binding.name(), &binding);
        }
        // Below a group that is served a router answers, everywhere else nobody.
        let routed = match parts[..] {
            ["api", ..] => true,
            ["apis", group, ..] => self.resources().iter().any(|resource| resource.group == group),
            _ => false,
        };
        match parts[..] {
            _ if routed => Err(Status::no_such_path()),
            ["metrics"] | ["metrics", "slis"] => Err(Status::not_simulated(&request.path)),
            _ => Ok(Response::text(404, "404 page not found\n")),
        }
    }

    fn subresource(&self, request: &Request, target: &Target, verb: &str) -> Result<Response, Status> {
        let Target { resource, namespace, name, subresource, .. } = target;
        match (subresource.as_str(), verb) {
            ("status", "get") => {
                let object = self.get(resource, namespace, name)?;
                Ok(self.show(request, resource, 200, &object))
            }
            ("status", "update") => {
                let (object, options) = body(self, request, resource)?;
                named(name, &object)?;
                let written = self.update(resource, namespace, object, true, &options)?;
                Ok(self.written(request, resource, 200, written))
            }
            ("status", "patch") if is_apply(request) => self.answer_apply(request, target, true),
            ("status", "patch") => {
                let (kind, patch) = patch_body(request, resource)?;
                let options = write_options(request)?;
                let written = self.patch(resource, namespace, name, kind, patch, true, &options)?;
                Ok(self.written(request, resource, 200, written))
            }
            ("ephemeralcontainers", "get") => {
                self.get(resource, namespace, name).map(|pod| self.show(request, resource, 200, &pod))
            }
            ("ephemeralcontainers", "update" | "patch") => {
                let options = write_options(request)?;
                let wanted = if verb == "update" {
                    body_of(request, resource, resource.kind)?
                } else {
                    let (kind, patch) = patch_body(request, resource)?;
                    let old = self.get(resource, namespace, name)?;
                    kind.apply(resource.schema, &old, patch)?
                };
                let pod = self.add_ephemeral_containers(namespace, name, wanted, options.dry_run)?;
                Ok(self.show(request, resource, 200, &pod))
            }
            ("approval", "get") => {
                let object = self.get(resource, namespace, name)?;
                Ok(self.show(request, resource, 200, &object))
            }
            ("approval", "update") => {
                let (object, options) = body(self, request, resource)?;
                named(name, &object)?;
                let written = self.approve(&object, &options)?;
                Ok(self.written(request, resource, 200, written))
            }
            ("scale", _) => self.scale(request, target, verb),
            ("binding", "create") => {
                self.answer_binding(namespace, name, &body_of(request, resource, "Binding")?)
            }
            ("finalize", "update") => {
                let (object, _) = body(self, request, resource)?;
                let object = self.finalize(&object)?;
                Ok(self.show(request, resource, 200, &object))
            }
            ("eviction", "create") => {
                let eviction = body_of(request, resource, "Eviction")?;
                if eviction.name() != name {
                    return Err(Status::bad_request("name in URL does not match name in Eviction object"));
                }
                let options = delete_options_of(request, eviction.at("/deleteOptions"))?;
                self.evict(namespace, name, &options)
            }
            ("token", "create") => {
                let asked = body_of(request, resource, "TokenRequest")?;
                Ok(Response::json(201, &self.answer_token_request(namespace, name, asked)?))
            }
            ("log", "get") => upstream::log(self, request, namespace, name),
            ("exec" | "attach" | "portforward", "get" | "create") if std::ptr::eq(*resource, POD) => {
                upstream::stream(self, request, subresource, namespace, name)
            }
            ("proxy", _) if std::ptr::eq(*resource, POD) => {
                upstream::pod_proxy(self, request, namespace, name, &target.rest)
            }
            ("proxy", _) if std::ptr::eq(*resource, SERVICE) => {
                upstream::service_proxy(self, request, namespace, name, &target.rest)
            }
            ("proxy", _) if std::ptr::eq(*resource, NODE) => {
                upstream::node_proxy(self, request, name, &target.rest)
            }
            _ => Err(Status::method_not_allowed()),
        }
    }

    fn answer_binding(&self, namespace: &str, name: &str, binding: &Value) -> Result<Response, Status> {
        self.bind(namespace, name, binding.str_at("/target/name"))?;
        Ok(success())
    }

    fn begin_watch(
        &self,
        request: &Request,
        target: &Target,
        name: Option<&str>,
    ) -> Result<Response, Status> {
        let resource = target.resource;
        check_options(request)?;
        let mut fields = request.param("fieldSelector").to_string();
        if let Some(name) = name {
            fields = format!("metadata.name={name}");
        }
        let filter = Filter::parse(resource, request.param("labelSelector"), &fields)?;
        // A list by way of a watch: what there is, then a bookmark, then what comes. A watch from the beginning is one.
        let version = request.param("resourceVersion");
        let (asked, how) = (request.param("sendInitialEvents"), request.param("resourceVersionMatch"));
        let from_start = matches!(version, "" | "0");
        let initial = request.flag("sendInitialEvents") || (asked.is_empty() && how.is_empty() && from_start);
        let since = match parse_version(version)? {
            _ if initial => None,
            None if asked.is_empty() => None,
            None => Some(self.resource_version()),
            Some(version) => Some(version),
        };
        let form = table::Form::wanted(request);
        let timeout = number(request, "timeoutSeconds")?.and_then(|seconds| u64::try_from(seconds).ok());
        let timeout = timeout.filter(|seconds| *seconds > 0);
        Ok(Response::Watch(match self.watch(resource, &target.namespace, filter, since) {
            Ok(handle) => {
                let bookmarks = request.flag("allowWatchBookmarks");
                if initial && bookmarks {
                    handle.push(self.initial_events_end(resource));
                }
                WatchStream::new(self, resource, handle, form, timeout).with_bookmarks(bookmarks)
            }
            Err(status) => WatchStream::failed(self, resource, &status),
        }))
    }

    fn initial_events_end(&self, resource: Resource) -> WatchEvent {
        let object = json!({
            "kind": resource.kind, "apiVersion": resource.api_version(),
            "metadata": {
                "resourceVersion": self.resource_version().to_string(), "creationTimestamp": null,
                "annotations": {"k8s.io/initial-events-end": "true"},
            },
        });
        WatchEvent { kind: EventKind::Bookmark, object: Rc::new(object) }
    }

    pub(super) fn written(
        &self,
        request: &Request,
        resource: Resource,
        status: u16,
        written: Written,
    ) -> Response {
        let object = outward(resource, written.object);
        self.show(request, resource, status, &object).warn(&written.warnings)
    }

    pub(super) fn show(
        &self,
        request: &Request,
        resource: Resource,
        status: u16,
        object: &Object,
    ) -> Response {
        match table::Form::wanted(request) {
            Some(form) => form.one(status, resource, object, self.now()),
            None => {
                let mut text = String::new();
                managed_fields::show(&mut text, resource, object);
                text.push('\n');
                Response::json_bytes(status, text.into_bytes())
            }
        }
    }
}
