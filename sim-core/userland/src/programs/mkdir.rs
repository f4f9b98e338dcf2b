//! `mkdir`, `rmdir`: directories.

use super::support::{prelude::*, program};
use linux::vfs::FileType;

program!(MKDIR, "mkdir", "Make directories", mkdir);
program!(RMDIR, "rmdir", "Remove empty directories", rmdir);

async fn mkdir(sys: Sys, args: Args) -> ExitCode {
    let name = &args[0];
    let options = match parse(&sys, &args, "m:|mode p|parents v|verbose !Z --context?", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    if options.operands.is_empty() {
        return super::missing_operand(&sys, name).await;
    }
    let mode = match options.value("m").map(|text| super::chmod::parse_mode(text, 0o777, true, 0)) {
        Some(None) => {
            complain(&sys, name, &format!("invalid mode {}", quote(&sys, options.value("m").unwrap_or(""))))
                .await;
            return 1;
        }
        mode => mode.flatten(),
    };
    let mut status = 0;
    let mut out = Out::new(&sys);
    for directory in &options.operands {
        let mut steps = vec![directory.as_str()];
        if options.has("p") {
            let ends = directory
                .char_indices()
                .filter(|(at, c)| *c == '/' && *at > 0)
                .map(|(at, _)| &directory[..at]);
            steps = ends.filter(|step| !step.ends_with('/')).chain([directory.as_str()]).collect();
        }
        for step in steps {
            match sys.mkdir(step, 0o777) {
                Ok(()) => {
                    if options.has("v") {
                        out.line(&format!("{name}: created directory {}", quote_always(step))).await;
                    }
                    if let Some(mode) = mode.filter(|_| step == directory) {
                        let _ = sys.chmod(step, mode);
                    }
                }
                Err(Errno::EEXIST)
                    if options.has("p")
                        && sys.stat(step).is_ok_and(|stat| stat.file_type == FileType::Directory) => {}
                Err(errno) => {
                    let errno = if options.has("p") && errno == Errno::EEXIST && step != directory {
                        Errno::ENOTDIR
                    } else {
                        errno
                    };
                    complain(&sys, name, &format!("cannot create directory {}: {errno}", quote(&sys, step)))
                        .await;
                    status = 1;
                    break;
                }
            }
        }
    }
    out.finish(name, status).await
}

async fn rmdir(sys: Sys, args: Args) -> ExitCode {
    let name = &args[0];
    let options = match parse(&sys, &args, "p|parents v|verbose --ignore-fail-on-non-empty", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    if options.operands.is_empty() {
        return super::missing_operand(&sys, name).await;
    }
    let mut status = 0;
    let mut out = Out::new(&sys);
    for directory in &options.operands {
        let mut path = directory.trim_end_matches('/');
        loop {
            if options.has("v") {
                out.line(&format!("{name}: removing directory, {}", quote_always(path))).await;
            }
            match sys.rmdir(path) {
                Ok(()) => {}
                Err(Errno::ENOTEMPTY) if options.has("ignore-fail-on-non-empty") => break,
                Err(errno) => {
                    complain(&sys, name, &format!("failed to remove {}: {errno}", quote_always(path))).await;
                    status = 1;
                    break;
                }
            }
            match path.rsplit_once('/') {
                Some((parent, _)) if options.has("p") && !parent.is_empty() => path = parent,
                _ => break,
            }
        }
    }
    out.finish(name, status).await
}
