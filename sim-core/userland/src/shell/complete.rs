//! Completion: what Tab could mean here.
//!
//! Commands that know better than the shell are asked themselves, through [`COMPLETERS`], the way kubectl's own
//! completion script does: a hidden subcommand prints candidates and a directive.

use super::builtins::names::KEYWORDS;
use super::builtins::{BUILTINS, find};
use super::readline::completion::{Candidate, Completion};
use super::state::Shell;
use linux::vfs::FileType;
use linux::{Errno, WaitFor};
use sim::Ordered;

/// Asks a program for completions.
pub struct Completer {
    /// The command that is completed.
    pub command: &'static str,
    /// The hidden subcommand.
    pub subcommand: &'static str,
}

/// Programs that complete their own arguments, sorted.
pub const COMPLETERS: &[Completer] = &[Completer { command: "kubectl", subcommand: "__complete" }];

/// What `complete` was told about a command.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// `-W`
    pub words: Option<String>,
    /// `-F`
    pub function: Option<String>,
    /// `-C`
    pub command: Option<String>,
    /// `-o`
    pub options: Vec<String>,
}

impl Spec {
    /// As `complete -p` shows it.
    pub fn line(&self, name: &str) -> String {
        let mut text = String::from("complete");
        for option in &self.options {
            text.push_str(&format!(" -o {option}"));
        }
        for (letter, value) in [('W', &self.words), ('F', &self.function), ('C', &self.command)] {
            if let Some(value) = value {
                let value = if letter == 'F' { value.clone() } else { super::escape::single_quote(value) };
                text.push_str(&format!(" -{letter} {value}"));
            }
        }
        format!("{text} {name}\n")
    }
}

/// The words of the command before the cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Complete words before the one at the cursor, quotes removed.
    pub words: Vec<String>,
    /// The word at the cursor, quotes removed.
    pub word: String,
    /// Where it begins in the line, in characters.
    pub start: usize,
    /// The quote that is open in it.
    pub quote: Option<char>,
}

/// Reads the line up to the cursor.
pub fn context(line: &str) -> Context {
    let mut context = Context::default();
    let mut in_word = false;
    let mut after_redirect = false;
    let mut chars = line.chars().enumerate().peekable();
    while let Some((i, c)) = chars.next() {
        match (context.quote, c) {
            (Some(quote), c) if c == quote => context.quote = None,
            (Some('\''), c) => context.word.push(c),
            (Some('"'), '\\') | (None, '\\') => {
                if !in_word {
                    context.start = i;
                    in_word = true;
                }
                if let Some((_, c)) = chars.next() {
                    context.word.push(c);
                }
            }
            (Some(_), c) => context.word.push(c),
            (None, '\'' | '"') => {
                if !in_word {
                    context.start = i;
                    in_word = true;
                }
                context.quote = Some(c);
            }
            (None, ' ' | '\t' | '\n') => {
                if in_word && !std::mem::take(&mut after_redirect) {
                    let word = std::mem::take(&mut context.word);
                    // Assignments before a command do not count.
                    if !(context.words.is_empty() && is_assignment(&word)) {
                        context.words.push(word);
                    }
                }
                context.word.clear();
                in_word = false;
                if c == '\n' {
                    context.words.clear();
                }
            }
            (None, ';' | '|' | '&' | '(' | ')' | '`') => {
                context.words.clear();
                context.word.clear();
                in_word = false;
                after_redirect = false;
            }
            (None, '<' | '>') => {
                if in_word && !context.word.chars().all(|c| c.is_ascii_digit()) {
                    context.words.push(std::mem::take(&mut context.word));
                }
                context.word.clear();
                in_word = false;
                after_redirect = true;
            }
            (None, '{' | '!') if !in_word && context.words.is_empty() => {
                context.start = i;
                context.word.push(c);
                in_word = true;
            }
            (None, c) => {
                if !in_word {
                    context.start = i;
                    in_word = true;
                }
                context.word.push(c);
            }
        }
        while context.words.first().is_some_and(|word| {
            matches!(
                word.as_str(),
                "if" | "then"
                    | "else"
                    | "elif"
                    | "while"
                    | "until"
                    | "do"
                    | "!"
                    | "{"
                    | "time"
                    | "sudo"
                    | "watch"
                    | "exec"
                    | "command"
            )
        }) {
            context.words.remove(0);
        }
    }
    if !in_word {
        context.start = line.chars().count();
    }
    if after_redirect && context.words.is_empty() {
        context.words.push("<".into());
    }
    context
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| super::parser::is_name(name))
}

