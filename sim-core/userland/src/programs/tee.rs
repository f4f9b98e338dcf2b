//! `tee`: standard input to files and on.

use super::support::{prelude::*, program};
use linux::fd::OpenFlags;
use linux::signal::Disposition;

program!(PROGRAM, "tee", "Read from standard input and write to standard output and files", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    let name = &args[0];
    let options = match parse(&sys, &args, "a|append i|ignore-interrupts p !--output-error?", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    if options.has("i") {
        sys.sigaction(Signal::INT, Disposition::Ignore);
    }
    let flags = if options.has("a") { OpenFlags::APPEND } else { OpenFlags::CREATE };
    let mut status = 0;
    let mut targets = vec![("standard output".to_string(), 1)];
    for file in &options.operands {
        match sys.open(file, flags, 0o666) {
            Ok(fd) => targets.push((file.clone(), fd)),
            Err(errno) => {
                complain(&sys, name, &format!("{}: {errno}", quote_if_needed(file))).await;
                status = 1;
            }
        }
    }
    loop {
        let bytes = match sys.read(0, 8192).await {
            Ok(bytes) if bytes.is_empty() => break,
            Ok(bytes) => bytes,
            Err(errno) => {
                complain(&sys, name, &format!("read error: {errno}")).await;
                status = 1;
                break;
            }
        };
        let mut at = 0;
        while at < targets.len() {
            let (file, fd) = targets[at].clone();
            match sys.write_all(fd, &bytes).await {
                Ok(()) => at += 1,
                Err(errno) => {
                    complain(&sys, name, &format!("{}: {errno}", quote_always(&file))).await;
                    status = 1;
                    targets.remove(at);
                }
            }
        }
        if targets.is_empty() {
            break;
        }
    }
    status
}
