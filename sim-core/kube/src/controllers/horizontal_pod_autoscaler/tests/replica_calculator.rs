//! Facts from pkg/controller/podautoscaler/replica_calculator_test.go.

use crate::api::Object;
use crate::controllers::horizontal_pod_autoscaler::metrics_client::{PodMetric, PodMetrics};
use crate::controllers::horizontal_pod_autoscaler::replica_calculator::{
    Proposal, ReplicaCalculator, Target, Tolerances,
};
use crate::json;
use serde_json::Value;
use sim::{Instant, Timestamp};
use std::rc::Rc;
use std::time::Duration;

const TENTH: Tolerances = Tolerances { scale_down: 0.1, scale_up: 0.1 };

/// Pods in short: one letter each, `r`eady, `u`nready, `h`ot (started this minute), `p`ending, `f`ailed,
/// `d`eleted, hot and unready in capitals; with requests in thousandths and what each uses.
struct Case {
    current: i64,
    pods: &'static str,
    requests: &'static [i64],
    used: &'static [i64],
    tolerances: Tolerances,
}

fn time(minutes: u64) -> Timestamp {
    (Instant::ZERO + Duration::from_secs(minutes * 60)).timestamp()
}

/// An hour after the world began.
fn now() -> Timestamp {
    time(60)
}

fn pod(number: usize, letter: char, request: Option<i64>) -> Object {
    let phase = match letter {
        'p' => "Pending",
        'f' => "Failed",
        _ => "Running",
    };
    let ready = if matches!(letter, 'r' | 'h') { "True" } else { "False" };
    let start = if matches!(letter, 'h' | 'H') { now() } else { time(0) };
    let container = |name: &str| match request {
        Some(request) => json!({"name": name, "resources": {"requests": {"cpu": format!("{request}m")}}}),
        None => json!({"name": name}),
    };
    let mut pod = json!({
        "metadata": {"name": format!("test-pod-{number}")},
        "spec": {"containers": [container("container1"), container("container2")]},
        "status": {"phase": phase, "startTime": start.rfc3339(), "conditions": [
            {"type": "Ready", "status": ready, "lastTransitionTime": start.rfc3339()},
        ]},
    });
    if letter == 'd' {
        pod["metadata"]["deletionTimestamp"] = json!(now().rfc3339());
    }
    Rc::new(pod)
}

impl Case {
    fn pods(&self) -> Vec<Object> {
        let letters = self.pods.chars().enumerate();
        letters.map(|(number, letter)| pod(number, letter, self.requests.get(number).copied())).collect()
    }

    /// `each` container of two uses as much as is said, or one of them.
    fn propose(&self, target: Target, resource: &str, container: &str) -> Result<Proposal, String> {
        let containers = if container.is_empty() && matches!(target, Target::Utilization(_)) { 2 } else { 1 };
        let metric = |value: &i64| PodMetric {
            timestamp: now(),
            window: Duration::from_secs(60),
            value: value * containers,
        };
        let named = |(number, value)| (format!("test-pod-{number}"), metric(value));
        let metrics: PodMetrics = self.used.iter().enumerate().map(named).collect();
        let tolerances = self.tolerances;
        let calculator =
            ReplicaCalculator { current: self.current, target, resource, container, tolerances, now: now() };
        calculator.propose(metrics, &self.pods())
    }
}

const CORE: &[i64] = &[1_000; 7];

fn case(current: i64, pods: &'static str, used: &'static [i64]) -> Case {
    Case { current, pods, requests: CORE, used, tolerances: TENTH }
}

