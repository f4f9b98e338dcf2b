//! `find`: files in a tree. The tests and actions that people use.

use super::support::{child, prelude::*, program};
use linux::vfs::{FileType, Stat};

program!(PROGRAM, "find", "Search for files in a directory hierarchy", main);

enum Term {
    Name(String, bool),
    Path(String),
    Type(String),
    Size(char, u64, u64),
    Minutes(char, u64),
    Newer(sim::Instant),
    Empty,
    Permissions(u32),
    User(u32),
    Print,
    Print0,
    Delete,
    Prune,
    Quit,
    Exec(Vec<String>, bool),
    Not(Box<Term>),
    And(Vec<Term>),
    Or(Vec<Term>),
    True(bool),
}

struct Walk {
    sys: Sys,
    name: String,
    out: Out,
    status: ExitCode,
    pruned: bool,
    done: bool,
    batch: Vec<String>,
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    sys.cpu(std::time::Duration::from_micros(500)).await;
    let name = args[0].clone();
    let is_expression =
        |word: &String| word.starts_with('-') && word.len() > 1 || word == "(" || word == "!" || word == ",";
    let mut words: std::collections::VecDeque<String> = args[1..].to_vec().into();
    let mut follow = false;
    while matches!(words.front().map(String::as_str), Some("-H" | "-L" | "-P")) {
        follow = words.pop_front().as_deref() == Some("-L");
    }
    let mut roots = Vec::new();
    while words.front().is_some_and(|word| !is_expression(word)) {
        roots.extend(words.pop_front());
    }
    if roots.is_empty() {
        roots.push(".".to_string());
    }
    let mut reader = Reader {
        sys: sys.clone(),
        words,
        max_depth: usize::MAX,
        min_depth: 0,
        depth_first: false,
        acts: false,
    };
    let expression = match reader.or().await {
        Ok(expression) => expression,
        Err(Failure::Text(text)) => {
            complain(&sys, &name, &text).await;
            return 1;
        }
        Err(Failure::NotSimulated(what)) => return not_simulated(&sys, &name, &what).await,
    };
    if let Some(extra) = reader.words.front() {
        complain(&sys, &name, &format!("paths must precede expression: `{extra}'")).await;
        return 1;
    }
    let expression = if reader.acts { expression } else { Term::And(vec![expression, Term::Print]) };
    let mut walk = Walk {
        sys: sys.clone(),
        name,
        out: Out::new(&sys),
        status: 0,
        pruned: false,
        done: false,
        batch: Vec::new(),
    };
    // Paths to visit; `true` when what is below was visited already.
    let mut waiting: Vec<(String, usize, bool)> =
        roots.into_iter().rev().map(|root| (root, 0, false)).collect();
    while let Some((path, depth, after)) = waiting.pop() {
        if walk.done {
            break;
        }
        let facts = if follow { sys.stat(&path).or_else(|_| sys.lstat(&path)) } else { sys.lstat(&path) };
        let stat = match facts {
            Ok(stat) => stat,
            Err(errno) => {
                walk.out.flush().await;
                complain(&sys, &walk.name, &format!("{}: {errno}", quote(&sys, &path))).await;
                walk.status = 1;
                continue;
            }
        };
        walk.pruned = false;
        let postpone = reader.depth_first && stat.file_type == FileType::Directory && !after;
        if depth >= reader.min_depth && !postpone {
            walk.test(&expression, &path, &stat).await;
        }
        if stat.file_type != FileType::Directory || after || walk.pruned || depth >= reader.max_depth {
            continue;
        }
        if postpone {
            waiting.push((path.clone(), depth, true));
        }
        match sys.read_dir(&path) {
            Ok(names) => {
                let below = |name: &String| {
                    format!("{}/{name}", if path == "/" { "" } else { path.trim_end_matches('/') })
                };
                waiting.extend(names.iter().rev().map(|name| (below(name), depth + 1, false)));
            }
            Err(errno) => {
                walk.out.flush().await;
                complain(&sys, &walk.name, &format!("{}: {errno}", quote(&sys, &path))).await;
                walk.status = 1;
            }
        }
        sys.cpu(std::time::Duration::from_micros(2)).await;
    }
    if let Some(command) = batch_of(&expression)
        && !walk.batch.is_empty()
    {
        walk.out.flush().await;
        let mut argv = command.clone();
        argv.append(&mut walk.batch);
        let status = child::run(&sys, &walk.name, argv).await;
        walk.status = walk.status.max(i32::from(status != Ok(WaitStatus::Exited(0))));
    }
    let name = walk.name.clone();
    walk.out.finish(&name, walk.status).await
}

