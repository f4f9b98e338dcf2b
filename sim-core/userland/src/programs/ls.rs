//! `ls`: what is in a directory.

use super::support::{
    calendar,
    prelude::*,
    program,
    text::{human, width},
    users::Users,
};
use linux::vfs::{FileType, Stat};
use sim::Ordered;
use std::cmp::Reverse;

program!(PROGRAM, "ls", "List directory contents", main);

const TABLE: &str = "a|all A|almost-all --author !b|escape !--block-size: B|ignore-backups c C !D --color? d|directory \
    f F|classify? --file-type --format: --full-time g --group-directories-first G|no-group h|human-readable --si \
    !H|dereference-command-line !--hide: i|inode !I:|ignore !k|kibibytes l L|dereference !m n|numeric-uid-gid N|literal o p \
    q !Q|quote-name !--quoting-style: r|reverse R|recursive s|size S --sort: --time: --time-style: t !T:|tabsize u U v \
    w:|width !x !X !Z 1 --hyperlink? --zero --help --version";

struct Entry {
    name: String,
    stat: Option<Stat>,
    /// Where a link leads, and what is there.
    target: Option<(String, Option<Stat>)>,
}

struct List<'a> {
    sys: Sys,
    options: &'a Options,
    users: Users,
    color: bool,
    long: bool,
    tty: bool,
    columns: usize,
    out: Out,
    /// Whether a colour was used: the first one is preceded by a reset.
    has_painted: bool,
    status: ExitCode,
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(&sys, &args, TABLE, 2).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    for long in ["help", "version"] {
        if options.has(long) {
            return not_simulated(&sys, &args[0], &format!("the option --{long}")).await;
        }
    }
    let tty = sys.isatty(1);
    let color = match options.value("color") {
        Some("" | "always" | "yes" | "force") => true,
        Some("auto" | "tty" | "if-tty") => tty,
        _ => false,
    };
    let long = ["l", "g", "o", "n", "full-time"].iter().any(|key| options.has(key))
        && options.last_of(&["l", "g", "o", "n", "full-time", "1", "C"]) != Some("C")
        || matches!(options.value("format"), Some("long" | "verbose"));
    let screen = sys.winsize(1).map_or(80, |size| usize::from(size.cols));
    let columns = sys.env("COLUMNS").and_then(|text| text.parse().ok()).unwrap_or(screen);
    let columns = options.value("w").and_then(|text| text.parse().ok()).unwrap_or(columns);
    let users = if long { Users::read(&sys).await } else { Users::default() };
    let out = Out::new(&sys);
    let mut list = List {
        sys: sys.clone(),
        options: &options,
        users,
        color,
        long,
        tty,
        columns,
        out,
        has_painted: false,
        status: 0,
    };
    list.run(&args[0]).await;
    list.out.finish(&args[0], list.status).await
}

