//! `wget` of GNU: downloads a page, and tells how it went step by step.

mod figures;
#[cfg(test)]
mod tests;
mod url;

use super::support::{calendar, options::Problem, prelude::*, program, text::human};
use figures::{dots, duration, rate};
use linux::http::{Connection, HttpError, ResponseHead, header};
use linux::resolver;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use url::Url;

program!(PROGRAM, "wget", "The non-interactive network downloader", main);

const TABLE: &str = "q|quiet --no-verbose v|verbose O:|output-document S|server-response --spider t:|tries T:|timeout \
    --connect-timeout: --read-timeout: --dns-timeout: --header: U:|user-agent --post-data: --method: --body-data: \
    P:|directory-prefix --no-check-certificate --no-proxy --max-redirect: 4|inet4-only --progress: --show-progress \
    --content-on-error --retry-connrefused --no-cache V|version !h|help !b !i: !c|continue !r|recursive !N|timestamping !p !k !m \
    !6|inet6-only !--user: !--password: !--limit-rate: !w:|wait !o:|output-file !a: !d|debug !e: !--post-file:";

/// Redirections that are followed.
const REDIRECTS: usize = 20;

struct Wget {
    sys: Sys,
    options: Options,
    quiet: bool,
    brief: bool,
    tries: u64,
    timeout: Option<Duration>,
}

/// Why one try was not enough.
enum Trouble {
    /// Another try may help; what was said ends here.
    Retry(&'static str),
    /// It cannot be helped; the status.
    Fatal(ExitCode),
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    sys.cpu(Duration::from_millis(3)).await;
    let args: Args =
        args.iter().map(|arg| if arg == "-nv" { "--no-verbose".into() } else { arg.clone() }).collect();
    let options = match super::support::options::read(&args, TABLE) {
        Ok(options) => options,
        Err(Problem::NotSimulated(option)) => {
            return not_simulated(&sys, "wget", &format!("the option {option}")).await;
        }
        Err(Problem::Usage(text)) => {
            sys.err(&format!(
                "wget: {text}\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"
            ))
            .await;
            return 2;
        }
    };
    if options.has("V") {
        sys.out("GNU Wget 1.21.4 built on linux-gnu.\n").await;
        return 0;
    }
    if options.operands.is_empty() {
        sys.err(
            "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n",
        )
        .await;
        return 1;
    }
    let seconds = |key: &str| {
        options.value(key).and_then(|text| text.parse::<f64>().ok()).filter(|n| *n > 0.0 && *n < 1e7)
    };
    let timeout = seconds("T").or_else(|| seconds("connect-timeout")).or_else(|| seconds("read-timeout"));
    let tries = options.value("t").map_or(20, |text| text.parse::<u64>().unwrap_or(0));
    let urls = options.operands.clone();
    let wget = Wget {
        sys: sys.clone(),
        quiet: options.has("q"),
        brief: options.has("no-verbose"),
        tries: if tries == 0 { u64::MAX } else { tries },
        timeout: timeout.map(Duration::from_secs_f64),
        options,
    };
    let mut status = 0;
    for text in urls {
        let code = match Url::read(&text) {
            Ok(url) => wget.fetch(url).await,
            Err(scheme) if scheme == "https" || scheme == "ftp" => {
                return not_simulated(&sys, "wget", &format!("the scheme {scheme}")).await;
            }
            Err(scheme) if scheme.is_empty() => {
                sys.err(&format!("{text}: Bad port number.\n")).await;
                1
            }
            Err(scheme) => {
                sys.err(&format!("{text}: Unsupported scheme ‘{scheme}’.\n")).await;
                1
            }
        };
        status = if status == 0 { code } else { status };
    }
    status
}

impl Wget {
    /// Says something, unless it shall be quiet or brief.
    async fn say(&self, text: &str) {
        if !self.quiet && !self.brief {
            self.sys.err(text).await;
        }
    }

    fn stamp(&self) -> String {
        calendar::format("%Y-%m-%d %H:%M:%S", calendar::now(&self.sys))
    }

