//! `kubectl api-resources`.

use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::discovery::Resource;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::Format;
use crate::programs::kubectl::tabwriter::TabWriter;
use kube::json;
use serde_json::Value;
use sim::Ordered;
use std::rc::Rc;

const FLAGS: &[Flag] = &[
    Flag::string("api-group", "", "Only resources of this API group."),
    Flag::bool("cached", "Use what is known already, if anything is."),
    Flag::slice("categories", "Only resources of these categories."),
    Flag::bool("namespaced", "If false, resources without namespaces, else those with. All by default.")
        .default("true"),
    Flag::bool("no-headers", "No line of headers."),
    Flag::string("output", "", "Output format. One of: (json, yaml, kyaml, name, wide).").short('o'),
    Flag::bool("show-managed-fields", "If true, show managedFields in JSON and YAML."),
    Flag::string("sort-by", "", "Sort by 'name' or 'kind'."),
    Flag::slice("verbs", "Only resources that know all of these verbs."),
];

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "api-resources",
    short: "Print the supported API resources on the server",
    examples: "# The resources
kubectl api-resources

# With more columns
kubectl api-resources -o wide

# Sorted
kubectl api-resources --sort-by=name

# Those that live in namespaces
kubectl api-resources --namespaced=true

# Those of one group
kubectl api-resources --api-group=apps",
    usage: "[flags]",
    flags: &[FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

async fn run(k: Rc<Kubectl>) -> Result<()> {
    if !k.args().is_empty() {
        return Err(k.usage_error(format!("unexpected arguments: [{}]", k.args().join(" "))));
    }
    let output = k.flags.str("output");
    if !matches!(output, "" | "wide" | "name" | "json" | "yaml" | "kyaml") {
        return Err(Error::text(format!(
            "unable to match a printer suitable for the output format {output:?}, allowed formats are: json,kyaml,name,wide,yaml"
        )));
    }
    let by = k.flags.str("sort-by");
    if !matches!(by, "" | "name" | "kind") {
        return Err(Error::text("--sort-by accepts only name or kind"));
    }
    let mapper = if k.flags.bool("cached") { k.mapper().await? } else { k.fresh_mapper().await? };
    let mut resources: Vec<Rc<Resource>> = Vec::new();
    for resource in &mapper.resources {
        // Of several versions of a group, the preferred one comes first.
        let known = resources.iter().any(|r| r.group == resource.group && r.plural == resource.plural);
        if !known && fits(&k, resource) {
            resources.push(resource.clone());
        }
    }
    match by {
        "name" => resources.order_by(|a, b| a.plural.cmp(&b.plural)),
        "kind" => resources.order_by(|a, b| a.kind.cmp(&b.kind)),
        _ => resources.order_by(|a, b| (&a.group, &a.plural).cmp(&(&b.group, &b.plural))),
    }
    if output == "name" {
        for resource in &resources {
            k.out(&format!("{}\n", resource.group_resource())).await;
        }
        return Ok(());
    }
    if matches!(output, "json" | "yaml" | "kyaml") {
        k.out(&document(&resources, output)).await;
        return Ok(());
    }
    let mut writer = TabWriter::table();
    if !k.flags.bool("no-headers") {
        let more = if output == "wide" { "\tVERBS\tCATEGORIES" } else { "" };
        writer.push(&format!("NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND{more}\n"));
    }
    for r in &resources {
        let more = if output == "wide" {
            format!("\t{}\t{}", r.verbs.join(","), r.categories.join(","))
        } else {
            String::new()
        };
        writer.push(&format!(
            "{}\t{}\t{}\t{}\t{}{more}\n",
            r.plural,
            r.short_names.join(","),
            r.api_version(),
            r.namespaced,
            r.kind
        ));
    }
    k.out(&writer.flush()).await;
    Ok(())
}

/// An `APIResourceList` of them.
fn document(resources: &[Rc<Resource>], output: &str) -> String {
    let mut list = Vec::new();
    for r in resources {
        let mut entry = json!({
            "name": r.plural, "singularName": r.singular, "namespaced": r.namespaced, "version": r.version,
            "kind": r.kind, "verbs": r.verbs,
        });
        let optional: [(&str, Value); 3] = [
            ("group", json!(r.group)),
            ("shortNames", json!(r.short_names)),
            ("categories", json!(r.categories)),
        ];
        for (field, value) in optional {
            if value != "" && value != json!([]) {
                entry[field] = value;
            }
        }
        list.push(entry);
    }
    // Go's list stays what it was, nothing, when nothing is added to it.
    let list = if list.is_empty() { Value::Null } else { Value::Array(list) };
    let document =
        json!({"apiVersion": "v1", "groupVersion": "", "kind": "APIResourceList", "resources": list});
    let format = match output {
        "json" => Format::Json,
        "yaml" => Format::Yaml,
        _ => Format::Kyaml,
    };
    format.print_typed(&document).unwrap_or_default()
}

fn fits(k: &Kubectl, resource: &Resource) -> bool {
    let flags = &k.flags;
    (!flags.changed("api-group") || resource.group == flags.str("api-group"))
        && (!flags.changed("namespaced") || resource.namespaced == flags.bool("namespaced"))
        && flags.list("verbs").iter().all(|verb| resource.verbs.contains(verb))
        && flags.list("categories").iter().all(|category| resource.categories.contains(category))
}
