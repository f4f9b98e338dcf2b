//! Reading: events of libyaml, resolved to JSON values.

use encoding::yaml::{resolve, resolve_1_2};
use libyaml_safer::{Event, EventData, Parser, ScalarStyle};
use serde_json::{Map, Value};
use sim::SortedMap;

/// Splits a stream at its `---` lines, as `k8s.io/apimachinery/pkg/util/yaml` does before it parses anything.
pub fn documents(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if line.starts_with("---") && line.trim_end_matches(['\n', '\r', ' ', '\t']) == "---" {
            documents.push(String::new());
        } else if let Some(last) = documents.last_mut() {
            last.push_str(line);
        }
    }
    documents.retain(|document| !document.trim().is_empty());
    documents
}

/// As deep as collections may be nested; as many levels as `serde_json` takes.
pub const MAX_DEPTH: usize = 127;

/// The error of what is nested deeper.
pub const TOO_DEEP: &str = "yaml: too deep";

/// How the error begins with which kustomize refuses keys that come twice.
pub const TWICE: &str = "map[string]interface {}(nil): yaml: unmarshal errors:\n";

/// Reads the first document, strictly.
///
/// # Errors
/// Go's sentence: `yaml: line 4: did not find expected key`.
pub fn parse(text: &str) -> Result<Value, String> {
    let (value, twice) = parse_leniently(text)?;
    if twice.is_empty() {
        return Ok(value);
    }
    Err(format!("yaml: unmarshal errors:\n  {}", twice.join("\n  ")))
}

/// Reads the first document, where keys may stand twice: the last one counts. Gives a line about each of them too.
///
/// # Errors
/// As [`parse`].
pub fn parse_leniently(text: &str) -> Result<(Value, Vec<String>), String> {
    read(text, false)
}

/// Reads the first document as kustomize reads objects, with go-yaml v3: only `true` and `false` are truth values, dates
/// are moments, and no key may come twice.
///
/// # Errors
/// As [`parse`], or what begins with [`TWICE`].
pub fn parse_kyaml(text: &str) -> Result<Value, String> {
    let (value, twice) = read(text, true)?;
    if twice.is_empty() { Ok(value) } else { Err(format!("{TWICE}{}", twice.join("\n"))) }
}

fn read(text: &str, kyaml: bool) -> Result<(Value, Vec<String>), String> {
    let mut input = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut input);
    let anchors = SortedMap::new();
    let mut reader = Reader { parser, kyaml, anchors, decoded: 0, aliased: 0, depth: 0, twice: Vec::new() };
    loop {
        match reader.next()?.data {
            EventData::StreamEnd => return Ok((Value::Null, Vec::new())),
            EventData::StreamStart { .. } => {}
            EventData::DocumentStart { .. } => {
                let event = reader.next()?;
                let value = reader.value(event)?;
                // What is left of the stream is only checked.
                while !matches!(reader.next()?.data, EventData::DocumentEnd { .. } | EventData::StreamEnd) {}
                return Ok((value, reader.twice));
            }
            _ => {}
        }
    }
}

struct Reader<'r, 'b> {
    parser: Parser<&'r mut &'b [u8]>,
    /// By the rules of go-yaml v3.
    kyaml: bool,
    anchors: SortedMap<String, Anchor>,
    /// How many nodes were decoded, those of repetitions included.
    decoded: u64,
    /// How many of them were repetitions.
    aliased: u64,
    /// How many collections are open.
    depth: usize,
    /// A line about each key that stood twice in its map.
    twice: Vec<String>,
}

/// What an alias repeats.
enum Anchor {
    /// It is being read: whoever repeats it now would never end.
    Open,
    /// The value, and how many nodes it has.
    Read(Value, u64),
}

/// How much of a document may be repetitions: small ones may repeat as they like, large ones little.
/// Models `allowedAliasRatio` of go-yaml.
fn allowed_alias_ratio(decoded: u64) -> f64 {
    const LOW: u64 = 400_000;
    const HIGH: u64 = 4_000_000;
    match decoded {
        ..=LOW => 0.99,
        HIGH.. => 0.10,
        between => 0.99 - 0.89 * ((between - LOW) as f64 / (HIGH - LOW) as f64),
    }
}

