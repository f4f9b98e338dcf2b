//! Conversations with an interactive shell: bytes typed, bytes shown.

use crate::machine::Machine;
use linux::{PtyMaster, WinSize};

struct Terminal {
    machine: Machine,
    master: PtyMaster,
}

const PROMPT: &str = "student@node1:~$ ";

/// A login as the page makes it, its prompt shown.
fn login(env: &[(&str, &str)]) -> Terminal {
    let machine = Machine::new();
    let root = machine.host.namespaces().root;
    root.put(
        "/home/student/.bashrc",
        "PS1='\\u@\\h:\\w\\$ '\nalias k=kubectl\nHISTCONTROL=ignoreboth\n",
        0o644,
    )
    .unwrap();
    root.chown("/home/student/.bashrc", 1000, 1000).unwrap();
    let script = userland::programs::kubectl::COMPLETION;
    root.put("/usr/share/bash-completion/completions/kubectl", script, 0o644).unwrap();
    let size = WinSize { rows: 24, cols: 80 };
    let (master, slave) = PtyMaster::open(&machine.sim, size);
    let mut all = vec![("PATH", "/usr/bin:/bin"), ("HOME", "/home/student"), ("TERM", "xterm-256color")];
    all.extend(env);
    machine.spawn(
        vec!["bash".into()],
        &all,
        "/home/student",
        1000,
        [slave.clone(), slave.clone(), slave],
        true,
    );
    machine.pass(50);
    Terminal { machine, master }
}

impl Terminal {
    fn raw(&mut self, keys: &str, ms: u64) -> String {
        self.master.input(keys.as_bytes());
        self.machine.pass(ms);
        String::from_utf8_lossy(&self.master.take_output()).into_owned()
    }

    /// What is shown, without the marks of bracketed paste, line ends as one character.
    fn keys(&mut self, keys: &str) -> String {
        self.wait(keys, 100)
    }

    fn wait(&mut self, keys: &str, ms: u64) -> String {
        let out = self.raw(keys, ms);
        out.replace("\x1b[?2004h", "").replace("\x1b[?2004l\r", "").replace("\r\n", "\n")
    }
}

fn start() -> Terminal {
    let mut terminal = login(&[]);
    assert_eq!(terminal.keys(""), PROMPT);
    terminal
}

#[test]
fn commands_are_echoed_and_run() {
    let mut t = login(&[]);
    assert_eq!(t.raw("", 10), format!("\x1b[?2004h{PROMPT}"));
    assert_eq!(t.raw("echo hi\r", 100), format!("echo hi\r\n\x1b[?2004l\rhi\r\n\x1b[?2004h{PROMPT}"));
    assert_eq!(t.keys("nosuch\r"), format!("nosuch\nbash: nosuch: command not found\n{PROMPT}"));
    assert_eq!(t.keys("echo $?\r"), format!("echo $?\n127\n{PROMPT}"));
    assert_eq!(t.keys("cd /tmp; pwd\r"), "cd /tmp; pwd\n/tmp\nstudent@node1:/tmp$ ");
    assert_eq!(
        t.keys("echo )\r"),
        "echo )\nbash: syntax error near unexpected token `)'\nstudent@node1:/tmp$ "
    );
}

#[test]
fn marks_are_set_when_asked_for() {
    let mut t = login(&[("PODIUM_SHELL_INTEGRATION", "1")]);
    let prompt = format!("\x1b[?2004h\x1b]133;A\x07{PROMPT}\x1b]133;B\x07");
    assert_eq!(t.raw("", 10), prompt);
    assert_eq!(
        t.raw("false\r", 100),
        format!("false\r\n\x1b[?2004l\r\x1b]133;C\x07\x1b]133;D;1\x07{prompt}")
    );
}

#[test]
fn an_interrupt_ends_what_runs() {
    let mut t = start();
    assert_eq!(t.keys("sleep 100\r"), "sleep 100\n");
    assert_eq!(t.keys("\x03"), format!("^C\n{PROMPT}"));
    assert_eq!(t.keys("echo $?\r"), format!("echo $?\n130\n{PROMPT}"));
    assert_eq!(t.keys("while true; do :; done\r"), "while true; do :; done\n");
    assert_eq!(t.keys("\x03"), format!("^C\n{PROMPT}"));
    assert_eq!(
        t.keys("while sleep 0.3; do echo x; done; echo no\r"),
        "while sleep 0.3; do echo x; done; echo no\n"
    );
    assert_eq!(t.keys("\x03"), format!("^C\n{PROMPT}"));
    assert_eq!(t.keys("abc\x03"), format!("abc^C\n{PROMPT}"));
    assert_eq!(t.keys("yes > /dev/null\r"), "yes > /dev/null\n");
    assert_eq!(t.keys("\x03"), format!("^C\n{PROMPT}"));
}