impl List<'_> {
    fn has(&self, key: &str) -> bool {
        self.options.has(key)
    }

    async fn run(&mut self, program: &str) {
        let mut operands = self.options.operands.clone();
        if operands.is_empty() {
            operands.push(".".into());
        }
        let (mut files, mut directories) = (Vec::new(), Vec::new());
        for operand in operands {
            // A link on the command line is followed unless it is shown itself.
            let follow = !self.long && !self.has("F") && !self.has("d") || self.has("L");
            let facts = match self.sys.stat(&operand) {
                Ok(stat)
                    if follow || stat.file_type == FileType::Directory && !self.has("d") && !self.long =>
                {
                    Ok(stat)
                }
                _ => self.sys.lstat(&operand),
            };
            match facts {
                Ok(stat) if stat.file_type == FileType::Directory && !self.has("d") => {
                    directories.push(self.entry("", operand, Some(stat)));
                }
                Ok(stat) => files.push(self.entry("", operand, Some(stat))),
                Err(errno) => {
                    self.out.flush().await;
                    complain(
                        &self.sys,
                        program,
                        &format!("cannot access {}: {errno}", quote_always(&operand)),
                    )
                    .await;
                    self.status = 2;
                }
            }
        }
        self.sort(&mut files);
        self.sort(&mut directories);
        let mut waiting: Vec<String> = directories.into_iter().rev().map(|entry| entry.name).collect();
        let headers = self.options.operands.len() > 1 || self.has("R");
        let mut first = files.is_empty();
        if !files.is_empty() {
            self.show(&files).await;
        }
        while let Some(directory) = waiting.pop() {
            let names = match self.sys.read_dir(&directory) {
                Ok(names) => names,
                Err(errno) => {
                    self.out.flush().await;
                    let text = format!("cannot open directory {}: {errno}", quote_always(&directory));
                    complain(&self.sys, program, &text).await;
                    self.status =
                        self.status.max(if self.options.operands.contains(&directory) { 2 } else { 1 });
                    continue;
                }
            };
            if headers {
                let start = if first { "" } else { "\n" };
                self.out.text(&format!("{start}{}:\n", self.quoted(&directory))).await;
            }
            first = false;
            let mut entries: Vec<Entry> = Vec::new();
            let all = self.has("a") || self.has("f");
            let dots = if all { vec![".".to_string(), "..".to_string()] } else { Vec::new() };
            for name in dots.into_iter().chain(names) {
                let hidden = name.starts_with('.') && !all && !self.has("A");
                let is_backup = self.has("B") && name.ends_with('~');
                if !hidden && !is_backup {
                    entries.push(self.entry(&directory, name, None));
                }
            }
            self.sort(&mut entries);
            if self.long || self.has("s") {
                let blocks: u64 = entries.iter().filter_map(|entry| entry.stat.as_ref()).map(blocks).sum();
                let total = if self.has("h") { human(blocks * 1024) } else { blocks.to_string() };
                self.out.line(&format!("total {total}")).await;
            }
            if self.has("R") {
                let is_directory =
                    |e: &&Entry| e.stat.as_ref().is_some_and(|stat| stat.file_type == FileType::Directory);
                let below =
                    entries.iter().rev().filter(is_directory).filter(|e| e.name != "." && e.name != "..");
                waiting.extend(below.map(|entry| join(&directory, &entry.name)));
            }
            self.show(&entries).await;
        }
    }

    fn entry(&self, directory: &str, name: String, stat: Option<Stat>) -> Entry {
        let path = if directory.is_empty() { name.clone() } else { join(directory, &name) };
        let stat = stat
            .or_else(|| if self.has("L") { self.sys.stat(&path).ok() } else { self.sys.lstat(&path).ok() });
        let is_link = stat.as_ref().is_some_and(|stat| stat.file_type == FileType::Symlink);
        let target = if is_link && (self.long || self.color || self.has("F")) {
            self.sys.readlink(&path).ok().map(|target| (target, self.sys.stat(&path).ok()))
        } else {
            None
        };
        Entry { name, stat, target }
    }

    fn sort(&self, entries: &mut [Entry]) {
        if self.has("U") || self.has("f") {
            return;
        }
        let by = match self.options.value("sort") {
            Some("time") => "t",
            Some("size") => "S",
            Some("version") => "v",
            Some("none") => return,
            _ => self.options.last_of(&["t", "S", "v"]).unwrap_or(""),
        };
        entries.order_by(|a, b| a.name.cmp(&b.name));
        match by {
            "t" => entries.order_by_key(|entry| Reverse(entry.stat.as_ref().map(|stat| stat.mtime))),
            "S" => entries.order_by_key(|entry| Reverse(entry.stat.as_ref().map(|stat| stat.size))),
            "v" => entries.order_by(|a, b| super::sort::version(&a.name, &b.name)),
            _ => {}
        }
        if self.has("r") {
            entries.reverse();
        }
        if self.has("group-directories-first") {
            entries
                .order_by_key(|e| !e.stat.as_ref().is_some_and(|stat| stat.file_type == FileType::Directory));
        }
    }

    async fn show(&mut self, entries: &[Entry]) {
        if self.long {
            return self.show_long(entries).await;
        }
        let last = self.options.last_of(&["1", "C"]);
        let end = if self.has("zero") { "\0" } else { "\n" };
        // Quotes stand out to the left of names that need none, on a terminal.
        let ragged = self.tty && entries.iter().any(|entry| self.quoted(&entry.name) != entry.name);
        let cells: Vec<(String, usize)> = entries.iter().map(|entry| self.cell(entry, ragged)).collect();
        if last == Some("C") || self.tty && last.is_none() && !self.has("zero") {
            let text = columns(&cells, self.columns, !self.color);
            return self.emit(text).await;
        }
        for (text, _) in cells {
            self.emit(format!("{text}{end}")).await;
        }
    }

    fn cell(&self, entry: &Entry, ragged: bool) -> (String, usize) {
        let quoted = self.quoted(&entry.name);
        let pad = if ragged && quoted == entry.name { " " } else { "" };
        let mark = self.mark(entry.stat.as_ref());
        let mut front = String::new();
        if self.has("i") {
            front.push_str(&format!("{} ", entry.stat.as_ref().map_or(0, |stat| stat.ino)));
        }
        if self.has("s") {
            front.push_str(&format!("{} ", entry.stat.as_ref().map_or(0, blocks)));
        }
        let length = width(&front) + pad.len() + width(&quoted) + mark.len();
        (format!("{front}{pad}{}{mark}", self.painted(entry, &quoted)), length)
    }

    async fn show_long(&mut self, entries: &[Entry]) {
        let mut rows: Vec<[String; 8]> = Vec::new();
        let ragged = self.tty && entries.iter().any(|entry| self.quoted(&entry.name) != entry.name);
        for entry in entries {
            let quoted = self.quoted(&entry.name);
            let pad = if ragged && quoted == entry.name { " " } else { "" };
            let mut name = format!("{pad}{}", self.painted(entry, &quoted));
            match &entry.target {
                Some((target, there)) => {
                    let shown = self.quoted(target);
                    let painted = if self.color {
                        paint(color_of(there.as_ref(), target, false), &shown)
                    } else {
                        shown
                    };
                    name.push_str(&format!(" -> {painted}{}", self.mark(there.as_ref())));
                }
                None => name.push_str(self.mark(entry.stat.as_ref())),
            }
            let Some(stat) = &entry.stat else { continue };
            let numeric = self.has("n");
            let user = if numeric { stat.uid.to_string() } else { self.users.user_or_number(stat.uid) };
            let group = if numeric { stat.gid.to_string() } else { self.users.group_or_number(stat.gid) };
            let size = match stat.file_type {
                FileType::CharDevice => format!("{}, {}", stat.rdev.0, stat.rdev.1),
                _ if self.has("h") => human(stat.size),
                _ => stat.size.to_string(),
            };
            let inode = if self.has("i") { stat.ino.to_string() } else { String::new() };
            let links = stat.nlink.to_string();
            rows.push([inode, mode_string(stat), links, user, group, size, self.time(stat), name]);
        }
        let widest = |column: usize| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0);
        let widths: Vec<usize> = (0..8).map(widest).collect();
        for row in &rows {
            let mut line = String::new();
            for (column, text) in row.iter().enumerate() {
                let skip = match column {
                    0 => !self.has("i"),
                    3 => self.has("g"),
                    4 => self.has("o") || self.has("G"),
                    _ => false,
                };
                if skip {
                    continue;
                }
                let missing = " ".repeat(widths[column] - width(text));
                match column {
                    0 | 2 | 5 => line.push_str(&format!("{missing}{text} ")),
                    7 => line.push_str(text),
                    _ => line.push_str(&format!("{text}{missing} ")),
                }
            }
            line.push('\n');
            self.emit(line).await;
        }
    }

    async fn emit(&mut self, mut text: String) {
        if self.color
            && !self.has_painted
            && let Some(at) = text.find("\x1b[")
        {
            text.insert_str(at, "\x1b[0m");
            self.has_painted = true;
        }
        self.out.text(&text).await;
    }

    fn time(&self, stat: &Stat) -> String {
        let style = if self.has("full-time") { Some("full-iso") } else { self.options.value("time-style") };
        let at = stat.mtime.timestamp();
        let recent = self.sys.now().duration_since(stat.mtime).as_secs() < 31_556_952 / 2;
        let format = match style {
            Some("full-iso") => "%Y-%m-%d %H:%M:%S.%N %z",
            Some("long-iso") => "%Y-%m-%d %H:%M",
            Some("iso") if recent => "%m-%d %H:%M",
            Some("iso") => "%Y-%m-%d ",
            Some(custom) if custom.starts_with('+') => &custom[1..],
            _ if recent => "%b %e %H:%M",
            _ => "%b %e  %Y",
        };
        calendar::format(format, at)
    }

    fn quoted(&self, name: &str) -> String {
        if self.tty && !self.has("N") { quote_if_needed(name) } else { name.to_string() }
    }

    fn mark(&self, stat: Option<&Stat>) -> &'static str {
        let Some(stat) = stat else { return "" };
        let classify = self.has("F") && self.options.value("F") != Some("never");
        match stat.file_type {
            FileType::Directory if classify || self.has("p") || self.has("file-type") => "/",
            _ if !classify && !self.has("file-type") => "",
            FileType::Symlink if !self.long => "@",
            FileType::Fifo => "|",
            FileType::Socket => "=",
            FileType::Regular if classify && stat.mode & 0o111 != 0 => "*",
            _ => "",
        }
    }

    fn painted(&self, entry: &Entry, quoted: &str) -> String {
        if !self.color {
            return quoted.to_string();
        }
        let orphan = entry.target.as_ref().is_some_and(|(_, there)| there.is_none());
        paint(color_of(entry.stat.as_ref(), &entry.name, orphan), quoted)
    }
}