/// Names of one kind that begin with `word`, sorted.
pub fn candidates(shell: &Shell, action: &str, word: &str) -> Vec<String> {
    let mut all: Vec<String> = match action {
        "alias" => shell.aliases.keys().cloned().collect(),
        "builtin" => BUILTINS.iter().map(|builtin| builtin.name.to_string()).collect(),
        "keyword" => KEYWORDS.iter().map(|word| (*word).to_string()).collect(),
        "function" => shell.functions.keys().cloned().collect(),
        "variable" => shell.vars.visible().keys().map(|name| (*name).to_string()).collect(),
        "export" => shell.vars.environment().into_iter().map(|(name, _)| name).collect(),
        "command" => commands(shell, word),
        "file" | "directory" => {
            return files(shell, word, action == "directory").into_iter().map(|c| c.text).collect();
        }
        "signal" => linux::Signal::ALL.iter().map(|signal| format!("SIG{}", signal.name())).collect(),
        "job" => shell.jobs.list.iter().map(|job| job.text.clone()).collect(),
        _ => Vec::new(),
    };
    all.retain(|name| name.starts_with(word));
    all.order();
    all.dedup();
    all
}

fn commands(shell: &Shell, word: &str) -> Vec<String> {
    let mut all: Vec<String> = ["alias", "builtin", "keyword", "function"]
        .iter()
        .flat_map(|action| candidates(shell, action, word))
        .collect();
    for directory in shell.vars.text("PATH").unwrap_or_default().split(':') {
        for name in shell.sys.read_dir(directory).unwrap_or_default() {
            if name.starts_with(word) && shell.sys.access(&format!("{directory}/{name}"), 1) {
                all.push(name);
            }
        }
    }
    all
}

fn files(shell: &Shell, word: &str, only_directories: bool) -> Vec<Candidate> {
    let (shown_base, prefix) = match word.rfind('/') {
        Some(at) => word.split_at(at + 1),
        None => ("", word),
    };
    let base = match shown_base.strip_prefix('~') {
        Some(rest) => {
            let user = rest.split('/').next().unwrap_or_default();
            match shell.tilde(user) {
                Some(home) => format!("{home}{}", &rest[user.len()..]),
                None => shown_base.to_string(),
            }
        }
        None => shown_base.to_string(),
    };
    let names = shell.sys.read_dir(if base.is_empty() { "." } else { &base }).unwrap_or_default();
    let mut out = Vec::new();
    for name in names {
        if !name.starts_with(prefix) || name.starts_with('.') && !prefix.starts_with('.') {
            continue;
        }
        let directory =
            shell.sys.stat(&format!("{base}{name}")).is_ok_and(|stat| stat.file_type == FileType::Directory);
        if only_directories && !directory {
            continue;
        }
        let slash = if directory { "/" } else { "" };
        out.push(Candidate {
            text: format!("{shown_base}{name}{slash}"),
            shown: format!("{name}{slash}"),
            no_space: directory,
        });
    }
    out
}

fn plain(names: Vec<String>, prefix: &str, no_space: bool) -> Vec<Candidate> {
    names
        .into_iter()
        .map(|name| Candidate { text: format!("{prefix}{name}"), shown: format!("{prefix}{name}"), no_space })
        .collect()
}

