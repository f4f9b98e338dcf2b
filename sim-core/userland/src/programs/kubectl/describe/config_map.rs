//! `kubectl describe configmap`.

use super::writer::{Writer, entries, plain};
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, map: &Value) {
    w.head(map);
    w.write(0, "\nData\n====\n");
    for (key, value) in entries(&map["data"]) {
        w.write(0, &format!("{key}:\n----\n"));
        w.write(0, &format!("{}\n", plain(value)));
        w.write(0, "\n");
    }
    w.write(0, "\nBinaryData\n====\n");
    for (key, value) in entries(&map["binaryData"]) {
        w.write(0, &format!("{key}: {} bytes\n", decoded_length(&plain(value))));
    }
    w.write(0, "\n");
}

/// How many bytes a base64 text stands for.
pub fn decoded_length(base64: &str) -> usize {
    base64.trim_end_matches('=').len() * 3 / 4
}