fn paint(color: &str, text: &str) -> String {
    if color.is_empty() { text.to_string() } else { format!("\x1b[{color}m{text}\x1b[0m") }
}

/// The default colours of dircolors(1).
fn color_of(stat: Option<&Stat>, name: &str, orphan: bool) -> &'static str {
    let Some(stat) = stat else { return "40;31;01" };
    if orphan {
        return "40;31;01";
    }
    match stat.file_type {
        FileType::Directory => match stat.mode & 0o1002 {
            0o1002 => "30;42",
            0o002 => "34;42",
            0o1000 => "37;44",
            _ => "01;34",
        },
        FileType::Symlink => "01;36",
        FileType::CharDevice => "40;33;01",
        FileType::Fifo => "40;33",
        FileType::Socket => "01;35",
        FileType::Regular if stat.mode & 0o4000 != 0 => "37;41",
        FileType::Regular if stat.mode & 0o2000 != 0 => "30;43",
        FileType::Regular if stat.mode & 0o111 != 0 => "01;32",
        FileType::Regular => match name.rsplit_once('.').map_or("", |(_, suffix)| suffix) {
            "tar" | "tgz" | "zip" | "gz" | "bz2" | "xz" | "zst" | "deb" | "rpm" | "jar" => "01;31",
            "jpg" | "jpeg" | "png" | "gif" | "svg" | "mp4" | "webm" => "01;35",
            _ => "",
        },
    }
}

