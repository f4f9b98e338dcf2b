//! Root file systems: what a distribution puts there, as far as anybody looks.

use crate::programs::PROGRAMS;
use crate::shell::BASH;
use kube::kubelet::Image;
use linux::vfs::Vfs;
use linux::{Program, Signal};

/// What people use on every system, whether of GNU or of busybox.
pub(super) const COMMON: &[&str] = &[
    "[",
    "awk",
    "base64",
    "basename",
    "cat",
    "chmod",
    "chown",
    "clear",
    "cp",
    "cut",
    "date",
    "df",
    "diff",
    "dirname",
    "du",
    "echo",
    "env",
    "expr",
    "false",
    "find",
    "fold",
    "grep",
    "head",
    "hostname",
    "id",
    "ln",
    "ls",
    "md5sum",
    "mkdir",
    "mv",
    "nl",
    "nproc",
    "paste",
    "printf",
    "pwd",
    "readlink",
    "realpath",
    "reset",
    "rev",
    "rm",
    "rmdir",
    "sed",
    "seq",
    "sha256sum",
    "shuf",
    "sleep",
    "sort",
    "stat",
    "sync",
    "tac",
    "tail",
    "tar",
    "tee",
    "test",
    "timeout",
    "touch",
    "tr",
    "true",
    "uname",
    "uniq",
    "wc",
    "which",
    "whoami",
    "xargs",
    "yes",
];

/// What every GNU system has beside the [`COMMON`] programs.
pub(super) const GNU: &[&str] = &[
    "arch", "chgrp", "comm", "egrep", "fgrep", "file", "getent", "groups", "join", "nohup", "printenv",
    "split", "stty", "tput", "tty",
];

/// Looking at processes (procps), in larger installations.
pub(super) const PROCESSES: &[&str] =
    &["free", "kill", "less", "more", "pgrep", "pidof", "pkill", "ps", "top", "uptime", "w", "watch"];

/// The applets of busybox that people use, beside the [`COMMON`] ones.
pub(super) const BUSYBOX: &[&str] = &[
    "free", "ip", "kill", "less", "more", "nc", "nslookup", "ping", "ps", "tree", "uptime", "vi", "watch",
    "wget",
];

/// Folders that every root file system has.
const FOLDERS: &[&str] = &[
    "/dev",
    "/etc",
    "/home",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/srv",
    "/sys",
    "/tmp",
    "/usr/bin",
    "/usr/lib",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/sbin",
    "/usr/share",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/tmp",
];

/// A tree in the making. Nothing stands in the way of what is put there, so nothing can fail.
pub(super) struct Rootfs(Vfs);

impl Rootfs {
    /// With `/bin` and its like as links into `/usr`, as today's distributions have it.
    pub(super) fn merged() -> Rootfs {
        let root = Rootfs(Vfs::new());
        for folder in FOLDERS {
            root.0.mkdir_all(folder).expect("a new tree takes folders");
        }
        for (link, target) in [("/bin", "usr/bin"), ("/sbin", "usr/sbin"), ("/lib", "usr/lib")] {
            root.0.symlink(target, link).expect("a new tree takes links");
        }
        root.0.chmod("/tmp", 0o1777).expect("it is there");
        root.0.chmod("/root", 0o700).expect("it is there");
        root
    }

    /// Puts a text file.
    pub(super) fn file(self, path: &str, contents: &str) -> Rootfs {
        self.0.put(path, contents, 0o644).expect("a new tree takes files");
        self
    }

    /// Puts a program into a folder.
    pub(super) fn program(self, folder: &str, program: &Program) -> Rootfs {
        self.0
            .put_program(&format!("{folder}/{}", program.name), program)
            .expect("a new tree takes programs");
        self
    }

    /// Puts programs of the table into `/usr/bin`. A name without a program is one that is not there yet.
    pub(super) fn programs(self, lists: &[&[&str]]) -> Rootfs {
        let root = self;
        let named = |program: &&Program| lists.iter().any(|names| names.contains(&program.name));
        for program in PROGRAMS.iter().filter(named) {
            root.0
                .put_program(&format!("/usr/bin/{}", program.name), program)
                .expect("a new tree takes programs");
        }
        root
    }

    /// The shell, under its own name and as `sh`.
    pub(super) fn bash(self) -> Rootfs {
        let root = self.program("/usr/bin", &BASH);
        root.0.symlink("bash", "/usr/bin/sh").expect("a new tree takes links");
        root
    }

    /// The shell as `sh` alone, where the real image has a smaller one.
    pub(super) fn sh(self) -> Rootfs {
        self.0.put_program("/usr/bin/sh", &BASH).expect("a new tree takes programs");
        self
    }

    /// `/etc/passwd` and `/etc/group`, with further users (name, number, home, shell).
    pub(super) fn users(self, shell: &str, more: &[(&str, u32, &str, &str)]) -> Rootfs {
        let mut passwd = format!(
            "root:x:0:0:root:/root:{shell}\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
        );
        let mut group = "root:x:0:\nnogroup:x:65534:\n".to_string();
        for (name, id, home, shell) in more {
            passwd += &format!("{name}:x:{id}:{id}::{home}:{shell}\n");
            group += &format!("{name}:x:{id}:\n");
        }
        self.file("/etc/passwd", &passwd).file("/etc/group", &group)
    }

    /// Who the system says it is.
    pub(super) fn os_release(self, id: &str, name: &str, version: &str) -> Rootfs {
        let version = if version.is_empty() { String::new() } else { format!("VERSION_ID=\"{version}\"\n") };
        self.file("/etc/os-release", &format!("PRETTY_NAME=\"{name}\"\nNAME=\"{name}\"\nID={id}\n{version}"))
    }

    pub(super) fn done(self) -> Vfs {
        self.0
    }
}

/// Debian 12, as slim images of Docker's library have it.
pub(super) fn debian() -> Rootfs {
    Rootfs::merged()
        .bash()
        .programs(&[COMMON, GNU])
        .users("/bin/bash", &[])
        .os_release("debian", "Debian GNU/Linux 12 (bookworm)", "12")
        .file("/etc/debian_version", "12.12\n")
        .file("/etc/bash.bashrc", "PS1='${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ '\n")
        .file("/root/.bashrc", "PS1='${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ '\n")
}

/// What images have in common: the path, no user, SIGTERM.
pub(super) fn image(rootfs: Rootfs, entrypoint: &[&str], cmd: &[&str]) -> Image {
    let words = |words: &[&str]| words.iter().map(|word| word.to_string()).collect();
    Image {
        digest: String::new(),
        size: 0,
        rootfs: rootfs.done(),
        entrypoint: words(entrypoint),
        cmd: words(cmd),
        env: vec![("PATH".into(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into())],
        workdir: String::new(),
        user: (0, 0),
        exposed_ports: Vec::new(),
        stop_signal: Signal::TERM,
    }
}
