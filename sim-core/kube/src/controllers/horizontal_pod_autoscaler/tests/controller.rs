//! Whole turns of the controller against the API server.

use super::world::World;
use crate::api::{DEPLOYMENT, HORIZONTAL_POD_AUTOSCALER, ObjectExt, Status};
use crate::apiserver::WriteOptions;
use crate::client::DeleteOptions;
use crate::json;
use serde_json::Value;

fn cpu(percent: i64) -> Value {
    json!({"type": "Resource", "resource": {"name": "cpu",
        "target": {"type": "Utilization", "averageUtilization": percent}}})
}

fn half(least: i64, most: i64) -> Value {
    json!({"minReplicas": least, "maxReplicas": most, "metrics": [cpu(50)]})
}

const GOT_SCALE: &str =
    "AbleToScale=True SucceededGetScale: the HPA controller was able to get the target's current scale";

#[test]
fn load_adds_replicas_and_its_end_takes_them_away_after_five_minutes() {
    let world = World::new(1);
    world.used(&[("500123456n", "20Mi")]);
    world.autoscale("web", half(1, 10));
    world.wait(16);
    assert_eq!(world.replicas(), 4, "501m of 200m are 250 %, and never more than four at once");
    assert_eq!(
        world.conditions(),
        [
            "AbleToScale=True SucceededRescale: the HPA controller was able to update the target scale to 4",
            "ScalingActive=True ValidMetricFound: the HPA was able to successfully calculate a replica count from cpu \
             resource utilization (percentage of request)",
            "ScalingLimited=True ScaleUpLimit: the desired replica count is increasing faster than the maximum scale rate",
        ]
    );
    let status = world.status();
    let current = json!({"averageUtilization": 250, "averageValue": "501m"});
    assert_eq!(
        status["currentMetrics"],
        json!([{"type": "Resource", "resource": {"name": "cpu", "current": current}}])
    );
    assert_eq!((status.int_at("/currentReplicas"), status.int_at("/desiredReplicas")), (Some(1), Some(4)));
    assert!(status.at("/lastScaleTime").is_string());
    assert!(status.at("/observedGeneration").is_null());
    let above = "SuccessfulRescale New size: 4; reason: cpu resource utilization (percentage of request) above target";
    assert_eq!(world.events(), [above]);
    let managers: Vec<Value> = world.list(DEPLOYMENT)[0].list_at("/metadata/managedFields").to_vec();
    let scaler =
        managers.iter().find(|entry| entry["subresource"] == "scale").expect("the scale was written");
    assert_eq!(scaler["manager"], "kube-controller-manager");
    assert_eq!(
        world.asked.borrow()[0],
        ("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods".to_string(), "app=web".to_string())
    );

    world.pods(4);
    world.used(&[("100m", "20Mi"), ("101m", "20Mi"), ("99m", "20Mi"), ("100m", "20Mi")]);
    world.wait(15);
    assert_eq!(world.replicas(), 5, "what was asked for a short time ago is still to be done");
    assert!(world.events().contains(&"SuccessfulRescale New size: 5; reason: ".to_string()));
    world.pods(5);
    world.used(&[("1m", "20Mi"); 5]);
    world.wait(15);
    assert_eq!(
        world.conditions()[0],
        "AbleToScale=True ScaleDownStabilized: recent recommendations were higher than current one, applying the highest \
         recent recommendation"
    );
    world.wait(240);
    assert_eq!(world.replicas(), 5);
    world.wait(60);
    assert_eq!(world.replicas(), 1);
    let events = world.events();
    assert!(events.contains(&"SuccessfulRescale New size: 1; reason: All metrics below target".to_string()));
}

#[test]
fn the_target_is_kept_when_it_is_met() {
    let world = World::new(2);
    world.used(&[("105m", "10Mi"), ("95m", "12Mi")]);
    world.autoscale("web", half(1, 5));
    world.wait(16);
    assert_eq!(world.replicas(), 2);
    assert_eq!(
        world.conditions(),
        [
            "AbleToScale=True ReadyForNewScale: recommended size matches current size",
            "ScalingActive=True ValidMetricFound: the HPA was able to successfully calculate a replica count from cpu \
             resource utilization (percentage of request)",
            "ScalingLimited=False DesiredWithinRange: the desired count is within the acceptable range",
        ]
    );
    assert!(world.events().is_empty());
    assert!(world.status().at("/lastScaleTime").is_null());
}

