//! Labs: what a learner reads and types, and what the author's autopilot does between.

use serde::{Deserialize, Serialize};

use crate::block::{Block, BlockKind, text_of, walk};
use crate::source::Position;

/// A `.lab[ ... ]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lab {
    /// Made from the slide's name; the same on every `--` step and as long as the slide keeps its title.
    pub id: String,
    /// Classes beside `lab`.
    pub classes: Vec<String>,
    /// What is shown.
    pub blocks: Vec<Block>,
    /// The hidden directives, in the order of the file. [`Lab::steps`] puts them among the commands.
    pub directives: Vec<DirectiveAt>,
}

/// A directive and its place in the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DirectiveAt {
    /// Where it is.
    pub at: Position,
    /// What it is.
    #[serde(flatten)]
    pub directive: Directive,
}

/// What a lab asks for, one thing after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LabStep {
    /// Text to read; most often it says what the command after it is for.
    Instruction(String),
    /// Something to type.
    Command(Command),
    /// Something the autopilot does and the page hides.
    Directive(Directive),
}

impl Lab {
    /// Instructions, commands and directives in the order of the file.
    pub fn steps(&self) -> Vec<LabStep> {
        let mut steps: Vec<(Position, LabStep)> = Vec::new();
        let mut add = |at: Position, step: LabStep| {
            let place = steps.partition_point(|(other, _)| *other <= at);
            steps.insert(place, (at, step));
        };
        walk(&self.blocks, &mut |block| match &block.kind {
            BlockKind::Paragraph { content } | BlockKind::Heading { content, .. } => {
                add(block.at, LabStep::Instruction(text_of(content)));
            }
            BlockKind::Command(command) => add(block.at, LabStep::Command(command.clone())),
            _ => {}
        });
        for DirectiveAt { at, directive } in &self.directives {
            add(*at, LabStep::Directive(directive.clone()));
        }
        steps.into_iter().map(|(_, step)| step).collect()
    }

    /// The commands shown.
    pub fn commands(&self) -> Vec<&Command> {
        let mut commands = Vec::new();
        walk(&self.blocks, &mut |block| {
            if let BlockKind::Command(command) = &block.kind {
                commands.push(command);
            }
        });
        commands
    }
}

/// Shell code to type, one or more lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// The slide's name, a dot and a number from 1; stable like a lab's id.
    pub id: String,
    /// `bash`, `sh` or `shell`.
    pub language: String,
    /// Its lines; the indent they share is gone.
    pub lines: Vec<Vec<Part>>,
}

impl Command {
    /// The command as typed, lines joined by `\n`. `fill` gives the value of a blank; a blank it does not
    /// know stays as the author wrote it.
    pub fn text(&self, mut fill: impl FnMut(&Blank) -> Option<String>) -> String {
        lines_to_text(&self.lines, &mut fill)
    }

    /// Its blanks.
    pub fn blanks(&self) -> impl Iterator<Item = &Blank> {
        self.lines.iter().flatten().filter_map(|part| match part {
            Part::Blank(blank) => Some(blank),
            _ => None,
        })
    }
}

pub(crate) fn lines_to_text(lines: &[Vec<Part>], fill: &mut dyn FnMut(&Blank) -> Option<String>) -> String {
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        for part in line {
            match part {
                Part::Text(plain) | Part::Marked(plain) => text.push_str(plain),
                Part::Blank(blank) => text.push_str(&fill(blank).unwrap_or_else(|| blank.text.clone())),
            }
        }
    }
    text
}

/// A piece of a line of code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Code.
    Text(String),
    /// Code the author put in back-quotes to stress it; typed as it is.
    Marked(String),
    /// Something the learner has to find out and fill in.
    Blank(Blank),
}

/// A blank in a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blank {
    /// What the author wrote in it.
    pub text: String,
    /// What belongs there.
    #[serde(flatten)]
    pub kind: BlankKind,
}

/// What belongs in a blank. Names come from the commands before it, so a page can look up the live object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "wants", rename_all = "snake_case")]
pub enum BlankKind {
    /// The address of a pod: of this Deployment (or this pod), when one was spoken of.
    PodAddress {
        /// The Deployment or pod most recently named by a command.
        owner: Option<String>,
    },
    /// The name of a pod that begins with the prefix.
    PodName {
        /// `blue-` for `blue-xxxxxxxx-yyyyy`.
        prefix: String,
    },
    /// The cluster address of a Service.
    ServiceAddress {
        /// The Service most recently named by a command.
        service: Option<String>,
    },
    /// Only the learner knows.
    Other,
}

/// A hidden directive of a lab: the author's own test of it. Semantics are those of container.training's autopilot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", content = "with", rename_all = "snake_case")]
pub enum Directive {
    /// Type this command, wait for the prompt, expect status 0.
    Hide(String),
    /// Press one key, in tmux's words: `^C`, `Enter`, `Escape`, `q`.
    Key(String),
    /// Type this text, without Return; `\n` in it is Return.
    Keys(String),
    /// Wait until this text is on the screen, for at most a minute.
    Wait(String),
    /// As `Wait`, for at most ten minutes.
    LongWait(String),
    /// Type this command silently and expect status 0.
    Check(String),
    /// A tmux command, such as `split-pane -h`; only panes mean something here.
    Tmux(String),
    /// Open this address in a browser.
    Open(String),
    /// Keep the last match of this expression on the screen.
    Copy(String),
    /// Type what `Copy` kept.
    Paste(String),
    /// `Copy`, then `Paste` and Return.
    CopyPaste(String),
}
