//! How to perform the labs of a deck: what `podium check` does, and what Run on the page does.

use serde::{Deserialize, Serialize};

use crate::deck::Deck;
use crate::lab::{Command, Directive, LabStep};

/// What to do for one lab, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabPlan {
    /// The lab's id.
    pub lab: String,
    /// The number of its slide.
    pub slide: usize,
    /// The title of its slide.
    pub title: String,
    /// What to do.
    pub actions: Vec<Action>,
}

/// One of the panes on the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pane {
    /// Where the class's shell is.
    #[default]
    First,
    /// Opened when something has to be done meanwhile.
    Second,
}

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// By itself: wait for the prompt and look at the status.
    Ends,
    /// When interrupted: `watch`, an endless loop, `kubectl port-forward`. Let it run for a moment, then go on.
    Endless,
    /// It is a shell in a container: the next commands go there. Wait for its prompt.
    Shell,
}

/// One action. The driver keeps the panes; `wait` texts are literal, as in the autopilot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Type a command of the deck and Return.
    Type {
        /// Where.
        pane: Pane,
        /// What.
        command: Command,
        /// How it ends.
        nature: Nature,
        /// A `Wait` follows: go on when its text is there, do not wait for the prompt.
        waited: bool,
    },
    /// Type a hidden command, wait for its prompt and expect status 0.
    Hide {
        /// Where.
        pane: Pane,
        /// What.
        line: String,
        /// How it ends.
        nature: Nature,
        /// As in `Type`.
        waited: bool,
    },
    /// Press one key (tmux's names, `^C`).
    Key {
        /// Where.
        pane: Pane,
        /// Which.
        key: String,
        /// By the plan's account nothing runs in the pane, it is at the prompt of the class's shell. There, `^D`
        /// would end the class's session: leave it out.
        at_prompt: bool,
    },
    /// Type text without Return.
    Keys {
        /// Where.
        pane: Pane,
        /// What.
        text: String,
    },
    /// Wait until the text is on the screen.
    Wait {
        /// Where.
        pane: Pane,
        /// Literal text.
        text: String,
        /// At most this long, in virtual seconds.
        timeout_s: u32,
    },
    /// Run a command beside the lab and expect status 0.
    Check {
        /// What.
        line: String,
    },
    /// Keep the last match of the expression on the screen.
    Copy {
        /// Where.
        pane: Pane,
        /// A regular expression.
        pattern: String,
    },
    /// Type what `Copy` kept.
    Paste {
        /// Where.
        pane: Pane,
        /// Press Return after it.
        enter: bool,
    },
    /// Open the address: expect an answer to an HTTP request.
    Open {
        /// Where to.
        url: String,
    },
    /// Press ^C: what runs in the pane would not end by itself.
    Interrupt {
        /// Where.
        pane: Pane,
    },
    /// Press ^D: leave the shell in a container and come back to the class's shell.
    Leave {
        /// Where.
        pane: Pane,
    },
}

/// The plan of every lab, in order.
pub fn plan(deck: &Deck) -> Vec<LabPlan> {
    let mut panes = Panes::default();
    deck.labs()
        .map(|(slide, lab)| LabPlan {
            lab: lab.id.clone(),
            slide: slide.number,
            title: slide.title_text(),
            actions: panes.perform(&lab.steps()),
        })
        .collect()
}

