//! The command line of jq. Models src/main.c.

use super::json::Json;
use super::print::Style;
use super::read;
use crate::programs::support::text::{complain, not_simulated};
use linux::{ExitCode, Sys};

/// What was asked for.
pub(super) struct Invocation {
    pub(super) program: String,
    /// `-f`
    pub(super) file: Option<String>,
    pub(super) files: Vec<String>,
    pub(super) slurp: bool,
    pub(super) raw_input: bool,
    pub(super) null_input: bool,
    pub(super) raw_output: bool,
    pub(super) exit_status: bool,
    /// What stands after each output.
    pub(super) terminator: &'static str,
    pub(super) style: Style,
    pub(super) variables: Vec<(String, Json)>,
}

/// Options by letter and name; the value says how many words follow.
const OPTIONS: &[(char, &str, usize)] = &[
    ('s', "slurp", 0),
    ('r', "raw-output", 0),
    (' ', "raw-output0", 0),
    ('j', "join-output", 0),
    ('c', "compact-output", 0),
    ('C', "color-output", 0),
    ('M', "monochrome-output", 0),
    ('a', "ascii-output", 0),
    (' ', "unbuffered", 0),
    ('S', "sort-keys", 0),
    ('R', "raw-input", 0),
    ('n', "null-input", 0),
    ('f', "from-file", 0),
    (' ', "tab", 0),
    (' ', "indent", 1),
    ('e', "exit-status", 0),
    (' ', "args", 0),
    (' ', "jsonargs", 0),
    (' ', "arg", 2),
    (' ', "argjson", 2),
    (' ', "rawfile", 2),
    (' ', "slurpfile", 2),
    ('V', "version", 0),
    ('h', "help", 0),
    ('L', "library-path", 0),
    (' ', "stream", 0),
    (' ', "stream-errors", 0),
    (' ', "seq", 0),
    (' ', "build-configuration", 0),
];

#[derive(PartialEq)]
enum Rest {
    Files,
    Strings,
    Json,
}

/// Reads it.
///
/// # Errors
/// The status to end with; what is wrong has been said.
pub(super) async fn read(sys: &Sys, args: &[String]) -> Result<Invocation, ExitCode> {
    let name = args[0].clone();
    let on_terminal = sys.isatty(1);
    let no_color = sys.env("NO_COLOR").is_some_and(|value| !value.is_empty());
    let style = Style { indent: 2, color: on_terminal && !no_color, ..Style::COMPACT };
    let mut invocation = Invocation {
        program: String::new(),
        file: None,
        files: Vec::new(),
        slurp: false,
        raw_input: false,
        null_input: false,
        raw_output: false,
        exit_status: false,
        terminator: "\n",
        style,
        variables: Vec::new(),
    };
    let mut program: Option<String> = None;
    let mut from_file = false;
    let mut monochrome = false;
    let mut positional = Vec::new();
    let mut rest = Rest::Files;
    let mut done = false;
    let mut at = 1;
    while at < args.len() {
        let word = &args[at];
        at += 1;
        let mut letters = word.chars().skip(1);
        let optish =
            word.starts_with('-') && letters.next().is_some_and(|c| c == '-' || c.is_ascii_alphabetic());
        if done || !optish {
            if program.is_none() {
                program = Some(word.clone());
            } else {
                match rest {
                    Rest::Files => invocation.files.push(word.clone()),
                    Rest::Strings => positional.push(Json::string(word)),
                    Rest::Json => match read::parse(word) {
                        Ok(value) => positional.push(value),
                        Err(_) => return Err(die(sys, &name, "invalid JSON text passed to --jsonargs").await),
                    },
                }
            }
            continue;
        }
        if word == "--" {
            done = true;
            continue;
        }
        let mut wanted: Vec<&(char, &str, usize)> = Vec::new();
        if let Some(long) = word.strip_prefix("--") {
            match OPTIONS.iter().find(|option| option.1 == long) {
                Some(option) => wanted.push(option),
                None => return Err(die(sys, &name, &format!("Unknown option --{long}")).await),
            }
        } else {
            for letter in word.chars().skip(1) {
                match OPTIONS.iter().find(|option| option.0 == letter && letter != ' ') {
                    Some(option) => wanted.push(option),
                    None => return Err(die(sys, &name, &format!("Unknown option -{letter}")).await),
                }
            }
        }
        for (letter, option, words) in wanted {
            let given = args.get(at..at + words);
            let style = &mut invocation.style;
            match *option {
                "slurp" => invocation.slurp = true,
                "raw-output" => invocation.raw_output = true,
                "raw-output0" => (invocation.raw_output, invocation.terminator) = (true, "\0"),
                "join-output" => (invocation.raw_output, invocation.terminator) = (true, ""),
                "compact-output" => (style.indent, style.tab) = (0, false),
                "color-output" => style.color = true,
                "monochrome-output" => monochrome = true,
                "ascii-output" => style.ascii = true,
                "unbuffered" => {}
                "sort-keys" => style.sorted = true,
                "raw-input" => invocation.raw_input = true,
                "null-input" => invocation.null_input = true,
                "from-file" => from_file = true,
                "tab" => style.tab = true,
                "indent" => {
                    let Some([number]) = given else {
                        return Err(die(sys, &name, "--indent takes one parameter").await);
                    };
                    let number = number.parse::<i32>().unwrap_or(0);
                    if !(-1..=7).contains(&number) {
                        return Err(die(sys, &name, "--indent takes a number between -1 and 7").await);
                    }
                    (style.indent, style.tab) = (number.max(0) as usize, false);
                }
                "exit-status" => invocation.exit_status = true,
                "args" => rest = Rest::Strings,
                "jsonargs" => rest = Rest::Json,
                "arg" | "argjson" | "rawfile" | "slurpfile" => {
                    let Some([variable, value]) = given else {
                        let second = match *option {
                            "arg" => "value",
                            "argjson" => "text",
                            _ => "filename",
                        };
                        let text =
                            format!("--{option} takes two parameters (e.g. --{option} varname {second})");
                        return Err(die(sys, &name, &text).await);
                    };
                    let value = value_of(sys, &name, option, variable, value).await?;
                    if !invocation.variables.iter().any(|known| known.0 == *variable) {
                        invocation.variables.push((variable.clone(), value));
                    }
                }
                "version" => {
                    sys.out("jq-1.7.1\n").await;
                    return Err(0);
                }
                _ => {
                    let shown =
                        if word.starts_with("--") { format!("--{option}") } else { format!("-{letter}") };
                    return Err(not_simulated(sys, "jq", &format!("the option {shown}")).await);
                }
            }
            at += words;
        }
    }
    if monochrome {
        invocation.style.color = false;
    }
    let fields: Vec<(&str, Json)> =
        invocation.variables.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let all = Json::object(vec![("positional", Json::array(positional)), ("named", Json::object(fields))]);
    invocation.variables.push(("ARGS".into(), all));
    match program {
        Some(program) if from_file => invocation.file = Some(program),
        Some(program) => invocation.program = program,
        None if !(from_file || on_terminal && sys.isatty(0)) => invocation.program = ".".into(),
        None => {
            sys.err(&usage(&name)).await;
            return Err(2);
        }
    }
    Ok(invocation)
}

