//! Log lines of `-v`, as `k8s.io/klog` writes them.

use kube::api::go_order;
use kube::json;
use linux::Sys;
use linux::http::ResponseHead;
use serde_json::Value;
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

/// What is said when a kubeconfig was read; from `-v=6`.
pub fn loaded(sys: &Sys, path: &str) -> String {
    line(sys, 'I', "loader.go:405", &format!("Config loaded from file:  {path}"))
}

/// What client-go says about itself when a client is made; from `-v=1`.
pub fn gates(sys: &Sys) -> String {
    const GATES: &[(&str, bool)] = &[
        ("ClientsAllowCBOR", false),
        ("ClientsPreferCBOR", false),
        ("InOrderInformers", true),
        ("InOrderInformersBatchProcess", true),
        ("InformerResourceVersion", true),
        ("WatchListClient", true),
    ];
    let said = |(gate, on): &(&str, bool)| {
        let state = format!("\"Feature gate default state\" feature={gate:?} enabled={on}");
        line(sys, 'I', "envvar.go:172", &state)
    };
    GATES.iter().map(said).collect()
}

/// A request, and where in the source its bodies are logged.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// `-v`.
    pub level: i64,
    /// `GET`, `POST`, ...
    pub method: &'a str,
    /// With the server and the query.
    pub url: &'a str,
    /// `helper.go:105`.
    pub place: &'a str,
}

impl Asked<'_> {
    /// What is said before a request. Models `client-go/transport/round_trippers.go`.
    pub fn request(self, sys: &Sys, body: &[u8], headers: &[(String, String)]) -> String {
        let Asked { level, method, url, place } = self;
        let mut text = String::new();
        if level >= 8 {
            text.push_str(&body_line(sys, level, place, "Request Body", &String::from_utf8_lossy(body)));
        }
        let shown = headers.iter().filter(|(name, _)| !matches!(name.as_str(), "Host" | "X-Remote-User"));
        let shown = shown.map(|(name, value)| match name.as_str() {
            "Authorization" => format!("{name}: {} <masked>", value.split(' ').next().unwrap_or("")),
            _ => format!("{name}: {value}"),
        });
        let said = if level >= 9 {
            let headers: Vec<String> = shown.map(|header| format!("-H \"{header}\"")).collect();
            format!("\"Request\" curlCommand=<\n\tcurl -v -X{method}  {} '{url}'\n >", headers.join(" "))
        } else if level >= 7 {
            let mut lines: Vec<String> = shown.map(|header| format!("\t{header}\n")).collect();
            lines.order();
            format!("\"Request\" verb={method:?} url={url:?} headers=<\n{} >", lines.concat())
        } else {
            return text;
        };
        text + &line(sys, 'I', "round_trippers.go:527", &said)
    }

    /// What is said of a new connection to `address`: from `-v=9`.
    pub fn dialed(self, sys: &Sys, address: &str, error: Option<&str>) -> String {
        if self.level < 9 {
            return String::new();
        }
        let said = |what: &str| format!("\"HTTP Trace: Dial {what}\" network=\"tcp\" address={address:?}");
        match error {
            None => line(sys, 'I', "round_trippers.go:562", &said("succeed")),
            Some(error) => {
                line(sys, 'I', "round_trippers.go:560", &format!("{} err={error:?}", said("failed")))
            }
        }
    }

    /// What is said after it: of the answer, or of there being none.
    pub fn response(self, sys: &Sys, took: Duration, reused: bool, head: Option<&ResponseHead>) -> String {
        let Asked { level, method, url, .. } = self;
        let status = head.map(|head| format!("{} {}", head.status, head.reason)).unwrap_or_default();
        let named = format!("verb={method:?} url={url:?} ");
        let named = if level == 6 || level >= 9 { named } else { String::new() };
        let headers = match head {
            _ if level < 8 => String::new(),
            None => " headers=\"\"".to_string(),
            Some(head) => {
                let mut lines: Vec<String> =
                    head.headers.iter().map(|(name, value)| format!("\t{name}: {value}\n")).collect();
                lines.order();
                format!(" headers=<\n{} >", lines.concat())
            }
        };
        let took = took.as_millis();
        let times = match reused {
            _ if level < 9 => String::new(),
            true => " getConnectionMilliseconds=0".to_string(),
            false => " dnsLookupMilliseconds=0 dialMilliseconds=0 tlsHandshakeMilliseconds=0".to_string(),
        };
        let server = if level >= 9 && head.is_some() {
            format!(" serverProcessingMilliseconds={took}")
        } else {
            String::new()
        };
        let said =
            format!("\"Response\" {named}status={status:?}{headers} milliseconds={took}{times}{server}");
        line(sys, 'I', "round_trippers.go:632", &said)
    }

    /// The body of the answer: from `-v=8`.
    pub fn body(self, sys: &Sys, body: &[u8]) -> String {
        match self.level {
            ..8 => String::new(),
            level => body_line(sys, level, self.place, "Response Body", &String::from_utf8_lossy(body)),
        }
    }
}

fn body_line(sys: &Sys, level: i64, place: &str, title: &str, body: &str) -> String {
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
    // What has more than one line is not put into quotes.
    let body = match shown.trim_end_matches('\n') {
        lines if shown.contains('\n') => format!("<\n\t{}\n >", lines.replace('\n', "\n\t")),
        line => format!("{line:?}"),
    };
    line(sys, 'I', place, &format!("\"{title}\" body={body}"))
}

/// The `Status` of an error, as it came; what a client with kinds of its own has read has lost its own kind.
pub fn status(sys: &Sys, status: &Value, has_kind: bool) -> String {
    // What did not come from the server has no kind either.
    let has_kind = has_kind && !status["kind"].is_null();
    let mut status = status.clone();
    status["kind"] = json!("Status");
    status["apiVersion"] = json!("v1");
    status["metadata"] = json!({});
    if let Some(Value::Object(details)) = status.get_mut("details") {
        details.retain(|_, value| !value.is_null() && value != "");
    }
    let mut text = "server response object: %s[".to_string();
    for line in go_order::indented(&status).lines() {
        let words = line.trim_start();
        let depth = line.len() - words.len();
        if depth != 4 || has_kind || !(words.starts_with("\"kind\"") || words.starts_with("\"apiV")) {
            text.push_str(&line[depth / 2..]);
            text.push('\n');
        }
    }
    let text = format!("{}]", text.trim_end());
    line(sys, 'I', "helpers.go:246", &text)
}