#[test]
fn a_billion_words_are_refused_at_once() {
    let mut t = start();
    assert_eq!(
        t.keys("echo {1..1000000000}\r"),
        format!(
            "echo {{1..1000000000}}\nbash: brace expansion: failed to allocate memory for 1000000000 elements\n{{1..1000000000}}\n{PROMPT}"
        )
    );
    t.wait("for i in {1..1000000}; do :; done\r", 100);
    assert_eq!(t.keys("\x03"), format!("^C\n{PROMPT}"));
}

#[test]
fn deep_recursion_is_refused() {
    let mut t = start();
    assert_eq!(
        t.wait("f() { f; }; f\r", 1000),
        format!("f() {{ f; }}; f\nbash: f: maximum function nesting level exceeded (1000)\n{PROMPT}")
    );
}

#[test]
fn jobs_stop_and_go_on() {
    let mut t = start();
    assert_eq!(t.keys("sleep 2\r"), "sleep 2\n");
    assert_eq!(t.keys("\x1a"), format!("^Z\n[1]+  Stopped                 sleep 2\n{PROMPT}"));
    assert_eq!(t.keys("jobs\r"), format!("jobs\n[1]+  Stopped                 sleep 2\n{PROMPT}"));
    assert_eq!(t.keys("bg\r"), format!("bg\n[1]+ sleep 2 &\n{PROMPT}"));
    assert_eq!(t.keys("jobs\r"), format!("jobs\n[1]+  Running                 sleep 2 &\n{PROMPT}"));
    assert_eq!(t.wait("fg\r", 3000), format!("fg\nsleep 2\n{PROMPT}"));
    let out = t.keys("sleep 100 &\r");
    assert!(out.starts_with("sleep 100 &\n[1] "), "{out}");
    assert_eq!(t.keys("kill %1\r"), format!("kill %1\n{PROMPT}"));
    assert_eq!(t.keys("\r"), format!("\n[1]+  Terminated              sleep 100\n{PROMPT}"));
    let out = t.keys("sleep 0.01 | cat &\r");
    assert!(out.ends_with(PROMPT), "{out}");
    t.wait("", 200);
    assert_eq!(t.keys("\r"), format!("\n[1]+  Done                    sleep 0.01 | cat\n{PROMPT}"));
    t.keys("sleep 50 &\r");
    t.keys("sleep 60 &\r");
    assert_eq!(
        t.keys("jobs\r"),
        format!(
            "jobs\n[1]-  Running                 sleep 50 &\n[2]+  Running                 sleep 60 &\n{PROMPT}"
        )
    );
    assert_eq!(t.keys("fg %1\r"), "fg %1\nsleep 50\n");
    assert_eq!(t.keys("\x03"), format!("^C\n{PROMPT}"));
}

#[test]
fn incomplete_input_asks_for_more_and_is_one_entry_of_history() {
    let mut t = start();
    assert_eq!(t.keys("for i in 1 2\r"), "for i in 1 2\n> ");
    assert_eq!(t.keys("do echo $i\r"), "do echo $i\n> ");
    assert_eq!(t.keys("done\r"), format!("done\n1\n2\n{PROMPT}"));
    assert_eq!(t.keys("\x1b[A"), "for i in 1 2; do echo $i; done");
    assert_eq!(t.keys("\r"), format!("\n1\n2\n{PROMPT}"));
    assert_eq!(t.keys("echo \"a\r"), "echo \"a\n> ");
    assert_eq!(t.keys("b\"\r"), format!("b\"\na\nb\n{PROMPT}"));
    assert_eq!(t.keys("cat <<E\r"), "cat <<E\n> ");
    assert_eq!(t.keys("x\r"), "x\n> ");
    assert_eq!(t.keys("E\r"), format!("E\nx\n{PROMPT}"));
    assert_eq!(t.keys("if true\r"), "if true\n> ");
    assert_eq!(t.keys("\x03"), format!("^C\n{PROMPT}"));
    assert_eq!(t.keys("echo a \\\r"), "echo a \\\n> ");
    assert_eq!(t.keys("b\r"), format!("b\na b\n{PROMPT}"));
}

#[test]
fn history_is_expanded_and_shown() {
    let mut t = start();
    t.keys("echo one two\r");
    assert_eq!(t.keys("!!\r"), format!("!!\necho one two\none two\n{PROMPT}"));
    assert_eq!(t.keys("echo !$\r"), format!("echo !$\necho two\ntwo\n{PROMPT}"));
    assert_eq!(t.keys("^two^three\r"), format!("^two^three\necho three\nthree\n{PROMPT}"));
    assert_eq!(t.keys("!nope\r"), format!("!nope\nbash: !nope: event not found\n{PROMPT}"));
    assert_eq!(t.keys("history 2\r"), format!("history 2\n    3  echo three\n    4  history 2\n{PROMPT}"));
}

