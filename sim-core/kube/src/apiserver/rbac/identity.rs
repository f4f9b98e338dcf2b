//! Who asks: by client certificate, by token, or pretending to be another. Models `apiserver/pkg/authentication` and
//! `endpoints/filters/impersonation.go`.

use super::{Attributes, token};
use crate::api::Status;
use crate::apiserver::ApiServer;
use crate::apiserver::rest::{Request, Response};
use crate::json;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Somebody who asks.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// `kubernetes-admin`, `system:serviceaccount:default:default`.
    pub name: String,
    /// Only accounts have one.
    pub uid: String,
    /// What they belong to.
    pub groups: Vec<String>,
    /// What else is known.
    pub extra: Map<String, Value>,
}

impl Identity {
    /// Somebody without credentials.
    fn anonymous() -> Identity {
        Identity {
            name: "system:anonymous".to_string(),
            groups: vec!["system:unauthenticated".to_string()],
            ..Identity::default()
        }
    }

    /// A user with the groups that the certificates of this cluster give them.
    pub fn of_user(name: &str) -> Identity {
        if name.is_empty() || name == "system:anonymous" {
            return Identity::anonymous();
        }
        let mut groups: Vec<String> = match name {
            "kubernetes-admin" => vec!["kubeadm:cluster-admins".to_string()],
            "admin" | "kubernetes-super-admin" | "system:apiserver" => vec!["system:masters".to_string()],
            name if name.starts_with("system:node:") => vec!["system:nodes".to_string()],
            name => account_groups(name),
        };
        groups.push("system:authenticated".to_string());
        Identity { name: name.to_string(), groups, ..Identity::default() }
    }

    /// Whether nothing is refused.
    pub(super) fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == "system:masters")
    }

    /// As reviews tell it.
    pub fn to_value(&self) -> Value {
        let mut info = json!({"username": self.name, "groups": self.groups});
        if !self.uid.is_empty() {
            info["uid"] = json!(self.uid);
        }
        if !self.extra.is_empty() {
            info["extra"] = Value::Object(self.extra.clone());
        }
        info
    }
}

/// The groups of a service account.
fn account_groups(name: &str) -> Vec<String> {
    let account = name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    match account {
        Some((namespace, _)) => {
            vec!["system:serviceaccounts".to_string(), format!("system:serviceaccounts:{namespace}")]
        }
        None => Vec::new(),
    }
}

impl ApiServer {
    /// Who sends this request; an error when the credentials are worth nothing.
    pub(in crate::apiserver) fn authenticate(&self, request: &Request) -> Result<Identity, Box<Response>> {
        let certificate = match request.user.as_str() {
            "" => request.header("X-Remote-User"),
            user => user,
        };
        let mut authorization = request.header("Authorization").trim().split(' ');
        let scheme = authorization.next().unwrap_or("");
        let bearer =
            authorization.next().filter(|token| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty());
        let who = match bearer {
            _ if !certificate.is_empty() => {
                let mut who = Identity::of_user(certificate);
                let groups: Vec<&str> = headers(request, "X-Remote-Group");
                if !groups.is_empty() {
                    who.groups = groups.into_iter().map(String::from).collect();
                    who.groups.push("system:authenticated".to_string());
                }
                if who.name != "system:anonymous" {
                    let print = base16ct::lower::encode_string(&Sha256::digest(who.name.as_bytes()));
                    who.extra.insert(
                        "authentication.kubernetes.io/credential-id".to_string(),
                        json!([format!("X509SHA256={print}")]),
                    );
                }
                who
            }
            Some(bearer) => token::identity(self, bearer)
                .ok_or_else(|| refused(Status::new(401, "Unauthorized", "Unauthorized")))?,
            None => Identity::anonymous(),
        };
        self.impersonate(request, who)
    }

    fn impersonate(&self, request: &Request, who: Identity) -> Result<Identity, Box<Response>> {
        let user = request.header("Impersonate-User");
        let groups = headers(request, "Impersonate-Group");
        let uid = request.header("Impersonate-Uid");
        let extra: Vec<(String, &str)> = request
            .headers
            .iter()
            .filter_map(|(name, value)| {
                let name = name.to_ascii_lowercase();
                Some((name.strip_prefix("impersonate-extra-")?.to_string(), value.as_str()))
            })
            .collect();
        if user.is_empty() {
            if groups.is_empty() && uid.is_empty() && extra.is_empty() {
                return Ok(who);
            }
            return Err(without_user(request, &groups, &extra, uid));
        }
        let check = |group: &str, resource: &str, subresource: &str, namespace: &str, name: &str| {
            let wanted =
                Attributes { verb: "impersonate", group, resource, subresource, namespace, name, path: "" };
            self.check_access(&who, &wanted).map_err(refused)
        };
        let account = user.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
        match account {
            Some((namespace, name)) => check("", "serviceaccounts", "", namespace, name)?,
            None => check("", "users", "", "", user)?,
        }
        for group in &groups {
            check("", "groups", "", "", group)?;
        }
        if !uid.is_empty() {
            check("authentication.k8s.io", "uids", "", "", uid)?;
        }
        let mut pretended = Identity { name: user.to_string(), uid: uid.to_string(), ..Identity::default() };
        for (key, value) in extra {
            check("authentication.k8s.io", "userextras", &key, "", value)?;
            let values = pretended.extra.entry(key).or_insert_with(|| json!([]));
            if let Value::Array(values) = values {
                values.push(json!(value));
            }
        }
        pretended.groups = groups.into_iter().map(String::from).collect();
        if pretended.groups.is_empty() {
            pretended.groups = account_groups(user);
        }
        const KNOWN: [&str; 2] = ["system:unauthenticated", "system:authenticated"];
        let ends: &[&str] = if user == "system:anonymous" { &KNOWN[..1] } else { &KNOWN };
        if !pretended.groups.iter().any(|group| ends.contains(&group.as_str())) {
            pretended.groups.push(ends[ends.len() - 1].to_string());
        }
        Ok(pretended)
    }
}

fn refused(status: Status) -> Box<Response> {
    Box::new(Response::from(status))
}

/// Groups of nobody: upstream prints the references that it made of the headers.
fn without_user(request: &Request, groups: &[&str], extra: &[(String, &str)], uid: &str) -> Box<Response> {
    const VERSION: &str = "authentication.k8s.io/v1";
    let mut references: Vec<String> = groups.iter().map(|group| format!("{{Group  {group}    }}")).collect();
    references.extend(extra.iter().map(|(key, value)| format!("{{UserExtra  {value}  {VERSION}  {key}}}")));
    if !uid.is_empty() {
        references.push(format!("{{UID  {uid}  {VERSION}  }}"));
    }
    let text = format!(
        "Internal Server Error: {:?}: requested [{}] without impersonating a user\n",
        request.path,
        references.join(" ")
    );
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    Box::new(Response::text(500, &text))
}

fn headers<'a>(request: &'a Request, name: &str) -> Vec<&'a str> {
    request
        .headers
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .collect()
}
