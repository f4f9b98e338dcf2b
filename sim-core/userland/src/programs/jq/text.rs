//! Formats: `@base64`, `@csv` and their like.

use super::eval::Stop;
use super::json::Json;
use super::print;
use crate::programs::base64::LENIENT;
use base32ct::{Base32Upper, Encoding as _};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use std::fmt::Write as _;

/// A value in a format.
///
/// # Errors
/// When it does not fit, or there is no such format.
pub(super) fn format(name: &str, value: &Json) -> Result<String, Stop> {
    let plain = || match value {
        Json::String(text) => text.to_string(),
        other => print::compact(other),
    };
    Ok(match name {
        "text" => plain(),
        "json" => print::compact(value),
        "csv" => row(value, name, ",", |text| format!("\"{}\"", text.replace('"', "\"\"")))?,
        "tsv" => row(value, name, "\t", |text| {
            text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
        })?,
        "html" => {
            let mut out = String::new();
            for c in plain().chars() {
                match c {
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '&' => out.push_str("&amp;"),
                    '\'' => out.push_str("&apos;"),
                    '"' => out.push_str("&quot;"),
                    c => out.push(c),
                }
            }
            out
        }
        "uri" => {
            let mut out = String::new();
            for byte in plain().bytes() {
                if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                    out.push(char::from(byte));
                } else {
                    let _ = write!(out, "%{byte:02X}");
                }
            }
            out
        }
        "sh" => {
            let words = match value {
                Json::Array(all) => all.as_slice(),
                one => std::slice::from_ref(one),
            };
            let mut out = Vec::new();
            for word in words {
                out.push(match word {
                    Json::Array(_) | Json::Object(_) => {
                        return Err(Stop::error(format!(
                            "{} can not be escaped for shell",
                            word.described()
                        )));
                    }
                    Json::String(text) => format!("'{}'", text.replace('\'', "'\\''")),
                    other => print::compact(other),
                });
            }
            out.join(" ")
        }
        "base64" => BASE64.encode(plain().as_bytes()),
        "base64d" => {
            let text = plain();
            let bare = text.trim_end_matches('=');
            let wrong =
                || Stop::error(format!("{} is not valid base64 data", Json::string(&text).described()));
            let bytes = LENIENT.decode(bare).map_err(|_| wrong())?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        "base32" => Base32Upper::encode_string(plain().as_bytes()),
        other => return Err(Stop::error(format!("{other} is not a valid format"))),
    })
}

fn row(value: &Json, name: &str, separator: &str, quote: impl Fn(&str) -> String) -> Result<String, Stop> {
    let Json::Array(all) = value else {
        return Err(Stop::error(format!("{} cannot be {name}-formatted, only array", value.described())));
    };
    let mut cells = Vec::new();
    for cell in all.iter() {
        cells.push(match cell {
            Json::Null => String::new(),
            Json::Bool(yes) => yes.to_string(),
            Json::Number(number) => number.print(),
            Json::String(text) => quote(text),
            _ => {
                return Err(Stop::error(format!("{} is not valid in a {name} row", cell.described())));
            }
        });
    }
    Ok(cells.join(separator))
}
