//! `rm`: remove files and trees.

use super::support::{prelude::*, program};
use linux::vfs::FileType;

program!(PROGRAM, "rm", "Remove files or directories", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "d|dir f|force i I --interactive? r|recursive R v|verbose --one-file-system --no-preserve-root --preserve-root?";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let force = options.last_of(&["f", "i", "I"]) == Some("f");
    let ask = options.last_of(&["f", "i", "I"]) == Some("i");
    let recursive = options.has("r") || options.has("R");
    if options.operands.is_empty() {
        return if options.has("f") { 0 } else { super::missing_operand(&sys, name).await };
    }
    let mut remover = Remover {
        sys: sys.clone(),
        name,
        force,
        ask,
        verbose: options.has("v"),
        failed: false,
        out: Out::new(&sys),
    };
    for path in &options.operands {
        let base = super::basename::base(path, "");
        if recursive && (base == "." || base == "..") {
            complain(
                &sys,
                name,
                &format!("refusing to remove '.' or '..' directory: skipping {}", quote_always(path)),
            )
            .await;
            remover.failed = true;
            continue;
        }
        if recursive && sys.realpath(path).is_ok_and(|real| real == "/") && !options.has("no-preserve-root") {
            sys.err(&format!(
                "{name}: it is dangerous to operate recursively on {}\n{name}: use --no-preserve-root to override this failsafe\n",
                quote_always(path)
            ))
            .await;
            remover.failed = true;
            continue;
        }
        match sys.lstat(path) {
            Ok(stat) if stat.file_type == FileType::Directory && recursive => remover.tree(path).await,
            Ok(stat) if stat.file_type == FileType::Directory && options.has("d") => {
                let result = sys.rmdir(path);
                remover.report(path, result, true).await;
            }
            Ok(stat) if stat.file_type == FileType::Directory => {
                remover.report(path, Err(Errno::EISDIR), true).await
            }
            Ok(_) => remover.file(path).await,
            Err(Errno::ENOENT | Errno::ENOTDIR) if force => {}
            Err(errno) => remover.report(path, Err(errno), false).await,
        }
    }
    let status = i32::from(remover.failed);
    remover.out.finish(name, status).await
}

struct Remover<'a> {
    sys: Sys,
    name: &'a str,
    force: bool,
    ask: bool,
    verbose: bool,
    failed: bool,
    out: Out,
}

impl Remover<'_> {
    async fn file(&mut self, path: &str) {
        if self.wants("file", path).await {
            let result = self.sys.unlink(path);
            self.report(path, result, false).await;
        }
    }

    /// Removes what is in a directory, then the directory.
    async fn tree(&mut self, root: &str) {
        let mut waiting = vec![(root.to_string(), false)];
        while let Some((path, emptied)) = waiting.pop() {
            self.sys.cpu(std::time::Duration::from_micros(3)).await;
            let is_directory = self.sys.lstat(&path).is_ok_and(|stat| stat.file_type == FileType::Directory);
            if !is_directory {
                self.file(&path).await;
            } else if emptied {
                let result = self.sys.rmdir(&path);
                self.report(&path, result, true).await;
            } else {
                match self.sys.read_dir(&path) {
                    Ok(names) => {
                        waiting.push((path.clone(), true));
                        let below = |name: String| (format!("{}/{name}", path.trim_end_matches('/')), false);
                        waiting.extend(names.into_iter().rev().map(below));
                    }
                    Err(errno) => self.report(&path, Err(errno), false).await,
                }
            }
        }
    }

    async fn wants(&mut self, what: &str, path: &str) -> bool {
        let unwritable = !self.force
            && self.sys.isatty(0)
            && !self.sys.access(path, 2)
            && self.sys.lstat(path).is_ok_and(|stat| stat.file_type == FileType::Regular);
        if !self.ask && !unwritable {
            return true;
        }
        let kind = match self.sys.lstat(path) {
            Ok(stat) if stat.file_type == FileType::Regular && stat.size == 0 => "regular empty file",
            Ok(stat) if stat.file_type == FileType::Regular => "regular file",
            Ok(stat) if stat.file_type == FileType::Symlink => "symbolic link",
            _ => what,
        };
        let protected = if unwritable { "write-protected " } else { "" };
        self.sys.err(&format!("{}: remove {protected}{kind} {}? ", self.name, quote_always(path))).await;
        let answer = self.sys.read(0, 1024).await.unwrap_or_default();
        matches!(answer.first(), Some(b'y' | b'Y'))
    }

    async fn report(&mut self, path: &str, result: Result<(), Errno>, directory: bool) {
        match result {
            Ok(()) if self.verbose => {
                let what = if directory { "removed directory " } else { "removed " };
                self.out.line(&format!("{what}{}", quote_always(path))).await;
            }
            Ok(()) => {}
            Err(errno) => {
                self.out.flush().await;
                complain(&self.sys, self.name, &format!("cannot remove {}: {errno}", quote_always(path)))
                    .await;
                self.failed = true;
            }
        }
    }
}
