//! Who answers, which peer it sees, and how failures look.

use crate::cluster::{Answer, Cluster};
use linux::Errno;
use linux::net::IcmpKind;
use linux::net::netfilter::{CtStates, Table};
use sim::Duration;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// Asks until every endpoint has answered: which peer each of them saw.
fn peers(cluster: &Cluster, from: &str, to: &str) -> BTreeMap<String, String> {
    (0..30).map(|_| cluster.peer(from, to)).collect()
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, peer)| (name.to_string(), peer.to_string())).collect()
}

#[test]
fn from_a_node() {
    let c = Cluster::new(1);
    assert_eq!(c.peer("node1", "10.244.0.5"), ("blue-1".into(), "10.244.0.1".into()));
    assert_eq!(c.peer("node1", "10.244.1.6"), ("red".into(), "10.10.0.11".into()));
    let masqueraded = map(&[("blue-1", "10.244.0.1"), ("blue-2", "10.10.0.11"), ("blue-3", "10.10.0.11")]);
    assert_eq!(peers(&c, "node1", "10.96.20.1"), masqueraded);
    // Own node ports, by every own name.
    for own in ["10.10.0.11:30080", "127.0.0.1:30080", "10.244.0.1:30080"] {
        assert_eq!(peers(&c, "node1", own), masqueraded, "{own}");
    }
    assert_eq!(c.peer("node1", "10.10.0.11:30081"), ("red".into(), "10.10.0.11".into()));
    assert_eq!(c.peer("node1", "10.10.0.12:30081"), ("red".into(), "10.10.0.11".into()));
    assert_eq!(c.curl("node1", "10.10.0.13:30081"), Answer::TimedOut);
}

#[test]
fn from_a_pod() {
    let c = Cluster::new(2);
    let own = "10.244.0.3";
    assert_eq!(c.peer("shell-1", "10.244.0.5"), ("blue-1".into(), own.into()));
    assert_eq!(c.peer("shell-1", "10.244.2.5"), ("blue-3".into(), own.into()));
    assert_eq!(peers(&c, "shell-1", "10.96.20.1"), map(&[("blue-1", own), ("blue-2", own), ("blue-3", own)]));
    assert_eq!(c.peer("shell-1", "10.96.20.7:8080"), ("purple".into(), own.into()));
    // Node ports, policy Cluster.
    let through = map(&[("blue-1", "10.10.0.12"), ("blue-2", "10.244.1.1"), ("blue-3", "10.10.0.12")]);
    assert_eq!(peers(&c, "shell-1", "10.10.0.12:30080"), through);
    // Policy Local: pods of the own node are served by anyone.
    assert_eq!(c.peer("shell-1", "10.10.0.11:30081"), ("red".into(), own.into()));
    assert_eq!(c.peer("shell-1", "10.10.0.12:30081"), ("red".into(), own.into()));
    // On a third node the answer goes past the node that translated, and is dropped.
    assert_eq!(c.curl("shell-1", "10.10.0.13:30081"), Answer::TimedOut);
    assert_eq!(c.curl("shell-1", "127.0.0.1:30080"), Answer::Failed(Errno::ECONNREFUSED));
}

#[test]
fn a_pod_reaches_itself_through_its_service() {
    let c = Cluster::new(3);
    assert_eq!(c.peer("red", "10.96.20.2"), ("red".into(), "10.244.1.1".into()));
    assert_eq!(c.peer("red", "10.244.1.6"), ("red".into(), "10.244.1.6".into()));
    assert_eq!(c.peer("red", "127.0.0.1"), ("red".into(), "127.0.0.1".into()));
    let entry =
        c.net.conntrack(c.at("node2")).into_iter().find(|e| e.original.dst.to_string() == "10.96.20.2");
    let entry = entry.unwrap();
    assert_eq!(entry.reply.dst.to_string(), "10.244.1.1");
    assert!(entry.snat && entry.dnat && entry.assured);
    // With hairpin mode off it is lost.
    let port = c.net.interfaces(c.at("node2")).into_iter().map(|i| i.name).filter(|n| n.starts_with("veth"));
    for port in port {
        c.net.set_hairpin(c.at("node2"), &port, false).unwrap();
    }
    assert_eq!(c.curl("red", "10.96.20.2"), Answer::TimedOut);
}

