//! Programmable completion: what `complete` was told about a command, and what comes of it. Models pcomplete.c.
//!
//! bash-completion's loader is part of it: a command that nobody has spoken about is looked for in [`LOADED_FROM`].

use super::complete::{Context, candidates};
use super::exec::Flow;
use super::expand::{fields, glob};
use super::parser::Parser;
use super::pattern::Pattern;
use super::readline::completion::Candidate;
use super::state::Shell;
use super::vars::Value;
use linux::vfs::FileType;
use std::ops::Range;

/// Options of `-o`, as `compopt` lists them.
pub const OPTIONS: &[&str] =
    &["bashdefault", "default", "dirnames", "filenames", "noquote", "nosort", "nospace", "plusdirs"];

/// Actions that have a letter, and those that have none.
pub const ACTIONS: &[(&str, Option<char>)] = &[
    ("alias", Some('a')),
    ("arrayvar", None),
    ("builtin", Some('b')),
    ("command", Some('c')),
    ("directory", Some('d')),
    ("disabled", None),
    ("enabled", None),
    ("export", Some('e')),
    ("file", Some('f')),
    ("function", None),
    ("group", Some('g')),
    ("helptopic", None),
    ("hostname", None),
    ("job", Some('j')),
    ("keyword", Some('k')),
    ("running", None),
    ("service", Some('s')),
    ("setopt", None),
    ("shopt", None),
    ("signal", None),
    ("stopped", None),
    ("user", Some('u')),
    ("variable", Some('v')),
];

/// What parts words in `COMP_WORDS`, beside blanks and quotes: `COMP_WORDBREAKS`.
const WORD_BREAKS: &[char] = &['@', '>', '<', '=', ';', '|', '&', '(', ':'];

/// Where programs put a file of their name that says how they are completed.
pub const LOADED_FROM: &str = "/usr/share/bash-completion/completions/";

/// What `complete` was told about a command.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// `-o`
    pub options: Vec<&'static str>,
    /// `-A`, and the letters that stand for one.
    pub actions: Vec<&'static str>,
    /// `-G`
    pub glob: Option<String>,
    /// `-W`
    pub words: Option<String>,
    /// `-P`
    pub prefix: Option<String>,
    /// `-S`
    pub suffix: Option<String>,
    /// `-X`
    pub filter: Option<String>,
    /// `-C`
    pub command: Option<String>,
    /// `-F`
    pub function: Option<String>,
}

impl Spec {
    /// As `complete -p` shows it.
    pub fn line(&self, name: &str) -> String {
        let mut text = String::from("complete");
        for option in OPTIONS.iter().filter(|option| self.options.contains(option)) {
            text.push_str(&format!(" -o {option}"));
        }
        let given = |letters: bool| {
            ACTIONS
                .iter()
                .filter(move |(action, letter)| letter.is_some() == letters && self.actions.contains(action))
        };
        text.extend(given(true).filter_map(|(_, letter)| letter.map(|letter| format!(" -{letter}"))));
        text.extend(given(false).map(|(action, _)| format!(" -A {action}")));
        for (letter, value) in [
            ('G', &self.glob),
            ('W', &self.words),
            ('P', &self.prefix),
            ('S', &self.suffix),
            ('X', &self.filter),
            ('C', &self.command),
        ] {
            if let Some(value) = value {
                text.push_str(&format!(" -{letter} {}", super::escape::single_quote(value)));
            }
        }
        if let Some(function) = &self.function {
            text.push_str(&format!(" -F {function}"));
        }
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:+".contains(c));
        let name = if plain { name.to_string() } else { super::escape::single_quote(name) };
        format!("{text} {name}\n")
    }
}

/// A command line that is completed, as functions and commands are told of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `COMP_LINE`
    pub line: String,
    /// `COMP_POINT`, in characters.
    pub point: usize,
    /// `COMP_WORDS`, quotes and all.
    pub words: Vec<String>,
    /// `COMP_CWORD`
    pub current: usize,
    /// What stands before the cursor of the word in question.
    pub word: String,
    /// Where that begins in the line that was typed, in characters.
    pub start: usize,
}

