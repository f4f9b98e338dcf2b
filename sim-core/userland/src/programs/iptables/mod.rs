//! `iptables`, `iptables-save` and `iptables-restore` of 1.8.9, nf_tables variant: the rules that kube-proxy writes,
//! and one's own.
//!
//! `args` reads the command line, `change` does what changes rules, `list` shows them as `-L` does, `show` as `-S`;
//! `save` holds the two programs for whole tables. The rules themselves are [`linux::net::netfilter`]'s.

mod args;
mod change;
mod list;
mod save;

pub use save::{RESTORE, SAVE};

use super::support::{prelude::*, program};
use args::Command;
use linux::net::netfilter::Table;
use std::time::Duration;

program!(PROGRAM, "iptables", "Administration tool for IPv4 packet filtering and NAT", main);

/// What the program calls itself in long messages.
const VERSION: &str = "v1.8.9 (nf_tables)";

/// Why a command was not done.
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    /// A wrong command line: the hint follows, status 2.
    Usage(String),
    /// `iptables: TEXT`, status 1.
    Refused(String),
    /// With the version in front, and this status.
    Kernel(String, ExitCode),
    /// Not simulated.
    Missing(String),
}

impl Failure {
    /// Says it; the status.
    async fn report(self, sys: &Sys, name: &str) -> ExitCode {
        let (text, status) = match self {
            Failure::Usage(text) => {
                let hint = format!("Try `{name} -h' or '{name} --help' for more information.");
                (format!("{name} {VERSION}: {text}\n{hint}\n"), 2)
            }
            Failure::Refused(text) => (format!("{name}: {text}\n"), 1),
            Failure::Kernel(text, status) => (format!("{name} {VERSION}: {text}\n"), status),
            Failure::Missing(what) => return not_simulated(sys, name, &what).await,
        };
        sys.err(&text).await;
        status
    }
}

/// Only root may look at rules.
fn need_root(sys: &Sys) -> Result<(), Failure> {
    match sys.uid() {
        0 => Ok(()),
        _ => Err(Failure::Kernel(
            "Could not fetch rule set generation id: Permission denied (you must be root)".into(),
            4,
        )),
    }
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    let name = args[0].rsplit('/').next().unwrap_or("iptables").to_string();
    sys.cpu(Duration::from_millis(4)).await;
    match run(&sys, &args).await {
        Ok(text) => {
            let mut out = Out::new(&sys);
            out.text(&text).await;
            out.flush().await;
            0
        }
        Err(failure) => failure.report(&sys, &name).await,
    }
}

async fn run(sys: &Sys, args: &[String]) -> Result<String, Failure> {
    let request = args::read(&args[1..])?;
    let Some(command) = &request.command else {
        // Options of matches are known once a match is loaded.
        let loads = |word: &String| matches!(word.as_str(), "-p" | "-m" | "-j");
        let unknown =
            request.rule.first().filter(|first| first.starts_with("--") && !request.rule.iter().any(loads));
        return match unknown {
            _ if request.version => Ok(format!("iptables {VERSION}\n")),
            Some(option) => Err(Failure::Usage(format!("unknown option \"{option}\""))),
            None => Err(Failure::Usage("no command specified".into())),
        };
    };
    let table = Table::from_name(&request.table).ok_or_else(|| {
        Failure::Kernel(
            format!(
                "table '{}' does not exist\nPerhaps iptables or your kernel needs to be upgraded.",
                request.table
            ),
            3,
        )
    })?;
    need_root(sys)?;
    match command {
        Command::List(chain, number) => {
            let chains = chosen(sys, table, chain.as_deref())?;
            list::list(sys, &chains, *number, &request).await
        }
        Command::Show(chain, number) => {
            let chains = chosen(sys, table, chain.as_deref())?;
            Ok(list::show(&chains, *number, request.verbose))
        }
        _ => change::change(sys, table, &request),
    }
}

/// A chain, and how many rules jump to it.
struct Shown {
    chain: linux::net::netfilter::Chain,
    references: usize,
}

fn chosen(sys: &Sys, table: Table, name: Option<&str>) -> Result<Vec<Shown>, Failure> {
    let found = sys.host().net().netfilter(sys.namespaces().netns, |netfilter| {
        let data = netfilter.table(table);
        let chosen = data.chains().filter(|chain| name.is_none_or(|name| name == chain.name));
        chosen
            .map(|chain| Shown { chain: chain.clone(), references: data.references(&chain.name) })
            .collect::<Vec<_>>()
    });
    let found = found.unwrap_or_default();
    match name {
        Some(name) if found.is_empty() => Err(Failure::Kernel(
            format!("chain `{name}' in table `{}' is incompatible, use 'nft' tool.", table.name()),
            1,
        )),
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests;
