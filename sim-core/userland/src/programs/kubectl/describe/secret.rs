//! `kubectl describe secret`: sizes only, except for tokens.

use super::config_map::decoded_length;
use super::writer::{Writer, entries, plain};
use crate::programs::kubectl::printers::base64_decode;
use serde_json::Value;

/// Writes it; a secret has no events.
pub fn describe(w: &mut Writer, secret: &Value) {
    w.head(secret);
    w.write(0, &format!("\nType:\t{}\n", plain(&secret["type"])));
    w.write(0, "\nData\n====\n");
    for (key, value) in entries(&secret["data"]) {
        let text = match key == "token" && secret["type"] == "kubernetes.io/service-account-token" {
            true => base64_decode(&plain(value)),
            false => format!("{} bytes", decoded_length(&plain(value))),
        };
        w.field(0, key, &text);
    }
}
