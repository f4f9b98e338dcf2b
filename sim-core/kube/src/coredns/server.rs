//! The server: takes questions, asks the plugins in their order, shuffles, answers.

use super::kubernetes::{self, Answer, Data, Lookup, QueryType};
use super::wire::{self, Query};
use crate::api::{ENDPOINT_SLICE, NAMESPACE, Object, ObjectExt, SERVICE};
use crate::apiserver::ApiServer;
use crate::client::{Client, Informer, InformerFactory};
use linux::http::Connection;
use linux::{Args, Errno, ExitCode, Program, Sys};
use sim::{Instant, Rng, SortedMap};
use std::cell::{Cell, RefCell};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

/// How long `forward` waits for its upstream.
const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(2);
/// `cache 30`
const CACHE_SECONDS: u32 = 30;
/// What one answer costs.
const ANSWER_COST: Duration = Duration::from_micros(60);

/// `/coredns` of its image.
pub fn program(api: &ApiServer) -> Program {
    let api = api.clone();
    Program::with_state("coredns", "The DNS server of the cluster", move |sys, args| {
        Box::pin(main(sys, args, api.clone()))
    })
}

/// Upstream's replies by name and type, with the time of their arrival.
type Cache = SortedMap<(String, u16), (Instant, Vec<u8>)>;

struct Server {
    sys: Sys,
    objects: Objects,
    upstream: Option<SocketAddr>,
    cache: RefCell<Cache>,
    rng: RefCell<Rng>,
}

async fn main(sys: Sys, _args: Args, api: ApiServer) -> ExitCode {
    let client = Client::new(&api, "system:serviceaccount:kube-system:coredns");
    let informers = InformerFactory::new(&client);
    let objects = Objects::new(&informers, client.sim());
    let resolv_conf = sys.read_file("/etc/resolv.conf").await.unwrap_or_default();
    let resolv_conf = String::from_utf8_lossy(&resolv_conf).into_owned();
    let upstream = resolv_conf
        .lines()
        .find_map(|line| line.strip_prefix("nameserver ")?.trim().parse::<Ipv4Addr>().ok());
    let name = format!("coredns-{}", sys.hostname());
    let server = Rc::new(Server {
        objects,
        upstream: upstream.map(|ip| SocketAddr::from((ip, 53))),
        cache: RefCell::default(),
        rng: RefCell::new(sys.host().sim().rng(&name)),
        sys: sys.clone(),
    });
    let ready = Rc::new(Cell::new(false));
    let always = Rc::new(Cell::new(true));
    sys.spawn_thread(serve_health(sys.clone(), 8_080, "/health", always));
    sys.spawn_thread(serve_health(sys.clone(), 8_181, "/ready", ready.clone()));
    informers.wait_for_sync().await;
    ready.set(true);
    sys.out(".:53\n[INFO] plugin/reload: Running configuration SHA512 = 1b226df79860026c6a52e67daa10d7f0d57ec5b023288ec00c5e05f93523c894564e15b91770d3a07ae1cfbe861d15b37d4a0027e69c546ab112970993a3b03b\nCoreDNS-1.13.1\nlinux/amd64, go1.25.2, 1db4568\n").await;
    let tcp = server.clone();
    sys.spawn_thread(async move { serve_tcp(tcp).await });
    serve_udp(server).await
}

async fn serve_udp(server: Rc<Server>) -> ExitCode {
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 53));
    let Ok(socket) = server.sys.udp(any) else { return 1 };
    loop {
        match server.sys.recv_from(socket, 4_096).await {
            Ok((data, from)) => {
                let own = server.clone();
                let task = async move {
                    if let Some(reply) = own.respond(&data).await {
                        let _ = own.sys.send_to(socket, &reply, from).await;
                    }
                };
                server.sys.spawn_thread(task);
            }
            Err(Errno::EBADF) => return 1,
            Err(_) => {}
        }
    }
}

async fn serve_tcp(server: Rc<Server>) {
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 53));
    let Ok(listener) = server.sys.listen(any, 128) else { return };
    loop {
        let Ok((fd, _)) = server.sys.accept(listener).await else { return };
        let own = server.clone();
        server.sys.spawn_thread(async move {
            let mut buffer: Vec<u8> = Vec::new();
            loop {
                while buffer.len() >= 2
                    && buffer.len() >= 2 + usize::from(u16::from_be_bytes([buffer[0], buffer[1]]))
                {
                    let length = usize::from(u16::from_be_bytes([buffer[0], buffer[1]]));
                    let query: Vec<u8> = buffer.drain(..2 + length).skip(2).collect();
                    let Some(reply) = own.respond(&query).await else { continue };
                    let mut framed = (reply.len() as u16).to_be_bytes().to_vec();
                    framed.extend_from_slice(&reply);
                    if own.sys.send_all(fd, &framed).await.is_err() {
                        break;
                    }
                }
                match own.sys.read(fd, 4_096).await {
                    Ok(data) if !data.is_empty() => buffer.extend_from_slice(&data),
                    _ => break,
                }
            }
            let _ = own.sys.close(fd);
        });
    }
}

/// `health` and `ready`: OK, or 503 until there is something to answer from.
async fn serve_health(sys: Sys, port: u16, path: &'static str, ok: Rc<Cell<bool>>) {
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    let Ok(listener) = sys.listen(any, 128) else { return };
    loop {
        let Ok((fd, _)) = sys.accept(listener).await else { return };
        let (own, ok) = (sys.clone(), ok.clone());
        sys.spawn_thread(async move {
            let mut connection = Connection::new(&own, fd);
            while let Ok(Some(head)) = connection.read_request().await {
                let (status, text) = match (head.target == path, ok.get()) {
                    (false, _) => (404, "404 page not found\n"),
                    (true, true) => (200, "OK"),
                    (true, false) => (503, "kubernetes"),
                };
                let headers = [("Content-Type".to_string(), "text/plain; charset=utf-8".to_string())];
                let sent = connection.write_response(status, &headers, text.as_bytes()).await;
                if sent.is_err() || !head.keep_alive() {
                    break;
                }
            }
            let _ = own.close(fd);
        });
    }
}

