//! `tar`: archives, made, listed and taken apart (GNU tar's texts). `kubectl cp` runs it in containers.
//!
//! Left out: compression, appending, sparse files and everything beside plain files, directories and symbolic links.

pub(in crate::programs) mod header;

use super::support::{calendar, prelude::*, program, users::Users};
use header::{BLOCK, Header, Kind};
use linux::fd::OpenFlags;
use linux::vfs::FileType;
use sim::Timestamp;

program!(PROGRAM, "tar", "Archives", main);

const TABLE: &str = "c|create x|extract t|list f:|file v|verbose C:|directory m|touch p|same-permissions o|no-same-owner \
    --no-same-permissions --overwrite h|dereference O|to-stdout --strip-components: --exclude: k|keep-old-files \
    --numeric-owner --warning: !z|gzip !j|bzip2 !J|xz !a|auto-compress !r|append !u|update !A|catenate !d|diff !--delete \
    !--test-label !P|absolute-names !T:|files-from !X:|exclude-from !N:|newer !Z|compress !--zstd !w|interactive \
    !b:|blocking-factor !--owner: !--group: !--mode: !--transform: !--wildcards !W|verify !S|sparse !g: !G";

/// The bytes that an archive is filled up to.
const RECORD: usize = 20 * BLOCK;

async fn main(sys: Sys, args: Args) -> ExitCode {
    let mut words = args.clone();
    // `tar xf FILE`: letters without a dash, their values behind them.
    if let Some(first) = args.get(1).filter(|first| !first.starts_with('-') && !first.is_empty()) {
        let mut rest = args[2..].iter();
        let mut expanded = vec![args[0].clone()];
        for letter in first.chars() {
            expanded.push(format!("-{letter}"));
            if "fCbTXNg".contains(letter) {
                match rest.next() {
                    Some(value) => expanded.push(value.clone()),
                    None => {
                        complain(&sys, "tar", &format!("Old option '{letter}' requires an argument.")).await;
                        return usage(&sys).await;
                    }
                }
            }
        }
        expanded.extend(rest.cloned());
        words = expanded;
    }
    let options = match super::support::options::read(&words, TABLE) {
        Ok(options) => options,
        Err(super::support::options::Problem::NotSimulated(option)) => {
            return not_simulated(&sys, "tar", &format!("the option {option}")).await;
        }
        Err(super::support::options::Problem::Usage(text)) => {
            complain(&sys, "tar", &text).await;
            sys.err("Try 'tar --help' or 'tar --usage' for more information.\n").await;
            return 64;
        }
    };
    sys.cpu(std::time::Duration::from_millis(1)).await;
    let modes: Vec<&str> = ["c", "x", "t"].into_iter().filter(|key| options.has(key)).collect();
    match modes.as_slice() {
        [] => {
            complain(
                &sys,
                "tar",
                "You must specify one of the '-Acdtrux', '--delete' or '--test-label' options",
            )
            .await;
            return usage(&sys).await;
        }
        [_] => {}
        _ => {
            complain(
                &sys,
                "tar",
                "You may not specify more than one '-Acdtrux', '--delete' or  '--test-label' option",
            )
            .await;
            return usage(&sys).await;
        }
    }
    let Some(file) = options.value("f").map(String::from) else {
        return not_simulated(&sys, "tar", "an archive on a tape, without -f,").await;
    };
    if modes[0] == "c" && options.operands.is_empty() {
        complain(&sys, "tar", "Cowardly refusing to create an empty archive").await;
        return usage(&sys).await;
    }
    let mut tar = Tar { sys: sys.clone(), out: Out::new(&sys), options, failed: false, stripped: false };
    let ended =
        if modes[0] == "c" { tar.create(&file).await } else { tar.read(&file, modes[0] == "x").await };
    let failed = tar.failed;
    tar.out.flush().await;
    match ended {
        Err(status) => status,
        Ok(()) if failed => {
            complain(&sys, "tar", "Exiting with failure status due to previous errors").await;
            2
        }
        Ok(()) => 0,
    }
}

