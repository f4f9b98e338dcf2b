//! `sudo`: the user of the class may do everything, without a password.

use super::support::{child::become_program, prelude::*, program, users::Users};

program!(PROGRAM, "sudo", "Execute a command as another user", main);

/// The path that commands are looked for in, whatever the user's is.
const SECURE_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

async fn main(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "+E|preserve-env? H|set-home i|login s|shell k|reset-timestamp K n|non-interactive S|stdin u:|user g:|group v|validate \
        l|list b|background !e|edit !A|askpass !p:|prompt !C: !D: !R: !T: !U: h V";
    let name = &args[0];
    let options = match super::support::options::read(&args, TABLE) {
        Ok(options) => options,
        Err(super::support::options::Problem::NotSimulated(option)) => {
            return not_simulated(&sys, name, &format!("the option {option}")).await;
        }
        Err(super::support::options::Problem::Usage(text)) => {
            complain(&sys, name, &text).await;
            return usage(&sys).await;
        }
    };
    sys.cpu(std::time::Duration::from_millis(5)).await;
    for key in ["h", "V", "l", "b"] {
        if options.has(key) {
            return not_simulated(&sys, name, &format!("the option -{key}")).await;
        }
    }
    if options.has("v") || options.has("k") && options.operands.is_empty() || options.has("K") {
        return 0;
    }
    let users = Users::read(&sys).await;
    let caller = sys.real_uid();
    let caller_name = users.user_or_number(caller);
    // The first user of an installation may, as on cloud images.
    let may = matches!(caller, 0 | 1000)
        || users
            .memberships(&caller_name)
            .iter()
            .any(|gid| matches!(users.group(*gid), Some("sudo" | "wheel")));
    if !may {
        sys.err(&format!("{caller_name} is not in the sudoers file.\n")).await;
        return 1;
    }
    let wanted = options.value("u").unwrap_or("root");
    let target = wanted
        .strip_prefix('#')
        .and_then(|id| id.parse().ok().map(|id| (id, id)))
        .or_else(|| users.find_user(wanted));
    let Some((uid, gid)) = target else {
        complain(&sys, name, &format!("unknown user {wanted}")).await;
        complain(&sys, name, "error initializing audit plugin sudoers_audit").await;
        return 1;
    };
    let (home, shell) = users
        .home_and_shell(uid)
        .map_or(("/".to_string(), "/bin/sh".to_string()), |(home, shell)| (home.into(), shell.into()));
    let mut words = options.operands.as_slice();
    let mut given = Vec::new();
    while let Some((key, value)) =
        words.first().and_then(|word| word.split_once('=')).filter(|(key, _)| !key.contains('/'))
    {
        given.push((key.to_string(), value.to_string()));
        words = &words[1..];
    }
    let login = options.has("i");
    if words.is_empty() && !login && !options.has("s") {
        return usage(&sys).await;
    }
    let mut env: Vec<(String, String)> = sys
        .environ()
        .into_iter()
        .filter(|(key, _)| {
            let kept = ["TERM", "LANG", "LC_ALL", "COLORS", "DISPLAY", "LS_COLORS"].contains(&key.as_str());
            kept || options.has("E")
                && !["PATH", "HOME", "USER", "LOGNAME", "MAIL", "SHELL"].contains(&key.as_str())
        })
        .collect();
    let user = users.user_or_number(uid);
    let mut set = |key: &str, value: String| {
        env.retain(|(known, _)| known != key);
        env.push((key.to_string(), value));
    };
    set("PATH", SECURE_PATH.into());
    set("HOME", home.clone());
    set("LOGNAME", user.clone());
    set("USER", user);
    set("SHELL", shell.clone());
    if !login {
        set("SUDO_COMMAND", words.join(" "));
        set("SUDO_USER", caller_name);
        set("SUDO_UID", caller.to_string());
        set("SUDO_GID", sys.gid().to_string());
    }
    for (key, value) in given {
        set(&key, value);
    }
    let become_user = sys.setgid(gid).and_then(|()| sys.setuid(uid));
    if let Err(errno) = become_user {
        complain(&sys, name, &format!("unable to change to the user: {errno}")).await;
        return 1;
    }
    if login {
        let _ = sys.chdir(&home);
    }
    let argv = match (login || options.has("s"), words.is_empty()) {
        (true, true) if login => vec![shell, "-l".into()],
        (true, true) => vec![shell],
        (true, false) => {
            let escaped: Vec<String> = words.iter().map(|word| quote_if_needed(word)).collect();
            let mut argv = vec![shell];
            argv.extend(login.then(|| "-l".to_string()));
            argv.extend(["-c".to_string(), escaped.join(" ")]);
            argv
        }
        (false, _) => words.to_vec(),
    };
    let program = argv[0].clone();
    let found = program.contains('/')
        || SECURE_PATH.split(':').any(|directory| sys.access(&format!("{directory}/{program}"), 1));
    if !found {
        complain(&sys, name, &format!("{program}: command not found")).await;
        return 1;
    }
    become_program(sys, name, argv, env).await
}

async fn usage(sys: &Sys) -> ExitCode {
    sys.err(
        "usage: sudo -h | -K | -k | -V\nusage: sudo -v [-ABkNnS] [-g group] [-h host] [-p prompt] [-u user]\n\
         usage: sudo -l [-ABkNnS] [-g group] [-h host] [-p prompt] [-U user] [-u user] [command [arg ...]]\n\
         usage: sudo [-ABbEHkNnPS] [-C num] [-D directory] [-g group] [-h host] [-p prompt] [-R directory] [-T timeout] [-u user] \
         [VAR=value] [-i | -s] [command [arg ...]]\n\
         usage: sudo -e [-ABkNnS] [-C num] [-D directory] [-g group] [-h host] [-p prompt] [-R directory] [-T timeout] [-u user] file ...\n",
    )
    .await;
    1
}