fn batch_of(term: &Term) -> Option<&Vec<String>> {
    match term {
        Term::Exec(command, true) => Some(command),
        Term::Not(inner) => batch_of(inner),
        Term::And(terms) | Term::Or(terms) => terms.iter().find_map(batch_of),
        _ => None,
    }
}

impl Walk {
    async fn test(&mut self, term: &Term, path: &str, stat: &Stat) -> bool {
        let base = super::basename::base(path, "");
        match term {
            Term::Name(glob, false) => glob_matches(glob, base),
            Term::Name(glob, true) => glob_matches(&glob.to_lowercase(), &base.to_lowercase()),
            Term::Path(glob) => glob_matches(glob, path),
            Term::Type(letters) => letters.contains(match stat.file_type {
                FileType::Regular => 'f',
                FileType::Directory => 'd',
                FileType::Symlink => 'l',
                FileType::CharDevice => 'c',
                FileType::Fifo => 'p',
                FileType::Socket => 's',
            }),
            Term::Size(sign, number, unit) => compare(*sign, stat.size.div_ceil(*unit), *number),
            Term::Minutes(sign, number) => {
                compare(*sign, self.sys.now().duration_since(stat.mtime).as_secs() / 60, *number)
            }
            Term::Newer(than) => stat.mtime > *than,
            Term::Empty => match stat.file_type {
                FileType::Directory => self.sys.read_dir(path).is_ok_and(|names| names.is_empty()),
                FileType::Regular => stat.size == 0,
                _ => false,
            },
            Term::Permissions(mode) => stat.mode & 0o7777 == *mode,
            Term::User(uid) => stat.uid == *uid,
            Term::Print => {
                self.out.line(path).await;
                true
            }
            Term::Print0 => {
                self.out.text(&format!("{path}\0")).await;
                true
            }
            Term::Prune => {
                self.pruned = true;
                true
            }
            Term::Quit => {
                self.done = true;
                true
            }
            Term::Delete => {
                let result = if stat.file_type == FileType::Directory {
                    self.sys.rmdir(path)
                } else {
                    self.sys.unlink(path)
                };
                if let Err(errno) = result {
                    self.out.flush().await;
                    complain(
                        &self.sys,
                        &self.name,
                        &format!("cannot delete {}: {errno}", quote(&self.sys, path)),
                    )
                    .await;
                    self.status = 1;
                }
                result.is_ok()
            }
            Term::Exec(_, true) => {
                self.batch.push(path.to_string());
                true
            }
            Term::Exec(command, false) => {
                self.out.flush().await;
                let argv = command.iter().map(|word| word.replace("{}", path)).collect();
                child::run(&self.sys, &self.name, argv).await == Ok(WaitStatus::Exited(0))
            }
            Term::Not(inner) => !Box::pin(self.test(inner, path, stat)).await,
            Term::And(terms) => {
                for term in terms {
                    if !Box::pin(self.test(term, path, stat)).await {
                        return false;
                    }
                }
                true
            }
            Term::Or(terms) => {
                for term in terms {
                    if Box::pin(self.test(term, path, stat)).await {
                        return true;
                    }
                }
                false
            }
            Term::True(value) => *value,
        }
    }
}

fn compare(sign: char, value: u64, number: u64) -> bool {
    match sign {
        '+' => value > number,
        '-' => value < number,
        _ => value == number,
    }
}

enum Failure {
    Text(String),
    NotSimulated(String),
}

struct Reader {
    sys: Sys,
    words: std::collections::VecDeque<String>,
    max_depth: usize,
    min_depth: usize,
    depth_first: bool,
    acts: bool,
}

