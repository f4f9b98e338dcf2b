//! Asks the kubelets. Models pkg/scraper.

use super::storage::{Batch, Point};
use super::{MetricsServer, log};
use crate::api::{Key, ObjectExt};
use crate::dial;
use crate::kubelet::server::PORT;
use linux::Sys;
use sim::{Duration, SortedMap};
use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

/// Asks all of them once in each `resolution`, for ever.
pub(super) async fn run(sys: Sys, server: Rc<MetricsServer>, resolution: Duration) {
    let first = sys.now();
    for round in 1u32.. {
        let batch = Rc::new(RefCell::new(Batch::default()));
        let asked = server.nodes.list().into_iter().map(|node| {
            let (sys, server, batch) = (sys.clone(), server.clone(), batch.clone());
            async move {
                let name = node.name();
                let addresses = node.list_at("/status/addresses");
                let ip = addresses.iter().find(|a| a.str_at("/type") == "InternalIP");
                let ip: Ipv4Addr =
                    ip.and_then(|a| a.str_at("/address").parse().ok()).unwrap_or(Ipv4Addr::UNSPECIFIED);
                let asked = sys.timeout(resolution * 9 / 10, ask(&sys, &server, ip)).await;
                match asked.unwrap_or_else(|| Err("context deadline exceeded".to_string())) {
                    Ok(page) => read(&page, name, &mut batch.borrow_mut()),
                    Err(why) => {
                        let url = format!("https://{ip}:{PORT}/metrics/resource");
                        let why = format!("Get {url:?}: {why}");
                        let message = format!("\"Failed to scrape node\" err={why:?} node={name:?}");
                        log(&sys, 'E', "scraper.go:149", &message).await;
                    }
                }
            }
        });
        sim::join_all(asked).await;
        server.storage.borrow_mut().store(batch.take(), resolution);
        sys.host().sim().sleep_until(first + resolution * round).await;
    }
}

async fn ask(sys: &Sys, server: &MetricsServer, ip: Ipv4Addr) -> Result<String, String> {
    let to = SocketAddr::from((ip, PORT));
    let fd = dial::connect(sys, to).await?;
    if !server.insecure {
        let _ = sys.close(fd);
        return Err(format!(
            "tls: failed to verify certificate: x509: cannot validate certificate for {ip} because it doesn't contain any IP SANs"
        ));
    }
    let once = [("Connection".to_string(), "close".to_string())];
    let (_, page) = dial::get(sys, fd, to, "/metrics/resource", &once).await?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// Takes what is known out of a page in the text format of Prometheus.
fn read(page: &str, node: &str, batch: &mut Batch) {
    let of_node: &mut Point = batch.nodes.entry(node.to_string()).or_default();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let Some((metric, rest)) = line.split_once(' ') else { continue };
        let (name, labels) = metric.trim_end_matches('}').split_once('{').unwrap_or((metric, ""));
        let (value, time) = rest.split_once(' ').unwrap_or((rest, ""));
        let Ok(value) = value.parse::<f64>() else { continue };
        let label = |wanted: &str| {
            let found = labels.split(',').find_map(|label| label.strip_prefix(wanted)?.strip_prefix("=\""));
            found.map_or("", |value| value.trim_end_matches('"'))
        };
        let time = time.parse().ok().map(Duration::from_millis);
        if let Some(of_node_name) = name.strip_prefix("node_") {
            note(of_node, of_node_name, value, time);
        } else if let Some(of_container) = name.strip_prefix("container_") {
            let pods: &mut SortedMap<Key, SortedMap<String, Point>> = &mut batch.pods;
            let pod = pods.entry(Key::new(label("namespace"), label("pod"))).or_default();
            note(pod.entry(label("container").to_string()).or_default(), of_container, value, time);
        }
    }
}

fn note(point: &mut Point, name: &str, value: f64, time: Option<Duration>) {
    match name {
        "cpu_usage_seconds_total" => {
            point.cpu = Duration::from_secs_f64(value.max(0.0));
            point.time = time.unwrap_or_default();
        }
        "memory_working_set_bytes" => point.memory = value as u64,
        "start_time_seconds" => point.start = Duration::from_secs_f64(value.max(0.0)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read() {
        let page = "# TYPE x counter\ncontainer_cpu_usage_seconds_total{container=\"c\",namespace=\"n\",pod=\"p\"} 1.5 20000\n\
                    container_memory_working_set_bytes{container=\"c\",namespace=\"n\",pod=\"p\"} 1.2e+06 20000\n\
                    container_start_time_seconds{container=\"c\",namespace=\"n\",pod=\"p\"} 1.25e+01\n\
                    node_cpu_usage_seconds_total 7 20000\nresource_scrape_error 0\n";
        let mut batch = Batch::default();
        read(page, "node1", &mut batch);
        let seconds = Duration::from_secs;
        let pod = batch.pods.get(&Key::new("n", "p")).expect("the pod is there");
        let point = Point {
            start: Duration::from_millis(12_500),
            time: seconds(20),
            cpu: Duration::from_millis(1_500),
            memory: 1_200_000,
        };
        assert_eq!(pod.get("c"), Some(&point));
        assert_eq!(batch.nodes.get("node1").map(|point| point.cpu), Some(seconds(7)));
    }
}
