//! `ln`, `readlink`, `realpath`: links.

use super::support::{prelude::*, program};
use crate::shell::builtins::directories::normalize;
use linux::vfs::FileType;

program!(LN, "ln", "Make links between files", ln);
program!(READLINK, "readlink", "Print resolved symbolic links or canonical file names", readlink);
program!(REALPATH, "realpath", "Print the resolved path", realpath);

async fn ln(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "!b !--backup? d f|force i L|logical n|no-dereference P|physical !r|relative s|symbolic !S: t:|target-directory \
        T|no-target-directory v|verbose";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let mut targets = options.operands.clone();
    let place = match (options.value("t"), targets.len()) {
        (Some(place), 1..) => place.to_string(),
        (None, 0) | (Some(_), 0) => {
            complain(&sys, name, "missing file operand").await;
            return super::usage_hint(&sys, name).await;
        }
        (None, 1) => ".".to_string(),
        (None, _) => targets.pop().unwrap_or_default(),
    };
    let facts = if options.has("n") { sys.lstat(&place) } else { sys.stat(&place) };
    let into = !options.has("T") && facts.is_ok_and(|stat| stat.file_type == FileType::Directory);
    if targets.len() > 1 && !into {
        complain(&sys, name, &format!("target {}: {}", quote_always(&place), Errno::ENOTDIR)).await;
        return 1;
    }
    let mut status = 0;
    for target in &targets {
        let path = if into {
            format!("{}/{}", place.trim_end_matches('/'), super::basename::base(target, ""))
        } else {
            place.clone()
        };
        if options.has("f") && sys.lstat(&path).is_ok_and(|stat| stat.file_type != FileType::Directory) {
            let _ = sys.unlink(&path);
        }
        let symbolic = options.has("s");
        let result = if symbolic {
            sys.symlink(target, &path)
        } else if sys.stat(target).is_ok_and(|stat| stat.file_type == FileType::Directory) {
            complain(&sys, name, &format!("{target}: hard link not allowed for directory")).await;
            status = 1;
            continue;
        } else {
            sys.link(target, &path)
        };
        match result {
            Ok(()) if options.has("v") => {
                let arrow = if symbolic { "->" } else { "=>" };
                sys.out(&format!("{} {arrow} {}\n", quote_always(&path), quote_always(target))).await;
            }
            Ok(()) => {}
            Err(errno) => {
                let text = match (symbolic, errno) {
                    (true, errno) => {
                        format!("failed to create symbolic link {}: {errno}", quote_always(&path))
                    }
                    (false, Errno::ENOENT) => format!("failed to access {}: {errno}", quote_always(target)),
                    (false, errno) => format!("failed to create hard link {}: {errno}", quote_always(&path)),
                };
                complain(&sys, name, &text).await;
                status = 1;
            }
        }
    }
    status
}

async fn readlink(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "f|canonicalize e|canonicalize-existing m|canonicalize-missing n|no-newline q|quiet s|silent v|verbose z|zero";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    if options.operands.is_empty() {
        return super::missing_operand(&sys, name).await;
    }
    let end = match () {
        () if options.has("z") => "\0",
        () if options.has("n") && options.operands.len() == 1 => "",
        () => "\n",
    };
    let mut status = 0;
    for path in &options.operands {
        let result = match options.last_of(&["f", "e", "m"]) {
            Some(kind) => resolve(&sys, path, kind),
            None => sys.readlink(path),
        };
        match result {
            Ok(text) => sys.out(&format!("{text}{end}")).await,
            Err(errno) => {
                if options.has("v") {
                    complain(&sys, name, &format!("{}: {errno}", quote_if_needed(path))).await;
                }
                status = 1;
            }
        }
    }
    status
}

async fn realpath(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "e|canonicalize-existing m|canonicalize-missing !L|logical P|physical q|quiet !--relative-to: !--relative-base: \
        s|strip|no-symlinks z|zero";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    if options.operands.is_empty() {
        return super::missing_operand(&sys, name).await;
    }
    let mut status = 0;
    for path in &options.operands {
        let kind = if options.has("s") { "s" } else { options.last_of(&["e", "m"]).unwrap_or("f") };
        match resolve(&sys, path, kind) {
            Ok(text) => sys.out(&format!("{text}{}", if options.has("z") { "\0" } else { "\n" })).await,
            Err(errno) => {
                if !options.has("q") {
                    complain(&sys, name, &format!("{}: {errno}", quote_if_needed(path))).await;
                }
                status = 1;
            }
        }
    }
    status
}

/// The path without links and dots. `e`: all of it must exist; `f`: all but the last part; `m`: nothing must;
/// `s`: links stay.
fn resolve(sys: &Sys, path: &str, kind: &str) -> Result<String, Errno> {
    if path.is_empty() {
        return Err(Errno::ENOENT);
    }
    match (sys.realpath(path), kind) {
        (_, "s") => Ok(normalize(&sys.getcwd(), path)),
        (Ok(real), _) => Ok(real),
        (Err(errno), "e") => Err(errno),
        (Err(_), "m") => Ok(normalize(&sys.getcwd(), path)),
        (Err(Errno::ENOENT), _) => {
            let base = super::basename::base(path, "");
            let parent = sys.realpath(super::basename::dir(path))?;
            Ok(format!("{}/{base}", parent.trim_end_matches('/')))
        }
        (Err(errno), _) => Err(errno),
    }
}
