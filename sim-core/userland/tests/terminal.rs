//! Programs on a terminal: what they draw, which keys they take, how ^C ends them.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use linux::host::HostPid;
use linux::net::{Fabric, Net};
use linux::vfs::Vfs;
use linux::{Host, PtyMaster, Spawn, WaitStatus, WinSize};
use sim::{Instant, Sim};
use std::net::Ipv4Addr;
use std::time::Duration;
use userland::programs::PROGRAMS;
use userland::shell::BASH;

/// A node with another one beside it, and a program on a terminal of 10 lines and 60 columns.
struct Session {
    sim: Sim,
    host: Host,
    terminal: PtyMaster,
    pid: HostPid,
}

impl Session {
    fn start(line: &str) -> Session {
        let sim = Sim::new(1);
        let net = Net::new(&sim);
        let fabric = Fabric::new(&net);
        let root = Vfs::new();
        for program in PROGRAMS {
            root.put_program(&format!("/bin/{}", program.name), program).unwrap();
        }
        root.put_program("/bin/sh", &BASH).unwrap();
        root.put("/etc/hosts", "10.10.0.11 node1\n10.10.0.12 node2\n", 0o644).unwrap();
        root.put("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", 0o644).unwrap();
        let text: String = (1..=30).map(|n| format!("line {n}\n")).collect();
        root.put("/t/text", text, 0o644).unwrap();
        root.put("/t/sub/run me", "", 0o755).unwrap();
        fabric.add_host("node2", Ipv4Addr::new(10, 10, 0, 12)).unwrap();
        let netns = fabric.add_host("node1", Ipv4Addr::new(10, 10, 0, 11)).unwrap();
        let host = Host::new(&sim, &net, "node1", netns, root);
        let (terminal, slave) = PtyMaster::open(&sim, WinSize { rows: 10, cols: 60 });
        let env = [("PATH", "/bin"), ("LANG", "C.UTF-8"), ("TERM", "xterm-256color")];
        let started = host.spawn(Spawn {
            namespaces: host.namespaces(),
            argv: line.split(' ').map(String::from).collect(),
            env: env.map(|(key, value)| (key.to_string(), value.to_string())).to_vec(),
            cwd: "/t".into(),
            uid: 0,
            gid: 0,
            stdio: [slave.clone(), slave.clone(), slave],
            controlling_tty: true,
        });
        let pid = started.unwrap();
        Session { sim, host, terminal, pid }
    }

    /// Lets time pass; what came to the screen, escape sequences readable.
    fn after(&self, millis: u64) -> String {
        let until = self.sim.now() + Duration::from_millis(millis);
        let mut bytes = Vec::new();
        while self.sim.now() < until {
            self.sim.advance(until.min(self.sim.now() + Duration::from_millis(10)), 1_000_000);
            bytes.extend(self.terminal.take_output());
        }
        String::from_utf8(bytes).unwrap().replace('\x1b', "␛").replace('\r', "")
    }

    fn keys(&self, keys: &str, millis: u64) -> String {
        self.terminal.input(keys.as_bytes());
        self.after(millis)
    }

    fn status(&self) -> Option<WaitStatus> {
        self.host.status(self.pid)
    }
}

#[test]
fn watch_draws_what_changes_and_leaves_the_screen_as_it_was() {
    let session = Session::start("watch -n 1 echo hello; date +%S");
    let first = session.after(500);
    assert_eq!(
        first,
        "␛[?1049h␛[22;0;0t␛[H␛[2J␛[H␛[2J␛[1;1HEvery 1.0s: echo hello; ...  node1: Mon Jan  5 08:00:00 2026␛[3;1Hhello␛[K␛[4;1H00␛[K␛[10;60H"
    );
    let second = session.after(1000);
    assert!(second.contains("␛[4;1H01␛[K") && !second.contains("hello␛"), "{second}");
    session.terminal.resize(WinSize { rows: 3, cols: 40 });
    let third = session.after(200);
    assert!(third.contains("␛[2J") && third.contains("␛[3;1Hhello") && !third.contains("␛[4;1H"), "{third}");
    let last = session.keys("\x03", 100);
    assert!(last.ends_with("␛[3;1H␛[?1049l␛[23;0;0t␛[?1l␛>"), "{last}");
    assert_eq!(session.status(), Some(WaitStatus::Exited(0)));
}

