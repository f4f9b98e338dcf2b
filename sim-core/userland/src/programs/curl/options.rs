//! The command line of curl.

use std::time::Duration;

/// What to do.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    pub(super) urls: Vec<String>,
    pub(super) outputs: Vec<Output>,
    pub(super) silent: bool,
    pub(super) show_error: bool,
    pub(super) verbose: bool,
    pub(super) include: bool,
    pub(super) head: bool,
    pub(super) location: bool,
    pub(super) insecure: bool,
    pub(super) fail: bool,
    pub(super) fail_with_body: bool,
    pub(super) fail_early: bool,
    pub(super) get: bool,
    pub(super) globoff: bool,
    pub(super) progress_bar: bool,
    pub(super) no_progress: bool,
    pub(super) http09: bool,
    pub(super) http10: bool,
    pub(super) ipv6_only: bool,
    pub(super) max_time: Option<Duration>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) max_redirs: Option<u32>,
    pub(super) method: Option<String>,
    pub(super) headers: Vec<String>,
    pub(super) data: Option<Vec<DataPart>>,
    pub(super) user: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) referer: Option<String>,
    pub(super) cookie: Option<String>,
    pub(super) write_out: Option<String>,
    pub(super) dump_header: Option<String>,
    pub(super) resolve: Vec<(String, u16, String)>,
}

/// Where a body goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// `-o`
    File(String),
    /// `-O`
    RemoteName,
}

/// A piece of `-d`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DataPart {
    Text(String),
    /// `@file`, with or without its line feeds.
    File {
        path: String,
        strip: bool,
    },
}

/// What the command line says.
pub(super) enum Parsed {
    Run(Box<Options>),
    /// `--version`, `--help`.
    Say(String),
    /// A wrong command line.
    Usage(String),
}

