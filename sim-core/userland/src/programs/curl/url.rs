//! Addresses as curl takes them: `host`, `host:port/path`, `http://...`.

use super::error::CurlError;

/// An address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) scheme: Scheme,
    pub(super) host: String,
    pub(super) port: u16,
    /// Path and query, beginning with `/`.
    pub(super) target: String,
    pub(super) user: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(super) fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    fn port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

impl Url {
    pub(super) fn parse(text: &str) -> Result<Url, CurlError> {
        let malformed = || CurlError::new(3, "URL using bad/illegal format or missing URL");
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
                "http" => (Scheme::Http, rest),
                "https" => (Scheme::Https, rest),
                other => {
                    let message = format!("Protocol \"{other}\" not supported or disabled in libcurl");
                    return Err(CurlError::new(1, message));
                }
            },
            None => (Scheme::Http, text),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let (user, host_port) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user.to_string()), host),
            None => (None, authority),
        };
        let (host, port) = match host_port.rsplit_once(':') {
            Some((host, "")) => (host, scheme.port()),
            Some((host, port)) => {
                let number = port.parse::<u16>().map_err(|_| {
                    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
                    let why = if digits {
                        "Port number was not a decimal number between 0 and 65535"
                    } else {
                        "URL using bad/illegal format or missing URL"
                    };
                    CurlError::new(3, why)
                })?;
                (host, number)
            }
            None => (host_port, scheme.port()),
        };
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(malformed());
        }
        if target.contains(|c: char| c.is_control() || c == ' ') {
            return Err(malformed());
        }
        let target = target.split('#').next().unwrap_or("");
        let target = if target.starts_with('/') { target.to_string() } else { format!("/{target}") };
        Ok(Url { scheme, host: host.to_string(), port, target, user })
    }

    /// The address that a `Location` header leads to from here.
    pub(super) fn join(&self, location: &str) -> Result<Url, CurlError> {
        if location.contains("://") {
            return Url::parse(location);
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Url::parse(&format!("{}://{rest}", self.scheme.name()));
        }
        let target = if location.starts_with('/') {
            location.to_string()
        } else {
            let path = self.target.split('?').next().unwrap_or("/");
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{location}")
        };
        Ok(Url { target, ..self.clone() })
    }

    /// What the `Host` header says.
    pub(super) fn authority(&self) -> String {
        if self.port == self.scheme.port() {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The file name of `-O`.
    pub(super) fn file_name(&self) -> Option<&str> {
        let path = self.target.split('?').next()?;
        path.rsplit('/').next().filter(|name| !name.is_empty())
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}{}", self.scheme.name(), self.authority(), self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let url = Url::parse("blue").expect("valid");
        assert_eq!((url.host.as_str(), url.port, url.target.as_str()), ("blue", 80, "/"));
        let url = Url::parse("http://a:b@10.0.0.1:8080/x?y=1#z").expect("valid");
        assert_eq!((url.port, url.target.as_str(), url.user.as_deref()), (8080, "/x?y=1", Some("a:b")));
        assert_eq!(url.join("z").expect("valid").target, "/z");
        assert_eq!(Url::parse("ftp://x").expect_err("not HTTP").code, 1);
        assert_eq!(Url::parse("http://").expect_err("no host").code, 3);
        assert_eq!(Url::parse("x:99999").expect_err("no such port").code, 3);
    }
}
