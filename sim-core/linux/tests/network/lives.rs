//! What becomes of connections when rules, pods, cables and entries go away.

use crate::cluster::{Answer, Cluster, read_to_end, seconds};
use linux::Errno;
use linux::net::netfilter::Table;
use linux::net::{CtTcpState, TcpState, TcpStream};
use sim::Duration;
use std::net::SocketAddr;

fn connect(c: &Cluster, from: &str, to: &str) -> TcpStream {
    let (net, ns, to) = (c.net.clone(), c.at(from), to.parse::<SocketAddr>().unwrap());
    c.run(async move { net.connect(ns, to).await.unwrap() })
}

/// Sends a request on a connection that is there already.
fn ask(c: &Cluster, stream: TcpStream) -> Result<String, Errno> {
    c.run(async move {
        stream.write(b"GET / HTTP/1.1\r\n\r\n").await?;
        read_to_end(&stream).await
    })
}

#[test]
fn established_connections_survive_their_endpoint_leaving_the_rules() {
    let c = Cluster::new(1);
    let stream = connect(&c, "shell-1", "10.96.20.2:80");
    let node = c.at("node1");
    // What kube-proxy does when the last endpoint goes.
    c.net.replace_chains(node, Table::Nat, vec![("KUBE-SERVICES".to_string(), Vec::new())], &[]).unwrap();
    c.net
        .iptables_restore(
            node,
            "*filter\n-A KUBE-SERVICES -d 10.96.20.2/32 -p tcp -m tcp --dport 80 -j REJECT\nCOMMIT\n",
            true,
        )
        .unwrap();
    assert_eq!(c.curl("shell-1", "10.96.20.2"), Answer::Failed(Errno::ECONNREFUSED));
    assert!(ask(&c, stream).unwrap().starts_with("red 10.244.0.3:"));
}

#[test]
fn a_request_is_ten_packets() {
    let c = Cluster::new(2);
    c.peer("shell-1", "10.96.20.2");
    c.sleep(0.01);
    let eth0 = |c: &Cluster| c.net.interfaces(c.at("shell-1")).remove(1).counters;
    let before = eth0(&c);
    c.peer("shell-1", "10.96.20.2");
    c.sleep(0.01);
    let after = eth0(&c);
    // The server closes first here, so that the client sends five of them and gets five.
    assert_eq!((after.tx_packets - before.tx_packets, after.rx_packets - before.rx_packets), (5, 5));
}

#[test]
fn states_of_a_connection() {
    let c = Cluster::new(3);
    let stream = connect(&c, "shell-1", "10.96.20.2:80");
    c.sleep(0.1);
    let state = |c: &Cluster| c.net.conntrack(c.at("node1")).first().map(|e| (e.state.unwrap(), e.assured));
    assert_eq!(state(&c), Some((CtTcpState::Established, true)));
    let remaining = c.net.conntrack(c.at("node1"))[0].remaining;
    assert!(remaining > Duration::from_secs(86_390) && remaining <= Duration::from_secs(86_400));
    ask(&c, stream).unwrap();
    c.sleep(0.1);
    assert_eq!(state(&c), Some((CtTcpState::TimeWait, true)));
    assert!(c.net.sockets(c.at("red")).iter().any(|s| s.state == TcpState::TimeWait));
    // A pod's own namespace tracks nothing.
    assert!(c.net.conntrack(c.at("shell-1")).is_empty());
    c.sleep(121.0);
    assert!(c.net.conntrack(c.at("node1")).is_empty());
    assert!(c.net.sockets(c.at("red")).iter().all(|s| s.state == TcpState::Listen));
}

#[test]
fn a_syn_without_an_answer_stays_for_two_minutes() {
    let c = Cluster::new(4);
    assert_eq!(c.curl("shell-1", "10.96.20.1:99"), Answer::TimedOut);
    let entries = c.net.conntrack(c.at("node1"));
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].state, entries[0].replied), (Some(CtTcpState::SynSent), false));
}

#[test]
fn syns_are_sent_again_on_the_seconds_of_a_real_kernel() {
    let c = Cluster::new(5);
    let eth0 = |c: &Cluster| c.net.interfaces(c.at("shell-1")).remove(1).counters.tx_packets;
    let to: SocketAddr = "8.8.8.8:80".parse().unwrap();
    let stream = c.net.tcp_connect(c.at("shell-1"), None, to).unwrap();
    let mut times = Vec::new();
    let mut seen = 0;
    for _ in 0..1_400 {
        let sent = eth0(&c);
        if sent > seen {
            times.push(seconds(c.sim.now()).round() as u64);
            seen = sent;
        }
        c.sleep(0.1);
    }
    assert_eq!(times, [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 69]);
    assert_eq!(c.run(async move { stream.connected().await }), Err(Errno::ETIMEDOUT));
}