#[test]
fn less_shows_a_screen_at_a_time() {
    let session = Session::start("less text");
    let first = session.after(100);
    assert!(
        first.contains("␛[Kline 1\n") && first.contains("␛[Kline 9\n") && !first.contains("line 10\n"),
        "{first}"
    );
    assert!(first.ends_with("␛[7mtext␛[27m"), "{first}");
    let next = session.keys(" ", 50);
    assert!(next.contains("␛[Kline 10\n") && next.contains("␛[Kline 18\n") && next.ends_with(':'), "{next}");
    let end = session.keys("G", 50);
    assert!(
        end.contains("␛[Kline 22\n") && end.contains("␛[Kline 30\n") && end.ends_with("␛[7m(END)␛[27m"),
        "{end}"
    );
    let found = session.keys("g/ne 2.\n", 100);
    assert!(found.contains("␛[Kli␛[7mne 20␛[27m\n"), "{found}");
    let again = session.keys("n", 50);
    assert!(again.contains("␛[H␛[Kli␛[7mne 21␛[27m\n"), "{again}");
    let last = session.keys("q", 50);
    assert!(last.ends_with("␛[?1049l␛[23;0;0t"), "{last}");
    assert_eq!(session.status(), Some(WaitStatus::Exited(0)));
}

#[test]
fn ping_counts_when_it_is_interrupted() {
    let session = Session::start("ping node2");
    let text = session.after(2500);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "PING node2 (10.10.0.12) 56(84) bytes of data.");
    assert!(lines[1].starts_with("64 bytes from node2 (10.10.0.12): icmp_seq=1 ttl=64 time=0."), "{text}");
    assert_eq!(lines.len(), 4, "{text}");
    let last = session.keys("\x03", 50);
    assert!(last.starts_with(
        "^C\n--- node2 ping statistics ---\n3 packets transmitted, 3 received, 0% packet loss, time 2"
    ));
    assert_eq!(session.status(), Some(WaitStatus::Exited(0)));
}

#[test]
fn names_stand_in_columns_with_colours() {
    let session = Session::start("ls --color=auto / sub");
    let text = session.after(100);
    assert_eq!(
        text,
        "/:\n␛[0m␛[01;34mbin␛[0m  ␛[01;34mdev␛[0m  ␛[01;34metc␛[0m  ␛[01;34mproc␛[0m  ␛[01;34msys␛[0m  ␛[01;34mt␛[0m  ␛[30;42mtmp␛[0m\n\nsub:\n␛[01;32m'run me'␛[0m\n"
    );
}

#[test]
fn endless_output_stops_at_once() {
    let session = Session::start("yes");
    session.after(100);
    session.keys("\x03", 20);
    assert_eq!(session.status(), Some(WaitStatus::Signaled(linux::Signal::INT)));
    let session = Session::start("tail -f text");
    assert!(session.after(1500).ends_with("line 30\n"));
    session.keys("\x03", 20);
    assert_eq!(session.status(), Some(WaitStatus::Signaled(linux::Signal::INT)));
    assert!(session.sim.now() > Instant::ZERO);
}

#[test]
fn ps_cuts_commands_at_the_edge() {
    let session = Session::start("ps -ef --forest --sort pid");
    let text = session.after(100);
    let expected = "UID        PID  PPID  C STIME TTY          TIME CMD\nroot         1     0";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.lines().last().unwrap().ends_with("ps -ef --for"), "{text}");
}
