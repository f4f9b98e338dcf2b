//! `cp`, `mv`: copies, and new names.

use super::support::{prelude::*, program};
use linux::fd::OpenFlags;
use linux::vfs::{FileType, Stat};

program!(CP, "cp", "Copy files and directories", cp);
program!(MV, "mv", "Move or rename files", mv);

struct Copier {
    sys: Sys,
    name: String,
    options: Options,
    moves: bool,
    out: Out,
    failed: bool,
}

async fn cp(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "a|archive !--attributes-only !b !--backup? d f|force i|interactive H l|link L|dereference n|no-clobber P|no-dereference \
        p --preserve? --no-preserve: !--parents R r|recursive !--reflink? !--remove-destination !--sparse: !--strip-trailing-slashes \
        s|symbolic-link !S:|suffix t:|target-directory T|no-target-directory u|update v|verbose x|one-file-system !Z";
    run(sys, args, TABLE, false).await
}

async fn mv(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "!b !--backup? f|force i|interactive n|no-clobber !--strip-trailing-slashes !S:|suffix t:|target-directory \
        T|no-target-directory u|update v|verbose !Z";
    run(sys, args, TABLE, true).await
}

async fn run(sys: Sys, args: Args, table: &'static str, moves: bool) -> ExitCode {
    let name = args[0].clone();
    let options = match parse(&sys, &args, table, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let mut sources = options.operands.clone();
    let target = match options.value("t") {
        Some(target) => Some(target.to_string()),
        None if sources.len() > 1 => sources.pop(),
        None => None,
    };
    let Some(target) = target.filter(|_| !sources.is_empty()) else {
        let text = match sources.first() {
            None => "missing file operand".to_string(),
            Some(one) => format!("missing destination file operand after {}", quote_always(one)),
        };
        complain(&sys, &name, &text).await;
        return super::usage_hint(&sys, &name).await;
    };
    let into = !options.has("T") && is_directory(&sys, &target);
    if !into && (sources.len() > 1 || options.has("t")) {
        let why = if sys.stat(&target).is_ok() { Errno::ENOTDIR } else { Errno::ENOENT };
        let text = if options.has("T") {
            format!("extra operand {}", quote_always(&target))
        } else if options.has("t") {
            format!("target directory {}: {why}", quote_always(&target))
        } else {
            format!("target {}: {why}", quote_always(&target))
        };
        complain(&sys, &name, &text).await;
        return 1;
    }
    let mut copier =
        Copier { sys: sys.clone(), name: name.clone(), options, moves, out: Out::new(&sys), failed: false };
    for source in sources {
        let to = if into {
            format!("{}/{}", target.trim_end_matches('/'), super::basename::base(&source, ""))
        } else {
            target.clone()
        };
        let to = if to.is_empty() { "/".into() } else { to };
        if moves {
            copier.rename(&source, &to).await;
        } else {
            copier.copy(&source, &to).await;
        }
    }
    let status = i32::from(copier.failed);
    copier.out.finish(&name, status).await
}

fn is_directory(sys: &Sys, path: &str) -> bool {
    sys.stat(path).is_ok_and(|stat| stat.file_type == FileType::Directory)
}

impl Copier {
    fn has(&self, key: &str) -> bool {
        self.options.has(key)
    }

    async fn fail(&mut self, text: String) {
        self.out.flush().await;
        complain(&self.sys, &self.name, &text).await;
        self.failed = true;
    }

    async fn rename(&mut self, from: &str, to: &str) {
        let stat = match self.sys.lstat(from) {
            Ok(stat) => stat,
            Err(errno) => return self.fail(format!("cannot stat {}: {errno}", quote_always(from))).await,
        };
        if !self.may_replace(from, &stat, to).await {
            return;
        }
        if let Ok(there) = self.sys.lstat(to) {
            let (source, target) =
                (stat.file_type == FileType::Directory, there.file_type == FileType::Directory);
            if source && !target {
                let text = format!(
                    "cannot overwrite non-directory {} with directory {}",
                    quote_always(to),
                    quote_always(from)
                );
                return self.fail(text).await;
            }
            if !source && target {
                let text = format!("cannot overwrite directory {} with non-directory", quote_always(to));
                return self.fail(text).await;
            }
        }
        match self.sys.rename(from, to) {
            Ok(()) => {
                if self.has("v") {
                    self.out.line(&format!("renamed {} -> {}", quote_always(from), quote_always(to))).await;
                }
            }
            Err(Errno::EXDEV) => {
                self.copy(from, to).await;
                if !self.failed {
                    let argv = vec!["rm".to_string(), "-rf".into(), from.to_string()];
                    let _ = super::support::child::run(&self.sys, &self.name, argv).await;
                }
            }
            Err(Errno::EINVAL) => {
                let text = format!(
                    "cannot move {} to a subdirectory of itself, {}",
                    quote_always(from),
                    quote_always(to)
                );
                self.fail(text).await;
            }
            Err(errno) => {
                self.fail(format!("cannot move {} to {}: {errno}", quote_always(from), quote_always(to)))
                    .await;
            }
        }
    }

    /// Whether what is at the target may go; says why not.
    async fn may_replace(&mut self, from: &str, stat: &Stat, to: &str) -> bool {
        let Ok(there) = self.sys.lstat(to) else { return true };
        if there.ino == stat.ino && self.sys.realpath(from).ok() == self.sys.realpath(to).ok() {
            let text = format!("{} and {} are the same file", quote_always(from), quote_always(to));
            self.fail(text).await;
            return false;
        }
        if there.file_type == FileType::Directory {
            return true;
        }
        if self.has("u") && there.mtime >= stat.mtime {
            return false;
        }
        match self.options.last_of(&["n", "i", "f"]) {
            Some("n") => false,
            Some("i") => {
                self.sys.err(&format!("{}: overwrite {}? ", self.name, quote_always(to))).await;
                let answer = self.sys.read(0, 1024).await.unwrap_or_default();
                matches!(answer.first(), Some(b'y' | b'Y'))
            }
            _ => true,
        }
    }

    async fn copy(&mut self, from: &str, to: &str) {
        let recursive = self.moves || self.has("r") || self.has("R") || self.has("a");
        let mut waiting = vec![(from.to_string(), to.to_string(), true)];
        // When all is copied, directories get the facts of theirs.
        let mut directories: Vec<(String, Stat)> = Vec::new();
        while let Some((from, to, is_root)) = waiting.pop() {
            let follow = !self.moves
                && !self.has("P")
                && !self.has("d")
                && !self.has("a")
                && (!recursive || self.has("L") || self.has("H") && is_root);
            let facts = if follow { self.sys.stat(&from) } else { self.sys.lstat(&from) };
            let stat = match facts {
                Ok(stat) => stat,
                Err(errno) => {
                    self.fail(format!("cannot stat {}: {errno}", quote_always(&from))).await;
                    continue;
                }
            };
            if stat.file_type == FileType::Directory {
                if !recursive {
                    self.fail(format!("-r not specified; omitting directory {}", quote_always(&from))).await;
                    continue;
                }
                if is_root && self.is_inside(&from, &to) {
                    let text = format!(
                        "cannot copy a directory, {}, into itself, {}",
                        quote_always(&from),
                        quote_always(&to)
                    );
                    self.fail(text).await;
                    continue;
                }
                match self.sys.mkdir(&to, stat.mode & 0o777 | 0o700) {
                    Ok(()) => self.tell(&from, &to).await,
                    Err(Errno::EEXIST) if is_directory(&self.sys, &to) => {}
                    Err(Errno::EEXIST) => {
                        let text = format!(
                            "cannot overwrite non-directory {} with directory {}",
                            quote_always(&to),
                            quote_always(&from)
                        );
                        self.fail(text).await;
                        continue;
                    }
                    Err(errno) => {
                        self.fail(format!("cannot create directory {}: {errno}", quote_always(&to))).await;
                        continue;
                    }
                }
                directories.push((to.clone(), stat));
                match self.sys.read_dir(&from) {
                    Ok(names) => {
                        for name in names.into_iter().rev() {
                            waiting.push((
                                format!("{}/{name}", from.trim_end_matches('/')),
                                format!("{to}/{name}"),
                                false,
                            ));
                        }
                    }
                    Err(errno) => self.fail(format!("cannot access {}: {errno}", quote_always(&from))).await,
                }
                continue;
            }
            if !self.may_replace(&from, &stat, &to).await {
                continue;
            }
            if is_directory(&self.sys, &to) {
                self.fail(format!(
                    "cannot overwrite directory {} with non-directory {}",
                    quote_always(&to),
                    quote_always(&from)
                ))
                .await;
                continue;
            }
            let result = self.one(&from, &stat, &to).await;
            match result {
                Ok(()) => {
                    self.tell(&from, &to).await;
                    self.preserve(&to, &stat);
                }
                Err(text) => self.fail(text).await,
            }
        }
        for (path, stat) in directories.iter().rev() {
            self.preserve(path, stat);
        }
    }

    fn is_inside(&self, from: &str, to: &str) -> bool {
        let parent = super::basename::dir(to);
        match (self.sys.realpath(from), self.sys.realpath(parent)) {
            (Ok(from), Ok(parent)) => parent == from || parent.starts_with(&format!("{from}/")),
            _ => false,
        }
    }

    async fn one(&self, from: &str, stat: &Stat, to: &str) -> Result<(), String> {
        let text = |what: &str, path: &str, errno: Errno| format!("{what} {}: {errno}", quote_always(path));
        if self.has("l") {
            return self.sys.link(from, to).map_err(|errno| text("cannot create hard link", to, errno));
        }
        if self.has("s") {
            return self
                .sys
                .symlink(from, to)
                .map_err(|errno| text("cannot create symbolic link", to, errno));
        }
        if stat.file_type == FileType::Symlink {
            let target =
                self.sys.readlink(from).map_err(|errno| text("cannot read symbolic link", from, errno))?;
            let _ = self.sys.unlink(to);
            return self
                .sys
                .symlink(&target, to)
                .map_err(|errno| text("cannot create symbolic link", to, errno));
        }
        let source = self.sys.open(from, OpenFlags::READ, 0).map_err(|errno| {
            text("cannot open", from, errno).replace(&format!(": {errno}"), &format!(" for reading: {errno}"))
        })?;
        let target = match self.sys.open(to, OpenFlags::CREATE, stat.mode & 0o777) {
            Err(_) if self.has("f") => {
                let _ = self.sys.unlink(to);
                self.sys.open(to, OpenFlags::CREATE, stat.mode & 0o777)
            }
            result => result,
        };
        let target = match target {
            Ok(target) => target,
            Err(errno) => {
                let _ = self.sys.close(source);
                let what = if to.ends_with('/') && errno == Errno::EISDIR { Errno::ENOTDIR } else { errno };
                return Err(text("cannot create regular file", to, what));
            }
        };
        let result = loop {
            match self.sys.read(source, 128 * 1024).await {
                Ok(bytes) if bytes.is_empty() => break Ok(()),
                Ok(bytes) => {
                    if let Err(errno) = self.sys.write_all(target, &bytes).await {
                        break Err(text("error writing", to, errno));
                    }
                }
                Err(errno) => break Err(text("error reading", from, errno)),
            }
        };
        let _ = self.sys.close(source);
        let _ = self.sys.close(target);
        result
    }

    fn preserve(&self, to: &str, stat: &Stat) {
        let keeps = self.moves || self.has("a") || self.has("p") || self.has("preserve");
        if keeps && stat.file_type != FileType::Symlink {
            let _ = self.sys.chown(to, stat.uid, stat.gid);
            let _ = self.sys.chmod(to, stat.mode);
            let _ = self.sys.utime(to, stat.mtime);
        } else if stat.file_type == FileType::Directory {
            let mask = self.sys.umask(0);
            self.sys.umask(mask);
            let _ = self.sys.chmod(to, stat.mode & 0o777 & !mask);
        }
    }

    async fn tell(&mut self, from: &str, to: &str) {
        if self.has("v") {
            let verb = if self.moves { "copied " } else { "" };
            self.out.line(&format!("{verb}{} -> {}", quote_always(from), quote_always(to))).await;
        }
    }
}
