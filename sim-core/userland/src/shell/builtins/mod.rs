//! The builtins: commands that are part of the shell.

mod completion;
mod control;
mod declare;
pub mod directories;
mod echo;
mod jobs;
mod misc;
pub mod names;
pub mod printf;
mod read;
mod set;
mod test;
mod trap;

use super::exec::{Boxed, Flow};
use super::state::Shell;

/// A builtin.
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// How it is called, without the name.
    pub usage: &'static str,
    /// Runs it; gives its status.
    pub run: for<'a> fn(&'a mut Shell, &'a [String]) -> Boxed<'a, i32>,
    /// POSIX calls it special.
    pub special: bool,
}

macro_rules! builtins {
    ($($name:literal $usage:literal $special:literal $run:path;)*) => {
        /// All builtins, sorted.
        pub const BUILTINS: &[Builtin] = &[$(Builtin {
            name: $name,
            usage: $usage,
            run: |shell, args| Box::pin($run(shell, args)),
            special: $special,
        }),*];
    };
}

builtins! {
    "." "filename [arguments]" true control::source;
    ":" "" true control::colon;
    "[" "arg... ]" false test::bracket;
    "alias" "[-p] [name[=value] ... ]" false names::alias;
    "bg" "[job_spec ...]" false jobs::bg;
    "bind" "[-lpsvPSVX] [-m keymap] [-f filename] [-q name] [-u name] [-r keyseq] [-x keyseq:shell-command] [keyseq:readline-function or readline-command]" false misc::unknown;
    "break" "[n]" true control::break_loop;
    "builtin" "[shell-builtin [arg ...]]" false names::builtin;
    "caller" "[expr]" false misc::caller;
    "cd" "[-L|[-P [-e]] [-@]] [dir]" false directories::cd;
    "command" "[-pVv] command [arg ...]" false names::command;
    "compgen" "[-abcdefgjksuv] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [word]" false completion::compgen;
    "complete" "[-abcdefgjksuv] [-pr] [-DEI] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [name ...]" false completion::complete;
    "compopt" "[-o|+o option] [-DEI] [name ...]" false completion::compopt;
    "continue" "[n]" true control::continue_loop;
    "declare" "[-aAfFgiIlnrtux] [name[=value] ...] or declare -p [-aAfFilnrtux] [name ...]" false declare::declare;
    "dirs" "[-clpv] [+N] [-N]" false directories::dirs;
    "disown" "[-h] [-ar] [jobspec ... | pid ...]" false jobs::disown;
    "echo" "[-neE] [arg ...]" false echo::echo;
    "enable" "[-a] [-dnps] [-f filename] [name ...]" false misc::unknown;
    "eval" "[arg ...]" true control::eval;
    "exec" "[-cl] [-a name] [command [argument ...]] [redirection ...]" true control::exec;
    "exit" "[n]" true control::exit;
    "export" "[-fn] [name[=value] ...] or export -p" true declare::export;
    "false" "" false control::no;
    "fc" "[-e ename] [-lnr] [first] [last] or fc -s [pat=rep] [command]" false misc::unknown;
    "fg" "[job_spec]" false jobs::fg;
    "getopts" "optstring name [arg ...]" false set::getopts;
    "hash" "[-lr] [-p pathname] [-dt] [name ...]" false names::hash;
    "help" "[-dms] [pattern ...]" false names::help;
    "history" "[-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]" false misc::history;
    "jobs" "[-lnprs] [jobspec ...] or jobs -x command [args]" false jobs::jobs;
    "kill" "[-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]" false jobs::kill;
    "let" "arg [arg ...]" false set::let_;
    "local" "[option] name[=value] ..." false declare::local;
    "logout" "[n]" false control::logout;
    "mapfile" "[-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]" false read::mapfile;
    "popd" "[-n] [+N | -N]" false directories::popd;
    "printf" "[-v var] format [arguments]" false printf::printf;
    "pushd" "[-n] [+N | -N | dir]" false directories::pushd;
    "pwd" "[-LP]" false directories::pwd;
    "read" "[-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]" false read::read;
    "readarray" "[-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]" false read::mapfile;
    "readonly" "[-aAf] [name[=value] ...] or readonly -p" true declare::readonly;
    "return" "[n]" true control::return_;
    "set" "[-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]" true set::set;
    "shift" "[n]" true set::shift;
    "shopt" "[-pqsu] [-o] [optname ...]" false set::shopt;
    "source" "filename [arguments]" true control::source;
    "suspend" "[-f]" false misc::unknown;
    "test" "[expr]" false test::test;
    "times" "" true misc::times;
    "trap" "[-lp] [[arg] signal_spec ...]" true trap::trap;
    "true" "" false control::colon;
    "type" "[-afptP] name [name ...]" false names::type_;
    "typeset" "[-aAfFgiIlnrtux] name[=value] ... or typeset -p [-aAfFilnrtux] [name ...]" false declare::declare;
    "ulimit" "[-SHabcdefiklmnpqrstuvxPRT] [limit]" false misc::ulimit;
    "umask" "[-p] [-S] [mode]" false misc::umask;
    "unalias" "[-a] name [name ...]" false names::unalias;
    "unset" "[-f] [-v] [-n] [name ...]" true declare::unset;
    "wait" "[-fn] [-p var] [id ...]" false jobs::wait;
}

