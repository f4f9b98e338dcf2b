//! A cluster as it was recorded: three nodes, a router, a laptop, pods, and the rules of kube-proxy.

use futures_util::future::{Either, select};
use ipnet::{IpNet, Ipv4Net};
use linux::Errno;
use linux::net::{Fabric, Net, NetnsId, Route, TcpStream};
use sim::{Duration, Instant, Sim};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;

const RULES: &str = include_str!("../data/node1.rules");

pub struct Cluster {
    pub sim: Sim,
    pub net: Net,
    places: BTreeMap<&'static str, NetnsId>,
}

pub const PODS: [(&str, usize, &str); 8] = [
    ("shell-1", 1, "10.244.0.3"),
    ("shell-2", 2, "10.244.1.3"),
    ("blue-1", 1, "10.244.0.5"),
    ("blue-2", 2, "10.244.1.5"),
    ("blue-3", 3, "10.244.2.5"),
    ("red", 2, "10.244.1.6"),
    ("purple", 1, "10.244.0.6"),
    ("flaky", 3, "10.244.2.6"),
];

/// What became of a request, and after how long.
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// Who answered, and which peer it saw (address only).
    From(String, Ipv4Addr, u16),
    Failed(Errno),
    TimedOut,
}

fn rules_for(node: usize) -> String {
    let mut rules = RULES.to_string();
    let endpoint = ["", "SM56EKMMAY262HF7", "73L5RNKSTF6MYAGD", "VY37WUSASXXJKV4Y"][node];
    rules = rules.replace(
        "-A KUBE-SVL-KE3KTKFE2XVAQKRI -m comment --comment \"default/blue-local -> 10.244.0.5:80\" -j KUBE-SEP-SM56EKMMAY262HF7",
        &format!("-A KUBE-SVL-KE3KTKFE2XVAQKRI -j KUBE-SEP-{endpoint}"),
    );
    if node == 2 {
        let dropped = "-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment \"default/red-local has no local endpoints\" -m addrtype --dst-type LOCAL -m tcp --dport 30081 -j DROP\n";
        assert!(rules.contains(dropped));
        rules = rules.replace(dropped, "");
        rules = rules.replace(
            ":KUBE-SVL-KE3KTKFE2XVAQKRI - [0:0]\n",
            ":KUBE-SVL-KE3KTKFE2XVAQKRI - [0:0]\n:KUBE-SVL-VAYGFPDSTLPMH3CC - [0:0]\n",
        );
        rules = rules.replace(
            "-A KUBE-EXT-X4NTWFYEFKBPRXKW -m comment",
            "-A KUBE-EXT-VAYGFPDSTLPMH3CC -j KUBE-SVL-VAYGFPDSTLPMH3CC\n-A KUBE-SVL-VAYGFPDSTLPMH3CC -j KUBE-SEP-JSWMJODUK2BMQVB3\n-A KUBE-EXT-X4NTWFYEFKBPRXKW -m comment",
        );
    }
    rules
}

impl Cluster {
    pub fn new(seed: u64) -> Cluster {
        let sim = Sim::new(seed);
        let net = Net::new(&sim);
        let fabric = Fabric::new(&net);
        let mut places = BTreeMap::new();
        let v4 = |address: [u8; 4], length| Ipv4Net::new(address.into(), length).unwrap();
        for node in 1..=3u8 {
            let name = ["", "node1", "node2", "node3"][usize::from(node)];
            let address = Ipv4Addr::from([10, 10, 0, 10 + node]);
            let host = fabric.add_host(name, address).unwrap();
            net.add_bridge(host, "cni0").unwrap();
            net.add_address(host, "cni0", IpNet::V4(v4([10, 244, node - 1, 1], 24))).unwrap();
            for (key, value) in [
                ("net.ipv4.ip_forward", "1"),
                ("net.ipv4.conf.all.route_localnet", "1"),
                ("net.bridge.bridge-nf-call-iptables", "1"),
                ("net.netfilter.nf_conntrack_tcp_timeout_established", "86400"),
                ("net.netfilter.nf_conntrack_tcp_timeout_close_wait", "3600"),
            ] {
                net.set_sysctl(host, key, value).unwrap();
            }
            for other in (1..=3u8).filter(|other| *other != node) {
                let route = Route::via(
                    IpNet::V4(v4([10, 244, other - 1, 0], 24)),
                    IpAddr::from([10, 10, 0, 10 + other]),
                );
                net.add_route(host, route).unwrap();
            }
            fabric.add_pod_route(v4([10, 244, node - 1, 0], 24), address).unwrap();
            net.iptables_restore(host, &rules_for(usize::from(node)), false).unwrap();
            places.insert(name, host);
        }
        places.insert("laptop", fabric.add_host("laptop", [192, 168, 50, 100].into()).unwrap());
        let mut cluster = Cluster { sim, net, places };
        for (name, node, address) in PODS {
            let host = cluster.at(["", "node1", "node2", "node3"][node]);
            let pod = cluster.net.create_namespace(name);
            let address: IpNet = format!("{address}/24").parse().unwrap();
            cluster.net.attach_container(host, "cni0", pod, address).unwrap();
            cluster.places.insert(name, pod);
            if !name.starts_with("shell") {
                cluster.serve(name, 80);
            }
        }
        cluster
    }

