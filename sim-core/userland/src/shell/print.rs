//! The syntax tree as text again, in the layout of `type` and `declare -f`, and in one line for `jobs`.
//! Models print_cmd.c.

use super::ast::{
    AndOr, Arg, Arm, ArmEnd, Command, Cond, Item, Kind, List, Pipeline, Redirect, RedirectFd, RedirectOp,
    TimeFormat, Word,
};

/// `name () { ... }` as `type` shows it.
pub fn function(name: &str, body: &Command) -> String {
    let mut printer =
        Printer { out: format!("{name} () \n"), indent: 0, heredocs: Vec::new(), in_function: true };
    printer.function_body(body);
    printer.out
}

/// A pipeline chain as `jobs` shows it.
pub fn and_or(tree: &AndOr) -> String {
    let mut printer = Printer { out: String::new(), indent: 0, heredocs: Vec::new(), in_function: false };
    printer.and_or(tree);
    printer.flush_heredocs();
    printer.out
}

/// A pipeline as `jobs` shows it.
pub fn pipeline(tree: &Pipeline) -> String {
    let mut printer = Printer { out: String::new(), indent: 0, heredocs: Vec::new(), in_function: false };
    printer.pipeline(tree);
    printer.flush_heredocs();
    printer.out
}

/// A list, as a text that reads back as the same list.
pub fn list(tree: &List) -> String {
    let mut printer = Printer { out: String::new(), indent: 0, heredocs: Vec::new(), in_function: true };
    printer.list(tree);
    printer.flush_heredocs();
    printer.out
}

/// A command.
pub fn command(tree: &Command) -> String {
    let mut printer = Printer { out: String::new(), indent: 0, heredocs: Vec::new(), in_function: false };
    printer.command(tree);
    printer.flush_heredocs();
    printer.out
}

struct Printer {
    out: String,
    indent: usize,
    /// Bodies that follow at the next line end.
    heredocs: Vec<String>,
    in_function: bool,
}

impl Printer {
    fn newline(&mut self) {
        self.out.push('\n');
        for _ in 0..self.indent {
            self.out.push_str("    ");
        }
    }

    fn flush_heredocs(&mut self) -> bool {
        let bodies = std::mem::take(&mut self.heredocs);
        for body in &bodies {
            self.out.push('\n');
            self.out.push_str(body);
        }
        !bodies.is_empty()
    }

    fn list(&mut self, list: &List) {
        for (i, item) in list.items.iter().enumerate() {
            self.item(item, i + 1 == list.items.len());
        }
    }

    fn item(&mut self, item: &Item, last: bool) {
        self.and_or(&item.and_or);
        if item.background {
            self.out.push_str(" &");
        }
        if self.flush_heredocs() {
            if !last {
                self.newline();
            }
        } else if !last {
            if item.background {
                self.out.push(' ');
            } else {
                self.out.push(';');
                if self.in_function {
                    self.newline();
                } else {
                    self.out.push(' ');
                }
            }
        }
    }

    /// A list on lines of its own, one level deeper.
    fn block(&mut self, list: &List) {
        self.indent += 1;
        self.newline();
        self.list(list);
        self.indent -= 1;
    }

    fn semicolon(&mut self, list: &List) {
        let heredoc = self.out.ends_with('\n');
        if !heredoc && !list.items.last().is_some_and(|item| item.background) {
            self.out.push(';');
        }
        self.newline();
    }

    fn inline(&mut self, list: &List) {
        let before = std::mem::replace(&mut self.in_function, false);
        self.list(list);
        self.in_function = before;
    }

    fn and_or(&mut self, tree: &AndOr) {
        self.pipeline(&tree.first);
        for (and, pipeline) in &tree.rest {
            self.out.push_str(if *and { " && " } else { " || " });
            self.pipeline(pipeline);
        }
    }

    fn pipeline(&mut self, tree: &Pipeline) {
        match tree.timed {
            Some(TimeFormat::Bash) => self.out.push_str("time "),
            Some(TimeFormat::Posix) => self.out.push_str("time -p "),
            None => {}
        }
        if tree.negated {
            self.out.push_str("! ");
        }
        for (i, command) in tree.commands.iter().enumerate() {
            if i > 0 {
                self.out.push_str(" | ");
            }
            self.command(command);
        }
    }