impl Reader<'_, '_> {
    fn next(&mut self) -> Result<Event, String> {
        self.parser.parse().map_err(|error| sentence(&error))
    }

    /// Repeats what was read, if that does not get out of hand: nine lines can stand for a billion.
    fn alias(&mut self, anchor: &str) -> Result<Value, String> {
        let (value, nodes) = match self.anchors.get(anchor) {
            None => return Err(format!("yaml: unknown anchor '{anchor}' referenced")),
            Some(Anchor::Open) => return Err(format!("yaml: anchor '{anchor}' value contains itself")),
            Some(Anchor::Read(value, nodes)) => (value, *nodes),
        };
        self.decoded = self.decoded.saturating_add(nodes);
        self.aliased = self.aliased.saturating_add(nodes);
        let ratio = self.aliased as f64 / self.decoded as f64;
        if self.aliased > 100 && self.decoded > 1_000 && ratio > allowed_alias_ratio(self.decoded) {
            return Err("yaml: document contains excessive aliasing".to_string());
        }
        Ok(value.clone())
    }

    fn value(&mut self, event: Event) -> Result<Value, String> {
        if self.depth > MAX_DEPTH {
            return Err(TOO_DEEP.to_string());
        }
        self.depth += 1;
        let value = self.node(event);
        self.depth -= 1;
        value
    }

    fn node(&mut self, event: Event) -> Result<Value, String> {
        let line = event.start_mark.line + 1;
        let before = self.decoded;
        self.decoded += 1;
        if let EventData::MappingStart { anchor: Some(anchor), .. }
        | EventData::SequenceStart { anchor: Some(anchor), .. } = &event.data
        {
            self.anchors.insert(anchor.clone(), Anchor::Open);
        }
        let (anchor, value) = match event.data {
            EventData::Alias { anchor } => return self.alias(&anchor),
            EventData::Scalar { anchor, tag, value, style, .. } => {
                let plain = style == ScalarStyle::Plain;
                let value = match tag.as_deref() {
                    Some("tag:yaml.org,2002:str" | "!") => Value::from(value),
                    Some("tag:yaml.org,2002:int" | "tag:yaml.org,2002:float" | "tag:yaml.org,2002:bool") => {
                        resolve(&value)
                    }
                    _ if plain && self.kyaml => resolve_1_2(&value),
                    _ if plain => resolve(&value),
                    _ => Value::from(value),
                };
                (anchor, value)
            }
            EventData::SequenceStart { anchor, .. } => {
                let mut items = Vec::new();
                loop {
                    let event = self.next()?;
                    if event.data == EventData::SequenceEnd {
                        break (anchor, Value::Array(items));
                    }
                    items.push(self.value(event)?);
                }
            }
            EventData::MappingStart { anchor, .. } => {
                let mut map = Map::new();
                let mut merged = Map::new();
                let mut lines: SortedMap<String, u64> = SortedMap::new();
                loop {
                    let event = self.next()?;
                    if event.data == EventData::MappingEnd {
                        break;
                    }
                    let key_line = event.start_mark.line + 1;
                    let is_merge = matches!(&event.data, EventData::Scalar { value, style, .. }
                        if value == "<<" && *style == ScalarStyle::Plain);
                    let key = match event.data {
                        EventData::Scalar { value, .. } if self.kyaml => value,
                        _ => key_text(self.value(event)?)
                            .ok_or_else(|| format!("yaml: line {key_line}: invalid map key"))?,
                    };
                    let event = self.next()?;
                    let value = self.value(event)?;
                    if is_merge {
                        let sources = match value {
                            Value::Array(items) => items,
                            one => vec![one],
                        };
                        for source in sources {
                            let Value::Object(fields) = source else {
                                let why = "map merge requires map or sequence of maps as the value";
                                return Err(format!("yaml: {why}"));
                            };
                            for (key, value) in fields {
                                merged.entry(key).or_insert(value);
                            }
                        }
                    } else if self.kyaml {
                        if let Some(first) = lines.get(&key) {
                            self.twice.push(format!(
                                "  line {key_line}: mapping key {key:?} already defined at line {first}"
                            ));
                        }
                        lines.entry(key.clone()).or_insert(key_line);
                        map.insert(key, value);
                    } else if map.insert(key.clone(), value).is_some() {
                        self.twice.push(format!("line {key_line}: key {key:?} already set in map"));
                    }
                }
                for (key, value) in merged {
                    map.entry(key).or_insert(value);
                }
                (anchor, Value::Object(map))
            }
            _ => return Err(format!("yaml: line {line}: did not find expected node content")),
        };
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, Anchor::Read(value.clone(), self.decoded - before));
        }
        Ok(value)
    }
}

