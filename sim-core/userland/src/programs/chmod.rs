//! `chmod`, `chown`, `chgrp`: permissions and owners.

use super::support::{prelude::*, program, users::Users};
use linux::vfs::FileType;

program!(CHMOD, "chmod", "Change file mode bits", chmod);
program!(CHOWN, "chown", "Change file owner and group", chown);
program!(CHGRP, "chgrp", "Change group ownership", chgrp);

async fn chmod(sys: Sys, mut args: Args) -> ExitCode {
    let name = args[0].clone();
    // Modes such as -x look like options.
    for arg in args.iter_mut().skip(1) {
        if arg.len() > 1
            && arg.starts_with('-')
            && arg[1..].starts_with(['r', 'w', 'x', 's', 't', 'X'])
            && !arg.starts_with("--")
        {
            *arg = format!("a{arg}");
            break;
        }
    }
    let options = match parse(
        &sys,
        &args,
        "c|changes f|silent|quiet v|verbose R|recursive !--reference: --preserve-root --no-preserve-root",
        1,
    )
    .await
    {
        Ok(options) => options,
        Err(status) => return status,
    };
    let Some((mode, files)) = options.operands.split_first() else {
        return super::missing_operand(&sys, &name).await;
    };
    if files.is_empty() {
        complain(&sys, &name, &format!("missing operand after {}", quote(&sys, mode))).await;
        return super::usage_hint(&sys, &name).await;
    }
    let mask = sys.umask(0);
    sys.umask(mask);
    if parse_mode(mode, 0, false, mask).is_none() {
        complain(&sys, &name, &format!("invalid mode: {}", quote(&sys, mode))).await;
        return super::usage_hint(&sys, &name).await;
    }
    let mut status = 0;
    for path in tree(&sys, files, options.has("R")) {
        let stat = match sys.stat(&path) {
            Ok(stat) => stat,
            Err(errno) => {
                if !options.has("f") {
                    complain(&sys, &name, &format!("cannot access {}: {errno}", quote_always(&path))).await;
                }
                status = 1;
                continue;
            }
        };
        let is_directory = stat.file_type == FileType::Directory;
        let new = parse_mode(mode, stat.mode, is_directory, mask).unwrap_or(stat.mode);
        match sys.chmod(&path, new) {
            Ok(()) if options.has("v") || options.has("c") && new != stat.mode => {
                let old = stat.mode;
                let text = if new == old {
                    format!("mode of {} retained as {}\n", quote_always(&path), shown(new))
                } else {
                    format!("mode of {} changed from {} to {}\n", quote_always(&path), shown(old), shown(new))
                };
                sys.out(&text).await;
            }
            Ok(()) => {}
            Err(errno) => {
                if !options.has("f") {
                    complain(
                        &sys,
                        &name,
                        &format!("changing permissions of {}: {errno}", quote_always(&path)),
                    )
                    .await;
                }
                status = 1;
            }
        }
    }
    status
}

/// `0644 (rw-r--r--)`
fn shown(mode: u32) -> String {
    let letters: String = (0..9)
        .rev()
        .map(|bit| if mode >> bit & 1 == 1 { ['x', 'w', 'r'][bit as usize % 3] } else { '-' })
        .collect();
    format!("{mode:04o} ({letters})")
}

async fn chown(sys: Sys, args: Args) -> ExitCode {
    owner(sys, args, false).await
}

async fn chgrp(sys: Sys, args: Args) -> ExitCode {
    owner(sys, args, true).await
}

