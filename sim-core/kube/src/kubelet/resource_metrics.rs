//! `/metrics/resource`: what the containers of a node have used, for metrics servers. Models
//! pkg/kubelet/metrics/collectors/resource_metrics.go.

use super::Kubelet;
use crate::api::ObjectExt;
use linux::Usage;
use linux::host::KERNEL_KIB;
use sim::Ordered;

/// A family of metrics: name, kind, what it says.
struct Family(&'static str, &'static str, &'static str);

const FAMILIES: [Family; 8] = [
    Family(
        "container_cpu_usage_seconds_total",
        "counter",
        "Cumulative cpu time consumed by the container in core-seconds",
    ),
    Family("container_memory_working_set_bytes", "gauge", "Current working set of the container in bytes"),
    Family(
        "container_start_time_seconds",
        "gauge",
        "Start time of the container since unix epoch in seconds",
    ),
    Family(
        "node_cpu_usage_seconds_total",
        "counter",
        "Cumulative cpu time consumed by the node in core-seconds",
    ),
    Family("node_memory_working_set_bytes", "gauge", "Current working set of the node in bytes"),
    Family(
        "pod_cpu_usage_seconds_total",
        "counter",
        "Cumulative cpu time consumed by the pod in core-seconds",
    ),
    Family("pod_memory_working_set_bytes", "gauge", "Current working set of the pod in bytes"),
    Family(
        "resource_scrape_error",
        "gauge",
        "1 if there was an error while getting container metrics, 0 otherwise",
    ),
];

/// The page as it is now, in the text format of Prometheus.
pub(super) fn page(kubelet: &Kubelet) -> String {
    let host = kubelet.host();
    let now = kubelet.sim().now().timestamp();
    let at = format!(" {}{:03}", now.seconds, now.nanos / 1_000_000);
    let mut lines: [Vec<String>; FAMILIES.len()] = Default::default();
    let mut add = |family: usize, labels: &str, value: f64, at: &str| {
        lines[family].push(format!("{}{labels} {}{at}\n", FAMILIES[family].0, float(value)));
    };
    for worker in kubelet.workers() {
        let pod = worker.pod();
        let place = format!("namespace=\"{}\",pod=\"{}\"}}", pod.namespace(), pod.name());
        let mut whole: Option<Usage> = None;
        for record in &worker.record.borrow().containers {
            let Some(instance) = worker.running(&record.name) else { continue };
            let usage = host.usage(&instance.namespaces);
            let labels = format!("{{container=\"{}\",{place}", record.name);
            let began = instance.started_at.timestamp();
            add(0, &labels, usage.cpu.as_secs_f64(), &at);
            add(1, &labels, bytes(usage), &at);
            add(2, &labels, began.seconds as f64 + f64::from(began.nanos) / 1e9, "");
            let sum = whole.get_or_insert_default();
            sum.cpu += usage.cpu;
            sum.memory_kib += usage.memory_kib;
        }
        if let Some(whole) = whole {
            add(5, &format!("{{{place}"), whole.cpu.as_secs_f64(), &at);
            add(6, &format!("{{{place}"), bytes(whole), &at);
        }
    }
    let machine = host.usage(&host.namespaces());
    let up = kubelet.sim().now().duration_since(host.boot_time());
    add(3, "", (machine.cpu + up / 1000 * SYSTEM_MILLIS).as_secs_f64(), &at);
    add(4, "", bytes(machine) + (KERNEL_KIB * 1024) as f64, &at);
    add(7, "", 0.0, "");
    let mut text = String::new();
    for (Family(name, kind, about), mut lines) in FAMILIES.iter().zip(lines) {
        lines.order();
        if !lines.is_empty() {
            text += &format!("# HELP {name} [STABLE] {about}\n# TYPE {name} {kind}\n{}", lines.concat());
        }
    }
    text
}

/// What the kernel and the services of the system use by themselves, in thousandths of a processor.
const SYSTEM_MILLIS: u32 = 12;

fn bytes(usage: Usage) -> f64 {
    (usage.memory_kib * 1024) as f64
}

/// A number as Go's `strconv` writes it in the format `g`: with an exponent from a million on.
fn float(value: f64) -> String {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    match exponent.parse::<i32>().unwrap_or(0) {
        -4..6 => value.to_string(),
        exponent => format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_go_s() {
        let cases = [(0.0, "0"), (0.25, "0.25"), (123_456.5, "123456.5"), (13_598_720.0, "1.359872e+07")];
        for (value, text) in cases {
            assert_eq!(float(value), text);
        }
        assert_eq!(float(1_767_600_001.25), "1.76760000125e+09");
        assert_eq!(float(0.00002), "2e-05");
    }
}
