//! The switches of `set` and `shopt`.

/// Options of `set -o`: letter (or a blank) and name, sorted by name.
pub const OPTIONS: &[(char, &str)] = &[
    ('a', "allexport"),
    ('B', "braceexpand"),
    ('\x01', "emacs"),
    ('e', "errexit"),
    ('E', "errtrace"),
    ('T', "functrace"),
    ('h', "hashall"),
    ('H', "histexpand"),
    ('\x02', "history"),
    ('\x03', "ignoreeof"),
    ('\x04', "interactive-comments"),
    ('k', "keyword"),
    ('m', "monitor"),
    ('C', "noclobber"),
    ('n', "noexec"),
    ('f', "noglob"),
    ('\x05', "nolog"),
    ('b', "notify"),
    ('u', "nounset"),
    ('t', "onecmd"),
    ('P', "physical"),
    ('\x06', "pipefail"),
    ('\x07', "posix"),
    ('p', "privileged"),
    ('v', "verbose"),
    ('\x08', "vi"),
    ('x', "xtrace"),
];

/// `pipefail` has no letter of its own.
pub const PIPEFAIL: char = '\x06';
/// `posix` has no letter of its own.
pub const POSIX: char = '\x07';
/// `history` has no letter of its own.
pub const HISTORY: char = '\x02';
/// `emacs` has no letter of its own.
pub const EMACS: char = '\x01';

/// Which options are on.
#[derive(Clone, Debug)]
pub struct Options(u32);

impl Options {
    /// As a shell begins.
    pub fn new() -> Options {
        let mut options = Options(0);
        for letter in ['B', 'h', '\x04'] {
            options.set(letter, true);
        }
        options
    }

    fn bit(letter: char) -> u32 {
        OPTIONS.iter().position(|(l, _)| *l == letter).map_or(0, |i| 1 << i)
    }

    /// True when the option is on.
    pub fn has(&self, letter: char) -> bool {
        self.0 & Self::bit(letter) != 0
    }

    /// Switches an option.
    pub fn set(&mut self, letter: char, on: bool) {
        if on {
            self.0 |= Self::bit(letter);
        } else {
            self.0 &= !Self::bit(letter);
        }
    }

    /// `$-`
    pub fn flags(&self) -> String {
        const ORDER: &str = "abefhkmnptuvxBCEHPT";
        ORDER.chars().filter(|letter| self.has(*letter)).collect()
    }

    /// `$SHELLOPTS`
    pub fn names(&self) -> String {
        let names: Vec<&str> = OPTIONS.iter().filter(|(l, _)| self.has(*l)).map(|(_, name)| *name).collect();
        names.join(":")
    }

    /// The letter of a name.
    pub fn letter(name: &str) -> Option<char> {
        OPTIONS.iter().find(|(_, n)| *n == name).map(|(letter, _)| *letter)
    }
}

impl Default for Options {
    fn default() -> Self {
        Options::new()
    }
}

/// Options of `shopt` with what they begin as.
pub const SHOPTS: &[(&str, bool)] = &[
    ("assoc_expand_once", false),
    ("autocd", false),
    ("cdable_vars", false),
    ("cdspell", false),
    ("checkhash", false),
    ("checkjobs", false),
    ("checkwinsize", true),
    ("cmdhist", true),
    ("compat31", false),
    ("compat32", false),
    ("compat40", false),
    ("compat41", false),
    ("compat42", false),
    ("compat43", false),
    ("compat44", false),
    ("complete_fullquote", true),
    ("direxpand", false),
    ("dirspell", false),
    ("dotglob", false),
    ("execfail", false),
    ("expand_aliases", false),
    ("extdebug", false),
    ("extglob", false),
    ("extquote", true),
    ("failglob", false),
    ("force_fignore", true),
    ("globasciiranges", true),
    ("globskipdots", true),
    ("globstar", false),
    ("gnu_errfmt", false),
    ("histappend", false),
    ("histreedit", false),
    ("histverify", false),
    ("hostcomplete", true),
    ("huponexit", false),
    ("inherit_errexit", false),
    ("interactive_comments", true),
    ("lastpipe", false),
    ("lithist", false),
    ("localvar_inherit", false),
    ("localvar_unset", false),
    ("login_shell", false),
    ("mailwarn", false),
    ("no_empty_cmd_completion", false),
    ("nocaseglob", false),
    ("nocasematch", false),
    ("noexpand_translation", false),
    ("nullglob", false),
    ("patsub_replacement", true),
    ("progcomp", true),
    ("progcomp_alias", false),
    ("promptvars", true),
    ("restricted_shell", false),
    ("shift_verbose", false),
    ("sourcepath", true),
    ("varredir_close", false),
    ("xpg_echo", false),
];

/// Which options of `shopt` are on.
#[derive(Clone, Debug)]
pub struct Shopts(u64);

impl Shopts {
    /// As a shell begins.
    pub fn new() -> Shopts {
        Shopts(SHOPTS.iter().enumerate().filter(|(_, (_, on))| *on).map(|(i, _)| 1 << i).sum())
    }

    fn bit(name: &str) -> Option<u64> {
        SHOPTS.iter().position(|(n, _)| *n == name).map(|i| 1 << i)
    }

    /// True when the option is on.
    pub fn get(&self, name: &str) -> bool {
        Self::bit(name).is_some_and(|bit| self.0 & bit != 0)
    }

    /// Switches an option; false when there is none of that name.
    pub fn set(&mut self, name: &str, on: bool) -> bool {
        let Some(bit) = Self::bit(name) else { return false };
        if on {
            self.0 |= bit;
        } else {
            self.0 &= !bit;
        }
        true
    }

    /// `$BASHOPTS`
    pub fn names(&self) -> String {
        let names: Vec<&str> = SHOPTS.iter().map(|(name, _)| *name).filter(|name| self.get(name)).collect();
        names.join(":")
    }
}

impl Default for Shopts {
    fn default() -> Self {
        Shopts::new()
    }
}