impl Server {
    /// The answer to a datagram; nothing when it is no question.
    async fn respond(&self, data: &[u8]) -> Option<Vec<u8>> {
        let query = wire::parse_query(data)?;
        self.sys.cpu(ANSWER_COST).await;
        match kubernetes::answer(&self.objects, &query.name, query.kind) {
            Some(answer) => Some(self.finish(&query, answer).await),
            None => self.forward(&query).await,
        }
    }

    /// Follows a CNAME, shuffles addresses, makes the message.
    async fn finish(&self, query: &Query, mut answer: Answer) -> Vec<u8> {
        let target = answer.answers.iter().find_map(|record| match &record.data {
            Data::Cname(target) if query.kind != QueryType::CNAME => Some(target.clone()),
            _ => None,
        });
        let mut foreign = Vec::new();
        if let Some(target) = target {
            match kubernetes::answer(&self.objects, &target, query.kind) {
                Some(more) => answer.answers.extend(more.answers),
                None => {
                    if let Some(reply) = self.ask_upstream(&query.about(&target)).await {
                        foreign = wire::answers_of(&reply);
                    }
                }
            }
        }
        self.rng.borrow_mut().shuffle(&mut answer.additionals);
        let first_address = answer.answers.iter().position(|r| matches!(r.data, Data::A(_))).unwrap_or(0);
        if answer.answers.iter().skip(first_address).all(|r| matches!(r.data, Data::A(_))) {
            self.rng.borrow_mut().shuffle(&mut answer.answers[first_address..]);
        }
        wire::encode_answer(query, &answer, foreign)
    }

    /// `forward` behind `cache`.
    async fn forward(&self, query: &Query) -> Option<Vec<u8>> {
        let key = (query.name.clone(), query.code);
        let now = self.sys.now();
        let cached = self.cache.borrow().get(&key).cloned();
        if let Some((since, reply)) = cached {
            let age = u32::try_from((now - since).as_secs()).unwrap_or(u32::MAX);
            if let Some(reply) = wire::aged_reply(query, &reply, age, CACHE_SECONDS) {
                return Some(reply);
            }
            self.cache.borrow_mut().remove(&key);
        }
        match self.ask_upstream(query).await {
            Some(reply) => {
                self.cache.borrow_mut().insert(key, (self.sys.now(), reply.clone()));
                wire::aged_reply(query, &reply, 0, CACHE_SECONDS)
            }
            None => Some(wire::server_failure(query)),
        }
    }

    async fn ask_upstream(&self, query: &Query) -> Option<Vec<u8>> {
        let upstream = self.upstream?;
        let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let socket = self.sys.udp(any).ok()?;
        let id = self.rng.borrow_mut().below(65_536) as u16;
        let exchange = async {
            self.sys.udp_connect(socket, upstream).ok()?;
            self.sys.send_to(socket, &wire::upstream_query(query, id), upstream).await.ok()?;
            loop {
                let (reply, _) = self.sys.recv_from(socket, 4_096).await.ok()?;
                if reply.get(..2) == Some(&id.to_be_bytes()) {
                    return Some(reply);
                }
            }
        };
        let reply = self.sys.timeout(UPSTREAM_TIMEOUT, exchange).await.flatten();
        let _ = self.sys.close(socket);
        reply
    }
}

/// The plugin's view of the API.
struct Objects {
    services: Informer,
    slices: Informer,
    namespaces: Informer,
    /// When something changed last, as the zone's serial.
    changed: Rc<Cell<u32>>,
}

impl Objects {
    fn new(informers: &InformerFactory, sim: &sim::Sim) -> Objects {
        let services = informers.informer(SERVICE);
        let slices = informers.informer(ENDPOINT_SLICE);
        let namespaces = informers.informer(NAMESPACE);
        services.add_index("ip", |service| vec![service.str_at("/spec/clusterIP").into()]);
        slices.add_index("service", |slice| {
            let service = slice.label("kubernetes.io/service-name").unwrap_or("");
            vec![format!("{}/{service}", slice.namespace()).into()]
        });
        slices.add_index("ip", |slice| {
            let endpoints = slice.list_at("/endpoints").iter();
            endpoints.map(|endpoint| endpoint.str_at("/addresses/0").into()).collect()
        });
        let changed: Rc<Cell<u32>> = Rc::default();
        for informer in [&services, &slices] {
            let changed = changed.clone();
            let sim = sim.clone();
            informer.on_change(move |_, _| changed.set(sim.now().timestamp().seconds as u32));
        }
        Objects { services, slices, namespaces, changed }
    }
}

impl Lookup for Objects {
    fn namespace_exists(&self, name: &str) -> bool {
        self.namespaces.get("", name).is_some()
    }
    fn service(&self, namespace: &str, name: &str) -> Option<Object> {
        self.services.get(namespace, name)
    }
    fn slices(&self, namespace: &str, service: &str) -> Vec<Object> {
        self.slices.by_index("service", &format!("{namespace}/{service}"))
    }
    fn services_by_ip(&self, ip: Ipv4Addr) -> Vec<Object> {
        self.services.by_index("ip", &ip.to_string())
    }
    fn slices_by_ip(&self, ip: Ipv4Addr) -> Vec<Object> {
        self.slices.by_index("ip", &ip.to_string())
    }
    fn serial(&self) -> u32 {
        self.changed.get()
    }
}
