//! Commands that change rules, chains and policies.

use super::Failure;
use super::args::{Command, Request};
use linux::Sys;
use linux::net::netfilter::{Match, NetfilterError, Policy, Rule, Table, TableData, Target};

/// Does a command; it prints nothing.
pub(super) fn change(sys: &Sys, table: Table, request: &Request) -> Result<String, Failure> {
    let Some(command) = &request.command else { return Ok(String::new()) };
    if request.verbose {
        return Err(Failure::Missing("the option -v with a command that changes rules".into()));
    }
    let rule = match command {
        Command::Append(chain)
        | Command::Check(chain)
        | Command::Insert(chain, _)
        | Command::Replace(chain, _) => read_rule(chain, &request.rule)?,
        Command::Delete(chain, None) => read_rule(chain, &request.rule)?,
        _ => Rule::default(),
    };
    let source = matches!(rule.target, Target::Masquerade(_));
    if let (Command::Append(chain) | Command::Insert(chain, _) | Command::Replace(chain, _), true) =
        (command, source)
        && chain == "INPUT"
    {
        return Err(explain(command, NetfilterError::Misplaced(chain.clone())));
    }
    let result = sys
        .host()
        .net()
        .netfilter(sys.namespaces().netns, |netfilter| apply(netfilter.table_mut(table), command, rule));
    result.unwrap_or(Ok(())).map(|()| String::new())
}

fn apply(data: &mut TableData, command: &Command, rule: Rule) -> Result<(), Failure> {
    let result = match command {
        Command::Append(chain) => data.append(chain, rule),
        Command::Insert(chain, at) => data.insert(chain, *at, rule),
        Command::Replace(chain, at) => data.replace(chain, *at, rule),
        Command::Delete(chain, Some(at)) => data.delete_at(chain, *at),
        Command::Delete(chain, None) => data.delete_rule(chain, &rule),
        Command::Check(chain) => match data.position(chain, &rule) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(NetfilterError::NoRule),
            Err(error) => Err(error),
        },
        Command::Flush(chain) => data.flush(chain.as_deref()),
        Command::Zero(chain) => data.zero(chain.as_deref()),
        Command::New(chain) => data.new_chain(chain),
        Command::Rename(old, new) => data.rename_chain(old, new),
        Command::DeleteChain(Some(chain)) => data.delete_chain(chain),
        Command::DeleteChain(None) => delete_all(data),
        Command::Policy(chain, name) => {
            if !data.is_builtin(chain) {
                return Err(Failure::Refused("Bad built-in chain name.".into()));
            }
            let Some(policy) = Policy::from_name(name) else {
                return Err(Failure::Refused("Bad policy name. Run `dmesg' for more information.".into()));
            };
            data.set_policy(chain, policy)
        }
        Command::List(..) | Command::Show(..) => Ok(()),
    };
    result.map_err(|error| explain(command, error))
}

/// All chains of users; none when one of them is still needed.
fn delete_all(data: &mut TableData) -> Result<(), NetfilterError> {
    let names: Vec<String> =
        data.chains().filter(|chain| chain.policy.is_none()).map(|chain| chain.name.clone()).collect();
    let needed = |name: &&String| {
        data.references(name) > 0 || data.chain(name).is_some_and(|chain| !chain.rules().is_empty())
    };
    if let Some(name) = names.iter().find(needed) {
        return Err(NetfilterError::ChainBusy(name.clone()));
    }
    names.iter().try_for_each(|name| data.delete_chain(name))
}

fn explain(command: &Command, error: NetfilterError) -> Failure {
    match error {
        NetfilterError::NoTarget(chain) => Failure::Usage(format!("Chain '{chain}' does not exist")),
        NetfilterError::ChainBusy(chain) | NetfilterError::BuiltIn(chain) => {
            Failure::Kernel(format!(" CHAIN_DEL failed (Device or resource busy): chain {chain}"), 4)
        }
        NetfilterError::Misplaced(chain) => {
            let what = match command {
                Command::Insert(..) => "INSERT",
                Command::Replace(..) => "REPLACE",
                _ => "APPEND",
            };
            Failure::Kernel(format!(" RULE_{what} failed (Invalid argument): rule in chain {chain}"), 4)
        }
        NetfilterError::BadIndex(_) => {
            let what = match command {
                Command::Delete(..) => "deletion",
                Command::Replace(..) => "replacement",
                _ => "insertion",
            };
            Failure::Refused(format!("Index of {what} too big."))
        }
        error => Failure::Refused(format!("{error}.")),
    }
}

/// Reads a rule and checks what the extensions check at the end.
fn read_rule(chain: &str, words: &[String]) -> Result<Rule, Failure> {
    for (names, long) in
        [(["--dport", "--destination-port"], "destination"), (["--sport", "--source-port"], "source")]
    {
        if words.iter().filter(|word| names.contains(&word.as_str())).count() > 1 {
            return Err(Failure::Usage(format!("Only one `--{long}-port' allowed")));
        }
    }
    let rule =
        Rule::parse(words).map_err(|text| match text.strip_prefix("option \"--mark\": bad value") {
            Some(_) => {
                Failure::Usage("mark: bad integer value for option \"--mark\", or out of range.\n".into())
            }
            None => Failure::Usage(text),
        })?;
    let loaded = |name: &str| words.windows(2).any(|pair| pair[0] == "-m" && pair[1] == name);
    let has = |is: fn(&Match) -> bool| rule.matches.iter().any(is);
    let missing = |module: &str, option: &str| {
        Err(Failure::Usage(format!("{module}: option \"{option}\" must be specified\n")))
    };
    if loaded("comment") && !has(|one| matches!(one, Match::Comment(_))) {
        return missing("comment", "--comment");
    }
    let given = |option: &str| words.iter().any(|word| word == option);
    if loaded("statistic") && !given("--probability") && !has(|one| matches!(one, Match::Nth { .. })) {
        return Err(Failure::Usage("--probability must be specified when using random mode".into()));
    }
    if given("-o") && matches!(chain, "INPUT" | "PREROUTING") {
        return Err(Failure::Usage(format!("Can't use -o with {chain}\n")));
    }
    if given("-i") && matches!(chain, "OUTPUT" | "POSTROUTING") {
        return Err(Failure::Usage(format!("Can't use -i with {chain}\n")));
    }
    match &rule.target {
        Target::Dnat(to) if to.address.is_none() && to.ports.is_none() => missing("DNAT", "--to-destination"),
        Target::Snat(to) if to.address.is_none() && to.ports.is_none() => missing("SNAT", "--to-source"),
        _ => Ok(rule),
    }
}
