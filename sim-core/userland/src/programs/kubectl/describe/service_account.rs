//! `kubectl describe serviceaccount`.

use super::writer::{Writer, items, plain};
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, account: &Value) {
    w.head(account);
    let secrets: Vec<String> =
        items(&account["imagePullSecrets"]).iter().map(|s| plain(&s["name"])).collect();
    if secrets.is_empty() {
        w.field(0, "Image pull secrets", "<none>");
    }
    for (i, secret) in secrets.iter().enumerate() {
        w.write(0, &format!("{}\t{secret}\n", if i == 0 { "Image pull secrets:" } else { "" }));
    }
}
