//! `tree`: directories as a tree.

use super::support::{prelude::*, program, text::human};
use linux::vfs::FileType;
use sim::Ordered;

program!(PROGRAM, "tree", "List contents of directories in a tree-like format", main);

const TABLE: &str = "a d f L: i n N p s h F C P: I: --noreport --dirsfirst --charset: !J !X !H: !o: !u !g !D !t !r !l !x --help --version";

struct Walk {
    sys: Sys,
    options: Options,
    depth: usize,
    color: bool,
    out: Out,
    directories: usize,
    files: usize,
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    let options = match super::support::options::read(&args, TABLE) {
        Ok(options) => options,
        Err(super::support::options::Problem::NotSimulated(option)) => {
            return not_simulated(&sys, "tree", &format!("the option {option}")).await;
        }
        Err(super::support::options::Problem::Usage(text)) => {
            let letter = text.rsplit('\'').nth(1).unwrap_or("").to_string();
            sys.err(&format!("tree: Invalid argument -`{letter}'.\nusage: tree [-acdfghilnpqrstuvxACDFJQNSUX] [-L level [-R]]\n")).await;
            return 1;
        }
    };
    for long in ["help", "version"] {
        if options.has(long) {
            return not_simulated(&sys, "tree", &format!("the option --{long}")).await;
        }
    }
    let depth = match options.value("L") {
        None => usize::MAX,
        Some(text) => match text.parse::<usize>() {
            Ok(depth) if depth > 0 => depth,
            _ => {
                sys.err("tree: Invalid level, must be greater than 0.\n").await;
                return 1;
            }
        },
    };
    let color = options.has("C") || sys.isatty(1) && !options.has("n");
    let mut roots = options.operands.clone();
    if roots.is_empty() {
        roots.push(".".into());
    }
    let mut walk =
        Walk { sys: sys.clone(), options, depth, color, out: Out::new(&sys), directories: 0, files: 0 };
    let mut status = 0;
    for root in roots {
        if sys.read_dir(&root).is_ok() {
            let name = walk.painted(&root, &root, FileType::Directory, 0o755);
            walk.out.line(&name).await;
            walk.directories += 1;
            walk.below(&root).await;
        } else {
            walk.out.line(&format!("{root}  [error opening dir]")).await;
            status = 2;
        }
    }
    if !walk.options.has("noreport") {
        let (directories, files) = (walk.directories, walk.files);
        let plural = if directories == 1 { "directory" } else { "directories" };
        let mut text = format!("\n{directories} {plural}");
        if !walk.options.has("d") {
            text.push_str(&format!(", {files} {}", if files == 1 { "file" } else { "files" }));
        }
        walk.out.line(&text).await;
    }
    walk.out.finish("tree", status).await
}

impl Walk {
    /// Shows what is below a directory; entries wait on a stack with the lines in front of them.
    async fn below(&mut self, root: &str) {
        let mut waiting: Vec<(String, String, String, bool, usize)> = Vec::new();
        self.push(root, "", 1, &mut waiting);
        while let Some((path, name, prefix, last, depth)) = waiting.pop() {
            let Ok(stat) = self.sys.lstat(&path) else { continue };
            let kind = stat.file_type;
            let mut facts = Vec::new();
            if self.options.has("p") {
                facts.push(super::ls::mode_string(&stat));
            }
            if self.options.has("h") {
                facts.push(format!("{:>4}", human(stat.size)));
            } else if self.options.has("s") {
                facts.push(format!("{:>11}", stat.size));
            }
            let facts = if facts.is_empty() { String::new() } else { format!("[{}]  ", facts.join(" ")) };
            let shown = if self.options.has("f") { &path } else { &name };
            let mut text = self.painted(shown, &path, kind, stat.mode);
            if kind == FileType::Symlink {
                text.push_str(&format!(" -> {}", self.sys.readlink(&path).unwrap_or_default()));
            } else if self.options.has("F") {
                text.push_str(match kind {
                    FileType::Directory => "/",
                    FileType::Regular if stat.mode & 0o111 != 0 => "*",
                    _ => "",
                });
            }
            let branch = match (self.options.has("i"), last) {
                (true, _) => "",
                (false, true) => "└── ",
                (false, false) => "├── ",
            };
            let lead = if self.options.has("i") { "" } else { prefix.as_str() };
            self.out.line(&format!("{lead}{branch}{facts}{text}")).await;
            // A link to a directory counts as what it leads to.
            let leads_to_directory =
                self.sys.stat(&path).is_ok_and(|stat| stat.file_type == FileType::Directory);
            if leads_to_directory {
                self.directories += 1;
            } else {
                self.files += 1;
            }
            if kind == FileType::Directory && depth < self.depth {
                let prefix = format!("{prefix}{}", if last { "    " } else { "│\u{a0}\u{a0} " });
                self.push(&path, &prefix, depth + 1, &mut waiting);
            }
        }
    }

    fn push(
        &self,
        directory: &str,
        prefix: &str,
        depth: usize,
        waiting: &mut Vec<(String, String, String, bool, usize)>,
    ) {
        let names = self.sys.read_dir(directory).unwrap_or_default();
        let path = |name: &str| format!("{}/{name}", directory.trim_end_matches('/'));
        let is_directory =
            |name: &str| self.sys.stat(&path(name)).is_ok_and(|stat| stat.file_type == FileType::Directory);
        let globs = |key: &str, name: &str| {
            self.options
                .values(key)
                .flat_map(|globs| globs.split('|'))
                .any(|glob| super::find::glob_matches(glob, name))
        };
        let mut shown: Vec<String> = names
            .into_iter()
            .filter(|name| self.options.has("a") || !name.starts_with('.'))
            .filter(|name| !self.options.has("d") || is_directory(name))
            .filter(|name| !self.options.has("P") || is_directory(name) || globs("P", name))
            .filter(|name| !globs("I", name))
            .collect();
        if self.options.has("dirsfirst") {
            shown.order_by_key(|name| !is_directory(name));
        }
        let count = shown.len();
        for (at, name) in shown.into_iter().enumerate().rev() {
            waiting.push((path(&name), name, prefix.to_string(), at + 1 == count, depth));
        }
    }

    fn painted(&self, shown: &str, path: &str, kind: FileType, mode: u32) -> String {
        let shown = if self.options.has("N") { shown.to_string() } else { shown.replace('\n', "\\n") };
        if !self.color {
            return shown;
        }
        let color = match kind {
            FileType::Directory => "01;34",
            FileType::Symlink if self.sys.stat(path).is_err() => "40;31;01",
            FileType::Symlink => "01;36",
            FileType::CharDevice => "40;33;01",
            FileType::Regular if mode & 0o111 != 0 => "01;32",
            _ => return shown,
        };
        format!("\x1b[{color}m{shown}\x1b[0m")
    }
}
