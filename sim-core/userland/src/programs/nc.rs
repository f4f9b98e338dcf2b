//! `nc`, OpenBSD's: arbitrary TCP and UDP connections, from and to a terminal or a pipe.

use super::lookup;
use super::support::{options::Problem, prelude::*, program};
use linux::fd::PollFd;
use linux::resolver::{self, ResolveError};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

program!(PROGRAM, "nc", "TCP/IP swiss army knife", main);

const TABLE: &str =
    "4 d k l N n u v z r p: q: s: w: W: !6 !b !C !D !F h !S !t !U !Z !I: !i: !M: !m: !O: !P: !T: !V: !X: !x:";

const USAGE: &str = "usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]
	  [-m minttl] [-O length] [-P proxy_username] [-p source_port]
	  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]
	  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]
	  [destination] [port]
";

/// How long a probe by UDP waits for an error to come back.
const UDP_PROBE: u32 = 3;

/// What connecting gives when `-w` is over; it gives this for no other reason.
const TIMED_OUT: Errno = Errno::EAGAIN;

struct Nc {
    sys: Sys,
    udp: bool,
    verbose: bool,
    numeric: bool,
    /// `-d`: standard input is not read.
    deaf: bool,
    /// `-N`: the end of standard input is passed on.
    shuts: bool,
    timeout: Option<Duration>,
    /// `-q`: how long to go on behind the end of standard input.
    quit: Option<Duration>,
    /// `-W`: packets to take.
    limit: Option<u64>,
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    sys.cpu(Duration::from_micros(500)).await;
    let options = match super::support::options::read(&args, TABLE) {
        Ok(options) => options,
        Err(Problem::NotSimulated(option)) => {
            return not_simulated(&sys, "nc", &format!("the option {option}")).await;
        }
        Err(Problem::Usage(text)) => {
            sys.err(&format!("nc: {text}\n{USAGE}")).await;
            return 1;
        }
    };
    if options.has("h") {
        sys.err(&format!("OpenBSD netcat (Debian patchlevel 1.226-1ubuntu2)\n{USAGE}")).await;
        return 0;
    }
    let seconds = |key: &str| options.value(key).map(|text| text.parse::<u32>().ok());
    for (key, what) in [("w", "timeout"), ("q", "quit timer"), ("W", "receive limit")] {
        if let (Some(None), Some(text)) = (seconds(key), options.value(key)) {
            // `-q -1` is for ever, which is what it is without.
            if key != "q" {
                return fail(&sys, &format!("{what} invalid: {text}")).await;
            }
        }
    }
    let duration = |key: &str| seconds(key).flatten().map(|seconds| Duration::from_secs(u64::from(seconds)));
    let nc = Nc {
        sys: sys.clone(),
        udp: options.has("u"),
        verbose: options.has("v"),
        numeric: options.has("n"),
        deaf: options.has("d"),
        shuts: options.has("N"),
        timeout: duration("w"),
        quit: duration("q"),
        limit: seconds("W").flatten().map(u64::from),
    };
    let source = match options.value("s").map(str::parse::<Ipv4Addr>) {
        Some(Err(_)) => return not_simulated(&sys, "nc", "a source address by name").await,
        Some(Ok(address)) => Some(address),
        None => None,
    };
    let given = options.value("p").map(String::from);
    match options.operands.as_slice() {
        [] if options.has("l") && given.is_some() => {
            nc.listen(source, given.as_deref(), options.has("k")).await
        }
        [port] if options.has("l") => {
            let (host, port) = if given.is_some() {
                (port.parse().ok(), given.as_deref())
            } else {
                (source, Some(port.as_str()))
            };
            nc.listen(host, port, options.has("k")).await
        }
        [host, port] if options.has("l") => {
            let Ok(address) = nc.resolve(host, port).await else { return 1 };
            nc.listen(Some(address), Some(port), options.has("k")).await
        }
        [host, ports] => nc.connect(host, ports, source, given.as_deref(), options.has("z")).await,
        [] if !options.has("l") => {
            sys.err(USAGE).await;
            1
        }
        [] | [_] => fail(&sys, "missing port number").await,
        _ => {
            sys.err(USAGE).await;
            1
        }
    }
}

async fn fail(sys: &Sys, text: &str) -> ExitCode {
    complain(sys, "nc", text).await;
    1
}

/// A port, or a range of them.
fn ports(text: &str) -> Result<Vec<u16>, String> {
    let one = |text: &str| match text.parse::<u64>() {
        Ok(0) => Err(format!("port number too small: {text}")),
        Ok(number) => u16::try_from(number).map_err(|_| format!("port number too large: {text}")),
        Err(_) => lookup::port(text).ok_or_else(|| format!("service \"{text}\" unknown")),
    };
    match text.split_once('-') {
        Some((from, to)) if from.parse::<u64>().is_ok() => {
            let (from, to) = (one(from)?, one(to)?);
            Ok((from.min(to)..=from.max(to)).collect())
        }
        _ => one(text).map(|port| vec![port]),
    }
}