#[test]
fn bounds_come_first() {
    for (replicas, expected, why) in [(2, 3, "below Spec.MinReplicas"), (10, 5, "above Spec.MaxReplicas")] {
        let world = World::new(replicas);
        world.autoscale("web", half(3, 5));
        world.wait(16);
        assert_eq!(world.replicas(), expected);
        assert_eq!(world.reasons(), ["AbleToScale=True SucceededRescale"]);
        let event =
            format!("SuccessfulRescale New size: {expected}; reason: Current number of replicas {why}");
        assert_eq!(world.events(), [event]);
        assert!(world.status().at("/currentMetrics").is_null());
        assert!(world.asked.borrow().is_empty());
    }
}

#[test]
fn most_and_least_limit_what_metrics_ask_for() {
    let world = World::new(3);
    world.used(&[("400m", "1Mi"); 3]);
    world.autoscale("web", half(2, 5));
    world.wait(16);
    assert_eq!(world.replicas(), 5);
    assert_eq!(world.reasons()[2], "ScalingLimited=True TooManyReplicas");
    let world = World::new(3);
    world.used(&[("1m", "1Mi"); 3]);
    let mut spec = half(2, 5);
    spec["behavior"] = json!({"scaleDown": {"stabilizationWindowSeconds": 0}});
    world.autoscale("web", spec);
    world.wait(16);
    assert_eq!(world.replicas(), 2);
    assert_eq!(
        world.conditions()[2],
        "ScalingLimited=True TooFewReplicas: the desired replica count is less than the minimum replica count"
    );
}

#[test]
fn nothing_is_done_about_no_replicas() {
    let world = World::new(0);
    world.autoscale("web", half(1, 5));
    world.wait(16);
    assert_eq!(
        world.conditions(),
        [
            GOT_SCALE,
            "ScalingActive=False ScalingDisabled: scaling is disabled since the replica count of the target is zero"
        ]
    );
    let status = world.status();
    assert!(status.at("/currentReplicas").is_null());
    assert_eq!(status.int_at("/desiredReplicas"), Some(0));
    assert!(world.events().is_empty());
}

#[test]
fn without_metrics_it_says_why() {
    let no_api = "unable to fetch metrics from resource metrics API: ";
    let plain = |code, text| Err(Status::new(code, "", text));
    let cases = [
        (
            plain(404, "404 page not found"),
            format!("{no_api}the server could not find the requested resource (get pods.metrics.k8s.io)"),
        ),
        (
            plain(503, "service unavailable"),
            format!("{no_api}the server is currently unable to handle the request (get pods.metrics.k8s.io)"),
        ),
        (
            Err(Status::forbidden_named("metrics.k8s.io", "pods", "", "why not")),
            format!("{no_api}pods.metrics.k8s.io is forbidden: why not"),
        ),
        (Ok(json!({"items": []})), "no metrics returned from resource metrics API".to_string()),
    ];
    for (answer, why) in cases {
        let world = World::new(1);
        *world.metrics.borrow_mut() = answer;
        world.autoscale("web", half(1, 5));
        world.wait(16);
        let short = format!("failed to get cpu utilization: unable to get metrics for resource cpu: {why}");
        let told = format!(
            "ScalingActive=False FailedGetResourceMetric: the HPA was unable to compute the replica count: {short}"
        );
        assert_eq!(world.conditions(), [GOT_SCALE.to_string(), told]);
        let mut events = world.events();
        events.sort();
        assert_eq!(
            events,
            [
                format!(
                    "FailedComputeMetricsReplicas invalid metrics (1 invalid out of 1), first error is: failed to get cpu \
                     resource metric value: {short}"
                ),
                format!("FailedGetResourceMetric {short}"),
            ]
        );
        let status = world.status();
        assert_eq!(status["currentMetrics"], json!([{"type": ""}]));
        assert_eq!(
            (status.int_at("/currentReplicas"), status.int_at("/desiredReplicas")),
            (Some(1), Some(0))
        );
    }
}

#[test]
fn the_largest_wish_wins() {
    let world = World::new(2);
    world.used(&[("100m", "60Mi"), ("100m", "61Mi")]);
    let memory = json!({"type": "Resource", "resource": {"name": "memory",
        "target": {"type": "AverageValue", "averageValue": "40Mi"}}});
    let container = json!({"type": "ContainerResource", "containerResource": {"name": "memory", "container": "php",
        "target": {"type": "Utilization", "averageUtilization": 40}}});
    world.autoscale("web", json!({"maxReplicas": 9, "metrics": [cpu(50), memory, container]}));
    world.wait(16);
    assert_eq!(world.replicas(), 4, "half a gibibyte is not so much, but forty percent are");
    let metrics = world.status().at("/currentMetrics").clone();
    assert_eq!(
        metrics,
        json!([
            {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 50, "averageValue": "100m"}}},
            {"type": "Resource", "resource": {"name": "memory", "current": {"averageValue": "61952Ki"}}},
            {"type": "ContainerResource", "containerResource": {"name": "memory", "container": "php",
                "current": {"averageUtilization": 94, "averageValue": "61952Ki"}}},
        ])
    );
    assert_eq!(
        world.events(),
        [
            "SuccessfulRescale New size: 4; reason: memory container resource utilization (percentage of request) above target"
        ]
    );
}

