//! Programs that start others: `env`, `xargs`, `timeout`, `watch`, `sudo`, `find -exec`.

use super::text::{complain, quote};
use linux::{Args, Errno, ExitCode, Pid, Sys, WaitFor, WaitStatus};

/// Becomes another program, found along `PATH` of `env`; a file without `#!` is a script of `/bin/sh`. Comes back only
/// with the exit status, 127 when there is no such program and 126 when it cannot be executed, which is said first.
pub(crate) async fn become_program(
    sys: Sys,
    program: &str,
    argv: Args,
    env: Vec<(String, String)>,
) -> ExitCode {
    let name = argv.first().cloned().unwrap_or_default();
    let result = match sys.exec_along_path(&name, argv.clone(), env.clone()) {
        Err(Errno::ENOEXEC) => {
            let mut script = vec!["/bin/sh".to_string()];
            script.extend(argv);
            sys.exec("/bin/sh", script, env)
        }
        result => result,
    };
    match result {
        Ok(running) => running.await,
        Err(errno) => {
            let text = match program {
                "nohup" | "timeout" => format!("failed to run command {}", quote(&sys, &name)),
                "xargs" => name,
                _ => quote(&sys, &name),
            };
            complain(&sys, program, &format!("{text}: {errno}")).await;
            if errno == Errno::ENOENT { 127 } else { 126 }
        }
    }
}

/// Starts a program as a child.
///
/// # Errors
/// Those of fork.
pub(crate) fn start(sys: &Sys, program: &str, argv: Args, env: Vec<(String, String)>) -> Result<Pid, Errno> {
    let program = program.to_string();
    sys.fork(move |child| Box::pin(async move { become_program(child, &program, argv, env).await }))
}

/// Waits for a child.
pub(crate) async fn wait_for(sys: &Sys, pid: Pid) -> WaitStatus {
    loop {
        match sys.wait(WaitFor::Pid(pid), false, false).await {
            Ok(Some((_, status))) => return status,
            Err(Errno::ECHILD) => return WaitStatus::Exited(0),
            _ => {}
        }
    }
}

/// Runs a program as a child to its end.
///
/// # Errors
/// Those of fork.
pub(crate) async fn run(sys: &Sys, program: &str, argv: Args) -> Result<WaitStatus, Errno> {
    let pid = start(sys, program, argv, sys.environ())?;
    Ok(wait_for(sys, pid).await)
}

/// Runs a program with its standard output in a pipe; gives what it wrote and how it ended. With `errors` its
/// standard error goes into the same pipe.
///
/// # Errors
/// Those of fork and pipe.
pub(crate) async fn capture(
    sys: &Sys,
    program: &str,
    argv: Args,
    errors: bool,
) -> Result<(Vec<u8>, WaitStatus), Errno> {
    let (reader, writer) = sys.pipe()?;
    let (program, env) = (program.to_string(), sys.environ());
    let pid = sys.fork(move |child| {
        Box::pin(async move {
            let _ = child.dup2(writer, 1);
            if errors {
                let _ = child.dup2(writer, 2);
            }
            let _ = child.close(writer);
            let _ = child.close(reader);
            become_program(child, &program, argv, env).await
        })
    })?;
    sys.close(writer)?;
    let mut output = Vec::new();
    loop {
        match sys.read(reader, 64 * 1024).await {
            Ok(more) if more.is_empty() => break,
            Ok(mut more) => output.append(&mut more),
            // A signal came, the caller's business; the child has got it as well.
            Err(Errno::EINTR) => {}
            Err(_) => break,
        }
    }
    sys.close(reader)?;
    Ok((output, wait_for(sys, pid).await))
}
