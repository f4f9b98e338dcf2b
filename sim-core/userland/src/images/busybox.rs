//! `busybox`: one binary that is two hundred programs.

use super::ImageInfo;
use super::rootfs::{BUSYBOX, COMMON, Rootfs, image};

/// The image.
pub(super) const IMAGE: ImageInfo = ImageInfo {
    repository: "docker.io/library/busybox",
    tags: &["latest", "1.28", "1", "1.37", "1.37.0", "glibc", "musl", "stable", "uclibc"],
    size: 2_224_229,
    build: || {
        let root = Rootfs::merged().sh().programs(&[COMMON, BUSYBOX]).users("/bin/sh", &[]);
        image(root.file("/root/.bashrc", "PS1='\\w \\$ '\n"), &[], &["sh"])
    },
};
