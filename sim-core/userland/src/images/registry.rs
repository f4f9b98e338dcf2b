//! The registry: names to images, each built once.

use super::{IMAGES, ImageInfo};
use kube::kubelet::{Image, ImageRef, ImageRegistry, PullError};
use sha2::{Digest, Sha256};
use sim::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;

/// All registries of this world.
#[derive(Default)]
pub struct Registry {
    built: RefCell<SortedMap<&'static str, Rc<Image>>>,
}

/// Registries that can be reached, besides Docker's.
const KNOWN_HOSTS: &[&str] = &["docker.io", "gcr.io", "ghcr.io", "quay.io", "registry.k8s.io"];

impl ImageRegistry for Registry {
    fn resolve(&self, reference: &ImageRef) -> Result<Rc<Image>, PullError> {
        if !KNOWN_HOSTS.contains(&reference.domain.as_str()) {
            return Err(PullError::NoSuchHost);
        }
        let repository = reference.repository();
        let info = IMAGES.iter().find(|image| image.repository == repository).ok_or(PullError::Denied)?;
        let image =
            self.built.borrow_mut().entry(info.repository).or_insert_with(|| Rc::new(build(info))).clone();
        let tagged = reference.suffix.strip_prefix(':').is_some_and(|tag| info.tags.contains(&tag));
        if tagged || reference.suffix.strip_prefix('@') == Some(&image.digest) {
            Ok(image)
        } else {
            Err(PullError::NotFound)
        }
    }
}

fn build(info: &ImageInfo) -> Image {
    let digest = format!("sha256:{}", base16ct::lower::encode_string(&Sha256::digest(info.repository)));
    Image { digest, size: info.size, ..(info.build)() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(name: &str) -> Result<u64, PullError> {
        let reference = ImageRef::parse(name).expect("a name");
        Registry::default().resolve(&reference).map(|image| image.size)
    }

    #[test]
    fn what_nobody_has_pushed_cannot_be_pulled() {
        assert!(resolve("nginx").is_ok());
        assert!(resolve("jpetazzo/color").is_ok());
        assert_eq!(resolve("nginx:nosuch"), Err(PullError::NotFound));
        assert_eq!(resolve("jpetazzo/colour"), Err(PullError::Denied));
        assert_eq!(resolve("registry.example/nginx"), Err(PullError::NoSuchHost));
    }
}
