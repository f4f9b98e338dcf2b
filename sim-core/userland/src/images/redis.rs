//! `redis`: a server for strings and counters, and its command-line client.
//!
//! Models the protocol (RESP2) and the commands that classes use: PING, ECHO, SET, GET, DEL, EXISTS, INCR, DECR, KEYS,
//! DBSIZE, FLUSHALL. Every other command says that it is not simulated, as an error of the protocol.

use super::web;
use super::{ImageInfo, rootfs};
use linux::{Args, Errno, ExitCode, Fd, Program, ProgramFuture, Signal, Sys, resolver};
use sim::SortedMap;
use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

const VERSION: &str = "8.2.1";

/// The image.
pub(super) const IMAGE: ImageInfo = ImageInfo {
    repository: "docker.io/library/redis",
    tags: &["latest", "8", "8.2", "8.2.1", "7", "7.4", "alpine"],
    size: 52_410_637,
    build: || {
        let root = rootfs::debian()
            .users("/bin/bash", &[("redis", 999, "/home/redis", "/bin/sh")])
            .program("/usr/local/bin", &SERVER)
            .program("/usr/local/bin", &CLI);
        let mut image = rootfs::image(root, &[], &["redis-server"]);
        image.env.push(("REDIS_VERSION".into(), VERSION.into()));
        image.workdir = "/data".into();
        image.exposed_ports = vec![6379];
        image
    },
};

const SERVER: Program = Program::new("redis-server", "Key-value store", |sys, args| -> ProgramFuture {
    Box::pin(serve(sys, args))
})
.taking(7_900, 1);
const CLI: Program = Program::new("redis-cli", "Talk to a key-value store", |sys, args| -> ProgramFuture {
    Box::pin(client(sys, args))
});

type Data = Rc<RefCell<SortedMap<String, String>>>;

async fn serve(sys: Sys, _: Args) -> ExitCode {
    let listener = match web::listen(&sys, 6379) {
        Ok(listener) => listener,
        Err(errno) => {
            log(
                &sys,
                '#',
                &format!("Warning: Could not create server TCP listening socket *:6379: bind: {errno}"),
            )
            .await;
            return 1;
        }
    };
    log(&sys, '*', "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo").await;
    log(
        &sys,
        '*',
        &format!("Redis version={VERSION}, bits=64, commit=00000000, modified=1, pid=1, just started"),
    )
    .await;
    log(&sys, '*', "Running mode=standalone, port=6379.").await;
    log(&sys, '*', "Server initialized").await;
    log(&sys, '*', "Ready to accept connections tcp").await;
    let (server, data) = (sys.clone(), Data::default());
    sys.spawn_thread(async move {
        loop {
            match server.accept(listener).await {
                Ok((fd, _)) => {
                    let (sys, data) = (server.clone(), data.clone());
                    server.spawn_thread(async move {
                        let _ = converse(&sys, fd, &data).await;
                        let _ = sys.close(fd);
                    });
                }
                Err(Errno::EINTR) => {}
                Err(_) => return,
            }
        }
    });
    web::until_signal(&sys, &[Signal::TERM, Signal::INT]).await;
    log(&sys, '#', "User requested shutdown...").await;
    log(&sys, '#', "Redis is now ready to exit, bye bye...").await;
    0
}

async fn log(sys: &Sys, mark: char, text: &str) {
    let (now, c) = (sys.clock(), sys.clock().civil());
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS[usize::from(c.month) - 1];
    let date = format!(
        "{:02} {month} {} {:02}:{:02}:{:02}.{:03}",
        c.day,
        c.year,
        c.hour,
        c.minute,
        c.second,
        now.nanos / 1_000_000
    );
    sys.out(&format!("{}:M {date} {mark} {text}\n", sys.pid())).await;
}

