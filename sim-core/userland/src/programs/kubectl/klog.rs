//! Log lines of `-v`, as `k8s.io/klog` writes them.

use super::rest::Request;
use linux::Sys;
use linux::http::ResponseHead;
use serde_json::{Value, json};
use sim::Ordered;
use std::time::Duration;

/// One line: severity, date, time, process, place in the source, text.
pub fn line(sys: &Sys, severity: char, place: &str, text: &str) -> String {
    let now = sys.clock();
    let civil = now.civil();
    format!(
        "{severity}{:02}{:02} {:02}:{:02}:{:02}.{:06} {:7} {place}] {text}\n",
        civil.month,
        civil.day,
        civil.hour,
        civil.minute,
        civil.second,
        now.nanos / 1000,
        sys.pid(),
    )
}

/// What client-go says about itself when it starts.
pub fn start(sys: &Sys, path: &str) -> String {
    const GATES: &[(&str, bool)] = &[
        ("ClientsAllowCBOR", false),
        ("ClientsPreferCBOR", false),
        ("InOrderInformers", true),
        ("InOrderInformersBatchProcess", true),
        ("InformerResourceVersion", true),
        ("WatchListClient", true),
    ];
    let mut text = line(sys, 'I', "loader.go:405", &format!("Config loaded from file:  {path}"));
    for (gate, on) in GATES {
        let state = format!("\"Feature gate default state\" feature={gate:?} enabled={on}");
        text.push_str(&line(sys, 'I', "envvar.go:172", &state));
    }
    text
}

/// What is said before a request. Models `client-go/transport/round_trippers.go`.
pub fn request(
    sys: &Sys,
    level: i64,
    url: &str,
    request: &Request<'_>,
    headers: &[(String, String)],
) -> String {
    let mut text = String::new();
    if level >= 8 {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        text.push_str(&body_line(sys, level, "Request Body", &body));
    }
    let shown: Vec<&(String, String)> =
        headers.iter().filter(|(name, _)| !matches!(name.as_str(), "Host" | "X-Remote-User")).collect();
    if level >= 9 {
        let headers: Vec<String> =
            shown.iter().map(|(name, value)| format!("-H \"{name}: {value}\"")).collect();
        let curl = format!("curl -v -X{}  {} '{url}'", request.method, headers.join(" "));
        text.push_str(&line(
            sys,
            'I',
            "round_trippers.go:527",
            &format!("\"Request\" curlCommand=<\n\t{curl}\n >"),
        ));
    } else if level >= 7 {
        let mut lines: Vec<String> =
            shown.iter().map(|(name, value)| format!("\t{name}: {value}\n")).collect();
        lines.order();
        let said =
            format!("\"Request\" verb={:?} url={url:?} headers=<\n{} >", request.method, lines.concat());
        text.push_str(&line(sys, 'I', "round_trippers.go:527", &said));
    }
    text
}

/// What is said after it.
pub fn response(
    sys: &Sys,
    level: i64,
    asked: (&str, &str),
    took: Duration,
    head: &ResponseHead,
    body: &[u8],
) -> String {
    let (method, url) = asked;
    let status = format!("{} {}", head.status, reason(head.status));
    let named = format!("verb={method:?} url={url:?} ");
    let named = if level == 6 || level >= 9 { named } else { String::new() };
    let headers = if level >= 8 {
        let mut lines: Vec<String> =
            head.headers.iter().map(|(name, value)| format!("\t{name}: {value}\n")).collect();
        lines.order();
        format!(" headers=<\n{} >", lines.concat())
    } else {
        String::new()
    };
    let said = format!("\"Response\" {named}status={status:?}{headers} milliseconds={}", took.as_millis());
    let mut text = line(sys, 'I', "round_trippers.go:632", &said);
    if level >= 8 {
        text.push_str(&body_line(sys, level, "Response Body", &String::from_utf8_lossy(body)));
    }
    text
}

fn body_line(sys: &Sys, level: i64, title: &str, body: &str) -> String {
    let limit = match level {
        8 => 1024,
        9 => 10_240,
        _ => usize::MAX,
    };
    let mut end = body.len().min(limit);
    while !body.is_char_boundary(end) {
        end -= 1;
    }
    let more = body.len() - end;
    let mut shown = body[..end].to_string();
    if more > 0 {
        shown.push_str(&format!(" [truncated {more} chars]"));
    }
    let body = if shown.is_empty() {
        "\"\"".to_string()
    } else {
        format!("<\n\t{}\n >", shown.trim_end_matches('\n').replace('\n', "\n\t"))
    };
    line(sys, 'I', "helper.go:105", &format!("\"{title}\" body={body}"))
}

/// The `Status` of an error, as it came.
pub fn status(sys: &Sys, status: &Value) -> String {
    let indented = |value: &Value, indent: &str| {
        super::json::indented(value, "  ").replace('\n', &format!("\n{indent}"))
    };
    let mut fields = Vec::new();
    for name in ["kind", "apiVersion", "metadata", "status", "message", "reason", "details", "code"] {
        let value = match name {
            "kind" => json!("Status"),
            "apiVersion" => json!("v1"),
            "metadata" => json!({}),
            name => status[name].clone(),
        };
        if name == "details" && value.is_object() {
            let inner: Vec<String> = ["name", "group", "kind", "uid", "causes", "retryAfterSeconds"]
                .iter()
                .filter(|field| !value[**field].is_null())
                .map(|field| format!("    {field:?}: {}", indented(&value[*field], "    ")))
                .collect();
            fields.push(format!("  \"details\": {{\n{}\n  }}", inner.join(",\n")));
        } else if !value.is_null() {
            fields.push(format!("  {name:?}: {}", indented(&value, "  ")));
        }
    }
    let text = format!("server response object: %s[{{\n{}\n}}]", fields.join(",\n"));
    line(sys, 'I', "helpers.go:246", &text)
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        410 => "Gone",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Entity",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "",
    }
}
