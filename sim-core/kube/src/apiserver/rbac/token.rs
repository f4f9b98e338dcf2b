//! Tokens of service accounts: JSON web tokens with the claims of real ones. Their signature is a digest under a key
//! that only the server has; it has a real one's length. Models `pkg/serviceaccount`.

use super::Identity;
use crate::api::{Object, ObjectExt, SECRET, SERVICE_ACCOUNT, Status};
use crate::apiserver::ApiServer;
use crate::json;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL_NOPAD};
use encoding::json;
use serde_json::Value;
use sha2::{Digest, Sha256};

const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
/// Whose tokens secrets hold, and what those say, behind the prefix.
const SECRET_ISSUER: &str = "kubernetes/serviceaccount";
const PREFIX: &str = "kubernetes.io/serviceaccount/";
const SECRET_CLAIMS: [&str; 4] = ["namespace", "secret.name", "service-account.name", "service-account.uid"];
const KEY: &[u8] = b"the simulated cluster's service account key";

/// What a token is for.
#[derive(Clone, Debug, Default)]
pub struct TokenOptions {
    /// Whom it is for; the API server when empty.
    pub audiences: Vec<String>,
    /// How long it is good for, in seconds.
    pub expiration_seconds: u64,
    /// The pod that it is bound to, empty for none.
    pub pod: String,
    /// That pod's uid.
    pub pod_uid: String,
    /// That pod's node.
    pub node: String,
}

/// A token that was issued. Nobody ever looks at most of those that pods have: its text is made for who does.
pub struct Token {
    account: Object,
    issued: u64,
    options: TokenOptions,
}

fn signature(text: &str) -> String {
    let mut bytes = Vec::with_capacity(256);
    let digest = Sha256::new().chain_update(KEY).chain_update(text).finalize();
    for part in 0..8_u8 {
        bytes.extend_from_slice(&Sha256::new().chain_update(digest).chain_update([part]).finalize());
    }
    BASE64URL_NOPAD.encode(&bytes)
}

impl ApiServer {
    /// A token of a service account.
    ///
    /// # Errors
    /// There is no such account.
    pub fn issue_token(
        &self,
        namespace: &str,
        account: &str,
        options: TokenOptions,
    ) -> Result<Token, Status> {
        let account = self.get(SERVICE_ACCOUNT, namespace, account)?;
        Ok(Token { account, issued: self.now().seconds, options })
    }

    /// The token of a service account that a secret holds; it is good as long as both are there.
    pub fn secret_token(&self, account: &Object, secret: &str) -> String {
        let (namespace, name) = (account.namespace(), account.name());
        let mut claims =
            json!({"iss": SECRET_ISSUER, "sub": format!("system:serviceaccount:{namespace}:{name}")});
        let values = [namespace, secret, name, account.uid()];
        for (field, value) in SECRET_CLAIMS.iter().zip(values) {
            claims[format!("{PREFIX}{field}")] = json!(value);
        }
        sign(&claims)
    }
}

impl Token {
    /// As it is sent.
    pub fn text(&self) -> String {
        let Token { account, issued: now, options } = self;
        let (namespace, uid, account) = (account.namespace(), account.uid(), account.name());
        let audiences: Vec<&str> = match options.audiences.as_slice() {
            [] => vec![ISSUER],
            some => some.iter().map(String::as_str).collect(),
        };
        let mut private = json!({
            "namespace": namespace, "serviceaccount": {"name": account, "uid": uid},
        });
        if !options.pod.is_empty() {
            private["pod"] = json!({"name": options.pod, "uid": options.pod_uid});
        }
        if !options.node.is_empty() {
            private["node"] = json!({"name": options.node});
        }
        let expires = now + options.expiration_seconds;
        // The same request in the same second gives the same token: no chance is used up for it.
        let seed = format!("{namespace}/{account}/{uid}/{expires}/{audiences:?}/{private}");
        let digest = base16ct::lower::encode_string(&Sha256::digest(seed.as_bytes()));
        let jti = format!(
            "{}-{}-4{}-8{}-{}",
            &digest[..8],
            &digest[8..12],
            &digest[13..16],
            &digest[17..20],
            &digest[20..32]
        );
        let claims = json!({
            "aud": audiences, "exp": expires, "iat": now, "iss": ISSUER, "jti": jti, "kubernetes.io": private,
            "nbf": now, "sub": format!("system:serviceaccount:{namespace}:{account}"),
        });
        sign(&claims)
    }
}

fn sign(claims: &Value) -> String {
    let header = json!({"alg": "RS256", "kid": "cG9kaXVtLXNpbXVsYXRlZC1zZXJ2aWNlLWFjY291bnQ"});
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(&header), part(claims));
    let signature = signature(&signed);
    format!("{signed}.{signature}")
}

/// The claims of a token that is good.
pub(super) fn claims(server: &ApiServer, token: &str) -> Option<Value> {
    let (signed, own) = token.rsplit_once('.')?;
    if signature(signed) != own {
        return None;
    }
    let bytes = BASE64URL_NOPAD.decode(signed.split('.').nth(1)?.as_bytes()).ok()?;
    let claims = json::read(&bytes).ok()?;
    if claims.str_at("/iss") == SECRET_ISSUER {
        return Some(claims);
    }
    let expires = claims.int_at("/exp").and_then(|exp| u64::try_from(exp).ok())?;
    (server.now().seconds < expires).then_some(claims)
}

/// Whose token it is, as long as the account and the pod it is bound to are there.
pub(super) fn identity(server: &ApiServer, token: &str) -> Option<Identity> {
    let claims = claims(server, token)?;
    let private = claims.at("/kubernetes.io");
    let of_secret = SECRET_CLAIMS.map(|field| claims[format!("{PREFIX}{field}")].as_str().unwrap_or(""));
    let [namespace, account, uid] = match of_secret {
        ["", ..] => {
            ["/namespace", "/serviceaccount/name", "/serviceaccount/uid"].map(|path| private.str_at(path))
        }
        [namespace, secret, account, uid] => {
            server.get(SECRET, namespace, secret).ok().filter(|secret| !secret.is_terminating())?;
            [namespace, account, uid]
        }
    };
    let found = server.get(SERVICE_ACCOUNT, namespace, account).ok()?;
    if found.uid() != uid {
        return None;
    }
    let mut who = Identity::of_user(claims.str_at("/sub"));
    who.uid = found.uid().to_string();
    if private.is_null() {
        return Some(who);
    }
    let mut add = |key: &str, value: &str| {
        if !value.is_empty() {
            who.extra.insert(format!("authentication.kubernetes.io/{key}"), json!([value]));
        }
    };
    add("credential-id", &format!("JTI={}", claims.str_at("/jti")));
    add("node-name", private.str_at("/node/name"));
    add("pod-name", private.str_at("/pod/name"));
    add("pod-uid", private.str_at("/pod/uid"));
    Some(who)
}