fn blocks(stat: &Stat) -> u64 {
    match stat.file_type {
        FileType::Regular => stat.size.div_ceil(4096) * 4,
        FileType::Directory => 4,
        _ => 0,
    }
}

fn join(directory: &str, name: &str) -> String {
    if directory.ends_with('/') { format!("{directory}{name}") } else { format!("{directory}/{name}") }
}

/// `-rw-r--r--`
pub(crate) fn mode_string(stat: &Stat) -> String {
    let kind = match stat.file_type {
        FileType::Regular => '-',
        FileType::Directory => 'd',
        FileType::Symlink => 'l',
        FileType::CharDevice => 'c',
        FileType::Fifo => 'p',
        FileType::Socket => 's',
    };
    let mut text = String::from(kind);
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = stat.mode >> shift & 7;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, stat.mode & special != 0) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// Cells in as few rows as fit, down the columns, two blanks between them; with tabs where they save some.
pub(crate) fn columns(cells: &[(String, usize)], width: usize, tabs: bool) -> String {
    if cells.is_empty() {
        return String::new();
    }
    let layout = |rows: usize| -> Vec<usize> {
        cells
            .chunks(rows)
            .map(|column| column.iter().map(|(_, width)| width + 2).max().unwrap_or(0))
            .collect()
    };
    let fits = |rows: &usize| {
        let total: usize = layout(*rows).iter().sum();
        // The last column needs no blanks behind it, but ls keeps one column of the screen free.
        total.saturating_sub(2) < width.max(1)
    };
    let rows = (1..=cells.len()).find(fits).unwrap_or(cells.len());
    let widths = layout(rows);
    let mut text = String::new();
    for row in 0..rows {
        let mut start = 0;
        for (column, column_width) in widths.iter().enumerate() {
            let Some((cell, length)) = cells.get(column * rows + row) else { continue };
            text.push_str(cell);
            if column + 1 < widths.len() && (column + 1) * rows + row < cells.len() {
                let (mut from, to) = (start + length, start + column_width);
                while from < to {
                    if tabs && to / 8 > (from + 1) / 8 {
                        text.push('\t');
                        from = (from / 8 + 1) * 8;
                    } else {
                        text.push(' ');
                        from += 1;
                    }
                }
            }
            start += column_width;
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_run_downwards() {
        let cells: Vec<(String, usize)> =
            ["a", "bb", "ccc", "d", "e"].iter().map(|text| (text.to_string(), text.len())).collect();
        assert_eq!(columns(&cells, 80, false), "a  bb  ccc  d  e\n");
        assert_eq!(columns(&cells, 10, false), "a    d\nbb   e\nccc\n");
    }
}