#[test]
fn tab_completes() {
    let mut t = start();
    assert_eq!(t.keys("kubec\t"), "kubectl ");
    assert_eq!(t.keys("get pod\t"), "get pod\x07");
    assert_eq!(t.keys("\t"), format!("\npods          podtemplates  \n{PROMPT}kubectl get pod\x1b[J"));
    assert_eq!(t.keys("s\t\r"), format!("s \nkubectl get pods\n{PROMPT}"));
    assert_eq!(t.keys("k get se\t\r"), format!("k get services \nkubectl get services\n{PROMPT}"));
    assert_eq!(t.keys("ls /ho\t"), "ls /home/");
    assert_eq!(t.keys("st\t\r"), format!("student/\n{PROMPT}"));
    assert_eq!(t.keys("echo $HOM\t\r"), format!("echo $HOME/\n/home/student/\n{PROMPT}"));
}

#[test]
fn tab_asks_what_complete_was_told() {
    let mut t = start();
    t.keys("complete -W 'apple apricot banana' eat\r");
    assert_eq!(t.keys("eat b\t"), "eat banana ");
    assert_eq!(
        t.keys("\x15eat ap\t\t\x03"),
        format!("\x1b[11D\x1b[Keat ap\x07\napple    apricot  \n{PROMPT}eat ap\x1b[J^C\n{PROMPT}")
    );
    t.keys("f() { COMPREPLY=(\"<$1,$2,$3>\"); compopt -o nospace; }; complete -F f told\r");
    assert_eq!(t.keys("told a=b\t\x03"), format!("told a=b\x08<told,b,=>^C\n{PROMPT}"));
    t.keys("complete -C 'echo hi; echo' ask\r");
    assert_eq!(
        t.keys("ask \t\t\x03"),
        format!("ask \x07\nask  ask  hi        \n{PROMPT}ask \x1b[J^C\n{PROMPT}")
    );
    assert_eq!(t.keys("echo $COMP_LINE$COMPREPLY.\r"), format!("echo $COMP_LINE$COMPREPLY.\n.\n{PROMPT}"));
}

#[test]
fn a_paste_waits_for_enter() {
    let mut t = start();
    assert_eq!(t.keys("\x1b[200~echo a\recho b\x1b[201~"), "echo a\necho b");
    assert_eq!(t.keys("\r"), format!("\na\nb\n{PROMPT}"));
}

#[test]
fn the_end_of_input_ends_the_shell() {
    let mut t = start();
    assert_eq!(t.keys("sleep 100\r"), "sleep 100\n");
    t.keys("\x1a");
    assert_eq!(t.keys("\x04"), format!("\nexit\nThere are stopped jobs.\n{PROMPT}"));
    assert_eq!(t.keys("\x04"), "\nexit\n");
    let history = t.machine.host.namespaces().root.read("/home/student/.bash_history").unwrap();
    assert_eq!(String::from_utf8(history).unwrap(), "sleep 100\n");
}

#[test]
fn programs_get_the_terminal_as_it_was() {
    let mut t = start();
    assert_eq!(t.keys("cat\r"), "cat\n");
    assert_eq!(t.keys("hello\r"), "hello\nhello\n");
    assert_eq!(t.keys("\x04"), PROMPT);
    assert_eq!(t.keys("read -p 'name? ' x; echo \"[$x]\"\r"), "read -p 'name? ' x; echo \"[$x]\"\nname? ");
    assert_eq!(t.keys("bob\r"), format!("bob\n[bob]\n{PROMPT}"));
}

#[test]
fn keys_typed_ahead_are_not_lost() {
    let mut t = start();
    let out = t.wait("sleep 0.05\recho later\r", 500);
    assert!(out.ends_with(&format!("later\n{PROMPT}")), "{out}");
}

#[test]
fn a_fork_bomb_can_be_interrupted_or_runs_into_the_limit() {
    let mut t = start();
    t.wait("f() { f | f; }\r", 50);
    let _ = t.wait("f\r", 200);
    let out = t.wait("\x03\x03", 3000);
    assert!(out.ends_with(PROMPT), "{out}");
}

#[test]
fn a_fork_bomb_meets_the_limit_of_processes() {
    let mut t = start();
    let out = t.wait(":(){ :|:& };:\r", 300);
    assert!(out.contains("fork: retry: Resource temporarily unavailable\n"), "{out}");
    assert!(out.contains("\n[1] ") && out.contains(PROMPT), "{out}");
    let out = t.wait("echo alive\r", 100);
    assert!(out.contains("alive\n"), "{out}");
}