fn key_text(key: Value) -> Option<String> {
    match key {
        Value::String(text) => Some(text),
        Value::Bool(b) => Some(b.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null => Some("null".to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// The error as go-yaml words it, with the line that go-yaml counts.
fn sentence(error: &libyaml_safer::Error) -> String {
    let scanner = error.kind() == libyaml_safer::ErrorKind::Scanner;
    let line = [error.context_mark(), error.problem_mark()]
        .into_iter()
        .flatten()
        .map(|mark| mark.line)
        .find(|line| *line != 0)
        .map(|line| line + u64::from(scanner));
    match line {
        Some(line) => format!("yaml: line {line}: {}", error.problem()),
        None => format!("yaml: {}", error.problem()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scalars_are_those_of_yaml_1_1() {
        let text = "a: yes\nb: 'yes'\nc: 0777\nd: 0x1f\ne: 1e3\nf: 1.5\ng: ~\nh:\ni: 12:30\nj: 2026-01-05\nk: 1_000\nl: off\nm: -3\nnn: .5\no: 08\n";
        assert_eq!(
            parse(text),
            Ok(json!({"a": true, "b": "yes", "c": 511, "d": 31, "e": 1000, "f": 1.5, "g": null, "h": null,
                "i": "12:30", "j": "2026-01-05", "k": 1000, "l": false, "m": -3, "nn": 0.5, "o": 8}))
        );
    }

    #[test]
    fn even_keys_can_be_truth_values() {
        assert_eq!(parse("y: 1\n"), Ok(json!({"true": 1})));
    }

    #[test]
    fn kustomize_reads_by_newer_rules() {
        let text = "a: yes\nn: True\nc: 0777\nd: 2026-01-05\n1: x\n";
        assert_eq!(
            parse_kyaml(text),
            Ok(json!({"a": "yes", "n": true, "c": 511, "d": "2026-01-05T00:00:00Z", "1": "x"}))
        );
        let twice = "a:\n  k: 1\n  k: 2\n";
        let why = format!("{TWICE}  line 3: mapping key \"k\" already defined at line 2");
        assert_eq!(parse_kyaml(twice), Err(why));
        assert_eq!(parse_leniently(twice).map(|read| read.0), Ok(json!({"a": {"k": 2}})));
    }

    #[test]
    fn anchors_and_merges_are_followed() {
        let text = "base: &b {x: 1, z: 2}\nuse:\n  <<: *b\n  z: 3\nlist: [*b]\n";
        assert_eq!(
            parse(text),
            Ok(json!({"base": {"x": 1, "z": 2}, "use": {"x": 1, "z": 3}, "list": [{"x": 1, "z": 2}]}))
        );
    }

    #[test]
    fn errors_are_gos() {
        let check = |text: &str, error: &str| assert_eq!(parse(text), Err(error.to_string()));
        check(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n spec: {}\n",
            "yaml: line 4: did not find expected key",
        );
        check(
            "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n",
            "yaml: line 4: found character that cannot start any token",
        );
    }

    #[test]
    fn repetitions_that_get_out_of_hand_are_refused() {
        let mut text = "a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_string();
        for (this, before) in "bcdefghi".chars().zip("abcdefgh".chars()) {
            let nine = vec![format!("*{before}"); 9].join(",");
            text += &format!("{this}: &{this} [{nine}]\n");
        }
        assert_eq!(parse(&text), Err("yaml: document contains excessive aliasing".to_string()));
        let itself = parse("a: &a [1, *a]\n");
        assert_eq!(itself, Err("yaml: anchor 'a' value contains itself".to_string()));
        let merge = parse("<<: [1]\n");
        assert_eq!(merge, Err("yaml: map merge requires map or sequence of maps as the value".to_string()));
    }

    #[test]
    fn streams_are_split_at_dashes() {
        assert_eq!(documents("---\na: 1\n---\n\n---\nb: 2\n"), ["a: 1\n", "b: 2\n"]);
    }
}
