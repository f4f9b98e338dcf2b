//! The command line of iptables: one command, words of a rule, and how to show things.

use super::Failure;

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Append(String),
    Check(String),
    Delete(String, Option<usize>),
    Insert(String, usize),
    Replace(String, usize),
    List(Option<String>, Option<usize>),
    Show(Option<String>, Option<usize>),
    Flush(Option<String>),
    Zero(Option<String>),
    New(String),
    DeleteChain(Option<String>),
    Policy(String, String),
    Rename(String, String),
}

/// A command line that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) table: String,
    pub(super) command: Option<Command>,
    /// The rule, without its chain.
    pub(super) rule: Vec<String>,
    pub(super) numeric: bool,
    pub(super) verbose: bool,
    pub(super) exact: bool,
    pub(super) line_numbers: bool,
    pub(super) version: bool,
}

/// Long names and the letters that they mean.
const LONG: &[(&str, char)] = &[
    ("append", 'A'),
    ("check", 'C'),
    ("delete", 'D'),
    ("delete-chain", 'X'),
    ("dst", 'd'),
    ("destination", 'd'),
    ("exact", 'x'),
    ("flush", 'F'),
    ("goto", 'g'),
    ("help", 'h'),
    ("in-interface", 'i'),
    ("insert", 'I'),
    ("jump", 'j'),
    ("line-numbers", '0'),
    ("list", 'L'),
    ("list-rules", 'S'),
    ("match", 'm'),
    ("modprobe", 'M'),
    ("new-chain", 'N'),
    ("numeric", 'n'),
    ("out-interface", 'o'),
    ("policy", 'P'),
    ("proto", 'p'),
    ("protocol", 'p'),
    ("rename-chain", 'E'),
    ("replace", 'R'),
    ("set-counters", 'c'),
    ("source", 's'),
    ("src", 's'),
    ("table", 't'),
    ("verbose", 'v'),
    ("version", 'V'),
    ("wait", 'w'),
    ("wait-interval", 'W'),
    ("zero", 'Z'),
    ("ipv4", '4'),
    ("ipv6", '6'),
    ("fragments", 'f'),
];

/// Matches that the real one has and this one has not.
const MATCHES: &[&str] = &[
    "ah",
    "bpf",
    "cgroup",
    "cluster",
    "connbytes",
    "connlabel",
    "connlimit",
    "connmark",
    "cpu",
    "dccp",
    "devgroup",
    "dscp",
    "ecn",
    "esp",
    "hashlimit",
    "helper",
    "iprange",
    "ipvs",
    "length",
    "limit",
    "mac",
    "nfacct",
    "osf",
    "owner",
    "physdev",
    "pkttype",
    "policy",
    "quota",
    "rateest",
    "realm",
    "rpfilter",
    "sctp",
    "set",
    "socket",
    "string",
    "tcpmss",
    "time",
    "tos",
    "ttl",
    "u32",
];

/// Targets, likewise.
const TARGETS: &[&str] = &[
    "AUDIT",
    "CHECKSUM",
    "CLASSIFY",
    "CLUSTERIP",
    "CONNMARK",
    "CONNSECMARK",
    "DSCP",
    "ECN",
    "HMARK",
    "IDLETIMER",
    "LED",
    "NETMAP",
    "NFLOG",
    "NFQUEUE",
    "QUEUE",
    "RATEEST",
    "SECMARK",
    "SET",
    "SYNPROXY",
    "TCPMSS",
    "TCPOPTSTRIP",
    "TEE",
    "TOS",
    "TPROXY",
    "TRACE",
    "TTL",
    "ULOG",
];

struct Reader<'a> {
    rest: std::iter::Peekable<std::slice::Iter<'a, String>>,
    request: Request,
    targets: usize,
}

