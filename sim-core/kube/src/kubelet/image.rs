//! Images: their names, and what a registry hands out for one.

use linux::{Signal, vfs::Vfs};
use std::fmt;
use std::rc::Rc;

/// An image as a registry has it.
#[derive(Clone)]
pub struct Image {
    /// `sha256:…` of its manifest.
    pub digest: String,
    /// Bytes to download.
    pub size: u64,
    /// Its file system; every container gets a fork of it.
    pub rootfs: Vfs,
    /// `ENTRYPOINT`.
    pub entrypoint: Vec<String>,
    /// `CMD`.
    pub cmd: Vec<String>,
    /// `ENV`, in order.
    pub env: Vec<(String, String)>,
    /// `WORKDIR`; empty means `/`.
    pub workdir: String,
    /// `USER` as numbers: user and group.
    pub user: (u32, u32),
    /// `EXPOSE`.
    pub exposed_ports: Vec<u16>,
    /// `STOPSIGNAL`.
    pub stop_signal: Signal,
}

/// Why an image cannot be had; the texts are containerd's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullError {
    /// The registry does not know the repository, or does not show it.
    Denied,
    /// The repository exists, the tag or digest does not.
    NotFound,
    /// There is no such registry.
    NoSuchHost,
}

/// All registries of the world: who builds a world hands one in.
pub trait ImageRegistry {
    /// Looks an image up.
    ///
    /// # Errors
    /// As a real registry would answer.
    fn resolve(&self, reference: &ImageRef) -> Result<Rc<Image>, PullError>;
}

/// The full name of an image: `docker.io/library/nginx:latest`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageRef {
    /// `docker.io`
    pub domain: String,
    /// `library/nginx`
    pub path: String,
    /// `:latest` or `@sha256:…`, with its mark.
    pub suffix: String,
}

impl ImageRef {
    /// Reads a name as people write it. Models distribution/reference `ParseDockerRef`.
    ///
    /// # Errors
    /// The text of `couldn't parse image name`'s cause.
    pub fn parse(text: &str) -> Result<ImageRef, String> {
        let invalid = || "invalid reference format".to_string();
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (name, None),
        };
        let (domain, path) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
                (first, rest.to_string())
            }
            Some(_) => ("docker.io", name.to_string()),
            None => ("docker.io", format!("library/{name}")),
        };
        let domain = if domain == "index.docker.io" { "docker.io" } else { domain };
        if path.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(format!("invalid reference format: repository name ({path}) must be lowercase"));
        }
        let component_ok = |part: &str| {
            let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
            edge(part.chars().next())
                && edge(part.chars().next_back())
                && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
        };
        let tag_ok = |tag: &str| {
            !tag.is_empty()
                && tag.len() <= 128
                && !tag.starts_with(['.', '-'])
                && tag.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        };
        let digest_ok = |digest: &str| {
            digest
                .strip_prefix("sha256:")
                .is_some_and(|hex| hex.len() == 64 && hex.chars().all(|c| c.is_ascii_hexdigit()))
        };
        if !path.split('/').all(component_ok)
            || tag.is_some_and(|tag| !tag_ok(tag))
            || digest.is_some_and(|digest| !digest_ok(digest))
        {
            return Err(invalid());
        }
        let suffix = match (digest, tag) {
            (Some(digest), _) => format!("@{digest}"),
            (None, tag) => format!(":{}", tag.unwrap_or("latest")),
        };
        Ok(ImageRef { domain: domain.to_string(), path, suffix })
    }

    /// Domain and path, without tag or digest.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.domain, self.path)
    }

    /// Why it could not be pulled, as the event says it. gRPC's `Unknown` is stripped by kubelet, other codes are
    /// not (pkg/kubelet/cri-client).
    pub fn pull_error(&self, error: PullError) -> String {
        let text =
            format!("failed to pull and unpack image \"{self}\": failed to resolve reference \"{self}\": ");
        match error {
            PullError::Denied => format!(
                "{text}pull access denied, repository does not exist or may require authorization: \
                 server message: insufficient_scope: authorization failed"
            ),
            PullError::NotFound => format!("rpc error: code = NotFound desc = {text}{self}: not found"),
            PullError::NoSuchHost => format!(
                "{text}failed to do request: Head \"https://{}/v2/{}/manifests/{}\": \
                 dial tcp: lookup {} on 10.10.0.1:53: no such host",
                self.domain,
                self.path,
                &self.suffix[1..],
                self.domain.split(':').next().unwrap_or(""),
            ),
        }
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.domain, self.path, self.suffix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(text: &str) -> String {
        ImageRef::parse(text).map_or_else(|e| e, |r| r.to_string())
    }

    #[test]
    fn names_are_completed() {
        assert_eq!(full("nginx"), "docker.io/library/nginx:latest");
        assert_eq!(full("jpetazzo/color"), "docker.io/jpetazzo/color:latest");
        assert_eq!(full("registry.k8s.io/pause:3.10"), "registry.k8s.io/pause:3.10");
        assert_eq!(full("localhost:5000/a/b:c"), "localhost:5000/a/b:c");
        assert_eq!(
            full("NGINX"),
            "invalid reference format: repository name (library/NGINX) must be lowercase"
        );
        assert_eq!(full("nginx:"), "invalid reference format");
        assert_eq!(full("a b"), "invalid reference format");
    }

    #[test]
    fn errors_are_containerds() {
        let reference = ImageRef::parse("nosuch").expect("a name");
        assert_eq!(
            reference.pull_error(PullError::Denied),
            "failed to pull and unpack image \"docker.io/library/nosuch:latest\": failed to resolve reference \
             \"docker.io/library/nosuch:latest\": pull access denied, repository does not exist or may require \
             authorization: server message: insufficient_scope: authorization failed"
        );
    }
}