#[test]
fn from_the_laptop() {
    let c = Cluster::new(4);
    let through = map(&[("blue-1", "10.244.0.1"), ("blue-2", "10.10.0.11"), ("blue-3", "10.10.0.11")]);
    assert_eq!(peers(&c, "laptop", "10.10.0.11:30080"), through);
    assert_eq!(c.peer("laptop", "10.10.0.12:30081"), ("red".into(), "192.168.50.100".into()));
    assert_eq!(c.curl("laptop", "10.10.0.11:30081"), Answer::TimedOut);
    assert_eq!(peers(&c, "laptop", "10.10.0.13:30083"), map(&[("blue-3", "192.168.50.100")]));
    assert_eq!(c.curl("laptop", "10.244.0.5"), Answer::TimedOut);
    assert_eq!(c.curl("laptop", "10.96.20.1"), Answer::TimedOut);
    assert_eq!(c.curl("laptop", "10.10.0.11:1234"), Answer::Failed(Errno::ECONNREFUSED));
}

#[test]
fn without_br_netfilter_the_answer_of_a_neighbour_is_not_translated() {
    let c = Cluster::new(5);
    c.net.set_sysctl(c.at("node2"), "net.bridge.bridge-nf-call-iptables", "0").unwrap();
    assert_eq!(c.curl("shell-2", "10.96.20.2"), Answer::TimedOut);
    assert_eq!(c.peer("red", "10.96.20.2").0, "red");
    assert_eq!(c.peer("shell-2", "10.96.20.7:8080").0, "purple");
    assert_eq!(c.peer("node2", "10.96.20.2").0, "red");
}

#[test]
fn without_route_localnet_localhost_is_no_way_to_a_node_port() {
    let c = Cluster::new(6);
    c.net.set_sysctl(c.at("node1"), "net.ipv4.conf.all.route_localnet", "0").unwrap();
    assert_eq!(c.curl("node1", "127.0.0.1:30080"), Answer::TimedOut);
    c.peer("node1", "10.10.0.11:30080");
}

#[test]
fn refused_at_once() {
    let c = Cluster::new(7);
    for (from, to) in [
        ("shell-1", "10.96.20.3"),
        ("node1", "10.96.20.3"),
        ("laptop", "10.10.0.12:30082"),
        ("shell-1", "10.244.1.6:81"),
        ("shell-1", "10.244.0.5:81"),
        ("node1", "127.0.0.1:1234"),
        ("shell-1", "10.96.20.9:99"),
    ] {
        let (answer, took) = c.timed(from, to, 5);
        assert_eq!(answer, Answer::Failed(Errno::ECONNREFUSED), "{from} -> {to}");
        assert!(took < Duration::from_millis(2), "{from} -> {to}: {took:?}");
    }
    // Neither a rejected packet nor a refused connection leaves an entry.
    let entries = c.net.conntrack(c.at("node1"));
    assert!(
        entries.iter().all(|e| e.original.dport != 81 && e.original.dst.to_string() != "10.96.20.3"),
        "{entries:?}"
    );
}

#[test]
fn the_seventh_rejection_in_a_row_takes_a_second() {
    let c = Cluster::new(8);
    let times: Vec<u64> = (0..8).map(|_| c.timed("shell-1", "10.96.20.3", 5).1.as_millis() as u64).collect();
    assert_eq!(times, [0, 0, 0, 0, 0, 0, 1000, 1000]);
    for _ in 0..20 {
        assert_eq!(c.timed("node1", "10.96.20.3", 5).1.as_millis(), 0);
    }
}

