//! Running commands: lists and pipelines here, then `simple`, `compound`, `process`, `redirect`, `cond`.
//!
//! Everything returns a [`Flow`] as its error when more than one command is left at once; the status is in
//! the shell. Models execute_cmd.c.

mod compound;
pub mod cond;
pub mod loops;
mod process;
mod redirect;
mod simple;

use super::ast::{AndOr, Command, Item, Kind, List, Pipeline, TimeFormat};
use super::print;
use super::state::Shell;
use super::traps::Event;
use linux::Signal;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

/// How what surrounds a command is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// `break n`
    Break(u32),
    /// `continue n`
    Continue(u32),
    /// `return`
    Return,
    /// The shell ends.
    Exit,
    /// An error ends this line of commands.
    Discard,
    /// `^C` ends this line of commands.
    Interrupt,
    /// A signal ends the shell.
    Killed(Signal),
}

/// What a boxed step of execution is.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, Flow>> + 'a>>;

/// After so many commands inside of one another, the next runs as a task of its own, so that the real stack
/// stays small however deep a script recurses.
const HOP: u32 = 24;

impl Shell {
    /// Runs a list.
    pub fn run_list<'a>(&'a mut self, list: &'a List) -> Boxed<'a, ()> {
        Box::pin(async move {
            for item in &list.items {
                if item.background {
                    self.start_background(item).await?;
                } else {
                    self.and_or(&item.and_or).await?;
                }
                self.handle_signals().await?;
            }
            Ok(())
        })
    }

    async fn start_background(&mut self, item: &Item) -> Result<(), Flow> {
        let tree = item.and_or.clone();
        let text = print::and_or(&tree);
        let mut job = self.new_job(text, true);
        if tree.rest.is_empty()
            && tree.first.commands.len() > 1
            && !tree.first.negated
            && tree.first.timed.is_none()
        {
            self.start_pipeline(&tree.first, &mut job, true).await?;
        } else {
            self.fork_into(&mut job, true, None, move |shell| {
                Box::pin(async move { shell.subshell_main_and_or(tree).await })
            })
            .await?;
        }
        let pid = job.last_pid();
        self.last_background = Some(pid);
        let number = self.jobs.add(job);
        if self.interactive && !self.in_subshell() {
            self.sys.err(&format!("[{number}] {pid}\n")).await;
        }
        self.status = 0;
        self.charge(20).await
    }

    /// Runs `a && b || c`.
    pub async fn and_or(&mut self, tree: &AndOr) -> Result<(), Flow> {
        let last = tree.rest.len();
        self.pipeline(&tree.first, last > 0).await?;
        for (i, (and, pipeline)) in tree.rest.iter().enumerate() {
            if (self.status == 0) == *and {
                self.pipeline(pipeline, i + 1 < last).await?;
            }
        }
        Ok(())
    }

    async fn pipeline(&mut self, pipeline: &Pipeline, tested: bool) -> Result<(), Flow> {
        let tested = tested || pipeline.negated;
        let begin = pipeline.timed.map(|_| (self.sys.now(), self.own_cpu()));
        self.loops.tested += u32::from(tested);
        let result = match pipeline.commands.as_slice() {
            [] => {
                self.status = 0;
                Ok(())
            }
            [command] => {
                let result = self.command(command).await;
                self.pipe_status.clear();
                self.pipe_status.push(self.status);
                result
            }
            _ => self.run_pipeline(pipeline).await,
        };
        self.loops.tested -= u32::from(tested);
        if let (Some(format), Some(begin)) = (pipeline.timed, begin) {
            self.report_time(format, begin).await;
        }
        result?;
        if pipeline.negated {
            self.status = i32::from(self.status == 0);
            return Ok(());
        }
        if self.status != 0 && !tested && self.loops.tested == 0 && can_fail(pipeline) {
            self.failed().await?;
        }
        Ok(())
    }

    /// A command failed that nobody asked about.
    async fn failed(&mut self) -> Result<(), Flow> {
        if self.frames.iter().all(|frame| !frame.is_function) || self.options.has('E') {
            self.run_event(Event::Err).await?;
        }
        if self.options.has('e') {
            return Err(Flow::Exit);
        }
        Ok(())
    }

    fn own_cpu(&self) -> Duration {
        let pid = self.sys.pid();
        self.sys.processes().iter().find(|process| process.pid == pid).map_or(Duration::ZERO, |p| p.cpu)
    }

    async fn report_time(&mut self, format: TimeFormat, (begin, cpu): (sim::Instant, Duration)) {
        let real = self.sys.now().duration_since(begin);
        let used = self.own_cpu().saturating_sub(cpu);
        let show = |time: Duration| match format {
            TimeFormat::Posix => format!("{}.{:02}", time.as_secs(), time.subsec_millis() / 10),
            TimeFormat::Bash => {
                format!("{}m{}.{:03}s", time.as_secs() / 60, time.as_secs() % 60, time.subsec_millis())
            }
        };
        let (user, system) = (used.mul_f64(0.6), used.mul_f64(0.4));
        let text = match (format, self.vars.text("TIMEFORMAT")) {
            (TimeFormat::Posix, _) => {
                format!("real {}\nuser {}\nsys {}\n", show(real), show(user), show(system))
            }
            (TimeFormat::Bash, None) => {
                format!("\nreal\t{}\nuser\t{}\nsys\t{}\n", show(real), show(user), show(system))
            }
            (TimeFormat::Bash, Some("")) => return,
            (TimeFormat::Bash, Some(custom)) => time_format(custom, [real, user, system]),
        };
        self.sys.err(&text).await;
    }