async fn converse(sys: &Sys, fd: Fd, data: &Data) -> Result<(), Errno> {
    let mut buffer = Vec::new();
    loop {
        while let Some((words, used)) = parse_request(&buffer) {
            buffer.drain(..used);
            if !words.is_empty() {
                let reply = execute(&words, &mut data.borrow_mut());
                sys.send_all(fd, reply.as_bytes()).await?;
            }
        }
        let more = sys.read(fd, 16_384).await?;
        if more.is_empty() || buffer.len() > 1 << 20 {
            return Ok(());
        }
        buffer.extend(more);
    }
}

/// A command, as an array of bulk strings or as a plain line; how many bytes it took.
fn parse_request(bytes: &[u8]) -> Option<(Vec<String>, usize)> {
    let (line, mut at) = line_at(bytes, 0)?;
    let Some(count) = line.strip_prefix('*') else {
        return Some((line.split_whitespace().map(String::from).collect(), at));
    };
    let mut words = Vec::new();
    for _ in 0..count.parse::<usize>().unwrap_or(0) {
        let (head, start) = line_at(bytes, at)?;
        let length: usize = head.strip_prefix('$')?.parse().ok()?;
        let word = bytes.get(start..start.checked_add(length)?)?;
        bytes.get(start + length..start + length + 2)?;
        words.push(String::from_utf8_lossy(word).into_owned());
        at = start + length + 2;
    }
    Some((words, at))
}

fn line_at(bytes: &[u8], from: usize) -> Option<(String, usize)> {
    let end = from + bytes.get(from..)?.iter().position(|&byte| byte == b'\n')?;
    let line = String::from_utf8_lossy(&bytes[from..end]).trim_end_matches('\r').to_string();
    Some((line, end + 1))
}

fn bulk(text: Option<&String>) -> String {
    text.map_or_else(|| "$-1\r\n".to_string(), |text| format!("${}\r\n{text}\r\n", text.len()))
}

fn execute(words: &[String], data: &mut SortedMap<String, String>) -> String {
    let name = words[0].to_uppercase();
    let wrong = || format!("-ERR wrong number of arguments for '{}' command\r\n", words[0].to_lowercase());
    let key = words.get(1);
    match (name.as_str(), key) {
        ("PING", None) => "+PONG\r\n".into(),
        ("PING" | "ECHO", Some(text)) => bulk(Some(text)),
        ("SET", Some(key)) => match words.get(2) {
            Some(value) => {
                data.insert(key.clone(), value.clone());
                "+OK\r\n".into()
            }
            None => wrong(),
        },
        ("GET", Some(key)) => bulk(data.get(key)),
        ("DEL", Some(_)) => {
            format!(":{}\r\n", words[1..].iter().filter(|key| data.remove(*key).is_some()).count())
        }
        ("EXISTS", Some(_)) => {
            format!(":{}\r\n", words[1..].iter().filter(|key| data.contains_key(*key)).count())
        }
        ("INCR" | "DECR", Some(key)) => {
            let by: i64 = if name == "INCR" { 1 } else { -1 };
            match data.get(key).map_or(Ok(0), |value| value.parse::<i64>()) {
                Ok(number) => {
                    data.insert(key.clone(), number.saturating_add(by).to_string());
                    format!(":{}\r\n", number.saturating_add(by))
                }
                Err(_) => "-ERR value is not an integer or out of range\r\n".into(),
            }
        }
        ("KEYS", Some(pattern)) => {
            let keys: Vec<&String> = data.keys().filter(|key| pattern == "*" || *key == pattern).collect();
            let list: String = keys.iter().map(|key| bulk(Some(key))).collect();
            format!("*{}\r\n{list}", keys.len())
        }
        ("DBSIZE", None) => format!(":{}\r\n", data.len()),
        ("FLUSHALL", None) => {
            data.clear();
            "+OK\r\n".into()
        }
        ("ECHO" | "SET" | "GET" | "DEL" | "EXISTS" | "INCR" | "DECR" | "KEYS", None) => wrong(),
        _ => format!("-ERR redis-server: the command {name} is not simulated\r\n"),
    }
}

