//! Completion: what Tab could mean here. Commands are completed as `complete` was told ([`super::compspec`]), others
//! by what their arguments usually are.

use super::builtins::names::KEYWORDS;
use super::builtins::{BUILTINS, find};
use super::compspec::Request;
use super::exec::Flow;
use super::options;
use super::readline::completion::{Candidate, Completion};
use super::state::Shell;
use super::vars::Value;
use linux::vfs::FileType;
use sim::Ordered;

/// The words of the command before the cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Complete words before the one at the cursor, quotes removed.
    pub words: Vec<String>,
    /// The word at the cursor, quotes removed.
    pub word: String,
    /// Where it begins in the line, in characters.
    pub start: usize,
    /// Where the command begins.
    pub begin: usize,
    /// The quote that is open in it.
    pub quote: Option<char>,
}

/// Reads the line up to the cursor.
pub fn context(line: &str) -> Context {
    let mut context = Context::default();
    let mut in_word = false;
    let mut after_redirect = false;
    // Where the words begin.
    let mut starts = Vec::new();
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
                        starts.push(context.start);
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
                    starts.push(context.start);
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
            starts.remove(0);
        }
        if context.words.is_empty() {
            starts.clear();
        }
    }
    if !in_word {
        context.start = line.chars().count();
    }
    context.begin = starts.first().copied().unwrap_or(context.start);
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
        "arrayvar" => {
            let all = shell.vars.visible();
            let arrays = all.iter().filter(|(_, var)| !matches!(var.value, Value::Unset | Value::Scalar(_)));
            arrays.map(|(name, _)| (*name).to_string()).collect()
        }
        "builtin" | "enabled" | "helptopic" => {
            BUILTINS.iter().map(|builtin| builtin.name.to_string()).collect()
        }
        "keyword" => KEYWORDS.iter().map(|word| (*word).to_string()).collect(),
        "function" => shell.functions.keys().cloned().collect(),
        "variable" => shell.vars.visible().keys().map(|name| (*name).to_string()).collect(),
        "export" => shell.vars.environment().into_iter().map(|(name, _)| name).collect(),
        "command" => commands(shell, word),
        "file" | "directory" => {
            let found = files(shell, word, action == "directory").into_iter();
            return found.map(|file| file.text.trim_end_matches('/').to_string()).collect();
        }
        "signal" => linux::Signal::ALL.iter().map(|signal| format!("SIG{}", signal.name())).collect(),
        "job" => shell.jobs.list.iter().map(|job| job.text.clone()).collect(),
        "setopt" => options::OPTIONS.iter().map(|(_, name)| (*name).to_string()).collect(),
        "shopt" => options::SHOPTS.iter().map(|(name, _)| (*name).to_string()).collect(),
        "user" => first_fields(shell, "/etc/passwd", ':'),
        "group" => first_fields(shell, "/etc/group", ':'),
        "hostname" => {
            let text = shell.sys.namespaces().root.read("/etc/hosts").unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            text.lines().flat_map(|line| line.split_whitespace().skip(1)).map(String::from).collect()
        }
        "service" => first_fields(shell, "/etc/services", '\t'),
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

/// The first field of each line of a file: names of users, groups and services.
fn first_fields(shell: &Shell, path: &str, separator: char) -> Vec<String> {
    let text = shell.sys.namespaces().root.read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split([separator, ' ']).next()).map(String::from).collect()
}

fn plain(names: Vec<String>, prefix: &str, no_space: bool) -> Vec<Candidate> {
    names
        .into_iter()
        .map(|name| Candidate { text: format!("{prefix}{name}"), shown: format!("{prefix}{name}"), no_space })
        .collect()
}

impl Shell {
    /// What the word before the cursor could become; `after` is what stands behind it.
    pub async fn complete(&mut self, line: &str, after: &str) -> Result<Completion, Flow> {
        let context = context(line);
        let is_variable = context.word.contains('$') || context.word.starts_with('~');
        if (context.quote == Some('\'') || !is_variable)
            && let Some(found) = self.complete_as_told(line, after, &context).await?
        {
            return Ok(found);
        }
        Ok(self.complete_as_usual(context))
    }

    /// By what `complete` was told about the command.
    async fn complete_as_told(
        &mut self,
        line: &str,
        after: &str,
        context: &Context,
    ) -> Result<Option<Completion>, Flow> {
        let Some(first) = context.words.first() else { return Ok(None) };
        let mut request = Request::new(line, after, context);
        let name = self.told_about(first, &mut request).await?;
        let Some((candidates, raw)) = self.complete_by(&name, &request).await? else { return Ok(None) };
        Ok(Some(Completion { start: request.start, quote: context.quote, candidates, raw }))
    }

    fn complete_as_usual(&self, context: Context) -> Completion {
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
                let users = first_fields(self, "/etc/passwd", ':').into_iter();
                let names = users.map(|name| format!("~{name}/")).filter(|name| name.starts_with(&word));
                return list(plain(names.collect(), "", true), true);
            }
        }
        let Some(first) = context.words.first().cloned() else {
            if word.contains('/') {
                return list(files(self, &word, false), false);
            }
            let names = candidates(self, "command", &word);
            return list(plain(names, "", false), false);
        };
        let command = first.rsplit('/').next().unwrap_or_default();
        match command {
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
            _ if find(command).is_some() || !word.starts_with('-') => list(files(self, &word, false), false),
            _ => list(Vec::new(), false),
        }
    }
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
}