    /// Runs one command.
    pub fn command<'a>(&'a mut self, command: &'a Rc<Command>) -> Boxed<'a, ()> {
        Box::pin(async move {
            self.nesting += 1;
            let result = if self.nesting.is_multiple_of(HOP) {
                self.hop(command.clone()).await
            } else {
                self.dispatch(command).await
            };
            self.nesting = self.nesting.saturating_sub(1);
            result
        })
    }

    async fn dispatch(&mut self, command: &Command) -> Result<(), Flow> {
        if let Kind::Simple(simple) = &command.kind {
            self.line = command.line;
            return self.simple(command, simple).await;
        }
        self.exec_next = false;
        if command.redirects.is_empty() {
            return self.compound(command).await;
        }
        let mut saved = redirect::Saved::default();
        self.line = command.line;
        let done = self.redirect(&command.redirects, Some(&mut saved)).await;
        let result = match done {
            Ok(true) => self.compound(command).await,
            Ok(false) => {
                self.status = 1;
                Ok(())
            }
            Err(flow) => Err(flow),
        };
        self.restore(saved);
        result
    }

    /// Runs a command as another task of this process, which leaves the real stack as it was.
    async fn hop(&mut self, command: Rc<Command>) -> Result<(), Flow> {
        type Slot = (Option<(Shell, Result<(), Flow>)>, Option<Waker>);
        let slot: Rc<RefCell<Slot>> = Rc::default();
        let hollow = Shell::hollow(self.sys.clone(), "");
        let mut shell = std::mem::replace(self, hollow);
        let result = slot.clone();
        self.sys.spawn_thread(async move {
            let done = shell.dispatch(&command).await;
            let mut slot = result.borrow_mut();
            slot.0 = Some((shell, done));
            if let Some(waker) = slot.1.take() {
                waker.wake();
            }
        });
        let (shell, done) = poll_fn(|cx| {
            let mut slot = slot.borrow_mut();
            match slot.0.take() {
                Some(done) => Poll::Ready(done),
                None => {
                    slot.1 = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await;
        *self = shell;
        done
    }

    /// Parses and runs a text in this shell: `eval`, traps.
    pub fn eval_text<'a>(&'a mut self, text: &'a str, who: &'a str) -> Boxed<'a, ()> {
        Box::pin(async move {
            let mut parser = super::parser::Parser::new(text, self.line.max(1));
            if who == "eval" {
                parser = super::parser::Parser::new(text, 1);
            }
            let base = self.line.saturating_sub(1);
            self.loops.indirection += 1;
            let result = loop {
                let dialect = self.dialect();
                match parser.next(&dialect) {
                    Ok(None) => break Ok(()),
                    Ok(Some(list)) => {
                        let list = Rc::new(list);
                        let _ = base;
                        if let Err(flow) = self.run_list(&list).await {
                            break Err(flow);
                        }
                    }
                    Err(error) => {
                        self.parse_error(&error, Some(who)).await;
                        self.status = 2;
                        break Ok(());
                    }
                }
            };
            self.loops.indirection = self.loops.indirection.saturating_sub(1);
            result
        })
    }
}

/// `TIMEFORMAT`: `%[precision][l]R`, `U`, `S`, and `%P`.
fn time_format(format: &str, times: [Duration; 3]) -> String {
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let precision =
            chars.next_if(char::is_ascii_digit).and_then(|c| c.to_digit(10)).unwrap_or(3).min(3) as usize;
        let long = chars.next_if_eq(&'l').is_some();
        let time = match chars.next() {
            Some('R') => times[0],
            Some('U') => times[1],
            Some('S') => times[2],
            Some('P') => {
                let used = (times[1] + times[2]).as_secs_f64() / times[0].as_secs_f64().max(1e-9);
                out.push_str(&format!("{:.2}", used * 100.0));
                continue;
            }
            Some(other) => {
                out.push(other);
                continue;
            }
            None => break,
        };
        if long {
            let seconds = time.as_secs_f64() - (time.as_secs() / 60 * 60) as f64;
            out.push_str(&format!("{}m{seconds:.precision$}s", time.as_secs() / 60));
        } else {
            out.push_str(&format!("{:.precision$}", time.as_secs_f64()));
        }
    }
    out.push('\n');
    out
}

/// True for commands whose failure `set -e` looks at; the others contain such commands.
fn can_fail(pipeline: &Pipeline) -> bool {
    match pipeline.commands.as_slice() {
        [command] => matches!(
            command.kind,
            Kind::Simple(_) | Kind::Subshell(_) | Kind::Arith(_) | Kind::Cond(_) | Kind::Function(..)
        ),
        _ => true,
    }
}