async fn client(sys: Sys, args: Args) -> ExitCode {
    let (mut host, mut port, mut words) = ("127.0.0.1".to_string(), 6379, Vec::new());
    let mut rest = args[1..].iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "-h" => host = rest.next().cloned().unwrap_or_default(),
            "-p" => port = rest.next().and_then(|number| number.parse().ok()).unwrap_or(6379),
            _ => {
                words.push(word.clone());
                words.extend(rest.by_ref().cloned());
            }
        }
    }
    let address = match resolver::lookup_host(&sys, &host).await {
        Ok(addresses) => addresses[0],
        Err(error) => {
            sys.err(&format!("Could not connect to Redis at {host}:{port}: {}\n", error.text())).await;
            return 1;
        }
    };
    let fd = match sys.connect(SocketAddr::new(IpAddr::V4(address), port)).await {
        Ok(fd) => fd,
        Err(errno) => {
            sys.err(&format!("Could not connect to Redis at {host}:{port}: {errno}\n")).await;
            return 1;
        }
    };
    if words.is_empty() {
        let input = sys.read_to_end(0).await.unwrap_or_default();
        for line in String::from_utf8_lossy(&input).lines().filter(|line| !line.trim().is_empty()) {
            let words: Vec<String> = line.split_whitespace().map(String::from).collect();
            ask(&sys, fd, &words).await;
        }
    } else {
        ask(&sys, fd, &words).await;
    }
    0
}

async fn ask(sys: &Sys, fd: Fd, words: &[String]) {
    let request: String = std::iter::once(format!("*{}\r\n", words.len()))
        .chain(words.iter().map(|word| bulk(Some(word))))
        .collect();
    let mut reply = Vec::new();
    if sys.write_all(fd, request.as_bytes()).await.is_err() {
        return;
    }
    let terminal = sys.isatty(1);
    loop {
        if let Some(text) = show(&reply, terminal) {
            sys.out(&format!("{text}\n")).await;
            return;
        }
        match sys.read(fd, 16_384).await {
            Ok(more) if !more.is_empty() => reply.extend(more),
            _ => return,
        }
    }
}

/// A whole reply as the client shows it: with types on a terminal, bare in a pipe.
fn show(bytes: &[u8], terminal: bool) -> Option<String> {
    let (line, at) = line_at(bytes, 0)?;
    let rest = line.get(1..).unwrap_or("").to_string();
    match line.chars().next()? {
        '+' => Some(rest),
        '-' if terminal => Some(format!("(error) {rest}")),
        '-' => Some(format!("{rest}\n")),
        ':' if terminal => Some(format!("(integer) {rest}")),
        ':' => Some(rest),
        '$' if rest == "-1" => Some(if terminal { "(nil)".into() } else { String::new() }),
        '$' => {
            let length: usize = rest.parse().ok()?;
            let text = String::from_utf8_lossy(bytes.get(at..at + length)?).into_owned();
            Some(if terminal { format!("{text:?}") } else { text })
        }
        '*' => {
            let (words, _) = parse_request(bytes)?;
            if words.is_empty() {
                return Some(if terminal { "(empty array)".into() } else { String::new() });
            }
            let lines = words.iter().enumerate();
            let lines: Vec<String> = lines
                .map(|(n, word)| if terminal { format!("{}) {word:?}", n + 1) } else { word.clone() })
                .collect();
            Some(lines.join("\n"))
        }
        _ => Some(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_and_answered() {
        let mut data = SortedMap::new();
        let mut ask = |line: &str| {
            let (words, used) = parse_request(line.as_bytes()).expect("a whole command");
            assert_eq!(used, line.len());
            execute(&words, &mut data)
        };
        assert_eq!(ask("PING\r\n"), "+PONG\r\n");
        assert_eq!(ask("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"), "+OK\r\n");
        assert_eq!(ask("incr a\r\n"), ":2\r\n");
        assert_eq!(ask("GET a\r\n"), "$1\r\n2\r\n");
        assert_eq!(ask("GET\r\n"), "-ERR wrong number of arguments for 'get' command\r\n");
        assert!(parse_request(b"*1\r\n$4\r\nPI").is_none());
    }
}