async fn usage(sys: &Sys) -> ExitCode {
    sys.err("Try 'tar --help' or 'tar --usage' for more information.\n").await;
    2
}

struct Tar {
    sys: Sys,
    out: Out,
    options: Options,
    failed: bool,
    /// It was said that names lose their slash in front.
    stripped: bool,
}

impl Tar {
    async fn fail(&mut self, text: &str) {
        self.out.flush().await;
        complain(&self.sys, "tar", text).await;
        self.failed = true;
    }

    async fn fatal(&mut self, text: &str) -> Result<(), ExitCode> {
        self.out.flush().await;
        complain(&self.sys, "tar", text).await;
        complain(&self.sys, "tar", "Error is not recoverable: exiting now").await;
        Err(2)
    }

    /// Where names are looked up.
    async fn enter(&mut self) -> Result<(), ExitCode> {
        if let Some(directory) = self.options.value("C").map(String::from)
            && let Err(errno) = self.sys.chdir(&directory)
        {
            let what = if errno == Errno::ENOENT { "open" } else { "chdir" };
            return self.fatal(&format!("{directory}: Cannot {what}: {errno}")).await;
        }
        Ok(())
    }

    async fn create(&mut self, file: &str) -> Result<(), ExitCode> {
        let to_stdout = file == "-";
        let fd = if to_stdout { Ok(1) } else { self.sys.open(file, OpenFlags::CREATE, 0o666) };
        let fd = match fd {
            Ok(fd) => fd,
            Err(errno) => return self.fatal(&format!("{file}: Cannot open: {errno}")).await,
        };
        self.enter().await?;
        let users = Users::read(&self.sys).await;
        let mut archive = Vec::new();
        for operand in self.options.operands.clone() {
            self.add(&operand, &users, &mut archive, to_stdout).await;
        }
        archive.resize(archive.len() + 2 * BLOCK, 0);
        archive.resize(archive.len().div_ceil(RECORD) * RECORD, 0);
        self.out.flush().await;
        if let Err(errno) = self.sys.write_all(fd, &archive).await {
            return self.fatal(&format!("{file}: Cannot write: {errno}")).await;
        }
        Ok(())
    }

    /// Puts a file, or a directory and all that is in it, into the archive.
    async fn add(&mut self, name: &str, users: &Users, archive: &mut Vec<u8>, to_stdout: bool) {
        let mut pending = vec![name.trim_end_matches('/').to_string()];
        if pending[0].is_empty() {
            pending[0] = "/".into();
        }
        while let Some(path) = pending.pop() {
            if self
                .options
                .values("exclude")
                .any(|pattern| path == pattern || path.ends_with(&format!("/{pattern}")))
            {
                continue;
            }
            let stat = if self.options.has("h") { self.sys.stat(&path) } else { self.sys.lstat(&path) };
            let stat = match stat {
                Ok(stat) => stat,
                Err(errno) => {
                    self.fail(&format!("{path}: Cannot stat: {errno}")).await;
                    continue;
                }
            };
            let member = self.member(&path).await;
            let mut header = Header::of(&member, &stat);
            header.user = users.user(stat.uid).unwrap_or("").to_string();
            header.group = users.group(stat.gid).unwrap_or("").to_string();
            let mut contents = Vec::new();
            match stat.file_type {
                FileType::Directory => {
                    header.kind = Kind::Directory;
                    header.name = if member.ends_with('/') { member } else { format!("{member}/") };
                    let mut children = self.sys.read_dir(&path).unwrap_or_default();
                    children.retain(|child| child != "." && child != "..");
                    let base = path.trim_end_matches('/');
                    pending.extend(children.iter().rev().map(|child| format!("{base}/{child}")));
                }
                FileType::Symlink => {
                    header.kind = Kind::Symlink;
                    header.link = self.sys.readlink(&path).unwrap_or_default();
                }
                FileType::Regular => match self.sys.read_file(&path).await {
                    Ok(bytes) => contents = bytes,
                    Err(errno) => {
                        self.fail(&format!("{path}: Cannot open: {errno}")).await;
                        continue;
                    }
                },
                _ => {
                    self.fail(&format!("{path}: devices and sockets are not simulated")).await;
                    continue;
                }
            }
            header.size = contents.len() as u64;
            if self.options.has("v") {
                let slash = if header.kind == Kind::Directory && !path.ends_with('/') { "/" } else { "" };
                let line = format!("{path}{slash}\n");
                if to_stdout {
                    self.sys.err(&line).await;
                } else {
                    self.out.text(&line).await;
                }
            }
            header.write(archive);
            archive.extend_from_slice(&contents);
            archive.resize(archive.len().div_ceil(BLOCK) * BLOCK, 0);
        }
    }

