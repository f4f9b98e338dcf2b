//! Reading whole texts as `iptables-restore` does.

use super::{Netfilter, NetfilterError, Policy, Rule, Table, TableData};

/// Splits a line of `iptables-restore` into words; quotes hold words together.
fn split_line(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut begun) = (false, false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => word.extend(chars.next()),
            '"' => {
                quoted = !quoted;
                begun = true;
            }
            ' ' | '\t' if !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                    begun = false;
                }
            }
            c => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

/// `[12:720]`
fn parse_counters(text: &str) -> Option<(u64, u64)> {
    let (packets, bytes) = text.strip_prefix('[')?.strip_suffix(']')?.split_once(':')?;
    Some((packets.parse().ok()?, bytes.parse().ok()?))
}

/// Loads a text of `iptables-restore`: tables are changed all or none.
///
/// # Errors
/// What `iptables-restore` says, with the number of the line, without its name.
pub(super) fn restore(netfilter: &mut Netfilter, text: &str, noflush: bool) -> Result<(), String> {
    let mut staged: Option<(Table, TableData)> = None;
    let mut done = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let number = number + 1;
        let failed = |error: NetfilterError| format!("line {number} failed: {error}.");
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('*') {
            let table = Table::from_name(name.trim())
                .ok_or_else(|| format!("The {name} table is not available, line {number}"))?;
            let data = if noflush { netfilter.table(table).clone() } else { TableData::new(table) };
            staged = Some((table, data));
            continue;
        }
        let Some((table, data)) = &mut staged else {
            return Err(format!("line {number} failed"));
        };
        if line == "COMMIT" {
            done.push((*table, std::mem::take(data)));
            staged = None;
            continue;
        }
        if let Some(chain) = line.strip_prefix(':') {
            let mut words = chain.split_whitespace();
            let name = words.next().unwrap_or("");
            let policy = words.next().unwrap_or("-");
            if data.is_builtin(name) {
                if policy != "-" {
                    let policy =
                        Policy::from_name(policy).ok_or_else(|| format!("line {number}: bad policy"))?;
                    data.set_policy(name, policy).map_err(failed)?;
                }
                if noflush {
                    // As the real one: naming a built-in chain does not flush it.
                    continue;
                }
            } else {
                data.put_chain(name).map_err(failed)?;
            }
            continue;
        }
        let mut words = split_line(line);
        let mut counters = (0, 0);
        if let Some(found) = words.first().and_then(|first| parse_counters(first)) {
            counters = found;
            words.remove(0);
        }
        let chain = words.get(1).cloned().unwrap_or_default();
        let rest = words.get(2..).unwrap_or(&[]);
        match words.first().map(String::as_str) {
            Some("-A" | "--append") => {
                let rule = Rule::parse(rest).map_err(|error| format!("line {number}: {error}"))?;
                data.append_counted(&chain, rule, counters).map_err(failed)?;
            }
            Some("-I" | "--insert") => {
                let position = rest.first().and_then(|word| word.parse::<usize>().ok());
                let rest = if position.is_some() { &rest[1..] } else { rest };
                let rule = Rule::parse(rest).map_err(|error| format!("line {number}: {error}"))?;
                data.insert(&chain, position.unwrap_or(1), rule).map_err(failed)?;
            }
            Some("-D" | "--delete") => {
                let rule = Rule::parse(rest).map_err(|error| format!("line {number}: {error}"))?;
                data.delete_rule(&chain, &rule).map_err(failed)?;
            }
            Some("-F" | "--flush") => data.flush(Some(&chain)).map_err(failed)?,
            Some("-N" | "--new-chain") => data.new_chain(&chain).map_err(failed)?,
            Some("-X" | "--delete-chain") => data.delete_chain(&chain).map_err(failed)?,
            _ => return Err(format!("line {number} failed")),
        }
    }
    for (table, data) in done {
        *netfilter.table_mut(table) = data;
    }
    Ok(())
}