/// What runs in each pane, by the plan's account.
#[derive(Default)]
struct Panes {
    first: Running,
    second: Running,
    actions: Vec<Action>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Running {
    #[default]
    Nothing,
    Endless,
    Shell {
        /// An endless command in that shell.
        busy: bool,
    },
}

impl Panes {
    fn perform(&mut self, steps: &[LabStep]) -> Vec<Action> {
        let mut pane = Pane::First;
        for (index, step) in steps.iter().enumerate() {
            match step {
                LabStep::Instruction(text) => {
                    pane = if starts_with_meanwhile(text) { Pane::Second } else { Pane::First };
                }
                LabStep::Command(command) => {
                    let nature = nature(&command.text(|_| None));
                    self.make_ready(pane);
                    self.begin(pane, nature);
                    let waited = is_waited(steps.get(index + 1));
                    self.actions.push(Action::Type { pane, command: command.clone(), nature, waited });
                }
                LabStep::Directive(directive) => {
                    self.direct(pane, directive, is_waited(steps.get(index + 1)));
                }
            }
        }
        for pane in [Pane::Second, Pane::First] {
            self.make_ready(pane);
            if let Running::Shell { .. } = *self.running(pane) {
                self.actions.push(Action::Leave { pane });
                *self.running(pane) = Running::Nothing;
            }
        }
        std::mem::take(&mut self.actions)
    }

    fn direct(&mut self, pane: Pane, directive: &Directive, waited: bool) {
        match directive {
            Directive::Hide(line) => {
                self.make_ready(pane);
                let nature = nature(line);
                self.begin(pane, nature);
                self.actions.push(Action::Hide { pane, line: line.clone(), nature, waited });
            }
            Directive::Key(key) => {
                let at_prompt = *self.running(pane) == Running::Nothing;
                self.actions.push(Action::Key { pane, key: key.clone(), at_prompt });
                self.press(pane, key);
            }
            Directive::Keys(text) => self.actions.push(Action::Keys { pane, text: text.clone() }),
            Directive::Wait(text) => {
                self.actions.push(Action::Wait { pane, text: text.clone(), timeout_s: 60 });
            }
            Directive::LongWait(text) => {
                self.actions.push(Action::Wait { pane, text: text.clone(), timeout_s: 600 });
            }
            Directive::Check(line) => self.actions.push(Action::Check { line: line.clone() }),
            Directive::Tmux(_) => {}
            Directive::Open(url) => self.actions.push(Action::Open { url: url.clone() }),
            Directive::Copy(pattern) => self.actions.push(Action::Copy { pane, pattern: pattern.clone() }),
            Directive::Paste(_) => self.actions.push(Action::Paste { pane, enter: false }),
            Directive::CopyPaste(pattern) => {
                self.actions.push(Action::Copy { pane, pattern: pattern.clone() });
                self.actions.push(Action::Paste { pane, enter: true });
            }
        }
    }

    fn running(&mut self, pane: Pane) -> &mut Running {
        match pane {
            Pane::First => &mut self.first,
            Pane::Second => &mut self.second,
        }
    }

    /// Makes sure that there is a prompt to type at.
    fn make_ready(&mut self, pane: Pane) {
        let now = match *self.running(pane) {
            Running::Endless => Running::Nothing,
            Running::Shell { busy: true } => Running::Shell { busy: false },
            Running::Nothing | Running::Shell { busy: false } => return,
        };
        *self.running(pane) = now;
        self.actions.push(Action::Interrupt { pane });
    }

    fn begin(&mut self, pane: Pane, nature: Nature) {
        let running = self.running(pane);
        *running = match (*running, nature) {
            (now, Nature::Ends) => now,
            (Running::Shell { .. }, Nature::Endless) => Running::Shell { busy: true },
            (_, Nature::Endless) => Running::Endless,
            (_, Nature::Shell) => Running::Shell { busy: false },
        };
    }

