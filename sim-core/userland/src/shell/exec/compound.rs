//! Compound commands.

use super::{Boxed, Flow};
use crate::shell::ast::{Arm, ArmEnd, Command, Cond, Kind, List, Word};
use crate::shell::parser::is_name;
use crate::shell::pattern::Pattern;
use crate::shell::print;
use crate::shell::state::{Function, Shell};
use std::rc::Rc;

impl Shell {
    /// Runs a command that is not a pipeline. Each kind is a future of its own, as small as it can be.
    pub(super) fn compound<'a>(&'a mut self, command: &'a Command) -> Boxed<'a, ()> {
        match &command.kind {
            Kind::Simple(simple) => Box::pin(self.simple(command, simple)),
            Kind::Group(list) => self.run_list(list),
            Kind::Subshell(list) => Box::pin(self.subshell_command(command, list)),
            Kind::If(branches, otherwise) => Box::pin(self.run_if(branches, otherwise.as_ref())),
            Kind::While(until, condition, body) => Box::pin(self.run_while(*until, condition, body)),
            Kind::For(name, words, body) => Box::pin(self.run_for(command, name, words.as_deref(), body)),
            Kind::ArithFor(parts, body) => Box::pin(self.run_arith_for(command, parts, body)),
            Kind::Select(name, words, body) => Box::pin(self.run_select(name, words.as_deref(), body)),
            Kind::Case(word, arms) => Box::pin(self.run_case(command, word, arms)),
            Kind::Function(name, body) => Box::pin(async move {
                self.define(name, body);
                Ok(())
            }),
            Kind::Arith(word) => Box::pin(self.run_arith(command, word)),
            Kind::Cond(cond) => Box::pin(self.run_cond(command, cond)),
        }
    }

    async fn run_arith(&mut self, command: &Command, word: &Word) -> Result<(), Flow> {
        self.line = command.line;
        if self.options.has('x') {
            let text = self.expand_quoted(&word.parts).await?;
            self.trace(&format!("(( {} ))", text.trim())).await;
        }
        let text = self.expand_quoted(&word.parts).await?;
        self.status = match self.evaluate(&text) {
            Ok(value) => i32::from(value == 0),
            Err(message) => {
                self.error(&format!("((: {message}")).await;
                1
            }
        };
        self.charge(3).await
    }

    async fn run_cond(&mut self, command: &Command, cond: &Cond) -> Result<(), Flow> {
        self.line = command.line;
        self.status = match self.cond(cond).await? {
            Some(truth) => i32::from(!truth),
            None => 2,
        };
        self.charge(3).await
    }

    async fn subshell_command(&mut self, command: &Command, list: &Rc<List>) -> Result<(), Flow> {
        let mut job = self.new_job(print::command(command), false);
        let list = list.clone();
        self.fork_into(&mut job, false, None, move |shell| {
            Box::pin(async move { shell.subshell_main(list).await })
        })
        .await?;
        self.wait_foreground(job).await
    }

    fn define(&mut self, name: &Rc<str>, body: &Rc<Command>) {
        let source = match self.frames.last() {
            Some(frame) => frame.source.clone(),
            None if self.from_string => Rc::from("environment"),
            None if self.interactive => Rc::from("main"),
            None => Rc::from(self.name.as_str()),
        };
        self.functions.insert(name.to_string(), Function { body: body.clone(), source, line: body.line });
        self.status = 0;
    }

    /// Runs a list whose failure is a question.
    async fn test_list(&mut self, list: &List) -> Result<bool, Flow> {
        self.loops.tested += 1;
        let result = self.run_list(list).await;
        self.loops.tested -= 1;
        result?;
        Ok(self.status == 0)
    }

    async fn run_if(
        &mut self,
        branches: &[(Rc<List>, Rc<List>)],
        otherwise: Option<&Rc<List>>,
    ) -> Result<(), Flow> {
        for (condition, body) in branches {
            if self.test_list(condition).await? {
                return self.run_list(body).await;
            }
        }
        match otherwise {
            Some(body) => self.run_list(body).await,
            None => {
                self.status = 0;
                Ok(())
            }
        }
    }

    /// Runs a loop's body; false when the loop is to end.
    async fn body(&mut self, body: &List) -> Result<bool, Flow> {
        self.charge(2).await?;
        match self.run_list(body).await {
            Ok(()) | Err(Flow::Continue(0 | 1)) => Ok(true),
            Err(Flow::Break(0 | 1)) => Ok(false),
            Err(Flow::Break(n)) => Err(Flow::Break(n - 1)),
            Err(Flow::Continue(n)) => Err(Flow::Continue(n - 1)),
            Err(other) => Err(other),
        }
    }

    async fn run_while(&mut self, until: bool, condition: &List, body: &List) -> Result<(), Flow> {
        self.loops.depth += 1;
        let mut status = 0;
        let result = loop {
            match self.test_list(condition).await {
                Ok(truth) if truth != until => {}
                Ok(_) | Err(Flow::Break(0 | 1)) => break Ok(()),
                Err(Flow::Continue(0 | 1)) => continue,
                Err(Flow::Break(n)) => break Err(Flow::Break(n - 1)),
                Err(Flow::Continue(n)) => break Err(Flow::Continue(n - 1)),
                Err(other) => break Err(other),
            }
            match self.body(body).await {
                Ok(true) => status = self.status,
                Ok(false) => {
                    status = self.status;
                    break Ok(());
                }
                Err(flow) => break Err(flow),
            }
        };
        self.loops.depth = self.loops.depth.saturating_sub(1);
        if result.is_ok() {
            self.status = status;
        }
        result
    }