/// Long name, letter (or a blank), whether it takes a value.
type Row = (&'static str, char, bool);

/// Options that do something here.
const SIMULATED: &[Row] = &[
    ("cacert", ' ', true),
    ("connect-timeout", ' ', true),
    ("cookie", 'b', true),
    ("data", 'd', true),
    ("data-ascii", ' ', true),
    ("data-binary", ' ', true),
    ("data-raw", ' ', true),
    ("dump-header", 'D', true),
    ("fail", 'f', false),
    ("fail-early", ' ', false),
    ("fail-with-body", ' ', false),
    ("get", 'G', false),
    ("globoff", 'g', false),
    ("head", 'I', false),
    ("header", 'H', true),
    ("help", 'h', false),
    ("http0.9", ' ', false),
    ("http1.0", '0', false),
    ("http1.1", ' ', false),
    ("include", 'i', false),
    ("insecure", 'k', false),
    ("ipv4", '4', false),
    ("ipv6", '6', false),
    ("location", 'L', false),
    ("max-redirs", ' ', true),
    ("max-time", 'm', true),
    ("no-buffer", 'N', false),
    ("no-progress-meter", ' ', false),
    ("output", 'o', true),
    ("progress-bar", '#', false),
    ("referer", 'e', true),
    ("remote-name", 'O', false),
    ("request", 'X', true),
    ("resolve", ' ', true),
    ("show-error", 'S', false),
    ("silent", 's', false),
    ("url", ' ', true),
    ("user", 'u', true),
    ("user-agent", 'A', true),
    ("verbose", 'v', false),
    ("version", 'V', false),
    ("write-out", 'w', true),
];

/// Options of the real curl that do nothing here, and say so.
const NOT_SIMULATED: &[Row] = &[
    ("append", 'a', false),
    ("cert", 'E', true),
    ("ciphers", ' ', true),
    ("compressed", ' ', false),
    ("config", 'K', true),
    ("connect-to", ' ', true),
    ("continue-at", 'C', true),
    ("cookie-jar", 'c', true),
    ("create-dirs", ' ', false),
    ("data-urlencode", ' ', true),
    ("digest", ' ', false),
    ("disable", 'q', false),
    ("form", 'F', true),
    ("ftp-port", 'P', true),
    ("haproxy-protocol", ' ', false),
    ("http2", ' ', false),
    ("http2-prior-knowledge", ' ', false),
    ("http3", ' ', false),
    ("interface", ' ', true),
    ("json", ' ', true),
    ("junk-session-cookies", 'j', false),
    ("keepalive-time", ' ', true),
    ("key", ' ', true),
    ("limit-rate", ' ', true),
    ("list-only", 'l', false),
    ("local-port", ' ', true),
    ("manual", 'M', false),
    ("negotiate", ' ', false),
    ("netrc", 'n', false),
    ("next", ':', false),
    ("noproxy", ' ', true),
    ("oauth2-bearer", ' ', true),
    ("parallel", 'Z', false),
    ("proxy", 'x', true),
    ("proxy-user", 'U', true),
    ("proxytunnel", 'p', false),
    ("quote", 'Q', true),
    ("range", 'r', true),
    ("remote-header-name", 'J', false),
    ("remote-time", 'R', false),
    ("retry", ' ', true),
    ("retry-all-errors", ' ', false),
    ("retry-connrefused", ' ', false),
    ("retry-delay", ' ', true),
    ("retry-max-time", ' ', true),
    ("speed-limit", 'Y', true),
    ("speed-time", 'y', true),
    ("stderr", ' ', true),
    ("tcp-nodelay", ' ', false),
    ("telnet-option", 't', true),
    ("time-cond", 'z', true),
    ("tls-max", ' ', true),
    ("tlsv1", '1', false),
    ("tlsv1.2", ' ', false),
    ("tlsv1.3", ' ', false),
    ("trace", ' ', true),
    ("trace-ascii", ' ', true),
    ("trace-time", ' ', false),
    ("unix-socket", ' ', true),
    ("upload-file", 'T', true),
    ("use-ascii", 'B', false),
];

const TRY: &str = "curl: try 'curl --help' or 'curl --manual' for more information\n";

const VERSION: &str = "\
curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.19 zlib/1.2.13
Release-Date: 2023-02-20
Protocols: http https
Features: alt-svc AsynchDNS HSTS HTTPS-proxy IPv6 Largefile libz SSL threadsafe
";

const HELP: &str = "\
Usage: curl [options...] <url>
 -d, --data <data>          HTTP POST data
 -f, --fail                 Fail fast with no output on HTTP errors
 -h, --help <category>      Get help for commands
 -i, --include              Include protocol response headers in the output
 -o, --output <file>        Write to file instead of stdout
 -O, --remote-name          Write output to a file named as the remote file
 -s, --silent               Silent mode
 -T, --upload-file <file>   Transfer local FILE to destination
 -u, --user <user:password> Server user and password
 -A, --user-agent <name>    Send User-Agent <name> to server
 -v, --verbose              Make the operation more talkative
 -V, --version              Show version number and quit

This is not the full help, this menu is stripped into categories.
Use \"--help category\" to get an overview of all categories.
For all options use the manual or \"--help all\".
";

enum Stop {
    Say(&'static str),
    Usage(String),
}

/// Reads the arguments behind the name of the program.
pub(super) fn parse(args: &[String]) -> Parsed {
    let mut options = Options::default();
    match read(&mut options, args) {
        Ok(()) => Parsed::Run(Box::new(options)),
        Err(Stop::Say(text)) => Parsed::Say(text.to_string()),
        Err(Stop::Usage(text)) => Parsed::Usage(text),
    }
}

fn read(options: &mut Options, args: &[String]) -> Result<(), Stop> {
    let mut args = args.iter();
    let mut only_urls = false;
    while let Some(arg) = args.next() {
        if only_urls || !arg.starts_with('-') || arg == "-" {
            options.urls.push(arg.clone());
        } else if arg == "--" {
            only_urls = true;
        } else if let Some(name) = arg.strip_prefix("--") {
            let (row, negated) =
                long(name).map_err(|why| Stop::Usage(format!("curl: option --{name}: {why}\n{TRY}")))?;
            let value = if row.2 { Some(args.next().ok_or_else(|| missing(arg))?.clone()) } else { None };
            apply(options, row.0, arg, value.as_deref().unwrap_or(""), !negated)?;
        } else {
            let letters = arg[1..].char_indices();
            for (at, letter) in letters {
                let shown = format!("-{letter}");
                let row =
                    short(letter).map_err(|why| Stop::Usage(format!("curl: option {arg}: {why}\n{TRY}")))?;
                if !row.2 {
                    apply(options, row.0, &shown, "", true)?;
                    continue;
                }
                let attached = &arg[1 + at + letter.len_utf8()..];
                let value = match attached {
                    "" => args.next().ok_or_else(|| missing(&shown))?.clone(),
                    attached => attached.to_string(),
                };
                apply(options, row.0, &shown, &value, true)?;
                break;
            }
        }
    }
    Ok(())
}

fn missing(option: &str) -> Stop {
    Stop::Usage(format!("curl: option {option}: requires parameter\n{TRY}"))
}

fn not_simulated(name: &str) -> Stop {
    Stop::Usage(format!("curl: the option --{name} is not simulated\n"))
}

/// A long option by its name or an unambiguous beginning of it; with `no-` in front, turned off.
fn long(name: &str) -> Result<(Row, bool), &'static str> {
    let all = || SIMULATED.iter().chain(NOT_SIMULATED);
    let find = |name: &str| {
        let mut matches = all().filter(|row| row.0.starts_with(name));
        match (all().find(|row| row.0 == name), matches.next(), matches.next()) {
            (Some(exact), _, _) => Ok(Some(*exact)),
            (None, Some(only), None) => Ok(Some(*only)),
            (None, Some(_), Some(_)) => Err("is ambiguous"),
            (None, None, _) => Ok(None),
        }
    };
    if let Some(row) = find(name)? {
        return Ok((row, false));
    }
    match name.strip_prefix("no-").map(find) {
        Some(Ok(Some(row))) if !row.2 => Ok((row, true)),
        _ => Err("is unknown"),
    }
}

fn short(letter: char) -> Result<Row, &'static str> {
    SIMULATED
        .iter()
        .chain(NOT_SIMULATED)
        .find(|row| row.1 == letter && letter != ' ')
        .copied()
        .ok_or("is unknown")
}

