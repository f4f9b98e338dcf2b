//! The figures: how many lines were compared per verb and per kind, and how many are equal.

use crate::known::Known;
use crate::run::Outcome;
use kube::api::scheme::RESOURCES;
use std::collections::{BTreeMap, BTreeSet};

/// Compared and equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Lines that were compared.
    pub compared: usize,
    /// Lines that are equal.
    pub equal: usize,
}

/// Counts per name.
pub type Counts = BTreeMap<String, Count>;

/// All figures.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Everything that was compared to the byte.
    pub all: Count,
    /// Help texts, of which what they state was compared.
    pub help: Count,
    /// By verb.
    pub verbs: Counts,
    /// By kind.
    pub kinds: Counts,
}

impl Figures {
    /// The figures of a run.
    pub fn of(outcomes: &[Outcome]) -> Figures {
        let mut figures = Figures::default();
        for outcome in outcomes {
            let equal = usize::from(outcome.is_equal());
            let add = |count: &mut Count| {
                count.compared += 1;
                count.equal += equal;
            };
            if outcome.is_help {
                add(&mut figures.help);
                continue;
            }
            add(&mut figures.all);
            add(figures.verbs.entry(verb(&outcome.command)).or_default());
            for kind in kinds(&outcome.command) {
                add(figures.kinds.entry(kind.to_string()).or_default());
            }
        }
        figures
    }

    /// Why a table of earlier figures can stay no longer: other lines were compared, or fewer are equal. What came out
    /// better by chance, because of when things happened, is no reason.
    pub fn stale(&self, table: &str) -> Option<String> {
        let now = self.tsv();
        let rows = |text: &str| -> BTreeMap<String, (usize, usize)> {
            let row = |line: &str| {
                let (rest, equal) = line.rsplit_once('\t')?;
                let (name, compared) = rest.rsplit_once('\t')?;
                Some((name.to_string(), (compared.parse().ok()?, equal.parse().ok()?)))
            };
            text.lines().filter_map(row).collect()
        };
        let (old, new) = (rows(table), rows(&now));
        if old.keys().ne(new.keys()) {
            return Some("other verbs or kinds were compared".to_string());
        }
        let worse = |(name, (compared, equal)): (&String, &(usize, usize))| {
            let (known, before) = old.get(name)?;
            let name = name.replace('\t', " ");
            (compared != known || equal < before)
                .then(|| format!("{name}: {equal} of {compared} are equal, not {before} of {known}"))
        };
        new.iter().find_map(worse)
    }

    /// The figures as a table that programs read.
    pub fn tsv(&self) -> String {
        let Figures { all, help, .. } = self;
        let mut text =
            format!("all\t\t{}\t{}\nhelp\t\t{}\t{}\n", all.compared, all.equal, help.compared, help.equal);
        for (what, counts) in [("verb", &self.verbs), ("kind", &self.kinds)] {
            for (name, count) in counts {
                text += &format!("{what}\t{name}\t{}\t{}\n", count.compared, count.equal);
            }
        }
        text
    }
}

