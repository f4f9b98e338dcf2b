//! Command lines as `getopt_long` reads them: clusters, `--long=value`, abbreviations, options behind operands.

use super::text::not_simulated;
use linux::{ExitCode, Sys};
use std::time::Duration;

/// What starting a program costs beside loading it: its libraries, its locale, its command line.
const START_UP: Duration = Duration::from_micros(350);

/// A command line that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Options in order, by their key (see [`read`]), with their values.
    pub(crate) found: Vec<(&'static str, String)>,
    /// Everything else.
    pub(crate) operands: Vec<String>,
}

impl Options {
    /// Whether an option was given.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.found.iter().any(|(found, _)| *found == key)
    }

    /// The last value of an option.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        self.found.iter().rev().find(|(found, _)| *found == key).map(|(_, value)| value.as_str())
    }

    /// All values of an option.
    pub(crate) fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.found.iter().filter(move |(found, _)| *found == key).map(|(_, value)| value.as_str())
    }

    /// Which of several options came last.
    pub(crate) fn last_of(&self, keys: &[&str]) -> Option<&'static str> {
        self.found.iter().rev().find(|(found, _)| keys.contains(found)).map(|(found, _)| *found)
    }

    /// The operands, or `-` when there are none: what filters read.
    pub(crate) fn files(&self) -> Vec<String> {
        if self.operands.is_empty() { vec!["-".to_string()] } else { self.operands.clone() }
    }
}

/// Why a command line could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It is wrong; what getopt says.
    Usage(String),
    /// It is right, but this is not simulated.
    NotSimulated(String),
}

/// Reads the command line of a GNU program and says what is wrong with it, as those do.
///
/// # Errors
/// The exit status to end with; for a wrong command line that is `status`.
pub(crate) async fn parse(
    sys: &Sys,
    args: &[String],
    table: &'static str,
    status: ExitCode,
) -> Result<Options, ExitCode> {
    sys.cpu(START_UP).await;
    let name = args.first().map_or("", String::as_str);
    match read(args, table) {
        Ok(options) => Ok(options),
        Err(Problem::Usage(text)) => {
            sys.err(&format!("{name}: {text}\nTry '{name} --help' for more information.\n")).await;
            Err(status)
        }
        Err(Problem::NotSimulated(option)) => {
            Err(not_simulated(sys, name, &format!("the option {option}")).await)
        }
    }
}

struct Row {
    key: &'static str,
    short: Option<char>,
    longs: Vec<&'static str>,
    /// ' ' none, ':' required, '?' optional.
    argument: char,
    simulated: bool,
}

/// Reads a command line. The table has a word for each option: `n:|lines` is `-n` and `--lines`, which take a value
/// (`?` in place of `:` when it may be left out), `--color?` has no letter; `!` in front says that the real program
/// has it and ours does not. The key of an option is its letter, or its first long name when it has none. A table
/// that begins with `+` ends the options at the first operand.
///
/// # Errors
/// The text behind the program's name.
pub(crate) fn read(args: &[String], table: &'static str) -> Result<Options, Problem> {
    let (in_order, table) = match table.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, table),
    };
    let rows: Vec<Row> = table.split_whitespace().map(row).collect();
    let mut options = Options::default();
    let mut rest = args.iter().skip(1);
    while let Some(arg) = rest.next() {
        if arg == "--" {
            options.operands.extend(rest.cloned());
            break;
        } else if let Some(long) = arg.strip_prefix("--") {
            let (name, value) =
                long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let (row, name) = find_long(&rows, name)?;
            if !row.simulated {
                return Err(Problem::NotSimulated(format!("--{name}")));
            }
            let value = match (row.argument, value) {
                (' ', Some(_)) => return Err(usage(format!("option '--{name}' doesn't allow an argument"))),
                (':', None) => rest
                    .next()
                    .cloned()
                    .ok_or_else(|| usage(format!("option '--{name}' requires an argument")))?,
                (_, value) => value.unwrap_or("").to_string(),
            };
            options.found.push((row.key, value));
        } else if arg.len() > 1 && arg.starts_with('-') {
            let cluster = &arg[1..];
            for (at, letter) in cluster.char_indices() {
                let row = rows
                    .iter()
                    .find(|row| row.short == Some(letter))
                    .ok_or_else(|| usage(format!("invalid option -- '{letter}'")))?;
                if !row.simulated {
                    return Err(Problem::NotSimulated(format!("-{letter}")));
                }
                if row.argument == ' ' {
                    options.found.push((row.key, String::new()));
                    continue;
                }
                let attached = &cluster[at + letter.len_utf8()..];
                let value = if !attached.is_empty() || row.argument == '?' {
                    attached.to_string()
                } else {
                    rest.next()
                        .cloned()
                        .ok_or_else(|| usage(format!("option requires an argument -- '{letter}'")))?
                };
                options.found.push((row.key, value));
                break;
            }
        } else {
            options.operands.push(arg.clone());
            if in_order {
                options.operands.extend(rest.cloned());
                break;
            }
        }
    }
    Ok(options)
}

