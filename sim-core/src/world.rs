//! The world: a booted cluster, the learner's terminals and jobs, and the four verbs.

use crate::job::Job;
use crate::journal::{Entry, Journal, Stamp};
use crate::message::{Input, JobId, Output, TerminalId};
use crate::terminal::Terminal;
use crate::view::View;
use crate::{Config, Place, view};
use kube::cluster::{API_SERVER, Cluster, ClusterConfig, Installation, Machine};
use linux::net::Net;
use linux::{File, Host, Signal, Spawn, WinSize};
use sim::{Instant, Progress, SortedMap, Trace};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// The learner's account.
const USER: &str = "student";
const HOME: &str = "/home/student";
const UID: u32 = 1000;

/// One world.
pub struct Sim {
    sim: sim::Sim,
    cluster: Cluster,
    terminals: SortedMap<TerminalId, Terminal>,
    jobs: SortedMap<JobId, Job>,
    outbox: Outbox,
    journal: Journal,
}

/// What the world has said and nobody has taken yet.
#[derive(Clone, Default)]
pub(crate) struct Outbox(Rc<RefCell<VecDeque<Output>>>);

impl Outbox {
    pub(crate) fn push(&self, output: Output) {
        let mut queue = self.0.borrow_mut();
        // Pieces for the same screen in a row are one.
        if let (Output::Screen { id, bytes }, Some(Output::Screen { id: last, bytes: before })) =
            (&output, queue.back_mut())
            && id == last
            && before.len() < 16_384
        {
            before.extend_from_slice(bytes);
            return;
        }
        queue.push_back(output);
    }
}

impl Sim {
    /// A booted cluster at the moment when the learner sits down.
    pub fn new(config: Config) -> Self {
        Sim::on(config, Installation::default())
    }

    /// The same on other machines, or installed by somebody else. A journal does not say so: it cannot be replayed.
    pub fn on(config: Config, installation: Installation) -> Self {
        let sim = sim::Sim::new(config.seed);
        let cluster = boot(&sim, &config, installation);
        let journal = Journal { config, ..Journal::default() };
        Sim {
            sim,
            cluster,
            terminals: SortedMap::new(),
            jobs: SortedMap::new(),
            outbox: Outbox::default(),
            journal,
        }
    }

    /// The same history again.
    pub fn replay(journal: &Journal) -> Self {
        let mut world = Sim::new(journal.config.clone());
        for entry in &journal.entries {
            while !world.replay_to(entry.stamp, u64::MAX) {}
            world.apply(entry.input.clone());
        }
        while !world.replay_to(journal.end, u64::MAX) {}
        world
    }

    /// Goes on to a point of the journal that is replayed, at most `budget` steps; says whether it is reached.
    pub fn replay_to(&mut self, stamp: Stamp, budget: u64) -> bool {
        let made = self.sim.trace().steps;
        if made < stamp.steps {
            self.sim.advance(Instant::from_nanos(stamp.at), budget.min(stamp.steps - made));
        }
        if self.sim.trace().steps < stamp.steps {
            return false;
        }
        if self.sim.now().as_nanos() < stamp.at {
            self.sim.advance(Instant::from_nanos(stamp.at), 1);
        }
        true
    }

    /// The moment it is.
    pub fn now(&self) -> Instant {
        self.sim.now()
    }

    /// The point of the history that is reached.
    pub fn stamp(&self) -> Stamp {
        Stamp { steps: self.sim.trace().steps, at: self.sim.now().as_nanos() }
    }

    /// What the session has been so far.
    pub fn journal(&self) -> Journal {
        Journal { end: self.stamp(), ..self.journal.clone() }
    }

    /// Something comes in at `now`; where work that is due before has not been done yet, at the moment that is reached.
    /// Gives the entry for the journal.
    pub fn handle_input(&mut self, now: Instant, input: Input) -> Entry {
        if self.sim.next_timeout().is_none_or(|at| at > now) {
            self.sim.advance(now, 1);
        }
        self.apply(input)
    }

    /// Takes an input at the present point of the history.
    pub fn apply(&mut self, input: Input) -> Entry {
        let entry = Entry { stamp: self.stamp(), input: input.clone() };
        self.journal.entries.push(entry.clone());
        self.take(input);
        entry
    }