    pub fn at(&self, name: &str) -> NetnsId {
        self.places[name]
    }

    /// A web server that says who it is and whom it sees.
    pub fn serve(&self, name: &'static str, port: u16) {
        let listener =
            self.net.tcp_listen(self.at(name), SocketAddr::from(([0, 0, 0, 0], port)), 128).unwrap();
        let sim = self.sim.clone();
        self.sim.spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                sim.spawn(async move {
                    if stream.read(4096).await.is_ok_and(|request| !request.is_empty()) {
                        let _ = stream.write(format!("{name} {peer}").as_bytes()).await;
                    }
                });
            }
        });
    }

    /// Runs a future to its end.
    pub fn run<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> T {
        let slot = Rc::new(RefCell::new(None));
        let result = slot.clone();
        self.sim.spawn(async move {
            let value = future.await;
            *slot.borrow_mut() = Some(value);
        });
        while result.borrow().is_none() {
            let next = self.sim.next_timeout().expect("the world came to rest before the future ended");
            self.sim.advance(next, 1_000);
        }
        result.borrow_mut().take().unwrap()
    }

    pub fn sleep(&self, seconds: f64) {
        let until = self.sim.now() + Duration::from_secs_f64(seconds);
        while !self.sim.advance(until, 100_000).done {}
    }

    /// `curl -m LIMIT` from a place; says how long it took, too.
    pub fn timed(&self, from: &str, to: &str, limit: u64) -> (Answer, Duration) {
        let to: SocketAddr = if to.contains(':') { to.parse() } else { format!("{to}:80").parse() }.unwrap();
        let (net, sim, ns) = (self.net.clone(), self.sim.clone(), self.at(from));
        self.run(async move {
            let begun = sim.now();
            let fetched = fetch(net, ns, to);
            let answer = match select(pin!(fetched), pin!(sim.sleep(Duration::from_secs(limit)))).await {
                Either::Left((Ok(answer), _)) => answer,
                Either::Left((Err(error), _)) => Answer::Failed(error),
                Either::Right(_) => Answer::TimedOut,
            };
            (answer, sim.now() - begun)
        })
    }

    pub fn curl(&self, from: &str, to: &str) -> Answer {
        self.timed(from, to, 5).0
    }

    /// The peer that the answering pod saw, and the pod.
    pub fn peer(&self, from: &str, to: &str) -> (String, String) {
        match self.curl(from, to) {
            Answer::From(name, peer, _) => (name, peer.to_string()),
            other => panic!("{from} -> {to}: {other:?}"),
        }
    }
}

async fn fetch(net: Net, ns: NetnsId, to: SocketAddr) -> Result<Answer, Errno> {
    let stream = net.connect(ns, to).await?;
    stream.write(b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n").await?;
    let text = read_to_end(&stream).await?;
    let (name, peer) = text.split_once(' ').ok_or(Errno::EIO)?;
    let peer: SocketAddr = peer.parse().map_err(|_| Errno::EIO)?;
    let IpAddr::V4(address) = peer.ip() else { return Err(Errno::EIO) };
    Ok(Answer::From(name.to_string(), address, peer.port()))
}

pub async fn read_to_end(stream: &TcpStream) -> Result<String, Errno> {
    let mut out = Vec::new();
    loop {
        let piece = stream.read(65_536).await?;
        if piece.is_empty() {
            return Ok(String::from_utf8_lossy(&out).into_owned());
        }
        out.extend(piece);
    }
}

/// How long after the beginning of the world.
pub fn seconds(instant: Instant) -> f64 {
    instant.as_nanos() as f64 / 1e9
}
