//! Running containers: a process with a root file system, namespaces, a log, and ears for those who attach.
//! What containerd and runc do on a real node.

use super::images::Present;
use super::log::{ContainerLog, LogStream};
use super::notify::Notify;
use super::stream::channel;
use linux::host::{HostPid, Namespaces, Spawn};
use linux::{Errno, File, Host, PtyMaster, Signal, WaitStatus, WinSize};
use sim::{Instant, Sim, TaskId};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

/// What a container is made of, everything resolved.
pub struct ContainerConfig {
    /// Its image.
    pub image: Present,
    /// Root, network, processes, host name.
    pub namespaces: Namespaces,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Environment.
    pub env: Vec<(String, String)>,
    /// Working directory.
    pub cwd: String,
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Standard input stays open.
    pub stdin: bool,
    /// With a terminal.
    pub tty: bool,
    /// Sixty-four hexadecimal digits.
    pub id: String,
}

/// A container that was started.
pub struct Instance {
    /// Its id.
    pub id: String,
    /// Where its processes live.
    pub namespaces: Namespaces,
    /// Its first process.
    pub pid: HostPid,
    /// Environment of what is executed in it.
    pub env: Vec<(String, String)>,
    /// Working directory.
    pub cwd: String,
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Its terminal, if it has one.
    pub tty: Option<PtyMaster>,
    /// What it wrote.
    pub log: Rc<ContainerLog>,
    /// When it was started.
    pub started_at: Instant,
    /// The signal that asks it to stop.
    pub stop_signal: Signal,
    /// Readiness and startup as the probes see them.
    pub ready: Cell<bool>,
    /// See there.
    pub started: Cell<bool>,
    /// Why a probe wants it to be killed.
    pub doomed: RefCell<Option<String>>,
    /// Probes and other tasks that end with it.
    pub tasks: RefCell<Vec<TaskId>>,
    /// Rings when it has ended.
    pub bell: Notify,
    stdin: RefCell<Option<File>>,
    exit: Cell<Option<(WaitStatus, Instant)>>,
    attached: RefCell<Vec<Weak<Attached>>>,
    pumps: Cell<u32>,
    sim: Sim,
}

/// Somebody who sees what a container writes, as it does.
#[derive(Default)]
pub struct Attached {
    queue: RefCell<VecDeque<(u8, Vec<u8>)>>,
    /// Rings at every piece.
    pub bell: Notify,
}

impl Attached {
    /// The next piece: channel and bytes.
    pub fn take(&self) -> Option<(u8, Vec<u8>)> {
        self.queue.borrow_mut().pop_front()
    }
}

const PUMP_SIZE: usize = 16 * 1024;

impl Instance {
    /// Starts the process.
    ///
    /// # Errors
    /// As `execve`.
    pub fn start(host: &Host, config: ContainerConfig, log: Rc<ContainerLog>) -> Result<Rc<Instance>, Errno> {
        let sim = host.sim().clone();
        let mut outputs = Vec::new();
        let (stdio, stdin, tty) = if config.tty {
            let (master, slave) = PtyMaster::open(&sim, WinSize { rows: 24, cols: 80 });
            ([slave.clone(), slave.clone(), slave], None, Some(master))
        } else {
            let (stdin_read, stdin_write) = if config.stdin {
                let (read, write) = File::pipe();
                (read, Some(write))
            } else {
                (File::null(), None)
            };
            let (out_read, out_write) = File::pipe();
            let (err_read, err_write) = File::pipe();
            outputs.push((channel::STDOUT, LogStream::Stdout, out_read));
            outputs.push((channel::STDERR, LogStream::Stderr, err_read));
            ([stdin_read, out_write, err_write], stdin_write, None)
        };
        let pid = host.spawn(Spawn {
            namespaces: config.namespaces.clone(),
            argv: config.argv,
            env: config.env.clone(),
            cwd: config.cwd.clone(),
            uid: config.uid,
            gid: config.gid,
            stdio,
            controlling_tty: config.tty,
        })?;
        let instance = Rc::new(Instance {
            id: config.id,
            namespaces: config.namespaces,
            pid,
            env: config.env,
            cwd: config.cwd,
            uid: config.uid,
            gid: config.gid,
            tty: tty.clone(),
            log,
            started_at: sim.now(),
            stop_signal: config.image.image.stop_signal,
            ready: Cell::new(false),
            started: Cell::new(false),
            doomed: RefCell::default(),
            tasks: RefCell::default(),
            bell: Notify::default(),
            stdin: RefCell::new(stdin),
            exit: Cell::new(None),
            attached: RefCell::default(),
            pumps: Cell::new(0),
            sim: sim.clone(),
        });
        for (channel, stream, file) in outputs {
            instance.pumps.set(instance.pumps.get() + 1);
            let instance = instance.clone();
            sim.spawn(async move {
                while let Ok(data) = file.read(PUMP_SIZE).await {
                    if data.is_empty() {
                        break;
                    }
                    instance.wrote(channel, stream, data);
                }
                instance.pump_ended();
            });
        }
        if let Some(master) = tty {
            instance.pumps.set(1);
            let instance = instance.clone();
            sim.spawn(async move {
                while let Ok(data) = master.output().await {
                    if data.is_empty() {
                        break;
                    }
                    instance.wrote(channel::STDOUT, LogStream::Stdout, data);
                }
                instance.pump_ended();
            });
        }
        let (host, waited) = (host.clone(), instance.clone());
        sim.spawn(async move {
            let status = host.wait(waited.pid).await;
            let at = host.sim().now();
            host.kill_all(waited.namespaces.pidns);
            // What it wrote last is still on its way through the pipes.
            loop {
                let seen = waited.bell.count();
                if waited.pumps.get() == 0 {
                    break;
                }
                waited.bell.rung_since(seen).await;
            }
            waited.ended(status, at);
        });
        Ok(instance)
    }