    async fn fetch(&self, mut url: Url) -> ExitCode {
        let original = url.file_name();
        let mut reusable: Option<(Connection, Url)> = None;
        let mut redirects = 0;
        if self.options.has("spider") {
            self.say("Spider mode enabled. Check if remote file exists.\n").await;
        }
        let mut tries = 0_u64;
        loop {
            tries += 1;
            let count = if tries > 1 { format!("(try:{tries:2})  ") } else { String::new() };
            self.say(&format!("--{}--  {count}{}\n", self.stamp(), url.shown())).await;
            let trouble = match self.attempt(&url, &original, &mut reusable).await {
                Ok(Some(location)) => {
                    redirects += 1;
                    if redirects > REDIRECTS {
                        self.say(&format!("{REDIRECTS} redirections exceeded.\n")).await;
                        return 8;
                    }
                    match url.join(&location) {
                        Ok(next) => url = next,
                        Err(scheme) => {
                            return not_simulated(&self.sys, "wget", &format!("the scheme {scheme}")).await;
                        }
                    }
                    tries = 0;
                    continue;
                }
                Ok(None) => return 0,
                Err(trouble) => trouble,
            };
            reusable = None;
            match trouble {
                Trouble::Fatal(status) => return status,
                Trouble::Retry(text) => {
                    self.say(text).await;
                    if tries >= self.tries {
                        self.say("Giving up.\n\n").await;
                        return 4;
                    }
                    self.say("Retrying.\n\n").await;
                    let _ = self.sys.sleep(Duration::from_secs(tries.min(10))).await;
                }
            }
        }
    }

    async fn limited<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        match self.timeout {
            Some(timeout) => self.sys.timeout(timeout, future).await,
            None => Some(future.await),
        }
    }

    async fn connect(&self, url: &Url) -> Result<Connection, Trouble> {
        let mut addresses = vec![];
        let by_name = url.host.parse::<Ipv4Addr>().is_err();
        if by_name {
            self.say(&format!("Resolving {0} ({0})... ", url.host)).await;
            match self.limited(resolver::lookup_host(&self.sys, &url.host)).await {
                Some(Ok(found)) => addresses = found,
                failed => {
                    let why = match failed {
                        Some(Err(error)) => error.text(),
                        _ => "Connection timed out",
                    };
                    self.say(&format!("failed: {why}.\n")).await;
                    if !self.quiet {
                        let text = format!("wget: unable to resolve host address ‘{}’\n", url.host);
                        self.sys.err(&text).await;
                    }
                    return Err(Trouble::Fatal(4));
                }
            }
            let shown: Vec<String> = addresses.iter().take(3).map(Ipv4Addr::to_string).collect();
            let more = if addresses.len() > 3 { ", ..." } else { "" };
            self.say(&format!("{}{more}\n", shown.join(", "))).await;
        } else if let Ok(address) = url.host.parse() {
            addresses.push(address);
        }
        let mut last = Errno::ECONNREFUSED;
        for address in addresses {
            let shown = if by_name { format!("{} ({0})|{address}|", url.host) } else { address.to_string() };
            self.say(&format!("Connecting to {shown}:{}... ", url.port)).await;
            let to = SocketAddr::new(IpAddr::V4(address), url.port);
            match self.limited(self.sys.connect(to)).await.unwrap_or(Err(Errno::ETIMEDOUT)) {
                Ok(fd) => {
                    self.say("connected.\n").await;
                    return Ok(Connection::new(&self.sys, fd));
                }
                Err(errno) => {
                    self.say(&format!("failed: {errno}.\n")).await;
                    last = errno;
                }
            }
        }
        let refused = matches!(last, Errno::ECONNREFUSED | Errno::ENETUNREACH | Errno::EHOSTUNREACH);
        match refused && !self.options.has("retry-connrefused") {
            true => Err(Trouble::Fatal(4)),
            false => Err(Trouble::Retry("")),
        }
    }

