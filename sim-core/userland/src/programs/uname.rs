//! `uname`, `arch`, `nproc`, `hostname`: facts about the machine.

use super::support::{prelude::*, program};
use linux::host::{CPUS, KERNEL_RELEASE, KERNEL_VERSION};
use std::net::IpAddr;

program!(UNAME, "uname", "Print system information", uname);
program!(ARCH, "arch", "Print machine hardware name", arch);
program!(NPROC, "nproc", "Print the number of processing units available", nproc);
program!(HOSTNAME, "hostname", "Show or set the system's host name", hostname);

async fn uname(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "a|all s|kernel-name n|nodename r|kernel-release v|kernel-version m|machine p|processor i|hardware-platform \
        o|operating-system";
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    if let Some(extra) = options.operands.first() {
        complain(&sys, &args[0], &format!("extra operand {}", quote(&sys, extra))).await;
        return super::usage_hint(&sys, &args[0]).await;
    }
    let node = sys.hostname();
    let all = options.has("a");
    // Ubuntu's own patch knows processor and platform, upstream does not.
    let release = sys.read_file("/etc/os-release").await.unwrap_or_default();
    let is_ubuntu = String::from_utf8_lossy(&release).lines().any(|line| line == "ID=ubuntu");
    let platform = if is_ubuntu { "x86_64" } else { "unknown" };
    let parts = [
        ("s", "Linux", all || options.found.is_empty()),
        ("n", node.as_str(), all),
        ("r", KERNEL_RELEASE, all),
        ("v", KERNEL_VERSION, all),
        ("m", "x86_64", all),
        ("p", platform, all && is_ubuntu),
        ("i", platform, all && is_ubuntu),
        ("o", "GNU/Linux", all),
    ];
    let shown: Vec<&str> = parts
        .iter()
        .filter(|(key, _, default)| *default || options.has(key))
        .map(|(_, text, _)| *text)
        .collect();
    sys.out(&format!("{}\n", shown.join(" "))).await;
    0
}

async fn arch(sys: Sys, _args: Args) -> ExitCode {
    sys.out("x86_64\n").await;
    0
}

async fn nproc(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(&sys, &args, "--all --ignore:", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    if let Some(extra) = options.operands.first() {
        complain(&sys, &args[0], &format!("extra operand {}", quote(&sys, extra))).await;
        return super::usage_hint(&sys, &args[0]).await;
    }
    let ignored: u32 = options.value("ignore").and_then(|text| text.parse().ok()).unwrap_or(0);
    sys.out(&format!("{}\n", CPUS.saturating_sub(ignored).max(1))).await;
    0
}

async fn hostname(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "i|ip-address I|all-ip-addresses s|short f|fqdn|long !A|all-fqdns d|domain !y|yp|nis a|alias !F:|file !b|boot";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 4).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    if !options.operands.is_empty() {
        if sys.uid() != 0 {
            complain(&sys, name, "you must be root to change the host name").await;
            return 1;
        }
        return not_simulated(&sys, name, "changing the host name").await;
    }
    let own = sys.hostname();
    let text = match options.last_of(&["i", "I", "s", "f", "d", "a"]) {
        Some("i") => match linux::resolver::lookup_host(&sys, &own).await {
            Ok(addresses) => addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Err(error) => {
                complain(&sys, name, error.text()).await;
                return 1;
            }
        },
        Some("I") => {
            let interfaces = sys.host().net().interfaces(sys.namespaces().netns);
            let addresses =
                interfaces.iter().flat_map(|interface| &interface.addresses).map(|net| net.addr());
            let shown =
                addresses.filter(|address| !address.is_loopback() && matches!(address, IpAddr::V4(_)));
            shown.map(|address| format!("{address} ")).collect()
        }
        Some("s") => own.split('.').next().unwrap_or("").to_string(),
        Some("d") => own.split_once('.').map_or("", |(_, domain)| domain).to_string(),
        Some("a") => String::new(),
        _ => own,
    };
    sys.out(&format!("{text}\n")).await;
    0
}