    fn command(&mut self, command: &Command) {
        match &command.kind {
            Kind::Simple(simple) => {
                let mut words: Vec<&str> = simple.assigns.iter().map(|assign| assign.text.as_str()).collect();
                words.extend(simple.args.iter().map(|arg| match arg {
                    Arg::Word(word) => word.text.as_str(),
                    Arg::Assign(assign) => assign.text.as_str(),
                }));
                self.out.push_str(&words.join(" "));
                self.redirects(&command.redirects, !words.is_empty());
                return;
            }
            Kind::Subshell(list) => {
                self.out.push_str("( ");
                self.list(list);
                self.out.push_str(" )");
            }
            Kind::Group(list) => self.group(list),
            Kind::If(branches, otherwise) => {
                for (i, (condition, body)) in branches.iter().enumerate() {
                    if i > 0 {
                        // Shown as bash shows `elif`: an `if` inside of `else`.
                        self.newline_if_needed();
                        self.out.push_str("else");
                        self.indent += 1;
                        self.newline();
                    }
                    self.out.push_str("if ");
                    self.inline(condition);
                    self.out.push_str("; then");
                    self.block(body);
                    if i + 1 < branches.len() || otherwise.is_some() {
                        self.semicolon(body);
                    }
                }
                let mut last = branches.last().map(|(_, body)| body);
                if let Some(otherwise) = otherwise {
                    self.out.push_str("else");
                    self.block(otherwise);
                    last = Some(otherwise);
                }
                if let Some(last) = last {
                    self.semicolon(last);
                }
                self.out.push_str("fi");
                for _ in 1..branches.len() {
                    self.indent -= 1;
                    self.out.push(';');
                    self.newline();
                    self.out.push_str("fi");
                }
            }
            Kind::While(until, condition, body) => {
                self.out.push_str(if *until { "until " } else { "while " });
                self.inline(condition);
                self.out.push_str("; do");
                self.done(body);
            }
            Kind::For(name, words, body) => self.for_in("for", name, words.as_deref(), body),
            Kind::Select(name, words, body) => self.for_in("select", name, words.as_deref(), body),
            Kind::ArithFor([a, b, c], body) => {
                let or_one = |text: &str| {
                    if text.trim().is_empty() { "1".to_string() } else { text.trim().to_string() }
                };
                self.out.push_str(&format!(
                    "for (({}; {}; {}))",
                    or_one(&a.text),
                    or_one(&b.text),
                    or_one(&c.text)
                ));
                self.newline();
                self.out.push_str("do");
                self.done(body);
            }
            Kind::Case(word, arms) => {
                self.out.push_str(&format!("case {} in ", word.text));
                self.indent += 1;
                for arm in arms {
                    self.arm(arm);
                }
                self.indent -= 1;
                self.newline();
                self.out.push_str("esac");
            }
            Kind::Function(name, body) => {
                self.out.push_str(&format!("function {name} () "));
                self.newline();
                self.function_body(body);
            }
            Kind::Arith(word) => self.out.push_str(&format!("(({}))", word.text)),
            Kind::Cond(cond) => {
                self.out.push_str("[[ ");
                self.cond(cond);
                self.out.push_str(" ]]");
            }
        }
        self.redirects(&command.redirects, true);
    }

    fn newline_if_needed(&mut self) {
        if !self.out.ends_with([' ', '\n']) {
            self.newline();
        }
    }

    fn group(&mut self, list: &List) {
        self.out.push_str("{ ");
        if self.in_function {
            self.block(list);
            if list.items.last().is_some_and(|item| item.background) {
                // The `&` ends the list.
            }
            self.newline();
        } else {
            self.list(list);
            self.out.push_str(if list.items.last().is_some_and(|item| item.background) { " " } else { "; " });
        }
        self.out.push('}');
    }

    fn function_body(&mut self, body: &Command) {
        let before = std::mem::replace(&mut self.in_function, true);
        if let Kind::Group(_) = body.kind {
            self.pad();
            self.command(body);
        } else {
            self.pad();
            self.out.push_str("{ ");
            self.indent += 1;
            self.newline();
            self.command(body);
            self.indent -= 1;
            self.newline();
            self.out.push('}');
        }
        self.in_function = before;
    }

    fn pad(&mut self) {}

    fn done(&mut self, body: &List) {
        self.block(body);
        self.semicolon(body);
        self.out.push_str("done");
    }

    fn for_in(&mut self, keyword: &str, name: &str, words: Option<&[Word]>, body: &List) {
        let list = match words {
            Some(words) => words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "),
            None => "\"$@\"".into(),
        };
        self.out.push_str(&format!("{keyword} {name} in {list};"));
        self.newline();
        self.out.push_str("do");
        self.done(body);
    }

    fn arm(&mut self, arm: &Arm) {
        self.newline();
        let patterns: Vec<&str> = arm.patterns.iter().map(|pattern| pattern.text.as_str()).collect();
        self.out.push_str(&patterns.join(" | "));
        self.out.push(')');
        self.block(&arm.body);
        self.newline();
        self.out.push_str(match arm.end {
            ArmEnd::Break => ";;",
            ArmEnd::FallThrough => ";&",
            ArmEnd::TestNext => ";;&",
        });
    }

    fn cond(&mut self, cond: &Cond) {
        match cond {
            Cond::Word(word) => self.out.push_str(&format!("-n {}", word.text)),
            Cond::Unary(test, word) => self.out.push_str(&format!("{test} {}", word.text)),
            Cond::Binary(operator, a, b) => self.out.push_str(&format!("{} {operator} {}", a.text, b.text)),
            Cond::Not(inner) => {
                self.out.push_str("! ");
                self.cond(inner);
            }
            Cond::And(a, b) | Cond::Or(a, b) => {
                self.cond(a);
                self.out.push_str(if matches!(cond, Cond::And(..)) { " && " } else { " || " });
                self.cond(b);
            }
            Cond::Group(inner) => {
                self.out.push_str("( ");
                self.cond(inner);
                self.out.push_str(" )");
            }
        }
    }

    fn redirects(&mut self, redirects: &[Redirect], mut blank: bool) {
        for redirect in redirects {
            if blank {
                self.out.push(' ');
            }
            blank = true;
            match &redirect.fd {
                Some(RedirectFd::Number(fd)) => self.out.push_str(&fd.to_string()),
                Some(RedirectFd::Variable(name)) => self.out.push_str(&format!("{{{name}}}")),
                None if matches!(redirect.op, RedirectOp::DupOut) => self.out.push('1'),
                None if matches!(redirect.op, RedirectOp::DupIn) => self.out.push('0'),
                None => {}
            }
            self.out.push_str(redirect.op.sign());
            let tight = matches!(
                redirect.op,
                RedirectOp::DupIn | RedirectOp::DupOut | RedirectOp::HereDoc | RedirectOp::HereDocTabs
            );
            if !tight {
                self.out.push(' ');
            }
            self.out.push_str(&redirect.target.text);
            if let Some(body) = redirect.body.as_ref().and_then(|body| body.get()) {
                self.heredocs.push(format!("{}{}\n", body.text, body.delimiter));
            }
        }
    }
}
