//! What the commands before a blank spoke of, which tells what belongs in it.

use crate::code::{is_dotted, pod_prefix};
use crate::lab::{BlankKind, Command, Part};

/// The names most recently used.
#[derive(Debug, Default)]
pub(crate) struct Context {
    deployment: Option<String>,
    service: Option<String>,
    /// The instruction before the command.
    said: String,
}

impl Context {
    /// Reads an instruction.
    pub fn hear(&mut self, text: String) {
        self.said = text;
    }

    /// Decides what the blanks of a command want, then remembers the names in it.
    pub fn meet(&mut self, command: &mut Command) {
        for part in command.lines.iter_mut().flatten() {
            if let Part::Blank(blank) = part {
                blank.kind = self.classify(&blank.text);
            }
        }
        self.remember(&command.text(|_| None));
    }

    pub fn classify(&self, text: &str) -> BlankKind {
        if let Some(prefix) = pod_prefix(text) {
            return BlankKind::PodName { prefix };
        }
        let pod_address = || BlankKind::PodAddress { owner: self.deployment.clone() };
        let service_address = || BlankKind::ServiceAddress { service: self.service.clone() };
        let words: Vec<String> = text
            .split(|c: char| !c.is_alphanumeric())
            .map(str::to_uppercase)
            .filter(|w| !w.is_empty())
            .collect();
        let has = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
        if has(&["CLUSTERIP", "SERVICEIP"]) {
            return service_address();
        }
        if is_dotted(text) || has(&["IP", "ADDRESS", "ADDR", "PODIP"]) {
            return if has(&["CLUSTER", "SERVICE", "SVC"]) {
                service_address()
            } else if has(&["POD", "PODIP"]) {
                pod_address()
            } else if has(&["EXTERNAL", "HOST", "LB", "NODE", "PUBLIC"]) {
                BlankKind::Other
            } else if self.says("service") && !self.says("pod") {
                service_address()
            } else {
                pod_address()
            };
        }
        if has(&["POD", "PODNAME"]) {
            let prefix = self.deployment.as_ref().map(|name| format!("{name}-")).unwrap_or_default();
            return BlankKind::PodName { prefix };
        }
        BlankKind::Other
    }

    fn says(&self, word: &str) -> bool {
        let said = self.said.to_lowercase();
        said.split(|c: char| !c.is_alphanumeric()).any(|w| w == word || w.strip_suffix('s') == Some(word))
    }

    fn remember(&mut self, text: &str) {
        let words: Vec<&str> =
            text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ';')).collect();
        if !words.iter().any(|word| matches!(*word, "kubectl" | "k")) {
            return;
        }
        let exposes = words.contains(&"expose");
        for (index, word) in words.iter().enumerate() {
            let (kind, slashed) =
                word.split_once('/').map_or((*word, None), |(kind, name)| (kind, Some(name)));
            let mut names = words[index + 1..].iter().filter(|word| !word.starts_with('-')).copied();
            let mut name = slashed.or_else(|| names.next());
            match kind {
                "deployment" | "deployments" | "deploy" => {
                    if let Some(name) = name.filter(|name| is_name(name)) {
                        self.deployment = Some(name.to_owned());
                        if exposes {
                            self.service = Some(name.to_owned());
                        }
                    }
                }
                "service" | "services" | "svc" => {
                    if matches!(name, Some("clusterip" | "nodeport" | "loadbalancer" | "externalname")) {
                        name = names.next();
                    }
                    if let Some(name) = name.filter(|name| is_name(name)) {
                        self.service = Some(name.to_owned());
                    }
                }
                _ => {
                    if let Some(name) = word.strip_prefix("--name=").filter(|_| exposes) {
                        self.service = Some(name.to_owned());
                    }
                }
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}
