//! File names that match a pattern.

use crate::shell::pattern::Pattern;
use linux::Sys;
use linux::vfs::FileType;
use sim::Ordered;

/// What `shopt` says about file name patterns.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// `extglob`
    pub extglob: bool,
    /// `dotglob`
    pub dotglob: bool,
    /// `nocaseglob`
    pub nocase: bool,
    /// `globstar`
    pub globstar: bool,
}

/// All paths that match, sorted.
pub fn glob(sys: &Sys, pattern: &str, options: Options) -> Vec<String> {
    let mut paths = vec![String::new()];
    let mut rest = pattern;
    while rest.starts_with('/') {
        paths[0].push('/');
        rest = &rest[1..];
    }
    let mut components = split_components(rest);
    let directories_only = components.last().is_some_and(String::is_empty) && components.len() > 1;
    if directories_only {
        components.pop();
    }
    for (i, component) in components.iter().enumerate() {
        let last = i + 1 == components.len();
        let mut found = Vec::new();
        for base in &paths {
            if options.globstar && component == "**" {
                walk(sys, base, last, &mut found, 0);
                continue;
            }
            step(sys, base, component, options, &mut found);
        }
        if !last || directories_only {
            found.retain(|path| sys.stat(path).is_ok_and(|stat| stat.file_type == FileType::Directory));
            for path in &mut found {
                if !path.is_empty() && !path.ends_with('/') {
                    path.push('/');
                }
            }
        }
        paths = found;
    }
    paths.retain(|path| !path.is_empty());
    paths.order();
    paths
}

/// Splits at slashes that are not escaped or inside of brackets.
fn split_components(pattern: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c == '/' {
            out.push(String::new());
            continue;
        }
        let component = out.last_mut().expect("it began with one");
        component.push(c);
        if c == '\\'
            && let Some(c) = chars.next()
        {
            component.push(c);
        }
    }
    out
}

fn is_pattern(component: &str) -> bool {
    let mut chars = component.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '*' | '?' | '[' | '(' => return true,
            _ => {}
        }
    }
    false
}

fn unescape(component: &str) -> String {
    let mut out = String::new();
    let mut chars = component.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    out
}

fn step(sys: &Sys, base: &str, component: &str, options: Options, found: &mut Vec<String>) {
    if !is_pattern(component) {
        let path = format!("{base}{}", unescape(component));
        if sys.lstat(&path).is_ok() {
            found.push(path);
        }
        return;
    }
    let Ok(names) = sys.read_dir(if base.is_empty() { "." } else { base }) else { return };
    let pattern = Pattern::new(component, options.extglob);
    let dots = options.dotglob || component.starts_with('.') || component.starts_with("\\.");
    for name in names {
        if (dots || !name.starts_with('.')) && pattern.matches_nocase(&name, options.nocase) {
            found.push(format!("{base}{name}"));
        }
    }
}

/// All directories below, and all files too when `files`.
fn walk(sys: &Sys, base: &str, files: bool, found: &mut Vec<String>, depth: u32) {
    if !base.is_empty() || !files {
        found.push(base.to_string());
    }
    let Ok(names) = sys.read_dir(if base.is_empty() { "." } else { base }) else { return };
    for name in names.into_iter().filter(|name| !name.starts_with('.')) {
        let path = format!("{base}{name}");
        let directory = sys.lstat(&path).is_ok_and(|stat| stat.file_type == FileType::Directory);
        if directory && depth < 64 {
            if files {
                found.push(path.clone());
            }
            let mut below = Vec::new();
            walk(sys, &format!("{path}/"), files, &mut below, depth + 1);
            found.extend(below.into_iter().filter(|below| !files || *below != format!("{path}/")));
        } else if files {
            found.push(path);
        }
    }
}
