//! A cluster with images and programs of its own, for the tests.

use super::super::*;
use crate::api::{EVENT, Resource};
use crate::apiserver::WriteOptions;
use crate::json;
use crate::kubelet::stream::{FrameReader, channel, encode};
use crate::kubelet::{Image, ImageRef, PullError};
use linux::dns::{Message, record_type};
use linux::http::Connection;
use linux::resolver::lookup_host;
use linux::signal::Disposition;
use linux::{Args, ExitCode, File, Program, Signal, Spawn, Sys};
use serde_json::Value;
use sim::Ordered;
use std::cell::RefCell;
use std::net::SocketAddr;

/// Every image but `nosuch` exists, and all of them are this one.
struct TestImages;

fn toolbox() -> Vec<Program> {
    vec![
        Program::new("api", "api METHOD TARGET: asks the API server", |sys, args| {
            Box::pin(api_call(sys, args))
        }),
        Program::new("cat", "cat: repeats its input", |sys, _| {
            Box::pin(async move {
                loop {
                    match sys.read(0, 100).await {
                        Ok(data) if !data.is_empty() => drop(sys.write_all(1, &data).await),
                        _ => return 5,
                    }
                }
            })
        }),
        Program::new("exit", "exit CODE", |sys, args| {
            Box::pin(async move {
                sys.out("about to end\n").await;
                args.get(1).and_then(|a| a.parse().ok()).unwrap_or(0)
            })
        }),
        Program::new("fetch", "fetch HOST PORT", |sys, args| Box::pin(fetch(sys, args))),
        Program::new("polite", "ends at SIGTERM", |sys, _| {
            Box::pin(async move {
                sys.sigaction(Signal::TERM, Disposition::Catch);
                sys.wait_signal().await;
                0
            })
        }),
        Program::new("dig", "dig TYPE NAME: asks the name server", |sys, args| Box::pin(dig(sys, args))),
        Program::new("show", "show PATH...: the environment, then files", |sys, args| {
            Box::pin(async move {
                for (name, value) in sys.environ() {
                    sys.out(&format!("{name}={value}\n")).await;
                }
                for path in &args[1..] {
                    let text =
                        sys.read_file(path).await.unwrap_or_else(|errno| errno.to_string().into_bytes());
                    sys.out(&format!("== {path}\n{}\n", String::from_utf8_lossy(&text))).await;
                }
                0
            })
        }),
        Program::new("stream", "stream TARGET [INPUT]: shows frames", |sys, args| {
            Box::pin(stream_call(sys, args))
        }),
        Program::new("stubborn", "does not", |sys, _| {
            Box::pin(async move {
                loop {
                    let _ = sys.sleep(Duration::from_secs(3_600)).await;
                }
            })
        }),
        Program::new("web", "web: says its host name on port 80", |sys, _| Box::pin(web(sys))),
    ]
}

async fn web(sys: Sys) -> ExitCode {
    let Ok(listener) = sys.listen(SocketAddr::from(([0, 0, 0, 0], 80)), 16) else { return 1 };
    sys.out("listening\n").await;
    loop {
        let Ok((fd, peer)) = sys.accept(listener).await else { return 0 };
        let own = sys.clone();
        sys.spawn_thread(async move {
            let mut connection = Connection::new(&own, fd);
            while let Ok(Some(head)) = connection.read_request().await {
                let status = if head.target == "/" { 200 } else { 404 };
                let body = format!("{} sees {}\n", own.hostname(), peer.ip());
                if connection.write_response(status, &[], body.as_bytes()).await.is_err()
                    || !head.keep_alive()
                {
                    break;
                }
            }
            let _ = own.close(fd);
        });
    }
}

async fn dig(sys: Sys, args: Args) -> ExitCode {
    let config = String::from_utf8(sys.read_file("/etc/resolv.conf").await.expect("a file")).expect("text");
    let server = config.lines().find_map(|line| line.strip_prefix("nameserver ")).expect("a server");
    let server = SocketAddr::from((server.parse::<Ipv4Addr>().expect("an address"), 53));
    let socket = sys.udp(SocketAddr::from(([0, 0, 0, 0], 0))).expect("a socket");
    let query = Message::query(7, &args[2], record_type::parse(&args[1]).expect("a type"));
    sys.send_to(socket, &query.encode(), server).await.expect("sent");
    let (data, _) = sys.recv_from(socket, 4_096).await.expect("an answer");
    let reply = Message::decode(&data).expect("a message");
    sys.out(&format!("{} aa={} ra={}\n", reply.rcode.name(), reply.authoritative, reply.recursion_available))
        .await;
    for record in reply.answers.iter().chain(&reply.authorities).chain(&reply.additionals) {
        sys.out(&format!("{} {} {:?}\n", record.name, record.ttl, record.data)).await;
    }
    0
}

