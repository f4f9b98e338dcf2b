//! `ping` of iputils: ICMP echo requests, and what comes back.

use super::support::{prelude::*, program};
use linux::net::{IcmpKind, IcmpMessage};
use linux::resolver;
use linux::signal::Disposition;
use sim::Instant;
use sim::SortedMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

program!(PROGRAM, "ping", "Send ICMP ECHO_REQUEST to network hosts", main);

const TABLE: &str = "c:|count i:|interval W: w: q n s: t: 4 v D O !A !6 !f !I: !l: !L !M: !p: !Q: !R !S: !T: !U !a !b !B !d !e: !F: \
    !m: !N: !r !C !V h";

/// How long ping waits for an answer when none has come yet.
const LINGER: Duration = Duration::from_secs(10);

/// Requests further back are forgotten.
const REMEMBERED: usize = 1024;

struct Ping {
    sys: Sys,
    fd: i32,
    to: IpAddr,
    size: usize,
    quiet: bool,
    numeric: bool,
    stamps: bool,
    name: Option<String>,
    outstanding: bool,
    began: Option<Instant>,
    /// Requests that nothing came back for.
    sent: SortedMap<u16, Instant>,
    /// How far behind answers were, at most: sent since the one that was answered, itself included.
    pipe: u64,
    transmitted: u64,
    received: u64,
    errors: u64,
    /// Round trips in microseconds.
    times: Vec<u64>,
    last_sent: Instant,
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    let name = &args[0];
    let options = match super::support::options::read(&args, TABLE) {
        Ok(options) => options,
        Err(super::support::options::Problem::NotSimulated(option)) => {
            return not_simulated(&sys, name, &format!("the option {option}")).await;
        }
        Err(super::support::options::Problem::Usage(text)) => {
            complain(&sys, name, &text).await;
            sys.err(USAGE).await;
            return 2;
        }
    };
    sys.cpu(Duration::from_millis(1)).await;
    if options.has("h") {
        sys.err(USAGE).await;
        return 2;
    }
    let ranges: [(&str, u64, u64); 4] =
        [("c", 1, i64::MAX as u64), ("s", 0, 65_507), ("t", 1, 255), ("w", 1, 2_147_483_647)];
    for (key, low, high) in ranges {
        let Some(text) = options.value(key) else { continue };
        match text.parse::<i128>() {
            Ok(number) if (i128::from(low)..=i128::from(high)).contains(&number) => {}
            Ok(_) => {
                complain(
                    &sys,
                    name,
                    &format!("invalid argument: '{text}': out of range: {low} <= value <= {high}"),
                )
                .await;
                return 1;
            }
            Err(_) => {
                complain(&sys, name, &format!("invalid argument: '{text}'")).await;
                return 1;
            }
        }
    }
    let seconds =
        |key: &str| options.value(key).map(|text| text.parse::<f64>().ok().filter(|n| *n >= 0.0 && *n < 1e7));
    for key in ["i", "W"] {
        if seconds(key) == Some(None) {
            let text = options.value(key).unwrap_or("");
            let what = if key == "i" { "bad timing interval" } else { "bad linger time" };
            complain(&sys, name, &format!("{what}: {text}")).await;
            return 2;
        }
    }
    let number = |key: &str| options.value(key).and_then(|text| text.parse::<u64>().ok());
    let interval = Duration::from_secs_f64(seconds("i").flatten().unwrap_or(1.0));
    if interval < Duration::from_millis(2) && sys.uid() != 0 {
        complain(&sys, name, "cannot flood; minimal interval allowed for user is 2ms").await;
        return 2;
    }
    let linger = seconds("W").flatten().filter(|n| *n > 0.0).map(Duration::from_secs_f64);
    let Some(target) = options.operands.last() else {
        complain(&sys, name, "usage error: Destination address required").await;
        return 1;
    };
    let numeric = target.parse::<Ipv4Addr>().is_ok();
    let host = match resolver::lookup(&sys, target).await {
        Ok(host) => host,
        Err(error) => {
            complain(&sys, name, &format!("{target}: {}", error.text())).await;
            return 2;
        }
    };
    let Some(address) = host.addresses.first().copied() else { return 2 };
    let shown = host.canonical_name;
    if let Err(errno) = sys.host().net().route_to(sys.namespaces().netns, IpAddr::V4(address)) {
        complain(&sys, name, &format!("connect: {errno}")).await;
        return 2;
    }
    let fd = match sys.icmp() {
        Ok(fd) => fd,
        Err(errno) => {
            complain(&sys, name, &format!("socktype: SOCK_RAW\n{name}: socket: {errno}")).await;
            return 2;
        }
    };
    let size = number("s").unwrap_or(56) as usize;
    sys.sigaction(Signal::INT, Disposition::Catch);
    sys.sigaction(Signal::QUIT, Disposition::Catch);
    sys.out(&format!("PING {shown} ({address}) {size}({}) bytes of data.\n", size + 28)).await;
    let mut ping = Ping {
        sys: sys.clone(),
        fd,
        to: IpAddr::V4(address),
        size,
        quiet: options.has("q"),
        numeric: numeric || options.has("n"),
        stamps: options.has("D"),
        name: None,
        outstanding: options.has("O"),
        began: None,
        sent: SortedMap::new(),
        pipe: 0,
        transmitted: 0,
        received: 0,
        errors: 0,
        times: Vec::new(),
        last_sent: sys.now(),
    };
    let deadline = number("w").map(|seconds| sys.now() + Duration::from_secs(seconds));
    let ttl = number("t").unwrap_or(64) as u8;
    let stopped = ping.run(name, number("c"), interval, linger, deadline, ttl).await;
    ping.statistics(&shown).await;
    let status = ping.status(number("c"), deadline.is_some() && !stopped);
    let _ = sys.close(fd);
    status
}

