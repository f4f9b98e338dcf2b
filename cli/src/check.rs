//! `podium check`: every lab of a deck, in order, on a fresh cluster, typed as a learner types.

use crate::container::Container;
use crate::pane::Pane;
use crate::world::World;
use crate::{CheckArgs, unusable};
use sim_core::{Input, JobId, Output, Place, PodView};
use slides::{Action, BlankKind, Command, LabPlan, Nature, Profile};
use std::time::Duration;

/// The longest that a command may take before it counts as stuck.
const COMMAND_LIMIT: Duration = Duration::from_secs(200);
/// How long the prompt of a shell in a container may take before Return is pressed.
const SHELL_LIMIT: Duration = Duration::from_secs(30);
/// How long what does not end by itself is watched.
const ENDLESS: Duration = Duration::from_secs(5);
/// How long after a ^C or ^D the prompt may take.
const INTERRUPT_LIMIT: Duration = Duration::from_secs(40);
const CHECK_JOB: JobId = 1;

/// Runs the command; gives the exit status: 0, 1 for a failed lab, 2 for unusable input.
pub fn run(args: &CheckArgs) -> u8 {
    let (mut passed, mut failed) = (0, 0);
    for path in &args.decks {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => return unusable(path, &error),
        };
        let deck = slides::parse_bytes(&path.display().to_string(), &bytes);
        for diagnostic in &deck.diagnostics {
            eprintln!("{}", diagnostic.one_line());
        }
        let mut checker = Checker::new(args, &deck.profiles);
        for plan in slides::plan(&deck) {
            let result = checker.perform(&plan);
            let verdict = if result.is_ok() { "passed" } else { "failed" };
            println!("{verdict} {}: slide {}: {}", plan.lab, plan.slide, plan.title);
            match result {
                Ok(()) => passed += 1,
                Err(why) => {
                    failed += 1;
                    for line in why.lines() {
                        println!("    {line}");
                    }
                }
            }
        }
        if args.transcript {
            println!("{}", checker.transcript());
        }
    }
    println!("{} labs: {passed} passed, {failed} failed", passed + failed);
    u8::from(failed > 0)
}

struct Checker {
    world: World,
    place: Place,
    first: Pane,
    second: Option<Pane>,
    container: Option<Container>,
    from_container: bool,
    clipboard: String,
    /// Where the output of the running endless command begins, in the first and in the second pane.
    endless_from: [Option<usize>; 2],
}

impl Checker {
    fn new(args: &CheckArgs, profiles: &[Profile]) -> Self {
        let place = args.world.place.into();
        let mut config = args.world.config();
        config.cloud |= profiles.contains(&Profile::Cloud);
        config.metrics |= profiles.contains(&Profile::Metrics);
        let mut world = World::new(config);
        let first = Pane::open(&mut world, 1, place);
        Checker {
            world,
            place,
            first,
            second: None,
            container: None,
            from_container: args.from_container,
            clipboard: String::new(),
            endless_from: [None, None],
        }
    }

    fn transcript(&self) -> String {
        let mut text = format!("--- first pane\n{}\n", self.first.screen.text());
        if let Some(second) = &self.second {
            text += &format!("--- second pane\n{}\n", second.screen.text());
        }
        if let Some(container) = &self.container {
            text += &format!("--- container\n{}\n", container.pane.screen.text());
        }
        text
    }

