//! All that is not compared, in one place. Everything else is compared to the byte.

use crate::Answer;
use podium::serve_api::Calendar;
use regex_lite::{Captures, Regex};
use std::path::Path;

/// When kubectl 1.35.2 was built, and the server.
const BUILT: [(&str, &str); 2] =
    [("2026-02-26T20:05:34Z", "BUILT-THEN"), ("2026-02-26T20:14:50Z", "SERVER-BUILT")];

/// What the real side has elsewhere.
pub struct Places<'a> {
    /// The server's address.
    pub url: &'a str,
    /// The learner's home.
    pub home: &'a Path,
}

/// The real side's answer as it would read in the simulated world: same address, same home, same date.
pub fn theirs(answer: &Answer, places: &Places<'_>, calendar: Calendar) -> Answer {
    let text = |text: &str| {
        let text = text.replace(places.url, "https://10.10.0.11:6443");
        // Errors of the network name the server without its scheme.
        let text = text.replace(places.url.trim_start_matches("https://"), "10.10.0.11:6443");
        let text = text.replace(&*places.home.to_string_lossy(), "/home/student");
        // The client's own build has nothing to do with the world's calendar.
        let text = BUILT.iter().fold(text, |text, (date, name)| text.replace(date, name));
        let text = String::from_utf8_lossy(&calendar.inward(text.as_bytes())).into_owned();
        let text = BUILT.iter().fold(text, |text, (date, name)| text.replace(name, date));
        both(&go_times(&long_dates(&text, calendar), calendar))
    };
    Answer { stdout: text(&answer.stdout), stderr: text(&answer.stderr), status: answer.status }
}

/// Our answer.
pub fn ours(answer: &Answer) -> Answer {
    Answer { stdout: both(&answer.stdout), stderr: both(&answer.stderr), status: answer.status }
}

/// `2026-01-05 08:00:00.25 +0000 UTC`, as Go prints a time by itself, in the world's calendar.
fn go_times(text: &str, calendar: Calendar) -> String {
    let time = Regex::new(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)? \+0000 UTC")
        .expect("the expression is well-formed");
    let moved = time.replace_all(text, |found: &Captures<'_>| {
        let plain = format!("{}T{}{}Z", &found[1], &found[2], found.get(3).map_or("", |f| f.as_str()));
        let moved = String::from_utf8_lossy(&calendar.inward(plain.as_bytes())).into_owned();
        format!("{} {} +0000 UTC", &moved[..10], &moved[11..19])
    });
    moved.into_owned()
}

/// What neither side can know of the other: the clock, the process and the line of code in klog's lines (`-v=6`), how
/// long a request took and how long its answer was, the names that kubectl draws for temporary files and debugging containers, and
/// when it wrote them.
fn both(text: &str) -> String {
    let klog = Regex::new(r"(?m)^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ ([a-z_]+\.go):\d+\]")
        .expect("the expression is well-formed");
    let text = klog.replace_all(text, "$1 $2]");
    let temporary =
        Regex::new(r"/tmp/(kubectl-edit-|LIVE-|MERGED-)\d+").expect("the expression is well-formed");
    let text = temporary.replace_all(&text, "/tmp/${1}N");
    let written = Regex::new(r"(?m)^(---|\+\+\+) (/tmp/\S+)\t.*$").expect("the expression is well-formed");
    let text = written.replace_all(&text, "$1 $2");
    let text = drawn_names(&text);
    let took = Regex::new(r"([mM]illiseconds)=\d+").expect("the expression is well-formed");
    let text = took.replace_all(&text, "$1=N");
    // Dates are told to the real side with parts of seconds, which makes its answers longer.
    let length = Regex::new(r"(?m)^(\tContent-Length: )\d+$|( \[truncated )\d+")
        .expect("the expression is well-formed");
    let text = length.replace_all(&text, "${1}${2}N");
    let date = Regex::new(r"(?m)^(\tDate: ).* GMT$").expect("the expression is well-formed");
    in_any_order(&date.replace_all(&text, "${1}D"))
}

