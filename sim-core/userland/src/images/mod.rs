//! Images: what `docker.io` hands out in this world, and what the machines themselves are installed with.
//!
//! Each file is an image: its root file system, its entry point and, where it has one, its server. A name that is not in
//! [`IMAGES`] cannot be pulled, as a name that nobody has pushed.
//!
//! Reading order: [`rootfs`] (the distributions), [`registry`], [`machines`], [`web`] (what the servers share), then the
//! images.

mod alpine;
mod archlinux;
mod busybox;
mod color;
mod hpa_example;
mod httpd;
mod machines;
mod nginx;
mod perl;
mod redis;
mod registry;
mod rootfs;
mod web;

pub use machines::machine_rootfs;
pub use registry::Registry;

use kube::kubelet::Image;

/// An image of the registry.
pub struct ImageInfo {
    /// Repository, for example `docker.io/library/nginx`.
    pub repository: &'static str,
    /// Tags that exist.
    pub tags: &'static [&'static str],
    /// Bytes to download.
    pub size: u64,
    /// Makes it; digest and size are filled in by the registry.
    pub build: fn() -> Image,
}

/// All images, by repository.
pub const IMAGES: &[ImageInfo] = &[
    color::IMAGE,
    alpine::IMAGE,
    archlinux::IMAGE,
    busybox::IMAGE,
    httpd::IMAGE,
    nginx::IMAGE,
    perl::IMAGE,
    redis::IMAGE,
    hpa_example::IMAGE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(IMAGES.is_sorted_by_key(|image| image.repository));
    }

    #[test]
    fn entry_points_are_there() {
        for info in IMAGES {
            let image = (info.build)();
            let command = image.entrypoint.iter().chain(&image.cmd).next().expect("an image has a command");
            let found = if command.starts_with('/') {
                image.rootfs.stat(command).is_ok()
            } else {
                [
                    "/usr/local/sbin",
                    "/usr/local/bin",
                    "/usr/sbin",
                    "/usr/bin",
                    "/sbin",
                    "/bin",
                    "/usr/local/apache2/bin",
                ]
                .iter()
                .any(|folder| image.rootfs.stat(&format!("{folder}/{command}")).is_ok())
            };
            assert!(found, "{}: {command}", info.repository);
        }
    }
}
