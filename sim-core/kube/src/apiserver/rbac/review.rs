//! Questions about who somebody is and what they may do, asked by creating an object that is not kept. Models
//! `pkg/registry/authorization` and `pkg/registry/authentication`.

use super::token::{TokenOptions, claims, identity};
use super::{Attributes, Identity};
use crate::api::validation::Errors;
use crate::api::{ObjectExt, POD, Resource, SERVICE_ACCOUNT, Status, authentication_v1, set};
use crate::apiserver::ApiServer;
use crate::json;
use serde_json::{Map, Value};
use sim::Timestamp;

/// Whether objects of this kind are questions.
pub(in crate::apiserver) fn is_question(resource: Resource) -> bool {
    matches!(resource.group, "authentication.k8s.io" | "authorization.k8s.io")
}

impl ApiServer {
    /// The question with its answer.
    pub(in crate::apiserver) fn answer_review(
        &self,
        who: &Identity,
        resource: Resource,
        namespace: &str,
        mut review: Value,
    ) -> Result<Value, Status> {
        let status = match resource.kind {
            "SelfSubjectReview" => json!({"userInfo": who.to_value()}),
            "TokenReview" => self.review_token(review.at("/spec")),
            "SelfSubjectRulesReview" => self.review_rules(who, review.str_at("/spec/namespace")),
            kind => {
                let spec = review.at("/spec");
                let (resources, paths) = (spec.at("/resourceAttributes"), spec.at("/nonResourceAttributes"));
                let mut errors = Errors::default();
                match (resources.is_null(), paths.is_null()) {
                    (false, false) => errors.invalid(
                        "spec.nonResourceAttributes",
                        paths,
                        "cannot be specified in combination with resourceAttributes",
                    ),
                    (true, true) => errors.invalid(
                        "spec.resourceAttributes",
                        &Value::Null,
                        "exactly one of nonResourceAttributes or resourceAttributes must be specified",
                    ),
                    _ => {}
                }
                let other = kind != "SelfSubjectAccessReview";
                if other && spec.str_at("/user").is_empty() && spec.list_at("/groups").is_empty() {
                    errors.invalid(
                        "spec.user",
                        &json!(""),
                        "at least one of user or group must be specified",
                    );
                }
                if kind == "LocalSubjectAccessReview" && resources.str_at("/namespace") != namespace {
                    errors.invalid(
                        "spec.resourceAttributes.namespace",
                        resources.at("/namespace"),
                        &format!("must match metadata.namespace: {namespace}"),
                    );
                }
                if !errors.0.is_empty() {
                    return Err(Status::invalid(resource, "", &errors.0));
                }
                let subject = Identity {
                    name: spec.str_at("/user").to_string(),
                    uid: spec.str_at("/uid").to_string(),
                    groups: spec
                        .list_at("/groups")
                        .iter()
                        .filter_map(Value::as_str)
                        .map(String::from)
                        .collect(),
                    extra: Map::new(),
                };
                let wanted = if paths.is_null() {
                    Attributes {
                        verb: resources.str_at("/verb"),
                        group: resources.str_at("/group"),
                        resource: resources.str_at("/resource"),
                        subresource: resources.str_at("/subresource"),
                        namespace: resources.str_at("/namespace"),
                        name: resources.str_at("/name"),
                        path: "",
                    }
                } else {
                    Attributes {
                        verb: paths.str_at("/verb"),
                        path: paths.str_at("/path"),
                        ..Attributes::default()
                    }
                };
                let decision = self.authorize(if other { &subject } else { who }, &wanted);
                let mut status = json!({"allowed": decision.allowed});
                if !decision.reason.is_empty() {
                    status["reason"] = json!(decision.reason);
                }
                status
            }
        };
        review["status"] = status;
        set(&mut review, "/metadata/creationTimestamp", Value::Null);
        Ok(review)
    }