    /// The next thing the world has to say, if any.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outbox.0.borrow_mut().pop_front()
    }

    /// When the world wants to be called again.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.sim.next_timeout()
    }

    /// Lets happen what is due up to `now`, at most `budget` steps of it.
    pub fn handle_timeout(&mut self, now: Instant, budget: u64) -> Progress {
        self.sim.advance(now, budget)
    }

    /// The cluster as the panel shows it.
    pub fn view(&self) -> View {
        view::of(&self.cluster)
    }

    /// Fingerprint of all that happened.
    pub fn trace(&self) -> Trace {
        self.sim.trace()
    }

    /// The cluster itself, for benchmarks and tests.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::OpenTerminal { id, place, rows, cols } => {
                let terminal = Terminal::open(&self.host(place), id, size(rows, cols), &self.outbox);
                self.terminals.insert(id, terminal.expect("the login shell is in every root file system"));
            }
            Input::Type { id, bytes } => {
                if let Some(terminal) = self.terminals.get(&id) {
                    terminal.type_bytes(&bytes);
                }
            }
            Input::Resize { id, rows, cols } => {
                if let Some(terminal) = self.terminals.get(&id) {
                    terminal.resize(size(rows, cols));
                }
            }
            Input::CloseTerminal { id } => drop(self.terminals.remove(&id)),
            Input::Spawn { id, place, argv } => match Job::spawn(&self.host(place), id, argv, &self.outbox) {
                Ok(job) => drop(self.jobs.insert(id, job)),
                Err(errno) => {
                    let bytes = format!("podium: {errno}\n").into_bytes();
                    self.outbox.push(Output::Stderr { id, bytes });
                    self.outbox.push(Output::Exited { id, code: 127 });
                }
            },
            Input::Stdin { id, bytes } => {
                if let Some(job) = self.jobs.get(&id) {
                    job.write(bytes);
                }
            }
            Input::CloseStdin { id } => {
                if let Some(job) = self.jobs.get(&id) {
                    job.close_stdin();
                }
            }
            Input::Signal { id, signal } => {
                let signal = Signal::ALL.iter().find(|known| known.number() == signal);
                if let (Some(job), Some(signal)) = (self.jobs.get(&id), signal) {
                    job.signal(*signal);
                }
            }
            Input::WriteFile { place, path, contents } => self.write_file(place, &path, contents),
        }
    }

    fn host(&self, place: Place) -> Host {
        match place {
            Place::Lab => self.cluster.nodes[0].host.clone(),
            Place::Laptop => self.cluster.laptop.clone(),
        }
    }

    fn write_file(&self, place: Place, path: &str, contents: Vec<u8>) {
        let root = self.host(place).namespaces().root;
        let path = if path.starts_with('/') { path.to_string() } else { format!("{HOME}/lab/{path}") };
        // A path that cannot be is a file that is not there: the learner sees it.
        let _ = root.put(&path, contents, 0o644);
        let mut folder = path.as_str();
        while folder.len() > HOME.len() && folder.starts_with(HOME) {
            let _ = root.chown(folder, UID, UID);
            folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
    }
}

/// A cluster, booted and at rest, with the learner's kubeconfig in place.
fn boot(sim: &sim::Sim, config: &Config, installation: Installation) -> Cluster {
    let net = Net::new(sim);
    let wanted = ClusterConfig {
        nodes: config.nodes.clamp(1, 99),
        cloud: config.cloud,
        metrics: config.metrics,
        installation,
        ..ClusterConfig::default()
    };
    let registry = Rc::new(userland::images::Registry::default());
    // All of them are installed alike: they share what they do not change.
    let root = userland::images::machine_rootfs();
    let root_of = |_: &Machine| root.fork();
    let cluster = Cluster::boot(sim, &net, &wanted, registry, &root_of);
    let machines = cluster.nodes.iter().map(|node| &node.host).chain([&cluster.laptop]);
    for host in machines {
        let root = host.namespaces().root;
        let path = format!("{HOME}/.kube/config");
        let kubeconfig = cluster.kubeconfig().replace(API_SERVER, installation.server);
        let placed = root.put(&path, kubeconfig, 0o600);
        placed.expect("the learner's home can be written");
        for path in [path, format!("{HOME}/.kube"), HOME.to_string()] {
            root.chown(&path, UID, UID).expect("what was just made is there");
        }
    }
    let booted = cluster.wait_until_available();
    assert!(booted, "a fresh cluster becomes available by itself");
    cluster
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.sim.shut_down();
    }
}

fn size(rows: u16, cols: u16) -> WinSize {
    WinSize { rows: rows.max(1), cols: cols.max(1) }
}

/// The learner's login: what to start, as whom and with what environment.
pub(crate) fn login(host: &Host, argv: Vec<String>, stdio: [File; 3]) -> Spawn {
    let env = [
        ("SHELL", "/bin/bash"),
        ("PWD", HOME),
        ("LOGNAME", USER),
        ("HOME", HOME),
        ("LANG", "C.UTF-8"),
        ("USER", USER),
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ];
    Spawn {
        namespaces: host.namespaces(),
        argv,
        env: env.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        cwd: HOME.to_string(),
        uid: UID,
        gid: UID,
        stdio,
        controlling_tty: false,
    }
}
