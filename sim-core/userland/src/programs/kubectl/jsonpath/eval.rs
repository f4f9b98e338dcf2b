//! The evaluation. Models `jsonpath/jsonpath.go`.

use super::Found;
use super::parse::{Node, Param};
use serde_json::Value;
use std::cmp::Ordering;

/// One run over an object, with the state of its `range` loops.
pub struct Evaluation {
    allow_missing: bool,
    begin_range: usize,
    in_range: usize,
    end_range: usize,
    last_end: Option<usize>,
}

type Results<'a> = Vec<Found<'a>>;

impl Evaluation {
    /// At the beginning.
    pub fn new(allow_missing: bool) -> Self {
        Evaluation { allow_missing, begin_range: 0, in_range: 0, end_range: 0, last_end: None }
    }

    /// All actions of a template on an object.
    pub fn run<'a>(&mut self, nodes: &'a [Node], data: &'a Value) -> Result<Vec<Results<'a>>, String> {
        self.block(nodes, 0, &[Found::Part(data)])
    }

    fn block<'a>(
        &mut self,
        nodes: &'a [Node],
        from: usize,
        input: &[Found<'a>],
    ) -> Result<Vec<Results<'a>>, String> {
        let mut all = Vec::new();
        let mut i = from;
        while i < nodes.len() {
            let results = self.walk(&nodes[i], input)?;
            if self.end_range > 0 && self.end_range <= self.in_range {
                self.end_range -= 1;
                self.last_end = Some(i);
                break;
            }
            if self.begin_range > 0 {
                self.begin_range -= 1;
                self.in_range += 1;
                if results.is_empty() {
                    // Nothing to loop over, but the end of the loop must be found.
                    self.block(nodes, i + 1, &[])?;
                }
                for value in results {
                    all.extend(self.block(nodes, i + 1, &[value])?);
                }
                self.in_range -= 1;
                // Without an end, what follows is done once more for the whole.
                if let Some(end) = self.last_end.filter(|end| *end > i) {
                    i = end;
                }
            } else {
                all.push(results);
            }
            i += 1;
        }
        Ok(all)
    }

    fn list<'a>(&mut self, nodes: &'a [Node], input: &[Found<'a>]) -> Result<Results<'a>, String> {
        let mut current = input.to_vec();
        for node in nodes {
            current = self.walk(node, &current)?;
        }
        Ok(current)
    }

    fn walk<'a>(&mut self, node: &'a Node, input: &[Found<'a>]) -> Result<Results<'a>, String> {
        match node {
            Node::List(nodes) => self.list(nodes, input),
            Node::Text(text) => Ok(vec![Found::Literal(Value::from(text.as_str()))]),
            Node::Literal(value) => Ok(vec![Found::Literal(value.clone())]),
            Node::Field(name) => self.field(name, input),
            Node::Array(params) => array(params, input),
            Node::Filter { left, right, operator } => self.filter(left, right, operator, input),
            Node::Wildcard => Ok(parts(input).iter().flat_map(|v| children(v)).map(Found::Part).collect()),
            Node::Recursive => {
                let mut found = Vec::new();
                for part in parts(input) {
                    descend(part, &mut found);
                }
                Ok(found.into_iter().map(Found::Part).collect())
            }
            Node::Union(members) => {
                let mut results = Vec::new();
                for member in members {
                    results.extend(self.list(member, input)?);
                }
                Ok(results)
            }
            Node::Identifier(name) => match name.as_str() {
                "range" => {
                    self.begin_range += 1;
                    Ok(input.to_vec())
                }
                "end" if self.in_range > 0 => {
                    self.end_range += 1;
                    Ok(Vec::new())
                }
                "end" => Err("not in range, nothing to end".to_string()),
                name => Err(format!("unrecognized identifier {name}")),
            },
        }
    }

    fn field<'a>(&self, name: &str, input: &[Found<'a>]) -> Result<Results<'a>, String> {
        if input.is_empty() {
            return Ok(Vec::new());
        }
        let results: Results<'a> =
            parts(input).into_iter().filter_map(|v| v.get(name)).map(Found::Part).collect();
        if results.is_empty() && !self.allow_missing {
            return Err(format!("{name} is not found"));
        }
        Ok(results)
    }

    fn filter<'a>(
        &mut self,
        left: &'a [Node],
        right: &'a [Node],
        operator: &str,
        input: &[Found<'a>],
    ) -> Result<Results<'a>, String> {
        let mut results = Vec::new();
        for part in parts(input) {
            let Value::Array(items) = part else {
                return Err(format!("{part} is not array or slice and cannot be filtered"));
            };
            for item in items {
                let one = [Found::Part(item)];
                let lefts = self.list(left, &one)?;
                if operator == "exists" {
                    if !lefts.is_empty() {
                        results.push(Found::Part(item));
                    }
                    continue;
                }
                let rights = self.list(right, &one)?;
                let (a, b) = match (&lefts[..], &rights[..]) {
                    ([], _) | (_, []) => continue,
                    ([a], [b]) => (a.value(), b.value()),
                    _ => return Err("can only compare one element at a time".to_string()),
                };
                let ordering = compare(a, b);
                let passes = match operator {
                    "==" => ordering == Some(Ordering::Equal),
                    "!=" => ordering != Some(Ordering::Equal),
                    "<" => ordering == Some(Ordering::Less),
                    ">" => ordering == Some(Ordering::Greater),
                    "<=" => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
                    ">=" => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
                    operator => return Err(format!("unrecognized filter operator {operator}")),
                };
                if ordering.is_none() {
                    return Err("incompatible types for comparison".to_string());
                }
                if passes {
                    results.push(Found::Part(item));
                }
            }
        }
        Ok(results)
    }
}

/// The parts of the object among the results; literals have no fields.
fn parts<'a>(input: &[Found<'a>]) -> Vec<&'a Value> {
    input
        .iter()
        .filter_map(|found| match found {
            Found::Part(value) if !value.is_null() => Some(*value),
            _ => None,
        })
        .collect()
}

fn array<'a>(params: &[Param; 3], input: &[Found<'a>]) -> Result<Results<'a>, String> {
    let mut results = Vec::new();
    for part in parts(input) {
        let Value::Array(items) = part else {
            return Err(format!("{} is not array or slice", go_type(part)));
        };
        let length = items.len() as i64;
        let [mut start, mut end, step] = *params;
        if !start.known {
            start.value = 0;
        }
        if start.value < 0 {
            start.value += length;
        }
        if !end.known {
            end.value = length;
        }
        if end.value < 0 || (end.value == 0 && end.derived) {
            end.value += length;
        }
        if start.value == end.value {
            continue;
        }
        let outside = |index: i64| Err(format!("array index out of bounds: index {index}, length {length}"));
        if start.value >= length || start.value < 0 {
            return outside(start.value);
        }
        if end.value > length || end.value < 0 {
            return outside(end.value - 1);
        }
        if start.value > end.value {
            return Err(format!("starting index {} is greater than ending index {}", start.value, end.value));
        }
        if step.known && step.value <= 0 {
            return Err("step must be > 0".to_string());
        }
        let step = if step.known { usize::try_from(step.value).unwrap_or(1) } else { 1 };
        let range = usize::try_from(start.value).unwrap_or(0)..usize::try_from(end.value).unwrap_or(0);
        results.extend(items[range].iter().step_by(step).map(Found::Part));
    }
    Ok(results)
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

fn descend<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    let below = children(value);
    if below.is_empty() {
        return;
    }
    found.push(value);
    for child in below {
        descend(child, found);
    }
}

/// How two values compare; nothing for values of different types.
pub fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
        },
        _ => None,
    }
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