/// `docs/fidelity.md`.
pub fn page(figures: &Figures, outcomes: &[Outcome], known: &Known) -> String {
    let mut text = format!(
        "# How real is this?

<!-- Written by `cargo xtask fidelity`; a test fails when its figures are no longer those of the corpus. -->

Every command line of a corpus is run twice in the same state of the same cluster: by the page's own kubectl in the simulated shell, and by a real kubectl v1.35.2 against `podium serve-api`.
Standard output, standard error, exit status and what the command did to the cluster are compared to the byte.
Of {} command lines {} are equal.

Help texts are in our own words, so of those what they state is compared: usage, options with their shorthands and defaults, aliases, subcommands, in their order.
Of {} such command lines {} are equal in this.

The corpus is in [tests/differential/corpus](../tests/differential/corpus), what is not compared in [mask.rs](../tests/differential/src/mask.rs).
What is not simulated at all is in [SUPPORT](../SUPPORT.md).

",
        figures.all.compared, figures.all.equal, figures.help.compared, figures.help.equal
    );
    for (title, what, counts) in [("Verbs", "verb", &figures.verbs), ("Kinds", "kind", &figures.kinds)] {
        text += &format!("## {title}\n\n| {what} | compared | equal |\n| --- | ---: | ---: |\n");
        for (name, count) in counts {
            text += &format!("| {name} | {} | {} |\n", count.compared, count.equal);
        }
        text.push('\n');
    }
    text += "## What differs, and why\n";
    let mut reasons: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for outcome in outcomes.iter().filter(|outcome| !outcome.is_equal()) {
        let reason = known.reason(&outcome.file, &outcome.command).unwrap_or("not looked at yet");
        reasons.entry(reason).or_default().insert(outcome.command.lines().next().unwrap_or(""));
    }
    for (reason, commands) in &reasons {
        text += &format!("\n{reason}:\n\n");
        for command in commands {
            text += &format!("- `{}`\n", command.replace('`', "'"));
        }
    }
    text
}

/// Words of the first kubectl in a line.
fn words(command: &str) -> Vec<&str> {
    let line = command.lines().next().unwrap_or("");
    let after = line.split_once("kubectl").map_or("", |(_, after)| after);
    let end = after.find(['|', ';', '>', '&', ')']).unwrap_or(after.len());
    after[..end].split_whitespace().map(|word| word.trim_matches(['\'', '"'])).collect()
}

/// Flags before a verb that take a value.
const VALUED: [&str; 8] =
    ["-n", "--namespace", "--context", "--kubeconfig", "-v", "--as", "--server", "--request-timeout"];

/// The commands of kubectl 1.35.
const COMMANDS: &str = "alpha annotate api-resources api-versions apply attach auth autoscale certificate cluster-info \
    completion config cordon cp create debug delete describe diff drain edit events exec explain expose get help \
    kuberc kustomize label logs options patch plugin port-forward proxy replace rollout run scale set taint top \
    uncordon version wait";

/// Where lines are counted that name no command of kubectl: what is misspelt, flags alone.
const NO_COMMAND: &str = "(no command)";

/// The verb of a line.
fn verb(command: &str) -> String {
    let words = words(command);
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if VALUED.contains(word) {
            at += 2;
        } else if word.starts_with('-') {
            at += 1;
        } else if COMMANDS.split_whitespace().any(|command| command == *word) {
            return (*word).to_string();
        } else {
            break;
        }
    }
    NO_COMMAND.to_string()
}

/// Kinds that a line names.
fn kinds(command: &str) -> BTreeSet<&'static str> {
    let mut kinds = BTreeSet::new();
    for word in words(command).iter().filter(|word| !word.starts_with('-')) {
        for part in word.split(',') {
            let name = part.split('/').next().unwrap_or("");
            let name = name.split('.').next().unwrap_or("").to_ascii_lowercase();
            for resource in RESOURCES {
                if resource.plural == name
                    || resource.singular == name
                    || resource.short_names.contains(&name.as_str())
                {
                    kinds.insert(resource.kind);
                }
            }
        }
    }
    // A manifest in the line names its kinds itself.
    for kind in command.lines().filter_map(|line| line.trim().strip_prefix("kind: ")) {
        kinds.extend(RESOURCES.iter().filter(|resource| resource.kind == kind).map(|resource| resource.kind));
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_verb_and_kinds() {
        assert_eq!(verb("kubectl -n kube-system get pods"), "get");
        assert_eq!(verb("kubectl gett pods"), NO_COMMAND);
        assert_eq!(verb("kubectl --nosuch"), NO_COMMAND);
        assert_eq!(verb("echo $(kubectl version)"), "version");
        assert_eq!(verb("echo x | kubectl apply -f -"), "apply");
        let kinds: Vec<&str> = kinds("kubectl get deploy/web,svc -o wide | grep pods").into_iter().collect();
        assert_eq!(kinds, ["Deployment", "Service"]);
    }
}
