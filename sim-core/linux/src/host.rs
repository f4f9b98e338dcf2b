//! Hosts: booted machines, and the namespaces of the containers on them.

use crate::exec::{self, Image};
use crate::fd::FdTable;
use crate::kernel::{Birth, Kernel};
use crate::net::{Net, NetnsId};
use crate::process::{Process, ProcessInfo, Run};
use crate::vfs::{Caller, Vfs};
use crate::{Cgroup, Errno, Fd, File, Pid, Signal, Sys, Usage, WaitStatus};
use sim::{Instant, Sim};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

/// What `uname -r` says on every machine.
pub const KERNEL_RELEASE: &str = "6.8.0-90-generic";
/// What `uname -v` says.
pub const KERNEL_VERSION: &str = "#91-Ubuntu SMP PREEMPT_DYNAMIC Tue Nov 18 14:14:30 UTC 2025";
/// Processors of every machine.
pub const CPUS: u32 = 2;
/// Memory of every machine in KiB; what the firmware keeps leaves no machine a round number.
pub const MEMORY_KIB: u64 = 4_013_052;
/// What the kernel and the system's own services take of it.
pub const KERNEL_KIB: u64 = 260 * 1024;

/// One booted machine. Clones name the same machine.
#[derive(Clone)]
pub struct Host(pub(crate) Rc<Kernel>);

/// What a process can see: its root directory, network, processes and host name.
#[derive(Clone)]
pub struct Namespaces {
    /// Its file system.
    pub root: Vfs,
    /// Its network.
    pub netns: NetnsId,
    /// Its host name (UTS namespace).
    pub hostname: String,
    /// Its pid namespace on this host; 0 is the host's own.
    pub pidns: u32,
    /// What it may use of the machine.
    pub cgroup: Rc<Cgroup>,
}

/// A process to be started from outside of any process: a login, a service, a container's entry point.
pub struct Spawn {
    /// Where it lives.
    pub namespaces: Namespaces,
    /// Program and arguments; the program is looked up along `PATH` of `env`.
    pub argv: Vec<String>,
    /// Environment, in order.
    pub env: Vec<(String, String)>,
    /// Working directory.
    pub cwd: String,
    /// User and group.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Descriptors 0, 1 and 2.
    pub stdio: [File; 3],
    /// True to make descriptor 0, a terminal, the controlling terminal of the new session.
    pub controlling_tty: bool,
}

impl Host {
    /// Boots a machine: its kernel starts now, with no process yet. `/dev` is filled, `/proc` made up.
    pub fn new(sim: &Sim, net: &Net, hostname: &str, netns: NetnsId, root: Vfs) -> Host {
        prepare(sim, &root);
        let namespaces =
            Namespaces { root, netns, hostname: hostname.to_string(), pidns: 0, cgroup: Cgroup::root(CPUS) };
        Host(Rc::new(Kernel::new(sim, net, namespaces)))
    }

    /// The clock, queue and seed of the world.
    pub fn sim(&self) -> &Sim {
        &self.0.sim
    }

    /// The network of the world.
    pub fn net(&self) -> &Net {
        &self.0.net
    }

    /// When the machine was booted.
    pub fn boot_time(&self) -> Instant {
        self.0.boot_time
    }

    /// The host's own namespaces.
    pub fn namespaces(&self) -> Namespaces {
        Namespaces::clone(&self.0.namespaces)
    }

    /// Namespaces for a container: a fresh pid namespace with this root, network and host name. The first
    /// process that is spawned there is process 1; when it ends, all others in it do.
    pub fn new_namespaces(&self, root: Vfs, netns: NetnsId, hostname: &str) -> Namespaces {
        prepare(&self.0.sim, &root);
        let cgroup = Cgroup::child(&self.0.namespaces.cgroup);
        Namespaces { root, netns, hostname: hostname.to_string(), pidns: self.0.new_pidns(), cgroup }
    }

    /// Starts a process as the leader of a session of its own. The pid is the one in its own pid namespace.
    /// A working directory that is not there is made, as container runtimes do.
    ///
    /// # Errors
    /// `ENOENT`, `EACCES`, `ENOEXEC` as `execve`; `ENOMEM` in a pid namespace whose process 1 has ended.
    pub fn spawn(&self, spawn: Spawn) -> Result<HostPid, Errno> {
        let Spawn { namespaces, argv, env, cwd, uid, gid, stdio, controlling_tty } = spawn;
        let namespaces = Rc::new(namespaces);
        let image = {
            let mut caller = Caller::root(&namespaces.root);
            if caller.find(&cwd).is_err() {
                namespaces.root.mkdir_all(&cwd)?;
            }
            (caller.cwd, caller.uid, caller.gid) = (&cwd, uid, gid);
            let name = argv.first().ok_or(Errno::ENOENT)?;
            let search =
                env.iter().find(|(key, _)| key == "PATH").map_or(exec::DEFAULT_PATH, |(_, path)| path);
            let path = exec::find_along_path(&caller, search, name)?;
            exec::load(&caller, &path, argv)?
        };
        let Image { program, path, args, comm, .. } = image;
        let footprint = program.footprint;
        let mut fds = FdTable::default();
        let terminal = stdio[0].tty().cloned();
        let terminals: Vec<_> = stdio.iter().filter_map(|file| file.tty().cloned()).collect();
        for (fd, file) in stdio.into_iter().enumerate() {
            fds.set(fd as Fd, file)?;
        }
        let birth = Birth {
            namespaces: namespaces.clone(),
            uid,
            gid,
            cwd: cwd.into(),
            comm,
            exe: path.into(),
            args: Rc::new(args.clone()),
            env: Rc::new(env),
            fds,
        };
        let process = self.0.add(birth, None)?;
        process.has_execed.set(true);
        process.footprint.set(footprint);
        for tty in terminals {
            if tty.number().is_none() {
                let number = self.0.register_pty(namespaces.pidns, &tty);
                tty.show(number, &namespaces.root, uid)?;
            }
        }
        if let Some(tty) = terminal.filter(|_| controlling_tty) {
            tty.control(&self.0, process.id);
            *process.session.borrow().tty.borrow_mut() = Some(tty);
        }
        let sys = Sys::new(self.clone(), process.clone());
        sys.charge(exec::COST);
        sys.start_program(move |sys| program.run(sys, args));
        Ok(HostPid(process.id.host))
    }

