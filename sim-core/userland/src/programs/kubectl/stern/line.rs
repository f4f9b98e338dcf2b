//! A line of a log as stern shows it: templates, colors, and which lines were read before.

use super::{Stern, Target};
use encoding::json;
use regex_lite::Regex;
use serde_json::Value;

/// Codes of colors: of pods, and darker for containers.
const COLORS: &[(&str, &str)] =
    &[("96", "36"), ("92", "32"), ("95", "35"), ("93", "33"), ("94", "34"), ("91", "31")];

/// Which template.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    Default,
    Raw,
    Json,
    ExtJson,
    PrettyExtJson,
}

/// How far a log has been read: times of logs are asked for by the second.
#[derive(Default)]
pub(super) struct Place {
    /// The second of the last line.
    pub(super) second: String,
    /// How many lines of that second there were.
    pub(super) lines: usize,
    /// How many of them come once more.
    pub(super) skip: usize,
}

impl Place {
    /// Goes on by a line; false when it was read before.
    fn is_new(&mut self, time: &str) -> bool {
        let second = format!("{}Z", time.split(['.', 'Z']).next().unwrap_or_default());
        if second == self.second && self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if second != self.second {
            *self = Place { second, ..Place::default() };
        }
        self.lines += 1;
        true
    }
}

impl Stern {
    /// A line of a log as it is shown; nothing when it is left out.
    pub(super) fn line(&self, target: &Target, place: &mut Place, line: &str) -> Option<String> {
        let Some((time, message)) = line.split_once(' ') else {
            return Some(self.printed(target, &format!("[missing timestamp] {line}")));
        };
        if !place.is_new(time) {
            return None;
        }
        let matches = |expressions: &[Regex]| expressions.iter().any(|e| e.is_match(message));
        if matches(&self.exclude) || !self.include.is_empty() && !matches(&self.include) {
            return None;
        }
        let mut message = message.to_string();
        if let Some(highlight) = &self.highlight {
            let marked = |found: &regex_lite::Captures<'_>| self.paint("31;1", "0;22", &found[0]);
            message = highlight.replace_all(&message, marked).into_owned();
        }
        let stamp = match self.k.flags.str("timestamps") {
            "" => None,
            // MM-DD HH:MM:SS
            "short" => time.get(5..19).map(|time| time.replace('T', " ")),
            _ => Some(nanoseconds(time)),
        };
        Some(self.printed(target, &stamp.map_or(message.clone(), |stamp| format!("{stamp} {message}"))))
    }

    /// By the template.
    fn printed(&self, target: &Target, message: &str) -> String {
        let (pod_color, container_color) = self.colors(target);
        let pod = self.paint(pod_color, "0", &target.pod);
        let container = self.paint(container_color, "0", &target.container);
        let namespace = self.paint(pod_color, "0", &target.namespace);
        let extended = || match json::parse(message) {
            Ok(_) => message.to_string(),
            Err(_) => json::compact(&Value::from(message)),
        };
        match self.output {
            Output::Raw => format!("{message}\n"),
            Output::Default if self.namespaced => format!("{namespace} {pod} {container} {message}\n"),
            Output::Default => format!("{pod} {container} {message}\n"),
            Output::Json => {
                let names = [
                    ("message", Value::from(message)),
                    ("nodeName", Value::from(&*target.node)),
                    ("namespace", Value::from(&*target.namespace)),
                    ("podName", Value::from(&*target.pod)),
                    ("containerName", Value::from(&*target.container)),
                    ("labels", target.labels.clone()),
                    ("annotations", target.annotations.clone()),
                ];
                let fields: Vec<String> = names
                    .iter()
                    .map(|(name, value)| format!("\"{name}\":{}", json::compact(value)))
                    .collect();
                format!("{{{}}}\n", fields.join(","))
            }
            Output::ExtJson | Output::PrettyExtJson => {
                let mut fields = Vec::new();
                if self.k.flags.bool("all-namespaces") {
                    fields.push(format!("\"namespace\": \"{namespace}\""));
                }
                fields.push(format!("\"pod\": \"{pod}\""));
                fields.push(format!("\"container\": \"{container}\""));
                fields.push(format!("\"message\": {}", extended()));
                match self.output {
                    Output::ExtJson => format!("{{{}}}\n", fields.join(", ")),
                    _ => format!("{{\n  {}\n}}\n", fields.join(",\n  ")),
                }
            }
        }
    }

    /// Says that a log begins or ends.
    pub(super) async fn mark(&self, target: &Target, sign: &str, color: &str) {
        if self.k.flags.bool("only-log-lines") {
            return;
        }
        let (pod_color, container_color) = self.colors(target);
        let sign = self.paint(&format!("{color};1"), "0;22", sign);
        let namespace = match self.namespaced {
            true => self.paint(pod_color, "0", &target.namespace) + " ",
            false => String::new(),
        };
        let pod = self.paint(pod_color, "0", &target.pod);
        let container = self.paint(container_color, "0", &target.container);
        self.k.err(&format!("{sign} {namespace}{pod} › {container}\n")).await;
    }

    fn colors(&self, target: &Target) -> (&'static str, &'static str) {
        let (pod, container) = COLORS[color_of(&target.pod)];
        match self.k.flags.bool("diff-container") {
            true => (pod, COLORS[color_of(&target.container)].1),
            false => (pod, container),
        }
    }

    fn paint(&self, color: &str, end: &str, text: &str) -> String {
        if self.colored { format!("\x1b[{color}m{text}\x1b[{end}m") } else { text.to_string() }
    }
}

/// Names have colors by their FNV-1 hash.
fn color_of(name: &str) -> usize {
    let hash = name.bytes().fold(2_166_136_261_u32, |hash, b| hash.wrapping_mul(16_777_619) ^ u32::from(b));
    hash as usize % COLORS.len()
}

/// A time with all nine digits of its nanoseconds.
fn nanoseconds(time: &str) -> String {
    let time = time.trim_end_matches('Z');
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    format!("{seconds}.{fraction:0<9}Z")
}