impl Ping {
    /// Sends and receives until it is over; whether by a signal.
    async fn run(
        &mut self,
        program: &str,
        count: Option<u64>,
        interval: Duration,
        linger: Option<Duration>,
        deadline: Option<Instant>,
        ttl: u8,
    ) -> bool {
        let mut next = self.sys.now();
        let mut over = None;
        loop {
            let now = self.sys.now();
            if deadline.is_some_and(|deadline| now >= deadline) {
                return false;
            }
            let all_sent = count.is_some_and(|count| self.transmitted >= count && deadline.is_none());
            if count.is_some_and(|count| self.received + self.errors >= count)
                || deadline.is_some() && self.errors > 0
            {
                return false;
            }
            if !all_sent && now >= next {
                let sequence = (self.transmitted + 1) as u16;
                if self.outstanding && self.transmitted > 0 && self.sent.contains_key(&(sequence - 1)) {
                    let text = format!("{}no answer yet for icmp_seq={}\n", self.stamp(), sequence - 1);
                    self.sys.out(&text).await;
                }
                match self.sys.send_echo(self.fd, self.to, sequence, self.size, ttl).await {
                    Ok(()) => {}
                    Err(Errno::EINTR) => return true,
                    Err(errno) if !self.quiet => {
                        complain(&self.sys, program, &format!("sendmsg: {errno}")).await;
                    }
                    Err(_) => {}
                }
                self.transmitted += 1;
                self.last_sent = now;
                self.began.get_or_insert(now);
                self.sent.insert(sequence, now);
                if self.sent.len() > REMEMBERED {
                    self.sent.pop_first();
                }
                next += interval;
                if next < now {
                    next = now + interval;
                }
                continue;
            }
            let until = if all_sent {
                // Fixed when the last request has been sent. Models __schedule_exit.
                let until = *over.get_or_insert_with(|| {
                    let patience = match self.times.iter().max() {
                        Some(longest) => Duration::from_micros(longest * 2).max(interval),
                        None => linger.unwrap_or(LINGER),
                    };
                    self.last_sent + patience
                });
                if now >= until {
                    return false;
                }
                until
            } else {
                next
            };
            let until = deadline.map_or(until, |deadline| until.min(deadline));
            let message = self.sys.timeout(until.duration_since(now), self.sys.recv_icmp(self.fd)).await;
            match message {
                None => {}
                Some(Ok(message)) => self.receive(message).await,
                Some(Err(_)) => match self.sys.take_signal() {
                    Some(Signal::QUIT) => self.summary().await,
                    Some(_) => return true,
                    None => self.sys.cpu(Duration::from_micros(10)).await,
                },
            }
        }
    }