    /// Waits until a process that was started by [`Host::spawn`] ends, and reaps it.
    pub async fn wait(&self, pid: HostPid) -> WaitStatus {
        let Some(process) = self.0.process(pid.0) else { return WaitStatus::Exited(0) };
        let status = poll_fn(|cx| match process.run.get() {
            Run::Dead(status) => Poll::Ready(status),
            _ => {
                process.ended.register(cx);
                Poll::Pending
            }
        })
        .await;
        self.0.reap(&process);
        status
    }

    /// How a process that was started by [`Host::spawn`] ended, if it has; it stays to be waited for.
    pub fn status(&self, pid: HostPid) -> Option<WaitStatus> {
        match self.0.process(pid.0)?.run.get() {
            Run::Dead(status) => Some(status),
            _ => None,
        }
    }

    /// Sends a signal.
    pub fn kill(&self, pid: HostPid, signal: Signal) -> Result<(), Errno> {
        let process = self.0.process(pid.0).ok_or(Errno::ESRCH)?;
        self.0.post(&process, signal, true);
        Ok(())
    }

    /// Kills everything in a pid namespace, as the kernel does when its process 1 ends.
    pub fn kill_all(&self, pidns: u32) {
        for process in self.0.all(pidns) {
            self.0.post(&process, Signal::KILL, true);
        }
    }

    /// All processes of a pid namespace (of every one, seen from the host's own, for 0).
    pub fn processes(&self, pidns: u32) -> Vec<ProcessInfo> {
        let now = self.0.sim.now();
        let mut list: Vec<ProcessInfo> =
            self.0.all(pidns).iter().map(|process| process.info(pidns, now)).collect();
        if pidns == 0 {
            list.insert(0, self.init());
        }
        list
    }

    /// Number of the pid as seen in the pid namespace of the process.
    pub fn pid_in_namespace(&self, pid: HostPid) -> Pid {
        self.0.process(pid.0).map_or(0, |process| process.id.local)
    }

    /// What the processes of these namespaces take, those that have ended included.
    pub fn usage(&self, namespaces: &Namespaces) -> Usage {
        let now = self.0.sim.now();
        let mut usage = Usage { cpu: namespaces.cgroup.used(), memory_kib: 0 };
        for process in self.0.all(namespaces.pidns) {
            usage.cpu += process.housekeeping(now);
            usage.memory_kib += process.memory_kib();
        }
        usage
    }

    /// Process 1 of the machine: no program runs in it, it only waits for orphans.
    pub(crate) fn init(&self) -> ProcessInfo {
        ProcessInfo {
            pid: 1,
            ppid: 0,
            pgid: 1,
            sid: 1,
            uid: 0,
            state: 'S',
            tty: None,
            started: self.0.boot_time,
            cpu: Duration::from_millis(1_240),
            memory_kib: 12_964,
            comm: "systemd".to_string(),
            args: vec!["/sbin/init".to_string()],
        }
    }

    pub(crate) fn find(&self, pidns: u32, pid: Pid) -> Option<Rc<Process>> {
        self.0.find(pidns, pid)
    }
}

/// What the kernel and a container runtime put into every root directory.
fn prepare(sim: &Sim, root: &Vfs) {
    root.set_clock(sim);
    let devices = [("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)];
    let links = [
        ("/proc/self/fd", "/dev/fd"),
        ("/proc/self/fd/0", "/dev/stdin"),
        ("/proc/self/fd/1", "/dev/stdout"),
        ("/proc/self/fd/2", "/dev/stderr"),
    ];
    // A root that has a file in the place of one of these goes without it.
    for directory in ["/dev/pts", "/dev/shm", "/proc", "/sys", "/tmp"] {
        let _ = root.mkdir_all(directory);
    }
    for directory in ["/dev/shm", "/tmp"] {
        let _ = root.chmod(directory, 0o1777);
    }
    for (name, minor) in devices {
        let _ = root.put_device(&format!("/dev/{name}"), 1, minor, 0o666);
    }
    let _ = root.put_device("/dev/tty", 5, 0, 0o666);
    for (target, path) in links {
        let _ = root.symlink(target, path);
    }
}

/// A process id in the host's own pid namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPid(pub Pid);
