//! What is measured: the same scenarios natively and in wasm. Whoever calls them holds the watch.

use crate::{Config, Input, JobId, Output, Place, Sim};
use linux::http::Connection;
use linux::{Args, ExitCode, Program, ProgramFuture, Sys};
use std::net::SocketAddr;
use std::time::Duration;

const JOB: JobId = JobId::MAX;
const LIMIT: Duration = Duration::from_secs(3600);
/// The address of the Service that is asked.
const SERVICE: &str = "10.96.77.77";

/// A booted cluster with so many nodes.
pub fn cluster(nodes: u8) -> Sim {
    Sim::new(Config { nodes, ..Config::default() })
}

/// Runs a program on node1, as fast as virtual time can go; gives its exit status and what it wrote.
pub fn run(world: &mut Sim, argv: &[&str]) -> (i32, String) {
    let argv = argv.iter().map(|word| word.to_string()).collect();
    world.handle_input(world.now(), Input::Spawn { id: JOB, place: Place::Lab, argv });
    world.handle_input(world.now(), Input::CloseStdin { id: JOB });
    let end = world.now() + LIMIT;
    let mut text = Vec::new();
    while world.now() < end {
        while let Some(output) = world.poll_output() {
            match output {
                Output::Stdout { id: JOB, bytes } | Output::Stderr { id: JOB, bytes } => text.extend(bytes),
                Output::Exited { id: JOB, code } => {
                    let text = String::from_utf8(text);
                    return (
                        code,
                        text.unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned()),
                    );
                }
                _ => {}
            }
        }
        let Some(next) = world.poll_timeout() else { break };
        world.handle_timeout(next, 1_000);
    }
    (124, String::from_utf8_lossy(&text).into_owned())
}

/// A Deployment of so many replicas until all of them are available; gives how many are.
pub fn deployment(world: &mut Sim, replicas: u32) -> u64 {
    let size = format!("--replicas={replicas}");
    run(world, &["kubectl", "create", "deployment", "blue", "--image=jpetazzo/color", &size]);
    let goal = format!("--for=jsonpath={{.status.availableReplicas}}={replicas}");
    let (code, text) = run(world, &["kubectl", "wait", "deployment", "blue", &goal, "--timeout=3000s"]);
    assert_eq!(code, 0, "the deployment becomes available: {text}");
    u64::from(replicas)
}

/// A command of kubectl in the cluster as it is, so many times; gives how often it succeeded.
pub fn kubectl(world: &mut Sim, line: &str, rounds: u32) -> u64 {
    let argv: Vec<&str> = line.split(' ').collect();
    for _ in 0..rounds {
        let (code, text) = run(world, &argv);
        assert_eq!(code, 0, "{line}: {text}");
    }
    u64::from(rounds)
}

/// A Service in front of so many pods, ready to be asked.
pub fn service(world: &mut Sim, endpoints: u32) {
    deployment(world, endpoints);
    run(world, &["kubectl", "expose", "deployment", "blue", "--port=80", "--cluster-ip=10.96.77.77"]);
    run(world, &["sleep", "5"]);
    let client = Program::new("load", "Ask a Service many times", |sys, args| -> ProgramFuture {
        Box::pin(load(sys, args))
    });
    let root = world.cluster().nodes[0].host.namespaces().root;
    root.put_program("/usr/local/bin/load", &client).expect("the node's root can be written");
}

/// Asks the Service of [`service`] so many times, a connection each; gives how often it answered.
pub fn requests(world: &mut Sim, count: u32) -> u64 {
    let (code, text) = run(world, &["load", &count.to_string()]);
    assert_eq!(code, 0, "the Service answers: {text}");
    u64::from(count)
}

async fn load(sys: Sys, args: Args) -> ExitCode {
    let count: u32 = args.get(1).and_then(|number| number.parse().ok()).unwrap_or(1);
    let address: SocketAddr = format!("{SERVICE}:80").parse().expect("an address");
    let headers =
        [("Host".to_string(), SERVICE.to_string()), ("Connection".to_string(), "close".to_string())];
    for number in 0..count {
        let answered = async {
            let fd = sys.connect(address).await?;
            let mut connection = Connection::new(&sys, fd);
            connection.write_request("GET", "/", &headers, &[]).await?;
            let head = connection.read_response().await?;
            let mut body = head.body("GET")?;
            connection.read_body(&mut body).await?;
            sys.close(fd)?;
            Ok::<u16, linux::http::HttpError>(head.status)
        };
        match answered.await {
            Ok(200) => {}
            other => {
                sys.err(&format!("request {number}: {other:?}\n")).await;
                return 1;
            }
        }
    }
    0
}

/// Goes through a recorded session again; gives the steps it took.
pub fn replay(world: &Sim) -> u64 {
    Sim::replay(&world.journal()).trace().steps
}

/// Nothing but heartbeats for an hour; gives the events.
pub fn idle_hour(world: &mut Sim) -> u64 {
    let before = world.trace().steps;
    let end = world.now() + Duration::from_secs(3600);
    while !world.handle_timeout(end, u64::MAX).done {}
    world.trace().steps - before
}

/// An hour as a learner spends it: a command each half minute.
pub fn session(world: &mut Sim) {
    const COMMANDS: &[&str] = &[
        "kubectl create deployment blue --image=jpetazzo/color",
        "kubectl get pods -o wide",
        "kubectl expose deployment blue --port=80",
        "kubectl get service",
        "CLUSTER_IP=$(kubectl get svc blue -o go-template='{{ .spec.clusterIP }}')",
        "for i in $(seq 10); do curl http://$CLUSTER_IP; done",
        "kubectl scale deployment blue --replicas=3",
        "for i in $(seq 20); do curl -s http://$CLUSTER_IP; done | tr '\\r' '\\n' | grep This",
        "kubectl describe service blue",
        "kubectl get events",
        "kubectl delete deployment,service blue",
        "kubectl get all",
    ];
    world.handle_input(world.now(), Input::OpenTerminal { id: 1, place: Place::Lab, rows: 24, cols: 80 });
    for round in 0..10 {
        for command in COMMANDS {
            let next = world.now() + Duration::from_secs(30);
            let bytes = format!("{command} # {round}\r").into_bytes();
            world.handle_input(world.now(), Input::Type { id: 1, bytes });
            while !world.handle_timeout(next, u64::MAX).done {}
            while world.poll_output().is_some() {}
        }
    }
}
