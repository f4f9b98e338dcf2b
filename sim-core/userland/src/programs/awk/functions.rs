//! The functions that awk has.

use super::run::{Key, Machine, Slot, Stop};
use super::tree::Expression;
use super::value::Value;
use crate::programs::support::calendar;
use sim::Timestamp;

impl<'a> Machine<'a> {
    /// Calls one.
    ///
    /// # Errors
    /// Those of its arguments.
    pub(super) fn builtin(&mut self, name: &'static str, arguments: &'a [Expression]) -> Result<Value, Stop> {
        let text = |machine: &mut Self, at: usize| -> Result<std::rc::Rc<str>, Stop> {
            match arguments.get(at) {
                Some(argument) => Ok(machine.value(argument)?.text("%.6g")),
                None => Ok("".into()),
            }
        };
        let number = |machine: &mut Self, at: usize| -> Result<f64, Stop> {
            match arguments.get(at) {
                Some(argument) => Ok(machine.value(argument)?.as_number()),
                None => Ok(0.0),
            }
        };
        let count = |text: &str| Value::Number(text.chars().count() as f64);
        Ok(match name {
            "length" => match arguments.first() {
                None => count(&self.record.clone()),
                Some(Expression::Variable(name))
                    if matches!(self.globals.get(name), Some(Slot::Array(_))) =>
                {
                    Value::Number(self.array(name).borrow().len() as f64)
                }
                Some(_) => count(&text(self, 0)?),
            },
            "substr" => {
                let whole = text(self, 0)?;
                let start = number(self, 1)?.round_ties_even();
                let end = match arguments.get(2) {
                    Some(_) => start + number(self, 2)?.round_ties_even(),
                    None => f64::INFINITY,
                };
                let part: String = whole
                    .chars()
                    .enumerate()
                    .filter(|(at, _)| (*at as f64 + 1.0) >= start && (*at as f64 + 1.0) < end)
                    .map(|(_, c)| c)
                    .collect();
                Value::string(&part)
            }
            "index" => {
                let (whole, part) = (text(self, 0)?, text(self, 1)?);
                let at = whole.find(&*part).map_or(0, |at| whole[..at].chars().count() + 1);
                Value::Number(at as f64)
            }
            "split" => {
                let whole = text(self, 0)?;
                let Some(Expression::Variable(array)) = arguments.get(1) else {
                    return Err(Stop::Error("line 1: type error in arg(2) in call to split".into()));
                };
                let parts = match arguments.get(2) {
                    Some(Expression::Regex(source)) if !whole.is_empty() => {
                        let regex = self.regex(source)?;
                        regex.split(&whole).map(String::from).collect()
                    }
                    Some(Expression::Regex(_)) => Vec::new(),
                    Some(_) => {
                        let separator = text(self, 2)?;
                        self.split(&whole, &separator)?
                    }
                    None => {
                        let separator = self.text_of("FS");
                        self.split(&whole, &separator)?
                    }
                };
                let array = self.array(array);
                let mut array = array.borrow_mut();
                array.clear();
                for (at, part) in parts.iter().enumerate() {
                    array.insert(Key::Number(at as i64 + 1), Value::input(part));
                }
                Value::Number(parts.len() as f64)
            }
            "sub" | "gsub" => return self.substitute(name == "gsub", arguments),
            "match" => {
                let whole = text(self, 0)?;
                let Some(pattern) = arguments.get(1) else { return Ok(Value::Number(0.0)) };
                let regex = self.pattern(pattern)?;
                let (start, length) = match regex.find(&whole) {
                    Some(found) => (
                        whole[..found.start()].chars().count() as f64 + 1.0,
                        found.as_str().chars().count() as f64,
                    ),
                    None => (0.0, -1.0),
                };
                self.set("RSTART", Value::Number(start));
                self.set("RLENGTH", Value::Number(length));
                Value::Number(start)
            }
            "sprintf" => {
                let mut all = Vec::new();
                for argument in arguments {
                    all.push(self.value(argument)?);
                }
                Value::string(&self.formatted(&all)?)
            }
            "tolower" => Value::string(&text(self, 0)?.to_ascii_lowercase()),
            "toupper" => Value::string(&text(self, 0)?.to_ascii_uppercase()),
            "int" => Value::Number(number(self, 0)?.trunc()),
            "sqrt" => Value::Number(number(self, 0)?.sqrt()),
            "exp" => Value::Number(number(self, 0)?.exp()),
            "log" => Value::Number(number(self, 0)?.ln()),
            "sin" => Value::Number(number(self, 0)?.sin()),
            "cos" => Value::Number(number(self, 0)?.cos()),
            "atan2" => {
                let (y, x) = (number(self, 0)?, number(self, 1)?);
                Value::Number(y.atan2(x))
            }
            "rand" => {
                self.seed =
                    self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                Value::Number((self.seed >> 11) as f64 / (1_u64 << 53) as f64)
            }
            "srand" => {
                let seed = if arguments.is_empty() { self.now as f64 } else { number(self, 0)? };
                let old = std::mem::replace(&mut self.seed, seed as u64);
                Value::Number((old >> 32) as f64)
            }
            "systime" => Value::Number(self.now as f64),
            "strftime" => {
                let format = if arguments.is_empty() { "%c".into() } else { text(self, 0)? };
                let seconds = if arguments.len() > 1 { number(self, 1)?.max(0.0) as u64 } else { self.now };
                Value::string(&calendar::format(&format, Timestamp { seconds, nanos: 0 }))
            }
            _ => Value::Number(0.0),
        })
    }

    fn substitute(&mut self, all: bool, arguments: &'a [Expression]) -> Result<Value, Stop> {
        let [pattern, with, rest @ ..] = arguments else {
            return Err(Stop::Error("wrong number of arguments in call to sub".into()));
        };
        let regex = self.pattern(pattern)?;
        let with = self.value(with)?.text("%.6g");
        let old = match rest.first() {
            Some(place) => self.value(place)?.text("%.6g"),
            None => self.record.clone(),
        };
        let mut new = String::new();
        let (mut end, mut count) = (0, 0);
        for found in regex.find_iter(&old) {
            new.push_str(&old[end..found.start()]);
            let mut chars = with.chars().peekable();
            while let Some(c) = chars.next() {
                match c {
                    '&' => new.push_str(found.as_str()),
                    '\\' if matches!(chars.peek(), Some('&' | '\\')) => new.extend(chars.next()),
                    c => new.push(c),
                }
            }
            end = found.end();
            count += 1;
            if !all {
                break;
            }
        }
        new.push_str(&old[end..]);
        if count > 0 {
            match rest.first() {
                Some(place) => self.assign(place, Value::string(&new))?,
                None => self.set_record(&new),
            }
        }
        Ok(Value::Number(f64::from(count)))
    }
}