    /// A name without slashes in front.
    async fn member(&mut self, path: &str) -> String {
        // All up to the last way upwards goes.
        let climbs = path.match_indices("..").filter(|(at, _)| {
            path[..*at].chars().next_back().is_none_or(|c| c == '/')
                && path[at + 2..].chars().next().is_none_or(|c| c == '/')
        });
        let bare = path[climbs.last().map_or(0, |(at, _)| at + 2)..].trim_start_matches('/');
        let prefix = &path[..path.len() - bare.len()];
        if !prefix.is_empty() && !self.stripped {
            self.stripped = true;
            self.out.flush().await;
            complain(&self.sys, "tar", &format!("Removing leading `{prefix}' from member names")).await;
        }
        if bare.is_empty() { "./".into() } else { bare.to_string() }
    }

    async fn read(&mut self, file: &str, extract: bool) -> Result<(), ExitCode> {
        let bytes = if file == "-" { self.sys.read_to_end(0).await } else { self.sys.read_file(file).await };
        let archive = match bytes {
            Ok(bytes) => bytes,
            Err(Errno::EISDIR) => {
                return self.fatal(&format!("{file}: Cannot read: {}", Errno::EISDIR)).await;
            }
            Err(errno) => return self.fatal(&format!("{file}: Cannot open: {errno}")).await,
        };
        if archive.starts_with(&[0x1f, 0x8b]) {
            not_simulated(&self.sys, "tar", "a compressed archive").await;
            return Err(2);
        }
        if archive.is_empty() || Header::read(&archive).is_some() {
            self.enter().await?;
        }
        let mut wanted: Vec<(String, bool)> = self
            .options
            .operands
            .iter()
            .map(|name| (name.trim_end_matches('/').to_string(), false))
            .collect();
        let mut at = 0;
        let mut first = true;
        while let Some(block) = archive.get(at..at + BLOCK) {
            if block.iter().all(|byte| *byte == 0) {
                break;
            }
            let Some((header, length)) = Header::read(&archive[at..]) else {
                self.fail("This does not look like a tar archive").await;
                if !first {
                    self.fail("Skipping to next header").await;
                }
                return Ok(());
            };
            first = false;
            at += length;
            let size = header.size as usize;
            let Some(contents) = archive.get(at..at + size) else {
                return self.fatal("Unexpected EOF in archive").await;
            };
            at += size.div_ceil(BLOCK) * BLOCK;
            if !wanted.is_empty() {
                let name = header.name.trim_end_matches('/');
                let found = wanted.iter_mut().find(|(want, _)| {
                    name == want || name.strip_prefix(want.as_str()).is_some_and(|rest| rest.starts_with('/'))
                });
                match found {
                    Some(want) => want.1 = true,
                    None => continue,
                }
            }
            if extract {
                self.extract(&header, contents).await;
            } else {
                self.list(&header).await;
            }
        }
        if first && !archive.is_empty() && archive.len() < BLOCK
            || first && archive.is_empty() && file != "/dev/null"
        {
            self.fail("This does not look like a tar archive").await;
        }
        for (name, found) in wanted {
            if !found {
                self.fail(&format!("{name}: Not found in archive")).await;
            }
        }
        Ok(())
    }