    /// With `-D`, the time.
    fn stamp(&self) -> String {
        if !self.stamps {
            return String::new();
        }
        let at = self.sys.clock();
        format!("[{}.{:06}] ", at.seconds, at.nanos / 1000)
    }

    async fn receive(&mut self, message: IcmpMessage) {
        let stamp = self.stamp();
        let sent = self.sent.remove(&message.sequence);
        let behind = (self.transmitted as u16).wrapping_sub(message.sequence);
        if behind <= 0x7fff {
            self.pipe = self.pipe.max(u64::from(behind) + 1);
        }
        let from = self.label(message.from).await;
        let text = match message.kind {
            IcmpKind::EchoReply => {
                let Some(sent) = sent else { return };
                let micros = self.sys.now().duration_since(sent).as_micros() as u64;
                self.received += 1;
                self.times.push(micros);
                let time = format_time(micros);
                format!(
                    "{} bytes from {from}: icmp_seq={} ttl={} time={time} ms",
                    message.size, message.sequence, message.ttl
                )
            }
            kind => {
                self.errors += 1;
                format!("From {from} icmp_seq={} {}", message.sequence, error_text(kind))
            }
        };
        if !self.quiet {
            self.sys.out(&format!("{stamp}{text}\n")).await;
        }
    }

    /// The address with its name in front, as long as there is one and it was asked for by name.
    async fn label(&mut self, from: IpAddr) -> String {
        if self.numeric {
            return from.to_string();
        }
        if self.name.is_none() || from != self.to {
            let name = match from {
                IpAddr::V4(address) => resolver::reverse(&self.sys, address).await,
                IpAddr::V6(_) => None,
            };
            let name = name.unwrap_or_else(|| from.to_string());
            if from != self.to {
                return format!("{name} ({from})");
            }
            self.name = Some(name);
        }
        format!("{} ({from})", self.name.as_deref().unwrap_or(""))
    }

    /// `^\`
    async fn summary(&self) {
        let loss = self.loss();
        let mut text = format!("\r{}/{} packets, {loss}% loss", self.received, self.transmitted);
        if let Some(spread) = self.spread() {
            let moving = self.times.iter().fold(0_i64, |eight, time| match eight {
                0 => *time as i64 * 8,
                eight => eight + *time as i64 - eight / 8,
            });
            let [low, average, moving, high] =
                [spread.low, spread.average, moving as u64 / 8, spread.high].map(millis);
            text.push_str(&format!(", min/avg/ewma/max = {low}/{average}/{moving}/{high} ms"));
        }
        self.sys.err(&format!("{text}\n")).await;
    }

    async fn statistics(&self, shown: &str) {
        let elapsed = self.began.map_or(0, |began| self.last_sent.duration_since(began).as_millis());
        let mut text = format!(
            "\n--- {shown} ping statistics ---\n{} packets transmitted, {} received",
            self.transmitted, self.received
        );
        if self.errors > 0 {
            text.push_str(&format!(", +{} errors", self.errors));
        }
        if self.transmitted > 0 {
            text.push_str(&format!(", {}% packet loss, time {elapsed}ms", self.loss()));
        }
        text.push('\n');
        if let Some(spread) = self.spread() {
            let [low, average, high, deviation] =
                [spread.low, spread.average, spread.high, spread.deviation].map(millis);
            text.push_str(&format!("rtt min/avg/max/mdev = {low}/{average}/{high}/{deviation} ms"));
        }
        if self.pipe > 1 {
            let comma = if self.times.is_empty() { "" } else { ", " };
            text.push_str(&format!("{comma}pipe {}", self.pipe));
        }
        text.push('\n');
        self.sys.out(&text).await;
    }

    fn loss(&self) -> String {
        if self.transmitted == 0 {
            return "0".into();
        }
        let loss =
            (self.transmitted - self.received.min(self.transmitted)) as f64 * 100.0 / self.transmitted as f64;
        super::printf::float(b'g', loss, 6)
    }

