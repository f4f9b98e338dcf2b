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
            .map(str::to_ascii_uppercase)
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
        let said = self.said.to_ascii_lowercase();
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What a blank wants after these commands and this instruction.
    fn wants(commands: &[&str], said: &str, blank: &str) -> BlankKind {
        let mut context = Context::default();
        commands.iter().for_each(|command| context.remember(command));
        context.hear(said.to_owned());
        context.classify(blank)
    }

    fn pod_address(owner: &str) -> BlankKind {
        BlankKind::PodAddress { owner: Some(owner.to_owned()) }
    }

    #[test]
    fn an_address_is_that_of_the_deployment_last_spoken_of() {
        let red = "kubectl create deployment red --image=x";
        let blue = "kubectl create deployment blue --image=x";
        assert_eq!(wants(&[red, blue], "Send a request to the pod:", "IP-ADDRESS"), pod_address("blue"));
        assert_eq!(
            wants(&[blue, red, "kubectl scale deploy/blue --replicas=3"], "", "IP"),
            pod_address("blue")
        );
        assert_eq!(wants(&[blue, "kubectl get pods"], "", "x.x.x.x"), pod_address("blue"));
        assert_eq!(wants(&[], "", "POD_IP"), BlankKind::PodAddress { owner: None });
        assert_eq!(wants(&["echo deployment green"], "", "IP"), BlankKind::PodAddress { owner: None });
    }

    #[test]
    fn a_service_address_is_asked_for_by_its_name_or_by_the_instruction() {
        let expose = "kubectl expose deployment blue --port=80";
        let service = |name: Option<&str>| BlankKind::ServiceAddress { service: name.map(str::to_owned) };
        assert_eq!(wants(&[expose], "", "CLUSTER-IP"), service(Some("blue")));
        assert_eq!(wants(&[expose], "Connect to the Service:", "IP-ADDRESS"), service(Some("blue")));
        assert_eq!(
            wants(&["kubectl create service clusterip web --tcp=80"], "", "<service-ip>"),
            service(Some("web"))
        );
        assert_eq!(wants(&["kubectl expose deploy/a --name=b"], "", "SVC_ADDRESS"), service(Some("b")));
        assert_eq!(wants(&[], "", "ClusterIP"), service(None));
        assert_eq!(wants(&[expose], "", "NODE-IP"), BlankKind::Other);
    }

    #[test]
    fn letters_that_stand_for_any_letters_make_a_pods_name() {
        let prefix = |prefix: &str| BlankKind::PodName { prefix: prefix.to_owned() };
        assert_eq!(wants(&[], "", "blue-xxxxxxxx-yyyyy"), prefix("blue-"));
        assert_eq!(wants(&[], "", "my-little-deploy-xxx-yyy"), prefix("my-little-deploy-"));
        assert_eq!(wants(&[], "", "web-..."), prefix("web-"));
        assert_eq!(wants(&["kubectl create deployment web --image=x"], "", "POD-NAME"), prefix("web-"));
        assert_eq!(wants(&[], "", "YOUR-NAME"), BlankKind::Other);
    }
}
