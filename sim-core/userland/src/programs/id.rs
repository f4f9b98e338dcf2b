//! `id`, `whoami`, `groups`: who one is.

use super::support::{prelude::*, program, users::Users};

program!(ID, "id", "Print real and effective user and group IDs", id);
program!(WHOAMI, "whoami", "Print effective user name", whoami);
program!(GROUPS, "groups", "Print the groups a user is in", groups);

async fn id(sys: Sys, args: Args) -> ExitCode {
    let name = &args[0];
    let options =
        match parse(&sys, &args, "a g|group G|groups n|name r|real u|user !z|zero !Z|context", 1).await {
            Ok(options) => options,
            Err(status) => return status,
        };
    let users = Users::read(&sys).await;
    let (uid, gid) = match options.operands.first() {
        None => (sys.uid(), sys.gid()),
        Some(user) => match users.find_user(user).or_else(|| user.parse().ok().map(|uid| (uid, uid))) {
            Some(found) => found,
            None => {
                complain(&sys, name, &format!("{}: no such user", quote(&sys, user))).await;
                return 1;
            }
        },
    };
    let mut groups = vec![gid];
    let member = users.user(uid).map(|user| users.memberships(user)).unwrap_or_default();
    groups.extend(member.into_iter().filter(|group| *group != gid));
    let named = options.has("n");
    let user = |uid: u32| if named { users.user_or_number(uid) } else { uid.to_string() };
    let group = |gid: u32| if named { users.group_or_number(gid) } else { gid.to_string() };
    let text = match options.last_of(&["u", "g", "G"]) {
        Some("u") => user(uid),
        Some("g") => group(gid),
        Some(_) => groups.iter().map(|gid| group(*gid)).collect::<Vec<_>>().join(" "),
        None if named || options.has("r") => {
            complain(&sys, name, "cannot print only names or real IDs in default format").await;
            return 1;
        }
        None => {
            let both = |id: u32, name: Option<&str>| {
                name.map_or_else(|| id.to_string(), |name| format!("{id}({name})"))
            };
            let list: Vec<String> = groups.iter().map(|gid| both(*gid, users.group(*gid))).collect();
            format!(
                "uid={} gid={} groups={}",
                both(uid, users.user(uid)),
                both(gid, users.group(gid)),
                list.join(",")
            )
        }
    };
    sys.out(&format!("{text}\n")).await;
    0
}

async fn whoami(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(&sys, &args, "", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    if let Some(extra) = options.operands.first() {
        complain(&sys, &args[0], &format!("extra operand {}", quote(&sys, extra))).await;
        return super::usage_hint(&sys, &args[0]).await;
    }
    let uid = sys.uid();
    match Users::read(&sys).await.user(uid) {
        Some(user) => {
            sys.out(&format!("{user}\n")).await;
            0
        }
        None => {
            complain(&sys, &args[0], &format!("cannot find name for user ID {uid}")).await;
            1
        }
    }
}

async fn groups(sys: Sys, args: Args) -> ExitCode {
    let mut own = vec!["id".to_string(), "-Gn".into()];
    own.extend(args.into_iter().skip(1));
    id(sys, own).await
}