#[test]
fn so_many_percent_of_the_requests() {
    // Name, pods, target; replicas, utilization, average of one container.
    let cases = [
        ("scale up", case(3, "rrr", &[300, 500, 700]), 30, (5, 50, 500)),
        ("scale up: unready pod scales less", case(3, "urr", &[300, 500, 700]), 30, (4, 60, 600)),
        ("scale up: hot pod scales less", case(3, "hrr", &[300, 500, 700]), 30, (4, 60, 600)),
        ("no scale: unready pods ignored", case(3, "ruu", &[400, 500, 700]), 30, (3, 40, 400)),
        ("no scale: hot pods ignored", case(3, "rHH", &[400, 500, 700]), 30, (3, 40, 400)),
        ("scale up: failed pods ignored", case(2, "rrff", &[500, 700]), 30, (4, 60, 600)),
        ("scale up: deleted pods ignored", case(2, "rrdd", &[500, 700]), 30, (4, 60, 600)),
        ("scale down", case(5, "rrrrr", &[100, 300, 500, 250, 250]), 50, (3, 28, 280)),
        ("scale down: unready pods left out", case(5, "rrruu", &[100, 300, 500, 250, 250]), 50, (2, 30, 300)),
        ("scale down: unscheduled pods left out", case(5, "rpppp", &[100]), 50, (1, 10, 100)),
        ("scale down: hot pods left out", case(5, "rrrhh", &[100, 300, 500, 250, 250]), 50, (2, 30, 300)),
        ("scale down: failed pods ignored", case(5, "rrrrrff", &[100, 300, 500, 250, 250]), 50, (3, 28, 280)),
        (
            "scale down: deleted pods ignored",
            case(5, "rrrrrdd", &[100, 300, 500, 250, 250]),
            50,
            (3, 28, 280),
        ),
        ("superfluous metrics", case(4, "rrrr", &[4000, 9500, 3000, 7000, 3200, 2000]), 100, (24, 587, 5875)),
        ("missing: equal to the target", case(2, "rr", &[1000]), 100, (2, 100, 1000)),
        ("missing: above the target", case(2, "rr", &[1900]), 100, (2, 190, 1900)),
        ("missing: below the target", case(2, "rr", &[600]), 100, (2, 60, 600)),
        ("no change: unready, one missing", case(3, "urr", &[100, 450]), 50, (3, 45, 450)),
        ("no change: hot, one missing", case(3, "hrr", &[100, 450]), 50, (3, 45, 450)),
        ("scale up: unready, one missing", case(3, "urr", &[100, 2000]), 50, (4, 200, 2000)),
        ("scale up: hot, one missing", case(3, "Hrr", &[100, 2000]), 50, (4, 200, 2000)),
        ("scale down: unready, one missing", case(4, "urrr", &[100, 100, 100]), 50, (3, 10, 100)),
        ("surge: the new pod is missing", case(2, "rrr", &[100, 100]), 50, (2, 10, 100)),
    ];
    for (name, case, percent, (replicas, utilization, average)) in cases {
        let expected = Proposal { replicas, utilization: Some(utilization), average: 2 * average };
        assert_eq!(case.propose(Target::Utilization(percent), "cpu", ""), Ok(expected), "{name}");
        let expected = Proposal { average, ..expected };
        let of_one = case.propose(Target::Utilization(percent), "cpu", "container2");
        assert_eq!(of_one, Ok(expected), "{name}: of a container");
    }
}

#[test]
fn what_is_missing_counts_as_much_as_may_be() {
    let mut over = case(4, "urrr", &[200, 100, 100]);
    over.requests = &[1_000, 1_000, 2_000, 2_000];
    let expected = Proposal { replicas: 2, utilization: Some(6), average: 200 };
    assert_eq!(over.propose(Target::Utilization(300), "cpu", ""), Ok(expected));
    let some = case(4, "rrrr", &[400, 95]).propose(Target::Utilization(100), "cpu", "");
    assert_eq!(some, Ok(Proposal { replicas: 3, utilization: Some(24), average: 495 }));
}

