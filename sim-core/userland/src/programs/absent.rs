//! Programs that people know and that are not simulated: they say so, instead of `command not found`.

use super::support::{prelude::*, program};

macro_rules! absent {
    ($($constant:ident $name:literal $about:literal,)*) => {
        $(program!($constant, $name, $about, main);)*
    };
}

absent! {
    APK "apk" "Package manager of Alpine",
    APT "apt" "Package manager of Debian",
    APT_GET "apt-get" "Package manager of Debian",
    CRICTL "crictl" "Client of a container runtime",
    DOCKER "docker" "Containers",
    EMACS "emacs" "Editor",
    FILE "file" "Determine file type",
    GIT "git" "Version control",
    HELM "helm" "Package manager of Kubernetes",
    HTOP "htop" "Interactive process viewer",
    JOIN "join" "Join lines of two files",
    JOURNALCTL "journalctl" "Query the systemd journal",
    KUBEADM "kubeadm" "Bootstrap a cluster",
    MAN "man" "Manual pages",
    MD5SUM "md5sum" "Compute and check MD5 message digest",
    MOUNT "mount" "Mount a file system",
    PACMAN "pacman" "Package manager of Arch Linux",
    PYTHON3 "python3" "Programming language",
    SCP "scp" "Copy files over SSH",
    SCREEN "screen" "Terminal multiplexer",
    SPLIT "split" "Split a file into pieces",
    SSH "ssh" "Remote login",
    SU "su" "Change user",
    SYSTEMCTL "systemctl" "Control systemd",
    TCPDUMP "tcpdump" "Dump traffic on a network",
    TELNET "telnet" "Talk to a TCP port",
    TMUX "tmux" "Terminal multiplexer",
    TOP "top" "Display processes",
    TRACEROUTE "traceroute" "Print the route that packets take",
    W "w" "Show who is logged on",
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    let name = super::basename::base(&args[0], "");
    not_simulated(&sys, name, "this program").await
}
