//! Hosts: booted machines, and the namespaces of the containers on them.

use crate::net::{Net, NetnsId};
use crate::process::ProcessInfo;
use crate::vfs::Vfs;
use crate::{Errno, File, Pid, Signal, WaitStatus};
use sim::Sim;

/// One booted machine. Clones name the same machine.
#[derive(Clone)]
pub struct Host {}

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
    /// Boots a machine: its kernel starts now, with no process yet.
    pub fn new(_sim: &Sim, _net: &Net, _hostname: &str, _netns: NetnsId, _root: Vfs) -> Host {
        todo!()
    }
    /// The clock, queue and seed of the world.
    pub fn sim(&self) -> &Sim {
        todo!()
    }
    /// The network of the world.
    pub fn net(&self) -> &Net {
        todo!()
    }
    /// The host's own namespaces.
    pub fn namespaces(&self) -> Namespaces {
        todo!()
    }
    /// Namespaces for a container: a fresh pid namespace with this root, network and host name.
    pub fn new_namespaces(&self, _root: Vfs, _netns: NetnsId, _hostname: &str) -> Namespaces {
        todo!()
    }
    /// Starts a process as the leader of a session of its own. The pid is the one in its own pid namespace.
    ///
    /// # Errors
    /// `ENOENT`, `EACCES`, `ENOEXEC` as `execve`.
    pub fn spawn(&self, _spawn: Spawn) -> Result<HostPid, Errno> {
        todo!()
    }
    /// Waits until a process that was started by [`Host::spawn`] ends, and reaps it.
    pub async fn wait(&self, _pid: HostPid) -> WaitStatus {
        todo!()
    }
    /// Sends a signal.
    pub fn kill(&self, _pid: HostPid, _signal: Signal) -> Result<(), Errno> {
        todo!()
    }
    /// Kills everything in a pid namespace, as the kernel does when its process 1 ends.
    pub fn kill_all(&self, _pidns: u32) {
        todo!()
    }
    /// All processes of a pid namespace (of every one, seen from the host's own, for 0).
    pub fn processes(&self, _pidns: u32) -> Vec<ProcessInfo> {
        todo!()
    }
    /// Number of the pid as seen in the pid namespace of the process.
    pub fn pid_in_namespace(&self, _pid: HostPid) -> Pid {
        todo!()
    }
}

/// A process id in the host's own pid namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPid(pub Pid);
