//! `touch`: new times, new files.

use super::support::{prelude::*, program};
use linux::fd::OpenFlags;

program!(PROGRAM, "touch", "Change file timestamps", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    let name = &args[0];
    let options =
        match parse(&sys, &args, "a c|no-create d:|date f !h|no-dereference m r:|reference !t: --time:", 1)
            .await
        {
            Ok(options) => options,
            Err(status) => return status,
        };
    if options.operands.is_empty() {
        complain(&sys, name, "missing file operand").await;
        return super::usage_hint(&sys, name).await;
    }
    let mut at = sys.now();
    if let Some(reference) = options.value("r") {
        match sys.stat(reference) {
            Ok(stat) => at = stat.mtime,
            Err(errno) => {
                complain(
                    &sys,
                    name,
                    &format!("failed to get attributes of {}: {errno}", quote_always(reference)),
                )
                .await;
                return 1;
            }
        }
    }
    if let Some(text) = options.value("d") {
        // Files know instants of this world; dates before its beginning become its beginning.
        let Some(time) = super::date::read(text, sys.clock()) else {
            complain(&sys, name, &format!("invalid date format {}", quote(&sys, text))).await;
            return 1;
        };
        at = sim::Instant::ZERO + time.duration_since(sim::Instant::ZERO.timestamp());
    }
    let mut status = 0;
    for file in &options.operands {
        let exists = sys.stat(file).is_ok();
        let result = if exists {
            sys.utime(file, at)
        } else if options.has("c") {
            Ok(())
        } else {
            let flags = OpenFlags { write: true, create: true, ..OpenFlags::default() };
            sys.open(file, flags, 0o666).and_then(|fd| sys.close(fd)).and_then(|()| sys.utime(file, at))
        };
        if let Err(errno) = result {
            let what = if exists { "setting times of" } else { "cannot touch" };
            complain(&sys, name, &format!("{what} {}: {errno}", quote_always(file))).await;
            status = 1;
        }
    }
    status
}
