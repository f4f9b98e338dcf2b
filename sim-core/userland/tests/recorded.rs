//! Programs against recordings of the real ones (GNU coreutils 9.1, grep 3.8, sed 4.9, findutils 4.9, diffutils 3.8,
//! procps 4.0 of Debian 12): the same files, the same words, the same bytes back.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use linux::net::{Net, NetnsId};
use linux::vfs::Vfs;
use linux::{File, Host, Spawn};
use serde_json::Value;
use sim::{Instant, Sim};
use std::cell::RefCell;
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;
use userland::programs::PROGRAMS;

/// What a run gave.
#[derive(Debug, PartialEq)]
struct Result {
    stdout: String,
    stderr: String,
    status: i32,
}

/// Runs a program as root in `/t`, where the files are.
fn run(files: &Value, argv: &[String], stdin: Option<&str>) -> Result {
    let sim = Sim::new(1);
    let root = Vfs::new();
    for program in PROGRAMS {
        root.put_program(&format!("/usr/bin/{}", program.name), program).unwrap();
    }
    root.put("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n", 0o644).unwrap();
    root.put("/etc/group", "root:x:0:\n", 0o644).unwrap();
    for (name, contents) in files.as_object().unwrap() {
        root.put(&format!("/t/{name}"), contents.as_str().unwrap(), 0o644).unwrap();
    }
    let host = Host::new(&sim, &Net::new(&sim), "node1", NetnsId(0), root);
    let input = stdin.map_or_else(File::null, |name| File::from_bytes(files[name].as_str().unwrap()));
    let (out_reader, out_writer) = File::pipe();
    let (err_reader, err_writer) = File::pipe();
    let env = [("PATH", "/usr/bin"), ("LANG", "C.UTF-8"), ("HOME", "/root"), ("TERM", "xterm-256color")];
    let spawned = host.spawn(Spawn {
        namespaces: host.namespaces(),
        argv: argv.to_vec(),
        env: env.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect(),
        cwd: "/t".into(),
        uid: 0,
        gid: 0,
        stdio: [input, out_writer, err_writer],
        controlling_tty: false,
    });
    let pid = spawned.unwrap();
    let collected: Vec<Rc<RefCell<Vec<u8>>>> = [out_reader, err_reader]
        .into_iter()
        .map(|reader| {
            let bytes = Rc::new(RefCell::new(Vec::new()));
            let into = bytes.clone();
            sim.spawn(async move {
                while let Ok(more) = reader.read(65_536).await {
                    if more.is_empty() {
                        break;
                    }
                    into.borrow_mut().extend(more);
                }
            });
            bytes
        })
        .collect();
    let status = Rc::new(RefCell::new(None));
    let (waiting, into) = (host.clone(), status.clone());
    sim.spawn(async move {
        let ended = waiting.wait(pid).await;
        *into.borrow_mut() = Some(ended);
    });
    sim.advance(Instant::ZERO + Duration::from_secs(60), 1_000_000);
    let text = |at: usize| String::from_utf8_lossy(&collected[at].borrow()).into_owned();
    let ended = status.borrow().expect("the program ends");
    Result { stdout: text(0), stderr: text(1), status: ended.exit_code() }
}

#[test]
fn programs_do_what_the_real_ones_do() {
    let mut lines = include_str!("programs/recorded.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let meta = lines.next().unwrap();
    let files = &meta["meta"]["files"];
    let mut report = String::new();
    let (mut count, mut wrong) = (0, 0);
    for case in lines {
        let argv: Vec<String> =
            case["argv"].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_string()).collect();
        let text = |key: &str| case[key].as_str().unwrap().to_string();
        let expected = Result {
            stdout: text("stdout"),
            stderr: text("stderr"),
            status: (case["rc"].as_i64().unwrap() as i32 + 256) % 256,
        };
        let got = run(files, &argv, case["stdin"].as_str());
        count += 1;
        // An option that is not simulated says so, and that is right, too.
        if got.stderr.ends_with(" is not simulated\n") && got.status == 2 {
            let _ = writeln!(report, "not simulated: {argv:?}: {}", got.stderr.trim_end());
            continue;
        }
        if got != expected {
            wrong += 1;
            let _ = writeln!(report, "{argv:?} < {}\n  real {expected:?}\n  ours {got:?}", case["stdin"]);
        }
    }
    assert!(wrong == 0, "{wrong} of {count} differ\n{report}");
}
