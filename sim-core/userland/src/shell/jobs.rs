//! Jobs: pipelines that run beside the shell or have been stopped. Models jobs.c.

use super::state::Shell;
use linux::{Pid, Signal, WaitFor, WaitStatus};

/// One process of a job.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its id.
    pub pid: Pid,
    /// How it ended or stopped; nothing while it runs.
    pub status: Option<WaitStatus>,
}

/// A pipeline.
#[derive(Clone, Debug)]
pub struct Job {
    /// The number that `%1` names; 0 while it is in the foreground and has none.
    pub number: usize,
    /// Its process group (with job control).
    pub group: Option<Pid>,
    /// Its processes.
    pub members: Vec<Member>,
    /// What was typed.
    pub text: String,
    /// The change of its state was told.
    pub notified: bool,
    /// Runs in the background.
    pub background: bool,
    /// Gets no SIGHUP.
    pub nohup: bool,
    /// Where it was started, shown when that is somewhere else than now.
    pub directory: String,
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs.
    Running,
    /// It is stopped.
    Stopped(Signal),
    /// All of it has ended; the status is the last process's.
    Done(WaitStatus),
}

impl Job {
    /// What it does.
    pub fn state(&self) -> State {
        let mut stopped = None;
        for member in &self.members {
            match member.status {
                None => return State::Running,
                Some(WaitStatus::Stopped(signal)) => stopped = Some(signal),
                _ => {}
            }
        }
        match (stopped, self.members.last().and_then(|member| member.status)) {
            (Some(signal), _) => State::Stopped(signal),
            (None, status) => State::Done(status.unwrap_or(WaitStatus::Exited(0))),
        }
    }

    fn state_text(&self) -> String {
        match self.state() {
            State::Running => "Running".into(),
            State::Stopped(Signal::STOP) => "Stopped (signal)".into(),
            State::Stopped(Signal::TTIN) => "Stopped (tty input)".into(),
            State::Stopped(Signal::TTOU) => "Stopped (tty output)".into(),
            State::Stopped(_) => "Stopped".into(),
            State::Done(WaitStatus::Exited(0)) => "Done".into(),
            State::Done(WaitStatus::Exited(code)) => format!("Exit {code}"),
            State::Done(status) => signal_text(status),
        }
    }

    /// The last process's id: `$!`.
    pub fn last_pid(&self) -> Pid {
        self.members.last().map_or(0, |member| member.pid)
    }
}

/// What the shell says about the signal that ended a process.
pub fn signal_text(status: WaitStatus) -> String {
    match status {
        // Cores are not dumped: `ulimit -c` is 0.
        WaitStatus::Signaled(signal) => signal.text().to_string(),
        _ => String::new(),
    }
}

/// All jobs of a shell.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    /// By number.
    pub list: Vec<Job>,
    /// Numbers from the least to the most recent: the last is `%+`, the one before `%-`.
    recent: Vec<usize>,
    /// The last command was `kill`.
    pub just_killed: bool,
    /// Statuses of background processes that have been forgotten as jobs.
    pub past: Vec<(Pid, i32)>,
}

impl Jobs {
    /// Takes a job into the table; says its number.
    pub fn add(&mut self, mut job: Job) -> usize {
        let number = self.list.iter().map(|job| job.number).max().unwrap_or(0) + 1;
        job.number = number;
        self.list.push(job);
        self.touch(number);
        number
    }

    /// Makes a job the current one.
    pub fn touch(&mut self, number: usize) {
        self.recent.retain(|n| *n != number);
        self.recent.push(number);
    }

    /// Forgets a job.
    pub fn remove(&mut self, number: usize) -> Option<Job> {
        self.recent.retain(|n| *n != number);
        let at = self.list.iter().position(|job| job.number == number)?;
        let job = self.list.remove(at);
        for member in &job.members {
            if let Some(status) = member.status {
                self.past.push((member.pid, status.exit_code()));
            }
        }
        if self.past.len() > 256 {
            self.past.drain(..128);
        }
        Some(job)
    }

    /// A job by its number.
    pub fn get(&mut self, number: usize) -> Option<&mut Job> {
        self.list.iter_mut().find(|job| job.number == number)
    }