    async fn list(&mut self, header: &Header) {
        if !self.options.has("v") {
            return self.out.line(&header.name).await;
        }
        let kind = match header.kind {
            Kind::File => '-',
            Kind::Directory => 'd',
            Kind::Symlink => 'l',
        };
        let mut mode = String::from(kind);
        for shift in [6, 3, 0] {
            let bits = header.mode >> shift;
            for (bit, letter) in [(4, 'r'), (2, 'w'), (1, 'x')] {
                mode.push(if bits & bit != 0 { letter } else { '-' });
            }
        }
        let or = |name: &str, id: u32| if name.is_empty() { id.to_string() } else { name.to_string() };
        let owner = format!("{}/{}", or(&header.user, header.uid), or(&header.group, header.gid));
        let size = header.size.to_string();
        // Owner and size share a field of nineteen columns, which grows when it must.
        let width = 19_usize.saturating_sub(owner.len() + 1).max(size.len());
        let when = calendar::format("%Y-%m-%d %H:%M", Timestamp { seconds: header.mtime, nanos: 0 });
        let link = if header.kind == Kind::Symlink { format!(" -> {}", header.link) } else { String::new() };
        self.out.line(&format!("{mode} {owner} {size:>width$} {when} {}{link}", header.name)).await;
    }

    async fn extract(&mut self, header: &Header, contents: &[u8]) {
        let strip = self.options.value("strip-components").and_then(|text| text.parse().ok()).unwrap_or(0);
        let bare = header.name.trim_start_matches('/');
        let parts: Vec<&str> = bare.split('/').filter(|part| !part.is_empty()).skip(strip).collect();
        if parts.is_empty() && strip > 0 {
            return;
        }
        if parts.contains(&"..") {
            return self.fail(&format!("{}: Member name contains '..'", header.name)).await;
        }
        let path = if parts.is_empty() { ".".to_string() } else { parts.join("/") };
        if self.options.has("O") {
            self.out.put(contents).await;
            return;
        }
        if self.options.has("v") {
            self.out.line(&header.name).await;
        }
        for (at, _) in path.match_indices('/') {
            let _ = self.sys.mkdir(&path[..at], 0o777);
        }
        let result = match header.kind {
            Kind::Directory => match self.sys.mkdir(&path, header.mode) {
                Err(Errno::EEXIST) => Ok(()),
                other => other,
            },
            Kind::Symlink => {
                let _ = self.sys.unlink(&path);
                self.sys.symlink(&header.link, &path)
            }
            Kind::File => {
                if !self.options.has("k") {
                    let _ = self.sys.unlink(&path);
                }
                let flags = OpenFlags { exclusive: self.options.has("k"), ..OpenFlags::CREATE };
                match self.sys.open(&path, flags, header.mode) {
                    Ok(fd) => {
                        let written = self.sys.write_all(fd, contents).await;
                        let _ = self.sys.close(fd);
                        written
                    }
                    Err(errno) => Err(errno),
                }
            }
        };
        if let Err(errno) = result {
            let what = match header.kind {
                Kind::Directory => "Cannot mkdir".to_string(),
                Kind::Symlink => format!("Cannot create symlink to '{}'", header.link),
                Kind::File => "Cannot open".into(),
            };
            return self.fail(&format!("{}: {what}: {errno}", header.name)).await;
        }
        if header.kind != Kind::Symlink {
            let _ = self.sys.chmod(&path, header.mode);
        }
        if self.sys.uid() == 0 && !self.options.has("o") {
            let _ = self.sys.chown(&path, header.uid, header.gid);
        }
    }
}
