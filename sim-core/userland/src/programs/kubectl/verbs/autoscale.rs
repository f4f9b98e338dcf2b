//! `kubectl autoscale`: a HorizontalPodAutoscaler for what can be scaled. Models pkg/cmd/autoscale.

use super::apply;
use super::change;
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::discovery::Resource;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::selection::{self, Info, Rules};
use kube::api::{go_order, quantity};
use kube::json;
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "autoscale",
    usage: "(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY]",
    short: "Auto-scale a deployment, replica set, stateful set, or replication controller",
    long: "Creates an autoscaler that automatically chooses and sets the number of pods that run in a Kubernetes cluster.\n\n It refers to a deployment, replica set, stateful set, or replication controller by name, and gives it more or fewer pods as they are needed.",
    examples: "# Between 2 and 10 pods, as the default policy says\nkubectl autoscale deployment foo --min=2 --max=10\n\n# At most 5 pods, which use 80% of the CPU that they request\nkubectl autoscale rc foo --max=5 --cpu=80%\n\n# Between 3 and 6 pods, which use 500 millicores and 200Mi of memory each\nkubectl autoscale deployment bar --min=3 --max=6 --cpu=500m --memory=200Mi",
    flags: &[globals::DRY_RUN, globals::FILENAMES, globals::PRINT, globals::RECORD, FLAGS],
    required: &["max"],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(
        &["deployment", "replicaset", "replicationcontroller", "statefulset"],
        true,
    ),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string(
        "cpu",
        "",
        "CPU that the pods should use: a part of what they request (70%) or an amount for each (500m)",
    ),
    Flag::int("cpu-percent", "-1", "CPU that the pods should use, in percent of what they request.").deprecated(
        "Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).",
    ),
    Flag::string("field-manager", "kubectl-autoscale", "Name that stands for who owns the fields"),
    Flag::int("max", "-1", "The most pods that there may be. Required."),
    Flag::string("memory", "", "Memory that the pods should use, likewise (60% or 200Mi)"),
    Flag::int("min", "-1", "The fewest pods that there may be; the server's default if not given."),
    Flag::string("name", "", "Name of the new object; that of the resource if not given."),
    Flag::bool(
        "save-config",
        "Keep the configuration in an annotation of the object, for a later kubectl apply",
    ),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let dry_run = printers::dry_run(&k)?;
    let (min, max) = (k.flags.int("min"), k.flags.int("max"));
    if max < 1 {
        return Err(Error::text(format!("--max=MAXPODS is required and must be at least 1, max: {max}")));
    }
    if max < min {
        return Err(Error::text(format!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}"
        )));
    }
    if k.flags.changed("cpu-percent") && k.flags.changed("cpu") {
        return Err(Error::text("--cpu-percent and --cpu are mutually exclusive"));
    }
    // Files are taken as they are; arguments are looked up.
    let selection = selection::select(&k, k.args(), Rules::default()).await?;
    let (infos, mut errors) = selection.fetch(&k, false).await?;
    for info in infos {
        if let Err(error) = one(&k, &info, dry_run).await {
            errors.push(error);
        }
    }
    Error::many(errors)
}

async fn one(k: &Kubectl, info: &Info, dry_run: DryRun) -> Result<()> {
    let resource = &info.resource;
    if !resource.subresources.iter().any(|name| name == "scale") {
        return Err(Error::text(format!(
            "cannot autoscale a {}: could not find scale subresource for {}/{}, Resource={} in discovery information",
            resource.kind, resource.group, resource.version, resource.plural
        )));
    }
    let object = autoscaler(k, info)?;
    let Err(error) = create(k, info, "autoscaling/v2", object, dry_run).await else { return Ok(()) };
    // What the older version can say as well is tried with that.
    let cpu = k.flags.str("cpu");
    if cpu.is_empty() {
        return Err(Error::text(format!("{INCOMPATIBLE}: empty input")));
    }
    if !k.flags.str("memory").is_empty() || !cpu.ends_with('%') {
        return Err(Error::text(format!("{INCOMPATIBLE}: %!w(<nil>)")));
    }
    if let Error::NotSimulated(_) = error {
        return Err(error);
    }
    let mut object = autoscaler(k, info)?;
    object["apiVersion"] = "autoscaling/v1".into();
    if let Some(spec) = object["spec"].as_object_mut() {
        spec.remove("metrics");
        let percent = k.flags.int("cpu-percent");
        if percent >= 0 {
            spec.insert("targetCPUUtilizationPercentage".to_string(), percent.into());
        }
    }
    create(k, info, "autoscaling/v1", object, dry_run).await
}

