//! Processes: forking, pipelines, waiting, command and process substitution.

use super::{Boxed, Flow};
use crate::shell::ast::{AndOr, Kind, List, Pipeline};
use crate::shell::jobs::{Job, Member, State, signal_text};
use crate::shell::print;
use crate::shell::state::Shell;
use linux::fd::OpenFlags;
use linux::signal::Disposition;
use linux::{Errno, Fd, Pid, ProgramFuture, Signal, Sys, WaitFor, WaitStatus};
use sim::Ordered;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

/// What a child does; it ends with this status.
pub type ChildMain = Pin<Box<dyn Future<Output = i32>>>;

impl Shell {
    /// A job without processes yet.
    pub fn new_job(&self, text: String, background: bool) -> Job {
        Job {
            number: 0,
            group: None,
            members: Vec::new(),
            text,
            notified: true,
            background,
            nohup: false,
            directory: self.vars.text("PWD").unwrap_or_default().to_string(),
        }
    }

    /// Forks a child into a job. `plumbing`: the descriptors for its input and output.
    pub async fn fork_into(
        &mut self,
        job: &mut Job,
        background: bool,
        plumbing: Option<Plumbing>,
        main: impl FnOnce(Shell) -> ChildMain + 'static,
    ) -> Result<(), Flow> {
        let control = self.options.has('m');
        let mut child = self.clone();
        let pid = self.fork_patiently(move |sys| {
            Box::pin(async move {
                child.become_child(sys, background && !control);
                if let Some(plumbing) = plumbing {
                    plumbing.connect(&child.sys);
                } else if background && !control {
                    child.null_input();
                }
                main(child).await
            })
        });
        let pid = pid.await?;
        if control {
            let group = *job.group.get_or_insert(pid);
            // The child may have ended already, and then there is nothing to move.
            let _ = self.sys.setpgid(pid, group);
            if !background && let Some(tty) = self.tty {
                let _ = self.sys.tcsetpgrp(tty, group);
            }
        }
        job.members.push(Member { pid, status: None });
        Ok(())
    }

    /// Forks. When the machine has no room for another process, complains and tries again for a while, as bash
    /// does.
    async fn fork_patiently(
        &mut self,
        child: impl FnOnce(Sys) -> ProgramFuture + 'static,
    ) -> Result<Pid, Flow> {
        const LONGEST_PAUSE_S: u64 = 16;
        let child = Rc::new(RefCell::new(Some(child)));
        let mut pause_s = 1;
        loop {
            let slot = child.clone();
            let forked = self.sys.fork(move |sys| {
                let child = slot.borrow_mut().take();
                match child {
                    Some(child) => child(sys),
                    None => Box::pin(async { 1 }),
                }
            });
            let error = match forked {
                Ok(pid) => return Ok(pid),
                Err(error) => error,
            };
            if pause_s > LONGEST_PAUSE_S {
                self.error(&format!("fork: {}", error.text())).await;
                return Err(self.discard(254));
            }
            self.error(&format!("fork: retry: {}", error.text())).await;
            let _ = self.sys.sleep(Duration::from_secs(pause_s)).await;
            self.handle_signals().await?;
            pause_s *= 2;
        }
    }

    fn null_input(&self) {
        if let Ok(fd) = self.sys.open("/dev/null", OpenFlags::READ, 0) {
            let _ = self.sys.dup2(fd, 0);
            let _ = self.sys.close(fd);
        }
    }

    /// What a forked shell forgets.
    fn become_child(&mut self, sys: Sys, background: bool) {
        self.sys = sys;
        self.subshell += 1;
        self.unshield_signals(background);
        self.options.set('m', false);
        self.jobs = Default::default();
        self.traps.reset_for_subshell();
        self.loops.depth = 0;
        self.nesting = 0;
        self.tty = None;
        self.debt = 0;
        self.random_seed = None;
        self.process_fds.clear();
    }

    /// The life of a subshell.
    pub async fn subshell_main(mut self, list: Rc<List>) -> i32 {
        if let [item] = list.items.as_slice()
            && !item.background
            && item.and_or.rest.is_empty()
            && let [command] = item.and_or.first.commands.as_slice()
            && matches!(command.kind, Kind::Simple(_))
            && !item.and_or.first.negated
            && item.and_or.first.timed.is_none()
        {
            self.exec_next = true;
        }
        let result = self.run_list(&list).await;
        self.finish(result).await
    }

