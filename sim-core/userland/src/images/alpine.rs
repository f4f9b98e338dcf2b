//! `alpine`: a small distribution; busybox and nothing else.

use super::ImageInfo;
use super::rootfs::{BUSYBOX, COMMON, Rootfs, image};

/// The image.
pub(super) const IMAGE: ImageInfo = ImageInfo {
    repository: "docker.io/library/alpine",
    tags: &["latest", "3", "3.22", "3.22.2", "3.23", "3.23.2"],
    size: 3_864_189,
    build: || image(alpine(), &[], &["/bin/sh"]),
};

/// Alpine Linux.
pub(super) fn alpine() -> Rootfs {
    Rootfs::merged()
        .sh()
        .programs(&[COMMON, BUSYBOX])
        .users("/bin/sh", &[])
        .os_release("alpine", "Alpine Linux v3.23", "3.23.2")
        .file("/etc/alpine-release", "3.23.2\n")
        .file("/root/.bashrc", "PS1='\\w \\$ '\n")
}