async fn value_of(
    sys: &Sys,
    name: &str,
    option: &str,
    variable: &str,
    value: &str,
) -> Result<Json, ExitCode> {
    match option {
        "arg" => return Ok(Json::string(value)),
        "argjson" => {
            return match read::parse(value) {
                Ok(value) => Ok(value),
                Err(_) => Err(die(sys, name, "invalid JSON text passed to --argjson").await),
            };
        }
        _ => {}
    }
    let problem = match sys.read_file(value).await {
        Err(errno) => format!("Could not open {value}: {errno}"),
        Ok(bytes) if option == "rawfile" => return Ok(Json::string(String::from_utf8_lossy(&bytes))),
        Ok(bytes) => match all(&bytes) {
            Ok(all) => return Ok(Json::array(all)),
            Err(text) => text,
        },
    };
    complain(sys, name, &format!("Bad JSON in --{option} {variable} {value}: {problem}")).await;
    Err(2)
}

fn all(bytes: &[u8]) -> Result<Vec<Json>, String> {
    let mut reader = read::Reader::new();
    let mut all = Vec::new();
    reader.feed(bytes, &mut |value| all.push(value))?;
    all.extend(reader.finish()?);
    Ok(all)
}

async fn die(sys: &Sys, name: &str, text: &str) -> ExitCode {
    complain(sys, name, text).await;
    sys.err(&format!(
        "Use {name} --help for help with command-line options,\nor see the jq manpage, or online docs  at https://jqlang.github.io/jq\n"
    ))
    .await;
    2
}

/// What jq says when there is nothing to do.
fn usage(name: &str) -> String {
    format!(
        "jq - commandline JSON processor [version 1.7.1]\n\
         \nUsage:\t{name} [options] <jq filter> [file...]\n\
         \t{name} [options] --args <jq filter> [strings...]\n\
         \t{name} [options] --jsonargs <jq filter> [JSON_TEXTS...]\n\n\
         jq is a tool for processing JSON inputs, applying the given filter to\n\
         its JSON text inputs and producing the filter's results as JSON on\n\
         standard output.\n\n\
         The simplest filter is ., which copies jq's input to its output\n\
         unmodified except for formatting. For more advanced filters see\n\
         the jq(1) manpage (\"man jq\") and/or https://jqlang.github.io/jq/.\n\n\
         Example:\n\n\t$ echo '{{\"foo\": 0}}' | jq .\n\t{{\n\t  \"foo\": 0\n\t}}\n\n\
         For listing the command options, use {name} --help.\n"
    )
}