    fn spread(&self) -> Option<Spread> {
        let count = self.times.len() as u64;
        let low = *self.times.iter().min()?;
        let high = *self.times.iter().max()?;
        let average = self.times.iter().sum::<u64>() / count;
        let squares = self.times.iter().map(|time| time * time).sum::<u64>() / count;
        let deviation = squares.saturating_sub(average * average).isqrt();
        Some(Spread { low, average, high, deviation })
    }

    fn status(&self, count: Option<u64>, by_deadline: bool) -> ExitCode {
        let short = by_deadline && count.is_some_and(|count| self.received < count);
        i32::from(self.received == 0 || short)
    }
}

/// What the last line says, in microseconds.
struct Spread {
    low: u64,
    average: u64,
    high: u64,
    deviation: u64,
}

fn millis(micros: u64) -> String {
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

/// Three digits that count, at most three behind the point.
fn format_time(micros: u64) -> String {
    match micros {
        t if t >= 99_950 => format!("{}", (t + 500) / 1000),
        t if t >= 9_995 => format!("{}.{}", (t + 50) / 1000, (t + 50) % 1000 / 100),
        t if t >= 1_000 => format!("{}.{:02}", (t + 5) / 1000, (t + 5) % 1000 / 10),
        t => millis(t),
    }
}

fn error_text(kind: IcmpKind) -> String {
    match kind {
        IcmpKind::TimeExceeded => "Time to live exceeded".into(),
        IcmpKind::Unreachable(code) => match code {
            0 => "Destination Net Unreachable".into(),
            1 => "Destination Host Unreachable".into(),
            2 => "Destination Protocol Unreachable".into(),
            3 => "Destination Port Unreachable".into(),
            4 => "Frag needed and DF set (mtu = 1500)".into(),
            9 => "Destination Net Prohibited".into(),
            10 => "Destination Host Prohibited".into(),
            13 => "Packet filtered".into(),
            code => format!("Dest Unreachable, Bad Code: {code}"),
        },
        IcmpKind::EchoReply => String::new(),
    }
}

const USAGE: &str = "
Usage
  ping [options] <destination>

Options:
  <destination>      dns name or ip address
  -a                 use audible ping
  -A                 use adaptive ping
  -B                 sticky source address
  -c <count>         stop after <count> replies
  -C                 call connect() syscall on socket creation
  -D                 print timestamps
  -d                 use SO_DEBUG socket option
  -e <identifier>    define identifier for ping session, default is random for
                     SOCK_RAW and kernel defined for SOCK_DGRAM
                     Imply using SOCK_RAW (for IPv4 only for identifier 0)
  -f                 flood ping
  -h                 print help and exit
  -I <interface>     either interface name or address
  -i <interval>      seconds between sending each packet
  -L                 suppress loopback of multicast packets
  -l <preload>       send <preload> number of packages while waiting replies
  -m <mark>          tag the packets going out
  -M <pmtud opt>     define mtu discovery, can be one of <do|dont|want>
  -n                 no dns name resolution
  -O                 report outstanding replies
  -p <pattern>       contents of padding byte
  -q                 quiet output
  -Q <tclass>        use quality of service <tclass> bits
  -s <size>          use <size> as number of data bytes to be sent
  -S <size>          use <size> as SO_SNDBUF socket option value
  -t <ttl>           define time to live
  -U                 print user-to-user latency
  -v                 verbose output
  -V                 print version and exit
  -w <deadline>      reply wait <deadline> in seconds
  -W <timeout>       time to wait for response

IPv4 options:
  -4                 use IPv4
  -b                 allow pinging broadcast
  -R                 record route
  -T <timestamp>     define timestamp, can be one of <tsonly|tsandaddr|tsprespec>

IPv6 options:
  -6                 use IPv6
  -F <flowlabel>     define flow label, default is random
  -N <nodeinfo opt>  use icmp6 node info query, try <help> as argument

For more details see ping(8).
";

#[cfg(test)]
mod tests {
    use super::super::test_bed::Bed;
    use super::*;
    use expect_test::expect;

    #[test]
    fn times_have_three_digits() {
        assert_eq!([87, 1_234, 12_340, 123_400].map(format_time), ["0.087", "1.23", "12.3", "123"]);
    }

    /// Without the measured times.
    fn steady(text: &str) -> String {
        let line = |line: &str| match line.split_once(" time=").or_else(|| line.split_once(" = ")) {
            Some((before, _)) => format!("{before} ...\n"),
            None => format!("{line}\n"),
        };
        text.lines().map(line).collect()
    }

    #[test]
    fn counts_answers_and_errors() {
        let bed = Bed::new(&[&PROGRAM]);
        expect![[r#"
            PING node2 (10.10.0.12) 56(84) bytes of data.
            64 bytes from node2 (10.10.0.12): icmp_seq=1 ttl=64 ...
            64 bytes from node2 (10.10.0.12): icmp_seq=2 ttl=64 ...

            --- node2 ping statistics ---
            2 packets transmitted, 2 received, 0% packet loss, time 1000ms
            rtt min/avg/max/mdev ...
        "#]]
        .assert_eq(&steady(&bed.run("ping -c 2 node2").all()));
        expect![[r#"
            PING 10.10.0.11 (10.10.0.11) 56(84) bytes of data.
            64 bytes from 10.10.0.11: icmp_seq=1 ttl=64 ...

            --- 10.10.0.11 ping statistics ---
            1 packets transmitted, 1 received, 0% packet loss, time 0ms
            rtt min/avg/max/mdev ...
        "#]]
        .assert_eq(&steady(&bed.run_in_pod("ping -c 1 10.10.0.11").all()));
        expect![[r#"
            PING 10.244.0.99 (10.244.0.99) 56(84) bytes of data.
            From 10.244.0.1 icmp_seq=1 Destination Host Unreachable

            --- 10.244.0.99 ping statistics ---
            1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms

            ? 1
        "#]]
        .assert_eq(&steady(&bed.run("ping -c 1 10.244.0.99").all()));
        expect![[r#"
            PING 10.244.0.97 (10.244.0.97) 56(84) bytes of data.

            --- 10.244.0.97 ping statistics ---
            3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2000ms
            pipe 3
            ? 1
        "#]]
        .assert_eq(&steady(&bed.run("ping -q -c 3 10.244.0.97").all()));
        expect![[r#"
            PING 10.244.0.98 (10.244.0.98) 56(84) bytes of data.

            --- 10.244.0.98 ping statistics ---
            2 packets transmitted, 0 received, 100% packet loss, time 1000ms

            ? 1
        "#]]
        .assert_eq(&steady(&bed.run("ping -c 2 -W1 10.244.0.98").all()));
        expect![[r#"
            PING 8.8.8.8 (8.8.8.8) 56(84) bytes of data.

            --- 8.8.8.8 ping statistics ---
            1 packets transmitted, 0 received, 100% packet loss, time 0ms

            ? 1
        "#]]
        .assert_eq(&steady(&bed.run("ping -q -c1 -W1 8.8.8.8").all()));
        expect![[r#"
            PING 10.10.0.12 (10.10.0.12) 56(84) bytes of data.
            64 bytes from 10.10.0.12: icmp_seq=1 ttl=64 ...
            64 bytes from 10.10.0.12: icmp_seq=2 ttl=64 ...
            64 bytes from 10.10.0.12: icmp_seq=3 ttl=64 ...
            64 bytes from 10.10.0.12: icmp_seq=4 ttl=64 ...

            --- 10.10.0.12 ping statistics ---
            4 packets transmitted, 4 received, 0% packet loss, time 3000ms
            rtt min/avg/max/mdev ...
        "#]]
        .assert_eq(&steady(&bed.interrupt("ping 10.10.0.12", 3300, Signal::INT).all()));
    }

    /// Texts as recorded of the real one.
    #[test]
    fn says_what_is_wrong() {
        let bed = Bed::new(&[&PROGRAM]);
        for (line, text, status) in [
            ("ping", "ping: usage error: Destination address required\n", 1),
            (
                "ping -c0 node2",
                "ping: invalid argument: '0': out of range: 1 <= value <= 9223372036854775807\n",
                1,
            ),
            ("ping -c", &format!("ping: option requires an argument -- 'c'\n{USAGE}"), 2),
            ("ping -z", &format!("ping: invalid option -- 'z'\n{USAGE}"), 2),
        ] {
            let left = bed.run(line);
            assert_eq!((left.err.as_str(), left.status), (text, status), "{line}");
        }
    }
}