#[test]
fn a_pulled_cable_delays_a_request() {
    let c = Cluster::new(6);
    let stream = connect(&c, "shell-1", "10.96.20.2:80");
    c.net.set_link_up(c.at("red"), "eth0", false).unwrap();
    let (net, red, sim) = (c.net.clone(), c.at("red"), c.sim.clone());
    c.sim.spawn(async move {
        sim.sleep(Duration::from_secs(20)).await;
        net.set_link_up(red, "eth0", true).unwrap();
    });
    let begun = c.sim.now();
    assert!(ask(&c, stream).unwrap().starts_with("red"));
    // Sent again after 0.2, 0.6, 1.4, 3, 6.2, 12.6 and 25.4 seconds.
    let took = (c.sim.now() - begun).as_secs_f64();
    assert!((25.3..25.5).contains(&took), "{took}");
}

#[test]
fn a_deleted_pod_is_missed_late() {
    let c = Cluster::new(7);
    c.peer("shell-1", "10.244.1.6");
    c.net.delete_namespace(c.at("red"));
    let (answer, took) = c.timed("shell-1", "10.244.1.6", 130);
    assert_eq!(answer, Answer::Failed(Errno::EHOSTUNREACH));
    assert!((14.0..60.0).contains(&took.as_secs_f64()), "{took:?}");
    let (answer, took) = c.timed("shell-1", "10.244.1.6", 130);
    assert_eq!(answer, Answer::Failed(Errno::EHOSTUNREACH));
    assert!(took.as_secs_f64() < 3.1, "{took:?}");
    // Another pod may get the address; then it answers at once.
    let pod = c.net.create_namespace("new");
    c.net.attach_container(c.at("node2"), "cni0", pod, "10.244.1.6/24".parse().unwrap()).unwrap();
    assert_eq!(c.curl("shell-1", "10.244.1.6"), Answer::Failed(Errno::ECONNREFUSED));
}

#[test]
fn a_pair_cut_at_the_host_is_missed_too() {
    let c = Cluster::new(13);
    c.peer("shell-2", "10.244.1.6");
    let veths = c.net.interfaces(c.at("node2")).into_iter().filter(|i| i.name.starts_with("veth"));
    for veth in veths.filter(|veth| veth.index == 6).collect::<Vec<_>>() {
        c.net.delete_link(c.at("node2"), &veth.name).unwrap();
    }
    assert_eq!(c.net.interfaces(c.at("red")).len(), 1);
    let (answer, took) = c.timed("shell-2", "10.244.1.6", 130);
    assert_eq!(answer, Answer::Failed(Errno::EHOSTUNREACH));
    assert!((14.0..60.0).contains(&took.as_secs_f64()), "{took:?}");
}

#[test]
fn without_its_entry_an_answer_comes_from_a_stranger() {
    let c = Cluster::new(14);
    let listener = c.net.tcp_listen(c.at("flaky"), "0.0.0.0:81".parse().unwrap(), 8).unwrap();
    let stream = connect(&c, "shell-1", "10.96.20.9:81");
    stream.set_keepalive(Some(Duration::from_secs(60)));
    c.sleep(0.1);
    let (server, _) = listener.try_accept().unwrap();
    c.net.conntrack_flush(c.at("node1"));
    server.try_write(b"0").unwrap();
    c.sleep(1.0);
    // The client does not know the sender and resets it; itself, it notices only when it asks.
    assert_eq!(server.try_read(10), Err(Errno::ECONNRESET));
    assert_eq!(stream.try_read(10), Err(Errno::EAGAIN));
    let begun = c.sim.now();
    assert_eq!(c.run(async move { stream.read(10).await }), Err(Errno::ECONNRESET));
    assert!((58.0..60.5).contains(&(c.sim.now() - begun).as_secs_f64()));
}

#[test]
fn a_listener_that_is_gone_refuses() {
    let c = Cluster::new(15);
    let listener = c.net.tcp_listen(c.at("red"), "0.0.0.0:81".parse().unwrap(), 8).unwrap();
    let waiting = connect(&c, "shell-1", "10.244.1.6:81");
    drop(listener);
    c.sleep(0.1);
    assert_eq!(waiting.try_read(1), Err(Errno::ECONNRESET));
    assert_eq!(c.curl("shell-1", "10.244.1.6:81"), Answer::Failed(Errno::ECONNREFUSED));
}