async fn api_connection(sys: &Sys) -> Connection {
    let server = SocketAddr::from((node_address(1), 6_443));
    Connection::new(sys, sys.connect(server).await.expect("the API server answers"))
}

async fn api_call(sys: Sys, args: Args) -> ExitCode {
    let mut connection = api_connection(&sys).await;
    let user = [("X-Remote-User".to_string(), "kubernetes-admin".to_string())];
    connection.write_request(&args[1], &args[2], &user, &[]).await.expect("sent");
    let head = connection.read_response().await.expect("an answer");
    let mut body = head.body(&args[1]).expect("a delimited body");
    sys.out(&format!("{}\n", head.status)).await;
    while let Some(piece) = connection.read_piece(&mut body).await.expect("a body") {
        sys.out(&String::from_utf8_lossy(&piece)).await;
    }
    0
}

async fn stream_call(sys: Sys, args: Args) -> ExitCode {
    let mut connection = api_connection(&sys).await;
    let header = |name: &str, value: &str| (name.to_string(), value.to_string());
    let headers = [
        header("X-Remote-User", "kubernetes-admin"),
        header("Connection", "Upgrade"),
        header("Upgrade", "websocket"),
        header("Sec-WebSocket-Protocol", "v5.channel.k8s.io"),
    ];
    connection.write_request("POST", &args[1], &headers, &[]).await.expect("sent");
    let head = connection.read_response().await.expect("an answer");
    if head.status != 101 {
        let mut body = head.body("POST").expect("a delimited body");
        let text = connection.read_body(&mut body).await.expect("a body");
        sys.out(&format!("{} {}\n", head.status, String::from_utf8_lossy(&text))).await;
        return 1;
    }
    let (fd, rest) = connection.into_parts();
    if let Some(input) = args.get(2) {
        sys.write_all(fd, &encode(channel::STDIN, input.as_bytes())).await.expect("sent");
        sys.write_all(fd, &encode(channel::CLOSE, &[channel::STDIN])).await.expect("sent");
    }
    let mut frames = FrameReader::new(rest);
    loop {
        while let Ok(Some(frame)) = frames.next_frame() {
            sys.out(&format!("{}: {}\n", frame.channel, String::from_utf8_lossy(&frame.payload).trim_end()))
                .await;
        }
        match sys.read(fd, 4_096).await {
            Ok(data) if !data.is_empty() => frames.push(&data),
            _ => return 0,
        }
    }
}

async fn fetch(sys: Sys, args: Args) -> ExitCode {
    let host = args.get(1).map_or("", String::as_str);
    let port = args.get(2).and_then(|p| p.parse().ok()).unwrap_or(80);
    let Ok(addresses) = lookup_host(&sys, host).await else {
        sys.out("unknown\n").await;
        return 6;
    };
    let connected =
        sys.timeout(Duration::from_secs(2), sys.connect(SocketAddr::from((addresses[0], port)))).await;
    let fd = match connected {
        Some(Ok(fd)) => fd,
        Some(Err(errno)) => {
            sys.out(&format!("{errno}\n")).await;
            return 7;
        }
        None => {
            sys.out("timed out\n").await;
            return 28;
        }
    };
    let mut connection = Connection::new(&sys, fd);
    let sent = connection.write_request("GET", "/", &[("Host".into(), host.into())], &[]).await;
    let Ok(head) = connection.read_response().await else { return 52 };
    assert!(sent.is_ok());
    let mut body = head.body("GET").expect("a delimited body");
    let text = connection.read_body(&mut body).await.expect("a body");
    sys.out(&String::from_utf8_lossy(&text)).await;
    0
}

impl ImageRegistry for TestImages {
    fn resolve(&self, reference: &ImageRef) -> Result<Rc<Image>, PullError> {
        if reference.path.contains("nosuch") {
            return Err(PullError::Denied);
        }
        let rootfs = Vfs::new();
        for program in toolbox() {
            rootfs.put_program(&format!("/bin/{}", program.name), &program).expect("a program");
        }
        Ok(Rc::new(Image {
            digest: "sha256:0".into(),
            size: 20_000_000,
            rootfs,
            entrypoint: vec!["web".into()],
            cmd: Vec::new(),
            env: vec![("PATH".into(), "/bin".into())],
            workdir: "/".into(),
            user: (0, 0),
            exposed_ports: vec![80],
            stop_signal: Signal::TERM,
        }))
    }
}

pub struct World {
    pub sim: Sim,
    pub cluster: Cluster,
}