#[test]
fn of_several_metrics_some_may_be_missing_for_more_but_not_for_fewer() {
    let queue = json!({"type": "External", "external": {"metric": {"name": "queue", "selector": {"matchLabels": {"a": "b"}}},
        "target": {"type": "AverageValue", "averageValue": "30"}}});
    let spec = json!({"maxReplicas": 9, "metrics": [queue, cpu(50)]});
    let external = "unable to get external metric default/queue/&LabelSelector{MatchLabels:map[string]string{a: b,},\
                    MatchExpressions:[]LabelSelectorRequirement{},}: unable to fetch metrics from external metrics API: the \
                    server could not find the requested resource (get queue.external.metrics.k8s.io)";
    let world = World::new(2);
    world.used(&[("150m", "1Mi"); 2]);
    world.autoscale("web", spec.clone());
    world.wait(16);
    assert_eq!(world.replicas(), 3);
    assert_eq!(world.status()["currentMetrics"][0], json!({"type": ""}));
    assert_eq!(world.reasons()[1], "ScalingActive=True ValidMetricFound");
    assert!(world.events().contains(&format!("FailedGetExternalMetric {external}")));

    let world = World::new(2);
    world.used(&[("1m", "1Mi"); 2]);
    world.autoscale("web", spec);
    world.wait(16);
    assert_eq!(world.replicas(), 2);
    assert_eq!(
        world.conditions()[1],
        format!(
            "ScalingActive=False FailedGetExternalMetric: the HPA was unable to compute the replica count: {external}"
        )
    );
    let told = format!(
        "FailedComputeMetricsReplicas invalid metrics (1 invalid out of 2), first error is: failed to get queue external \
         metric value: failed to get queue external metric: {external}"
    );
    assert!(world.events().contains(&told));
}

#[test]
fn custom_metrics_have_no_server() {
    let custom = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";
    let pods = json!({"type": "Pods", "pods": {"metric": {"name": "packets"},
        "target": {"type": "AverageValue", "averageValue": "1k"}}});
    let object = |target: Value| {
        json!({"type": "Object", "object": {"metric": {"name": "requests"}, "target": target,
            "describedObject": {"apiVersion": "v1", "kind": "Service", "name": "web"}}})
    };
    let of_service = format!("unable to get metric requests: Service on default web/{custom}");
    let average = json!({"type": "AverageValue", "averageValue": "10"});
    for (metric, reason, message, prefix) in [
        (
            pods,
            "FailedGetPodsMetric",
            format!("unable to get metric packets: {custom}"),
            "pods metric value: ",
        ),
        (
            object(json!({"type": "Value", "value": "2k"})),
            "FailedGetObjectMetric",
            of_service.clone(),
            "object metric value: ",
        ),
        (
            object(average),
            "FailedGetObjectMetric",
            of_service,
            "object metric value: failed to get requests object metric: ",
        ),
    ] {
        let world = World::new(1);
        world.autoscale("web", json!({"maxReplicas": 5, "metrics": [metric]}));
        world.wait(16);
        let events = world.events();
        assert!(events.contains(&format!("{reason} {message}")), "{events:?}");
        let told = format!(
            "FailedComputeMetricsReplicas invalid metrics (1 invalid out of 1), first error is: failed to get \
             {prefix}{message}"
        );
        assert!(events.contains(&told), "{events:?}");
    }
}

#[test]
fn what_cannot_be_scaled_is_told() {
    let target = |version: &str, kind: &str, name: &str| json!({"maxReplicas": 5, "scaleTargetRef": {"apiVersion": version, "kind": kind, "name": name}});
    for (spec, why) in [
        (target("apps/v1", "Deployment", "nosuch"), "deployments.apps \"nosuch\" not found"),
        (target("apps/v1", "Nosuch", "web"), "no matches for kind \"Nosuch\" in group \"apps\""),
        (target("v1", "Deployment", "web"), "no matches for kind \"Deployment\" in group \"\""),
        (target("apps/v1", "DaemonSet", "web"), "the server could not find the requested resource"),
    ] {
        let world = World::new(1);
        world.autoscale("web", spec);
        world.wait(16);
        let told = format!(
            "AbleToScale=False FailedGetScale: the HPA controller was unable to get the target's current scale: {why}"
        );
        assert_eq!(world.conditions(), [told]);
        assert_eq!(world.events(), [format!("FailedGetScale {why}")]);
    }
    let world = World::new(2);
    world.used(&[("100m", "1Mi"); 2]);
    world.autoscale("web", target("apps/v1beta9", "Deployment", "web"));
    world.wait(16);
    assert_eq!(world.reasons()[0], "AbleToScale=True ReadyForNewScale", "the version does not matter");
}

