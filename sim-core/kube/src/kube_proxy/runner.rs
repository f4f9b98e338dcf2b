//! The process: watches, and brings the rules up to date, not more than once a second.

use super::proxier::{Proxier, UdpService};
use super::rules::NodeConfig;
use super::setup::{CANARY_TABLES, JUMPS};
use crate::api::core_v1::event::{self, Note};
use crate::api::{ENDPOINT_SLICE, EVENT, NODE, ObjectExt, SERVICE};
use crate::apiserver::ApiServer;
use crate::client::{Client, InformerFactory};
use crate::json;
use crate::kubelet::notify::Notify;
use ipnet::Ipv4Net;
use linux::net::{Net, NetnsId, Table};
use linux::{Args, ExitCode, Program, Sys};
use serde_json::Value;
use sim::Timestamp;
use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::rc::Rc;
use std::time::Duration;

/// `--iptables-min-sync-period`
const MIN_SYNC_PERIOD: Duration = Duration::from_secs(1);
/// `--iptables-sync-period`: so often it looks whether somebody has flushed the tables.
const SYNC_PERIOD: Duration = Duration::from_secs(30);

/// Its protocol number.
const UDP: u8 = 17;

/// What kube-proxy sets for the whole node.
const SYSCTLS: &[(&str, &str)] = &[
    ("net.ipv4.conf.all.route_localnet", "1"),
    ("net.netfilter.nf_conntrack_tcp_timeout_established", "86400"),
    ("net.netfilter.nf_conntrack_tcp_timeout_close_wait", "3600"),
];

/// `/usr/local/bin/kube-proxy` of its image.
pub fn program(api: &ApiServer, cluster_cidr: Ipv4Net) -> Program {
    let api = api.clone();
    Program::with_state("kube-proxy", "The Kubernetes network proxy", move |sys, args| {
        Box::pin(main(sys, args, api.clone(), cluster_cidr))
    })
}

async fn main(sys: Sys, args: Args, api: ApiServer, cluster_cidr: Ipv4Net) -> ExitCode {
    let name = args.iter().find_map(|arg| arg.strip_prefix("--hostname-override=")).map(String::from);
    let name = name.unwrap_or_else(|| sys.hostname());
    let client = Client::new(&api, "system:serviceaccount:kube-system:kube-proxy");
    let address = loop {
        match client.get(NODE, "", &name).await {
            Ok(node) => break internal_ip(&node),
            Err(_) => sys.host().sim().sleep(Duration::from_secs(1)).await,
        }
    };
    let host = sys.host();
    let net = host.net();
    let netns = sys.namespaces().netns;
    for (key, value) in SYSCTLS {
        let _ = net.set_sysctl(netns, key, value);
    }
    sys.err("I0105 08:00:00.000000       1 server_linux.go:53] \"Using iptables proxy\"\n").await;
    let proxier =
        Rc::new(RefCell::new(Proxier::new(NodeConfig { name: name.clone(), address, cluster_cidr })));
    let bell = Rc::new(Notify::default());
    let informers = InformerFactory::new(&client);
    watch(&informers, &proxier, &bell);
    let _ = client.create(EVENT, "default", birth_cry(&name, host.sim().now().timestamp())).await;
    informers.wait_for_sync().await;
    let mut rng = host.sim().rng(&format!("kube-proxy-{name}"));
    let mut full = true;
    let mut last_sync = None;
    loop {
        let seen = bell.count();
        if !full && !proxier.borrow().is_dirty() {
            // Nothing to do: until something changes, or it is time to look for the canaries.
            let _ = crate::kubelet::probe::limited(&host, SYNC_PERIOD, bell.rung_since(seen)).await;
            full = !canaries_live(net, netns);
            continue;
        }
        if let Some(last) = last_sync {
            host.sim().sleep_until(last + MIN_SYNC_PERIOD).await;
        }
        // What iptables-restore takes grows with the rules.
        let rules = proxier.borrow().rule_count() as u64;
        let low = Duration::from_millis(12) + Duration::from_micros(10 * rules);
        host.sim().sleep(rng.duration(low, low + Duration::from_millis(30))).await;
        let text = proxier.borrow_mut().sync_proxy_rules(full);
        last_sync = Some(host.sim().now());
        let mut done = text.is_none_or(|text| net.iptables_restore(netns, &text, true).is_ok());
        if full && done {
            // The chains come first, then the jumps to them.
            done = set_up(net, netns).is_ok();
        }
        // A chain that somebody took away makes a change to the others fail: then everything is written again.
        full = !done;
        for service in proxier.borrow_mut().take_changed_udp() {
            clean_stale_entries(net, netns, &service);
        }
    }
}

