//! The metrics server: asks every kubelet each 15 seconds what its containers have used, keeps the last two answers,
//! and tells the difference as `metrics.k8s.io`. Models kubernetes-sigs/metrics-server (0.8).
//!
//! ```text
//!   kubectl top, autoscalers ─► API server ─► Service ─► [server] ◄─ [storage] ◄─ [scraper] ─► kubelets' :10250
//! ```
//!
//! It runs in a pod of its own where somebody has put it: see `cluster::metrics_server`.

mod scraper;
mod server;
mod storage;

use crate::api::{NODE, POD};
use crate::apiserver::ApiServer;
use crate::client::{Client, Informer, InformerFactory};
use linux::{Args, ExitCode, Program, Sys};
use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;
use storage::Storage;

/// What the process knows.
struct MetricsServer {
    nodes: Informer,
    pods: Informer,
    storage: RefCell<Storage>,
    /// Whether the certificates of kubelets are believed: they are self-signed.
    insecure: bool,
}

/// `/metrics-server` of its image.
pub fn program(api: &ApiServer) -> Program {
    let api = api.clone();
    Program::with_state("metrics-server", "Serves what nodes and pods use", move |sys, args| {
        Box::pin(main(sys, args, api.clone()))
    })
}

async fn main(sys: Sys, args: Args, api: ApiServer) -> ExitCode {
    let flag = |name: &str| args.iter().find_map(|arg| arg.strip_prefix(name)?.strip_prefix('='));
    let port = flag("--secure-port").and_then(|port| port.parse().ok()).unwrap_or(443);
    let resolution = flag("--metric-resolution").and_then(seconds).unwrap_or(Duration::from_secs(60));
    let client = Client::new(&api, "system:serviceaccount:kube-system:metrics-server");
    let informers = InformerFactory::new(&client);
    let server = Rc::new(MetricsServer {
        nodes: informers.informer(NODE),
        pods: informers.informer(POD),
        storage: RefCell::default(),
        insecure: args
            .iter()
            .any(|arg| matches!(arg.as_str(), "--kubelet-insecure-tls" | "--kubelet-insecure-tls=true")),
    });
    log(&sys, 'I', "serving.go:380", "Generated self-signed cert (/tmp/apiserver.crt, /tmp/apiserver.key)")
        .await;
    informers.wait_for_sync().await;
    let Ok(listener) = sys.listen(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)), 128) else { return 1 };
    log(&sys, 'I', "secure_serving.go:211", &format!("\"Serving securely on [::]:{port}\"")).await;
    sys.spawn_thread(scraper::run(sys.clone(), server.clone(), resolution));
    loop {
        let Ok((fd, _)) = sys.accept(listener).await else { return 1 };
        let (own, server) = (sys.clone(), server.clone());
        sys.spawn_thread(async move {
            // A connection that breaks is the client's loss.
            let _ = server::serve(&own, &server, fd).await;
            let _ = own.close(fd);
        });
    }
}

fn seconds(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        _ => return None,
    };
    Some(Duration::from_secs(number.parse::<u64>().ok()? * factor))
}

/// A line as klog writes it.
async fn log(sys: &Sys, level: char, place: &str, message: &str) {
    let now = sys.clock();
    let civil = now.civil();
    let (month, day, hour) = (civil.month, civil.day, civil.hour);
    let micros = now.nanos / 1_000;
    sys.err(&format!(
        "{level}{month:02}{day:02} {hour:02}:{:02}:{:02}.{micros:06}       1 {place}] {message}\n",
        civil.minute, civil.second
    ))
    .await;
}