#[test]
fn a_dead_server_closes_and_then_resets() {
    let c = Cluster::new(8);
    let listener = c.net.tcp_listen(c.at("flaky"), "0.0.0.0:81".parse().unwrap(), 8).unwrap();
    let stream = connect(&c, "shell-1", "10.96.20.9:81");
    c.sleep(0.1);
    let (server, _) = listener.try_accept().unwrap();
    drop(server);
    drop(listener);
    c.sleep(0.1);
    assert_eq!(stream.state(), TcpState::CloseWait);
    assert_eq!(stream.try_read(10), Ok(Vec::new()));
    stream.try_write(b"still there?").unwrap();
    c.sleep(0.1);
    assert_eq!(stream.try_write(b"no"), Err(Errno::EPIPE));
    let begun = c.sim.now();
    assert_eq!(c.curl("shell-1", "10.96.20.9:81"), Answer::Failed(Errno::ECONNREFUSED));
    assert!(c.sim.now() - begun < Duration::from_millis(5));
}

#[test]
fn resets_end_both_sides() {
    let c = Cluster::new(9);
    let listener = c.net.tcp_listen(c.at("flaky"), "0.0.0.0:81".parse().unwrap(), 8).unwrap();
    let stream = connect(&c, "shell-1", "10.96.20.9:81");
    c.sleep(0.1);
    let (server, _) = listener.try_accept().unwrap();
    server.set_linger_reset();
    drop(server);
    c.sleep(0.1);
    assert_eq!(stream.try_read(10), Err(Errno::ECONNRESET));
    let entry = c.net.conntrack(c.at("node1"));
    assert_eq!(entry[0].state, Some(CtTcpState::Close));
}

#[test]
fn a_megabyte_crosses_and_a_slow_reader_holds_it_back() {
    let c = Cluster::new(10);
    let listener = c.net.tcp_listen(c.at("flaky"), "0.0.0.0:81".parse().unwrap(), 8).unwrap();
    let data: Vec<u8> = (0..1_000_000_u32).map(|n| (n * 7 % 251) as u8).collect();
    let sent = data.clone();
    c.sim.spawn(async move {
        let (server, _) = listener.accept().await.unwrap();
        let mut at = 0;
        while at < sent.len() {
            at += server.write(&sent[at..]).await.unwrap();
        }
    });
    let stream = connect(&c, "shell-1", "10.96.20.9:81");
    c.sleep(5.0);
    let waiting = c.net.sockets(c.at("shell-1")).iter().map(|s| s.recv_q).max().unwrap();
    assert!((60_000..=65_536).contains(&waiting), "{waiting}");
    let got = c.run(async move {
        let mut got = Vec::new();
        loop {
            let piece = stream.read(10_000).await.unwrap();
            if piece.is_empty() {
                return got;
            }
            got.extend(piece);
        }
    });
    assert!(got == data);
}

#[test]
fn a_full_backlog_makes_clients_wait() {
    let c = Cluster::new(11);
    let listener = c.net.tcp_listen(c.at("flaky"), "0.0.0.0:81".parse().unwrap(), 1).unwrap();
    let streams: Vec<TcpStream> = (0..2).map(|_| connect(&c, "shell-1", "10.244.2.6:81")).collect();
    c.sleep(0.1);
    let third = c.net.tcp_connect(c.at("shell-1"), None, "10.244.2.6:81".parse().unwrap()).unwrap();
    c.sleep(0.5);
    assert_eq!(third.state(), TcpState::SynSent);
    let accepted = [listener.try_accept().unwrap(), listener.try_accept().unwrap()];
    c.sleep(1.0);
    assert_eq!(third.state(), TcpState::Established);
    assert_eq!(streams.len(), accepted.len());
}

#[test]
fn ports_and_addresses_are_checked() {
    let c = Cluster::new(12);
    let listen = |on: &str| c.net.tcp_listen(c.at("red"), on.parse().unwrap(), 8).map(drop);
    assert_eq!(listen("0.0.0.0:80"), Err(Errno::EADDRINUSE));
    assert_eq!(listen("10.244.1.99:8080"), Err(Errno::EADDRNOTAVAIL));
    assert_eq!(listen("127.0.0.1:8080"), Ok(()));
    let to: SocketAddr = "[2001:db8::1]:80".parse().unwrap();
    assert_eq!(c.net.tcp_connect(c.at("red"), None, to).map(drop), Err(Errno::ENETUNREACH));
}

#[test]
fn equal_seeds_give_equal_histories() {
    let trace = |seed| {
        let c = Cluster::new(seed);
        for to in ["10.96.20.1", "10.96.20.3", "10.10.0.11:30080", "10.244.0.99"] {
            c.curl("shell-1", to);
        }
        c.sim.trace()
    };
    assert_eq!(trace(5), trace(5));
    assert_ne!(trace(5), trace(6));
}
