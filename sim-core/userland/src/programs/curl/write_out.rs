//! `-w`: what to say after a transfer.

use linux::Sys;
use std::net::SocketAddr;
use std::time::Duration;

/// What is known of a transfer.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) http_code: u16,
    pub(super) minor: u8,
    pub(super) content_type: Option<String>,
    pub(super) url: String,
    pub(super) effective: String,
    pub(super) scheme: &'static str,
    pub(super) method: String,
    pub(super) redirects: u32,
    pub(super) redirect_url: String,
    pub(super) connects: u32,
    pub(super) header_size: usize,
    pub(super) request_size: usize,
    pub(super) downloaded: u64,
    pub(super) uploaded: u64,
    pub(super) local: Option<SocketAddr>,
    pub(super) remote: Option<SocketAddr>,
    pub(super) lookup: Duration,
    pub(super) connect: Duration,
    pub(super) pretransfer: Duration,
    pub(super) start: Duration,
    pub(super) redirect: Duration,
    pub(super) total: Duration,
    pub(super) exit_code: i32,
    pub(super) error: String,
    pub(super) file: String,
}

/// Writes what a format asks for.
pub(super) async fn write(sys: &Sys, format: &str, facts: &Facts) {
    let mut out = String::new();
    let mut to_stderr = false;
    let mut rest = format;
    while let Some(at) = rest.find(['%', '\\']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(tail) = rest.strip_prefix("%{") {
            let Some(end) = tail.find('}') else {
                out.push_str("%{");
                rest = tail;
                continue;
            };
            match &tail[..end] {
                "stderr" | "stdout" => {
                    flush(sys, &mut out, to_stderr).await;
                    to_stderr = &tail[..end] == "stderr";
                }
                "onerror" => {
                    if facts.exit_code == 0 {
                        break;
                    }
                }
                name => match value(name, facts) {
                    Some(value) => out.push_str(&value),
                    None => sys.err(&format!("curl: unknown --write-out variable: '{name}'\n")).await,
                },
            }
            rest = &tail[end + 1..];
        } else {
            let two = rest.get(..2).unwrap_or(rest);
            out.push_str(match two {
                "\\n" => "\n",
                "\\r" => "\r",
                "\\t" => "\t",
                "%%" => "%",
                other => other,
            });
            rest = &rest[two.len()..];
        }
    }
    if !rest.starts_with("%{onerror}") {
        out.push_str(rest);
    }
    flush(sys, &mut out, to_stderr).await;
}

async fn flush(sys: &Sys, out: &mut String, to_stderr: bool) {
    let text = std::mem::take(out);
    if to_stderr {
        sys.err(&text).await;
    } else {
        sys.out(&text).await;
    }
}

fn value(name: &str, facts: &Facts) -> Option<String> {
    let time = |duration: Duration| format!("{:.6}", duration.as_micros() as f64 / 1e6);
    let speed = |bytes: u64| {
        let seconds = facts.total.as_secs_f64();
        if seconds > 0.0 { ((bytes as f64 / seconds) as u64).to_string() } else { "0".into() }
    };
    let ip = |address: Option<SocketAddr>| address.map(|a| a.ip().to_string()).unwrap_or_default();
    let port = |address: Option<SocketAddr>| address.map_or(0, |a| a.port()).to_string();
    Some(match name {
        "content_type" => facts.content_type.clone().unwrap_or_default(),
        "errormsg" => facts.error.clone(),
        "exitcode" => facts.exit_code.to_string(),
        "filename_effective" => facts.file.clone(),
        "http_code" | "response_code" => format!("{:03}", facts.http_code),
        "http_connect" => "000".into(),
        "http_version" => {
            if facts.http_code == 0 {
                "0".into()
            } else {
                format!("1.{}", facts.minor)
            }
        }
        "local_ip" => ip(facts.local),
        "local_port" => port(facts.local),
        "method" => facts.method.clone(),
        "num_connects" => facts.connects.to_string(),
        "num_redirects" => facts.redirects.to_string(),
        "redirect_url" => facts.redirect_url.clone(),
        "remote_ip" => ip(facts.remote),
        "remote_port" => port(facts.remote),
        "scheme" => facts.scheme.to_ascii_uppercase(),
        "size_download" => facts.downloaded.to_string(),
        "size_header" => facts.header_size.to_string(),
        "size_request" => facts.request_size.to_string(),
        "size_upload" => facts.uploaded.to_string(),
        "speed_download" => speed(facts.downloaded),
        "speed_upload" => speed(facts.uploaded),
        "ssl_verify_result" | "proxy_ssl_verify_result" => "0".into(),
        "time_appconnect" => time(Duration::ZERO),
        "time_connect" => time(facts.connect),
        "time_namelookup" => time(facts.lookup),
        "time_pretransfer" => time(facts.pretransfer),
        "time_redirect" => time(facts.redirect),
        "time_starttransfer" => time(facts.start),
        "time_total" => time(facts.total),
        "url" => facts.url.clone(),
        "url_effective" => facts.effective.clone(),
        "urlnum" => "0".into(),
        _ => return None,
    })
}