    fn perform(&mut self, plan: &LabPlan) -> Result<(), String> {
        let mut problems = Vec::new();
        for action in &plan.actions {
            if let Err(problem) = self.act(action) {
                problems.push(problem);
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
    }

    fn act(&mut self, action: &Action) -> Result<(), String> {
        match action {
            Action::Type { pane, command, nature, waited } => {
                let text = self.fill(command)?;
                self.command(*pane, &text, *nature, *waited)
            }
            Action::Hide { pane, line, nature, waited } => self.command(*pane, line, *nature, *waited),
            Action::Key { at_prompt: true, key, .. } if matches!(key.as_str(), "^D" | "C-d") => Ok(()),
            Action::Key { pane, key, .. } => {
                let bytes = key_bytes(key)?;
                self.press(*pane, &bytes)
            }
            Action::Keys { pane, text } => self.press(*pane, text.as_bytes()),
            Action::Wait { pane, text, timeout_s } => {
                let limit = Duration::from_secs(u64::from(*timeout_s));
                let (world, pane) = self.pane(*pane);
                let from = pane.screen.line_count().saturating_sub(200);
                if pane.wait_for_text(world, text, from, limit) {
                    Ok(())
                } else {
                    Err(format!("\"{text}\" did not appear within {timeout_s} s"))
                }
            }
            Action::Check { line } => self.check(line),
            Action::Copy { pane, pattern } => {
                let expression =
                    regex_lite::Regex::new(pattern).map_err(|error| format!("copy {pattern}: {error}"))?;
                let text = self.pane(*pane).1.screen.text();
                let found = expression.find_iter(&text).last();
                self.clipboard =
                    found.ok_or(format!("copy: nothing on the screen matches {pattern}"))?.as_str().into();
                Ok(())
            }
            Action::Paste { pane, enter } => {
                let text = format!("{}{}", self.clipboard, if *enter { "\r" } else { "" });
                self.press(*pane, text.as_bytes())
            }
            Action::Open { url } => self.check(&format!("curl -sS -o /dev/null {url}")),
            Action::Interrupt { pane } => self.interrupt(*pane),
            Action::Leave { pane } => {
                let (world, pane) = self.pane(*pane);
                pane.type_bytes(world, b"\x04");
                let back = pane.wait_for_prompt(world, INTERRUPT_LIMIT);
                back.map(drop).ok_or_else(|| format!("^D did not bring the prompt back:\n{}", tail(pane)))
            }
        }
    }

    fn pane(&mut self, which: slides::Pane) -> (&mut World, &mut Pane) {
        match which {
            slides::Pane::First => (&mut self.world, &mut self.first),
            slides::Pane::Second => {
                let (world, place) = (&mut self.world, self.place);
                let pane = self.second.get_or_insert_with(|| Pane::open(world, 2, place));
                (world, pane)
            }
        }
    }

    fn command(
        &mut self,
        which: slides::Pane,
        text: &str,
        nature: Nature,
        waited: bool,
    ) -> Result<(), String> {
        if self.from_container
            && Container::is_for(text)
            && nature != Nature::Shell
            && self.pane(which).1.at_prompt()
        {
            return self.in_container(text, nature);
        }
        let (world, pane) = self.pane(which);
        let (at_class_prompt, from) = (pane.at_prompt(), pane.screen.line_count());
        pane.type_line(world, text);
        match nature {
            _ if waited => Ok(()),
            Nature::Endless => {
                pane.pass(world, ENDLESS);
                self.endless_from[which as usize] = Some(from + 1);
                Ok(())
            }
            Nature::Shell => {
                // Who sees no prompt is told to press Return.
                let shown = pane.wait_for_some_prompt(world, SHELL_LIMIT) || {
                    pane.type_bytes(world, b"\r");
                    pane.wait_for_some_prompt(world, COMMAND_LIMIT)
                };
                if shown { Ok(()) } else { Err(stuck(text, pane)) }
            }
            Nature::Ends if at_class_prompt => match pane.wait_for_prompt(world, COMMAND_LIMIT) {
                Some(0) => Ok(()),
                Some(status) => {
                    Err(format!("`{text}` ended with status {status}:\n{}", tail_from(pane, from)))
                }
                None => {
                    let problem = stuck(text, pane);
                    give_up(world, pane);
                    Err(problem)
                }
            },
            Nature::Ends => nested(world, pane, text),
        }
    }

    /// Stops what would not end by itself. It has failed if all it had to say was that something does not work.
    fn interrupt(&mut self, which: slides::Pane) -> Result<(), String> {
        if let Some(container) = &mut self.container
            && self.endless_from[which as usize].is_none()
            && self.from_container
        {
            container.pane.type_bytes(&mut self.world, b"\x03");
            container.pane.wait_for_some_prompt(&mut self.world, INTERRUPT_LIMIT);
        }
        let from = self.endless_from[which as usize].take();
        let (world, pane) = self.pane(which);
        if pane.at_prompt() {
            return Ok(());
        }
        pane.pass(world, ENDLESS);
        let said = from.map(|from| pane.screen.text_from(from)).unwrap_or_default();
        pane.type_bytes(world, b"\x03");
        if pane.wait_for_prompt(world, INTERRUPT_LIMIT).is_none() {
            return Err(format!("^C did not bring the prompt back:\n{}", tail(pane)));
        }
        only_errors(&said).map_or(Ok(()), |line| Err(format!("nothing but errors: {line}")))
    }

    fn in_container(&mut self, text: &str, nature: Nature) -> Result<(), String> {
        let mut container = match self.container.take() {
            Some(container) => container,
            None => Container::start(&mut self.world, self.place)?,
        };
        container.carry_variables(&mut self.world, &mut self.first, text);
        let result = if nature == Nature::Endless {
            let from = container.pane.screen.line_count();
            container.pane.type_line(&mut self.world, text);
            container.pane.pass(&mut self.world, ENDLESS);
            let said = container.pane.screen.text_from(from + 1);
            only_errors(&said).map_or(Ok(()), |line| Err(format!("nothing but errors: {line}")))
        } else {
            nested(&mut self.world, &mut container.pane, text)
        };
        self.container = Some(container);
        result
    }

    fn press(&mut self, which: slides::Pane, bytes: &[u8]) -> Result<(), String> {
        let (world, pane) = self.pane(which);
        pane.type_bytes(world, bytes);
        pane.pass(world, Duration::from_secs(1));
        Ok(())
    }

    /// Runs a command beside the lab and wants status 0.
    fn check(&mut self, line: &str) -> Result<(), String> {
        let argv = vec!["bash".to_string(), "-lc".to_string(), line.to_string()];
        self.world.input(Input::Spawn { id: CHECK_JOB, place: self.place, argv });
        self.world.input(Input::CloseStdin { id: CHECK_JOB });
        let (mut said, mut status) = (String::new(), None);
        self.world.run(COMMAND_LIMIT, |output| match output {
            Output::Stdout { id: CHECK_JOB, bytes } | Output::Stderr { id: CHECK_JOB, bytes } => {
                said += &String::from_utf8_lossy(bytes);
                false
            }
            Output::Exited { id: CHECK_JOB, code } => {
                status = Some(*code);
                true
            }
            _ => false,
        });
        match status {
            Some(0) => Ok(()),
            Some(status) => Err(format!("`{line}` ended with status {status}:\n{said}")),
            None => Err(format!("`{line}` did not end")),
        }
    }

    /// The text of a command, its blanks filled from what is there.
    fn fill(&mut self, command: &Command) -> Result<String, String> {
        // What the blank names may still be on its way.
        for _ in 0..60 {
            let view = self.world.sim().view();
            if command.blanks().all(|blank| find(&blank.kind, &view).is_some()) {
                break;
            }
            self.first.pass(&mut self.world, Duration::from_secs(1));
        }
        let view = self.world.sim().view();
        if let Some(blank) = command.blanks().find(|blank| find(&blank.kind, &view).is_none()) {
            return Err(format!("nothing to put for `{}`", blank.text));
        }
        Ok(command.text(|blank| find(&blank.kind, &view)))
    }
}

/// A command in a shell that does not report its prompts: its status is asked for.
fn nested(world: &mut World, pane: &mut Pane, text: &str) -> Result<(), String> {
    let from = pane.screen.line_count();
    pane.type_line(world, text);
    if !pane.wait_for_some_prompt(world, COMMAND_LIMIT) {
        return Err(stuck(text, pane));
    }
    let shown = tail_from(pane, from);
    let asked = pane.screen.line_count();
    pane.type_line(world, "echo status $?");
    pane.wait_for_some_prompt(world, INTERRUPT_LIMIT);
    let answer = pane.screen.text_from(asked);
    let status = answer
        .lines()
        .find_map(|line| line.strip_prefix("status ").and_then(|n| n.trim().parse::<i32>().ok()));
    match status {
        Some(0) => Ok(()),
        Some(status) => Err(format!("`{text}` ended with status {status}:\n{shown}")),
        None => Err(stuck(text, pane)),
    }
}

fn find(kind: &BlankKind, view: &sim_core::View) -> Option<String> {
    let running =
        |pod: &&PodView| pod.namespace == "default" && pod.status == "Running" && !pod.ip.is_empty();
    let belongs = |pod: &PodView, prefix: &str| pod.name.starts_with(prefix);
    let mut pods = view.pods.iter().filter(running);
    match kind {
        BlankKind::PodAddress { owner } => pods
            .find(|pod| {
                owner.as_ref().is_none_or(|owner| belongs(pod, &format!("{owner}-")) || pod.name == *owner)
            })
            .map(|pod| pod.ip.clone()),
        BlankKind::PodName { prefix } => pods.find(|pod| belongs(pod, prefix)).map(|pod| pod.name.clone()),
        BlankKind::ServiceAddress { service } => view
            .services
            .iter()
            .filter(|found| found.namespace == "default" && found.name != "kubernetes")
            .find(|found| service.as_ref().is_none_or(|service| *service == found.name))
            .map(|found| found.cluster_ip.clone()),
        BlankKind::Other => None,
    }
}

/// The first line, when every line is an error of a client that could not connect.
fn only_errors(said: &str) -> Option<String> {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "^C").peekable();
    let first = lines.peek()?.to_string();
    lines.all(|line| line.starts_with("curl: (")).then_some(first)
}

/// Brings the prompt back for the next command: a loop takes a ^C for each of its children that catches one.
fn give_up(world: &mut World, pane: &mut Pane) {
    for _ in 0..5 {
        pane.type_bytes(world, b"\x03");
        if pane.wait_for_prompt(world, Duration::from_secs(2)).is_some() {
            return;
        }
    }
}

fn stuck(text: &str, pane: &Pane) -> String {
    format!("`{text}` did not come to an end:\n{}", tail(pane))
}

fn tail(pane: &Pane) -> String {
    tail_from(pane, pane.screen.line_count().saturating_sub(12))
}

fn tail_from(pane: &Pane, from: usize) -> String {
    let text = pane.screen.text_from(from);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

/// tmux's names of keys.
fn key_bytes(key: &str) -> Result<Vec<u8>, String> {
    let control =
        key.strip_prefix('^').or_else(|| key.strip_prefix("C-")).and_then(|rest| rest.bytes().next());
    if let Some(letter) = control.filter(|_| key.len() <= 3) {
        return Ok(vec![letter.to_ascii_uppercase() & 0x1f]);
    }
    let bytes: &[u8] = match key {
        "Enter" => b"\r",
        "Tab" => b"\t",
        "Space" => b" ",
        "Escape" => b"\x1b",
        "BSpace" => b"\x7f",
        "Up" => b"\x1b[A",
        "Down" => b"\x1b[B",
        "Right" => b"\x1b[C",
        "Left" => b"\x1b[D",
        _ if key.chars().count() == 1 => return Ok(key.as_bytes().to_vec()),
        _ => return Err(format!("the key {key} is not known")),
    };
    Ok(bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_names_of_tmux() {
        assert_eq!(key_bytes("^C"), Ok(vec![3]));
        assert_eq!(key_bytes("C-d"), Ok(vec![4]));
        assert_eq!(key_bytes("q"), Ok(b"q".to_vec()));
        assert!(key_bytes("F13").is_err());
    }

    #[test]
    fn an_endless_command_that_only_fails_has_failed() {
        let timeout = "curl: (28) Connection timed out after 1001 milliseconds\n";
        assert!(only_errors(&timeout.repeat(3)).is_some());
        assert!(only_errors(&format!("{timeout}This is pod default/blue\n")).is_none());
        assert!(only_errors("").is_none());
    }
}
