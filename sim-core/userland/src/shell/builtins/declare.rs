//! `declare typeset local export readonly unset`

use super::{Outcome, flags};
use crate::shell::parser::is_name;
use crate::shell::print;
use crate::shell::state::Shell;
use crate::shell::vars::{ReadOnly, Value, Var};
use sim::SortedMap;

/// Attributes to give or to take.
#[derive(Clone, Copy, Default)]
struct Attributes {
    array: bool,
    assoc: bool,
    export: Option<bool>,
    integer: Option<bool>,
    lower: Option<bool>,
    upper: Option<bool>,
    readonly: bool,
    nameref: Option<bool>,
}

impl Attributes {
    fn apply(&self, var: &mut Var) {
        if self.assoc && !matches!(var.value, Value::Assoc(_)) {
            var.value = Value::Assoc(SortedMap::new());
        }
        if self.array && !matches!(var.value, Value::Indexed(_)) {
            let text = var.scalar().map(str::to_string);
            var.value = Value::Indexed(text.map(|text| (0, text)).into_iter().collect());
        }
        var.exported = self.export.unwrap_or(var.exported);
        var.integer = self.integer.unwrap_or(var.integer);
        var.nameref = self.nameref.unwrap_or(var.nameref);
        if let Some(lower) = self.lower {
            var.lower = lower;
            var.upper &= !lower;
        }
        if let Some(upper) = self.upper {
            var.upper = upper;
            var.lower &= !upper;
        }
    }
}

/// Splits `name[key]+=value`.
fn split(arg: &str) -> (&str, Option<&str>, bool, Option<&str>) {
    let (left, value) = match arg.split_once('=') {
        Some((left, value)) => (left, Some(value)),
        None => (arg, None),
    };
    let (left, append) = match left.strip_suffix('+').filter(|_| value.is_some()) {
        Some(left) => (left, true),
        None => (left, false),
    };
    match left.split_once('[').and_then(|(name, rest)| Some((name, rest.strip_suffix(']')?))) {
        Some((name, key)) => (name, Some(key), append, value),
        None => (left, None, append, value),
    }
}

/// Gives one name its attributes and value.
async fn set_one(
    shell: &mut Shell,
    who: &str,
    position: usize,
    arg: &str,
    attributes: Attributes,
    local: bool,
    global: bool,
) -> Result<bool, crate::shell::exec::Flow> {
    let (name, key, append, value) = split(arg);
    if !is_name(name) {
        shell.error(&format!("{who}: `{arg}': not a valid identifier")).await;
        return Ok(false);
    }
    let elements = shell.array_args.remove(&position);
    let blocked = shell.vars.find(name).is_some_and(|var| var.readonly);
    let takes = value.is_some() || attributes.integer == Some(false);
    if blocked && takes {
        shell.error(&format!("{who}: {name}: readonly variable")).await;
        return Ok(false);
    }
    if local {
        shell.vars.local(name);
    }
    {
        let var = if global { shell.vars.global(name) } else { shell.vars.entry_raw(name) };
        if attributes.assoc && matches!(&var.value, Value::Indexed(_)) {
            shell.error(&format!("{who}: {name}: cannot convert indexed to associative array")).await;
            return Ok(false);
        }
        if attributes.array && matches!(&var.value, Value::Assoc(_)) {
            shell.error(&format!("{who}: {name}: cannot convert associative to indexed array")).await;
            return Ok(false);
        }
        let unset = var.value == Value::Unset;
        if attributes.nameref == Some(true) {
            if let Some(value) = value {
                var.value = Value::Scalar(value.to_string());
            }
            var.nameref = true;
            return Ok(true);
        }
        attributes.apply(var);
        // A declared array without a value stays unset until something is put into it.
        if unset && value.is_none() && attributes.array {
            var.value = Value::Indexed(SortedMap::new());
        }
    }
    let result = match (elements, value) {
        (Some(elements), _) => shell.assign_array(name, elements, append),
        (None, Some(value)) => {
            let is_array = shell.vars.get(name).is_some_and(|var| matches!(var.value, Value::Indexed(_)));
            match key {
                Some(key) => shell.assign(name, Some(key), value.to_string(), append),
                None if is_array && value.starts_with('(') && value.ends_with(')') => {
                    let words =
                        crate::shell::parser::Parser::parse_all(&format!("{name}={value}"), &shell.dialect());
                    match words {
                        Ok(list) => {
                            shell.run_list(&list).await?;
                            Ok(())
                        }
                        Err(_) => shell.assign(name, None, value.to_string(), append),
                    }
                }
                None => shell.assign(name, None, value.to_string(), append),
            }
        }
        (None, None) => Ok(()),
    };
    if let Err(message) = result {
        shell.error(&format!("{who}: {message}")).await;
        return Ok(false);
    }
    if attributes.readonly {
        shell.vars.entry(name).readonly = true;
    }
    Ok(true)
}

