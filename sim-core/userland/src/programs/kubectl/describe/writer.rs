//! Levels and columns of a description, and the pieces that many descriptions share.

use crate::programs::kubectl::tabwriter::TabWriter;
use serde_json::{Map, Value};
use sim::{Ordered, Timestamp};
use std::fmt::Write as _;

/// Collects a description. A level is two spaces; a tab ends a column.
pub struct Writer {
    columns: TabWriter,
    done: String,
    /// The time for ages.
    pub now: Timestamp,
}

/// Annotations that are too long to be of use.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const MAX_ANNOTATION: usize = 140;

impl Writer {
    /// Nothing yet.
    pub fn new(now: Timestamp) -> Writer {
        Writer { columns: TabWriter::describe(), done: String::new(), now }
    }

    /// Writes a line, or several, or a part of one.
    pub fn write(&mut self, level: usize, text: &str) {
        self.columns.push(&"  ".repeat(level));
        self.columns.push(text);
    }

    /// `LABEL:  VALUE`.
    pub fn field(&mut self, level: usize, label: &str, value: &str) {
        self.write(level, &format!("{label}:\t{value}\n"));
    }

    /// The value as its text; nothing for what is absent.
    pub fn value(&mut self, level: usize, label: &str, value: &Value) {
        self.field(level, label, &plain(value));
    }

    /// The value, if it is there.
    pub fn optional(&mut self, level: usize, label: &str, value: &Value) {
        if !value.is_null() && value != "" {
            self.value(level, label, value);
        }
    }

    /// A moment, as RFC 1123 has it.
    pub fn time(&mut self, level: usize, label: &str, value: &Value) {
        self.field(level, label, &rfc1123(value));
    }

    /// Aligns what was written so far by itself.
    pub fn flush(&mut self) {
        self.done.push_str(&self.columns.flush());
    }

    /// All of it, its columns not aligned.
    pub fn raw(&mut self) -> String {
        self.columns.take()
    }

    /// All of it.
    pub fn finish(&mut self) -> String {
        self.flush();
        std::mem::take(&mut self.done)
    }

    /// `Labels:` with one label per line, or `<none>`.
    pub fn labels(&mut self, title: &str, labels: &Value) {
        self.write(0, &format!("{title}:\t"));
        let lines: Vec<String> =
            entries(labels).map(|(key, value)| format!("{key}={}", plain(value))).collect();
        self.lines(&lines);
    }

    fn lines(&mut self, lines: &[String]) {
        if lines.is_empty() {
            return self.write(0, "<none>\n");
        }
        for (i, line) in lines.iter().enumerate() {
            if i > 0 {
                self.write(0, "\t");
            }
            self.write(0, &format!("{line}\n"));
        }
    }

    /// `Annotations:` likewise; long ones are cut.
    pub fn annotations(&mut self, title: &str, annotations: &Value) {
        self.write(0, &format!("{title}:\t"));
        let mut lines: Vec<String> = Vec::new();
        for (key, value) in entries(annotations).filter(|(key, _)| *key != LAST_APPLIED) {
            let value = plain(value);
            let value = value.strip_suffix('\n').unwrap_or(&value);
            if value.len() + key.len() + 2 > MAX_ANNOTATION || value.contains('\n') {
                lines.push(format!("{key}:"));
                lines
                    .extend(value.split('\n').map(|line| format!("  {}", shorten(line, MAX_ANNOTATION - 2))));
            } else {
                lines.push(format!("{key}: {value}"));
            }
        }
        self.lines(&lines);
    }

    /// `Tolerations:`.
    pub fn tolerations(&mut self, title: &str, tolerations: &Value) {
        self.write(0, &format!("{title}:\t"));
        let mut sorted: Vec<&Value> = items(tolerations).iter().collect();
        sorted.order_by_key(|t| t["key"].as_str().unwrap_or("").to_string());
        let lines: Vec<String> = sorted.into_iter().map(toleration).collect();
        self.lines(&lines);
    }

    /// How long ago a moment was.
    pub fn age(&self, time: &Value) -> String {
        human_age(self.now, time)
    }

    /// `Name`, `Namespace`, `Labels`, `Annotations`: how most descriptions begin.
    pub fn head(&mut self, object: &Value) {
        let metadata = &object["metadata"];
        self.value(0, "Name", &metadata["name"]);
        self.value(0, "Namespace", &metadata["namespace"]);
        self.labels("Labels", &metadata["labels"]);
        self.annotations("Annotations", &metadata["annotations"]);
    }
}

