//! `iptables-save` and `iptables-restore`: whole tables as text.

use super::{Failure, VERSION, need_root};
use crate::programs::support::{options, options::Problem, prelude::*, program};
use linux::net::netfilter::Table;
use std::time::Duration;

program!(SAVE, "iptables-save", "Dump iptables rules", save);
program!(RESTORE, "iptables-restore", "Restore IP tables", restore);

/// What starting costs beside the tables.
const START_UP: Duration = Duration::from_millis(4);

async fn read(sys: &Sys, args: &[String], table: &'static str) -> Result<Options, ExitCode> {
    sys.cpu(START_UP).await;
    match options::read(args, table) {
        Ok(options) => Ok(options),
        Err(Problem::NotSimulated(option)) => {
            Err(not_simulated(sys, &args[0], &format!("the option {option}")).await)
        }
        Err(Problem::Usage(text)) => {
            complain(sys, &args[0], &text).await;
            sys.err(&format!("Try `{} -h' for more information.\n", args[0])).await;
            Err(1)
        }
    }
}

async fn save(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "c|counters t:|table f:|file !M:|modprobe !d|dump 4|ipv4 !6|ipv6 V|version !h|help";
    let options = match read(&sys, &args, TABLE).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    if options.has("V") {
        sys.out(&format!("iptables-save {VERSION}\n")).await;
        return 0;
    }
    let only = match options.value("t").map(|name| (name, Table::from_name(name))) {
        Some((name, None)) => {
            sys.err(&format!("Table `{name}' does not exist\n")).await;
            return 1;
        }
        Some((_, table)) => table,
        None => None,
    };
    if let Err(failure) = need_root(&sys) {
        return failure.report(&sys, "iptables-save").await;
    }
    let (net, ns) = (sys.host().net().clone(), sys.namespaces().netns);
    let used = net.netfilter(ns, |netfilter| netfilter.used().to_vec()).unwrap_or_default();
    let mut text = String::new();
    for table in only.map_or(used, |table| vec![table]) {
        text.push_str(&if options.has("c") {
            net.iptables_save_counters(ns, table)
        } else {
            net.iptables_save(ns, table)
        });
    }
    if let Some(file) = options.value("f") {
        if let Err(errno) = sys.write_file(file, text.as_bytes()).await {
            sys.err(&format!("Failed to open file, error: {errno}\n")).await;
            return 1;
        }
        return 0;
    }
    let mut out = Out::new(&sys);
    out.text(&text).await;
    out.flush().await;
    0
}

async fn restore(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "c|counters n|noflush t|test !v|verbose w?|wait W?|wait-interval T:|table !M:|modprobe 4|ipv4 !6|ipv6 V|version !h|help";
    let options = match read(&sys, &args, TABLE).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    if options.has("V") {
        sys.out(&format!("iptables-restore {VERSION}\n")).await;
        return 0;
    }
    if options.has("T") || options.has("t") {
        return not_simulated(&sys, "iptables-restore", "the option -T or -t").await;
    }
    if let Err(failure) = need_root(&sys) {
        return failure.report(&sys, "iptables-restore").await;
    }
    let name = options.operands.first().map_or("-", String::as_str);
    let bytes = if name == "-" { sys.read_to_end(0).await } else { sys.read_file(name).await };
    let Ok(bytes) = bytes else {
        sys.err(&format!("Can't open {name}\n")).await;
        return 1;
    };
    let text = String::from_utf8_lossy(&bytes);
    sys.cpu(Duration::from_nanos(bytes.len() as u64 * 300)).await;
    let result = match unfinished(&text) {
        Some(line) => Err(format!("COMMIT expected at line {line}")),
        None => sys.host().net().iptables_restore(sys.namespaces().netns, &text, options.has("n")),
    };
    match result {
        Ok(()) => 0,
        Err(error) => failure(error).report(&sys, "iptables-restore").await,
    }
}

/// The line where `COMMIT` is missed.
fn unfinished(text: &str) -> Option<usize> {
    let meaning = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let open = meaning.fold(false, |open, line| (open || line.starts_with('*')) && line != "COMMIT");
    open.then(|| text.lines().count() + 1)
}

/// A rule that cannot be read is a wrong command line, with the number of the line.
fn failure(error: String) -> Failure {
    match error.strip_prefix("line ").and_then(|rest| rest.split_once(": ")) {
        Some((line, text)) if line.chars().all(|c| c.is_ascii_digit()) => {
            Failure::Usage(format!("{text}\nError occurred at line: {line}"))
        }
        _ => Failure::Refused(error),
    }
}