pub(super) async fn declare(shell: &mut Shell, args: &[String]) -> Outcome {
    let local = shell.frames.iter().any(|frame| frame.is_function);
    general(shell, args, local).await
}

pub(super) async fn local(shell: &mut Shell, args: &[String]) -> Outcome {
    if !shell.frames.iter().any(|frame| frame.is_function) {
        shell.error("local: can only be used in a function").await;
        return Ok(1);
    }
    if args.len() == 1 {
        let text: String = shell
            .vars
            .locals()
            .into_iter()
            .filter_map(|(name, var)| Shell::set_line(name, var))
            .map(|line| line + "\n")
            .collect();
        return Ok(shell.print("local", &text).await);
    }
    general(shell, args, true).await
}

async fn general(shell: &mut Shell, args: &[String], local: bool) -> Outcome {
    let who = args[0].as_str();
    let mut attributes = Attributes::default();
    let (mut print_it, mut functions, mut function_names, mut global) = (false, false, false, false);
    let mut at = 1;
    while let Some(arg) = args.get(at) {
        if arg == "--" {
            at += 1;
            break;
        }
        let on = match arg.chars().next() {
            Some('-') if arg.len() > 1 => true,
            Some('+') if arg.len() > 1 => false,
            _ => break,
        };
        for letter in arg[1..].chars() {
            match letter {
                'a' => attributes.array = on,
                'A' => attributes.assoc = on,
                'x' => attributes.export = Some(on),
                'i' => attributes.integer = Some(on),
                'l' => attributes.lower = Some(on),
                'u' => attributes.upper = Some(on),
                'r' => attributes.readonly = on,
                'n' => attributes.nameref = Some(on),
                'p' => print_it = true,
                'f' => functions = true,
                'F' => function_names = true,
                'g' => global = true,
                't' | 'I' => {}
                other => return Ok(shell.invalid_option(who, &format!("-{other}")).await),
            }
        }
        at += 1;
    }
    let names = &args[at..];
    if functions || function_names {
        return show_functions(shell, who, names, function_names, attributes).await;
    }
    if print_it || names.is_empty() && (at > 1) {
        return show_variables(shell, who, names, attributes, print_it).await;
    }
    if names.is_empty() {
        return super::set::set(shell, &["set".to_string()]).await;
    }
    let mut status = 0;
    for (i, arg) in names.iter().enumerate() {
        let name = split(arg).0.to_string();
        let is_local = local && !global;
        if !set_one(shell, who, at + i, arg, attributes, is_local, global).await? {
            status = 1;
        }
        let _ = name;
    }
    Ok(status)
}

async fn show_functions(
    shell: &mut Shell,
    who: &str,
    names: &[String],
    only_names: bool,
    attributes: Attributes,
) -> Outcome {
    let mut status = 0;
    let mut text = String::new();
    if names.is_empty() {
        for (name, function) in &shell.functions {
            if only_names {
                text.push_str(&format!("declare -f {name}\n"));
            } else {
                text.push_str(&print::function(name, &function.body));
                text.push('\n');
            }
        }
    }
    for name in names {
        match shell.functions.get(name) {
            Some(_) if attributes.export.is_some() || attributes.readonly => {}
            Some(_) if only_names => text.push_str(&format!("{name}\n")),
            Some(function) => {
                text.push_str(&print::function(name, &function.body));
                text.push('\n');
            }
            None => status = 1,
        }
    }
    let written = shell.print(who, &text).await;
    Ok(status.max(written))
}