impl Nc {
    async fn resolve(&self, host: &str, port: &str) -> Result<Ipv4Addr, ()> {
        let found = match host.parse() {
            Ok(address) => Ok(address),
            Err(_) if self.numeric => Err(ResolveError::NotKnown),
            Err(_) => resolver::lookup_host(&self.sys, host).await.map(|found| found[0]),
        };
        match found {
            Ok(address) => Ok(address),
            Err(error) => {
                fail(&self.sys, &format!("getaddrinfo for host \"{host}\" port {port}: {}", error.text()))
                    .await;
                Err(())
            }
        }
    }

    async fn connect(
        &self,
        host: &str,
        list: &str,
        source: Option<Ipv4Addr>,
        own_port: Option<&str>,
        probe: bool,
    ) -> ExitCode {
        let list = match ports(list) {
            Ok(list) => list,
            Err(text) => return fail(&self.sys, &text).await,
        };
        let mut status = 1;
        for port in list {
            let Ok(address) = self.resolve(host, &port.to_string()).await else { return 1 };
            let to = SocketAddr::new(IpAddr::V4(address), port);
            let local = (source.is_some() || own_port.is_some()).then(|| {
                let port = own_port.and_then(lookup::port).unwrap_or(0);
                SocketAddr::new(IpAddr::V4(source.unwrap_or(Ipv4Addr::UNSPECIFIED)), port)
            });
            let shown =
                if host == address.to_string() { host.to_string() } else { format!("{host} ({address})") };
            let protocol = if self.udp { "udp" } else { "tcp" };
            let fd = match self.open(to, local).await {
                Ok(fd) => fd,
                Err(errno) => {
                    if self.verbose {
                        let why = match errno {
                            TIMED_OUT => "timed out: Operation now in progress".to_string(),
                            errno => format!("failed: {errno}"),
                        };
                        complain(
                            &self.sys,
                            "nc",
                            &format!("connect to {shown} port {port} ({protocol}) {why}"),
                        )
                        .await;
                    }
                    continue;
                }
            };
            if self.udp && probe && !self.udp_answers(fd, to).await {
                let _ = self.sys.close(fd);
                continue;
            }
            status = 0;
            if self.verbose {
                let service = lookup::service(port, self.udp).filter(|_| !self.numeric).unwrap_or("*");
                let text = format!("Connection to {shown} {port} port [{protocol}/{service}] succeeded!\n");
                self.sys.err(&text).await;
            }
            if !probe {
                self.pass(fd).await;
            }
            let _ = self.sys.close(fd);
        }
        status
    }

