//! How many replicas a metric asks for. Models pkg/controller/podautoscaler/replica_calculator.go and
//! metrics/utilization.go.

use super::metrics_client::PodMetrics;
use crate::api::{Object, ObjectExt, condition, pod, quantity, quota};
use serde_json::Value;
use sim::{SortedMap, Timestamp};
use std::time::Duration;

/// `--horizontal-pod-autoscaler-cpu-initialization-period`: what starts may be busy with that.
const CPU_INITIALIZATION_PERIOD: Duration = Duration::from_secs(300);
/// `--horizontal-pod-autoscaler-initial-readiness-delay`.
const INITIAL_READINESS_DELAY: Duration = Duration::from_secs(30);
/// `--horizontal-pod-autoscaler-tolerance`.
const TOLERANCE: f64 = 0.1;

/// How far from its target a metric may be before anything is done.
#[derive(Clone, Copy, Debug)]
pub struct Tolerances {
    /// Below the target.
    pub scale_down: f64,
    /// Above the target.
    pub scale_up: f64,
}

impl Tolerances {
    /// Those of an autoscaler. Models `tolerancesForHpa`.
    pub fn of(behavior: &Value) -> Self {
        let of = |path| behavior.at(path).as_str().map_or(TOLERANCE, fraction);
        Tolerances { scale_down: of("/scaleDown/tolerance"), scale_up: of("/scaleUp/tolerance") }
    }

    fn hold(self, ratio: f64) -> bool {
        (1.0 - self.scale_down..=1.0 + self.scale_up).contains(&ratio)
    }
}

/// A quantity as a number; what is finer than a thousandth matters here.
fn fraction(text: &str) -> f64 {
    for (suffix, scale) in [("n", 1e-9), ("u", 1e-6)] {
        if let Some(number) = text.strip_suffix(suffix) {
            return number.parse::<f64>().unwrap_or(0.0) * scale;
        }
    }
    quantity::parse_milli(text).unwrap_or(0) as f64 / 1000.0
}

/// What a metric should be.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// So many percent of what is requested.
    Utilization(i64),
    /// So many thousandths for each pod.
    Usage(i64),
}

/// What the calculation is about.
pub struct ReplicaCalculator<'a> {
    /// How many replicas there are.
    pub current: i64,
    /// What is asked for.
    pub target: Target,
    /// `cpu` or `memory`.
    pub resource: &'a str,
    /// The only container that matters; empty for whole pods.
    pub container: &'a str,
    /// What is near enough.
    pub tolerances: Tolerances,
    /// Pods that started a short time ago count less.
    pub now: Timestamp,
}

/// What came out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// How many replicas there should be.
    pub replicas: i64,
    /// How many percent of the requests are used, if that was the question.
    pub utilization: Option<i64>,
    /// Thousandths used by a pod on average.
    pub average: i64,
}

/// Pods by what their metrics are worth.
#[derive(Default)]
struct Groups<'a> {
    ready: i64,
    unready: Vec<&'a str>,
    missing: Vec<&'a str>,
    ignored: Vec<&'a str>,
}