    /// The life of a background list.
    pub async fn subshell_main_and_or(mut self, tree: Rc<AndOr>) -> i32 {
        if tree.rest.is_empty()
            && let [command] = tree.first.commands.as_slice()
            && matches!(command.kind, Kind::Simple(_))
            && !tree.first.negated
        {
            self.exec_next = true;
        }
        let result = self.and_or(&tree).await;
        self.finish(result).await
    }

    /// The end of a shell: the EXIT trap, and the signal that ended it, if one did.
    pub async fn finish(&mut self, result: Result<(), Flow>) -> i32 {
        self.run_exit_trap().await;
        if let Err(Flow::Killed(signal)) = result {
            self.sys.sigaction(signal, Disposition::Default);
            let _ = self.sys.kill(self.sys.pid(), Some(signal));
            self.sys.cpu(Duration::ZERO).await;
        }
        self.status & 0xff
    }

    /// Starts all processes of a pipeline.
    pub async fn start_pipeline(
        &mut self,
        pipeline: &Pipeline,
        job: &mut Job,
        background: bool,
    ) -> Result<(), Flow> {
        let count = pipeline.commands.len();
        let mut input: Option<Fd> = None;
        for (i, command) in pipeline.commands.iter().enumerate() {
            let next = if i + 1 < count {
                match self.sys.pipe() {
                    Ok(pipe) => Some(pipe),
                    Err(_) => return Err(self.discard(1)),
                }
            } else {
                None
            };
            let plumbing =
                Plumbing { input, output: next.map(|pipe| pipe.1), close: next.map(|pipe| pipe.0) };
            let command = command.clone();
            let result = self.fork_into(job, background, Some(plumbing), move |mut shell| {
                Box::pin(async move {
                    shell.exec_next = matches!(command.kind, Kind::Simple(_));
                    let result = shell.command(&command).await;
                    shell.finish(result).await
                })
            });
            let result = result.await;
            if let Some(fd) = input.take() {
                let _ = self.sys.close(fd);
            }
            if let Some((reader, writer)) = next {
                let _ = self.sys.close(writer);
                input = Some(reader);
            }
            result?;
        }
        Ok(())
    }

    pub(super) async fn run_pipeline(&mut self, pipeline: &Pipeline) -> Result<(), Flow> {
        let mut job = self.new_job(print::pipeline(pipeline), false);
        self.start_pipeline(pipeline, &mut job, false).await?;
        self.wait_foreground(job).await
    }