    /// One request: nothing when the page is there, or where it has moved to.
    async fn attempt(
        &self,
        url: &Url,
        original: &str,
        reusable: &mut Option<(Connection, Url)>,
    ) -> Result<Option<String>, Trouble> {
        let mut connection = match reusable.take() {
            Some((connection, old)) if (&old.host, old.port) == (&url.host, url.port) => {
                self.say(&format!("Reusing existing connection to {}:{}.\n", url.host, url.port)).await;
                connection
            }
            _ => self.connect(url).await?,
        };
        let method = match self.options.value("method") {
            Some(method) => method.to_string(),
            None if self.options.has("post-data") => "POST".into(),
            None if self.options.has("spider") => "HEAD".into(),
            None => "GET".into(),
        };
        let body = self.options.value("post-data").or(self.options.value("body-data")).unwrap_or("");
        if connection
            .write_request(&method, &url.path, &self.headers(url, &method), body.as_bytes())
            .await
            .is_err()
        {
            return Err(Trouble::Retry("Failed writing HTTP request: Broken pipe.\n"));
        }
        self.say("HTTP request sent, awaiting response... ").await;
        let head = match self.limited(connection.read_response()).await {
            Some(Ok(head)) => head,
            Some(Err(HttpError::Closed | HttpError::Cut(_))) => {
                return Err(Trouble::Retry("No data received.\n"));
            }
            Some(Err(HttpError::Malformed(_) | HttpError::TooLarge)) => {
                self.say("200 No headers, assuming HTTP/0.9\n").await;
                return Err(Trouble::Fatal(8));
            }
            Some(Err(HttpError::Io(_))) => {
                return Err(Trouble::Retry("Read error (Connection reset by peer) in headers.\n"));
            }
            None => return Err(Trouble::Retry("Read error (Connection timed out) in headers.\n")),
        };
        if self.options.has("S") {
            self.show_headers(&head).await;
        } else {
            self.say(&format!("{} {}\n", head.status, head.reason)).await;
        }
        let moved =
            header(&head.headers, "Location").filter(|_| matches!(head.status, 301 | 302 | 303 | 307 | 308));
        if let Some(location) = moved {
            let location = location.to_string();
            self.say(&format!("Location: {location} [following]\n")).await;
            if let Ok(mut rest) = head.body(&method)
                && connection.read_body(&mut rest).await.is_ok()
                && head.keep_alive()
            {
                *reusable = Some((connection, url.clone()));
            } else {
                let _ = self.sys.close(connection.into_parts().0);
            }
            return Ok(Some(location));
        }
        let result = self.take(url, original, &method, &head, &mut connection).await;
        let _ = self.sys.close(connection.into_parts().0);
        result.map(|()| None)
    }

    fn headers(&self, url: &Url, method: &str) -> Vec<(String, String)> {
        let port = if url.port == 80 { String::new() } else { format!(":{}", url.port) };
        let agent = self.options.value("U").unwrap_or("Wget/1.21.4");
        let mut headers = vec![
            ("Host".to_string(), format!("{}{port}", url.host)),
            ("User-Agent".into(), agent.into()),
            ("Accept".into(), "*/*".into()),
            ("Accept-Encoding".into(), "identity".into()),
            ("Connection".into(), "Keep-Alive".into()),
        ];
        if method == "POST" {
            headers.push(("Content-Type".into(), "application/x-www-form-urlencoded".into()));
        }
        for line in self.options.values("header") {
            if let Some((name, value)) = line.split_once(':') {
                headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
                headers.push((name.to_string(), value.trim().to_string()));
            }
        }
        headers
    }

    async fn show_headers(&self, head: &ResponseHead) {
        let raw = String::from_utf8_lossy(&head.raw).into_owned();
        let lines: String =
            raw.lines().filter(|line| !line.is_empty()).map(|line| format!("  {line}\n")).collect();
        self.say("\n").await;
        self.sys.err(&lines).await;
    }

