//! A terminal of 10 lines and 60 columns, for the screens of editors.

use linux::host::HostPid;
use linux::net::{Net, NetnsId};
use linux::vfs::Vfs;
use linux::{Host, PtyMaster, Spawn, WinSize};
use serde_json::Value;
use sim::{Instant, Sim};
use std::fmt::Write as _;
use std::time::Duration;
use userland::programs::PROGRAMS;

const ROWS: usize = 10;
const COLS: usize = 60;

/// What is on the screen: the sequences that the editors here write, and no others.
struct Screen {
    cells: Vec<Vec<char>>,
    row: usize,
    col: usize,
}

impl Screen {
    fn new() -> Screen {
        Screen { cells: vec![vec![' '; COLS]; ROWS], row: 0, col: 0 }
    }

    fn feed(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\x1b' if chars.peek() == Some(&'[') => {
                    chars.next();
                    let mut parameters = String::new();
                    let mut end = ' ';
                    for c in chars.by_ref() {
                        if c.is_ascii_alphabetic() {
                            end = c;
                            break;
                        }
                        parameters.push(c);
                    }
                    self.sequence(&parameters, end);
                }
                '\x1b' => {
                    chars.next();
                }
                '\r' => self.col = 0,
                '\n' => self.row = (self.row + 1).min(ROWS - 1),
                '\x07' => {}
                c => {
                    if self.col >= COLS {
                        self.col = 0;
                        self.row = (self.row + 1).min(ROWS - 1);
                    }
                    self.cells[self.row][self.col] = c;
                    self.col += 1;
                }
            }
        }
    }

    fn sequence(&mut self, parameters: &str, end: char) {
        let numbers: Vec<usize> = parameters.split(';').map(|part| part.parse().unwrap_or(0)).collect();
        let at = |index: usize| numbers.get(index).copied().unwrap_or(0).max(1) - 1;
        match end {
            'H' => (self.row, self.col) = (at(0).min(ROWS - 1), at(1).min(COLS - 1)),
            'K' => self.cells[self.row][self.col.min(COLS)..].fill(' '),
            'J' => self.cells.iter_mut().for_each(|row| row.fill(' ')),
            'm' | 'h' | 'l' | 't' => {}
            other => panic!("a sequence that this screen does not know: {parameters:?} {other:?}"),
        }
    }

    fn rows(&self) -> Vec<String> {
        self.cells.iter().map(|row| row.iter().collect::<String>().trim_end().to_string()).collect()
    }
}

struct Session {
    sim: Sim,
    host: Host,
    terminal: PtyMaster,
    pid: HostPid,
    screen: Screen,
}

impl Session {
    fn start(argv: &[&str], text: Option<&str>) -> Session {
        let sim = Sim::new(1);
        let root = Vfs::new();
        for program in PROGRAMS {
            root.put_program(&format!("/bin/{}", program.name), program).unwrap();
        }
        root.mkdir_all("/t").unwrap();
        if let Some(text) = text {
            root.put("/t/file", text, 0o644).unwrap();
        }
        let host = Host::new(&sim, &Net::new(&sim), "node1", NetnsId(0), root);
        let (terminal, slave) = PtyMaster::open(&sim, WinSize { rows: ROWS as u16, cols: COLS as u16 });
        let env = [("PATH", "/bin"), ("LANG", "C.UTF-8"), ("TERM", "xterm-256color")];
        let pid = host
            .spawn(Spawn {
                namespaces: host.namespaces(),
                argv: argv.iter().map(|word| word.to_string()).collect(),
                env: env.map(|(key, value)| (key.to_string(), value.to_string())).to_vec(),
                cwd: "/t".into(),
                uid: 0,
                gid: 0,
                stdio: [slave.clone(), slave.clone(), slave],
                controlling_tty: true,
            })
            .unwrap();
        let mut session = Session { sim, host, terminal, pid, screen: Screen::new() };
        session.pass(300);
        session
    }

    fn pass(&mut self, millis: u64) {
        let until: Instant = self.sim.now() + Duration::from_millis(millis);
        self.sim.advance(until, 1_000_000);
        self.screen.feed(&self.terminal.take_output());
    }
}

/// Runs the recorded sessions: after each group of keys the same screen, and in the end the same file.
pub fn check(program: &str, recorded: &str) {
    let mut report = String::new();
    let (mut count, mut wrong) = (0, 0);
    for line in recorded.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let mut session = Session::start(&[program, "file"], case["text"].as_str());
        let keys = case["keys"].as_array().unwrap();
        for (at, expected) in case["screens"].as_array().unwrap().iter().enumerate() {
            if at > 0 {
                session.terminal.input(keys[at - 1].as_str().unwrap().as_bytes());
                session.pass(120);
            }
            count += 1;
            let group = if at > 0 { keys[at - 1].to_string() } else { "start".into() };
            if expected.is_null() || (at == keys.len() && session.host.status(session.pid).is_some()) {
                if session.host.status(session.pid).is_none() {
                    wrong += 1;
                    let _ = writeln!(report, "{group}: it should have ended");
                }
                break;
            }
            let rows: Vec<String> = expected["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row.as_str().unwrap().to_string())
                .collect();
            let cursor = (expected["cursor"][0].as_u64().unwrap(), expected["cursor"][1].as_u64().unwrap());
            // How long ago a change was made depends on who types.
            let timeless = |row: String| match (row.find("  "), row.find(" ago")) {
                (Some(from), Some(to)) if from < to => format!("{}{}", &row[..from], row[to..].trim_start()),
                _ => row,
            };
            let words = |rows: Vec<String>| -> Vec<String> {
                let squeezed = |row: String| row.split_whitespace().collect::<Vec<_>>().join(" ");
                rows.into_iter()
                    .map(|row| if row.contains(" ago") { squeezed(timeless(row)) } else { row })
                    .collect()
            };
            let rows = words(rows);
            let got = words(session.screen.rows());
            let place = (session.screen.row as u64, session.screen.col as u64);
            if rows != got || cursor != place {
                wrong += 1;
                let before: Vec<&str> = keys[..at].iter().map(|key| key.as_str().unwrap()).collect();
                let _ = writeln!(report, "{before:?} cursor {cursor:?}, ours {place:?}");
                for (real, ours) in rows.iter().zip(&got).filter(|(real, ours)| real != ours) {
                    let _ = writeln!(report, "  real {real:?}\n  ours {ours:?}");
                }
            }
        }
        let saved = session.host.namespaces().root.read("/t/file").ok();
        let saved = saved.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        if saved.as_deref() != case["saved"].as_str() {
            wrong += 1;
            let _ = writeln!(report, "saved {:?}\n ours {saved:?}", case["saved"]);
        }
    }
    assert!(wrong == 0, "{wrong} of {count} differ\n{report}");
}
