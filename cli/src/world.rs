//! A world whose time runs as fast as it can.

use sim_core::{Config, Input, Installation, Instant, Output, Sim};
use std::time::Duration;

/// Steps between two looks at what came out.
const SLICE: u64 = 20_000;

/// A world and its driver: time stands still unless somebody waits.
pub struct World {
    sim: Sim,
}

impl World {
    /// A booted cluster.
    pub fn new(config: Config) -> Self {
        World { sim: Sim::new(config) }
    }

    /// A booted cluster on machines of one's own.
    pub fn on(config: Config, installation: Installation) -> Self {
        World { sim: Sim::on(config, installation) }
    }

    /// The moment it is in the world.
    pub fn now(&self) -> Instant {
        self.sim.now()
    }

    /// The world itself.
    pub fn sim(&self) -> &Sim {
        &self.sim
    }

    /// Something comes in, now.
    pub fn input(&mut self, input: Input) {
        self.sim.handle_input(self.sim.now(), input);
    }

    /// Lets time pass until `limit` or until `done` says so of something that came out; says whether it did.
    pub fn run(&mut self, limit: Duration, mut done: impl FnMut(&Output) -> bool) -> bool {
        let end = self.sim.now() + limit;
        loop {
            while let Some(output) = self.sim.poll_output() {
                if done(&output) {
                    return true;
                }
            }
            match self.sim.poll_timeout() {
                Some(at) if at <= end => {
                    self.sim.handle_timeout(at, SLICE);
                }
                _ => {
                    self.sim.handle_timeout(end, SLICE);
                    if self.sim.poll_timeout().is_none_or(|at| at > end) {
                        while let Some(output) = self.sim.poll_output() {
                            if done(&output) {
                                return true;
                            }
                        }
                        return false;
                    }
                }
            }
        }
    }
}
