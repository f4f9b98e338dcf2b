//! How a command of the deck gets into a terminal.
//!
//! Run types it where the deck's plan says, after whatever still runs there has been interrupted. A command that
//! follows `kubectl run -ti` goes into that container's shell as long as the same lab goes on.

use super::*;
use crate::deck::blanks;
use slides::{Nature, Pane as PlannedPane};
use state::{Inner, NoticeKind};

/// A command on its way.
pub struct Run {
    terminal: TerminalId,
    id: String,
    text: String,
    enter: bool,
    nature: Nature,
    lab: Option<String>,
    /// How often it was tried to get a prompt.
    tries: u32,
}

/// How long to wait for a prompt before trying harder, in milliseconds.
const TRY_AGAIN_MS: i32 = 1200;
/// How often, before giving up.
const TRIES: u32 = 4;
/// A container's shell may have an image to wait for.
const INNER_TRIES: u32 = 40;
const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
/// Takes back what stands on the line.
const CTRL_U: &str = "\u{15}";
const CTRL_BACKSLASH: &str = "\u{1c}";

impl App {
    pub(super) fn wish(&mut self, ctx: &Context<Self>, id: &str, wish: Wish) {
        let Some(cue) = self.cues.get(id).cloned() else { return };
        let chosen = |index| self.chosen.get(&(id.to_owned(), index)).cloned();
        let values = blanks::values(&cue.command, &self.view, chosen);
        let text = blanks::text(&cue.command, &values);
        if wish == Wish::Copy {
            browser::copy(&text);
            return self.notify(NoticeKind::Hint, "Copied.");
        }
        if self.restoring || self.link.is_none() {
            return;
        }
        let missing = cue.command.blanks().zip(&values).find(|(_, value)| value.is_none());
        if let (Some((blank, _)), Wish::Run) = (missing, wish) {
            let text = format!(
                "{} stands for {}, and there is none yet. Do the step before first, or wait a moment.",
                blank.text,
                blanks::wants(blank)
            );
            return self.notify(NoticeKind::Hint, text);
        }
        self.notice = None;
        let terminal = self.choose_terminal(&cue, &text);
        self.bookmark.active = terminal;
        self.run = Some(Run {
            terminal,
            id: id.to_owned(),
            text,
            enter: wish == Wish::Run,
            nature: cue.nature,
            lab: cue.lab,
            tries: 0,
        });
        ctx.link().send_message(Msg::Resized);
        self.run_goes_on(ctx);
        self.focus_terminal(ctx);
    }

    /// Where a command goes.
    fn choose_terminal(&mut self, cue: &performance::Cue, text: &str) -> TerminalId {
        let place = self.place();
        if performance::talks_to_addresses(text) {
            let open = |pane: &&Pane| {
                pane.inner.as_ref().is_some_and(|inner| inner.lab.is_none() || inner.lab == cue.lab)
            };
            if let Some((id, _)) = self.panes.iter().find(|(_, pane)| pane.place == place && open(pane)) {
                return *id;
            }
        }
        // A container that was opened outside of labs stays open; what is not for it goes elsewhere.
        let free = |pane: &&Pane| pane.inner.as_ref().is_none_or(|inner| inner.lab.is_some());
        let here: Vec<TerminalId> = self
            .panes
            .iter()
            .filter(|(_, pane)| pane.place == place && free(pane))
            .map(|(id, _)| *id)
            .collect();
        let wanted = match cue.pane {
            PlannedPane::First => here.first(),
            PlannedPane::Second => here.get(1),
        };
        match wanted {
            Some(id) => *id,
            None => {
                self.bookmark.split = !self.panes.is_empty();
                self.new_terminal(place)
            }
        }
    }

    /// Types the command when its terminal is ready for it, else makes it ready.
    pub(super) fn run_goes_on(&mut self, ctx: &Context<Self>) {
        let Some(run) = &mut self.run else { return };
        let Some(pane) = self.panes.get_mut(&run.terminal) else {
            self.run = None;
            return;
        };
        let same_lab = pane.inner.as_ref().is_some_and(|inner| inner.lab == run.lab || inner.lab.is_none());
        match pane.shell {
            Shell::Prompt => {
                self.type_run(ctx);
                return;
            }
            Shell::Running if same_lab => {
                let busy = pane.inner.as_ref().is_some_and(|inner| inner.busy);
                let line = pane.screen.as_ref().map(Screen::line).unwrap_or_default();
                if line.trim_end().ends_with(['$', '#']) {
                    self.type_run(ctx);
                    return;
                }
                if busy && run.tries == 0 {
                    self.press(CTRL_C);
                }
            }
            Shell::Running => {
                let key = match (pane.inner.is_some(), run.tries) {
                    (true, 0) => "\u{3}\u{4}",
                    (true, _) => CTRL_D,
                    (false, 0 | 1) => CTRL_C,
                    (false, _) => CTRL_BACKSLASH,
                };
                self.press(key);
            }
            Shell::Starting => {}
        }
        let link = ctx.link().clone();
        self.run_timer = Timer::after(TRY_AGAIN_MS, move || link.send_message(Msg::RunTimer));
    }

    pub(super) fn run_timer_rang(&mut self, ctx: &Context<Self>) {
        let Some(run) = &mut self.run else { return };
        run.tries += 1;
        let inner = self.panes.get(&run.terminal).is_some_and(|pane| pane.inner.is_some());
        if run.tries > if inner { INNER_TRIES } else { TRIES } {
            self.run = None;
            self.notify(
                NoticeKind::Hint,
                "Something still runs in that terminal. Stop it first, with Ctrl+C for example.",
            );
        } else {
            self.run_goes_on(ctx);
        }
    }