impl World {
    pub fn new(cloud: bool) -> World {
        let sim = Sim::new(7);
        let net = Net::new(&sim);
        let root = |_: &Machine| {
            let root = Vfs::new();
            for program in toolbox() {
                root.put_program(&format!("/bin/{}", program.name), &program).expect("a program");
            }
            root
        };
        let config = ClusterConfig { cloud, ..ClusterConfig::default() };
        let cluster = Cluster::boot(&sim, &net, &config, Rc::new(TestImages), &root);
        assert!(cluster.wait_until_available(), "{}", World { sim, cluster: cluster.clone() }.pods());
        World { sim: cluster.sim.clone(), cluster }
    }

    pub fn run(&self, seconds: u64) {
        self.sim.advance(self.sim.now() + Duration::from_secs(seconds), u64::MAX);
    }

    pub fn create(&self, resource: Resource, object: Value) -> Object {
        let namespace = object.namespace().to_string();
        match self.cluster.api.create(resource, &namespace, object, &WriteOptions::default()) {
            Ok(written) => written.object,
            Err(status) => panic!("{}", status.message),
        }
    }

    pub fn pod(&self, name: &str, spec: Value) -> Object {
        self.create(
            POD,
            json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "default", "labels": {"app": name}}, "spec": spec}),
        )
    }

    pub fn get(&self, resource: Resource, name: &str) -> Option<Object> {
        self.cluster.api.get(resource, "default", name).ok()
    }

    pub fn state(&self, pod: &str) -> String {
        let pod = self.get(POD, pod).expect("the pod");
        let status = pod.at("/status/containerStatuses/0");
        let state = status.map_at("/state").iter().next();
        let (kind, state) = state.map_or(("", &Value::Null), |(kind, state)| (kind.as_str(), state));
        format!(
            "{} {kind} {} ready={} restarts={}",
            pod.str_at("/status/phase"),
            state.str_at("/reason"),
            status.bool_at("/ready"),
            status.int_at("/restartCount").unwrap_or(-1)
        )
    }

    pub fn events(&self, pod: &str) -> Vec<String> {
        let mut events: Vec<(i64, String)> = self
            .cluster
            .api
            .snapshot(EVENT)
            .iter()
            .filter(|event| event.str_at("/involvedObject/name") == pod)
            .map(|event| {
                let count = event.int_at("/count").unwrap_or(1);
                let text = format!("{} x{count} {}", event.str_at("/reason"), event.str_at("/message"));
                (event.resource_version().parse().unwrap_or(0), text)
            })
            .collect();
        events.order();
        events.into_iter().map(|(_, text)| text).collect()
    }

    pub fn pods(&self) -> String {
        let line = |pod: &Object| match pod.namespace() {
            "default" => format!("{} {} {:#}\n", pod.name(), pod.str_at("/spec/nodeName"), pod.at("/status")),
            _ => format!("{} {}\n", pod.name(), pod.str_at("/status/phase")),
        };
        self.cluster.api.snapshot(POD).iter().map(line).collect()
    }

    /// Runs a program somewhere and gives what it writes.
    pub fn command(&self, host: &Host, namespaces: linux::Namespaces, argv: &[&str]) -> String {
        let (read, write) = File::pipe();
        let pid = host
            .spawn(Spawn {
                namespaces,
                argv: argv.iter().map(|a| a.to_string()).collect(),
                env: vec![("PATH".into(), "/bin".into())],
                cwd: "/".into(),
                uid: 0,
                gid: 0,
                stdio: [File::null(), write.clone(), write],
                controlling_tty: false,
            })
            .expect("the program");
        let output = Rc::new(RefCell::new(Vec::new()));
        let sink = output.clone();
        self.sim.spawn(async move {
            while let Ok(data) = read.read(4_096).await {
                if data.is_empty() {
                    break;
                }
                sink.borrow_mut().extend(data);
            }
        });
        let host = host.clone();
        self.sim.spawn(async move {
            host.wait(pid).await;
        });
        self.run(8);
        let text = output.borrow().clone();
        String::from_utf8(text).expect("text")
    }

    pub fn on_node(&self, node: usize, argv: &[&str]) -> String {
        let host = &self.cluster.nodes[node].host;
        self.command(host, host.namespaces(), argv)
    }

    pub fn in_pod(&self, pod: &str, argv: &[&str]) -> String {
        let object = self.get(POD, pod).expect("the pod");
        let node =
            self.cluster.nodes.iter().find(|n| n.name == object.str_at("/spec/nodeName")).expect("its node");
        let worker = node.kubelet.worker_named("default", pod).expect("its worker");
        let instance = worker.running(object.str_at("/spec/containers/0/name")).expect("it runs");
        self.command(&node.host, instance.namespaces.clone(), argv)
    }
}

pub fn container(image: &str, command: &[&str]) -> Value {
    let mut container = json!({"name": "c", "image": image});
    if !command.is_empty() {
        container["command"] = json!(command);
    }
    container
}
