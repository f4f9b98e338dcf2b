//! The listener and its connections.

use super::clock::{self, Clock, Traffic};
use super::credentials::{Credentials, Identity};
use super::dates::Calendar;
use super::gateway;
use super::wire::Wire;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use kube::apiserver_program::PORT;
use kube::cluster::node_address;
use sim_core::{Instant, Sim};
use std::cell::{Cell, Ref, RefCell, RefMut};
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The first byte of a TLS connection.
const HANDSHAKE: u8 = 0x16;

/// A world that is served on 127.0.0.1. Everything runs on one thread, in a [`tokio::task::LocalSet`].
pub struct Server {
    world: RefCell<Sim>,
    clock: Cell<Clock>,
    calendar: Cell<Calendar>,
    traffic: Rc<Traffic>,
    credentials: Credentials,
    port: u16,
    changes: Cell<u64>,
    settings: Cell<u64>,
}

impl Server {
    /// Listens, and begins to serve.
    pub async fn start(world: Sim, clock: Clock, port: u16) -> io::Result<Rc<Server>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let credentials = Credentials::new().map_err(|error| io::Error::other(error.to_string()))?;
        let port = listener.local_addr()?.port();
        let calendar = Cell::new(Calendar::now(world.now(), true));
        let server = Rc::new(Server {
            world: RefCell::new(world),
            clock: Cell::new(clock),
            calendar,
            traffic: Rc::default(),
            credentials,
            port,
            changes: Cell::new(0),
            settings: Cell::new(0),
        });
        tokio::task::spawn_local(clock::drive(server.clone()));
        tokio::task::spawn_local(accept(server.clone(), listener));
        Ok(server)
    }

    /// Waits for ever.
    pub async fn run(&self) {
        std::future::pending().await
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What the administrator needs to come in.
    pub fn kubeconfig(&self) -> String {
        self.credentials.kubeconfig(&self.url())
    }

    /// The world, to look at.
    pub fn world(&self) -> Ref<'_, Sim> {
        self.world.borrow()
    }

    /// The world, to be exchanged or moved while no client waits.
    pub fn world_mut(&self) -> RefMut<'_, Sim> {
        self.world.borrow_mut()
    }

    /// The difference between the world's calendar and ours.
    pub fn calendar(&self) -> Calendar {
        self.calendar.get()
    }

    /// Sets the world's calendar.
    pub fn set_calendar(&self, calendar: Calendar) {
        self.calendar.set(calendar);
    }

    /// How many requests came that may have changed something.
    pub fn changes(&self) -> u64 {
        self.changes.get()
    }

    pub(super) fn count_change(&self) {
        self.changes.set(self.changes.get() + 1);
    }

    /// Makes the world's time follow ours in another way.
    pub fn set_clock(&self, clock: Clock) {
        self.clock.set(clock);
        self.settings.set(self.settings.get() + 1);
        self.traffic.moved();
    }

    /// How often the clock was set.
    pub(super) fn settings(&self) -> u64 {
        self.settings.get()
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock.get()
    }

    pub(super) fn traffic(&self) -> &Rc<Traffic> {
        &self.traffic
    }

    pub(super) fn now(&self) -> Instant {
        self.world.borrow().now()
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.world.borrow().poll_timeout()
    }

    /// Moves the world; says whether it got as far as that.
    pub(super) fn advance(&self, until: Instant, budget: u64) -> bool {
        let mut world = self.world.borrow_mut();
        let progress = world.handle_timeout(until, budget);
        while world.poll_output().is_some() {}
        progress.done
    }

    /// Connects to the API server, from its own machine.
    pub(super) async fn dial(&self) -> io::Result<Wire> {
        let (net, netns) = {
            let world = self.world.borrow();
            let host = &world.cluster().nodes[0].host;
            (host.net().clone(), host.namespaces().netns)
        };
        let to = SocketAddr::from((node_address(1), PORT));
        Wire::connect(&net, netns, to, self.traffic.clone()).await
    }
}

async fn accept(server: Rc<Server>, listener: TcpListener) {
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            // Out of descriptors, for example: it passes.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        let server = server.clone();
        tokio::task::spawn_local(async move {
            // A connection that fails is the client's to notice.
            let _ = serve(server, socket).await;
        });
    }
}

async fn serve(server: Rc<Server>, mut socket: TcpStream) -> Result<(), Box<dyn std::error::Error>> {
    socket.set_nodelay(true)?;
    let mut first = [0; 1];
    if socket.peek(&mut first).await? == 1 && first[0] != HANDSHAKE {
        // As net/http of Go says it.
        let answer = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
        socket.write_all(answer.as_bytes()).await?;
        socket.shutdown().await?;
        // What was sent is read, or the answer could be lost.
        let _ = socket.read(&mut [0; 4_096]).await;
        return Ok(());
    }
    let _connected = server.traffic.connect();
    let tls = TlsAcceptor::from(server.credentials.tls.clone()).accept(socket).await?;
    let identity: Option<Identity> = server.credentials.identity(tls.get_ref().1.peer_certificates());
    let service = service_fn(|request| gateway::answer(server.clone(), identity.clone(), request));
    let served = auto::Builder::new(Local).serve_connection_with_upgrades(TokioIo::new(tls), service).await;
    served.map_err(|error| error.to_string().into())
}

/// Tasks of a connection run on this thread.
#[derive(Clone)]
struct Local;

impl<F> hyper::rt::Executor<F> for Local
where
    F: Future + 'static,
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}
