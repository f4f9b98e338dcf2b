//! The progress meter on standard error.

use linux::Sys;
use sim::Instant;

const HEADER: &str = "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                 Dload  Upload   Total   Spent    Left  Speed
";

/// The meter of one transfer.
pub(super) struct Progress {
    sys: Sys,
    shown: Shown,
    start: Instant,
    last: Instant,
    /// Bytes expected, received and sent.
    pub(super) total: Option<u64>,
    pub(super) received: u64,
    pub(super) sent: u64,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Shown {
    Nothing,
    Meter,
    Bar,
}

impl Progress {
    pub(super) fn new(sys: &Sys, shown: Shown) -> Self {
        let now = sys.now();
        Progress { sys: sys.clone(), shown, start: now, last: now, total: None, received: 0, sent: 0 }
    }

    pub(super) async fn begin(&self) {
        if self.shown == Shown::Meter {
            self.sys.err(&format!("{HEADER}{}", self.line(0.0))).await;
        }
    }

    /// Shows how far it is; once a second.
    pub(super) async fn tick(&mut self) {
        let now = self.sys.now();
        if self.shown == Shown::Meter && now.duration_since(self.last).as_secs() >= 1 {
            self.last = now;
            self.sys.err(&self.line(now.duration_since(self.start).as_secs_f64())).await;
        }
    }

    /// When the next tick is due.
    pub(super) fn next_tick(&self) -> Option<Instant> {
        (self.shown == Shown::Meter).then(|| self.last + std::time::Duration::from_secs(1))
    }

    pub(super) async fn end(&self) {
        match self.shown {
            Shown::Nothing => {}
            Shown::Meter => {
                let seconds = self.sys.now().duration_since(self.start).as_secs_f64();
                self.sys.err(&format!("{}\n", self.line(seconds))).await;
            }
            Shown::Bar => {
                if self.received > 0 {
                    self.sys.err(&format!("\r{} 100.0%\n", "#".repeat(72))).await;
                }
            }
        }
    }

    fn line(&self, seconds: f64) -> String {
        let speed = |bytes: u64| if seconds > 0.0 { (bytes as f64 / seconds) as u64 } else { 0 };
        let size = self.total.unwrap_or(self.received);
        let percent = |part: u64, of: u64| (part * 100).checked_div(of).unwrap_or(0);
        let expected = if self.total.is_some() { size + self.sent } else { self.received };
        let spent = seconds as u64;
        let left_known =
            spent > 0 && self.total.is_some_and(|total| total > self.received) && self.received > 0;
        let total_time = if left_known { size / speed(self.received).max(1) } else { 0 };
        let download_percent =
            if self.total.is_none() && self.received > 0 { 0 } else { percent(self.received, size) };
        let overall = if self.total.is_none() && self.received > 0 {
            100
        } else {
            percent(self.received + self.sent, expected)
        };
        format!(
            "\r{:3} {}  {:3} {}  {:3} {}  {}  {} {} {} {} {}",
            overall,
            five(if self.total.is_none() { self.received } else { expected }),
            download_percent,
            five(self.received),
            percent(self.sent, self.sent),
            five(self.sent),
            five(speed(self.received)),
            five(speed(self.sent)),
            clock(total_time),
            clock(spent),
            clock(total_time.saturating_sub(spent)),
            format_args!(" {}", five(speed(self.received + self.sent)))
        )
    }
}

/// A number of bytes in five places.
fn five(bytes: u64) -> String {
    const KILO: u64 = 1024;
    const MEGA: u64 = KILO * 1024;
    const GIGA: u64 = MEGA * 1024;
    match bytes {
        0..100_000 => format!("{bytes:5}"),
        _ if bytes < 10_000 * KILO => format!("{:4}k", bytes / KILO),
        _ if bytes < 100 * MEGA => format!("{:2}.{:1}M", bytes / MEGA, (bytes % MEGA) / (MEGA / 10)),
        _ if bytes < 10_000 * MEGA => format!("{:4}M", bytes / MEGA),
        _ => format!("{:4}G", bytes / GIGA),
    }
}

fn clock(seconds: u64) -> String {
    if seconds == 0 {
        return "--:--:--".to_string();
    }
    format!("{:2}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60).replace(' ', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fit_into_five_places() {
        assert_eq!(
            [five(332), five(99_999), five(300_000), five(20 * 1024 * 1024)],
            ["  332", "99999", " 292k", "20.0M"]
        );
        assert_eq!([clock(0), clock(61)], ["--:--:--", " 0:01:01"]);
    }
}