/// Reads what comes behind the program's name.
pub(super) fn read(args: &[String]) -> Result<Request, Failure> {
    let request = Request { table: "filter".into(), ..Request::default() };
    let mut reader = Reader { rest: args.iter().peekable(), request, targets: 0 };
    while let Some(arg) = reader.rest.next() {
        if arg == "!" {
            reader.request.rule.push(arg.clone());
        } else if let Some(long) = arg.strip_prefix("--") {
            let (name, value) =
                long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            match letter(name) {
                Some(letter) => reader.option(letter, arg, value.unwrap_or(""))?,
                None => reader.rule_option(arg)?,
            }
        } else if let Some(cluster) = arg.strip_prefix('-').filter(|cluster| !cluster.is_empty()) {
            reader.cluster(cluster)?;
        } else {
            return Err(Failure::Usage(format!("Bad argument `{arg}'")));
        }
    }
    Ok(reader.request)
}

/// The letter of a long name, which may be shortened.
fn letter(name: &str) -> Option<char> {
    if let Some((_, letter)) = LONG.iter().find(|(long, _)| *long == name) {
        return Some(*letter);
    }
    // Names of matches begin alike (`--source-port`, `--mode`), so only a clear case counts.
    let mut found = LONG.iter().filter(|(long, _)| name.len() > 3 && long.starts_with(name));
    match (found.next(), found.next()) {
        (Some((_, letter)), None) => Some(*letter),
        _ => None,
    }
}

