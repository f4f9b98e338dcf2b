//! `podium record`: the commands of a recorded transcript, on a fresh cluster, in the same form.
//!
//! One bash runs them all, as when they were recorded. The files of the transcript lie in its working directory, each
//! command starts at its recorded second or as soon as the one before it has ended, and `restore` runs, unrecorded,
//! after each command that succeeded.

use crate::world::World;
use crate::{RecordArgs, unusable};
use kube::api::{EVENT, ObjectExt};
use kube::apiserver::DeleteOptions;
use serde_json::{Value, json};
use sim_core::{Config, Input, Installation, Instant, JobId, Output, Place};
use std::io::Write as _;
use std::time::Duration;

const BASH: JobId = 1;
/// Between a command's output and its status: no program prints this by chance.
const MARK: char = '\u{1e}';
/// The longest that a command may take.
const LIMIT: Duration = Duration::from_secs(600);

/// The machines that the transcripts were recorded on, whose control plane ran beside the cluster: no version of
/// Kubernetes makes these differ.
const RECORDED: Installation = Installation {
    os_image: Some("Ubuntu 20.04.1 LTS"),
    kernel: "5.4.0-65-generic",
    container_runtime: "containerd://1.4.3",
    memory_kib: 4_028_804,
    // What earlier recordings had pulled.
    images: &["jpetazzo/color", "nginx", "httpd", "alpine", "busybox"],
    server: "https://127.0.0.1:6443",
    kubeadm: false,
};

/// The seed by which chance falls as it fell on those machines: the DNS pods run on node1 and node3, and a pod that
/// could as well be elsewhere on node1. Where later pods go follows from that.
pub const SEED: u64 = 18;

/// Runs the command; gives the exit status.
pub(crate) fn run(args: &RecordArgs) -> u8 {
    let text = match std::fs::read_to_string(&args.file) {
        Ok(text) => text,
        Err(error) => return unusable(&args.file, &error),
    };
    let rows: Result<Vec<Value>, _> =
        text.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str).collect();
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => return unusable(&args.file, &error),
    };
    let config = Config { seed: args.world.seed.unwrap_or(SEED), ..args.world.config() };
    let world = recorded_world(config);
    let mut lines = String::new();
    for row in replay(world, args.world.place.into(), &rows) {
        lines += &row.to_string();
        lines.push('\n');
    }
    let written = match &args.output {
        Some(path) => std::fs::write(path, lines),
        None => std::io::stdout().write_all(lines.as_bytes()),
    };
    match written {
        Ok(()) => 0,
        Err(error) => unusable(&args.file, &error),
    }
}

/// The world that the transcripts were recorded in: of events, nothing was left in the default namespace.
pub fn recorded_world(config: Config) -> World {
    let world = World::on(config, RECORDED);
    let api = &world.sim().cluster().api;
    for event in api.snapshot(EVENT).iter().filter(|event| event.namespace() == "default") {
        api.delete(EVENT, "default", event.name(), &DeleteOptions::default())
            .expect("the event is there, and nothing keeps it");
    }
    world
}

/// Runs the commands of a transcript; gives the rows of ours.
pub fn replay(world: World, place: Place, rows: &[Value]) -> Vec<Value> {
    let mut recorder = Recorder::new(world, place, rows);
    rows.iter().map(|row| recorder.row(row)).collect()
}

struct Recorder {
    world: World,
    start: Instant,
    restore: Option<String>,
}

struct Answer {
    stdout: String,
    stderr: String,
    rc: i32,
}

impl Recorder {
    fn new(mut world: World, place: Place, rows: &[Value]) -> Self {
        let meta = rows.first().and_then(|row| row.get("meta")).cloned().unwrap_or_default();
        for (name, contents) in meta["files"].as_object().into_iter().flatten() {
            let contents = contents.as_str().unwrap_or("").as_bytes().to_vec();
            world.input(Input::WriteFile { place, path: name.clone(), contents });
        }
        world.input(Input::Spawn { id: BASH, place, argv: vec!["bash".into(), "-l".into()] });
        let mut recorder =
            Recorder { start: world.now(), world, restore: meta["restore"].as_str().map(String::from) };
        recorder.execute("mkdir -p ~/lab; cd ~/lab");
        recorder.start = recorder.world.now();
        recorder
    }

    fn row(&mut self, row: &Value) -> Value {
        let Some(command) = row["cmd"].as_str() else {
            let mut row = row.clone();
            row["meta"]["server"] = json!("podium");
            return row;
        };
        let due = self.start + Duration::from_secs_f64(row["t"].as_f64().unwrap_or(0.0).max(0.0));
        let wait = due.duration_since(self.world.now());
        self.world.run(wait, |_| false);
        let begin = self.world.now();
        let answer = self.execute(command);
        let end = self.world.now();
        if answer.rc == 0
            && let Some(restore) = self.restore.clone()
            && row["setup"] != json!(true)
        {
            self.execute(&restore);
        }
        let mut result = json!({
            "cmd": command,
            "stdout": answer.stdout,
            "stderr": answer.stderr,
            "rc": answer.rc,
            "t": (begin.duration_since(self.start).as_secs_f64() * 100.0).round() / 100.0,
            "dur": (end.duration_since(begin).as_secs_f64() * 100.0).round() / 100.0,
        });
        for field in ["i", "setup"] {
            if let Some(value) = row.get(field) {
                result[field] = value.clone();
            }
        }
        result
    }

    fn execute(&mut self, command: &str) -> Answer {
        // Nothing is on standard input, least of all the next command.
        let quoted = command.replace('\'', r"'\''");
        let script = format!("eval '{quoted}' </dev/null\nprintf '\\036%d\\036' $? ; printf '\\036' >&2\n");
        self.world.input(Input::Stdin { id: BASH, bytes: script.into_bytes() });
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let marks = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte == MARK as u8).count();
        let ended = self.world.run(LIMIT, |output| {
            match output {
                Output::Stdout { id: BASH, bytes } => stdout.extend_from_slice(bytes),
                Output::Stderr { id: BASH, bytes } => stderr.extend_from_slice(bytes),
                Output::Exited { id: BASH, .. } => return true,
                _ => return false,
            }
            marks(&stdout) >= 2 && marks(&stderr) >= 1
        });
        let stdout = String::from_utf8_lossy(&stdout).into_owned();
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        let mut parts = stdout.split(MARK);
        let out = parts.next().unwrap_or("").to_string();
        let rc = parts.next().and_then(|status| status.parse().ok());
        if !ended {
            self.world.input(Input::Signal { id: BASH, signal: 2 });
        }
        Answer {
            stdout: out,
            stderr: stderr.split(MARK).next().unwrap_or("").to_string(),
            rc: rc.unwrap_or(if ended { 255 } else { 124 }),
        }
    }
}
