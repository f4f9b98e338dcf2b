//! A small network for the tests of programs: a node with a bridge, a pod on it, another node.

use linux::net::{Fabric, Net};
use linux::vfs::Vfs;
use linux::{File, Host, Namespaces, Program, Spawn};
use sim::Sim;
use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

/// node1 (10.10.0.11) with a pod at 10.244.0.5, node2 (10.10.0.12).
pub(crate) struct Bed {
    pub(crate) sim: Sim,
    pub(crate) host: Host,
    other: Host,
    pod: Namespaces,
}

/// What a program left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) status: i32,
}

impl Left {
    /// Output, errors and status as one text.
    pub(crate) fn all(&self) -> String {
        let status = if self.status == 0 { String::new() } else { format!("? {}\n", self.status) };
        format!("{}{}{status}", self.out, self.err)
    }
}

impl Bed {
    pub(crate) fn new(programs: &[&Program]) -> Bed {
        let sim = Sim::new(1);
        let net = Net::new(&sim);
        let fabric = Fabric::new(&net);
        let machine = |name: &str, last: u8| {
            let ns = fabric.add_host(name, Ipv4Addr::new(10, 10, 0, last)).unwrap();
            let root = Vfs::new();
            for program in programs {
                root.put_program(&format!("/bin/{}", program.name), program).unwrap();
            }
            root.put("/etc/hosts", "127.0.0.1 localhost\n10.10.0.11 node1\n10.10.0.12 node2\n", 0o644)
                .unwrap();
            root.put(
                "/etc/passwd",
                "root:x:0:0:root:/root:/bin/bash\nstudent:x:1000:1000::/home/student:/bin/bash\n",
                0o644,
            )
            .unwrap();
            root.put("/etc/group", "root:x:0:\nstudent:x:1000:\n", 0o644).unwrap();
            Host::new(&sim, &net, name, ns, root)
        };
        let (host, other) = (machine("node1", 11), machine("node2", 12));
        let node = host.namespaces().netns;
        net.set_sysctl(node, "net.ipv4.ip_forward", "1").unwrap();
        net.add_bridge(node, "cni0").unwrap();
        net.add_address(node, "cni0", "10.244.0.1/24".parse().unwrap()).unwrap();
        let inside = net.create_namespace("pod");
        net.attach_container(node, "cni0", inside, "10.244.0.5/24".parse().unwrap()).unwrap();
        let pod = host.new_namespaces(host.namespaces().root.clone(), inside, "pod");
        Bed { sim, host, other, pod }
    }

    /// Starts a command line of node1, split at blanks, as this user.
    fn start(
        &self,
        host: &Host,
        namespaces: Namespaces,
        line: &str,
        uid: u32,
        input: &str,
    ) -> (Running, linux::host::HostPid) {
        let (out_reader, out) = File::pipe();
        let (err_reader, err) = File::pipe();
        let running = Running::default();
        for (reader, into) in [(out_reader, running.out.clone()), (err_reader, running.err.clone())] {
            self.sim.spawn(async move {
                while let Ok(bytes) = reader.read(65_536).await {
                    if bytes.is_empty() {
                        break;
                    }
                    into.borrow_mut().extend(bytes);
                }
            });
        }
        let pid = host
            .spawn(Spawn {
                namespaces,
                argv: line.split_whitespace().map(String::from).collect(),
                env: vec![("PATH".into(), "/bin".into())],
                cwd: "/".into(),
                uid,
                gid: uid,
                stdio: [File::from_bytes(input.as_bytes().to_vec()), out, err],
                controlling_tty: false,
            })
            .unwrap();
        (running, pid)
    }

    fn finish(&self, host: &Host, running: Running, pid: linux::host::HostPid) -> Left {
        let status = Rc::new(RefCell::new(None));
        let (waiter, store) = (host.clone(), status.clone());
        self.sim.spawn(async move {
            let ended = waiter.wait(pid).await.exit_code();
            *store.borrow_mut() = Some(ended);
        });
        for _ in 0..1_000_000 {
            if status.borrow().is_some() {
                break;
            }
            let next = self.sim.next_timeout().expect("the program ends");
            self.sim.advance(next, 10_000);
        }
        self.pass(1);
        let text = |bytes: &RefCell<Vec<u8>>| String::from_utf8(bytes.take()).unwrap();
        let status = status.take().expect("the program ends");
        Left { out: text(&running.out), err: text(&running.err), status }
    }

    /// Runs a command line of node1 as root, to its end.
    pub(crate) fn run(&self, line: &str) -> Left {
        self.run_as(line, 0)
    }

    pub(crate) fn run_as(&self, line: &str, uid: u32) -> Left {
        let (running, pid) = self.start(&self.host, self.host.namespaces(), line, uid, "");
        self.finish(&self.host, running, pid)
    }

    /// Runs it with something on standard input.
    pub(crate) fn feed(&self, line: &str, input: &str) -> Left {
        let (running, pid) = self.start(&self.host, self.host.namespaces(), line, 0, input);
        self.finish(&self.host, running, pid)
    }

    /// Runs a command line in the pod.
    pub(crate) fn run_in_pod(&self, line: &str) -> Left {
        let (running, pid) = self.start(&self.host, self.pod.clone(), line, 0, "");
        self.finish(&self.host, running, pid)
    }

    /// Starts a command line on node2 and lets it run.
    pub(crate) fn serve(&self, line: &str) -> Running {
        let (running, _) = self.start(&self.other, self.other.namespaces(), line, 0, "");
        self.pass(10);
        running
    }

    /// Runs it and sends a signal after some milliseconds.
    pub(crate) fn interrupt(&self, line: &str, after_ms: u64, signal: linux::Signal) -> Left {
        let (running, pid) = self.start(&self.host, self.host.namespaces(), line, 0, "");
        self.pass(after_ms);
        self.host.kill(pid, signal).unwrap();
        self.finish(&self.host, running, pid)
    }

    pub(crate) fn pass(&self, ms: u64) {
        let until = self.sim.now() + Duration::from_millis(ms);
        assert!(self.sim.advance(until, 10_000_000).done, "the world does not come to rest");
    }
}

/// Output of a program that runs.
#[derive(Clone, Default)]
pub(crate) struct Running {
    pub(crate) out: Rc<RefCell<Vec<u8>>>,
    pub(crate) err: Rc<RefCell<Vec<u8>>>,
}