fn seconds(shown: &str, value: &str) -> Result<Option<Duration>, Stop> {
    let number: f64 = value.parse().map_err(|_| {
        Stop::Usage(format!("curl: option {shown}: expected a proper numerical parameter\n{TRY}"))
    })?;
    if number < 0.0 {
        return Err(Stop::Usage(format!(
            "curl: option {shown}: expected a positive numerical parameter\n{TRY}"
        )));
    }
    Ok((number > 0.0).then(|| Duration::from_secs_f64(number.min(1e9))))
}

fn apply(options: &mut Options, name: &'static str, shown: &str, value: &str, on: bool) -> Result<(), Stop> {
    let text = || Some(value.to_string());
    match name {
        "cacert" | "http1.1" | "ipv4" | "no-buffer" => {}
        "connect-timeout" => options.connect_timeout = seconds(shown, value)?,
        "cookie" => options.cookie = text(),
        "data" | "data-ascii" | "data-binary" | "data-raw" => {
            let part = match value.strip_prefix('@') {
                Some(path) if name != "data-raw" => {
                    DataPart::File { path: path.to_string(), strip: name != "data-binary" }
                }
                _ => DataPart::Text(value.to_string()),
            };
            options.data.get_or_insert_default().push(part);
        }
        "dump-header" => options.dump_header = text(),
        "fail" => options.fail = on,
        "fail-early" => options.fail_early = on,
        "fail-with-body" => options.fail_with_body = on,
        "get" => options.get = on,
        "globoff" => options.globoff = on,
        "head" => options.head = on,
        "header" => options.headers.push(value.to_string()),
        "help" => return Err(Stop::Say(HELP)),
        "http0.9" => options.http09 = on,
        "http1.0" => options.http10 = on,
        "include" => options.include = on,
        "insecure" => options.insecure = on,
        "ipv6" => options.ipv6_only = on,
        "location" => options.location = on,
        "max-redirs" => {
            let number: i64 = value.parse().map_err(|_| {
                Stop::Usage(format!("curl: option {shown}: expected a proper numerical parameter\n{TRY}"))
            })?;
            options.max_redirs = u32::try_from(number).ok();
        }
        "max-time" => options.max_time = seconds(shown, value)?,
        "no-progress-meter" => options.no_progress = on,
        "output" => options.outputs.push(Output::File(value.to_string())),
        "progress-bar" => options.progress_bar = on,
        "referer" => options.referer = text(),
        "remote-name" => options.outputs.push(Output::RemoteName),
        "request" => options.method = text(),
        "resolve" => options.resolve.push(resolve(shown, value)?),
        "show-error" => options.show_error = on,
        "silent" => options.silent = on,
        "url" => options.urls.push(value.to_string()),
        "user" => options.user = text(),
        "user-agent" => options.user_agent = text(),
        "verbose" => options.verbose = on,
        "version" => return Err(Stop::Say(VERSION)),
        "write-out" => options.write_out = text(),
        other => return Err(not_simulated(other)),
    }
    Ok(())
}

/// `host:port:address`
fn resolve(shown: &str, value: &str) -> Result<(String, u16, String), Stop> {
    let mut parts = value.trim_start_matches('+').splitn(3, ':');
    match (parts.next(), parts.next().and_then(|port| port.parse().ok()), parts.next()) {
        (Some(host), Some(port), Some(address)) => Ok((host.to_string(), port, address.to_string())),
        _ => Err(Stop::Usage(format!("curl: option {shown}: is badly used here\n{TRY}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options, String> {
        let args: Vec<String> = line.split_whitespace().map(String::from).collect();
        match parse(&args) {
            Parsed::Run(options) => Ok(*options),
            Parsed::Say(text) | Parsed::Usage(text) => Err(text.lines().next().unwrap_or("").to_string()),
        }
    }

    #[test]
    fn letters_can_be_joined_and_values_attached() {
        let options = parsed("-sSm1 -o x http://a -w%{http_code} --fail").expect("valid");
        assert!(options.silent && options.show_error && options.fail);
        assert_eq!(options.max_time, Some(Duration::from_secs(1)));
        assert_eq!(options.outputs, [Output::File("x".into())]);
        assert_eq!(options.write_out.as_deref(), Some("%{http_code}"));
        assert_eq!(options.urls, ["http://a"]);
    }

    #[test]
    fn wrong_command_lines_are_told_in_curls_words() {
        assert_eq!(parsed("--nosuch").expect_err("unknown"), "curl: option --nosuch: is unknown");
        assert_eq!(parsed("-m").expect_err("no value"), "curl: option -m: requires parameter");
        assert_eq!(
            parsed("-m x").expect_err("no number"),
            "curl: option -m: expected a proper numerical parameter"
        );
        assert_eq!(parsed("--proxy x").expect_err("known"), "curl: the option --proxy is not simulated");
    }

    #[test]
    fn the_tables_are_sorted() {
        assert!(SIMULATED.is_sorted() && NOT_SIMULATED.is_sorted());
    }
}
