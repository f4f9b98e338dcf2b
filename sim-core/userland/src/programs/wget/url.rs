//! Addresses as `wget` reads them.

/// A URL taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) path: String,
}

impl Url {
    pub(super) fn read(text: &str) -> Result<Url, String> {
        let rest = match text.split_once("://") {
            Some(("http", rest)) => rest,
            Some((scheme, _)) => return Err(scheme.to_string()),
            None => text,
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (place, path) = rest.split_at(end);
        let path = if path.starts_with('/') { path.to_string() } else { format!("/{path}") };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| String::new())?),
            None => (place, 80),
        };
        Ok(Url { host: host.to_string(), port, path })
    }

    pub(super) fn shown(&self) -> String {
        let port = if self.port == 80 { String::new() } else { format!(":{}", self.port) };
        format!("http://{}{port}{}", self.host, self.path)
    }

    /// Where a `Location` leads to.
    pub(super) fn join(&self, location: &str) -> Result<Url, String> {
        if location.contains("://") {
            return Url::read(location);
        }
        let path = match location.strip_prefix('/') {
            Some(_) => location.to_string(),
            None => {
                let folder = self
                    .path
                    .split('?')
                    .next()
                    .unwrap_or("/")
                    .rsplit_once('/')
                    .map_or("", |(folder, _)| folder);
                format!("{folder}/{location}")
            }
        };
        Ok(Url { path, ..self.clone() })
    }

    /// The name of the file that it is saved as.
    pub(super) fn file_name(&self) -> String {
        let name = self.path.rsplit('/').next().unwrap_or("");
        if name.is_empty() { "index.html".into() } else { name.to_string() }
    }
}
