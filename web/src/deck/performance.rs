//! What Run has to know about the commands of a deck: where they go, and how they end.

use litemap::LiteMap;
use slides::{Action, Command, Deck, Nature, Pane};

/// How to perform one command.
#[derive(Clone, Debug, PartialEq)]
pub struct Cue {
    pub command: Command,
    pub slide: usize,
    /// Nothing outside of labs.
    pub lab: Option<String>,
    pub pane: Pane,
    pub nature: Nature,
}

/// The cues of every command of a deck, by the command's id.
pub fn cues(deck: &Deck) -> LiteMap<String, Cue> {
    let mut cues = LiteMap::new();
    for slide in &deck.slides {
        for command in slide.commands() {
            let nature = guess(&command.text(|_| None));
            let cue =
                Cue { command: command.clone(), slide: slide.number, lab: None, pane: Pane::First, nature };
            cues.insert(command.id.clone(), cue);
        }
    }
    for plan in slides::plan(deck) {
        for action in &plan.actions {
            if let Action::Type { pane, command, nature, .. } = action
                && let Some(cue) = cues.get_mut(&command.id)
            {
                (cue.lab, cue.pane, cue.nature) = (Some(plan.lab.clone()), *pane, *nature);
            }
        }
    }
    cues
}

/// How a command outside of labs, or one typed by hand, ends.
pub fn guess(text: &str) -> Nature {
    let words: Vec<&str> = text.split_whitespace().collect();
    let has = |flags: &[&str]| words.iter().any(|word| flags.contains(word));
    let kubectl = words.first().is_some_and(|word| *word == "kubectl" || *word == "k");
    if kubectl && has(&["run", "exec", "attach"]) && has(&["-it", "-ti", "-t", "--tty"]) {
        Nature::Shell
    } else if words.first().is_some_and(|word| ["watch", "while", "until", "yes"].contains(word)) {
        Nature::Endless
    } else {
        Nature::Ends
    }
}

/// Whether a command talks to the cluster's own addresses, and so belongs in a container when there is one.
pub fn talks_to_addresses(text: &str) -> bool {
    text.split_whitespace()
        .next()
        .is_some_and(|word| ["curl", "ping", "dig", "nslookup", "wget"].contains(&word))
}

/// Every placeholder of a deck: text that stands for something to look up.
pub fn placeholders(deck: &Deck) -> Vec<slides::Blank> {
    let mut found: Vec<slides::Blank> = Vec::new();
    let commands = deck.slides.iter().flat_map(|slide| slide.commands());
    for blank in commands.flat_map(|command| command.blanks()) {
        if !found.contains(blank) {
            found.push(blank.clone());
        }
    }
    found
}
