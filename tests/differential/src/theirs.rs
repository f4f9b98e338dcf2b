//! World B: a real kubectl under a real bash, against a served world.

use crate::{Answer, answer, script};
use podium::serve_api::{Calendar, Clock, Server};
use sim_core::{Config, Instant, Journal, Sim};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// The longest that a command may take, in our time.
const LIMIT: Duration = Duration::from_secs(90);
/// How long a line takes at first sight, and the most of it that is made good.
const TAKES: Duration = Duration::from_millis(150);
const TAKES_MOST: Duration = Duration::from_millis(300);

/// The served side; one for many sections.
pub struct Theirs {
    server: Rc<Server>,
    /// A folder of its own, with a home and a folder for `kubectl`.
    root: PathBuf,
    bash: Option<Child>,
    /// How long the last line took.
    took: Duration,
}

impl Theirs {
    /// Begins to serve. Runs in a [`tokio::task::LocalSet`].
    pub async fn start(kubectl: &Path, root: PathBuf) -> std::io::Result<Theirs> {
        let world = Sim::new(Config::default());
        let server = Server::start(world, Clock::idle(), 0).await?;
        let bin = root.join("bin");
        std::fs::create_dir_all(&bin)?;
        std::os::unix::fs::symlink(kubectl, bin.join("kubectl"))?;
        Ok(Theirs { server, root, bash: None, took: TAKES })
    }

    /// The learner's home here.
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// Where the server listens.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// A fresh home, and a shell in a fresh folder.
    pub async fn begin(&mut self) -> std::io::Result<()> {
        if let Some(mut bash) = self.bash.take() {
            bash.kill().await?;
        }
        let home = self.home();
        if home.exists() {
            std::fs::remove_dir_all(&home)?;
        }
        std::fs::create_dir_all(home.join("lab"))?;
        std::fs::create_dir_all(home.join(".kube"))?;
        std::fs::write(home.join(".kube/config"), self.server.kubeconfig())?;
        self.spawn()
    }

    fn spawn(&mut self) -> std::io::Result<()> {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.root.join("bin").display());
        let bash = Command::new("bash")
            .args(["--noprofile", "--norc"])
            .env_clear()
            .envs([("HOME", self.home().into_os_string()), ("PATH", path.into())])
            .envs([("LANG", "C.UTF-8"), ("SHELL", "/bin/bash"), ("USER", "student"), ("LOGNAME", "student")])
            .current_dir(self.home().join("lab"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        self.bash = Some(bash);
        Ok(())
    }

    /// A file appears in the working directory.
    pub fn write(&self, name: &str, contents: &str) -> std::io::Result<()> {
        let path = self.home().join("lab").join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, contents)
    }

    /// Becomes the world of a session, at the end of its journal.
    pub fn replay(&self, journal: &Journal) {
        let world = Sim::replay(journal);
        *self.server.world_mut() = world;
    }

    /// Lets time pass.
    pub fn advance(&self, to: Instant) {
        let mut world = self.server.world_mut();
        while !world.handle_timeout(to, u64::MAX).done {}
        while world.poll_output().is_some() {}
    }

    /// How many requests came that may have changed something.
    pub fn changes(&self) -> u64 {
        self.server.changes()
    }

    /// The world, to look at.
    pub fn with_sim<T>(&self, look: impl FnOnce(&Sim) -> T) -> T {
        look(&self.server.world())
    }

    /// Runs a command line; the clock it sees is the world's. Gives the calendar in which its times are.
    pub async fn execute(&mut self, line: &str, real_clock: bool) -> std::io::Result<(Answer, Calendar)> {
        self.server.set_clock(if real_clock { Clock::real(1.0) } else { Clock::idle() });
        let mut calendar = Calendar::now(self.server.world().now(), false);
        // A real kubectl reckons ages when it has computed: then it shall be as late as it is in the world.
        calendar.ahead += i128::try_from(self.took.min(TAKES_MOST).as_micros()).unwrap_or(0) * 1_000;
        let begun = tokio::time::Instant::now();
        self.server.set_calendar(calendar);
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let Some(bash) = &mut self.bash else { return Err(std::io::Error::other("no shell was begun")) };
        let (Some(input), Some(out), Some(err)) = (&mut bash.stdin, &mut bash.stdout, &mut bash.stderr)
        else {
            return Err(std::io::Error::other("the shell has no pipes"));
        };
        // The server has its address in the simulated network only.
        let line = line.replace("10.10.0.11:6443", self.server.url().trim_start_matches("https://"));
        input.write_all(script(&line).as_bytes()).await?;
        let conversation = async {
            while answer(&stdout, &stderr).is_none() {
                let count = tokio::select! {
                    count = out.read_buf(&mut stdout) => count?,
                    count = err.read_buf(&mut stderr) => count?,
                };
                if count == 0 {
                    break;
                }
            }
            Ok::<(), std::io::Error>(())
        };
        let ended = tokio::time::timeout(LIMIT, conversation).await;
        self.took = begun.elapsed();
        self.server.set_clock(Clock::idle());
        if let Ok(result) = ended {
            result?;
        }
        let answer = answer(&stdout, &stderr);
        if answer.is_none() {
            // It hangs, or has ended the shell: the next line has a shell of its own.
            if let Some(mut bash) = self.bash.take() {
                bash.kill().await?;
            }
            self.spawn()?;
        }
        let incomplete = || Answer {
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            status: None,
        };
        Ok((answer.unwrap_or_else(incomplete), calendar))
    }
}

impl Drop for Theirs {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}
