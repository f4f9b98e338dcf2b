//! A machine with a bash and a few programs.

use crate::case::{Case, normal};
use crate::programs;
use linux::host::HostPid;
use linux::net::Net;
use linux::vfs::Vfs;
use linux::{File, Host, Spawn, WaitStatus};
use sim::{Duration, Instant, Sim};
use std::cell::RefCell;
use std::rc::Rc;
use userland::shell::BASH;

pub const ENVIRONMENT: &[(&str, &str)] =
    &[("PATH", "/usr/bin:/bin"), ("HOME", "/nonexistent"), ("LANG", "C.UTF-8"), ("TERM", "xterm")];

pub struct Machine {
    pub sim: Sim,
    pub host: Host,
}

impl Machine {
    pub fn new() -> Machine {
        let sim = Sim::new(1);
        let net = Net::new(&sim);
        let netns = net.create_namespace("node1");
        let root = Vfs::new();
        for folder in ["/tmp/t", "/home/student", "/etc", "/root"] {
            root.mkdir_all(folder).unwrap();
        }
        root.put(
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/bash\nstudent:x:1000:1000::/home/student:/bin/bash\n",
            0o644,
        )
        .unwrap();
        root.chown("/home/student", 1000, 1000).unwrap();
        root.put_program("/bin/bash", &BASH).unwrap();
        root.put_program("/bin/sh", &BASH).unwrap();
        for program in programs::ALL {
            root.put_program(&format!("/usr/bin/{}", program.name), program).unwrap();
        }
        let host = Host::new(&sim, &net, "node1", netns, root);
        Machine { sim, host }
    }

    pub fn spawn(
        &self,
        argv: Vec<String>,
        env: &[(&str, &str)],
        cwd: &str,
        uid: u32,
        stdio: [File; 3],
        controlling_tty: bool,
    ) -> HostPid {
        self.host
            .spawn(Spawn {
                namespaces: self.host.namespaces(),
                argv,
                env: env.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
                cwd: cwd.into(),
                uid,
                gid: uid,
                stdio,
                controlling_tty,
            })
            .unwrap()
    }

    fn collect(&self, file: File) -> Rc<RefCell<Vec<u8>>> {
        let out = Rc::new(RefCell::new(Vec::new()));
        let into = out.clone();
        self.sim.spawn(async move {
            while let Ok(data) = file.read(65_536).await {
                if data.is_empty() {
                    break;
                }
                into.borrow_mut().extend(data);
            }
        });
        out
    }

    pub fn pass(&self, ms: u64) {
        let until = self.sim.now() + Duration::from_millis(ms);
        assert!(self.sim.advance(until, 50_000_000).done, "the world does not come to rest");
    }
}

/// Runs a case through the simulated bash.
pub fn run_case(case: &Case) -> Case {
    let machine = Machine::new();
    let root = machine.host.namespaces().root;
    root.put("/tmp/t/t.sh", case.script.clone(), 0o644).unwrap();
    let input = if case.how == "input" {
        let (reader, writer) = File::pipe();
        let script = case.script.clone();
        machine.sim.spawn(async move {
            let _ = writer.write_all(script.as_bytes()).await;
        });
        reader
    } else {
        File::null()
    };
    let (out_reader, out_writer) = File::pipe();
    let (err_reader, err_writer) = File::pipe();
    let (out, err) = (machine.collect(out_reader), machine.collect(err_reader));
    let pid =
        machine.spawn(case.arguments(), ENVIRONMENT, "/tmp/t", 0, [input, out_writer, err_writer], false);
    let status = Rc::new(RefCell::new(None));
    let (host, result) = (machine.host.clone(), status.clone());
    machine.sim.spawn(async move {
        let ended = host.wait(pid).await;
        *result.borrow_mut() = Some(ended);
    });
    machine.sim.advance(Instant::ZERO + Duration::from_secs(1000), 20_000_000);
    let text = |bytes: &Rc<RefCell<Vec<u8>>>| normal(&String::from_utf8_lossy(&bytes.borrow()));
    Case {
        stdout: text(&out),
        stderr: text(&err),
        status: status.borrow_mut().take().map_or(-1, WaitStatus::exit_code),
        ..case.clone()
    }
}
