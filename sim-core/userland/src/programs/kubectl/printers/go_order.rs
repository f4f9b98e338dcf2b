//! The order of fields in objects that kubectl itself makes: that of Go's structs.
//!
//! What comes from the server as it is has its fields in alphabetical order. `create`, `run` and `expose` go
//! through Go's types, whose fields have an order of their own; JSON and KYAML show it, YAML sorts again.

use crate::programs::kubectl::json;
use serde_json::{Map, Value};
use sim::Ordered;

/// For the name of a field, the order of the fields of what stands there. What is not named comes behind, in
/// alphabetical order, as do the keys of everything that is not here: labels, data, limits.
const ORDER: &[(&str, &str)] = &[
    (
        "",
        "kind apiVersion metadata secrets imagePullSecrets automountServiceAccountToken immutable data binaryData stringData type rules aggregationRule subjects roleRef value globalDefault description preemptionPolicy spec clusters users contexts current-context status",
    ),
    ("cluster", "server tls-server-name insecure-skip-tls-verify certificate-authority"),
    ("clusterRoleSelectors", "matchLabels matchExpressions"),
    ("clusters", "name cluster"),
    (
        "conditions",
        "type status observedGeneration lastProbeTime lastUpdateTime lastTransitionTime reason message",
    ),
    ("configMap", "name items"),
    ("containers", CONTAINER),
    ("context", "cluster user namespace"),
    ("contexts", "name context"),
    ("defaultBackend", "service resource"),
    ("env", "name value valueFrom"),
    ("exec", "command args env apiVersion"),
    ("fieldRef", "apiVersion fieldPath"),
    ("initContainers", CONTAINER),
    ("items", "key path mode fieldRef"),
    ("jobTemplate", "metadata spec"),
    ("managedFields", "manager operation apiVersion time fieldsType fieldsV1 subresource"),
    ("matchExpressions", "key operator values"),
    (
        "metadata",
        "name generateName namespace uid resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds labels annotations ownerReferences finalizers managedFields",
    ),
    ("metrics", "type resource"),
    ("ownerReferences", "apiVersion kind name uid controller blockOwnerDeletion"),
    ("paths", "path pathType backend"),
    ("port", "name number"),
    ("ports", "name hostPort containerPort protocol appProtocol port targetPort nodePort hostIP"),
    ("projected", "sources defaultMode"),
    ("resource", "name target"),
    ("resources", "limits requests claims"),
    ("roleRef", "apiGroup kind name"),
    ("rollingUpdate", "maxUnavailable maxSurge"),
    ("rules", "verbs apiGroups resources resourceNames nonResourceURLs host http"),
    ("scaleTargetRef", "kind name apiVersion"),
    ("selector", "matchLabels matchExpressions"),
    ("service", "name port"),
    ("serviceAccountToken", "audience expirationSeconds path"),
    (
        "spec",
        "scaleTargetRef minReplicas maxReplicas metrics volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds schedule timeZone startingDeadlineSeconds concurrencyPolicy parallelism completions activeDeadlineSeconds backoffLimit dnsPolicy nodeSelector serviceAccountName serviceAccount automountServiceAccountToken nodeName hostNetwork hostPID hostIPC shareProcessNamespace securityContext imagePullSecrets hostname subdomain affinity schedulerName tolerations hostAliases priorityClassName priority dnsConfig readinessGates runtimeClassName enableServiceLinks preemptionPolicy minAvailable replicas ports selector manualSelector clusterIP clusterIPs type externalIPs sessionAffinity loadBalancerIP loadBalancerSourceRanges externalName externalTrafficPolicy healthCheckNodePort publishNotReadyAddresses sessionAffinityConfig ipFamilies ipFamilyPolicy allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy template strategy maxUnavailable ttlSecondsAfterFinished completionMode suspend podReplacementPolicy jobTemplate successfulJobsHistoryLimit failedJobsHistoryLimit minReadySeconds revisionHistoryLimit paused progressDeadlineSeconds ingressClassName defaultBackend tls rules hard scopes scopeSelector audiences expirationSeconds boundObjectRef",
    ),
    (
        "status",
        "observedGeneration phase replicas updatedReplicas readyReplicas availableReplicas unavailableReplicas currentReplicas desiredReplicas currentMetrics disruptedPods disruptionsAllowed currentHealthy desiredHealthy expectedPods loadBalancer token expirationTimestamp conditions",
    ),
    ("strategy", "type rollingUpdate"),
    ("subjects", "kind apiGroup name namespace"),
    ("target", "type value averageValue averageUtilization"),
    ("template", "metadata spec"),
    ("tls", "hosts secretName"),
    ("tolerations", "key operator value effect tolerationSeconds"),
    (
        "user",
        "client-certificate client-certificate-data client-key client-key-data token tokenFile username password exec",
    ),
    ("userInfo", "username uid groups extra"),
    ("users", "name user"),
    ("volumeMounts", "name readOnly recursiveReadOnly mountPath subPath mountPropagation subPathExpr"),
    ("volumes", "name"),
];

const CONTAINER: &str = "name image command args workingDir ports envFrom env resources resizePolicy restartPolicy volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty";

/// The keys of an object that stands in the field `parent`, in Go's order; `""` for a whole object.
pub fn keys<'a>(parent: &str, map: &'a Map<String, Value>) -> Vec<&'a String> {
    let mut keys: Vec<&String> = map.keys().collect();
    if let Some((_, order)) = ORDER.iter().find(|(name, _)| *name == parent) {
        keys.order_by_key(|key| {
            let place = order.split(' ').position(|name| name == key.as_str()).unwrap_or(usize::MAX);
            (place, (*key).clone())
        });
    }
    keys
}

/// JSON on one line, as the annotation of `--save-config` has it.
pub fn compact(value: &Value) -> String {
    let mut text = String::new();
    push(&mut text, "", value, None);
    text
}

/// JSON with an indentation of four.
pub fn indented(value: &Value) -> String {
    let mut text = String::new();
    push(&mut text, "", value, Some(0));
    text
}

fn push(text: &mut String, parent: &str, value: &Value, depth: Option<usize>) {
    let inner = depth.map(|depth| depth + 1);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (index, key) in keys(parent, map).into_iter().enumerate() {
                text.push(if index == 0 { '{' } else { ',' });
                new_line(text, inner);
                text.push_str(&json::compact(&Value::from(key.as_str())));
                text.push_str(if depth.is_some() { ": " } else { ":" });
                push(text, key, &map[key.as_str()], inner);
            }
            new_line(text, depth);
            text.push('}');
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                text.push(if index == 0 { '[' } else { ',' });
                new_line(text, inner);
                push(text, parent, item, inner);
            }
            new_line(text, depth);
            text.push(']');
        }
        other => text.push_str(&json::compact(other)),
    }
}

fn new_line(text: &mut String, depth: Option<usize>) {
    if let Some(depth) = depth {
        text.push('\n');
        text.extend(std::iter::repeat_n(' ', depth * 4));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_come_as_in_gos_structs() {
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "x"}});
        assert_eq!(
            compact(&account),
            r#"{"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"x"}}"#
        );
        assert_eq!(
            indented(&json!({"subjects": [{"apiGroup": "g", "kind": "User", "name": "a"}], "kind": "X"})),
            "{\n    \"kind\": \"X\",\n    \"subjects\": [\n        {\n            \"kind\": \"User\",\n            \"apiGroup\": \"g\",\n            \"name\": \"a\"\n        }\n    ]\n}"
        );
    }
}