    fn wrote(&self, channel: u8, stream: LogStream, data: Vec<u8>) {
        self.log.write(self.sim.now(), stream, &data);
        self.attached.borrow_mut().retain(|attached| match attached.upgrade() {
            Some(attached) => {
                attached.queue.borrow_mut().push_back((channel, data.clone()));
                attached.bell.ring();
                true
            }
            None => false,
        });
    }

    fn pump_ended(&self) {
        self.pumps.set(self.pumps.get().saturating_sub(1));
        self.bell.ring();
    }

    fn ended(&self, status: WaitStatus, at: Instant) {
        self.exit.set(Some((status, at)));
        self.log.close(at);
        self.stdin.borrow_mut().take();
        self.cancel_tasks();
        self.bell.ring();
        for attached in self.attached.borrow().iter().filter_map(Weak::upgrade) {
            attached.bell.ring();
        }
    }

    /// Ends its probes.
    pub fn cancel_tasks(&self) {
        for task in self.tasks.borrow_mut().drain(..) {
            self.sim.abort(task);
        }
    }

    /// How and when it ended, if it has.
    pub fn exit(&self) -> Option<(WaitStatus, Instant)> {
        self.exit.get()
    }

    /// Waits for its end.
    pub async fn wait(&self) -> (WaitStatus, Instant) {
        loop {
            let seen = self.bell.count();
            if let Some(exit) = self.exit.get() {
                return exit;
            }
            self.bell.rung_since(seen).await;
        }
    }

    /// Listens from now on.
    pub fn attach(&self) -> Rc<Attached> {
        let attached = Rc::new(Attached::default());
        self.attached.borrow_mut().push(Rc::downgrade(&attached));
        attached
    }

    /// The end of a pipe to its standard input, if it has one.
    pub fn stdin(&self) -> Option<File> {
        self.stdin.borrow().clone()
    }

    /// Closes its standard input, as `stdinOnce` does after the first one who attached.
    pub fn close_stdin(&self) {
        self.stdin.borrow_mut().take();
    }

    /// Starts another process in it.
    ///
    /// # Errors
    /// As `execve`.
    pub fn exec(
        &self,
        host: &Host,
        argv: Vec<String>,
        stdio: [File; 3],
        tty: bool,
    ) -> Result<HostPid, Errno> {
        let mut env = self.env.clone();
        if tty && !env.iter().any(|(name, _)| name == "TERM") {
            env.push(("TERM".into(), "xterm".into()));
        }
        host.spawn(Spawn {
            namespaces: self.namespaces.clone(),
            argv,
            env,
            cwd: self.cwd.clone(),
            uid: self.uid,
            gid: self.gid,
            stdio,
            controlling_tty: tty,
        })
    }
}

/// What runc says when a program cannot be started.
pub fn runc_exec_error(program: &str, errno: Errno) -> String {
    match errno {
        Errno::ENOENT if !program.contains('/') => {
            format!("exec: \"{program}\": executable file not found in $PATH: unknown")
        }
        Errno::ENOENT => format!("exec: \"{program}\": stat {program}: no such file or directory: unknown"),
        Errno::ENOEXEC => "exec format error: unknown".to_string(),
        errno => format!("exec: \"{program}\": {}: unknown", errno.text().to_lowercase()),
    }
}
