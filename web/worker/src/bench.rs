//! The benchmarks, one list for native and wasm. The caller holds the watch, since the world has none.

use sim_core::{Sim, bench};

/// One benchmark.
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// What it counts.
    pub unit: &'static str,
    /// Makes the world that it runs in; not measured.
    pub prepare: fn() -> Sim,
    /// Runs it; the answer is how much was done.
    pub run: fn(&mut Sim) -> u64,
}

/// How often a command of kubectl runs in one world.
const ROUNDS: u32 = 10;
/// How often a Service is asked.
const REQUESTS: u32 = 5_000;

/// A command of kubectl in a cluster of a thousand pods.
const fn of_a_thousand_pods(name: &'static str, run: fn(&mut Sim) -> u64) -> Scenario {
    Scenario { name, unit: "commands", prepare: thousand_pods, run }
}

/// All of them, in the order in which they are printed.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "boot a cluster of 3 nodes",
        unit: "steps",
        prepare: || bench::cluster(1),
        run: |_| bench::cluster(3).trace().steps,
    },
    Scenario {
        name: "Deployment of 3, available",
        unit: "pods",
        prepare: || bench::cluster(3),
        run: |world| bench::deployment(world, 3),
    },
    Scenario {
        name: "Deployment of 100, available",
        unit: "pods",
        prepare: || bench::cluster(3),
        run: |world| bench::deployment(world, 100),
    },
    Scenario {
        name: "Deployment of 1,000, available",
        unit: "pods",
        prepare: || bench::cluster(12),
        run: |world| bench::deployment(world, 1_000),
    },
    of_a_thousand_pods("kubectl get pods, of 1,000", |world| {
        bench::kubectl(world, "kubectl get pods", ROUNDS)
    }),
    of_a_thousand_pods("kubectl get pods -o yaml, of 1,000", |world| {
        bench::kubectl(world, "kubectl get pods -o yaml", ROUNDS)
    }),
    of_a_thousand_pods("kubectl get pods -o json, of 1,000", |world| {
        bench::kubectl(world, "kubectl get pods -o json", ROUNDS)
    }),
    of_a_thousand_pods("kubectl get pods -o yaml, of 1,000, once", |world| {
        bench::kubectl(world, "kubectl get pods -o yaml", 1)
    }),
    of_a_thousand_pods("kubectl get pods -o jsonpath, of 1,000", |world| {
        bench::kubectl(world, "kubectl get pods -o jsonpath={.items[*].metadata.name}", ROUNDS)
    }),
    of_a_thousand_pods("kubectl get pods -o go-template, of 1,000", |world| {
        bench::kubectl(
            world,
            "kubectl get pods -o go-template={{range\t.items}}{{.metadata.name}}{{end}}",
            ROUNDS,
        )
    }),
    of_a_thousand_pods("kubectl get pods --sort-by, of 1,000", |world| {
        bench::kubectl(world, "kubectl get pods --sort-by=.status.podIP", ROUNDS)
    }),
    of_a_thousand_pods("kubectl get pods -o kyaml, of 1,000", |world| {
        bench::kubectl(world, "kubectl get pods -o kyaml", ROUNDS)
    }),
    of_a_thousand_pods("kubectl events, of 1,000 pods", |world| {
        bench::kubectl(world, "kubectl events", ROUNDS)
    }),
    of_a_thousand_pods("kubectl describe rs, of 1,000", |world| {
        bench::kubectl(world, "kubectl describe rs", ROUNDS)
    }),
    of_a_thousand_pods("kubectl describe nodes, 12 with 1,000", |world| {
        bench::kubectl(world, "kubectl describe nodes", ROUNDS)
    }),
    of_a_thousand_pods("kubectl get events, of 1,000 pods", |world| {
        bench::kubectl(world, "kubectl get events", ROUNDS)
    }),
    of_a_thousand_pods("kubectl describe node, of 12 with 1,000", |world| {
        bench::kubectl(world, "kubectl describe node node2", ROUNDS)
    }),
    of_a_thousand_pods("kubectl describe deployment, of 1,000", |world| {
        bench::kubectl(world, "kubectl describe deployment blue", ROUNDS)
    }),
    Scenario {
        name: "requests, Service of 3 endpoints",
        unit: "requests",
        prepare: || prepared_service(3),
        run: |world| bench::requests(world, REQUESTS),
    },
    Scenario {
        name: "requests, Service of 100 endpoints",
        unit: "requests",
        prepare: || prepared_service(100),
        run: |world| bench::requests(world, REQUESTS),
    },
    Scenario { name: "an idle hour", unit: "events", prepare: || bench::cluster(3), run: bench::idle_hour },
    Scenario {
        name: "replay of an hour's session",
        unit: "steps",
        prepare: an_hours_session,
        run: |world| bench::replay(world),
    },
];

/// The scenario called `name`.
pub fn find(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

fn thousand_pods() -> Sim {
    let mut world = bench::cluster(12);
    bench::deployment(&mut world, 1_000);
    world
}

fn prepared_service(endpoints: u32) -> Sim {
    let mut world = bench::cluster(3);
    bench::service(&mut world, endpoints);
    world
}

fn an_hours_session() -> Sim {
    let mut world = bench::cluster(3);
    bench::session(&mut world);
    world
}
