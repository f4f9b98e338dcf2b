//! A machine for unit tests.

use crate::net::Net;
use crate::vfs::Vfs;
use crate::{ExitCode, File, Host, Program, PtyMaster, Spawn, Sys, WaitStatus, WinSize};
use sim::Sim;
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

pub(crate) struct Machine {
    pub sim: Sim,
    pub host: Host,
    log: Log,
}

/// What the programs of a test noted.
#[derive(Clone, Default)]
pub(crate) struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    pub(crate) fn note(&self, line: impl Into<String>) {
        self.0.borrow_mut().push(line.into());
    }
    pub(crate) fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

impl Machine {
    pub(crate) fn new() -> Machine {
        Machine::with_seed(1)
    }

    pub(crate) fn with_seed(seed: u64) -> Machine {
        let sim = Sim::new(seed);
        let net = Net::new(&sim);
        let netns = net.create_namespace("node1");
        let host = Host::new(&sim, &net, "node1", netns, Vfs::new());
        Machine { sim, host, log: Log::default() }
    }

    pub(crate) fn log(&self) -> Log {
        self.log.clone()
    }

    /// Makes a closure a program of the machine.
    pub(crate) fn install<F>(&self, name: &'static str, main: impl Fn(Sys, Vec<String>) -> F + 'static)
    where
        F: Future<Output = ExitCode> + 'static,
    {
        let program = Program::with_state(name, "", move |sys, args| Box::pin(main(sys, args)));
        self.host.namespaces().root.put_program(&format!("/bin/{name}"), &program).unwrap();
    }

    pub(crate) fn spawn(&self, argv: &[&str], stdio: [File; 3], uid: u32) -> crate::host::HostPid {
        let terminal = stdio[0].tty().is_some();
        self.host
            .spawn(Spawn {
                namespaces: self.host.namespaces(),
                argv: argv.iter().map(|arg| arg.to_string()).collect(),
                env: vec![("PATH".into(), "/bin".into())],
                cwd: "/".into(),
                uid,
                gid: uid,
                stdio,
                controlling_tty: terminal,
            })
            .unwrap()
    }

    /// Runs a closure as a program of user `uid` with nothing at its descriptors, to its end.
    pub(crate) fn run_as<F>(&self, uid: u32, main: impl Fn(Sys) -> F + 'static) -> WaitStatus
    where
        F: Future<Output = ExitCode> + 'static,
    {
        self.install("main", move |sys, _| main(sys));
        let pid = self.spawn(&["main"], [File::null(), File::null(), File::null()], uid);
        self.wait(pid)
    }

    pub(crate) fn run<F>(&self, main: impl Fn(Sys) -> F + 'static) -> WaitStatus
    where
        F: Future<Output = ExitCode> + 'static,
    {
        self.run_as(0, main)
    }

    /// Runs a closure as a session leader on a terminal.
    pub(crate) fn login<F>(&self, main: impl Fn(Sys) -> F + 'static) -> (PtyMaster, crate::host::HostPid)
    where
        F: Future<Output = ExitCode> + 'static,
    {
        self.install("login", move |sys, _| main(sys));
        let (master, slave) = PtyMaster::open(&self.sim, WinSize { rows: 24, cols: 80 });
        let pid = self.spawn(&["login"], [slave.clone(), slave.clone(), slave], 1000);
        self.pass(1);
        (master, pid)
    }

    /// Lets milliseconds pass.
    pub(crate) fn pass(&self, ms: u64) {
        let until = self.sim.now() + Duration::from_millis(ms);
        assert!(self.sim.advance(until, 10_000_000).done, "the world does not come to rest");
    }

    pub(crate) fn wait(&self, pid: crate::host::HostPid) -> WaitStatus {
        let status = Rc::new(RefCell::new(None));
        let (host, status2) = (self.host.clone(), status.clone());
        self.sim.spawn(async move {
            *status2.borrow_mut() = Some(host.wait(pid).await);
        });
        for _ in 0..100_000 {
            if let Some(status) = status.borrow_mut().take() {
                return status;
            }
            let next = self.sim.next_timeout().expect("the process ends");
            self.sim.advance(next, 1_000);
        }
        panic!("the process does not end");
    }
}

/// Text of terminal output.
pub(crate) fn screen(master: &PtyMaster) -> String {
    String::from_utf8(master.take_output()).unwrap()
}
