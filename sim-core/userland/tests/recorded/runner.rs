//! Runs programs as their recordings were made.

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

/// Runs the recorded lines: `argv`, `files` and `stdin` against `stdout`, `stderr` and `rc`.
pub fn check(recorded: &str) {
    let mut report = String::new();
    let (mut count, mut wrong) = (0, 0);
    for line in recorded.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| case[key].as_str().unwrap_or("").to_string();
        let expected = (text("stdout"), text("stderr"), case["rc"].as_i64().unwrap() as i32);
        let got = run(&case);
        count += 1;
        if got != expected {
            wrong += 1;
            let _ =
                writeln!(report, "{} < {}\n  real {expected:?}\n  ours {got:?}", case["argv"], case["stdin"]);
        }
    }
    assert!(wrong == 0, "{wrong} of {count} differ\n{report}");
}

fn run(case: &Value) -> (String, String, i32) {
    let files = case["files"].as_object().into_iter().flatten();
    let files: Vec<(String, &str)> =
        files.map(|(name, contents)| (name.clone(), contents.as_str().unwrap())).collect();
    program(&files, words(&case["argv"]), File::from_bytes(case["stdin"].as_str().unwrap_or("")))
}

/// The words of a command line.
pub fn words(argv: &Value) -> Vec<String> {
    argv.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_string()).collect()
}

/// Runs a program as root in `/t`, with these files; gives what it wrote on both streams, and its status.
pub fn program(files: &[(String, &str)], argv: Vec<String>, stdin: File) -> (String, String, i32) {
    let sim = Sim::new(1);
    let root = Vfs::new();
    for program in PROGRAMS {
        root.put_program(&format!("/usr/bin/{}", program.name), program).unwrap();
    }
    for (path, contents) in files {
        root.put(path, *contents, 0o644).unwrap();
    }
    root.mkdir_all("/t").unwrap();
    let host = Host::new(&sim, &Net::new(&sim), "node1", NetnsId(0), root);
    let (out_reader, out_writer) = File::pipe();
    let (err_reader, err_writer) = File::pipe();
    let env = [("PATH", "/usr/bin"), ("LANG", "C.UTF-8"), ("HOME", "/root"), ("TERM", "xterm-256color")];
    let pid = host
        .spawn(Spawn {
            namespaces: host.namespaces(),
            argv,
            env: env.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect(),
            cwd: "/t".into(),
            uid: 0,
            gid: 0,
            stdio: [stdin, out_writer, err_writer],
            controlling_tty: false,
        })
        .unwrap();
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
    (text(0), text(1), ended.exit_code())
}