    /// The current job and the one before: stopped ones come first.
    fn current(&self) -> (Option<usize>, Option<usize>) {
        let stopped = |number: &usize| {
            self.list.iter().any(|job| job.number == *number && matches!(job.state(), State::Stopped(_)))
        };
        let mut order: Vec<usize> = self.recent.iter().copied().filter(|n| !stopped(n)).collect();
        order.extend(self.recent.iter().copied().filter(|n| stopped(n)));
        (order.pop(), order.pop())
    }

    /// `+`, `-` or a blank.
    pub fn mark(&self, number: usize) -> char {
        let (current, previous) = self.current();
        if current == Some(number) {
            '+'
        } else if previous == Some(number) {
            '-'
        } else {
            ' '
        }
    }

    /// What `%1`, `%+`, `%name`, `%?text` name.
    pub fn find(&self, spec: &str) -> Result<usize, &'static str> {
        let name = spec.strip_prefix('%').unwrap_or(spec);
        let (current, previous) = self.current();
        match name {
            "" | "+" | "%" => return current.ok_or("no such job"),
            "-" => return previous.or(current).ok_or("no such job"),
            _ => {}
        }
        if let Ok(number) = name.parse::<usize>() {
            return if self.list.iter().any(|job| job.number == number) {
                Ok(number)
            } else {
                Err("no such job")
            };
        }
        let fits = |job: &&Job| match name.strip_prefix('?') {
            Some(text) => job.text.contains(text),
            None => job.text.starts_with(name),
        };
        let mut found = self.list.iter().filter(fits);
        match (found.next(), found.next()) {
            (Some(job), None) => Ok(job.number),
            (Some(_), Some(_)) => Err("ambiguous job spec"),
            _ => Err("no such job"),
        }
    }

    /// Notes what became of a process.
    pub fn update(&mut self, pid: Pid, status: WaitStatus) -> bool {
        for job in &mut self.list {
            if let Some(member) = job.members.iter_mut().find(|member| member.pid == pid) {
                member.status = if status == WaitStatus::Continued { None } else { Some(status) };
                job.notified = false;
                return true;
            }
        }
        false
    }

    /// A line of `jobs`; `with_pid` for `jobs -l`.
    pub fn line(&self, job: &Job, with_pid: bool, cwd: &str) -> String {
        let pid =
            if with_pid { format!("{} ", job.members.first().map_or(0, |m| m.pid)) } else { " ".to_string() };
        let running = job.state() == State::Running && job.background;
        let directory = if job.directory.is_empty() || job.directory == cwd {
            String::new()
        } else {
            format!("  (wd: {})", job.directory)
        };
        format!(
            "[{}]{} {pid}{:<24}{}{}{directory}",
            job.number,
            self.mark(job.number),
            job.state_text(),
            job.text,
            if running { " &" } else { "" },
        )
    }
}

impl Shell {
    /// Learns what became of children, without waiting.
    pub async fn reap(&mut self) {
        while let Ok(Some((pid, status))) = self.sys.wait(WaitFor::Any, true, true).await {
            if !self.jobs.update(pid, status) {
                self.jobs.past.push((pid, status.exit_code()));
            }
        }
    }

    /// Tells about jobs that ended or stopped, before the next prompt.
    pub async fn notify_jobs(&mut self) {
        if self.jobs.list.is_empty() {
            return;
        }
        // What `kill` was sent to has no time to end before the prompt is there.
        if !std::mem::take(&mut self.jobs.just_killed) {
            self.reap().await;
        }
        let mut text = String::new();
        let mut gone = Vec::new();
        let cwd = self.vars.text("PWD").unwrap_or_default().to_string();
        for job in &self.jobs.list {
            let state = job.state();
            let over = matches!(state, State::Done(_));
            if over {
                gone.push(job.number);
            }
            if !job.notified && state != State::Running && self.interactive && (self.options.has('m') || over)
            {
                text.push_str(&self.jobs.line(job, false, &cwd));
                text.push('\n');
            }
        }
        if !text.is_empty() {
            self.sys.err(&text).await;
        }
        for job in &mut self.jobs.list {
            job.notified = true;
        }
        for number in gone {
            self.jobs.remove(number);
        }
    }

    /// The job or process that an argument of `wait`, `kill`, `fg` names.
    pub fn job_group(&mut self, number: usize) -> Option<Pid> {
        let job = self.jobs.get(number)?;
        match job.group {
            Some(group) => Some(-group),
            None => job.members.last().map(|member| member.pid),
        }
    }
}
