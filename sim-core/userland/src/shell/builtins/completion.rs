//! `complete compgen compopt`: programmable completion. Models builtins/complete.def.

use super::{Flags, Outcome, flags};
use crate::shell::compspec::{ACTIONS, OPTIONS, Request, Spec};
use crate::shell::state::Shell;

/// Options of `complete` that stand for a name: of commands nobody has spoken about, of an empty line, of the first
/// word.
const PLACES: &[char] = &['D', 'E', 'I'];

pub(super) async fn complete(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "abcdefgjksuvprDEIo:A:G:W:F:C:X:P:S:").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    let mut names: Vec<String> =
        PLACES.iter().filter(|place| flags.has(**place)).map(|place| format!("-{place}")).collect();
    names.extend(flags.rest.iter().cloned());
    if flags.has('r') || flags.has('p') {
        return listed(shell, &names, flags.has('r')).await;
    }
    let spec = match spec(shell, "complete", &flags).await {
        Ok(spec) => spec,
        Err(status) => return Ok(status),
    };
    if names.is_empty() {
        if flags.letters.is_empty() {
            return listed(shell, &names, false).await;
        }
        return Ok(shell.usage("complete").await);
    }
    for name in names {
        shell.completions.insert(name, spec.clone());
    }
    Ok(0)
}

/// `complete -p` and `complete -r`, of all or of those that are named.
async fn listed(shell: &mut Shell, names: &[String], remove: bool) -> Outcome {
    if names.is_empty() && remove {
        shell.completions.clear();
        return Ok(0);
    }
    let all: Vec<String> = shell.completions.keys().cloned().collect();
    let mut text = String::new();
    let mut status = 0;
    for name in if names.is_empty() { &all } else { names } {
        match shell.completions.get(name) {
            Some(_) if remove => drop(shell.completions.remove(name)),
            Some(spec) => text.push_str(&spec.line(name)),
            None => {
                shell.error(&format!("complete: {name}: no completion specification")).await;
                status = 1;
            }
        }
    }
    shell.print("complete", &text).await;
    Ok(status)
}

/// Prints what could be completed.
pub(super) async fn compgen(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "abcdefgjksuvo:A:G:W:F:C:X:P:S:").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    let mut spec = match spec(shell, "compgen", &flags).await {
        Ok(spec) => spec,
        Err(status) => return Ok(status),
    };
    for (letter, given) in [('F', &spec.function), ('C', &spec.command)] {
        if given.is_some() {
            shell.error(&format!("compgen: warning: -{letter} option may not work as you expect")).await;
        }
    }
    let request = Request {
        words: vec!["compgen".to_string()],
        word: flags.rest.first().cloned().unwrap_or_default(),
        ..Request::default()
    };
    let mut found = shell.generate(&spec, &request).await?;
    if found.is_empty() && spec.options.contains(&"default") {
        spec.actions.push("file");
        found = shell.generate(&spec, &request).await?;
    }
    let text: String = found.iter().map(|candidate| format!("{candidate}\n")).collect();
    shell.print("compgen", &text).await;
    Ok(i32::from(found.is_empty()))
}

/// Changes options of the completion that goes on, or of those that are named.
pub(super) async fn compopt(shell: &mut Shell, args: &[String]) -> Outcome {
    let mut changes = Vec::new();
    let mut names = Vec::new();
    let mut rest = args[1..].iter();
    while let Some(arg) = rest.next() {
        let on = arg.starts_with('-');
        match arg.as_str() {
            "-o" | "+o" => {
                let Some(name) = rest.next() else {
                    shell.error(&format!("compopt: {arg}: option requires an argument")).await;
                    return Ok(shell.usage("compopt").await);
                };
                match option(shell, "compopt", name).await {
                    Ok(option) => changes.push((option, on)),
                    Err(status) => return Ok(status),
                }
            }
            "-D" | "-E" | "-I" => names.push(arg.clone()),
            _ if names.is_empty() && arg.starts_with(['-', '+']) => {
                return Ok(shell.invalid_option("compopt", arg).await);
            }
            _ => names.push(arg.clone()),
        }
    }
    let change = |options: &mut Vec<&'static str>| {
        for (option, on) in &changes {
            options.retain(|given| given != option);
            if *on {
                options.push(*option);
            }
        }
    };
    let shown = |options: &[&'static str]| -> String {
        OPTIONS.iter().map(|o| format!(" {}o {o}", if options.contains(o) { '-' } else { '+' })).collect()
    };
    if names.is_empty() {
        let Some(options) = &mut shell.completing else {
            shell.error("compopt: not currently executing completion function").await;
            return Ok(1);
        };
        change(options);
        if changes.is_empty() {
            let line = format!("compopt{}\n", shown(options));
            return Ok(shell.print("compopt", &line).await);
        }
        return Ok(0);
    }
    let mut status = 0;
    for name in names {
        let Some(spec) = shell.completions.get_mut(&name) else {
            shell.error(&format!("compopt: {name}: no completion specification")).await;
            status = 1;
            continue;
        };
        change(&mut spec.options);
        if changes.is_empty() {
            let line = format!("compopt{} {name}\n", shown(&spec.options));
            shell.print("compopt", &line).await;
        }
    }
    Ok(status)
}

/// Reads what `complete` and `compgen` have in common.
async fn spec(shell: &mut Shell, who: &str, flags: &Flags<'_>) -> Result<Spec, i32> {
    let mut spec = Spec::default();
    for (letter, value) in &flags.letters {
        let action = ACTIONS.iter().find(|(_, own)| *own == Some(*letter));
        match (letter, value) {
            ('o', Some(name)) => spec.options.push(option(shell, who, name).await?),
            ('A', Some(name)) => match ACTIONS.iter().find(|(action, _)| action == name) {
                Some((action, _)) => spec.actions.push(action),
                None if name == "binding" => {
                    return Err(shell.not_simulated(who, "the action binding").await);
                }
                None => {
                    shell.error(&format!("{who}: {name}: invalid action name")).await;
                    return Err(2);
                }
            },
            ('F', Some(name))
                if name.contains(|c: char| c.is_whitespace() || ";&|<>()$`\\\"'".contains(c)) =>
            {
                shell.error(&format!("{who}: `{name}': not a valid identifier")).await;
                return Err(2);
            }
            _ => {
                if let Some((action, _)) = action {
                    spec.actions.push(action);
                }
            }
        }
    }
    let value = |letter| flags.value(letter).map(str::to_string);
    spec.glob = value('G');
    spec.words = value('W');
    spec.prefix = value('P');
    spec.suffix = value('S');
    spec.filter = value('X');
    spec.command = value('C');
    spec.function = value('F');
    Ok(spec)
}

async fn option(shell: &mut Shell, who: &str, name: &str) -> Result<&'static str, i32> {
    match OPTIONS.iter().find(|option| **option == name) {
        Some(option) => Ok(option),
        None => {
            shell.error(&format!("{who}: {name}: invalid option name")).await;
            Err(2)
        }
    }
}
