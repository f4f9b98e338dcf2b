//! `podium shell`: a shell on the simulated cluster, in the terminal that one has, or a command or script there.

use crate::world::World;
use crate::{ShellArgs, unusable};
use rustix::termios::{self, OptionalActions, Termios};
use sim_core::{Input, Instant, JobId, Output, TerminalId};
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

const JOB: JobId = 1;
const TERMINAL: TerminalId = 1;
/// Longer than anybody waits for a script.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Runs the command; gives the exit status of the shell.
pub fn run(args: &ShellArgs) -> u8 {
    let mut argv = vec!["bash".to_string(), "-l".to_string()];
    if let Some(command) = &args.command {
        argv.extend(["-c".to_string(), command.clone()]);
        argv.extend(args.script.iter().map(|script| script.display().to_string()));
    } else if let Some(path) = &args.script {
        let contents = match std::fs::read(path) {
            Ok(contents) => contents,
            Err(error) => return unusable(path, &error),
        };
        let name =
            path.file_name().map_or_else(|| "script".into(), |name| name.to_string_lossy().into_owned());
        let mut world = World::new(args.world.config());
        let place = args.world.place.into();
        world.input(Input::WriteFile { place, path: format!("/tmp/{name}"), contents });
        argv.push(format!("/tmp/{name}"));
        argv.extend(args.args.iter().cloned());
        return batch(&mut world, args, argv, Vec::new());
    } else if std::io::stdin().is_terminal() {
        return interactive(args);
    } else {
        let mut script = Vec::new();
        if let Err(error) = std::io::stdin().read_to_end(&mut script) {
            return unusable(std::path::Path::new("standard input"), &error);
        }
        return batch(&mut World::new(args.world.config()), args, argv, script);
    }
    argv.extend(args.args.iter().cloned());
    batch(&mut World::new(args.world.config()), args, argv, Vec::new())
}

/// Virtual time runs as fast as it can; standard output and error stay apart.
fn batch(world: &mut World, args: &ShellArgs, argv: Vec<String>, stdin: Vec<u8>) -> u8 {
    world.input(Input::Spawn { id: JOB, place: args.world.place.into(), argv });
    if !stdin.is_empty() {
        world.input(Input::Stdin { id: JOB, bytes: stdin });
    }
    world.input(Input::CloseStdin { id: JOB });
    let mut status = 255;
    world.run(FOR_EVER, |output| match output {
        Output::Stdout { id: JOB, bytes } => std::io::stdout().write_all(bytes).is_err(),
        Output::Stderr { id: JOB, bytes } => std::io::stderr().write_all(bytes).is_err(),
        Output::Exited { id: JOB, code } => {
            status = *code;
            true
        }
        _ => false,
    });
    let _ = std::io::stdout().flush();
    u8::try_from(status & 0xff).unwrap_or(255)
}

/// The real terminal in raw mode, as long as this lives.
struct RawMode(Termios);

impl RawMode {
    fn enter() -> rustix::io::Result<RawMode> {
        let before = termios::tcgetattr(rustix::stdio::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        termios::tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &raw)?;
        Ok(RawMode(before))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        let _ = termios::tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.0);
    }
}

fn size() -> (u16, u16) {
    termios::tcgetwinsize(rustix::stdio::stdout())
        .map_or((24, 80), |size| (size.ws_row.max(1), size.ws_col.max(1)))
}

#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a real terminal has a real clock and a real keyboard"
)]
fn interactive(args: &ShellArgs) -> u8 {
    let mut sim = sim_core::Sim::new(args.world.config());
    let raw = match RawMode::enter() {
        Ok(raw) => raw,
        Err(error) => return unusable(std::path::Path::new("terminal"), &error),
    };
    let (mut rows, mut cols) = size();
    let begin = sim.now();
    sim.handle_input(begin, Input::OpenTerminal { id: TERMINAL, place: args.world.place.into(), rows, cols });
    let clock = std::time::Instant::now();
    let keyboard = keyboard();
    loop {
        let now = begin + clock.elapsed();
        sim.handle_timeout(now, 50_000);
        while let Some(output) = sim.poll_output() {
            match output {
                Output::Screen { id: TERMINAL, bytes } => {
                    let mut screen = std::io::stdout().lock();
                    let _ = screen.write_all(&bytes).and_then(|()| screen.flush());
                }
                Output::Closed { id: TERMINAL } => {
                    drop(raw);
                    return 0;
                }
                _ => {}
            }
        }
        if size() != (rows, cols) {
            (rows, cols) = size();
            sim.handle_input(sim.now(), Input::Resize { id: TERMINAL, rows, cols });
        }
        match keyboard.recv_timeout(pause(&sim, now)) {
            Ok(bytes) => drop(sim.handle_input(sim.now(), Input::Type { id: TERMINAL, bytes })),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return 0,
        }
    }
}

/// Until the next event, but never so long that the window's size goes unnoticed.
fn pause(sim: &sim_core::Sim, now: Instant) -> Duration {
    sim.poll_timeout()
        .map_or(Duration::from_millis(50), |at| at.duration_since(now))
        .min(Duration::from_millis(50))
}

#[allow(clippy::disallowed_methods, reason = "the only way to wait for a key and for time at once")]
fn keyboard() -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count) = std::io::stdin().read(&mut buffer) {
            if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}