impl Shell {
    /// What the word before the cursor could become.
    pub async fn complete(&mut self, line: &str, columns: usize) -> Completion {
        let context = context(line);
        let word = context.word.clone();
        let list = |candidates: Vec<Candidate>, raw: bool| Completion {
            start: context.start,
            quote: context.quote,
            candidates,
            raw,
        };
        if context.quote != Some('\'') {
            if let Some(at) = word.rfind('$') {
                let (name, brace) = match word[at + 1..].strip_prefix('{') {
                    Some(name) => (name, true),
                    None => (&word[at + 1..], false),
                };
                if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                    let prefix = format!("{}${}", &word[..at], if brace { "{" } else { "" });
                    let names = candidates(self, "variable", name);
                    let names = names.into_iter().map(|name| if brace { name + "}" } else { name }).collect();
                    let mut found = plain(names, &prefix, false);
                    // A directory goes on with a slash.
                    if let [only] = found.as_mut_slice()
                        && !brace
                        && self.vars.text(&only.text[prefix.len()..]).is_some_and(|path| {
                            self.sys.stat(path).is_ok_and(|stat| stat.file_type == FileType::Directory)
                        })
                    {
                        only.text.push('/');
                        only.no_space = true;
                    }
                    return list(found, true);
                }
            }
            if word.starts_with('~') && !word.contains('/') {
                let root = self.sys.namespaces().root;
                let text = root.read("/etc/passwd").map(|b| String::from_utf8_lossy(&b).into_owned());
                let names: Vec<String> = text
                    .unwrap_or_default()
                    .lines()
                    .filter_map(|line| line.split(':').next())
                    .map(|name| format!("~{name}/"))
                    .filter(|name| name.starts_with(&word))
                    .collect();
                return list(plain(names, "", true), true);
            }
        }
        let Some(first) = context.words.first().cloned() else {
            if word.contains('/') {
                return list(files(self, &word, false), false);
            }
            let names = candidates(self, "command", &word);
            return list(plain(names, "", false), false);
        };
        // An alias is completed as what it stands for.
        let mut words = context.words.clone();
        if let Some(value) = self.aliases.get(&first) {
            let mut expanded = super::history::words(value);
            expanded.extend(words.drain(1..));
            words = expanded;
        }
        let command = words.first().map(|name| name.rsplit('/').next().unwrap_or_default().to_string());
        let command = command.unwrap_or_default();
        if let Some(completer) = COMPLETERS.iter().find(|completer| completer.command == command)
            && let Some((candidates, with_files)) = self.ask(completer, &words, &word, columns).await
        {
            if !candidates.is_empty() || !with_files {
                return list(candidates, true);
            }
            return list(files(self, &word, false), false);
        }
        if let Some(spec) = self.completions.get(&first).cloned()
            && let Some(words) = &spec.words
        {
            let mut names = super::expand::fields::split(words, &self.ifs());
            names.retain(|name| name.starts_with(&word));
            return list(plain(names, "", false), false);
        }
        match command.as_str() {
            "cd" | "pushd" | "rmdir" | "mkdir" => list(files(self, &word, true), false),
            "unset" | "export" | "declare" | "readonly" | "local" if !word.contains('=') => {
                list(plain(candidates(self, "variable", &word), "", false), false)
            }
            "alias" | "unalias" => list(plain(candidates(self, "alias", &word), "", false), false),
            "type" | "which" | "command" | "exec" | "sudo" | "man" => {
                list(plain(candidates(self, "command", &word), "", false), false)
            }
            "help" | "builtin" => list(plain(candidates(self, "builtin", &word), "", false), false),
            "fg" | "bg" | "jobs" | "disown" if word.starts_with('%') => {
                let names = self.jobs.list.iter().map(|job| format!("%{}", job.number)).collect();
                list(plain(names, "", false), false)
            }
            _ if find(&command).is_some() || !word.starts_with('-') => list(files(self, &word, false), false),
            _ => list(Vec::new(), false),
        }
    }

    /// Runs the hidden subcommand; candidates, and whether files may be offered instead.
    async fn ask(
        &mut self,
        completer: &Completer,
        words: &[String],
        word: &str,
        columns: usize,
    ) -> Option<(Vec<Candidate>, bool)> {
        let path = self.find_program(completer.command)?;
        let (reader, writer) = self.sys.pipe().ok()?;
        let mut argv = vec![completer.command.to_string(), completer.subcommand.to_string()];
        argv.extend(words[1..].iter().cloned());
        argv.push(word.to_string());
        let environment = self.vars.environment();
        let shell = self.clone();
        let pid = self.sys.fork(move |sys| {
            Box::pin(async move {
                let mut shell = shell;
                shell.sys = sys.clone();
                shell.unshield_signals(false);
                let _ = sys.dup2(writer, 1);
                for name in [0, 2] {
                    if let Ok(null) = sys.open("/dev/null", linux::fd::OpenFlags::READ_WRITE, 0) {
                        let _ = sys.dup2(null, name);
                        let _ = sys.close(null);
                    }
                }
                let _ = sys.close(reader);
                let _ = sys.close(writer);
                match sys.exec(&path, argv, environment) {
                    Ok(program) => program.await,
                    Err(_) => 127,
                }
            })
        });
        let _ = self.sys.close(writer);
        let pid = match pid {
            Ok(pid) => pid,
            Err(_) => {
                let _ = self.sys.close(reader);
                return None;
            }
        };
        let mut bytes = Vec::new();
        loop {
            match self.sys.read(reader, 65_536).await {
                Ok(data) if data.is_empty() => break,
                Ok(data) => bytes.extend(data),
                Err(Errno::EINTR) => {
                    let _ = self.sys.take_signal();
                }
                Err(_) => break,
            }
        }
        let _ = self.sys.close(reader);
        while let Err(Errno::EINTR) = self.sys.wait(WaitFor::Pid(pid), false, false).await {
            let _ = self.sys.take_signal();
        }
        Some(parse_answer(&String::from_utf8_lossy(&bytes), word, columns))
    }
}