#[test]
fn nobody_there() {
    let c = Cluster::new(9);
    for (from, to) in [
        ("shell-1", "10.244.0.99"),
        ("shell-1", "10.244.1.99"),
        ("node1", "10.244.1.99"),
        ("node1", "10.10.0.99"),
        ("shell-1", "10.10.0.99"),
        ("laptop", "10.10.0.99"),
        ("laptop", "192.168.50.7"),
    ] {
        let (answer, took) = c.timed(from, to, 10);
        assert_eq!(answer, Answer::Failed(Errno::EHOSTUNREACH), "{from} -> {to}");
        assert!((3_040..3_090).contains(&took.as_millis()), "{from} -> {to}: {took:?}");
    }
    for to in ["10.99.99.99", "10.96.20.1:99", "8.8.8.8", "10.244.9.9"] {
        assert_eq!(c.timed("shell-1", to, 3).0, Answer::TimedOut, "{to}");
    }
    let (answer, took) = c.timed("node1", "8.8.8.8", 200);
    assert_eq!((answer, took.as_secs()), (Answer::Failed(Errno::ETIMEDOUT), 134));
}

#[test]
fn without_a_default_route_the_network_is_unreachable() {
    let c = Cluster::new(10);
    c.net.del_route(c.at("node1"), "0.0.0.0/0".parse().unwrap(), None).unwrap();
    assert_eq!(c.curl("node1", "10.96.20.1"), Answer::Failed(Errno::ENETUNREACH));
    // From a pod, the node translates before it looks for a way; what it has no way for it says.
    c.peer("shell-1", "10.96.20.1");
    assert_eq!(c.curl("shell-1", "8.8.8.8"), Answer::Failed(Errno::ENETUNREACH));
}

fn ping(c: &Cluster, from: &str, to: &str, ttl: u8, limit: u64) -> Option<(String, IcmpKind, u8, f64)> {
    let socket = c.net.icmp_socket(c.at(from)).unwrap();
    let to: IpAddr = to.parse().unwrap();
    let sim = c.sim.clone();
    c.run(async move {
        let begun = sim.now();
        socket.send_echo(to, 1, 56, ttl).unwrap();
        let timeout = sim.sleep(Duration::from_secs(limit));
        match futures_util::future::select(std::pin::pin!(socket.recv()), timeout).await {
            futures_util::future::Either::Left((message, _)) => {
                let message = message.unwrap();
                assert_eq!(message.sequence, 1);
                Some((message.from.to_string(), message.kind, message.ttl, (sim.now() - begun).as_secs_f64()))
            }
            _ => None,
        }
    })
}

#[test]
fn pings() {
    let c = Cluster::new(11);
    let ttl = |from: &str, to: &str| ping(&c, from, to, 64, 5).map(|(_, kind, ttl, _)| (kind, ttl));
    assert_eq!(ttl("shell-1", "10.244.0.5"), Some((IcmpKind::EchoReply, 64)));
    assert_eq!(ttl("node1", "10.244.0.5"), Some((IcmpKind::EchoReply, 64)));
    assert_eq!(ttl("node1", "10.244.1.5"), Some((IcmpKind::EchoReply, 63)));
    assert_eq!(ttl("shell-1", "10.244.1.5"), Some((IcmpKind::EchoReply, 62)));
    assert_eq!(ttl("laptop", "10.10.0.11"), Some((IcmpKind::EchoReply, 63)));
    assert_eq!(ping(&c, "shell-1", "10.96.20.1", 64, 5), None);
    let unreachable = |from: &str, to: &str| {
        let (who, kind, _, took) = ping(&c, from, to, 64, 5).unwrap();
        assert_eq!(kind, IcmpKind::Unreachable(1));
        assert!((3.04..3.09).contains(&took), "{took}");
        who
    };
    assert_eq!(unreachable("shell-1", "10.244.0.99"), "10.244.0.3");
    assert_eq!(unreachable("shell-1", "10.244.1.99"), "10.10.0.12");
    assert_eq!(unreachable("node1", "10.244.0.98"), "10.244.0.1");
    let expired = ping(&c, "node1", "10.244.1.5", 1, 5).unwrap();
    assert_eq!((expired.0.as_str(), expired.1), ("10.10.0.12", IcmpKind::TimeExceeded));
    let expired = ping(&c, "shell-1", "10.244.1.5", 1, 5).unwrap();
    assert_eq!(expired.0, "10.244.0.1");
}