async fn show_variables(
    shell: &mut Shell,
    who: &str,
    names: &[String],
    attributes: Attributes,
    print_it: bool,
) -> Outcome {
    let mut status = 0;
    let mut text = String::new();
    if names.is_empty() {
        for (name, var) in shell.vars.visible() {
            let fits = (!attributes.array || matches!(var.value, Value::Indexed(_)))
                && (!attributes.assoc || matches!(var.value, Value::Assoc(_)))
                && (attributes.export != Some(true) || var.exported)
                && (attributes.integer != Some(true) || var.integer)
                && (!attributes.readonly || var.readonly)
                && (attributes.nameref != Some(true) || var.nameref);
            if fits {
                text.push_str(&Shell::declare_line(name, var));
                text.push('\n');
            }
        }
    }
    for name in names {
        let var = match shell.vars.find(name).cloned() {
            Some(var) => Some(var),
            None => shell.variable(name).map(|var| var.into_owned()),
        };
        match var {
            Some(var) => {
                text.push_str(&Shell::declare_line(name, &var));
                text.push('\n');
            }
            None => {
                shell.error(&format!("{who}: {name}: not found")).await;
                status = 1;
            }
        }
    }
    let _ = print_it;
    let written = shell.print(who, &text).await;
    Ok(status.max(written))
}

pub(super) async fn export(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "fnp").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    if flags.rest.is_empty() {
        let attributes = Attributes { export: Some(true), ..Attributes::default() };
        return show_variables(shell, "export", &[], attributes, true).await;
    }
    let mut status = 0;
    let first = args.len() - flags.rest.len();
    for (i, arg) in flags.rest.iter().enumerate() {
        if flags.has('f') {
            if !shell.functions.contains_key(arg) {
                shell.error(&format!("export: {arg}: not a function")).await;
                status = 1;
            }
            continue;
        }
        let attributes = Attributes { export: Some(!flags.has('n')), ..Attributes::default() };
        if !set_one(shell, "export", first + i, arg, attributes, false, false).await? {
            status = 1;
        }
    }
    Ok(status)
}

pub(super) async fn readonly(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "aAfp").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    let attributes =
        Attributes { readonly: true, array: flags.has('a'), assoc: flags.has('A'), ..Attributes::default() };
    if flags.rest.is_empty() {
        return show_variables(shell, "readonly", &[], attributes, true).await;
    }
    let mut status = 0;
    let first = args.len() - flags.rest.len();
    for (i, arg) in flags.rest.iter().enumerate() {
        if flags.has('f') {
            continue;
        }
        if !set_one(shell, "readonly", first + i, arg, attributes, false, false).await? {
            status = 1;
        }
    }
    Ok(status)
}

pub(super) async fn unset(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "fvn").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    let mut status = 0;
    for arg in flags.rest {
        if flags.has('f') {
            shell.functions.remove(arg);
            continue;
        }
        let (name, key, _, _) = split(arg);
        if !is_name(name) {
            if flags.has('v') {
                shell.error(&format!("unset: `{arg}': not a valid identifier")).await;
                status = 1;
            } else {
                shell.functions.remove(arg);
            }
            continue;
        }
        if flags.has('n') && shell.vars.find(name).is_some_and(|var| var.nameref) {
            *shell.vars.entry_raw(name) = Var::NEW;
            let _ = shell.vars.unset(name);
            continue;
        }
        let result = match key {
            Some(key) => unset_element(shell, name, key),
            None => shell.vars.unset(name).map(|found| {
                if !found && !flags.has('v') {
                    shell.functions.remove(name);
                }
            }),
        };
        if let Err(ReadOnly(name)) = result {
            shell.error(&format!("unset: {name}: cannot unset: readonly variable")).await;
            status = 1;
        }
        if name == "PATH" {
            shell.hash.clear();
        }
    }
    Ok(status)
}

fn unset_element(shell: &mut Shell, name: &str, key: &str) -> Result<(), ReadOnly> {
    if shell.vars.get(name).is_some_and(|var| var.readonly) {
        return Err(ReadOnly(name.to_string()));
    }
    if key == "@" || key == "*" {
        return shell.vars.unset(name).map(|_| ());
    }
    let index = shell.evaluate(key).unwrap_or(0);
    match &mut shell.vars.entry(name).value {
        Value::Indexed(map) => {
            let index =
                if index < 0 { index + map.keys().next_back().map_or(0, |last| last + 1) } else { index };
            map.remove(&index);
        }
        Value::Assoc(map) => {
            map.remove(&crate::shell::vars::AssocKey::new(key));
        }
        value => {
            if index == 0 {
                *value = Value::Unset;
            }
        }
    }
    Ok(())
}