impl ReplicaCalculator<'_> {
    /// Models `GetResourceReplicas` and `calcPlainMetricReplicas`, which differ in what they compare with.
    ///
    /// # Errors
    /// Nothing can be said, and why.
    pub fn propose(&self, mut metrics: PodMetrics, pods: &[Object]) -> Result<Proposal, String> {
        if pods.is_empty() {
            return Err("no pods returned by selector while calculating replica count".to_string());
        }
        let groups = self.group(pods, &metrics);
        for name in groups.ignored.iter().chain(&groups.unready) {
            metrics.remove(*name);
        }
        if metrics.is_empty() {
            return Err("did not receive metrics for targeted pods (pods might be unready)".to_string());
        }
        let mut requests = SortedMap::new();
        if matches!(self.target, Target::Utilization(_)) {
            for pod in pods {
                requests.insert(pod.name(), self.request(pod)?);
            }
        }
        let mut used: SortedMap<&str, i64> =
            metrics.iter().map(|(name, metric)| (name.as_str(), metric.value)).collect();
        let (ratio, unchanged) = self.ratio(&used, &requests)?;
        let scale_up_with_unready = !groups.unready.is_empty() && ratio > 1.0;
        if !scale_up_with_unready && groups.missing.is_empty() {
            if self.tolerances.hold(ratio) {
                return Ok(unchanged);
            }
            return Ok(Proposal { replicas: ceil(ratio * groups.ready as f64), ..unchanged });
        }
        // Nobody knows what pods without metrics use: what makes the change smaller.
        for name in &groups.missing {
            if ratio < 1.0 {
                let request = requests.get(name).copied().unwrap_or(0);
                let value = match self.target {
                    Target::Utilization(percent) => request.saturating_mul(percent.max(100)) / 100,
                    Target::Usage(usage) => usage,
                };
                used.insert(name, value);
            } else if ratio > 1.0 {
                used.insert(name, 0);
            }
        }
        if scale_up_with_unready {
            used.extend(groups.unready.iter().map(|name| (*name, 0)));
        }
        let (again, _) = self.ratio(&used, &requests)?;
        let replicas = ceil(again * used.len() as f64);
        // Neither may the guesses turn round what the metrics say.
        let turned = (ratio < 1.0 && again > 1.0)
            || (ratio > 1.0 && again < 1.0)
            || (again < 1.0 && replicas > self.current)
            || (again > 1.0 && replicas < self.current);
        Ok(if turned || self.tolerances.hold(again) { unchanged } else { Proposal { replicas, ..unchanged } })
    }

    /// Models `groupPods`.
    fn group<'a>(&self, pods: &'a [Object], metrics: &PodMetrics) -> Groups<'a> {
        let mut groups = Groups::default();
        for pod in pods {
            let list = if pod.is_terminating() || pod::phase(pod) == "Failed" {
                &mut groups.ignored
            } else if pod::phase(pod) == "Pending" {
                &mut groups.unready
            } else if let Some(metric) = metrics.get(pod.name()) {
                if self.resource != "cpu" || !self.is_unready(pod, metric.timestamp, metric.window) {
                    groups.ready += 1;
                    continue;
                }
                &mut groups.unready
            } else {
                &mut groups.missing
            };
            list.push(pod.name());
        }
        groups
    }

    /// Whether the metric tells of how a pod began, not of its work.
    fn is_unready(&self, pod: &Value, measured: Timestamp, window: Duration) -> bool {
        let time = |text: &str| Timestamp::parse_rfc3339(text);
        let (Some(ready), Some(start)) = (condition(pod, "Ready"), time(pod.str_at("/status/startTime")))
        else {
            return true;
        };
        let changed = time(ready.str_at("/lastTransitionTime"));
        let is_false = ready.str_at("/status") == "False";
        if self.now.duration_since(start) < CPU_INITIALIZATION_PERIOD {
            let early = |changed| measured < changed || measured.duration_since(changed) < window;
            is_false || changed.is_some_and(early)
        } else {
            is_false && changed.is_none_or(|changed| changed.duration_since(start) < INITIAL_READINESS_DELAY)
        }
    }

    /// Models `calculateRequests`.
    fn request(&self, pod: &Value) -> Result<i64, String> {
        let (resource, container, name) = (self.resource, self.container, pod.name());
        let milli = |value: &Value| quantity::parse_milli(value.as_str().unwrap_or("0")).unwrap_or(0);
        let whole = pod.map_at("/spec/resources/requests");
        if container.is_empty() && !whole.is_empty() {
            let total = || quota::pod_total(pod, "requests").get(resource).map(|amount| amount.milli as i64);
            return whole
                .get(resource)
                .map(milli)
                .or_else(total)
                .ok_or_else(|| format!("missing pod-level request for {resource} in Pod {name}"));
        }
        let sidecars = pod.list_at("/spec/initContainers").iter();
        let sidecars = sidecars.filter(|container| container.str_at("/restartPolicy") == "Always");
        let mut sum = 0i64;
        for one in pod::containers(pod).iter().chain(sidecars) {
            let own = one.str_at("/name");
            if !container.is_empty() && container != own {
                continue;
            }
            let Some(request) = one.map_at("/resources/requests").get(resource) else {
                return Err(format!("missing request for {resource} in container {own} of Pod {name}"));
            };
            sum = sum.saturating_add(milli(request));
            if container == own {
                return Ok(sum);
            }
        }
        if container.is_empty() {
            Ok(sum)
        } else {
            Err(format!("container {container} not found in Pod {name}"))
        }
    }

    /// What is used, as a part of what should be; and that in numbers. Models `GetResourceUtilizationRatio` and
    /// `GetMetricUsageRatio`.
    fn ratio(
        &self,
        used: &SortedMap<&str, i64>,
        requests: &SortedMap<&str, i64>,
    ) -> Result<(f64, Proposal), String> {
        let (mut total, mut requested, mut count) = (0i64, 0i64, 0);
        for (name, value) in used {
            if matches!(self.target, Target::Utilization(_)) {
                // What is not asked about may be measured all the same.
                let Some(request) = requests.get(name) else { continue };
                requested = requested.saturating_add(*request);
            }
            total = total.saturating_add(*value);
            count += 1;
        }
        let replicas = self.current;
        match self.target {
            Target::Utilization(_) if requested == 0 => {
                Err("no metrics returned matched known pods".to_string())
            }
            Target::Utilization(percent) => {
                let utilization = total.saturating_mul(100) / requested;
                let proposal = Proposal { replicas, utilization: Some(utilization), average: total / count };
                Ok((utilization as f64 / percent as f64, proposal))
            }
            Target::Usage(usage) => {
                let average = total / count.max(1);
                Ok((average as f64 / usage as f64, Proposal { replicas, utilization: None, average }))
            }
        }
    }
}

fn ceil(replicas: f64) -> i64 {
    replicas.ceil().min(f64::from(i32::MAX)) as i64
}