    fn review_token(&self, spec: &Value) -> Value {
        let token = spec.str_at("/token");
        match (claims(self, token), identity(self, token)) {
            (Some(claims), Some(who)) => {
                json!({"authenticated": true, "user": who.to_value(), "audiences": claims.at("/aud")})
            }
            _ => {
                json!({"user": {}, "error": "[invalid bearer token, service account token has been invalidated]"})
            }
        }
    }

    fn review_rules(&self, who: &Identity, namespace: &str) -> Value {
        let (mut resources, mut urls) = (Vec::new(), Vec::new());
        if who.is_master() {
            resources.push(json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}));
            urls.push(json!({"nonResourceURLs": ["*"], "verbs": ["*"]}));
        }
        for held in self.rules_of(who, namespace, &mut Vec::new()) {
            let urls_of = !held.rule.list_at("/nonResourceURLs").is_empty();
            (if urls_of { &mut urls } else { &mut resources }).push(held.rule);
        }
        json!({"incomplete": false, "nonResourceRules": urls, "resourceRules": resources})
    }

    /// `POST .../serviceaccounts/NAME/token`.
    pub(in crate::apiserver) fn answer_token_request(
        &self,
        namespace: &str,
        name: &str,
        mut request: Value,
    ) -> Result<Value, Status> {
        let account = self.get(SERVICE_ACCOUNT, namespace, name)?;
        authentication_v1::TOKEN_REQUEST.decode(&mut request).map_err(Status::bad_request)?;
        let asked = request.int_at("/spec/expirationSeconds").unwrap_or(3_600);
        let mut errors = Errors::default();
        let field = "spec.expirationSeconds";
        if asked < 600 {
            errors.invalid(field, &json!(asked), "may not specify a duration less than 10 minutes");
        } else if asked > 1 << 32 {
            errors.invalid(field, &json!(asked), "may not specify a duration larger than 2^32 seconds");
        }
        if !errors.0.is_empty() {
            let mut status = Status::invalid(SERVICE_ACCOUNT, name, &errors.0);
            status.message =
                status.message.replacen("ServiceAccount ", "TokenRequest.authentication.k8s.io ", 1);
            status.details["kind"] = json!("TokenRequest");
            status.details["group"] = json!("authentication.k8s.io");
            return Err(status);
        }
        let expiration_seconds = asked.unsigned_abs();
        let audiences: Vec<String> =
            request.list_at("/spec/audiences").iter().filter_map(Value::as_str).map(String::from).collect();
        let bound = request.at("/spec/boundObjectRef");
        let mut options = TokenOptions { audiences, expiration_seconds, ..TokenOptions::default() };
        if bound.str_at("/kind") == "Pod" {
            let pod = self.get(POD, namespace, bound.str_at("/name"))?;
            options.pod = pod.name().to_string();
            options.pod_uid = pod.uid().to_string();
            options.node = pod.str_at("/spec/nodeName").to_string();
        }
        let token = self.issue_token(namespace, name, options)?.text();
        let now = self.now();
        let expires = Timestamp { seconds: now.seconds + expiration_seconds, ..now }.rfc3339();
        if request.list_at("/spec/audiences").is_empty() {
            set(&mut request, "/spec/audiences", json!(["https://kubernetes.default.svc.cluster.local"]));
        }
        set(&mut request, "/spec/expirationSeconds", json!(asked));
        if request.at("/spec/boundObjectRef").is_null() {
            set(&mut request, "/spec/boundObjectRef", Value::Null);
        }
        set(&mut request, "/apiVersion", json!("authentication.k8s.io/v1"));
        set(&mut request, "/kind", json!("TokenRequest"));
        set(
            &mut request,
            "/metadata",
            json!({"creationTimestamp": self.now_text(), "name": name, "namespace": account.namespace()}),
        );
        set(&mut request, "/status", json!({"expirationTimestamp": expires, "token": token}));
        Ok(request)
    }
}
