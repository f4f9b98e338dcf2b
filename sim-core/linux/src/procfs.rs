//! `/proc`: the process table and facts about the machine, as files. Models fs/proc.

use crate::fd::{Fd, File, Object};
use crate::host::{CPUS, KERNEL_KIB, KERNEL_RELEASE, KERNEL_VERSION, MEMORY_KIB};
use crate::process::{Pid, Process, ProcessInfo};
use crate::vfs::{FileType, Stat};
use crate::{Errno, Host};
use sim::{Instant, Ordered};
use std::fmt::Write as _;
use std::rc::Rc;

/// Files about the machine, by their path below `/proc`.
const FILES: &[&str] = &[
    "cmdline",
    "cpuinfo",
    "filesystems",
    "loadavg",
    "meminfo",
    "stat",
    "sys/kernel/hostname",
    "sys/kernel/osrelease",
    "sys/kernel/ostype",
    "sys/kernel/pid_max",
    "uptime",
    "version",
];
/// Files about a process.
const PID_FILES: &[&str] = &["cmdline", "comm", "environ", "mounts", "stat", "status"];
/// Links of a process.
const PID_LINKS: &[&str] = &["cwd", "exe", "root"];

/// Something below `/proc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProcNode {
    Root,
    /// A directory of [`FILES`].
    Directory(String),
    /// One of [`FILES`].
    File(&'static str),
    /// `self`, and `mounts`, which lies in it.
    Link(&'static str),
    Pid(Pid),
    PidFile(Pid, &'static str),
    PidLink(Pid, &'static str),
    Fds(Pid),
    Descriptor(Pid, Fd),
}

impl ProcNode {
    pub(crate) fn file_type(&self) -> FileType {
        match self {
            ProcNode::Root | ProcNode::Directory(_) | ProcNode::Pid(_) | ProcNode::Fds(_) => {
                FileType::Directory
            }
            ProcNode::File(_) | ProcNode::PidFile(..) => FileType::Regular,
            ProcNode::Link(_) | ProcNode::PidLink(..) | ProcNode::Descriptor(..) => FileType::Symlink,
        }
    }
}

/// `/proc` as one process sees it.
pub(crate) struct ProcFs {
    pub host: Host,
    pub asker: Rc<Process>,
}

impl ProcFs {
    pub(crate) fn child(&self, node: &ProcNode, name: &str) -> Option<ProcNode> {
        match node {
            ProcNode::Root => match name {
                "self" => Some(ProcNode::Link("self")),
                "mounts" => Some(ProcNode::Link("mounts")),
                _ => match name.parse::<Pid>() {
                    Ok(pid) => self.info(pid).map(|_| ProcNode::Pid(pid)),
                    Err(_) => below("", name),
                },
            },
            ProcNode::Directory(path) => below(&format!("{path}/"), name),
            ProcNode::Pid(pid) => {
                if name == "fd" {
                    return Some(ProcNode::Fds(*pid));
                }
                let file = PID_FILES.iter().find(|file| **file == name);
                let link = PID_LINKS.iter().find(|link| **link == name);
                file.map(|file| ProcNode::PidFile(*pid, file))
                    .or(link.map(|link| ProcNode::PidLink(*pid, link)))
            }
            ProcNode::Fds(pid) => {
                let fd = name.parse().ok()?;
                self.descriptor(*pid, fd).map(|_| ProcNode::Descriptor(*pid, fd))
            }
            _ => None,
        }
    }

    pub(crate) fn list(&self, node: &ProcNode) -> Vec<String> {
        match node {
            ProcNode::Root => {
                let processes = self.host.processes(self.asker.pidns);
                let mut names: Vec<String> = processes.iter().map(|info| info.pid.to_string()).collect();
                names.extend(names_below(""));
                names.extend(["mounts".to_string(), "self".to_string()]);
                names.order();
                names
            }
            ProcNode::Directory(path) => names_below(&format!("{path}/")),
            ProcNode::Pid(_) => {
                let names = PID_FILES.iter().chain(PID_LINKS).chain(&["fd"]);
                let mut names: Vec<String> = names.map(|name| name.to_string()).collect();
                names.order();
                names
            }
            ProcNode::Fds(pid) => match self.host.find(self.asker.pidns, *pid) {
                Some(process) => process.fds.borrow().open_fds().iter().map(Fd::to_string).collect(),
                None => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Where a link points.
    pub(crate) fn link(&self, node: &ProcNode) -> Option<String> {
        match node {
            ProcNode::Link("self") => Some(self.asker.id.local.to_string()),
            ProcNode::Link(_) => Some("self/mounts".to_string()),
            ProcNode::PidLink(pid, name) => {
                let process = self.host.find(self.asker.pidns, *pid)?;
                Some(match *name {
                    "cwd" => process.cwd.borrow().to_string(),
                    "exe" => process.exe.borrow().to_string(),
                    _ => "/".to_string(),
                })
            }
            ProcNode::Descriptor(pid, fd) => Some(self.describe(&self.descriptor(*pid, *fd)?)),
            _ => None,
        }
    }

    /// Where a link leads that is followed by its text; one to a descriptor leads to the open file itself.
    pub(crate) fn followed(&self, node: &ProcNode) -> Option<String> {
        if matches!(node, ProcNode::Descriptor(..)) { None } else { self.link(node) }
    }

    /// The open file behind a link to a descriptor.
    pub(crate) fn descriptor(&self, pid: Pid, fd: Fd) -> Option<File> {
        let process = self.host.find(self.asker.pidns, pid)?;
        process.fds.borrow().get(fd).ok().cloned()
    }

    pub(crate) fn allows(&self, node: &ProcNode, want: u32) -> bool {
        let private = match node {
            ProcNode::Fds(pid)
            | ProcNode::Descriptor(pid, _)
            | ProcNode::PidFile(pid, "environ")
            | ProcNode::PidLink(pid, _) => Some(*pid),
            _ => None,
        };
        if self.asker.uid.get() == 0 {
            return want & 2 == 0 || matches!(node, ProcNode::Descriptor(..));
        }
        match private {
            Some(pid) => self.info(pid).is_some_and(|info| info.uid == self.asker.uid.get()),
            None => want & 2 == 0 && (want & 1 == 0 || node.file_type() == FileType::Directory),
        }
    }

    pub(crate) fn stat(&self, node: &ProcNode, follow: bool) -> Result<Stat, Errno> {
        if let ProcNode::Descriptor(pid, fd) = node
            && follow
        {
            return Ok(self.descriptor(*pid, *fd).ok_or(Errno::ENOENT)?.stat());
        }
        let file_type = node.file_type();
        let uid = match node {
            ProcNode::Pid(pid)
            | ProcNode::PidFile(pid, _)
            | ProcNode::PidLink(pid, _)
            | ProcNode::Fds(pid)
            | ProcNode::Descriptor(pid, _) => self.info(*pid).ok_or(Errno::ENOENT)?.uid,
            _ => 0,
        };
        let mode = match file_type {
            FileType::Directory => 0o555,
            FileType::Symlink => 0o777,
            _ => 0o444,
        };
        let mtime: Instant = self.host.sim().now();
        Ok(Stat { file_type, mode, uid, gid: uid, size: 0, nlink: 1, ino: 1, mtime, rdev: (0, 0) })
    }

    pub(crate) fn read(&self, node: &ProcNode) -> Result<Vec<u8>, Errno> {
        match node {
            ProcNode::File(name) => Ok(self.machine(name).into_bytes()),
            ProcNode::PidFile(pid, name) => {
                let info = self.info(*pid).ok_or(Errno::ENOENT)?;
                Ok(self.process(&info, name))
            }
            _ => Err(Errno::EISDIR),
        }
    }

    fn info(&self, pid: Pid) -> Option<ProcessInfo> {
        let pidns = self.asker.pidns;
        if pidns == 0 && pid == 1 {
            return Some(self.host.init());
        }
        let process = self.host.find(pidns, pid)?;
        let mut info = process.info(pidns, self.host.sim().now());
        if Rc::ptr_eq(&process, &self.asker) {
            info.state = 'R';
        }
        Some(info)
    }

    fn describe(&self, file: &File) -> String {
        match file.object() {
            Object::Null => "/dev/null".to_string(),
            Object::Zero => "/dev/zero".to_string(),
            Object::Full => "/dev/full".to_string(),
            Object::Random(_) => "/dev/urandom".to_string(),
            Object::Tty(tty) => format!("/dev/pts/{}", tty.number().unwrap_or(0)),
            Object::PipeReader(_) | Object::PipeWriter(_) => "pipe:[21843]".to_string(),
            Object::Regular(_, _, path) | Object::Directory(_, path) => path.to_string(),
            Object::Socket(_) => "socket:[21907]".to_string(),
            Object::Snapshot(_) => "anon_inode:[file]".to_string(),
        }
    }

    fn machine(&self, name: &str) -> String {
        let uptime = self.host.sim().now().duration_since(self.host.boot_time()).as_secs_f64();
        match name {
            "cmdline" => "BOOT_IMAGE=/boot/vmlinuz root=/dev/vda1 ro quiet\n".to_string(),
            "cpuinfo" => (0..CPUS).fold(String::new(), |mut text, cpu| {
                let _ = write!(
                    text,
                    "processor\t: {cpu}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel name\t: Virtual CPU\n\
                     cpu MHz\t\t: 2400.000\ncache size\t: 16384 KB\ncpu cores\t: {CPUS}\n\n"
                );
                text
            }),
            "filesystems" => "nodev\tproc\nnodev\ttmpfs\nnodev\tdevpts\n\text4\nnodev\toverlay\n".to_string(),
            "loadavg" => {
                let all = self.host.processes(0);
                let running = all.iter().filter(|info| info.state == 'R').count().max(1);
                let last = all.last().map_or(1, |info| info.pid);
                format!("0.08 0.05 0.01 {running}/{} {last}\n", all.len())
            }
            "meminfo" => {
                let used = KERNEL_KIB + self.host.usage(&self.host.namespaces()).memory_kib;
                let (cached, buffers) = (MEMORY_KIB / 4, MEMORY_KIB / 40);
                let free = MEMORY_KIB.saturating_sub(used + cached + buffers);
                format!(
                    "MemTotal:       {MEMORY_KIB:8} kB\nMemFree:        {free:8} kB\nMemAvailable:   {:8} kB\n\
                     Buffers:        {buffers:8} kB\nCached:         {cached:8} kB\nSwapTotal:             0 kB\n\
                     SwapFree:              0 kB\n",
                    free + cached
                )
            }
            "stat" => {
                let btime = self.host.boot_time().timestamp().seconds;
                let count = self.host.processes(0).len();
                format!("cpu  0 0 0 0 0 0 0 0 0 0\nbtime {btime}\nprocesses {count}\nprocs_running 1\n")
            }
            "sys/kernel/hostname" => format!("{}\n", self.asker.namespaces.hostname),
            "sys/kernel/osrelease" => format!("{KERNEL_RELEASE}\n"),
            "sys/kernel/ostype" => "Linux\n".to_string(),
            "sys/kernel/pid_max" => format!("{}\n", crate::kernel::PID_MAX),
            "uptime" => format!("{uptime:.2} {:.2}\n", uptime * f64::from(CPUS) * 0.97),
            _ => format!("Linux version {KERNEL_RELEASE} (debian-kernel@lists.debian.org) {KERNEL_VERSION}\n"),
        }
    }

    fn process(&self, info: &ProcessInfo, name: &str) -> Vec<u8> {
        let joined = |items: &mut dyn Iterator<Item = String>| {
            items.fold(Vec::new(), |mut bytes, item| {
                bytes.extend(item.as_bytes());
                bytes.push(0);
                bytes
            })
        };
        let process = self.host.find(self.asker.pidns, info.pid);
        match name {
            "cmdline" => joined(&mut info.args.iter().cloned()),
            "comm" => format!("{}\n", info.comm).into_bytes(),
            "environ" => {
                let env = process.map(|process| process.env.borrow().clone()).unwrap_or_default();
                joined(&mut env.iter().map(|(key, value)| format!("{key}={value}")))
            }
            "mounts" => {
                let root = if self.asker.pidns == 0 { "/dev/vda1 / ext4" } else { "overlay / overlay" };
                format!(
                    "{root} rw,relatime 0 0\nproc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n\
                     devpts /dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666 0 0\n"
                )
                .into_bytes()
            }
            "stat" => {
                let ticks = info.cpu.as_millis() / 10;
                let start = info.started.duration_since(self.host.boot_time()).as_millis() / 10;
                let tty = process.as_ref().and_then(|process| process.tty());
                let number = tty.as_ref().and_then(|tty| tty.number()).map_or(0, |n| 136 << 8 | n);
                let foreground = match (&tty, &process) {
                    (Some(tty), Some(process)) => {
                        tty.foreground().map_or(-1, |id| process.seen_from(self.asker.pidns, id))
                    }
                    _ => -1,
                };
                format!(
                    "{} ({}) {} {} {} {} {number} {foreground} 4194304 0 0 0 0 {ticks} 0 0 0 20 0 1 0 {start} \
                     {} {} 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
                    info.pid,
                    info.comm,
                    info.state,
                    info.ppid,
                    info.pgid,
                    info.sid,
                    info.size_kib() * 1024,
                    info.memory_kib / 4
                )
                .into_bytes()
            }
            _ => {
                let state = match info.state {
                    'R' => "R (running)",
                    'T' => "T (stopped)",
                    'Z' => "Z (zombie)",
                    _ => "S (sleeping)",
                };
                let (uid, gid) = (info.uid, process.as_ref().map_or(0, |process| process.gid.get()));
                let threads = process.as_ref().map_or(1, |process| process.tasks.borrow().len().max(1));
                let signals = process.as_ref().map(|process| &process.signals);
                let set = |bits: u64| bits >> 1;
                format!(
                    "Name:\t{}\nState:\t{state}\nTgid:\t{pid}\nPid:\t{pid}\nPPid:\t{}\nTracerPid:\t0\n\
                     Uid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{gid}\t{gid}\t{gid}\t{gid}\n\
                     VmSize:\t{:8} kB\nVmRSS:\t{:8} kB\nThreads:\t{threads}\n\
                     SigPnd:\t{:016x}\nSigIgn:\t{:016x}\nSigCgt:\t{:016x}\n",
                    info.comm,
                    info.ppid,
                    info.size_kib(),
                    info.memory_kib,
                    signals.map_or(0, |signals| set(signals.held.get() | signals.pending.get())),
                    signals.map_or(0, |signals| set(signals.ignored.get())),
                    signals.map_or(0, |signals| set(signals.caught.get())),
                    pid = info.pid,
                )
                .into_bytes()
            }
        }
    }
}

/// What is called `name` right below a prefix of [`FILES`].
fn below(prefix: &str, name: &str) -> Option<ProcNode> {
    let path = format!("{prefix}{name}");
    if let Some(file) = FILES.iter().find(|file| **file == path) {
        return Some(ProcNode::File(file));
    }
    let directory = format!("{path}/");
    FILES.iter().any(|file| file.starts_with(&directory)).then_some(ProcNode::Directory(path))
}

fn names_below(prefix: &str) -> Vec<String> {
    let rest = FILES.iter().filter_map(|file| file.strip_prefix(prefix));
    let mut names: Vec<String> =
        rest.map(|file| file.split('/').next().unwrap_or(file).to_string()).collect();
    names.dedup();
    names
}
