//! What the nodes and the laptop are installed with: Ubuntu 24.04 and the tools of the class.

use super::rootfs::{COMMON, GNU, PROCESSES, Rootfs};
use linux::vfs::Vfs;

/// The learner's number and home.
const STUDENT: (&str, u32, &str, &str) = ("student", 1000, "/home/student", "/bin/bash");

/// Tools for looking at the network.
const NETWORK: &[&str] = &[
    "conntrack",
    "curl",
    "dig",
    "getent",
    "host",
    "ip",
    "iptables",
    "iptables-restore",
    "iptables-save",
    "nc",
    "nslookup",
    "ping",
    "ss",
    "tcpdump",
    "telnet",
    "traceroute",
    "wget",
];

/// What else an installed machine has.
const TOOLS: &[&str] = &[
    "apt",
    "column",
    "crictl",
    "docker",
    "git",
    "helm",
    "journalctl",
    "jq",
    "kctx",
    "kns",
    "kubectl",
    "kubectx",
    "kubens",
    "man",
    "nano",
    "ssh",
    "stern",
    "su",
    "sudo",
    "systemctl",
    "tmux",
    "tree",
    "vi",
    "vim",
];

const BASHRC: &str = r#"PS1='\u@\h:\w\$ '
HISTSIZE=1000
alias ls='ls --color=auto'
alias grep='grep --color=auto'
alias ll='ls -alF'
alias k=kubectl
"#;

fn ubuntu() -> Rootfs {
    Rootfs::merged()
        .bash()
        .programs(&[COMMON, GNU])
        .programs(&[PROCESSES])
        .programs(&[NETWORK])
        .programs(&[TOOLS])
        .users("/bin/bash", &[STUDENT])
        .os_release("ubuntu", "Ubuntu 24.04.3 LTS", "24.04")
        .file("/etc/debian_version", "trixie/sid\n")
        .file("/etc/profile", "")
        .file("/etc/bash.bashrc", "PS1='\\u@\\h:\\w\\$ '\n")
        .file("/usr/share/bash-completion/completions/kubectl", crate::programs::kubectl::COMPLETION)
        .file("/root/.bashrc", BASHRC)
        .file("/root/.profile", "if [ -n \"$BASH_VERSION\" ]; then\n    . ~/.bashrc\nfi\n")
        .file("/home/student/.bashrc", BASHRC)
        .file("/home/student/.profile", "if [ -n \"$BASH_VERSION\" ]; then\n    . ~/.bashrc\nfi\n")
}

fn with_home(rootfs: Rootfs) -> Vfs {
    let root = rootfs.done();
    for path in ["/home/student", "/home/student/.bashrc", "/home/student/.profile"] {
        root.chown(path, STUDENT.1, STUDENT.1).expect("it was just put there");
    }
    for setuid in ["/usr/bin/sudo", "/usr/bin/su"] {
        // Those that are installed run as root, whoever calls them.
        let _ = root.chmod(setuid, 0o4755);
    }
    root
}

/// A node of the cluster, or the learner's machine outside of it.
pub fn machine_rootfs() -> Vfs {
    with_home(ubuntu())
}
