//! World A: our kubectl in the simulated shell.

use crate::{Answer, answer, script};
use podium::world::World;
use sim_core::{Config, Input, Instant, JobId, Journal, Output, Place, Sim};
use std::time::Duration;

const BASH: JobId = 1;
/// The longest that a command may take, in its own time.
const LIMIT: Duration = Duration::from_secs(600);
/// Every line begins this far into a second, so that ages do not change under it.
const INTO_A_SECOND: Duration = Duration::from_millis(300);

/// A session of ours.
pub struct Ours {
    world: World,
}

impl Ours {
    /// A fresh cluster, with a metrics server or without, and a shell in a fresh folder.
    pub fn new(metrics: bool) -> Ours {
        let mut world = World::new(Config { metrics, ..Config::default() });
        world.input(Input::Spawn { id: BASH, place: Place::Lab, argv: vec!["bash".into(), "-l".into()] });
        let mut ours = Ours { world };
        ours.execute("mkdir -p ~/lab; cd ~/lab");
        ours
    }

    /// A file appears in the working directory.
    pub fn write(&mut self, name: &str, contents: &str) {
        let contents = contents.as_bytes().to_vec();
        self.world.input(Input::WriteFile { place: Place::Lab, path: name.to_string(), contents });
    }

    /// Lets time pass up to the moment at which a line may begin.
    pub fn align(&mut self) {
        let second = u64::try_from(Duration::from_secs(1).as_nanos()).unwrap_or(u64::MAX);
        let into = u64::try_from(INTO_A_SECOND.as_nanos()).unwrap_or(0);
        let now = self.world.now().as_nanos();
        let mut begin = now / second * second + into;
        if begin < now {
            begin += second;
        }
        self.settle(Duration::from_nanos(begin - now));
    }

    /// Lets time pass.
    pub fn settle(&mut self, time: Duration) {
        self.world.run(time, |_| false);
    }

    /// The moment it is.
    pub fn now(&self) -> Instant {
        self.world.now()
    }

    /// All that happened so far.
    pub fn journal(&self) -> Journal {
        self.world.sim().journal()
    }

    /// The world, to look at.
    pub fn sim(&self) -> &Sim {
        self.world.sim()
    }

    /// Runs a command line.
    pub fn execute(&mut self, line: &str) -> Answer {
        self.world.input(Input::Stdin { id: BASH, bytes: script(line).into_bytes() });
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let ended = self.world.run(LIMIT, |output| {
            match output {
                Output::Stdout { id: BASH, bytes } => stdout.extend_from_slice(bytes),
                Output::Stderr { id: BASH, bytes } => stderr.extend_from_slice(bytes),
                Output::Exited { id: BASH, .. } => return true,
                _ => return false,
            }
            answer(&stdout, &stderr).is_some()
        });
        if !ended {
            self.world.input(Input::Signal { id: BASH, signal: 2 });
        }
        answer(&stdout, &stderr).unwrap_or_else(|| Answer {
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            status: None,
        })
    }
}