fn toleration(t: &Value) -> String {
    let field = |name: &str| t[name].as_str().unwrap_or("");
    let (key, value, effect) = (field("key"), field("value"), field("effect"));
    let mut line = key.to_string();
    if !value.is_empty() {
        let _ = write!(line, "={value}");
    }
    if !effect.is_empty() {
        let _ = write!(line, ":{effect}");
    }
    if field("operator") == "Exists" && value.is_empty() {
        line.push_str(if key.is_empty() && effect.is_empty() { "op=Exists" } else { " op=Exists" });
    }
    if let Some(seconds) = t["tolerationSeconds"].as_i64() {
        let _ = write!(line, " for {seconds}s");
    }
    line
}

fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        text.to_string()
    } else {
        text.chars().take(max).collect::<String>() + "..."
    }
}

/// How long before `now` a moment was, as `5s`, `2m5s`, `3d`.
pub fn human_age(now: Timestamp, time: &Value) -> String {
    let Some(text) = time.as_str() else { return "<unknown>".to_string() };
    let Some(then) = Timestamp::parse_rfc3339(text) else { return "<unknown>".to_string() };
    let whole = |t: Timestamp| i128::from(t.seconds) * 1_000_000_000 + i128::from(t.nanos);
    let seconds = (whole(now) - whole(then)).div_euclid(1_000_000_000);
    human_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// Models `k8s.io/apimachinery/pkg/util/duration.HumanDuration`.
pub fn human_seconds(seconds: i64) -> String {
    if seconds < -1 {
        return "<invalid>".to_string();
    }
    if seconds < 0 {
        return "0s".to_string();
    }
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let with_rest = |whole: i64, unit: &str, rest: i64, rest_unit: &str| {
        if rest == 0 { format!("{whole}{unit}") } else { format!("{whole}{unit}{rest}{rest_unit}") }
    };
    if seconds < 120 {
        format!("{seconds}s")
    } else if minutes < 10 {
        with_rest(minutes, "m", seconds % 60, "s")
    } else if minutes < 180 {
        format!("{minutes}m")
    } else if hours < 8 {
        with_rest(hours, "h", minutes % 60, "m")
    } else if hours < 48 {
        format!("{hours}h")
    } else if hours < 192 {
        with_rest(hours / 24, "d", hours % 24, "h")
    } else if hours < 24 * 365 * 2 {
        format!("{}d", hours / 24)
    } else if hours < 24 * 365 * 8 {
        with_rest(hours / 24 / 365, "y", (hours / 24) % 365, "d")
    } else {
        format!("{}y", hours / 24 / 365)
    }
}

/// `Sun, 22 Nov 2026 20:02:08 +0000`.
pub fn rfc1123(time: &Value) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let Some(time) = time.as_str().and_then(Timestamp::parse_rfc3339) else {
        return "Mon, 01 Jan 0001 00:00:00 +0000".to_string();
    };
    let c = time.civil();
    let day = DAYS.get(usize::from(c.weekday)).unwrap_or(&"");
    let month = MONTHS.get(usize::from(c.month).saturating_sub(1)).unwrap_or(&"");
    format!("{day}, {:02} {month} {:04} {:02}:{:02}:{:02} +0000", c.day, c.year, c.hour, c.minute, c.second)
}

/// The items of a list; none for what is absent.
pub fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The fields of an object, sorted; none for what is absent.
pub fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

/// A value as Go's `%v` prints it.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The text, or `<none>`.
pub fn or_none(text: &str) -> &str {
    if text.is_empty() { "<none>" } else { text }
}

/// `True` or `False`.
pub fn title_bool(value: &Value) -> &'static str {
    if value == true { "True" } else { "False" }
}

/// A label selector of `matchLabels` and `matchExpressions` as one line; `<none>` is for the caller.
pub fn selector_text(selector: &Value) -> String {
    let mut parts: Vec<String> =
        entries(&selector["matchLabels"]).map(|(key, value)| format!("{key}={}", plain(value))).collect();
    for expression in items(&selector["matchExpressions"]) {
        let key = plain(&expression["key"]);
        let values: Vec<String> = items(&expression["values"]).iter().map(plain).collect();
        let values = values.join(",");
        parts.push(match expression["operator"].as_str().unwrap_or("") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key,
        });
    }
    parts.order();
    parts.join(",")
}

/// `app=blue,tier=front`, or `<none>`.
pub fn labels_text(labels: &Value) -> String {
    let pairs: Vec<String> = entries(labels).map(|(key, value)| format!("{key}={}", plain(value))).collect();
    or_none(&pairs.join(",")).to_string()
}

/// `ReplicaSet/blue-796f87cc56`, when the object has a controller.
pub fn controller(object: &Value) -> Option<String> {
    let owner = items(&object["metadata"]["ownerReferences"]).iter().find(|o| o["controller"] == true)?;
    Some(format!("{}/{}", plain(&owner["kind"]), plain(&owner["name"])))
}