impl Reader {
    async fn or(&mut self) -> Result<Term, Failure> {
        let mut terms = vec![self.and().await?];
        while matches!(self.words.front().map(String::as_str), Some("-o" | "-or")) {
            self.words.pop_front();
            terms.push(self.and().await?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Term::Or(terms) })
    }

    async fn and(&mut self) -> Result<Term, Failure> {
        let mut terms = Vec::new();
        while let Some(word) = self.words.front() {
            match word.as_str() {
                "-o" | "-or" | ")" => break,
                "-a" | "-and" => {
                    self.words.pop_front();
                }
                word if word.starts_with('-') || word == "(" || word == "!" => {
                    terms.push(Box::pin(self.primary()).await?)
                }
                _ => break,
            }
        }
        Ok(Term::And(terms))
    }

    async fn primary(&mut self) -> Result<Term, Failure> {
        let word = self.words.pop_front().unwrap_or_default();
        let term = match word.as_str() {
            "(" => {
                let inner = self.or().await?;
                if self.words.pop_front().as_deref() != Some(")") {
                    return Err(Failure::Text(
                        "invalid expression; I was expecting to find a ')' somewhere but did not see one."
                            .into(),
                    ));
                }
                inner
            }
            "!" | "-not" => Term::Not(Box::new(Box::pin(self.primary()).await?)),
            "-name" => Term::Name(self.argument(&word)?, false),
            "-iname" => Term::Name(self.argument(&word)?, true),
            "-path" | "-wholename" => Term::Path(self.argument(&word)?),
            "-type" => {
                let letters = self.argument(&word)?.replace(',', "");
                if let Some(letter) = letters.chars().find(|c| !"bcdpflsD".contains(*c)) {
                    return Err(Failure::Text(format!("Unknown argument to -type: {letter}")));
                }
                Term::Type(letters)
            }
            "-maxdepth" => {
                self.max_depth = self.depth(&word)?;
                Term::True(true)
            }
            "-mindepth" => {
                self.min_depth = self.depth(&word)?;
                Term::True(true)
            }
            "-size" => {
                let text = self.argument(&word)?;
                let (sign, number) = signed(&text);
                let digits = number.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                let unit = match &number[digits.len()..] {
                    "c" => 1,
                    "k" => 1 << 10,
                    "M" => 1 << 20,
                    "G" => 1 << 30,
                    _ => 512,
                };
                let number = digits
                    .parse()
                    .map_err(|_| Failure::Text(format!("Invalid argument `{text}' to -size")))?;
                Term::Size(sign, number, unit)
            }
            "-mmin" | "-mtime" => {
                let text = self.argument(&word)?;
                let (sign, number) = signed(&text);
                let number: u64 = number
                    .parse()
                    .map_err(|_| Failure::Text(format!("invalid argument `{text}' to `{word}'")))?;
                Term::Minutes(sign, if word == "-mtime" { number * 1440 } else { number })
            }
            "-newer" => {
                let file = self.argument(&word)?;
                let text = |errno| Failure::Text(format!("{}: {errno}", quote(&self.sys, &file)));
                Term::Newer(self.sys.stat(&file).map_err(text)?.mtime)
            }
            "-empty" => Term::Empty,
            "-perm" => {
                let text = self.argument(&word)?;
                let mode = u32::from_str_radix(&text, 8);
                Term::Permissions(
                    mode.map_err(|_| Failure::NotSimulated(format!("the argument {text} of -perm")))?,
                )
            }
            "-user" => {
                let text = self.argument(&word)?;
                let users = super::support::users::Users::read(&self.sys).await;
                let uid = users.find_user(&text).map(|(uid, _)| uid).or_else(|| text.parse().ok());
                Term::User(uid.ok_or_else(|| {
                    Failure::Text(format!("{} is not the name of a known user", quote(&self.sys, &text)))
                })?)
            }
            "-true" => Term::True(true),
            "-false" => Term::True(false),
            "-depth" => {
                self.depth_first = true;
                Term::True(true)
            }
            "-xdev" | "-mount" => Term::True(true),
            "-print" | "-print0" | "-delete" | "-prune" | "-quit" | "-exec" => {
                self.acts |= word != "-prune";
                match word.as_str() {
                    "-print" => Term::Print,
                    "-print0" => Term::Print0,
                    "-prune" => Term::Prune,
                    "-quit" => Term::Quit,
                    "-delete" => {
                        self.depth_first = true;
                        Term::Delete
                    }
                    _ => self.exec()?,
                }
            }
            "-ls" | "-printf" | "-fprint" | "-ok" | "-execdir" | "-okdir" | "-regex" | "-iregex"
            | "-group" | "-links" | "-inum" | "-samefile" | "-readable" | "-writable" | "-executable"
            | "-amin" | "-atime" | "-cmin" | "-ctime" | "-anewer" | "-cnewer" | "-regextype"
            | "-daystart" | "-nouser" | "-nogroup" | "-lname" | "-ipath" | "-gid" | "-uid" | "-fstype"
            | "-help" | "--help" | "-version" | "--version" => {
                return Err(Failure::NotSimulated(format!("the predicate {word}")));
            }
            _ => return Err(Failure::Text(format!("unknown predicate `{word}'"))),
        };
        Ok(term)
    }