#[test]
fn two_of_them_are_one_too_many() {
    let world = World::new(2);
    world.used(&[("100m", "1Mi"); 2]);
    world.autoscale("web", half(1, 5));
    world.autoscale("also", half(1, 5));
    world.wait(32);
    let error = "pods by selector app=web are controlled by multiple HPAs: [default/also default/web]";
    assert_eq!(
        world.conditions(),
        [GOT_SCALE.to_string(), format!("ScalingActive=False AmbiguousSelector: {error}")]
    );
    let events = world.events();
    assert!(events.contains(&format!("AmbiguousSelector {error}")), "{events:?}");
    assert!(events.contains(&format!("FailedComputeMetricsReplicas {error}")), "{events:?}");
    world.act(async |client| {
        client
            .delete(HORIZONTAL_POD_AUTOSCALER, "default", "also", DeleteOptions::default())
            .await
            .expect("it goes")
    });
    world.wait(16);
    assert_eq!(world.reasons()[1], "ScalingActive=True ValidMetricFound");
}

#[test]
fn a_behavior_slows_it_down() {
    let world = World::new(2);
    world.used(&[("400m", "1Mi"); 2]);
    let mut spec = half(1, 20);
    spec["behavior"] = json!({
        "scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]},
        "scaleDown": {"selectPolicy": "Disabled"},
    });
    world.autoscale("web", spec);
    world.wait(16);
    assert_eq!((world.replicas(), world.reasons()[2].as_str()), (3, "ScalingLimited=True ScaleUpLimit"));
    world.pods(3);
    world.used(&[("400m", "1Mi"); 3]);
    world.wait(30);
    assert_eq!(world.replicas(), 3, "one in a minute");
    world.wait(30);
    assert_eq!(world.replicas(), 4);
    world.pods(4);
    world.used(&[("1m", "1Mi"); 4]);
    world.wait(600);
    assert_eq!((world.replicas(), world.reasons()[2].as_str()), (4, "ScalingLimited=True ScaleDownLimit"));
}

#[test]
fn what_goes_wrong_on_the_way_is_told() {
    let world = World::new(2);
    world.used(&[("400m", "1Mi"); 2]);
    world.autoscale("web", half(1, 20));
    *world.meanwhile.borrow_mut() = Some(|client| {
        client.server().delete(DEPLOYMENT, "default", "web", &DeleteOptions::default()).expect("it goes");
    });
    world.wait(15);
    let why = "deployments.apps \"web\" not found";
    assert_eq!(
        world.conditions()[0],
        format!(
            "AbleToScale=False FailedUpdateScale: the HPA controller was unable to update the target scale: {why}"
        )
    );
    let reason = "cpu resource utilization (percentage of request) above target";
    assert_eq!(world.events(), [format!("FailedRescale New size: 4; reason: {reason}; error: {why}")]);
    let status = world.status();
    assert_eq!((status.int_at("/currentReplicas"), status.int_at("/desiredReplicas")), (Some(2), Some(0)));
    assert!(status.at("/lastScaleTime").is_null());

    let world = World::new(2);
    world.used(&[("100m", "1Mi"); 2]);
    world.autoscale("web", half(1, 20));
    *world.meanwhile.borrow_mut() = Some(|client| {
        let server = client.server();
        let old = server.get(HORIZONTAL_POD_AUTOSCALER, "default", "web").expect("it is there");
        let mut new = (*old).clone();
        new["spec"]["maxReplicas"] = json!(7);
        server
            .replace(HORIZONTAL_POD_AUTOSCALER, "default", new, false, &WriteOptions::default())
            .expect("it changes");
    });
    world.wait(15);
    assert_eq!(
        world.events(),
        [
            "FailedUpdateStatus Operation cannot be fulfilled on horizontalpodautoscalers.autoscaling \"web\": the object \
             has been modified; please apply your changes to the latest version and try again"
        ]
    );
    world.wait(16);
    assert_eq!(world.reasons()[0], "AbleToScale=True ReadyForNewScale");
}