    async fn open(&self, to: SocketAddr, local: Option<SocketAddr>) -> Result<i32, Errno> {
        if self.udp {
            let fd = self.sys.udp(local.unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0)))?;
            self.sys.udp_connect(fd, to)?;
            return Ok(fd);
        }
        let connecting = self.sys.connect_from(local, to);
        match self.timeout {
            Some(timeout) => self.sys.timeout(timeout, connecting).await.unwrap_or(Err(TIMED_OUT)),
            None => connecting.await,
        }
    }

    /// Whether nobody objects to a few bytes.
    async fn udp_answers(&self, fd: i32, to: SocketAddr) -> bool {
        let times = self.timeout.map_or(UDP_PROBE, |timeout| timeout.as_secs() as u32);
        for at in 0..=times {
            if at > 0 {
                let _ = self.sys.sleep(Duration::from_secs(1)).await;
            }
            if self.sys.send_to(fd, b"X", to).await.is_err() {
                return false;
            }
        }
        true
    }

    async fn listen(&self, host: Option<Ipv4Addr>, port: Option<&str>, again: bool) -> ExitCode {
        let port = match ports(port.unwrap_or("")) {
            Ok(list) => list[0],
            Err(text) => return fail(&self.sys, &text).await,
        };
        let on = SocketAddr::new(IpAddr::V4(host.unwrap_or(Ipv4Addr::UNSPECIFIED)), port);
        let opened = if self.udp { self.sys.udp(on) } else { self.sys.listen(on, 1) };
        let listener = match opened {
            Ok(fd) => fd,
            Err(errno) => return fail(&self.sys, &errno.to_string()).await,
        };
        if self.verbose {
            let what = if self.udp { "Bound" } else { "Listening" };
            self.sys.err(&format!("{what} on {} {port}\n", on.ip())).await;
        }
        if self.udp {
            let Ok((first, from)) = self.sys.recv_from(listener, 65_536).await else { return 1 };
            if self.sys.udp_connect(listener, from).is_err() {
                return 1;
            }
            self.greet(from).await;
            let _ = self.sys.write_all(1, &first).await;
            if self.limit != Some(1) {
                self.pass(listener).await;
            }
            return 0;
        }
        loop {
            let accepted = match self.timeout {
                Some(timeout) => self.sys.timeout(timeout, self.sys.accept(listener)).await,
                None => Some(self.sys.accept(listener).await),
            };
            let Some(Ok((fd, from))) = accepted else { return 1 };
            if !again {
                // Nobody else gets in.
                let _ = self.sys.close(listener);
            }
            self.greet(from).await;
            self.pass(fd).await;
            let _ = self.sys.close(fd);
            if !again {
                return 0;
            }
        }
    }

    async fn greet(&self, from: SocketAddr) {
        if self.verbose {
            let name = if self.numeric { None } else { lookup::reverse(&self.sys, from.ip()).await };
            let name = name.unwrap_or_else(|| from.ip().to_string());
            self.sys.err(&format!("Connection received on {name} {}\n", from.port())).await;
        }
    }

    /// Passes on what comes, both ways, until the other side ends. Models readwrite.
    async fn pass(&self, fd: i32) {
        let mut input = !self.deaf;
        let mut timeout = self.timeout;
        let mut taken = 0;
        loop {
            let mut wanted = vec![PollFd { fd, readable: true, writable: false }];
            if input {
                wanted.push(PollFd { fd: 0, readable: true, writable: false });
            }
            let ready = match self.sys.poll(&wanted, timeout).await {
                Ok(ready) => ready,
                Err(Errno::EINTR) => continue,
                Err(_) => return,
            };
            if ready.iter().all(|(readable, _)| !readable) {
                return;
            }
            if ready[0].0 {
                match self.sys.read(fd, 16_384).await {
                    Ok(bytes) if bytes.is_empty() && !self.udp => return,
                    Ok(bytes) => {
                        if self.sys.write_all(1, &bytes).await.is_err() {
                            return;
                        }
                        taken += 1;
                        if self.limit == Some(taken) {
                            return;
                        }
                    }
                    Err(_) => return,
                }
            }
            if ready.get(1).is_some_and(|(readable, _)| *readable) {
                match self.sys.read(0, 16_384).await {
                    Ok(bytes) if !bytes.is_empty() => {
                        if self.sys.write_all(fd, &bytes).await.is_err() {
                            return;
                        }
                    }
                    _ => {
                        input = false;
                        if self.shuts && !self.udp {
                            let _ = self.sys.shutdown(fd, false);
                        }
                        match self.quit {
                            Some(Duration::ZERO) => return,
                            Some(quit) => timeout = Some(quit),
                            None => {}
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_bed::Bed;
    use super::*;

    #[test]
    fn ports_are_read() {
        assert_eq!(ports("80-82"), Ok(vec![80, 81, 82]));
        assert_eq!(ports("http"), Ok(vec![80]));
        assert_eq!(ports("99999"), Err("port number too large: 99999".into()));
        assert_eq!(ports("foo"), Err("service \"foo\" unknown".into()));
    }

    #[test]
    fn probes_ports() {
        let bed = Bed::new(&[&PROGRAM]);
        let server = bed.serve("nc -lkv 9000");
        let succeeded = "Connection to 10.10.0.12 9000 port [tcp/*] succeeded!\n";
        assert_eq!(bed.run("nc -zv 10.10.0.12 9000").err, succeeded);
        assert_eq!(
            bed.run("nc -zv node2 9000").err,
            "Connection to node2 (10.10.0.12) 9000 port [tcp/*] succeeded!\n"
        );
        let refused = "nc: connect to 10.10.0.12 port 81 (tcp) failed: Connection refused\n? 1\n";
        assert_eq!(bed.run("nc -zv 10.10.0.12 81").all(), refused);
        assert_eq!(bed.run("nc -z 10.10.0.12 81").all(), "? 1\n");
        let lost = "nc: connect to 8.8.8.8 port 80 (tcp) timed out: Operation now in progress\n? 1\n";
        assert_eq!(bed.run("nc -zv -w1 8.8.8.8 80").all(), lost);
        let unknown = "nc: getaddrinfo for host \"node2\" port 80: Name or service not known\n? 1\n";
        assert_eq!(bed.run("nc -zvn node2 80").all(), unknown);
        assert_eq!(bed.run("nc -l").all(), "nc: missing port number\n? 1\n");
        assert_eq!(bed.feed("nc -N 10.10.0.12 9000", "hello\n").status, 0);
        bed.pass(100);
        assert_eq!(String::from_utf8(server.out.take()).unwrap(), "hello\n");
        let said = String::from_utf8(server.err.take()).unwrap();
        assert!(said.starts_with("Listening on 0.0.0.0 9000\nConnection received on node1 "), "{said}");
    }
}