/// The builtin of a name.
pub fn find(name: &str) -> Option<&'static Builtin> {
    BUILTINS.binary_search_by(|builtin| builtin.name.cmp(name)).ok().map(|i| &BUILTINS[i])
}

/// What a builtin gives: its status, or how everything around it is left.
pub type Outcome = Result<i32, Flow>;

impl Shell {
    /// Writes to standard output for a builtin; its status says whether that went well.
    pub async fn print(&mut self, who: &str, text: &str) -> i32 {
        match self.sys.write_all(1, text.as_bytes()).await {
            Ok(()) => 0,
            Err(error) => {
                self.error(&format!("{who}: write error: {}", error.text())).await;
                1
            }
        }
    }

    /// Prints how a builtin is called; its status is 2.
    pub async fn usage(&mut self, name: &str) -> i32 {
        let usage = find(name).map_or("", |builtin| builtin.usage);
        self.sys.err(&format!("{name}: usage: {name} {usage}\n")).await;
        2
    }

    /// An option that the builtin does not have.
    pub async fn invalid_option(&mut self, name: &str, option: &str) -> i32 {
        self.error(&format!("{name}: {option}: invalid option")).await;
        self.usage(name).await
    }

    /// An option of the real builtin that is not simulated.
    pub async fn not_simulated(&mut self, name: &str, what: &str) -> i32 {
        self.sys.err(&format!("{name}: {what} is not simulated\n")).await;
        2
    }
}

/// Options before the arguments: letters (with `+` in front for those given so), values, and the rest.
pub struct Flags<'a> {
    /// Letters with their values.
    pub letters: Vec<(char, Option<String>)>,
    /// What follows.
    pub rest: &'a [String],
}

impl Flags<'_> {
    /// True when the letter was given.
    pub fn has(&self, letter: char) -> bool {
        self.letters.iter().any(|(l, _)| *l == letter)
    }

    /// The value of a letter.
    pub fn value(&self, letter: char) -> Option<&str> {
        self.letters.iter().rev().find(|(l, _)| *l == letter).and_then(|(_, value)| value.as_deref())
    }
}

/// Reads options as getopt does; `spec` has a colon after letters that take a value.
///
/// # Errors
/// The status, when an option was wrong, which has been printed.
pub async fn flags<'a>(shell: &mut Shell, args: &'a [String], spec: &str) -> Result<Flags<'a>, i32> {
    let name = args[0].as_str();
    let mut letters = Vec::new();
    let mut at = 1;
    while let Some(arg) = args.get(at) {
        if arg == "--" {
            at += 1;
            break;
        }
        let Some(body) = arg.strip_prefix('-').filter(|body| !body.is_empty()) else { break };
        at += 1;
        let mut chars = body.chars();
        while let Some(letter) = chars.next() {
            let Some(place) = spec.find(letter).filter(|_| letter != ':') else {
                return Err(shell.invalid_option(name, &format!("-{letter}")).await);
            };
            if spec[place + letter.len_utf8()..].starts_with(':') {
                let mut value: String = chars.by_ref().collect();
                if value.is_empty() {
                    match args.get(at) {
                        Some(next) => value = next.clone(),
                        None => {
                            shell.error(&format!("{name}: -{letter}: option requires an argument")).await;
                            return Err(shell.usage(name).await);
                        }
                    }
                    at += 1;
                }
                letters.push((letter, Some(value)));
            } else {
                letters.push((letter, None));
            }
        }
    }
    Ok(Flags { letters, rest: &args[at..] })
}

#[cfg(test)]
mod tests {
    use super::BUILTINS;

    #[test]
    fn builtins_are_sorted() {
        assert!(BUILTINS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