#[test]
fn errors_about_packets_that_waited_together_come_in_order() {
    let c = Cluster::new(13);
    for last in 90..110 {
        let socket = c.net.icmp_socket(c.at("shell-1")).unwrap();
        let to: IpAddr = format!("10.244.{}.{last}", last % 2).parse().unwrap();
        let sim = c.sim.clone();
        let order = c.run(async move {
            for sequence in 1..=3 {
                socket.send_echo(to, sequence, 56, 64).unwrap();
                sim.sleep(Duration::from_secs(1)).await;
            }
            let mut order = Vec::new();
            while order.len() < 3 {
                order.push(socket.recv().await.unwrap().sequence);
            }
            order
        });
        assert_eq!(order, [1, 2, 3], "{to}");
    }
}

#[test]
fn three_thousand_requests_are_spread() {
    let c = Cluster::new(12);
    let mut count: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..3_000 {
        *count.entry(c.peer("shell-1", "10.96.20.1").0).or_default() += 1;
    }
    assert_eq!(count.len(), 3);
    assert!(count.values().all(|n| (900..1_100).contains(n)), "{count:?}");
    // Rules of the nat table have seen first packets only, of 60 bytes each.
    let counters = c
        .net
        .netfilter(c.at("node1"), |netfilter| {
            let chain = netfilter.table(Table::Nat).chain("KUBE-SERVICES").unwrap();
            let rule = chain
                .rules()
                .iter()
                .find(|stored| stored.rule.to_string().contains("default/blue cluster IP"));
            rule.map(|stored| (stored.packets, stored.bytes)).unwrap()
        })
        .unwrap();
    assert_eq!(counters, (3_000, 180_000));
}

#[test]
fn session_affinity_sticks_per_node() {
    let c = Cluster::new(13);
    let first = c.peer("shell-1", "10.96.20.8").0;
    for _ in 0..20 {
        assert_eq!(c.peer("shell-1", "10.96.20.8").0, first);
    }
    let lists = c.net.netfilter(c.at("node1"), |netfilter| netfilter.recent.clone()).unwrap();
    assert_eq!(lists.values().filter(|list| !list.is_empty()).count(), 1);
    c.sleep(10_801.0);
    let later: Vec<String> = (0..12)
        .map(|_| {
            c.sleep(10_801.0);
            c.peer("shell-1", "10.96.20.8").0
        })
        .collect();
    assert!(later.iter().any(|name| *name != later[0]), "{later:?}");
}

#[test]
fn udp_errors_reach_connected_sockets() {
    let c = Cluster::new(14);
    let socket = c.net.udp_bind(c.at("shell-1"), "0.0.0.0:0".parse().unwrap()).unwrap();
    let to: SocketAddr = "10.244.1.6:53".parse().unwrap();
    socket.connect(to).unwrap();
    socket.send(b"hello").unwrap();
    let sim = c.sim.clone();
    let error = c.run(async move {
        sim.sleep(Duration::from_secs(1)).await;
        socket.try_recv_from(512).unwrap_err()
    });
    assert_eq!(error, Errno::ECONNREFUSED);
}

#[test]
fn states_have_names() {
    assert_eq!(CtStates::bit("DNAT"), Some(CtStates::DNAT));
}
