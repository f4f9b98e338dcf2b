//! The process: watches, and writes the rules of this node.

use super::rules::{Chains, JUMPS, chains};
use crate::api::{NAMESPACE, NETWORK_POLICY, Object, ObjectExt, POD};
use crate::apiserver::ApiServer;
use crate::client::{Client, Informer, InformerFactory};
use crate::kubelet::notify::Notify;
use linux::net::{Net, NetnsId, Table};
use linux::{ExitCode, Program, Sys};
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

/// `--iptables-sync-period`: so often everything is written again, whoever has changed it.
const SYNC_PERIOD: Duration = Duration::from_secs(300);

/// `/usr/local/bin/kube-router` of a node.
pub fn program(api: &ApiServer) -> Program {
    let api = api.clone();
    Program::with_state("kube-router", "Network policies as firewall rules", move |sys, _| {
        Box::pin(main(sys, api.clone()))
    })
}

async fn main(sys: Sys, api: ApiServer) -> ExitCode {
    let host = sys.host();
    let sim = host.sim();
    let (net, netns, node) = (host.net(), sys.namespaces().netns, sys.hostname());
    let informers = InformerFactory::new(&Client::new(&api, &format!("kube-router-{node}")));
    let bell = Rc::new(Notify::default());
    let policies = informers.informer(NETWORK_POLICY);
    ring_on(&policies, &bell, |_, _| true);
    policies.synced().await;
    let mut rng = sim.rng(&format!("kube-router-{node}"));
    // Who else there is only matters once there is a policy.
    let mut others: Option<(Informer, Informer)> = None;
    let mut installed = Chains::new();
    let mut full = false;
    loop {
        let seen = bell.count();
        if installed.is_empty() && policies.list().is_empty() {
            bell.rung_since(seen).await;
        }
        if others.is_none() {
            let (pods, namespaces) = (informers.informer(POD), informers.informer(NAMESPACE));
            ring_on(&pods, &bell, pod_matters);
            ring_on(&namespaces, &bell, |old, new| old.labels() != new.labels());
            informers.wait_for_sync().await;
            others = Some((pods, namespaces));
        }
        // What ipset and iptables-restore take; whatever rings meanwhile is seen as well.
        sim.sleep(rng.duration(Duration::from_millis(80), Duration::from_millis(250))).await;
        let seen = bell.count();
        if let Some((pods, namespaces)) = &others {
            let wanted = chains(&policies.list(), &pods.list(), &namespaces.list(), &node);
            if full || wanted != installed {
                let text = difference(net, netns, &installed, &wanted);
                if net.iptables_restore(netns, &text, true).is_ok() {
                    installed = wanted;
                }
            }
        }
        full = false;
        if !installed.is_empty() {
            let rung = crate::kubelet::probe::limited(&host, SYNC_PERIOD, bell.rung_since(seen)).await;
            full = rung.is_none();
        }
    }
}

/// Rings when an object came or went, or changed in a way that matters.
fn ring_on(informer: &Informer, bell: &Rc<Notify>, matters: fn(&Object, &Object) -> bool) {
    // Weak: when the process is killed, nothing of it stays but a deaf handler.
    let bell = Rc::downgrade(bell);
    informer.on_change(move |old, new| {
        let Some(bell) = bell.upgrade() else { return };
        if old.zip(new).is_none_or(|(old, new)| matters(old, new)) {
            bell.ring();
        }
    });
}

fn pod_matters(old: &Object, new: &Object) -> bool {
    ["/status/phase", "/status/podIP", "/spec/nodeName", "/metadata/labels"]
        .iter()
        .any(|path| old.at(path) != new.at(path))
}

/// What to give to `iptables-restore --noflush`: all chains, the jumps that are not there, and what goes.
fn difference(net: &Net, netns: NetnsId, installed: &Chains, wanted: &Chains) -> String {
    let saved = net.iptables_save(netns, Table::Filter);
    let has = |line: &str| saved.lines().any(|saved| saved == line);
    let gone = installed.keys().filter(|chain| !wanted.contains_key(*chain));
    let gone: Vec<&String> = gone.filter(|chain| saved.contains(&format!(":{chain} "))).collect();
    let mut text = String::from("*filter\n");
    for chain in wanted.keys().chain(gone.iter().copied()) {
        let _ = writeln!(text, ":{chain} - [0:0]");
    }
    for (from, chain, rule) in JUMPS {
        match (has(&format!("-A {from} {rule}")), wanted.contains_key(chain)) {
            (false, true) => drop(writeln!(text, "-I {from} 1 {rule}")),
            (true, false) => drop(writeln!(text, "-D {from} {rule}")),
            _ => {}
        }
    }
    for (chain, rules) in wanted {
        for rule in rules {
            let _ = writeln!(text, "-A {chain} {rule}");
        }
    }
    for chain in gone {
        let _ = writeln!(text, "-X {chain}");
    }
    text.push_str("COMMIT\n");
    text
}
