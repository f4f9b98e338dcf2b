//! `archlinux`: a rolling distribution; its base has curl and ping, which is why classes use it.

use super::ImageInfo;
use super::rootfs::{COMMON, GNU, PROCESSES, Rootfs, image};

/// The image.
pub(super) const IMAGE: ImageInfo = ImageInfo {
    repository: "docker.io/library/archlinux",
    tags: &["latest", "base", "base-devel"],
    size: 177_405_952,
    build: || {
        let root = Rootfs::merged()
            .bash()
            .programs(&[COMMON, GNU])
            .programs(&[PROCESSES])
            .programs(&[&["curl", "ip", "pacman", "ping", "ss"]])
            .users("/usr/bin/bash", &[])
            .os_release("arch", "Arch Linux", "")
            .file("/etc/arch-release", "")
            .file("/etc/bash.bashrc", "PS1='[\\u@\\h \\W]\\$ '\n")
            .file("/root/.bashrc", "PS1='[\\u@\\h \\W]\\$ '\n");
        image(root, &[], &["/usr/bin/bash"])
    },
};