    fn press(&self, keys: &str) {
        if let Some(run) = &self.run {
            self.type_in(run.terminal, keys);
        }
    }

    fn type_in(&self, id: TerminalId, text: &str) {
        self.tell(&ToWorker::Input(podium_protocol::Input::Type { id, bytes: text.as_bytes().to_vec() }));
    }

    fn type_run(&mut self, ctx: &Context<Self>) {
        let Some(run) = self.run.take() else { return };
        self.run_timer = None;
        let Some(pane) = self.panes.get(&run.terminal) else { return };
        let in_shell = pane.shell == Shell::Running;
        let pasted =
            pane.screen.as_ref().map_or_else(|| run.text.clone(), |screen| screen.as_paste(&run.text));
        let end = if run.enter { "\r" } else { "" };
        self.type_in(run.terminal, &format!("{CTRL_U}{pasted}{end}"));
        if run.enter {
            self.note_start(run.terminal, &run.id, run.nature, run.lab, in_shell);
        }
        self.focus_terminal(ctx);
    }

    /// Keeps account of what runs where.
    fn note_start(
        &mut self,
        terminal: TerminalId,
        id: &str,
        nature: Nature,
        lab: Option<String>,
        in_shell: bool,
    ) {
        let Some(pane) = self.panes.get_mut(&terminal) else { return };
        if in_shell {
            if let Some(inner) = &mut pane.inner {
                inner.busy = nature == Nature::Endless;
                // Its end cannot be seen from out here.
                self.bookmark.done.insert(id.to_owned(), 0);
            }
            return;
        }
        if nature == Nature::Shell {
            pane.inner = Some(Inner { lab, busy: false });
        }
        self.running.insert(terminal, id.to_owned());
    }

    /// The learner pressed Return on a line: it may be a command of this slide, or hold a placeholder.
    pub(super) fn entered(&mut self, terminal: TerminalId, line: &str) -> bool {
        let line = line.trim_end();
        let placeholder = self.placeholders.iter().find(|blank| has_word(line, &blank.text)).cloned();
        if let Some(blank) = placeholder {
            let values = blanks::candidates(&blank, &self.view);
            let here = values.first().map(|value| format!(" Here it is {value}.")).unwrap_or_default();
            let text = format!("{} stands for {} that you look up.{here}", blank.text, blanks::wants(&blank));
            self.notify(NoticeKind::Hint, text);
        } else if self.notice.as_ref().is_some_and(|notice| notice.kind == NoticeKind::Hint) {
            self.notice = None;
        }
        let Some(slide) = self.slide().map(|slide| slide.number) else { return true };
        let typed = |cue: &&performance::Cue| {
            cue.slide == slide && is_typed(&cue.command.text(|_| Some(ANYTHING.to_owned())), line)
        };
        let cue = self.cues.values().find(typed).cloned();
        let in_shell = self
            .panes
            .get(&terminal)
            .is_some_and(|pane| pane.shell == Shell::Running && pane.inner.is_some());
        match cue {
            Some(cue) => self.note_start(terminal, &cue.command.id, cue.nature, cue.lab, in_shell),
            None if performance::guess(after_prompt(line)) == Nature::Shell => {
                if let Some(pane) = self.panes.get_mut(&terminal).filter(|pane| pane.shell == Shell::Prompt) {
                    pane.inner = Some(Inner { lab: None, busy: false });
                }
            }
            None => {}
        }
        true
    }

    pub(super) fn focus_terminal(&self, ctx: &Context<Self>) {
        if let Some(screen) = self.panes.get(&self.bookmark.active).and_then(|pane| pane.screen.as_ref()) {
            screen.focus();
        }
        ctx.link().send_message(Msg::Focus);
    }
}

/// In a pattern: any text without spaces.
const ANYTHING: &str = "\u{0}";

/// Whether what stands after the prompt of a line is a command.
fn is_typed(pattern: &str, line: &str) -> bool {
    let mut rest = after_prompt(line);
    for (number, part) in pattern.split(ANYTHING).enumerate() {
        if number > 0 {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let end = if part.is_empty() { end } else { rest[..end].find(part).unwrap_or(end) };
            rest = &rest[end..];
        }
        match rest.strip_prefix(part) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

/// Whether a text has a word, and not as a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part) && !word.is_empty()
    })
}

/// What follows `$ ` or `# `.
fn after_prompt(line: &str) -> &str {
    let at = line.find("$ ").or_else(|| line.find("# "));
    at.map_or(line, |at| &line[at + 2..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_whole_words() {
        assert!(has_word("curl http://IP-ADDRESS", "IP-ADDRESS"));
        assert!(!has_word("echo MY-IP-ADDRESSES", "IP-ADDRESS"));
        assert_eq!(after_prompt("student@node1:~$ ls"), "ls");
    }

    #[test]
    fn a_typed_command_is_recognised() {
        assert!(is_typed("curl http://\u{0}", "student@node1:~$ curl http://10.244.1.2"));
        assert!(is_typed("a \u{0} b", "$ a x b"));
        assert!(!is_typed("kubectl get pods", "$ kubectl get pods -o wide"));
        assert!(!is_typed("ls", "$ cat ls"));
    }
}