    /// What a key changes: ^C ends what is endless, ^D a shell, q a pager or `watch`.
    fn press(&mut self, pane: Pane, key: &str) {
        let running = self.running(pane);
        *running = match (*running, key) {
            (Running::Endless, "^C" | "C-c" | "q") => Running::Nothing,
            (Running::Shell { .. }, "^C" | "C-c") => Running::Shell { busy: false },
            (Running::Shell { .. }, "^D" | "C-d") => Running::Nothing,
            (now, _) => now,
        };
    }
}

fn is_waited(next: Option<&LabStep>) -> bool {
    matches!(next, Some(LabStep::Directive(Directive::Wait(_) | Directive::LongWait(_))))
}

fn starts_with_meanwhile(text: &str) -> bool {
    let start = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let word: String = start.chars().take_while(|c| c.is_alphanumeric()).collect();
    word.eq_ignore_ascii_case("meanwhile")
}

/// How a command ends, from its words alone. A driver sees more and may know better.
pub(crate) fn nature(text: &str) -> Nature {
    let words: Vec<&str> = text.split_whitespace().collect();
    let Some(first) = words.iter().find(|word| **word != "sudo") else { return Nature::Ends };
    let has = |flags: &[&str]| words.iter().any(|word| flags.contains(word));
    match *first {
        "watch" | "top" | "htop" | "yes" => Nature::Endless,
        "while" | "until" => Nature::Endless,
        "ping" if !has(&["-c"]) && !words.iter().any(|word| word.starts_with("-c")) => Nature::Endless,
        "tail" if has(&["-f", "-F", "--follow"]) => Nature::Endless,
        "kubectl" | "k" => kubectl_nature(&words, has),
        _ => Nature::Ends,
    }
}

fn kubectl_nature(words: &[&str], has: impl Fn(&[&str]) -> bool) -> Nature {
    let Some(verb) = words.iter().skip(1).find(|word| !word.starts_with('-')) else { return Nature::Ends };
    let after = words.iter().position(|word| *word == "--").map(|at| &words[at + 1..]);
    let interactive = has(&["-it", "-ti", "--stdin", "-i"]) && has(&["-it", "-ti", "--tty", "-t"]);
    match *verb {
        "port-forward" | "proxy" => Nature::Endless,
        "get" if has(&["-w", "--watch", "--watch-only"]) => Nature::Endless,
        "logs" if has(&["-f", "--follow", "--follow=true"]) => Nature::Endless,
        "run" | "exec" if interactive => match after {
            // A command given after `--`: only a bare shell stays.
            Some([shell, rest @ ..]) if is_shell(shell) && !rest.contains(&"-c") => Nature::Shell,
            Some([_, ..]) => Nature::Ends,
            _ => Nature::Shell,
        },
        "attach" if interactive => Nature::Shell,
        "attach" => Nature::Endless,
        _ => Nature::Ends,
    }
}

fn is_shell(word: &str) -> bool {
    matches!(word.rsplit('/').next(), Some("sh" | "bash" | "ash" | "zsh" | "dash"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_command_tell_how_it_ends() {
        let endless = [
            "watch kubectl get pods",
            "while true; do date; done",
            "ping 10.0.0.1",
            "kubectl get pods -w",
            "kubectl logs -f deploy/blue",
            "kubectl port-forward svc/blue 8080:80",
            "sudo tail -f /var/log/syslog",
        ];
        for text in endless {
            assert_eq!(nature(text), Nature::Endless, "{text}");
        }
        for text in [
            "kubectl run -ti --image=alpine x",
            "kubectl exec -it x -- sh",
            "kubectl run x -i -t --rm --image=y -- /bin/bash",
        ] {
            assert_eq!(nature(text), Nature::Shell, "{text}");
        }
        for text in [
            "ping -c3 a",
            "kubectl exec -ti x -- ls",
            "kubectl run x --image=y",
            "kubectl get pods",
            "",
            "for i in 1 2; do date; done",
        ] {
            assert_eq!(nature(text), Nature::Ends, "{text}");
        }
    }

    #[test]
    fn meanwhile_begins_an_instruction() {
        assert!(starts_with_meanwhile("Meanwhile, delete the Pod:"));
        assert!(starts_with_meanwhile("... meanwhile do this"));
        assert!(!starts_with_meanwhile("In the meanwhile"));
        assert!(!starts_with_meanwhile(""));
    }
}
