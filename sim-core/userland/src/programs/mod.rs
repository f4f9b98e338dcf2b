//! Programs: what `/usr/bin` holds.
//!
//! Each file is a program (or a few of a kind) of the real name: `async fn main(sys, args)`, its options as the real
//! one has them, its texts to the letter. What the real one can do and ours cannot, it says: `NAME: WHAT is not
//! simulated`, status 2. [`support`] is what they share, [`PROGRAMS`] the table that file systems are filled from.

pub mod absent;
pub mod awk;
pub mod base64;
pub mod basename;
pub mod cat;
pub mod chmod;
pub mod column;
pub mod conntrack;
pub mod cp;
pub mod curl;
pub mod cut;
pub mod date;
pub mod diff;
pub mod dns;
pub mod echo;
pub mod env;
pub mod expr;
pub mod filters;
pub mod find;
pub mod getent;
pub mod grep;
pub mod head;
pub mod id;
pub mod ip;
pub mod iptables;
pub mod jq;
pub mod kill;
pub mod kubectl;
pub mod kubectx;
pub mod less;
pub mod ln;
pub mod lookup;
pub mod ls;
pub mod mkdir;
pub mod nano;
pub mod nc;
pub mod ping;
pub mod printf;
pub mod ps;
pub mod rm;
pub mod sed;
pub mod seq;
pub mod sha256sum;
pub mod sleep;
pub mod sort;
pub mod ss;
pub mod stat;
pub mod sudo;
pub mod support;
pub mod system;
pub mod tail;
pub mod tar;
pub mod tee;
pub mod terminal;
pub mod test;
#[cfg(test)]
mod test_bed;
pub mod touch;
pub mod tr;
pub mod tree;
pub mod uname;
pub mod uniq;
pub mod vi;
pub mod watch;
pub mod wc;
pub mod wget;
pub mod xargs;

use linux::{ExitCode, Program, Sys};

/// Every program, by name; those of [`absent`] only say that they are not simulated.
pub const PROGRAMS: &[Program] = &[
    test::BRACKET,
    absent::APK,
    absent::APT,
    absent::APT_GET,
    uname::ARCH,
    awk::PROGRAM,
    base64::PROGRAM,
    basename::BASENAME,
    cat::PROGRAM,
    chmod::CHGRP,
    chmod::CHMOD,
    chmod::CHOWN,
    terminal::CLEAR,
    column::PROGRAM,
    filters::COMM,
    conntrack::PROGRAM,
    cp::CP,
    absent::CRICTL,
    curl::CURL,
    cut::PROGRAM,
    date::PROGRAM,
    system::DF,
    diff::PROGRAM,
    dns::DIG,
    basename::DIRNAME,
    absent::DOCKER,
    stat::DU,
    echo::PROGRAM,
    grep::EGREP,
    absent::EMACS,
    env::ENV,
    expr::PROGRAM,
    seq::FALSE,
    grep::FGREP,
    absent::FILE,
    find::PROGRAM,
    filters::FOLD,
    system::FREE,
    getent::PROGRAM,
    absent::GIT,
    grep::PROGRAM,
    id::GROUPS,
    head::PROGRAM,
    absent::HELM,
    dns::HOST,
    uname::HOSTNAME,
    absent::HTOP,
    id::ID,
    ip::PROGRAM,
    iptables::PROGRAM,
    iptables::RESTORE,
    iptables::SAVE,
    absent::JOIN,
    absent::JOURNALCTL,
    jq::PROGRAM,
    kubectx::KCTX,
    kill::KILL,
    kubectx::KNS,
    absent::KUBEADM,
    kubectl::KUBECTL,
    kubectx::KUBECTX,
    kubectx::KUBENS,
    less::LESS,
    ln::LN,
    ls::PROGRAM,
    absent::MAN,
    absent::MD5SUM,
    mkdir::MKDIR,
    less::MORE,
    absent::MOUNT,
    cp::MV,
    nano::PROGRAM,
    nc::PROGRAM,
    filters::NL,
    env::NOHUP,
    uname::NPROC,
    dns::NSLOOKUP,
    absent::PACMAN,
    filters::PASTE,
    kill::PGREP,
    kill::PIDOF,
    ping::PROGRAM,
    kill::PKILL,
    env::PRINTENV,
    printf::PROGRAM,
    ps::PROGRAM,
    system::PWD,
    absent::PYTHON3,
    ln::READLINK,
    ln::REALPATH,
    terminal::RESET,
    filters::REV,
    rm::PROGRAM,
    mkdir::RMDIR,
    absent::SCP,
    absent::SCREEN,
    sed::PROGRAM,
    seq::SEQ,
    sha256sum::PROGRAM,
    filters::SHUF,
    sleep::SLEEP,
    sort::PROGRAM,
    absent::SPLIT,
    ss::PROGRAM,
    absent::SSH,
    stat::STAT,
    kubectl::STERN,
    terminal::STTY,
    absent::SU,
    sudo::PROGRAM,
    system::SYNC,
    absent::SYSTEMCTL,
    filters::TAC,
    tail::PROGRAM,
    tar::PROGRAM,
    absent::TCPDUMP,
    tee::PROGRAM,
    absent::TELNET,
    test::TEST,
    sleep::TIMEOUT,
    absent::TMUX,
    absent::TOP,
    touch::PROGRAM,
    terminal::TPUT,
    tr::PROGRAM,
    absent::TRACEROUTE,
    tree::PROGRAM,
    seq::TRUE,
    terminal::TTY,
    uname::UNAME,
    uniq::PROGRAM,
    system::UPTIME,
    vi::VI,
    vi::VIM,
    absent::W,
    watch::PROGRAM,
    wc::PROGRAM,
    wget::PROGRAM,
    system::WHICH,
    id::WHOAMI,
    xargs::PROGRAM,
    seq::YES,
];

/// The program of this name.
pub fn find(name: &str) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.name == name)
}

/// What GNU programs add to a complaint about their command line; the status is 1.
async fn usage_hint(sys: &Sys, name: &str) -> ExitCode {
    sys.err(&format!("Try '{name} --help' for more information.\n")).await;
    1
}

/// The complaint about a command line without operands.
async fn missing_operand(sys: &Sys, name: &str) -> ExitCode {
    support::text::complain(sys, name, "missing operand").await;
    usage_hint(sys, name).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        let names: Vec<&str> = PROGRAMS.iter().map(|program| program.name).collect();
        assert!(names.is_sorted(), "{names:?}");
    }
}