async fn owner(sys: Sys, args: Args, group_only: bool) -> ExitCode {
    const TABLE: &str =
        "!c|changes f|silent|quiet v|verbose h|no-dereference R|recursive !--reference: !--from: H L P";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let Some((owner, files)) = options.operands.split_first() else {
        return super::missing_operand(&sys, name).await;
    };
    if files.is_empty() {
        complain(&sys, name, &format!("missing operand after {}", quote(&sys, owner))).await;
        return super::usage_hint(&sys, name).await;
    }
    let users = Users::read(&sys).await;
    let (user, group) = match owner.split_once(':') {
        _ if group_only => ("", Some(owner.as_str())),
        Some((user, group)) => (user, Some(group)),
        None => (owner.as_str(), None),
    };
    let uid = match user {
        "" => None,
        user => match user.parse().ok().or_else(|| users.find_user(user).map(|(uid, _)| uid)) {
            Some(uid) => Some(uid),
            None => {
                complain(&sys, name, &format!("invalid user: {}", quote(&sys, owner))).await;
                return 1;
            }
        },
    };
    let gid = match group {
        None => None,
        Some("") => users.find_user(user).map(|(_, gid)| gid),
        Some(group) => match group.parse().ok().or_else(|| users.find_group(group)) {
            Some(gid) => Some(gid),
            None => {
                complain(&sys, name, &format!("invalid group: {}", quote(&sys, owner))).await;
                return 1;
            }
        },
    };
    let mut status = 0;
    for path in tree(&sys, files, options.has("R")) {
        let result = match sys.stat(&path) {
            Ok(stat) => sys.chown(&path, uid.unwrap_or(stat.uid), gid.unwrap_or(stat.gid)).map_err(|errno| {
                (errno, if group_only { "changing group of" } else { "changing ownership of" })
            }),
            Err(errno) => Err((errno, "cannot access")),
        };
        if let Err((errno, what)) = result {
            if !options.has("f") {
                complain(&sys, name, &format!("{what} {}: {errno}", quote_always(&path))).await;
            }
            status = 1;
        }
    }
    status
}

/// The paths, with all below them if that is asked for.
fn tree(sys: &Sys, roots: &[String], recursive: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting: Vec<String> = roots.iter().rev().cloned().collect();
    while let Some(path) = waiting.pop() {
        let is_directory = sys.lstat(&path).is_ok_and(|stat| stat.file_type == FileType::Directory);
        if recursive && is_directory {
            let names = sys.read_dir(&path).unwrap_or_default();
            waiting.extend(names.iter().rev().map(|name| format!("{}/{name}", path.trim_end_matches('/'))));
        }
        found.push(path);
    }
    found
}

/// Reads `644` or `u+x,go=` as a change of `old`.
pub(crate) fn parse_mode(text: &str, old: u32, is_directory: bool, mask: u32) -> Option<u32> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777);
    }
    let mut mode = old;
    for clause in text.split(',') {
        let start = clause.find(['+', '-', '='])?;
        let (who, mut rest) = clause.split_at(start);
        let mut whom = 0_u32;
        for letter in who.chars() {
            whom |= match letter {
                'u' => 0o4700,
                'g' => 0o2070,
                'o' => 0o1007,
                'a' => 0o7777,
                _ => return None,
            };
        }
        // Without anybody named, what the mask forbids stays as it is.
        let allowed = if whom == 0 { 0o7777 & !mask } else { whom };
        while let Some(operator) = rest.chars().next() {
            rest = &rest[1..];
            let end = rest.find(['+', '-', '=']).unwrap_or(rest.len());
            let mut bits = 0;
            for letter in rest[..end].chars() {
                bits |= match letter {
                    'r' => 0o444,
                    'w' => 0o222,
                    'x' => 0o111,
                    'X' if is_directory || mode & 0o111 != 0 => 0o111,
                    'X' => 0,
                    's' => 0o6000,
                    't' => 0o1000,
                    'u' => (mode >> 6 & 7) * 0o111,
                    'g' => (mode >> 3 & 7) * 0o111,
                    'o' => (mode & 7) * 0o111,
                    _ => return None,
                };
            }
            rest = &rest[end..];
            let bits = bits & allowed;
            match operator {
                '+' => mode |= bits,
                '-' => mode &= !bits,
                '=' => mode = mode & !(if whom == 0 { 0o777 } else { whom & 0o777 }) | bits,
                _ => return None,
            }
        }
    }
    Some(mode)
}

#[cfg(test)]
mod tests {
    use super::parse_mode;

    #[test]
    fn modes_are_numbers_or_changes() {
        let mode = |text, old| parse_mode(text, old, false, 0o022).map(|mode| format!("{mode:o}"));
        assert_eq!(mode("755", 0).as_deref(), Some("755"));
        assert_eq!(mode("u+x", 0o644).as_deref(), Some("744"));
        assert_eq!(mode("+x", 0o644).as_deref(), Some("755"));
        assert_eq!(mode("go-rwx,u=rw", 0o777).as_deref(), Some("600"));
        assert_eq!(mode("a+w", 0o444).as_deref(), Some("666"));
        assert_eq!(mode("g=u", 0o640).as_deref(), Some("660"));
        assert_eq!(mode("8", 0), None);
        assert_eq!(mode("u+q", 0), None);
    }
}