    async fn loop_words(&mut self, words: Option<&[Word]>) -> Result<Vec<String>, Flow> {
        match words {
            Some(words) => self.expand_words(words).await,
            None => Ok(self.positional.clone()),
        }
    }

    async fn run_for(
        &mut self,
        command: &Command,
        name: &str,
        words: Option<&[Word]>,
        body: &List,
    ) -> Result<(), Flow> {
        self.line = command.line;
        if !is_name(name) {
            self.error(&format!("`{name}': not a valid identifier")).await;
            self.status = 1;
            return Ok(());
        }
        let values = self.loop_words(words).await?;
        self.loops.depth += 1;
        self.status = 0;
        let mut result = Ok(());
        for value in values {
            if self.options.has('x') {
                let list: Vec<&str> =
                    words.unwrap_or_default().iter().map(|word| word.text.as_str()).collect();
                let list = if words.is_none() { "\"$@\"".to_string() } else { list.join(" ") };
                self.trace(&format!("for {name} in {list}")).await;
            }
            if let Err(message) = self.assign(name, None, value, false) {
                self.error(&message).await;
                self.status = 1;
                break;
            }
            match self.body(body).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(flow) => {
                    result = Err(flow);
                    break;
                }
            }
        }
        self.loops.depth = self.loops.depth.saturating_sub(1);
        result
    }

    async fn for_expression(&mut self, word: &Word, empty: i64) -> Result<Option<i64>, Flow> {
        let text = self.expand_quoted(&word.parts).await?;
        if text.trim().is_empty() {
            return Ok(Some(empty));
        }
        if self.options.has('x') {
            self.trace(&format!("(( {} ))", text.trim())).await;
        }
        match self.evaluate(&text) {
            Ok(value) => Ok(Some(value)),
            Err(message) => {
                self.error(&format!("((: {message}")).await;
                self.status = 1;
                Ok(None)
            }
        }
    }

    async fn run_arith_for(
        &mut self,
        command: &Command,
        [begin, condition, step]: &[Word; 3],
        body: &List,
    ) -> Result<(), Flow> {
        self.line = command.line;
        if self.for_expression(begin, 0).await?.is_none() {
            return Ok(());
        }
        self.loops.depth += 1;
        self.status = 0;
        let mut status = 0;
        let result = loop {
            match self.for_expression(condition, 1).await {
                Ok(Some(0)) => break Ok(()),
                Ok(Some(_)) => {}
                Ok(None) => {
                    status = 1;
                    break Ok(());
                }
                Err(flow) => break Err(flow),
            }
            match self.body(body).await {
                Ok(true) => status = self.status,
                Ok(false) => {
                    status = self.status;
                    break Ok(());
                }
                Err(flow) => break Err(flow),
            }
            match self.for_expression(step, 0).await {
                Ok(Some(_)) => {}
                Ok(None) => {
                    status = 1;
                    break Ok(());
                }
                Err(flow) => break Err(flow),
            }
        };
        self.loops.depth = self.loops.depth.saturating_sub(1);
        if result.is_ok() {
            self.status = status;
        }
        result
    }

    async fn run_select(&mut self, name: &str, words: Option<&[Word]>, body: &List) -> Result<(), Flow> {
        let values = self.loop_words(words).await?;
        if values.is_empty() {
            self.status = 0;
            return Ok(());
        }
        self.loops.depth += 1;
        let mut show = true;
        let result = loop {
            if show {
                let width = values.len().to_string().len();
                let text: String = values
                    .iter()
                    .enumerate()
                    .map(|(i, value)| format!("{:>width$}) {value}\n", i + 1))
                    .collect();
                self.sys.err(&text).await;
            }
            let prompt = self.vars.text("PS3").unwrap_or("#? ").to_string();
            self.sys.err(&prompt).await;
            let Some(line) = self.read_line().await? else {
                self.sys.out("\n").await;
                self.status = 1;
                break Ok(());
            };
            let answer = line.trim().to_string();
            let _ = self.vars.set("REPLY", answer.clone());
            show = answer.is_empty();
            if show {
                continue;
            }
            let chosen = answer.parse::<usize>().ok().and_then(|n| values.get(n.wrapping_sub(1))).cloned();
            if let Err(flow) = self.assign_or_discard(name, None, chosen.unwrap_or_default(), false).await {
                break Err(flow);
            }
            match self.body(body).await {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(flow) => break Err(flow),
            }
        };
        self.loops.depth = self.loops.depth.saturating_sub(1);
        result
    }

    async fn run_case(&mut self, command: &Command, word: &Word, arms: &[Arm]) -> Result<(), Flow> {
        self.line = command.line;
        let text = self.expand_single(word).await?;
        if self.options.has('x') {
            self.trace(&format!("case {} in", word.text)).await;
        }
        self.status = 0;
        let mut fall_through = false;
        for arm in arms {
            let mut hit = fall_through;
            for pattern in &arm.patterns {
                if hit {
                    break;
                }
                let pattern = self.expand_pattern(pattern).await?;
                hit = Pattern::new(&pattern, self.shopt("extglob"))
                    .matches_nocase(&text, self.shopt("nocasematch"));
            }
            if !hit {
                continue;
            }
            self.run_list(&arm.body).await?;
            match arm.end {
                ArmEnd::Break => return Ok(()),
                ArmEnd::FallThrough => fall_through = true,
                ArmEnd::TestNext => fall_through = false,
            }
        }
        Ok(())
    }
}