impl Request {
    /// Reads the command at the cursor: `line` is what was typed up to it, `after` what follows.
    pub fn new(line: &str, after: &str, context: &Context) -> Request {
        let point = line.chars().count();
        let chars: Vec<char> = line.chars().chain(after.chars()).collect();
        let mut words = tokens(&chars, context.begin);
        let at_cursor = words.iter().position(|word| word.start <= point && point <= word.end);
        let current = at_cursor.unwrap_or_else(|| {
            let current = words.iter().filter(|word| word.end < point).count();
            words.insert(current, point..point);
            current
        });
        let text = |from: usize, to: usize| chars[from..to].iter().collect::<String>();
        // Behind what parts words, the next word begins.
        let begin = words[current].start;
        let parts = chars.get(begin).is_some_and(|c| WORD_BREAKS.contains(c));
        let start = if parts { point } else { begin };
        let word = text(start, point);
        Request {
            line: text(context.begin, chars.len()),
            point: point - context.begin,
            words: words.iter().map(|word| text(word.start, word.end)).collect(),
            current,
            word: word.strip_prefix(['\'', '"']).unwrap_or(&word).to_string(),
            start,
        }
    }

    /// Puts what an alias stands for in place of the command.
    fn expand(&mut self, alias: &str) {
        let length = self.command().chars().count();
        let rest: String = self.line.chars().skip(length).collect();
        self.line = format!("{alias}{rest}");
        self.point = self.point + alias.chars().count() - length;
        let expanded: Vec<String> = alias.split_whitespace().map(String::from).collect();
        self.current = self.current + expanded.len() - 1;
        self.words.splice(..1, expanded);
    }

    fn command(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    fn previous(&self) -> &str {
        self.current.checked_sub(1).and_then(|at| self.words.get(at)).map_or("", String::as_str)
    }
}

/// Where the words are: parted by blanks, and by [`WORD_BREAKS`], which are words themselves.
fn tokens(chars: &[char], from: usize) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut quote = None;
    // Whether the last word goes on, and whether it is of what parts words.
    let mut open = None;
    let mut at = from;
    while let Some(&c) = chars.get(at) {
        let begin = at;
        at += 1;
        let breaks = quote.is_none() && WORD_BREAKS.contains(&c);
        if quote.is_none() && matches!(c, ' ' | '\t' | '\n') {
            open = None;
            continue;
        }
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(opened), c) if opened == c => quote = None,
            (None | Some('"'), '\\') => at = (at + 1).min(chars.len()),
            _ => {}
        }
        if open != Some(breaks) {
            found.push(begin..at);
            open = Some(breaks);
        }
        if let Some(word) = found.last_mut() {
            word.end = at;
        }
    }
    found
}

impl Shell {
    /// What a specification has for a word, as `compgen` prints it.
    pub async fn generate(&mut self, spec: &Spec, request: &Request) -> Result<Vec<String>, Flow> {
        let word = request.word.clone();
        let mut found = Vec::new();
        for action in &spec.actions {
            found.extend(candidates(self, action, &word));
        }
        if let Some(pattern) = &spec.glob {
            found.extend(glob::glob(&self.sys, pattern, glob::Options::default()));
        }
        if let Some(words) = &spec.words {
            let mut words = self.expand_word_list(words).await?;
            words.retain(|candidate| candidate.starts_with(&word));
            found.extend(words);
        }
        if let Some(function) = &spec.function {
            found.extend(self.ask_function(function, request).await?);
        }
        if let Some(command) = &spec.command {
            found.extend(self.ask_command(command, request).await?);
        }
        if let Some(filter) = &spec.filter {
            let (keep, pattern) = match filter.strip_prefix('!') {
                Some(pattern) => (true, pattern),
                None => (false, filter.as_str()),
            };
            let pattern = Pattern::new(&pattern.replace('&', &word), self.shopt("extglob"));
            found.retain(|candidate| pattern.matches(candidate) == keep);
        }
        let (before, behind) = (spec.prefix.as_deref(), spec.suffix.as_deref());
        if before.is_some() || behind.is_some() {
            let (before, behind) = (before.unwrap_or_default(), behind.unwrap_or_default());
            found = found.iter().map(|candidate| format!("{before}{candidate}{behind}")).collect();
        }
        let has = |option: &str| spec.options.contains(&option);
        if found.is_empty() && has("dirnames") || has("plusdirs") {
            found.extend(candidates(self, "directory", &word));
        }
        Ok(found)
    }

