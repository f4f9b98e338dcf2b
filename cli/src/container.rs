//! The way in on a laptop: commands that need internal addresses, run in an interactive container.

use crate::pane::Pane;
use crate::world::World;
use sim_core::{Place, TerminalId};
use std::collections::BTreeSet;
use std::time::Duration;

const START: &str = "kubectl run --rm -ti --image=archlinux myshell";
const TERMINAL: TerminalId = 90;

/// A terminal with a shell in a container.
pub struct Container {
    /// Its terminal.
    pub pane: Pane,
    known: BTreeSet<String>,
}

impl Container {
    /// Starts the container as the decks say.
    pub fn start(world: &mut World, place: Place) -> Result<Container, String> {
        let mut pane = Pane::open(world, TERMINAL, place);
        pane.type_line(world, START);
        let running = |world: &World| {
            world.sim().view().pods.iter().any(|pod| pod.name == "myshell" && pod.status == "Running")
        };
        for _ in 0..120 {
            pane.pass(world, Duration::from_secs(1));
            if running(world) && pane.wait_for_some_prompt(world, Duration::from_secs(5)) {
                return Ok(Container { pane, known: BTreeSet::new() });
            }
        }
        Err(format!("`{START}` gave no prompt:\n{}", pane.screen.text()))
    }

    /// Whether a command needs to be run here.
    pub fn is_for(text: &str) -> bool {
        text.split(|c: char| !c.is_alphanumeric()).any(|word| matches!(word, "curl" | "ping"))
    }

    /// Carries the variables of a command over from the class's shell.
    pub fn carry_variables(&mut self, world: &mut World, class: &mut Pane, text: &str) {
        for name in variables(text) {
            if !self.known.insert(name.clone()) {
                continue;
            }
            let line = class.screen.line_count();
            class.type_line(world, &format!("echo \"value=${name}=\""));
            class.wait_for_prompt(world, Duration::from_secs(10));
            let shown = class.screen.text_from(line + 1);
            if let Some(value) = shown.split("value=").nth(1).and_then(|rest| rest.split('=').next()) {
                let value = value.to_string();
                self.pane.type_line(world, &format!("{name}={value}"));
                self.pane.wait_for_some_prompt(world, Duration::from_secs(10));
            }
        }
    }
}

/// Upper-case variables that a command reads.
fn variables(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for piece in text.split('$').skip(1) {
        let name: String = piece.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
        if !name.is_empty() {
            names.insert(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_the_class_are_found() {
        let text = "for i in $(seq 10); do curl http://$CLUSTER_IP/$i; done";
        assert_eq!(variables(text), BTreeSet::from(["CLUSTER_IP".to_string()]));
        assert!(Container::is_for(text));
        assert!(!Container::is_for("kubectl get pods"));
    }
}
