//! Statements: what a program does, one after the other.

use super::format::sprintf;
use super::run::{Done, Key, Machine, STEPS, Stop};
use super::tree::{Expression, Statement};
use super::value::Value;

impl<'a> Machine<'a> {
    pub(super) fn block(&mut self, statements: &'a [Statement]) -> Done {
        statements.iter().try_for_each(|statement| self.statement(statement))
    }

    pub(super) fn step(&mut self) -> Done {
        self.steps += 1;
        self.all_steps += 1;
        if self.all_steps > STEPS || self.output.len() > 16 << 20 {
            return Err(Stop::NotSimulated("a program that runs this long".into()));
        }
        Ok(())
    }

    fn looped(&mut self, body: &'a [Statement]) -> Result<bool, Stop> {
        self.step()?;
        match self.block(body) {
            Err(Stop::Break) => Ok(false),
            Ok(()) | Err(Stop::Continue) => Ok(true),
            Err(stop) => Err(stop),
        }
    }

    fn statement(&mut self, statement: &'a Statement) -> Done {
        self.step()?;
        match statement {
            Statement::Expression(expression) => self.value(expression).map(drop),
            Statement::Print(values, target) => {
                let how = self.text_of("OFMT");
                let mut parts = Vec::new();
                for value in values {
                    parts.push(self.value(value)?.text(&how));
                }
                let text = if values.is_empty() {
                    self.record.to_string()
                } else {
                    parts.join(&self.text_of("OFS"))
                };
                let text = format!("{text}{}", self.text_of("ORS"));
                self.write(text, target)
            }
            Statement::Printf(values, target) => {
                let mut all = Vec::new();
                for value in values {
                    all.push(self.value(value)?);
                }
                let text = self.formatted(&all)?;
                self.write(text, target)
            }
            Statement::If(condition, then, otherwise) => {
                if self.value(condition)?.is_true() {
                    self.block(then)
                } else {
                    self.block(otherwise)
                }
            }
            Statement::While(condition, body) => {
                while self.value(condition)?.is_true() && self.looped(body)? {}
                Ok(())
            }
            Statement::Do(body, condition) => {
                while self.looped(body)? && self.value(condition)?.is_true() {}
                Ok(())
            }
            Statement::For(start, condition, step, body) => {
                if let Some(start) = start {
                    self.statement(start)?;
                }
                loop {
                    if let Some(condition) = condition
                        && !self.value(condition)?.is_true()
                    {
                        return Ok(());
                    }
                    if !self.looped(body)? {
                        return Ok(());
                    }
                    if let Some(step) = step {
                        self.statement(step)?;
                    }
                }
            }
            Statement::ForIn(name, array, body) => {
                let keys: Vec<Key> = self.array(array).borrow().keys().cloned().collect();
                for key in keys {
                    self.set(name, Value::input(&key.text()));
                    if !self.looped(body)? {
                        break;
                    }
                }
                Ok(())
            }
            Statement::Delete(name, index) => {
                let array = self.array(name);
                match index {
                    Some(index) => {
                        let key = self.key(index)?;
                        array.borrow_mut().remove(&key);
                    }
                    None => array.borrow_mut().clear(),
                }
                Ok(())
            }
            Statement::Exit(status) => {
                if let Some(status) = status {
                    self.status = self.value(status)?.as_number() as i32 & 255;
                }
                Err(Stop::Exit(self.status))
            }
            Statement::Return(value) => {
                let value = match value {
                    Some(value) => self.value(value)?,
                    None => Value::Nothing,
                };
                Err(Stop::Return(value))
            }
            Statement::Next => Err(Stop::Next),
            Statement::NextFile => Err(Stop::NotSimulated("nextfile".into())),
            Statement::Break => Err(Stop::Break),
            Statement::Continue => Err(Stop::Continue),
        }
    }

    /// `printf` and `sprintf`.
    pub(super) fn formatted(&mut self, all: &[Value]) -> Result<String, Stop> {
        let Some((format, values)) = all.split_first() else { return Ok(String::new()) };
        let format = format.text("%.6g");
        sprintf(&format, values).ok_or_else(|| {
            Stop::Error(format!("run time error: not enough arguments passed to printf(\"{format}\")"))
        })
    }

    fn write(&mut self, text: String, target: &'a Option<(Expression, bool)>) -> Done {
        let Some((target, append)) = target else {
            self.output.push_str(&text);
            return Ok(());
        };
        let name = self.value(target)?.text("%.6g");
        match &*name {
            "/dev/stdout" | "-" => self.output.push_str(&text),
            "/dev/stderr" => self.errors.push_str(&text),
            name => match self.files.iter_mut().find(|file| file.0 == name) {
                Some(file) => file.2.push_str(&text),
                None => self.files.push((name.to_string(), *append, text)),
            },
        }
        Ok(())
    }
}