    /// Under which name something was said about a command. An alias is completed as what it stands for, unless
    /// something was said about itself.
    pub async fn told_about(&mut self, command: &str, request: &mut Request) -> Result<String, Flow> {
        if self.completions.contains_key(command) {
            return Ok(command.to_string());
        }
        if let Some(alias) = self.aliases.get(command).filter(|alias| !alias.trim().is_empty()).cloned() {
            request.expand(alias.trim_end());
        }
        let name = request.command().rsplit('/').next().unwrap_or_default().to_string();
        if !self.completions.contains_key(&name) {
            let path = format!("{LOADED_FROM}{name}");
            if let Ok(text) = self.sys.namespaces().root.read(&path)
                && !name.is_empty()
            {
                self.source_text(&String::from_utf8_lossy(&text), &path).await?;
            }
        }
        Ok(if self.completions.contains_key(&name) { name } else { "-D".to_string() })
    }

    /// What Tab could mean by a specification, and whether that needs no quotes; nothing when file names may be
    /// offered instead.
    pub async fn complete_by(
        &mut self,
        name: &str,
        request: &Request,
    ) -> Result<Option<(Vec<Candidate>, bool)>, Flow> {
        let Some(mut spec) = self.completions.get(name).cloned() else { return Ok(None) };
        let status = self.status;
        self.completing = Some(std::mem::take(&mut spec.options));
        let mut found = self.generate(&spec, request).await;
        // `compopt` may have changed them.
        let options = self.completing.take().unwrap_or_default();
        self.status = status;
        if let Err(Flow::Exit | Flow::Killed(_)) = found {
            return found.map(|_| None);
        }
        let found = found.as_mut().map(std::mem::take).unwrap_or_default();
        let has = |option: &str| options.contains(&option);
        if found.is_empty() && (has("default") || has("bashdefault")) {
            return Ok(None);
        }
        let names_files = has("filenames") || !spec.actions.is_empty();
        let candidate = |text: String| {
            let directory = names_files && self.is_directory(&text) && !text.ends_with('/');
            let text = if directory { text + "/" } else { text };
            let no_space = has("nospace") || text.ends_with('/') && names_files;
            Candidate { shown: text.clone(), text, no_space }
        };
        Ok(Some((found.into_iter().map(candidate).collect(), !names_files || has("noquote"))))
    }

    fn is_directory(&self, path: &str) -> bool {
        self.sys.stat(path).is_ok_and(|stat| stat.file_type == FileType::Directory)
    }

    /// The words of `-W`: split at `IFS` where no quotes are, and expanded.
    async fn expand_word_list(&mut self, list: &str) -> Result<Vec<String>, Flow> {
        let ifs = self.ifs();
        let mut words = vec![String::new()];
        let mut quote = None;
        let mut chars = list.chars();
        while let Some(c) = chars.next() {
            let word = words.last_mut().expect("there is always one");
            match (quote, c) {
                (None, c) if ifs.contains(c) => {
                    words.push(String::new());
                    continue;
                }
                (None, '\'' | '"') => quote = Some(c),
                (Some(open), c) if open == c => quote = None,
                (None | Some('"'), '\\') => {
                    word.push(c);
                    word.extend(chars.next());
                    continue;
                }
                _ => {}
            }
            word.push(c);
        }
        let mut out = Vec::new();
        for word in words.iter().filter(|word| !word.is_empty()) {
            out.extend(self.expand_without_files(&Parser::free_word(word)).await?);
        }
        Ok(out)
    }