#[test]
fn near_the_target_is_near_enough() {
    let of = |scale_down, scale_up| Tolerances { scale_down, scale_up };
    let cases: [(&'static [i64], Tolerances, i64, i64); 6] = [
        (&[1010, 1030, 1020], TENTH, 3, 102),
        (&[909, 1010, 1111], of(0.0, 0.0), 4, 101),
        (&[1890, 1910, 1900], of(0.1, 2.0), 3, 190),
        (&[1100, 1080, 1090], of(2.0, 0.08), 4, 109),
        (&[660, 640, 650], of(0.36, 0.1), 3, 65),
        (&[660, 640, 650], of(0.34, 0.1), 2, 65),
    ];
    for (used, tolerances, replicas, percent) in cases {
        let case = Case { current: 3, pods: "rrr", requests: &[900, 1_000, 1_100], used, tolerances };
        let proposal = case.propose(Target::Utilization(100), "cpu", "").expect("there are metrics");
        assert_eq!((proposal.replicas, proposal.utilization), (replicas, Some(percent)), "{used:?}");
    }
}

#[test]
fn so_much_for_each_pod() {
    // Of what is not CPU, pods tell from the start.
    let cases = [
        ("scale up", case(3, "rrr", &[20_000, 10_000, 30_000]), 15_000, (4, 20_000)),
        ("unready and hot", case(3, "rrH", &[50_000, 10_000, 30_000]), 15_000, (6, 30_000)),
        ("unready and hot, two", case(3, "HrH", &[50_000, 15_000, 30_000]), 15_000, (7, 31_666)),
        ("scale down", case(5, "rrrrr", &[12_000; 5]), 20_000, (3, 12_000)),
        ("near enough", case(3, "rrr", &[20_000, 21_000, 21_000]), 20_000, (3, 20_666)),
        ("missing", case(5, "rrrrr", &[20_000, 19_000, 21_000]), 20_000, (5, 20_000)),
        ("surge", case(2, "rrr", &[10_000, 10_000]), 17_000, (2, 10_000)),
    ];
    for (name, case, target, (replicas, average)) in cases {
        let expected = Proposal { replicas, utilization: None, average };
        assert_eq!(case.propose(Target::Usage(target), "memory", ""), Ok(expected), "{name}");
    }
    let mut strict = case(3, "rrr", &[20_000, 21_000, 21_000]);
    strict.tolerances.scale_up = 0.01;
    let proposal = strict.propose(Target::Usage(20_000), "memory", "").expect("there are metrics");
    assert_eq!(proposal.replicas, 4);
}

#[test]
fn nothing_can_be_said() {
    let check = |case: Case, container: &str, expected: &str| {
        assert_eq!(case.propose(Target::Utilization(100), "cpu", container), Err(expected.to_string()));
    };
    check(case(1, "", &[100]), "", "no pods returned by selector while calculating replica count");
    let unready = "did not receive metrics for targeted pods (pods might be unready)";
    check(case(2, "pp", &[]), "", unready);
    check(case(1, "u", &[100]), "", unready);
    let bare = || Case { requests: &[], ..case(1, "r", &[200]) };
    check(bare(), "", "missing request for cpu in container container1 of Pod test-pod-0");
    check(bare(), "container2", "missing request for cpu in container container2 of Pod test-pod-0");
    check(case(1, "r", &[200]), "sidecar", "container sidecar not found in Pod test-pod-0");
    let older = Case { requests: &[0], ..case(1, "r", &[100]) };
    check(older, "", "no metrics returned matched known pods");
}

#[test]
fn requests_of_the_whole_pod_come_before_those_of_containers() {
    let calculator = ReplicaCalculator {
        current: 1,
        target: Target::Utilization(50),
        resource: "cpu",
        container: "",
        tolerances: TENTH,
        now: now(),
    };
    let propose = |requests: Value, sidecars: Value| {
        let mut pod = (*pod(0, 'r', Some(1_000))).clone();
        pod["spec"]["resources"] = json!({"requests": requests});
        pod["spec"]["initContainers"] = sidecars;
        let metric = PodMetric { timestamp: now(), window: Duration::from_secs(15), value: 1_000 };
        calculator.propose([("test-pod-0".to_string(), metric)].into_iter().collect(), &[Rc::new(pod)])
    };
    let percent = |proposal: Result<Proposal, String>| proposal.expect("there are metrics").utilization;
    assert_eq!(percent(propose(json!({}), json!([]))), Some(50));
    assert_eq!(percent(propose(json!({"cpu": "4"}), json!([]))), Some(25));
    assert_eq!(percent(propose(json!({"memory": "1Gi"}), json!([]))), Some(50));
    let sidecar = json!({"name": "s", "restartPolicy": "Always", "resources": {"requests": {"cpu": "3"}}});
    assert_eq!(percent(propose(json!({}), json!([sidecar]))), Some(20));
    let init = json!({"name": "i", "resources": {}});
    assert_eq!(percent(propose(json!({}), json!([init]))), Some(50));
}

#[test]
fn tolerances_are_quantities() {
    let of = |up: &str| Tolerances::of(&json!({"scaleUp": {"tolerance": up}})).scale_up;
    for (text, expected) in [("0", 0.0), ("50m", 0.05), ("1", 1.0), ("500u", 0.000_5), ("2500n", 0.000_002_5)]
    {
        assert!((of(text) - expected).abs() < 1e-12, "{text}");
    }
    assert!((Tolerances::of(&Value::Null).scale_down - 0.1).abs() < 1e-12);
}