impl Reader<'_> {
    fn cluster(&mut self, cluster: &str) -> Result<(), Failure> {
        for (at, letter) in cluster.char_indices() {
            let attached = &cluster[at + letter.len_utf8()..];
            match letter {
                'n' | 'v' | 'x' | 'h' | 'V' | '4' | '6' | 'f' => {
                    self.option(letter, &format!("-{letter}"), "")?
                }
                'A' | 'C' | 'D' | 'I' | 'R' | 'L' | 'S' | 'F' | 'Z' | 'N' | 'X' | 'P' | 'E' | 't' | 's'
                | 'd' | 'i' | 'o' | 'p' | 'j' | 'g' | 'm' | 'c' | 'w' | 'W' | 'M' => {
                    return self.option(letter, &format!("-{letter}"), attached);
                }
                letter => return Err(Failure::Usage(format!("unknown option \"-{letter}\""))),
            }
        }
        Ok(())
    }

    fn option(&mut self, letter: char, shown: &str, attached: &str) -> Result<(), Failure> {
        let name = shown.split('=').next().unwrap_or(shown).to_string();
        match letter {
            'n' => self.request.numeric = true,
            'v' => self.request.verbose = true,
            'x' => self.request.exact = true,
            '0' => self.request.line_numbers = true,
            'V' => self.request.version = true,
            '4' => {}
            't' => self.request.table = self.value(&name, attached)?,
            'w' | 'W' => {
                if attached.is_empty() && self.rest.peek().is_some_and(|next| next.parse::<f64>().is_ok()) {
                    self.rest.next();
                }
            }
            'h' | '6' | 'f' | 'M' | 'c' => return Err(Failure::Missing(format!("the option {name}"))),
            's' | 'd' | 'i' | 'o' | 'p' | 'j' | 'g' | 'm' => {
                let value = self.value(&name, attached)?;
                self.rule_word(letter, value)?;
            }
            command => {
                let command = self.command(command, &name, attached)?;
                if self.request.command.is_some() {
                    return Err(Failure::Usage(format!("Cannot use {name} with another command")));
                }
                self.request.command = Some(command);
            }
        }
        Ok(())
    }

    fn rule_word(&mut self, letter: char, value: String) -> Result<(), Failure> {
        match letter {
            'j' | 'g' => {
                self.targets += 1;
                if self.targets > 1 {
                    return Err(Failure::Usage("multiple -j flags not allowed".into()));
                }
                if letter == 'j' && TARGETS.contains(&value.as_str()) {
                    return Err(Failure::Missing(format!("the target {value}")));
                }
            }
            'm' if MATCHES.contains(&value.as_str()) => {
                return Err(Failure::Missing(format!("the match {value}")));
            }
            'm' => {}
            's' | 'd' if value.contains(',') => return Err(Failure::Missing("a list of addresses".into())),
            _ => {}
        }
        self.request.rule.extend([format!("-{letter}"), value]);
        Ok(())
    }

    /// An option of a match or a target: itself and what belongs to it.
    fn rule_option(&mut self, arg: &str) -> Result<(), Failure> {
        let (name, value) = arg.split_once('=').map_or((arg, None), |(name, value)| (name, Some(value)));
        self.request.rule.push(name.to_string());
        self.request.rule.extend(value.map(String::from));
        while let Some(next) = self.rest.peek() {
            if next.starts_with('-') && next.len() > 1 || *next == "!" {
                // A comment may begin with anything.
                if !matches!(name, "--comment" | "--log-prefix")
                    || self.request.rule.last().is_none_or(|last| last != name)
                {
                    break;
                }
            }
            self.request.rule.push(next.to_string());
            self.rest.next();
        }
        Ok(())
    }

    fn value(&mut self, name: &str, attached: &str) -> Result<String, Failure> {
        if !attached.is_empty() {
            return Ok(attached.to_string());
        }
        let next = self.rest.next().cloned();
        next.ok_or_else(|| Failure::Usage(format!("option \"{name}\" requires an argument")))
    }

    /// The next word, unless an option begins there.
    fn optional(&mut self) -> Option<String> {
        let next = self.rest.peek().filter(|next| !next.starts_with(['-', '!'])).map(|next| next.to_string());
        if next.is_some() {
            self.rest.next();
        }
        next
    }

    fn number(&mut self) -> Result<Option<usize>, Failure> {
        match self.optional() {
            None => Ok(None),
            Some(text) => match text.parse() {
                Ok(number) if number > 0 => Ok(Some(number)),
                _ => Err(Failure::Usage(format!("Invalid rule number `{text}'"))),
            },
        }
    }

    fn command(&mut self, letter: char, name: &str, attached: &str) -> Result<Command, Failure> {
        if matches!(letter, 'L' | 'S' | 'F' | 'Z' | 'X') {
            let chain = if attached.is_empty() { self.optional() } else { Some(attached.to_string()) };
            return Ok(match letter {
                'L' => Command::List(chain, self.number()?),
                'S' => Command::Show(chain, self.number()?),
                'F' => Command::Flush(chain),
                'Z' => Command::Zero(chain),
                _ => Command::DeleteChain(chain),
            });
        }
        let chain = self.value(name, attached)?;
        Ok(match letter {
            'A' => Command::Append(chain),
            'C' => Command::Check(chain),
            'D' => Command::Delete(chain, self.number()?),
            'I' => Command::Insert(chain, self.number()?.unwrap_or(1)),
            'R' => match self.number()? {
                Some(number) => Command::Replace(chain, number),
                None => return Err(Failure::Usage("-R requires a rule number".into())),
            },
            'N' => {
                if let Some(first) = chain.chars().next().filter(|first| matches!(first, '-' | '!')) {
                    return Err(Failure::Usage(format!("chain name not allowed to start with `{first}'\n")));
                }
                if chain.len() > 28 {
                    let text = format!("chain name `{chain}' too long (must be under 29 chars)");
                    return Err(Failure::Usage(text));
                }
                Command::New(chain)
            }
            'P' => match self.optional() {
                Some(policy) => Command::Policy(chain, policy),
                None => return Err(Failure::Usage("-P requires a chain and a policy".into())),
            },
            _ => match self.optional() {
                Some(new) => Command::Rename(chain, new),
                None => {
                    return Err(Failure::Usage("-E requires old-chain-name and new-chain-name".into()));
                }
            },
        })
    }
}
