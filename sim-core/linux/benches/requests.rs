//! How long HTTP requests take on the simulated network: `cargo bench -p linux`.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]
#![allow(dead_code, reason = "shares the cluster of the tests")]

#[path = "../tests/network/cluster.rs"]
mod cluster;

use cluster::{Cluster, read_to_end};
use linux::net::netfilter::{Rule, Table};
use std::net::SocketAddr;

/// Rules of so many other Services before the one that is asked.
fn add_services(cluster: &Cluster, count: u32) {
    let rule = |n: u32| {
        let address = format!("10.97.{}.{}/32", n / 250, n % 250 + 1);
        let words = ["-d", &address, "-p", "tcp", "-m", "tcp", "--dport", "80", "-j", "RETURN"];
        Rule::parse(&words).unwrap()
    };
    cluster.net.netfilter(cluster.at("node1"), |netfilter| {
        for n in 0..count {
            netfilter.table_mut(Table::Nat).insert("KUBE-SERVICES", 1, rule(n)).unwrap();
        }
    });
}

/// Who asks whom, behind the rules of how many other Services, on one connection or a connection each.
struct Path(&'static str, &'static str, &'static str, u32, bool);

impl std::fmt::Display for Path {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

const PATHS: [Path; 8] = [
    Path("pod to pod, same node", "shell-1", "10.244.0.5:80", 0, false),
    Path("pod to Service, same node", "shell-1", "10.96.20.7:8080", 0, false),
    Path("pod to Service, another node", "shell-1", "10.96.20.2:80", 0, false),
    Path("pod to Service, 3 endpoints", "shell-1", "10.96.20.1:80", 0, false),
    Path("pod to Service, 3 endpoints, 100 more Services", "shell-1", "10.96.20.1:80", 100, false),
    Path("pod to Service, 3 endpoints, 1000 more Services", "shell-1", "10.96.20.1:80", 1_000, false),
    Path("laptop to node port", "laptop", "10.10.0.11:30080", 0, false),
    Path("pod to Service, another node, one connection", "shell-1", "10.96.20.9:81", 0, true),
];
const REQUESTS: u32 = 1_000;

#[divan::bench(args = PATHS)]
fn requests(bencher: divan::Bencher, path: &Path) {
    let Path(_, from, to, services, keep_alive) = *path;
    let prepared = || {
        let cluster = Cluster::new(1);
        add_services(&cluster, services);
        if keep_alive {
            echo(&cluster);
        }
        cluster
    };
    bencher.counter(divan::counter::ItemsCount::new(REQUESTS)).with_inputs(prepared).bench_values(
        |cluster| {
            let (net, ns, to) = (cluster.net.clone(), cluster.at(from), to.parse::<SocketAddr>().unwrap());
            cluster.run(async move {
                let request = b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n";
                if keep_alive {
                    let stream = net.connect(ns, to).await.unwrap();
                    for _ in 0..REQUESTS {
                        stream.write(request).await.unwrap();
                        assert!(!stream.read(4_096).await.unwrap().is_empty());
                    }
                    return;
                }
                for _ in 0..REQUESTS {
                    let stream = net.connect(ns, to).await.unwrap();
                    stream.write(request).await.unwrap();
                    assert!(!read_to_end(&stream).await.unwrap().is_empty());
                }
            });
        },
    );
}

/// Answers every request on port 81 of the pod `flaky`, on one connection.
fn echo(cluster: &Cluster) {
    let listener = cluster.net.tcp_listen(cluster.at("flaky"), "0.0.0.0:81".parse().unwrap(), 8).unwrap();
    cluster.sim.spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        while let Ok(request) = stream.read(4_096).await {
            if request.is_empty()
                || stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.is_err()
            {
                return;
            }
        }
    });
}

fn main() {
    divan::main();
}