    fn exec(&mut self) -> Result<Term, Failure> {
        let mut command = Vec::new();
        loop {
            match self.words.pop_front() {
                None => return Err(Failure::Text("missing argument to `-exec'".into())),
                Some(word) if word == ";" => return Ok(Term::Exec(command, false)),
                Some(word) if word == "+" && command.last().is_some_and(|last| last == "{}") => {
                    command.pop();
                    return Ok(Term::Exec(command, true));
                }
                Some(word) => command.push(word),
            }
        }
    }

    fn argument(&mut self, of: &str) -> Result<String, Failure> {
        self.words.pop_front().ok_or_else(|| Failure::Text(format!("missing argument to `{of}'")))
    }

    fn depth(&mut self, of: &str) -> Result<usize, Failure> {
        let text = self.argument(of)?;
        let expected = "Expected a positive decimal integer argument to";
        text.parse()
            .map_err(|_| Failure::Text(format!("{expected} {of}, but got {}", quote(&self.sys, &text))))
    }
}

fn signed(text: &str) -> (char, &str) {
    match text.strip_prefix('+') {
        Some(rest) => ('+', rest),
        None => text.strip_prefix('-').map_or(('=', text), |rest| ('-', rest)),
    }
}

/// Matches a shell pattern against a whole text; `*` matches slashes too.
pub(crate) fn glob_matches(glob: &str, text: &str) -> bool {
    let glob: Vec<char> = glob.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut g, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let step = match glob.get(g) {
            Some('*') => {
                star = Some((g + 1, t));
                g += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('[') => bracket(&glob[g..], text[t]),
            Some('\\') if glob.get(g + 1) == Some(&text[t]) => Some(2),
            Some(c) if *c == text[t] => Some(1),
            _ => None,
        };
        match (step, star) {
            (Some(step), _) => {
                g += step;
                t += 1;
            }
            (None, Some((after, from))) => {
                g = after;
                t = from + 1;
                star = Some((after, t));
            }
            (None, None) => return false,
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}

/// How long the bracket expression is, if the character is in it.
fn bracket(glob: &[char], c: char) -> Option<usize> {
    let negated = matches!(glob.get(1), Some('!' | '^'));
    let first = if negated { 2 } else { 1 };
    let end = glob.iter().skip(first + 1).position(|c| *c == ']').map(|at| at + first + 1);
    let Some(end) = end else { return (c == '[').then_some(1) };
    let inside = &glob[first..end];
    let mut found = false;
    let mut i = 0;
    while i < inside.len() {
        if inside.get(i + 1) == Some(&'-') && i + 2 < inside.len() {
            found |= (inside[i]..=inside[i + 2]).contains(&c);
            i += 3;
        } else {
            found |= inside[i] == c;
            i += 1;
        }
    }
    (found != negated).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::glob_matches;

    #[test]
    fn globs() {
        assert!(glob_matches("*.y?ml", "a.yaml") && glob_matches("[a-c]*[!x]", "bcd"));
        assert!(!glob_matches("*.yml", "a.yaml") && !glob_matches("[!a]", "a"));
        assert!(glob_matches("*", "") && glob_matches("a*b*c", "aXbYbZc"));
    }
}