    /// Waits for a job in the foreground, until it is over or stops.
    pub async fn wait_foreground(&mut self, mut job: Job) -> Result<(), Flow> {
        let cooperative = !self.interactive
            && !self.in_subshell_without_terminal()
            && self.sys.disposition(Signal::INT) == Disposition::Default;
        if cooperative {
            self.sys.sigaction(Signal::INT, Disposition::Catch);
        }
        let mut interrupted = false;
        'members: for i in 0..job.members.len() {
            loop {
                if let Some(status) = job.members[i].status
                    && !matches!(status, WaitStatus::Stopped(_))
                {
                    break;
                }
                match self.sys.wait(WaitFor::Pid(job.members[i].pid), self.options.has('m'), false).await {
                    Ok(Some((_, WaitStatus::Continued))) | Ok(None) => {}
                    Ok(Some((_, status))) => {
                        job.members[i].status = Some(status);
                        if matches!(status, WaitStatus::Stopped(_)) {
                            break 'members;
                        }
                    }
                    Err(Errno::EINTR) => {
                        if cooperative {
                            interrupted |= self.sys.take_signal() == Some(Signal::INT);
                        } else if self.interactive || self.in_subshell() {
                            // Seen when the job is over.
                        }
                        self.sys.cpu(Duration::from_micros(1)).await;
                    }
                    Err(_) => {
                        job.members[i].status = Some(WaitStatus::Exited(127));
                        break;
                    }
                }
            }
        }
        if job.members.iter().any(|member| matches!(member.status, Some(WaitStatus::Stopped(_)))) {
            // The others of the group have stopped as well.
            for i in 0..job.members.len() {
                if job.members[i].status.is_none()
                    && let Ok(Some((_, status))) =
                        self.sys.wait(WaitFor::Pid(job.members[i].pid), true, true).await
                {
                    job.members[i].status = Some(status);
                }
            }
        }
        if cooperative {
            self.sys.sigaction(Signal::INT, Disposition::Default);
        }
        self.after_foreground(job, interrupted).await
    }

    fn in_subshell_without_terminal(&self) -> bool {
        false
    }

    async fn after_foreground(&mut self, mut job: Job, interrupted: bool) -> Result<(), Flow> {
        if self.options.has('m')
            && let Some(tty) = self.tty
        {
            let _ = self.sys.tcsetpgrp(tty, self.own_group);
        }
        let codes: Vec<i32> = job.members.iter().map(|m| m.status.map_or(0, WaitStatus::exit_code)).collect();
        let last = codes.last().copied().unwrap_or(0);
        self.status = if self.options.has(crate::shell::options::PIPEFAIL) {
            codes.iter().rev().copied().find(|code| *code != 0).unwrap_or(0)
        } else {
            last
        };
        self.pipe_status = codes;
        match job.state() {
            State::Stopped(signal) => {
                self.status = 128 + signal.number();
                job.notified = true;
                job.background = false;
                let number = match job.number {
                    0 => self.jobs.add(job),
                    number => {
                        self.jobs.list.push(job);
                        self.jobs.list.order_by_key(|job| job.number);
                        self.jobs.touch(number);
                        number
                    }
                };
                let cwd = self.vars.text("PWD").unwrap_or_default().to_string();
                if let Some(job) = self.jobs.get(number).cloned() {
                    let line = self.jobs.line(&job, false, &cwd);
                    self.sys.err(&format!("\n{line}\n")).await;
                }
                if self.loops.depth > 0 {
                    return Err(Flow::Break(self.loops.depth));
                }
                Ok(())
            }
            State::Done(status) => self.after_end(&job, status, interrupted).await,
            State::Running => Ok(()),
        }
    }

    async fn after_end(&mut self, job: &Job, status: WaitStatus, interrupted: bool) -> Result<(), Flow> {
        let WaitStatus::Signaled(signal) = status else {
            return self.handle_signals().await;
        };
        if self.interactive && !self.in_subshell() {
            if signal == Signal::INT {
                if self.options.has('m') {
                    // As if the shell had been interrupted as well, so that loops end.
                    return Err(Flow::Interrupt);
                }
            } else if signal != Signal::PIPE {
                self.sys.err(&format!("{}\n", signal_text(status))).await;
            }
            return self.handle_signals().await;
        }
        if signal == Signal::INT && (interrupted || self.in_subshell()) {
            if interrupted {
                return Err(Flow::Killed(Signal::INT));
            }
        } else if signal != Signal::INT && signal != Signal::PIPE && !self.in_subshell() {
            let what = signal_text(status);
            let text = if signal == Signal::TERM {
                format!("{what}\n")
            } else {
                format!("{}{:5} {what:<23} {}\n", self.prefix(), job.last_pid(), job.text)
            };
            self.sys.err(&text).await;
        }
        self.handle_signals().await
    }

    /// Says in a script that a signal ended a job of the background.
    pub async fn report_death(&mut self, job: &Job) {
        let State::Done(status @ WaitStatus::Signaled(signal)) = job.state() else { return };
        if self.interactive
            || self.in_subshell()
            || matches!(signal, Signal::INT | Signal::TERM | Signal::PIPE)
        {
            return;
        }
        let text =
            format!("{}{:5} {:<23} {}\n", self.prefix(), job.last_pid(), signal_text(status), job.text);
        self.sys.err(&text).await;
    }

    /// The output of commands, without the line ends at its end.
    pub fn command_substitution<'a>(&'a mut self, list: &'a Rc<List>) -> Boxed<'a, String> {
        Box::pin(async move {
            if list.items.is_empty() {
                self.substitution_status = Some(0);
                return Ok(String::new());
            }
            if let Some(text) = self.read_file_substitution(list).await? {
                return Ok(text);
            }
            let Ok((reader, writer)) = self.sys.pipe() else { return Err(self.discard(1)) };
            let mut child = self.clone();
            let list = list.clone();
            let pid = self.fork_patiently(move |sys| {
                Box::pin(async move {
                    child.become_child(sys, false);
                    child.loops.indirection += 1;
                    if !child.shopt("inherit_errexit") {
                        child.options.set('e', false);
                    }
                    Plumbing { input: None, output: Some(writer), close: Some(reader) }.connect(&child.sys);
                    child.subshell_main(list).await
                })
            });
            let pid = pid.await;
            let _ = self.sys.close(writer);
            let pid = match pid {
                Ok(pid) => pid,
                Err(flow) => {
                    let _ = self.sys.close(reader);
                    return Err(flow);
                }
            };
            let mut bytes = Vec::new();
            let result = loop {
                match self.sys.read(reader, 65_536).await {
                    Ok(data) if data.is_empty() => break Ok(()),
                    Ok(data) => bytes.extend(data),
                    Err(Errno::EINTR) => {
                        if let Err(flow) = self.handle_signals().await {
                            break Err(flow);
                        }
                    }
                    Err(_) => break Ok(()),
                }
            };
            let _ = self.sys.close(reader);
            if result.is_ok() {
                let status = self.wait_pid(pid).await;
                self.substitution_status = Some(status.exit_code());
                self.status = status.exit_code();
                if status == WaitStatus::Signaled(Signal::INT) && self.interactive {
                    return Err(Flow::Interrupt);
                }
            }
            result?;
            bytes.retain(|byte| *byte != 0);
            let mut text = String::from_utf8_lossy(&bytes).into_owned();
            let end = text.trim_end_matches('\n').len();
            text.truncate(end);
            Ok(text)
        })
    }

    /// `$(< file)` reads the file itself.
    async fn read_file_substitution(&mut self, list: &Rc<List>) -> Result<Option<String>, Flow> {
        let [item] = list.items.as_slice() else { return Ok(None) };
        let [command] = item.and_or.first.commands.as_slice() else { return Ok(None) };
        let Kind::Simple(simple) = &command.kind else { return Ok(None) };
        let [redirect] = command.redirects.as_slice() else { return Ok(None) };
        if !simple.args.is_empty()
            || !simple.assigns.is_empty()
            || !item.and_or.rest.is_empty()
            || redirect.op != crate::shell::ast::RedirectOp::In
        {
            return Ok(None);
        }
        let path = self.expand_single(&redirect.target).await?;
        match self.sys.read_file(&path).await {
            Ok(bytes) => {
                self.substitution_status = Some(0);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                Ok(Some(text.trim_end_matches('\n').to_string()))
            }
            Err(error) => {
                self.error(&format!("{path}: {}", error.text())).await;
                self.substitution_status = Some(1);
                Ok(Some(String::new()))
            }
        }
    }

    /// Waits for one child, whatever signals come.
    pub async fn wait_pid(&mut self, pid: Pid) -> WaitStatus {
        loop {
            match self.sys.wait(WaitFor::Pid(pid), false, false).await {
                Ok(Some((_, status))) => return status,
                Ok(None) | Err(Errno::EINTR) => self.sys.cpu(Duration::from_micros(1)).await,
                Err(_) => return WaitStatus::Exited(127),
            }
        }
    }

    /// `<(list)` and `>(list)`: the path of a pipe to it.
    pub fn process_substitution<'a>(&'a mut self, output: bool, list: &'a Rc<List>) -> Boxed<'a, String> {
        Box::pin(async move {
            let Ok((reader, writer)) = self.sys.pipe() else { return Err(self.discard(1)) };
            let (ours, theirs) = if output { (writer, reader) } else { (reader, writer) };
            let ours = match self.sys.dup(ours, 60) {
                Ok(fd) => {
                    let _ = self.sys.close(ours);
                    fd
                }
                Err(_) => ours,
            };
            let list = list.clone();
            let mut child = self.clone();
            let pid = self.fork_patiently(move |sys| {
                Box::pin(async move {
                    child.become_child(sys, true);
                    let (input, out) = if output { (Some(theirs), None) } else { (None, Some(theirs)) };
                    Plumbing { input, output: out, close: Some(ours) }.connect(&child.sys);
                    child.subshell_main(list).await
                })
            });
            let pid = pid.await;
            let _ = self.sys.close(theirs);
            self.last_background = Some(pid?);
            self.process_fds.push(ours);
            Ok(format!("/dev/fd/{ours}"))
        })
    }
}

/// The ends of pipes that a child is connected to.
pub struct Plumbing {
    /// Becomes descriptor 0.
    pub input: Option<Fd>,
    /// Becomes descriptor 1.
    pub output: Option<Fd>,
    /// The other end of its own output, which it must not hold open.
    pub close: Option<Fd>,
}

impl Plumbing {
    fn connect(self, sys: &Sys) {
        if let Some(fd) = self.close {
            let _ = sys.close(fd);
        }
        for (fd, to) in [(self.input, 0), (self.output, 1)] {
            if let Some(fd) = fd.filter(|fd| *fd != to) {
                let _ = sys.dup2(fd, to);
                let _ = sys.close(fd);
            }
        }
    }
}
