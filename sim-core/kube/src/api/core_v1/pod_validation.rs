//! Rules of pods. Models `ValidatePodSpec` and its neighbours.

use crate::api::validation::{self, Below, Errors};
use crate::api::{ObjectExt, quantity};
use serde_json::Value;

/// Rules of a pod; what may change when it is updated.
pub fn validate(pod: &Value, old: Option<&Value>, errors: &mut Errors) {
    pod_spec(pod.at("/spec"), "spec", errors);
    let Some(old) = old else { return };
    let stripped = |pod: &Value| {
        let mut spec = pod.at("/spec").clone();
        for list in ["containers", "initContainers"] {
            for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                container["image"] = Value::Null;
            }
        }
        for field in
            ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "schedulingGates"]
        {
            spec[field] = Value::Null;
        }
        spec
    };
    if pod.at("/spec") == old.at("/spec") {
        return;
    }
    let gates = old.list_at("/spec/schedulingGates");
    for gate in pod.list_at("/spec/schedulingGates").iter().filter(|gate| !gates.contains(gate)) {
        let why =
            format!("only deletion is allowed, but found new scheduling gate '{}'", gate.str_at("/name"));
        errors.forbidden("spec.schedulingGates", &why);
    }
    let (new_count, old_count) =
        (pod.list_at("/spec/containers").len(), old.list_at("/spec/containers").len());
    if new_count != old_count {
        errors.forbidden("spec.containers", "pod updates may not add or remove containers");
    } else if stripped(pod) != stripped(old) {
        errors.forbidden(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,\
             `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to \
             existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was \
             previously negative)",
        );
    }
}

/// Rules of a pod's spec, alone or in a template.
pub fn pod_spec(spec: &Value, path: &str, errors: &mut Errors) {
    let mut volumes: Vec<&str> = Vec::new();
    for (i, volume) in spec.list_at("/volumes").iter().enumerate() {
        let field = format!("{path}.volumes[{i}]");
        let name = volume.str_at("/name");
        if name.is_empty() {
            errors.required(Below(&field, "name"), "");
        } else {
            errors.check(Below(&field, "name"), name, validation::dns_label(name));
        }
        if volumes.contains(&name) {
            errors.duplicate(Below(&field, "name"), volume.at("/name"));
        }
        if volume.as_object().map_or(0, serde_json::Map::len) > 2 {
            errors.forbidden(&field, "may not specify more than 1 volume type");
        }
        volumes.push(name);
    }
    let containers = spec.list_at("/containers");
    if containers.is_empty() {
        errors.required(format!("{path}.containers"), "");
    }
    let mut names: Vec<&str> = Vec::new();
    for list in ["containers", "initContainers"] {
        for (i, container) in spec.get(list).and_then(Value::as_array).into_iter().flatten().enumerate() {
            let field = format!("{path}.{list}[{i}]");
            self::container(container, &field, &volumes, errors);
            let name = container.str_at("/name");
            if names.contains(&name) && !name.is_empty() {
                errors.duplicate(Below(&field, "name"), container.at("/name"));
            }
            names.push(name);
        }
    }
    let field = |name: &'static str| Below(path, name);
    match spec.str_at("/restartPolicy") {
        "" => errors.required(field("restartPolicy"), ""),
        policy => {
            errors.one_of(field("restartPolicy"), policy, &["Always", "OnFailure", "Never"]);
        }
    }
    let policy = spec.str_at("/dnsPolicy");
    errors.one_of(
        field("dnsPolicy"),
        policy,
        &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
    );
    if policy == "None" && spec.list_at("/dnsConfig/nameservers").is_empty() {
        errors.required(
            field("dnsConfig.nameservers"),
            "must provide at least one DNS nameserver when `dnsPolicy` is None",
        );
    }
    validation::labels(spec.map_at("/nodeSelector"), &field("nodeSelector").to_string(), errors);
    errors.not_negative(field("terminationGracePeriodSeconds"), spec.at("/terminationGracePeriodSeconds"));
    for (name, check) in [
        ("serviceAccountName", validation::dns_subdomain as fn(&str) -> Result<(), String>),
        ("nodeName", validation::dns_subdomain),
        ("hostname", validation::dns_label),
        ("subdomain", validation::dns_label),
    ] {
        let value = spec.get(name).and_then(Value::as_str).unwrap_or("");
        if !value.is_empty() {
            errors.check(field(name), value, check(value));
        }
    }
    if spec.int_at("/activeDeadlineSeconds").is_some_and(|s| s < 1) {
        errors.invalid(
            field("activeDeadlineSeconds"),
            spec.at("/activeDeadlineSeconds"),
            "must be between 1 and 2147483647, inclusive",
        );
    }
    for (i, toleration) in spec.list_at("/tolerations").iter().enumerate() {
        let field = format!("{path}.tolerations[{i}]");
        let key = toleration.str_at("/key");
        if !key.is_empty() {
            errors.check(Below(&field, "key"), key, validation::label_key(key));
        }
        let operator = toleration.str_at("/operator");
        if key.is_empty() && operator != "Exists" {
            errors.invalid_str(
                Below(&field, "operator"),
                operator,
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
            );
        }
        if operator == "Exists" && !toleration.str_at("/value").is_empty() {
            errors.invalid_str(
                Below(&field, "operator"),
                toleration.str_at("/value"),
                "value must be empty when `operator` is 'Exists'",
            );
        }
        let effect = toleration.str_at("/effect");
        if !effect.is_empty() {
            errors.one_of(Below(&field, "effect"), effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
        }
    }
}

fn container(container: &Value, path: &str, volumes: &[&str], errors: &mut Errors) {
    let field = |name: &'static str| Below(path, name);
    let name = container.str_at("/name");
    if name.is_empty() {
        errors.required(field("name"), "");
    } else {
        errors.check(field("name"), name, validation::dns_label(name));
    }
    let image = container.str_at("/image");
    if image.is_empty() {
        errors.required(field("image"), "");
    } else if image.trim() != image {
        errors.invalid_str(field("image"), image, "must not have leading or trailing whitespace");
    }
    ports(container, path, errors);
    for (i, env) in container.list_at("/env").iter().enumerate() {
        let field = format!("{path}.env[{i}]");
        let name = env.str_at("/name");
        if name.is_empty() {
            errors.required(Below(&field, "name"), "");
        } else if name == "." || name == ".." || name.contains('=') {
            errors.invalid_str(
                Below(&field, "name"),
                name,
                "a valid environment variable name must consist only of printable ASCII characters other than '='",
            );
        }
        let source = env.map_at("/valueFrom");
        if !source.is_empty() {
            if !env.str_at("/value").is_empty() {
                errors.invalid_str(
                    Below(&field, "valueFrom"),
                    "",
                    "may not be specified when `value` is not empty",
                );
            }
            if source.len() > 1 {
                errors.invalid_str(
                    Below(&field, "valueFrom"),
                    "",
                    "may not have more than one field specified at a time",
                );
            }
        }
    }
    let mut mounts: Vec<&str> = Vec::new();
    for (i, mount) in container.list_at("/volumeMounts").iter().enumerate() {
        let field = format!("{path}.volumeMounts[{i}]");
        let name = mount.str_at("/name");
        if name.is_empty() {
            errors.required(Below(&field, "name"), "");
        }
        if !volumes.contains(&name) {
            errors.not_found(Below(&field, "name"), name);
        }
        let place = mount.str_at("/mountPath");
        if place.is_empty() {
            errors.required(Below(&field, "mountPath"), "");
        } else if mounts.contains(&place) {
            errors.invalid_str(Below(&field, "mountPath"), place, "must be unique");
        }
        mounts.push(place);
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(value) = container.get(probe) {
            self::probe(value, &field(probe).to_string(), probe == "readinessProbe", errors);
        }
    }
    match container.str_at("/imagePullPolicy") {
        "" => errors.required(field("imagePullPolicy"), ""),
        policy => {
            errors.one_of(field("imagePullPolicy"), policy, &["Always", "IfNotPresent", "Never"]);
        }
    }
    let limits = container.map_at("/resources/limits");
    for (list, map) in [("limits", limits), ("requests", container.map_at("/resources/requests"))] {
        for (resource, amount) in map {
            let field = format!("{path}.resources.{list}[{resource}]");
            if !resource.contains('/')
                && !["cpu", "memory", "ephemeral-storage"].contains(&resource.as_str())
                && !resource.starts_with("hugepages-")
            {
                if !super::resource_quota::is_standard(resource) {
                    let why = "must be a standard resource type or fully qualified";
                    errors.invalid_str(&field, resource, why);
                }
                errors.invalid_str(&field, resource, "must be a standard resource for containers");
            }
            let text = amount.as_str().unwrap_or("");
            let milli = quantity::parse_milli(text).unwrap_or(0);
            if milli < 0 {
                errors.invalid_str(&field, text, "must be greater than or equal to 0");
            }
            let is_extended = resource.contains('/') && !resource.contains("kubernetes.io/");
            if is_extended && milli % 1_000 != 0 {
                errors.invalid_str(&field, text, "must be an integer");
            }
            if list == "limits" {
                continue;
            }
            let limit = limits.get(resource).and_then(Value::as_str);
            let most = limit.and_then(quantity::parse_milli);
            // Of these a node cannot promise more than it has.
            let is_exact = is_extended || resource.starts_with("hugepages-");
            let how = match most {
                None if is_exact => {
                    let why = "Limit must be set for non overcommitable resources";
                    errors.required(format!("{path}.resources.limits"), why);
                    continue;
                }
                Some(most) if is_exact && milli != most => "equal to",
                Some(most) if milli > most => "less than or equal to",
                _ => continue,
            };
            let why = format!("must be {how} {resource} limit of {}", limit.unwrap_or(""));
            errors.invalid_str(format!("{path}.resources.requests"), text, &why);
        }
    }
}

fn ports(container: &Value, path: &str, errors: &mut Errors) {
    let mut names: Vec<&str> = Vec::new();
    for (i, port) in container.list_at("/ports").iter().enumerate() {
        let field = |name: &str| format!("{path}.ports[{i}].{name}");
        let name = port.str_at("/name");
        if !name.is_empty() {
            for fault in validation::port_name(name) {
                errors.invalid_str(field("name"), name, fault);
            }
            if names.contains(&name) {
                errors.duplicate(field("name"), port.at("/name"));
            }
            names.push(name);
        }
        if port.int_at("/containerPort").unwrap_or(0) == 0 {
            errors.required(field("containerPort"), "");
        } else {
            errors.port(field("containerPort"), port.at("/containerPort"));
        }
        if port.int_at("/hostPort").is_some_and(|p| p != 0) {
            errors.port(field("hostPort"), port.at("/hostPort"));
        }
        errors.one_of(field("protocol"), port.str_at("/protocol"), &["SCTP", "TCP", "UDP"]);
    }
}

fn probe(probe: &Value, path: &str, readiness: bool, errors: &mut Errors) {
    if probe.is_null() {
        return;
    }
    let handlers = ["exec", "httpGet", "tcpSocket", "grpc"];
    let given = handlers.iter().filter(|h| probe.get(**h).is_some()).count();
    if given == 0 {
        errors.required(path, "must specify a handler type");
    } else if given > 1 {
        errors.forbidden(path, "may not specify more than 1 handler type");
    }
    for (name, port) in [("httpGet", "/httpGet/port"), ("tcpSocket", "/tcpSocket/port")] {
        if probe.get(name).is_some() {
            validation::port_or_name(&format!("{path}.{name}.port"), probe.at(port), errors);
        }
    }
    if probe.get("exec").is_some() && probe.list_at("/exec/command").is_empty() {
        errors.required(format!("{path}.exec.command"), "");
    }
    for name in
        ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"]
    {
        errors.not_negative(format!("{path}.{name}"), probe.at(&format!("/{name}")));
    }
    if !readiness && probe.int_at("/successThreshold").is_some_and(|n| n != 1) {
        errors.invalid(format!("{path}.successThreshold"), probe.at("/successThreshold"), "must be 1");
    }
}
