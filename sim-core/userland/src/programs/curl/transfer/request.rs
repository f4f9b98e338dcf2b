//! Requests: method, heads and body, from the options.

use super::{CurlError, Session};
use crate::programs::curl::options::DataPart;
use crate::programs::curl::url::Url;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};

impl Session<'_> {
    /// The method, as the options have it.
    pub(super) fn method(&self) -> String {
        let options = self.options;
        match &options.method {
            Some(method) => method.clone(),
            None if options.head => "HEAD".to_string(),
            None if options.data.is_some() && !options.get => "POST".to_string(),
            None => "GET".to_string(),
        }
    }

    /// What is sent with the request.
    pub(super) async fn body(&self) -> Result<Option<Vec<u8>>, CurlError> {
        let Some(parts) = &self.options.data else { return Ok(None) };
        let mut body = Vec::new();
        for part in parts {
            if !body.is_empty() {
                body.push(b'&');
            }
            match part {
                DataPart::Text(text) => body.extend_from_slice(text.as_bytes()),
                DataPart::File { path, strip } => {
                    let contents = if path == "-" {
                        self.sys.read_to_end(0).await
                    } else {
                        self.sys.read_file(path).await
                    };
                    let contents =
                        contents.map_err(|_| CurlError::new(26, format!("Failed to open {path}")))?;
                    body.extend(
                        contents.into_iter().filter(|byte| !strip || !matches!(byte, b'\r' | b'\n' | 0)),
                    );
                }
            }
        }
        Ok(Some(body))
    }

    /// The heads of the request, in the order in which curl sends them.
    pub(super) fn request_headers(&self, url: &Url, body: &Option<Vec<u8>>) -> Vec<(String, String)> {
        let options = self.options;
        let custom: Vec<(String, Option<String>)> =
            options.headers.iter().filter_map(|line| custom_header(line)).collect();
        let own = |name: &str| custom.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        let mut headers = Vec::new();
        let mut standard = |name: &str, value: Option<String>| {
            if own(name).is_none()
                && let Some(value) = value
            {
                headers.push((name.to_string(), value));
            }
        };
        let host = own("Host").and_then(|(_, value)| value.clone()).unwrap_or_else(|| url.authority());
        let user = options.user.clone().or_else(|| url.user.clone());
        let user = user.map(|user| if user.contains(':') { user } else { format!("{user}:") });
        standard("Authorization", user.map(|user| format!("Basic {}", BASE64.encode(user.as_bytes()))));
        standard(
            "User-Agent",
            Some(options.user_agent.clone().unwrap_or_else(|| "curl/7.88.1".into()))
                .filter(|a| !a.is_empty()),
        );
        standard("Accept", Some("*/*".into()));
        standard("Referer", options.referer.clone());
        standard("Cookie", options.cookie.clone().filter(|cookie| cookie.contains('=')));
        headers.insert(0, ("Host".into(), host));
        let custom = custom.into_iter().filter(|(name, _)| !name.eq_ignore_ascii_case("Host"));
        let has_type =
            options.headers.iter().any(|line| line.to_ascii_lowercase().starts_with("content-type:"));
        headers.extend(custom.filter_map(|(name, value)| Some((name, value?))));
        if let Some(body) = body.as_ref().filter(|_| !options.get) {
            headers.push(("Content-Length".into(), body.len().to_string()));
            if !has_type {
                headers.push(("Content-Type".into(), "application/x-www-form-urlencoded".into()));
            }
        }
        headers
    }
}

/// `Name: value`, `Name:` to leave one out, `Name;` for an empty one.
fn custom_header(line: &str) -> Option<(String, Option<String>)> {
    if let Some((name, value)) = line.split_once(':') {
        let value = value.trim();
        return Some((name.to_string(), (!value.is_empty()).then(|| value.to_string())));
    }
    line.strip_suffix(';').map(|name| (name.to_string(), Some(String::new())))
}