/// Reads what cobra's `__complete` prints.
fn parse_answer(text: &str, word: &str, columns: usize) -> (Vec<Candidate>, bool) {
    const ERROR: u32 = 1;
    const NO_SPACE: u32 = 2;
    const NO_FILES: u32 = 4;
    let mut directive = 0;
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for line in text.lines() {
        if let Some(number) = line.strip_prefix(':').and_then(|number| number.parse().ok()) {
            directive = number;
        } else if !line.starts_with("_activeHelp_") {
            pairs.push(line.split_once('\t').unwrap_or((line, "")));
        }
    }
    if directive & ERROR != 0 {
        return (Vec::new(), false);
    }
    pairs.retain(|(name, _)| name.starts_with(word));
    let longest = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let candidates = pairs
        .iter()
        .map(|(name, about)| {
            let shown = if about.is_empty() || pairs.len() == 1 {
                (*name).to_string()
            } else {
                let room = columns.saturating_sub(longest + 4);
                let about: String = if about.chars().count() > room && room > 8 {
                    about.chars().take(room - 1).chain(['…']).collect()
                } else {
                    (*about).to_string()
                };
                format!("{name:<longest$}  ({about})")
            };
            Candidate {
                text: (*name).to_string(),
                shown,
                no_space: directive & NO_SPACE != 0 || name.ends_with('='),
            }
        })
        .collect();
    (candidates, directive & NO_FILES == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> (Vec<String>, String, usize) {
        let context = context(line);
        (context.words, context.word, context.start)
    }

    #[test]
    fn the_word_before_the_cursor_is_found() {
        let words = |list: &[&str]| list.iter().map(|w| w.to_string()).collect::<Vec<_>>();
        assert_eq!(check("kubectl get po"), (words(&["kubectl", "get"]), "po".into(), 12));
        assert_eq!(check("echo a; cd /t"), (words(&["cd"]), "/t".into(), 11));
        assert_eq!(check("A=1 k ge"), (words(&["k"]), "ge".into(), 6));
        assert_eq!(check("ls a\\ b"), (words(&["ls"]), "a b".into(), 3));
        assert_eq!(check("x=$(kubectl g"), (words(&["kubectl"]), "g".into(), 12));
        assert_eq!(check("for i in 1; do ec"), (words(&[]), "ec".into(), 15));
        assert_eq!(check("ls "), (words(&["ls"]), "".into(), 3));
    }

    #[test]
    fn answers_of_cobra_are_read() {
        let (list, files) = parse_answer("blue\nblack\tA pod\n:4\n", "bl", 80);
        assert_eq!(list[0].shown, "blue");
        assert_eq!(list[1].shown, "black  (A pod)");
        assert!(!files);
    }
}