/// What it says first: an event of the new kind, and not a word in it.
fn birth_cry(node: &str, now: Timestamp) -> Value {
    let about = json!({"kind": "Node", "metadata": {"name": node, "uid": node}});
    let note = Note {
        component: "kube-proxy",
        host: node,
        kind: "Normal",
        reason: "Starting",
        action: "StartKubeProxy",
        note: "",
    };
    event::new_kind(&about, &format!("{node}.{:x}", event::moment(now)), now, &note)
}

fn internal_ip(node: &serde_json::Value) -> Ipv4Addr {
    let addresses = node.list_at("/status/addresses");
    let internal = addresses.iter().find(|address| address.str_at("/type") == "InternalIP");
    internal.and_then(|address| address.str_at("/address").parse().ok()).unwrap_or(Ipv4Addr::LOCALHOST)
}

fn watch(informers: &InformerFactory, proxier: &Rc<RefCell<Proxier>>, bell: &Rc<Notify>) {
    // Weak: when the process is killed, nothing of it stays but deaf handlers.
    let (weak, ring) = (Rc::downgrade(proxier), Rc::downgrade(bell));
    informers.informer(SERVICE).on_change(move |old, new| {
        if let (Some(proxier), Some(bell)) = (weak.upgrade(), ring.upgrade())
            && proxier.borrow_mut().service_changed(old.map(|o| &**o), new.map(|n| &**n))
        {
            bell.ring();
        }
    });
    let (weak, ring) = (Rc::downgrade(proxier), Rc::downgrade(bell));
    informers.informer(ENDPOINT_SLICE).on_change(move |old, new| {
        if let (Some(proxier), Some(bell)) = (weak.upgrade(), ring.upgrade())
            && proxier.borrow_mut().slice_changed(old, new)
        {
            bell.ring();
        }
    });
}

fn canaries_live(net: &Net, netns: NetnsId) -> bool {
    let alive = net.netfilter(netns, |netfilter| {
        let mut tables = CANARY_TABLES.iter().filter_map(|name| Table::from_name(name));
        tables.all(|table| netfilter.table(table).chain("KUBE-PROXY-CANARY").is_some())
    });
    alive.unwrap_or(true)
}

/// Canaries, and the jumps from the built-in chains that are not there yet, each at the top of its chain.
fn set_up(net: &Net, netns: NetnsId) -> Result<(), String> {
    let mut text = String::new();
    for table in CANARY_TABLES {
        text.push_str(&format!("*{table}\n:KUBE-PROXY-CANARY - [0:0]\n"));
        let saved = Table::from_name(table).map(|table| net.iptables_save(netns, table)).unwrap_or_default();
        for (_, chain, rule) in JUMPS.iter().rev().filter(|(of, _, _)| *of == table) {
            let wanted = format!("-A {chain} {rule}");
            if !saved.lines().any(|line| line == wanted) {
                text.push_str(&format!("-I {chain} {rule}\n"));
            }
        }
        text.push_str("COMMIT\n");
    }
    net.iptables_restore(netns, &text, true)
}

/// Forgets UDP flows that lead to endpoints that are gone: nothing else would end them. Models
/// pkg/proxy/conntrack/cleanup.go.
fn clean_stale_entries(net: &Net, netns: NetnsId, service: &UdpService) {
    net.conntrack_delete(netns, |entry| {
        let to = SocketAddrV4::new(entry.original.dst, entry.original.dport);
        let endpoint = SocketAddrV4::new(entry.reply.src, entry.reply.sport);
        let ours = service.fronts.contains(&to) || (service.node_port != 0 && to.port() == service.node_port);
        entry.protocol == UDP && ours && !service.endpoints.contains(&endpoint)
    });
}
