//! What pods use, as the resource metrics API has it. Models pkg/controller/podautoscaler/metrics/client.go.

use crate::api::{ObjectExt, Status, quantity};
use crate::client::Client;
use serde_json::Value;
use sim::{SortedMap, Timestamp};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

/// What one pod was measured to use.
#[derive(Clone, Copy, Debug)]
pub struct PodMetric {
    /// When.
    pub timestamp: Timestamp,
    /// Over what time until then.
    pub window: Duration,
    /// In thousandths.
    pub value: i64,
}

/// By the pods' names.
pub type PodMetrics = SortedMap<String, PodMetric>;

type Answer = Pin<Box<dyn Future<Output = Result<Value, Status>>>>;

/// Asks the resource metrics API; another may answer in its place.
#[derive(Clone)]
pub struct MetricsClient(pub Rc<dyn Fn(String, String) -> Answer>);

impl MetricsClient {
    /// One that asks the API server.
    pub fn new(client: &Client) -> Self {
        let client = client.clone();
        MetricsClient(Rc::new(move |path, selector| {
            let client = client.clone();
            Box::pin(async move { client.get_raw(&path, &[("labelSelector".to_string(), selector)]).await })
        }))
    }

    /// Models `GetResourceMetric`.
    ///
    /// # Errors
    /// There are none, and why.
    pub async fn resource_metric(
        &self,
        resource: &str,
        namespace: &str,
        selector: &str,
        container: &str,
    ) -> Result<PodMetrics, String> {
        let path = format!("/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods");
        let answer = (self.0)(path, selector.to_string()).await.map_err(|status| {
            format!("unable to fetch metrics from resource metrics API: {}", explain(&status))
        })?;
        let items = answer.list_at("/items");
        if items.is_empty() {
            return Err("no metrics returned from resource metrics API".to_string());
        }
        Ok(items
            .iter()
            .filter_map(|item| Some((item.name().to_string(), metric(item, resource, container)?)))
            .collect())
    }
}

/// What client-go makes of an answer that is no `Status`. Models `NewGenericServerResponse`.
fn explain(status: &Status) -> String {
    let what = match (status.code, status.details.is_null()) {
        (404, true) => "the server could not find the requested resource",
        (503, true) => "the server is currently unable to handle the request",
        _ => return status.message.clone(),
    };
    format!("{what} (get pods.metrics.k8s.io)")
}

/// Of all containers, each of which must have been measured; or of the one that is asked about.
fn metric(item: &Value, resource: &str, container: &str) -> Option<PodMetric> {
    let containers = item.list_at("/containers");
    let mut of_interest =
        containers.iter().filter(|one| container.is_empty() || one.str_at("/name") == container).peekable();
    of_interest.peek()?;
    let mut value = 0i64;
    for one in of_interest {
        let usage = one.map_at("/usage").get(resource)?;
        value = value.saturating_add(quantity::parse_milli(usage.as_str().unwrap_or("0"))?);
    }
    Some(PodMetric {
        timestamp: Timestamp::parse_rfc3339(item.str_at("/timestamp"))?,
        window: duration(item.str_at("/window")),
        value,
    })
}

/// `1m0.5s`.
fn duration(text: &str) -> Duration {
    let (mut seconds, mut rest) = (0.0, text);
    while let Some(digits) = rest.find(|c: char| c.is_ascii_alphabetic()) {
        let number: f64 = rest[..digits].parse().unwrap_or(0.0);
        let end = rest[digits..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |n| digits + n);
        seconds += number
            * match &rest[digits..end] {
                "h" => 3_600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                _ => 0.0,
            };
        rest = &rest[end..];
    }
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn windows_are_durations_of_go() {
        for (text, seconds) in
            [("15s", 15.0), ("1m0.5s", 60.5), ("250ms", 0.25), ("1h2m", 3_720.0), ("", 0.0)]
        {
            assert_eq!(duration(text), Duration::from_secs_f64(seconds), "{text}");
        }
    }

    #[test]
    fn a_pod_uses_what_all_its_containers_use() {
        let item = json!({"metadata": {"name": "web"}, "timestamp": "2026-01-05T08:00:00Z", "window": "15s",
            "containers": [{"name": "a", "usage": {"cpu": "12345678n", "memory": "12Ki"}}, {"name": "b", "usage": {"cpu": "1"}}]});
        let value = |resource, container| metric(&item, resource, container).map(|metric| metric.value);
        assert_eq!(value("cpu", ""), Some(1_013), "each is rounded up to a thousandth");
        assert_eq!(value("cpu", "b"), Some(1_000));
        assert_eq!(value("memory", "a"), Some(12_288_000));
        assert_eq!(value("memory", ""), None, "a container without a metric is a pod without one");
        assert_eq!(value("cpu", "c"), None);
    }
}
