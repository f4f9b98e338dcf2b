//! `basename`, `dirname`: the parts of a path.

use super::support::{prelude::*, program};

program!(BASENAME, "basename", "Strip directory and suffix from file names", base_main);
program!(DIRNAME, "dirname", "Strip the last component from file names", dir_main);

async fn base_main(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(&sys, &args, "+a|multiple s:|suffix z|zero", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let many = options.has("a") || options.has("s");
    let Some(first) = options.operands.first() else { return missing(&sys, &args[0]).await };
    if !many && options.operands.len() > 2 {
        let text = format!("extra operand {}", quote(&sys, &options.operands[2]));
        complain(&sys, &args[0], &text).await;
        return super::usage_hint(&sys, &args[0]).await;
    }
    let end = if options.has("z") { "\0" } else { "\n" };
    let mut out = Out::new(&sys);
    if many {
        for name in &options.operands {
            out.text(&format!("{}{end}", base(name, options.value("s").unwrap_or("")))).await;
        }
    } else {
        let suffix = options.operands.get(1).map_or("", String::as_str);
        out.text(&format!("{}{end}", base(first, suffix))).await;
    }
    out.finish(&args[0], 0).await
}

async fn dir_main(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(&sys, &args, "z|zero", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    if options.operands.is_empty() {
        return missing(&sys, &args[0]).await;
    }
    let end = if options.has("z") { "\0" } else { "\n" };
    let mut out = Out::new(&sys);
    for name in &options.operands {
        out.text(&format!("{}{end}", dir(name))).await;
    }
    out.finish(&args[0], 0).await
}

async fn missing(sys: &Sys, name: &str) -> ExitCode {
    complain(sys, name, "missing operand").await;
    super::usage_hint(sys, name).await
}

/// The last component, without slashes at its end.
pub(crate) fn base<'a>(path: &'a str, suffix: &str) -> &'a str {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        return if path.is_empty() { "" } else { "/" };
    }
    let name = trimmed.rsplit('/').next().unwrap_or(trimmed);
    match name.strip_suffix(suffix) {
        Some(stem) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// What is in front of the last component.
pub(crate) fn dir(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    match trimmed.rfind('/') {
        _ if trimmed.is_empty() => {
            if path.is_empty() {
                "."
            } else {
                "/"
            }
        }
        None => ".",
        Some(at) => match trimmed[..at].trim_end_matches('/') {
            "" => "/",
            parent => parent,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_apart_as_posix_says() {
        assert_eq!(["/a/b.txt", "a/", "/", "b", ""].map(|p| base(p, ".txt")), ["b", "a", "/", "b", ""]);
        assert_eq!(["/a/b", "a/b/", "a", "/a", "/", "a//b"].map(dir), ["/a", "a", ".", "/", "/", "a"]);
    }
}