    /// Takes the answer and saves it.
    async fn take(
        &self,
        url: &Url,
        original: &str,
        method: &str,
        head: &ResponseHead,
        connection: &mut Connection,
    ) -> Result<(), Trouble> {
        let bad = head.status >= 400;
        if self.options.has("spider") {
            self.say(if bad { "Remote file does not exist -- broken link!!!\n\n" } else { "" }).await;
            if bad {
                return Err(Trouble::Fatal(8));
            }
            let length = header(&head.headers, "Content-Length").unwrap_or("unspecified");
            self.say(&format!("Length: {length}{}\nRemote file exists.\n\n", content_type(head))).await;
            return Ok(());
        }
        if bad && !self.options.has("content-on-error") {
            let text = format!("{} ERROR {}: {}.\n", self.stamp(), head.status, head.reason);
            match self.brief {
                true => self.sys.err(&format!("{}:\n{text}", url.shown())).await,
                false => self.say(&format!("{text}\n")).await,
            }
            return Err(Trouble::Fatal(8));
        }
        let length = header(&head.headers, "Content-Length").and_then(|text| text.parse::<u64>().ok());
        let shown = match length {
            Some(length) if length >= 1024 => format!("{length} ({})", human(length)),
            Some(length) => length.to_string(),
            None => "unspecified".into(),
        };
        self.say(&format!("Length: {shown}{}\n", content_type(head))).await;
        let (target, name) = self.target(original);
        self.say(&format!("Saving to: ‘{name}’\n\n")).await;
        let began = self.sys.now();
        let mut bytes = Vec::new();
        let mut cut = false;
        let mut rest = head.body(method).map_err(|_| Trouble::Retry("No data received.\n"))?;
        loop {
            match self.limited(connection.read_piece(&mut rest)).await {
                Some(Ok(Some(piece))) => {
                    if target == "-" && self.sys.write_all(1, &piece).await.is_err() {
                        return Err(Trouble::Fatal(3));
                    }
                    bytes.extend(piece);
                }
                Some(Ok(None)) => break,
                _ => {
                    cut = true;
                    break;
                }
            }
        }
        if target != "-"
            && let Err(errno) = self.sys.write_file(&target, &bytes).await
        {
            self.sys.err(&format!("{target}: {errno}\n\nCannot write to ‘{target}’ ({errno}).\n")).await;
            return Err(Trouble::Fatal(3));
        }
        let took = self.sys.now().duration_since(began).as_secs_f64();
        let size = bytes.len() as u64;
        self.say(&self.progress(&name, size, length, took)).await;
        let rate = rate(size, took);
        let of = length.map_or_else(|| size.to_string(), |length| format!("{size}/{length}"));
        if cut {
            self.say(&format!("{} ({rate}) - Connection closed at byte {size}. ", self.stamp())).await;
            return Err(Trouble::Retry(""));
        }
        match self.brief && !self.quiet {
            true => {
                let text = format!("{} URL:{} [{of}] -> \"{target}\" [1]\n", self.stamp(), url.shown());
                self.sys.err(&text).await;
            }
            false if target == "-" => {
                self.say(&format!("{} ({rate}) - written to stdout [{of}]\n\n", self.stamp())).await
            }
            false => self.say(&format!("{} ({rate}) - ‘{name}’ saved [{of}]\n\n", self.stamp())).await,
        }
        Ok(())
    }

    /// Where to write, and what that is called. A file that is there keeps its name.
    fn target(&self, original: &str) -> (String, String) {
        match self.options.value("O") {
            Some("-") => return ("-".into(), "STDOUT".into()),
            Some(name) => return (name.into(), name.into()),
            None => {}
        }
        let folder = self
            .options
            .value("P")
            .map_or(String::new(), |folder| format!("{}/", folder.trim_end_matches('/')));
        let plain = format!("{folder}{original}");
        let mut name = plain.clone();
        let mut number = 0;
        while self.sys.lstat(&name).is_ok() {
            number += 1;
            name = format!("{plain}.{number}");
        }
        (name.clone(), name)
    }

    /// The bar of a terminal, or the dots of a file, when all has come.
    fn progress(&self, name: &str, size: u64, length: Option<u64>, took: f64) -> String {
        if !self.sys.isatty(2) {
            return dots(size, length, took);
        }
        let cols = self.sys.winsize(2).map_or(80, |size| usize::from(size.cols));
        let bar = cols.saturating_sub(60).max(5);
        let name: String = name.chars().take(19).collect();
        let done = length.map_or(1.0, |length| if length == 0 { 1.0 } else { size as f64 / length as f64 });
        let full = ((bar as f64 * done) as usize).clamp(1, bar);
        let body = match length {
            Some(_) => {
                format!("{:>3}%[{}>{}]", (done * 100.0) as u64, "=".repeat(full - 1), " ".repeat(bar - full))
            }
            None => format!("    [{:<bar$}]", " <=>"),
        };
        let speed = if took < 0.001 { "--.-KB/s".to_string() } else { rate(size, took).replace(' ', "") };
        let line = format!("{name:<20}{body} {:>7}  {speed:>8}    in {}s", human(size), duration(took));
        format!("\r{line:<cols$}\n\n")
    }
}

fn content_type(head: &ResponseHead) -> String {
    let kind =
        header(&head.headers, "Content-Type").map(|kind| kind.split(';').next().unwrap_or(kind).trim());
    kind.map_or(String::new(), |kind| format!(" [{kind}]"))
}