fn usage(text: String) -> Problem {
    Problem::Usage(text)
}

fn row(word: &'static str) -> Row {
    let (simulated, word) = word.strip_prefix('!').map_or((true, word), |word| (false, word));
    let mut argument = ' ';
    let mut bare = |name: &'static str| match name.char_indices().next_back() {
        Some((at, mark @ (':' | '?'))) if at > 0 => {
            argument = mark;
            &name[..at]
        }
        _ => name,
    };
    let mut names: Vec<&'static str> = word.split('|').map(&mut bare).collect();
    let first = names.remove(0);
    let (short, key) = match first.strip_prefix("--") {
        Some(long) => {
            names.insert(0, long);
            (None, long)
        }
        None => (first.chars().next(), first),
    };
    Row { key, short, longs: names, argument, simulated }
}

fn find_long<'a>(rows: &'a [Row], name: &str) -> Result<(&'a Row, &'static str), Problem> {
    let all = rows.iter().flat_map(|row| row.longs.iter().map(move |long| (row, *long)));
    if let Some(exact) = all.clone().find(|(_, long)| *long == name) {
        return Ok(exact);
    }
    let candidates: Vec<(&Row, &'static str)> = all.filter(|(_, long)| long.starts_with(name)).collect();
    match candidates.as_slice() {
        [] => Err(usage(format!("unrecognized option '--{name}'"))),
        [one] => Ok(*one),
        [first, others @ ..] if others.iter().all(|(row, _)| row.key == first.0.key) => Ok(*first),
        many => {
            let names: Vec<String> = many.iter().map(|(_, long)| format!("'--{long}'")).collect();
            Err(usage(format!("option '--{name}' is ambiguous; possibilities: {}", names.join(" "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "n:|lines c:|bytes q|quiet|silent v|verbose --color? !Z|context --version";

    fn check(line: &str) -> Result<Options, Problem> {
        let args: Vec<String> = line.split(' ').map(String::from).collect();
        read(&args, TABLE)
    }

    fn text(line: &str) -> String {
        match check(line) {
            Err(Problem::Usage(text) | Problem::NotSimulated(text)) => text,
            Ok(options) => format!("{options:?}"),
        }
    }

    #[test]
    fn options_come_in_clusters_and_anywhere() {
        let options = check("x a -qn5 b --lines=7 --col -- -q").unwrap();
        assert_eq!(options.operands, ["a", "b", "-q"]);
        assert_eq!(
            options.found,
            [("q", String::new()), ("n", "5".into()), ("n", "7".into()), ("color", "".into())]
        );
        assert_eq!(options.value("n"), Some("7"));
    }

    #[test]
    fn what_is_wrong_is_said_as_getopt_says_it() {
        assert_eq!(text("x -z"), "invalid option -- 'z'");
        assert_eq!(text("x --nosuch"), "unrecognized option '--nosuch'");
        assert_eq!(text("x -n"), "option requires an argument -- 'n'");
        assert_eq!(text("x --lines"), "option '--lines' requires an argument");
        assert_eq!(text("x --quiet=1"), "option '--quiet' doesn't allow an argument");
        assert_eq!(text("x --ver"), "option '--ver' is ambiguous; possibilities: '--verbose' '--version'");
        assert_eq!(text("x -qZ"), "-Z");
    }
}
