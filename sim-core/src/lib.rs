//! The virtual cluster as a value: one seed, a log of inputs, four verbs.
//!
//! ```text
//!   sim  <-  linux  <-  kube  <-  userland  <-  sim-core (this facade)  <-  web, cli, tests
//! ```
//!
//! A driver (the page, the command line, a test) feeds [`Input`]s and the passing of time in, and takes
//! [`Output`]s out. Nothing else goes in or out.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Duration;

pub use sim::{Instant, Progress, Trace};

/// Names a terminal of the page; the driver chooses the numbers.
pub type TerminalId = u32;
/// Names a process started by the driver without a terminal; the driver chooses the numbers.
pub type JobId = u32;

/// What a world begins with. The same configuration and the same inputs give the same history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Where all chance comes from.
    pub seed: u64,
    /// How many nodes the cluster has (1 to 9).
    pub nodes: u8,
    /// True for a cluster with a cloud's load balancers; otherwise they stay `<pending>`.
    pub cloud: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config { seed: 1, nodes: 3, cloud: false }
    }
}

/// Where a shell runs (decision D8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// On node1 itself: pod and Service addresses answer.
    #[default]
    Lab,
    /// On a machine outside of the cluster, with a kubeconfig.
    Laptop,
}

/// What a driver can do to the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Input {
    /// Opens a terminal with a login shell.
    OpenTerminal { id: TerminalId, place: Place, rows: u16, cols: u16 },
    /// Bytes from the keyboard or a paste (bracketed by the driver when the terminal asks for it).
    Type { id: TerminalId, bytes: Vec<u8> },
    /// The window has another size.
    Resize { id: TerminalId, rows: u16, cols: u16 },
    /// The window is closed: the shell gets SIGHUP.
    CloseTerminal { id: TerminalId },
    /// Starts a program without a terminal, its standard input a pipe.
    Spawn { id: JobId, place: Place, argv: Vec<String> },
    /// Bytes for the standard input of a job.
    Stdin { id: JobId, bytes: Vec<u8> },
    /// The end of the standard input of a job.
    CloseStdin { id: JobId },
    /// A signal for a job, by number.
    Signal { id: JobId, signal: i32 },
    /// Puts a file; a relative path is in the home directory's `lab` folder.
    WriteFile { place: Place, path: String, contents: Vec<u8> },
}

/// What the world has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Output {
    /// Bytes for the screen of a terminal.
    Screen { id: TerminalId, bytes: Vec<u8> },
    /// The login shell of a terminal shows its prompt, or runs something.
    Shell { id: TerminalId, state: ShellState },
    /// The login shell of a terminal has ended.
    Closed { id: TerminalId },
    /// A job wrote to its standard output.
    Stdout { id: JobId, bytes: Vec<u8> },
    /// A job wrote to its standard error.
    Stderr { id: JobId, bytes: Vec<u8> },
    /// A job has ended.
    Exited { id: JobId, code: i32 },
}

/// What the login shell of a terminal is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum ShellState {
    /// It waits for a command.
    Prompt {
        /// `$?` of the last one.
        status: i32,
    },
    /// It runs a command.
    Running,
}

/// The cluster as the panel beside the terminal shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Nodes by name.
    pub nodes: Vec<NodeView>,
    /// Pods by namespace and name.
    pub pods: Vec<PodView>,
    /// Services by namespace and name.
    pub services: Vec<ServiceView>,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeView {
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Whether its kubelet says that it is ready.
    pub ready: bool,
}

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodView {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Node, or empty while it is not scheduled.
    pub node: String,
    /// Address, or empty.
    pub ip: String,
    /// The STATUS column of `kubectl get pods`.
    pub status: String,
    /// The READY column, for example `1/1`.
    pub ready: String,
}

/// A Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceView {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// ClusterIP, NodePort, LoadBalancer or ExternalName.
    pub kind: String,
    /// The CLUSTER-IP column.
    pub cluster_ip: String,
    /// The PORT(S) column.
    pub ports: String,
    /// Ready endpoints, `address:port`.
    pub endpoints: Vec<String>,
}

/// One world. UNDER CONSTRUCTION: for now a terminal that echoes.
pub struct Sim {
    now: Instant,
    outputs: VecDeque<Output>,
}

impl Sim {
    /// A booted cluster at the moment when the learner sits down.
    pub fn new(_config: Config) -> Self {
        Sim { now: Instant::ZERO, outputs: VecDeque::new() }
    }

    /// The moment it is.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Something comes in at `now` (never earlier than what has been).
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        self.now = self.now.max(now);
        match input {
            Input::OpenTerminal { id, .. } => {
                self.outputs.push_back(Output::Screen { id, bytes: b"student@node1:~$ ".to_vec() });
                self.outputs.push_back(Output::Shell { id, state: ShellState::Prompt { status: 0 } });
            }
            Input::Type { id, bytes } => {
                let text = String::from_utf8_lossy(&bytes).replace('\r', "\r\n(echo)\r\nstudent@node1:~$ ");
                self.outputs.push_back(Output::Screen { id, bytes: text.into_bytes() });
            }
            _ => {}
        }
    }

    /// The next thing the world has to say, if any.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When the world wants to be called again.
    pub fn poll_timeout(&self) -> Option<Instant> {
        Some(self.now + Duration::from_secs(1))
    }

    /// Lets happen what is due up to `now`, at most `budget` steps of it.
    pub fn handle_timeout(&mut self, now: Instant, _budget: u64) -> Progress {
        self.now = self.now.max(now);
        Progress { steps: 0, done: true }
    }

    /// The cluster as the panel shows it.
    pub fn view(&self) -> View {
        View::default()
    }

    /// Fingerprint of all that happened.
    pub fn trace(&self) -> Trace {
        Trace::default()
    }
}