/// The names that kubectl draws for debugging containers and for pods on nodes.
pub fn drawn_names(text: &str) -> String {
    let drawn = Regex::new(r"\b(debugger(-node\d+)?)-[bcdfghjklmnpqrstvwxz2456789]{5}\b")
        .expect("the expression is well-formed");
    drawn.replace_all(text, "$1-N").into_owned()
}

/// The answer to a command that lists labels or annotations, which Go takes from a map: its lines in one order.
pub fn listed(command: &str, answer: Answer) -> Answer {
    let is_list = (command.contains("label") || command.contains("annotate")) && command.contains(" --list");
    if !is_list {
        return answer;
    }
    let mut lines: Vec<&str> = answer.stdout.split_inclusive('\n').collect();
    lines.sort_unstable();
    Answer { stdout: lines.concat(), ..answer }
}

/// What Go takes from a map comes in any order, as does what it does at the same time: the gates that client-go tells
/// of, the headers of a curl command, the pods that a drain evicts.
fn in_any_order(text: &str) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(curl).collect();
    for run in lines.chunk_by_mut(|a, b| group(a).is_some() && group(a) == group(b)) {
        run.sort();
    }
    lines.concat()
}

/// Which of the sets of lines without an order it belongs to.
fn group(line: &str) -> Option<usize> {
    let evicted = line.starts_with("pod/") && line.ends_with(" evicted\n");
    [line.starts_with("I envvar.go]"), line.starts_with("evicting pod "), evicted].iter().position(|is| *is)
}

fn curl(line: &str) -> String {
    if !line.starts_with("\tcurl -v ") {
        return line.to_string();
    }
    let header = Regex::new(" -H \"[^\"]*\"").expect("the expression is well-formed");
    let mut headers: Vec<&str> = header.find_iter(line).map(|found| found.as_str()).collect();
    headers.sort_unstable();
    format!("{}{}", header.replace_all(line, ""), headers.concat())
}

/// `Mon, 05 Jan 2026 08:00:00 +0000`, as describe writes it, in the world's calendar.
fn long_dates(text: &str, calendar: Calendar) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let date = Regex::new(r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d) \+0000")
        .expect("the expression is well-formed");
    let moved = date.replace_all(text, |found: &Captures<'_>| {
        let Some(month) = MONTHS.iter().position(|month| *month == &found[2]) else {
            return found[0].to_string();
        };
        let plain = format!("{}-{:02}-{}T{}Z", &found[3], month + 1, &found[1], &found[4]);
        let moved = String::from_utf8_lossy(&calendar.inward(plain.as_bytes())).into_owned();
        let (year, month, day) = (&moved[..4], moved[5..7].parse().unwrap_or(1), &moved[8..10]);
        let month: usize = month;
        let name = weekday(year.parse().unwrap_or(0), month, day.parse().unwrap_or(1));
        format!("{name}, {day} {} {year} {} +0000", MONTHS[(month - 1) % 12], &moved[11..19])
    });
    moved.into_owned()
}

/// Models the method of Sakamoto.
fn weekday(year: usize, month: usize, day: usize) -> &'static str {
    const SHIFT: [usize; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
    let year = if month < 3 { year - 1 } else { year };
    let day = (year + year / 4 - year / 100 + year / 400 + SHIFT[(month - 1) % 12] + day) % 7;
    ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][day]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn their_answer_reads_as_ours() {
        let answer = Answer {
            stdout: "server: https://127.0.0.1:4711\nStart Time:  Tue, 06 Jan 2026 08:00:00 +0000\n".into(),
            stderr:
                "error: stat /tmp/x/home/lab/a.yaml\nI0106 08:00:00.000001   42 loader.go:9] milliseconds=7\n"
                    .into(),
            status: Some(1),
        };
        let places = Places { url: "https://127.0.0.1:4711", home: Path::new("/tmp/x/home") };
        let seen = theirs(&answer, &places, Calendar { ahead: 86_400_000_000_000 });
        assert_eq!(
            seen.stdout,
            "server: https://10.10.0.11:6443\nStart Time:  Mon, 05 Jan 2026 08:00:00 +0000\n"
        );
        assert_eq!(seen.stderr, "error: stat /home/student/lab/a.yaml\nI loader.go] milliseconds=N\n");
    }
}