/// When the server takes it in neither version.
const INCOMPATIBLE: &str =
    "failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1";

/// Makes it and says so.
async fn create(
    k: &Kubectl,
    info: &Info,
    api_version: &str,
    mut object: Value,
    dry_run: DryRun,
) -> Result<()> {
    // Nobody looks whether the server has this version.
    let kind = k.mapper().await?.find("horizontalpodautoscalers.autoscaling")?;
    let version = api_version.rsplit('/').next().unwrap_or("").to_string();
    let kind = Rc::new(Resource { version, ..(*kind).clone() });
    k.record(&mut object);
    let name = object["metadata"]["name"].as_str().unwrap_or("").to_string();
    if dry_run == DryRun::Client {
        object = go_order::through_types(&object);
        let made = Info { resource: kind, name, object, ..info.clone() };
        return printers::print_typed_result(k, &made, "created").await;
    }
    if k.flags.bool("save-config") {
        let configuration = go_order::compact(&go_order::through_types(&object)) + "\n";
        object["metadata"]["annotations"][apply::LAST_APPLIED] = configuration.into();
    }
    let (namespace, _) = k.namespace().await?;
    let query = change::query(k, dry_run == DryRun::Server);
    let object = k.client().await?.post(&kind.collection(&namespace), &query, &object).await?;
    let made = Info { resource: kind, name, namespace, object, source: String::new() };
    printers::print_typed_result(k, &made, "autoscaled").await
}

fn autoscaler(k: &Kubectl, info: &Info) -> Result<Value> {
    let name = match k.flags.str("name") {
        "" => &info.name,
        name => name,
    };
    let mut spec = json!({
        "maxReplicas": k.flags.int("max"),
        "scaleTargetRef": {
            "apiVersion": info.resource.api_version(),
            "kind": info.resource.kind,
            "name": info.name,
        },
    });
    if k.flags.int("min") > 0 {
        spec["minReplicas"] = k.flags.int("min").into();
    }
    let mut metrics = Vec::new();
    let percent = k.flags.int("cpu-percent");
    if percent > 0 {
        metrics.push(metric("cpu", json!({"type": "Utilization", "averageUtilization": percent})));
    }
    for resource in ["cpu", "memory"] {
        let text = k.flags.str(resource);
        if !text.is_empty() {
            metrics.push(metric(resource, target(resource, text)?));
        }
    }
    if !metrics.is_empty() {
        spec["metrics"] = Value::Array(metrics);
    }
    Ok(json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": spec,
    }))
}

fn metric(resource: &str, target: Value) -> Value {
    json!({"type": "Resource", "resource": {"name": resource, "target": target}})
}

/// `70%` is a part of what is requested; a bare number counts millicores or mebibytes.
fn target(resource: &str, text: &str) -> Result<Value> {
    if let Some(percent) = text.strip_suffix('%') {
        return match percent.parse::<i32>() {
            Ok(percent) if percent >= 0 => Ok(json!({"type": "Utilization", "averageUtilization": percent})),
            _ => Err(Error::text(format!("invalid percentage value: {percent}"))),
        };
    }
    let unit = match (text.parse::<f64>().is_ok(), resource) {
        (false, _) => "",
        (true, "cpu") => "m",
        (true, _) => "Mi",
    };
    match quantity::canonical(&format!("{text}{unit}")) {
        Some(amount) => Ok(json!({"type": "AverageValue", "averageValue": amount})),
        None => Err(Error::text(format!("invalid resource {resource} value: {text}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_percentages_or_amounts() {
        let check = |resource: &str, text: &str, expected: std::result::Result<Value, &str>| {
            let target = target(resource, text).map_err(|error| error.message());
            assert_eq!(target, expected.map_err(str::to_string), "{text}");
        };
        check("cpu", "70%", Ok(json!({"type": "Utilization", "averageUtilization": 70})));
        check("cpu", "50", Ok(json!({"type": "AverageValue", "averageValue": "50m"})));
        check("memory", "100", Ok(json!({"type": "AverageValue", "averageValue": "100Mi"})));
        check("cpu", "2000m", Ok(json!({"type": "AverageValue", "averageValue": "2"})));
        check("cpu", "-5%", Err("invalid percentage value: -5"));
        check("memory", "x", Err("invalid resource memory value: x"));
    }
}
