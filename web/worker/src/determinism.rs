//! The same seed leads to the same world, natively and in wasm: random commands at random instants,
//! folded into one line that both print.

use podium_protocol::{Config, Input, Place};
use sim_core::{Instant, Output, Sim};

/// What a session of random commands is made of: lab commands, loops, mistakes.
const COMMANDS: &[&str] = &[
    "kubectl create deployment blue --image=jpetazzo/color",
    "kubectl create deployment web --image=nginx --replicas=2",
    "kubectl get pods -o wide",
    "kubectl get all -A",
    "kubectl expose deployment blue --port=80",
    "kubectl scale deployment blue --replicas=3",
    "kubectl delete pod -l app=blue --wait=false",
    "kubectl get endpointslices -o yaml",
    "kubectl describe service blue",
    "kubectl events",
    "curl -sm1 http://$(kubectl get svc blue -o jsonpath='{.spec.clusterIP}')",
    "for i in 1 2 3; do echo $i $RANDOM; done",
    "sleep 3 & jobs",
    "ls -l /etc | sort | head -5",
    "while true; do :; done",
    "yes | head -100 | wc -l",
    "ping -c2 10.244.1.2",
    "cat /etc/resolv.conf; nosuchcommand; echo $?",
    "kubectl run test --image=nosuch/image",
    "watch kubectl get pods",
];

/// Runs `seed`'s session and says how it went: steps, fingerprint, hash of all output.
pub fn fingerprint(seed: u64) -> String {
    let mut sim = Sim::new(Config { seed, ..Config::default() });
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut output = Fnv::default();
    sim.handle_input(sim.now(), Input::OpenTerminal { id: 1, place: Place::Lab, rows: 24, cols: 80 });
    for _ in 0..8 {
        let command = COMMANDS[random.below(COMMANDS.len() as u64) as usize];
        pass(&mut sim, random.below(4_000_000_000), &mut output);
        type_in(&mut sim, format!("{command}\r").into_bytes());
        pass(&mut sim, random.below(6_000_000_000), &mut output);
        type_in(&mut sim, vec![3]);
    }
    pass(&mut sim, 2_000_000_000, &mut output);
    let trace = sim.trace();
    format!("{seed} {} {:016x} {:016x}", trace.steps, trace.fingerprint, output.0)
}

fn type_in(sim: &mut Sim, bytes: Vec<u8>) {
    sim.handle_input(sim.now(), Input::Type { id: 1, bytes });
}

fn pass(sim: &mut Sim, nanos: u64, output: &mut Fnv) {
    let until = Instant::from_nanos(sim.now().as_nanos() + nanos);
    while !sim.handle_timeout(until, 10_000).done {
        drain(sim, output);
    }
    drain(sim, output);
}

fn drain(sim: &mut Sim, into: &mut Fnv) {
    while let Some(output) = sim.poll_output() {
        match output {
            Output::Screen { bytes, .. } => into.fold(&bytes),
            other => into.fold(format!("{other:?}").as_bytes()),
        }
    }
}

/// The session's own chance, apart from the world's.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn fold(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn a_seed_leads_to_one_history() {
        assert_eq!(fingerprint(7), fingerprint(7));
    }
}
