//! `Volumes:` of pods and of pod templates.

use super::writer::{Writer, items, plain};
use serde_json::Value;

/// Writes them, `space` before everything.
pub fn describe(w: &mut Writer, volumes: &Value, space: &str) {
    if items(volumes).is_empty() {
        return w.write(0, &format!("{space}Volumes:\t<none>\n"));
    }
    w.write(0, &format!("{space}Volumes:\n"));
    for volume in items(volumes) {
        let indent = if space.is_empty() { "" } else { " " };
        w.write(1, &format!("{indent}{}:\n", plain(&volume["name"])));
        one(w, volume);
    }
}

fn one(w: &mut Writer, volume: &Value) {
    let kind = |field: &str| volume[field].is_object().then(|| &volume[field]);
    let optional = |source: &Value| (source["optional"] == true).to_string();
    if let Some(path) = kind("hostPath") {
        w.field(2, "Type", "HostPath (bare host directory volume)");
        w.value(2, "Path", &path["path"]);
        w.value(2, "HostPathType", &path["type"]);
    } else if let Some(directory) = kind("emptyDir") {
        w.field(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
        w.value(2, "Medium", &directory["medium"]);
        let limit = plain(&directory["sizeLimit"]);
        w.field(2, "SizeLimit", if limit.is_empty() { "<unset>" } else { &limit });
    } else if let Some(secret) = kind("secret") {
        w.field(2, "Type", "Secret (a volume populated by a Secret)");
        w.value(2, "SecretName", &secret["secretName"]);
        w.field(2, "Optional", &optional(secret));
    } else if let Some(map) = kind("configMap") {
        w.field(2, "Type", "ConfigMap (a volume populated by a ConfigMap)");
        w.value(2, "Name", &map["name"]);
        w.field(2, "Optional", &optional(map));
    } else if let Some(projected) = kind("projected") {
        w.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
        for source in items(&projected["sources"]) {
            if source["secret"].is_object() {
                w.value(2, "SecretName", &source["secret"]["name"]);
                w.field(2, "Optional", &optional(&source["secret"]));
            } else if source["downwardAPI"].is_object() {
                w.field(2, "DownwardAPI", "true");
            } else if source["configMap"].is_object() {
                w.value(2, "ConfigMapName", &source["configMap"]["name"]);
                w.field(2, "Optional", &optional(&source["configMap"]));
            } else if source["serviceAccountToken"].is_object() {
                w.value(2, "TokenExpirationSeconds", &source["serviceAccountToken"]["expirationSeconds"]);
            }
        }
    } else if let Some(claim) = kind("persistentVolumeClaim") {
        w.field(
            2,
            "Type",
            "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        );
        w.value(2, "ClaimName", &claim["claimName"]);
        w.field(2, "ReadOnly", &(claim["readOnly"] == true).to_string());
    } else if let Some(downward) = kind("downwardAPI") {
        w.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
        w.write(2, "Items:\n");
        for item in items(&downward["items"]) {
            w.write(3, &format!("{} -> {}\n", plain(&item["fieldRef"]["fieldPath"]), plain(&item["path"])));
        }
    } else {
        w.write(1, "<unknown>\n");
    }
}