    /// Calls a function, which leaves its answer in `COMPREPLY`.
    async fn ask_function(&mut self, name: &str, request: &Request) -> Result<Vec<String>, Flow> {
        let Some(function) = self.functions.get(name).cloned() else {
            self.error(&format!("completion: function `{name}' not found")).await;
            return Ok(Vec::new());
        };
        self.set_request(request);
        let words = (0..).zip(request.words.iter().cloned()).collect();
        self.vars.global("COMP_WORDS").value = Value::Indexed(words);
        self.vars.force("COMP_CWORD", request.current.to_string());
        let args = [name, request.command(), &request.word, request.previous()].map(String::from);
        let called = self.call(&function, args.into()).await;
        let found = self.vars.get("COMPREPLY").map(super::vars::Var::elements).unwrap_or_default();
        for name in
            ["COMP_LINE", "COMP_POINT", "COMP_TYPE", "COMP_KEY", "COMP_WORDS", "COMP_CWORD", "COMPREPLY"]
        {
            let _ = self.vars.unset(name);
        }
        called.map(|()| found)
    }

    /// Runs a command, which prints its answer, a candidate a line.
    async fn ask_command(&mut self, command: &str, request: &Request) -> Result<Vec<String>, Flow> {
        self.set_request(request);
        let quoted = [request.command(), &request.word, request.previous()].map(super::escape::single_quote);
        let names = ["COMP_LINE", "COMP_POINT", "COMP_TYPE", "COMP_KEY"];
        for name in names {
            self.vars.global(name).exported = true;
        }
        let list = self.parse_text(&format!("{command} {}", quoted.join(" "))).await?;
        let text = self.command_substitution(&list).await;
        for name in names {
            let _ = self.vars.unset(name);
        }
        Ok(fields::split(&text?, "\n"))
    }

    fn set_request(&mut self, request: &Request) {
        self.vars.force("COMP_LINE", request.line.clone());
        self.vars.force("COMP_POINT", request.point.to_string());
        // What was pressed is Tab.
        self.vars.force("COMP_TYPE", "9");
        self.vars.force("COMP_KEY", "9");
    }
}

#[cfg(test)]
mod tests {
    use super::super::complete::context;
    use super::Request;

    /// What a function is told, as bash 5.2 tells it.
    fn check(line: &str, after: &str) -> String {
        let request = Request::new(line, after, &context(line));
        let words: Vec<String> = request.words.iter().map(|word| format!("<{word}>")).collect();
        format!(
            "{} {} {} [{}][{}]",
            request.point,
            request.current,
            words.concat(),
            request.word,
            request.previous()
        )
    }

    #[test]
    fn functions_are_told_what_bash_tells() {
        assert_eq!(check("foo --output=ya", ""), "15 3 <foo><--output><=><ya> [ya][=]");
        assert_eq!(check("foo --output=", ""), "13 2 <foo><--output><=> [][--output]");
        assert_eq!(check("foo a:b", ""), "7 3 <foo><a><:><b> [b][:]");
        assert_eq!(check("echo x; foo 'a b", ""), "8 1 <foo><'a b> [a b][foo]");
        assert_eq!(check("foo ", "a b"), "4 1 <foo><a><b> [][foo]");
        assert_eq!(check("foo a=b:c  d", ""), "12 6 <foo><a><=><b><:><c><d> [d][c]");
        assert_eq!(check("x=1 foo $HOME/a", ""), "11 1 <foo><$HOME/a> [$HOME/a][foo]");
        assert_eq!(check("foo >a", ""), "6 2 <foo><>><a> [a][>]");
        assert_eq!(check(r#"foo a"b c" d\ e"#, ""), r#"15 2 <foo><a"b c"><d\ e> [d\ e][a"b c"]"#);
        assert_eq!(check("foo ", ""), "4 1 <foo><> [][foo]");
    }
}
