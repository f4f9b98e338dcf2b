//! A script and what it printed.

use std::process::{Command, Stdio};

/// One case. `how` is `script` (a file called `t.sh`), `string` (`-c`) or `input` (standard input).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    pub how: String,
    pub name: String,
    pub script: String,
    pub stdout: String,
    pub stderr: String,
    pub status: i32,
}

impl Case {
    /// Reads a file of cases: `### HOW NAME`, the script, `>>> stdout`, `>>> stderr`, `>>> status N`.
    pub fn parse(text: &str) -> Vec<Case> {
        let mut cases: Vec<Case> = Vec::new();
        let mut part = 0;
        for line in text.split_inclusive('\n') {
            let bare = line.trim_end_matches('\n');
            if let Some(head) = bare.strip_prefix("### ") {
                let (how, name) = head.split_once(' ').unwrap();
                cases.push(Case { how: how.into(), name: name.into(), ..Case::default() });
                part = 0;
                continue;
            }
            let Some(case) = cases.last_mut() else { continue };
            match bare {
                ">>> stdout" => part = 1,
                ">>> stderr" => part = 2,
                _ if bare.starts_with(">>> status ") => {
                    case.status = bare[11..].parse().unwrap();
                    part = 3;
                }
                _ => match part {
                    0 => case.script.push_str(line),
                    1 => case.stdout.push_str(line),
                    2 => case.stderr.push_str(line),
                    _ => {}
                },
            }
        }
        cases
    }

    /// As [`Case::parse`] reads it.
    pub fn to_text(&self) -> String {
        let ended = |text: &str| {
            if text.is_empty() || text.ends_with('\n') { text.to_string() } else { format!("{text}\n") }
        };
        format!(
            "### {} {}\n{}>>> stdout\n{}>>> stderr\n{}>>> status {}\n",
            self.how,
            self.name,
            ended(&self.script),
            ended(&self.stdout),
            ended(&self.stderr),
            self.status
        )
    }

    /// The command line that runs it.
    pub fn arguments(&self) -> Vec<String> {
        match self.how.as_str() {
            "string" => vec!["bash".into(), "-c".into(), self.script.trim_end_matches('\n').into()],
            "input" => vec!["bash".into()],
            _ => vec!["bash".into(), "t.sh".into(), "one".into(), "two words".into()],
        }
    }

    /// Asks the real bash.
    pub fn record(&mut self) {
        let folder = std::env::temp_dir().join(format!("podium-shell-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("t.sh"), &self.script).unwrap();
        let mut command = Command::new("bash");
        command.args(&self.arguments()[1..]).current_dir(&folder).env_clear();
        for (name, value) in crate::machine::ENVIRONMENT {
            command.env(name, value);
        }
        let input = if self.how == "input" {
            Stdio::from(std::fs::File::open(folder.join("t.sh")).unwrap())
        } else {
            Stdio::null()
        };
        let output = command.stdin(input).output().unwrap();
        let place = folder.to_str().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(place, "/tmp/t");
        self.stdout = normal(&text(&output.stdout));
        self.stderr = normal(&text(&output.stderr));
        use std::os::unix::process::ExitStatusExt;
        self.status = output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0));
        let _ = std::fs::remove_dir_all(&folder);
    }
}

/// Every text ends with a line end in the files.
pub fn normal(text: &str) -> String {
    let text = &without_pids(text);
    if text.is_empty() || text.ends_with('\n') { text.to_string() } else { format!("{text}\n") }
}

/// Process ids differ from run to run.
fn without_pids(text: &str) -> String {
    let line = |line: &str| match line.split_once(": line ") {
        Some((before, rest)) => match rest.split_once(": ") {
            Some((number, message)) => {
                let digits = message.trim_start();
                let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
                if rest.len() < digits.len() && rest.starts_with(' ') {
                    format!("{before}: line {number}: PID{rest}")
                } else {
                    line.to_string()
                }
            }
            None => line.to_string(),
        },
        None => line.to_string(),
    };
    text.split_inclusive('\n').map(line).collect()
}
