//! Which volume suits a claim. Models `component-helpers/storage/volume/pv_helpers.go` `FindMatchingVolume`.

use crate::api::core_v1::persistent_volume::class;
use crate::api::resource_list::Amount;
use crate::api::{LabelSelector, Object, ObjectExt};
use serde_json::Value;

/// The smallest volume that suits; one that was set aside for the claim goes first. With `prebound`, only such.
pub(super) fn find_matching_volume(claim: &Value, volumes: &[Object], prebound: bool) -> Option<Object> {
    let wanted = amount(claim, "/spec/resources/requests/storage");
    let selector = match claim.at("/spec/selector") {
        Value::Null => LabelSelector::everything(),
        selector => LabelSelector::from_value(selector),
    };
    let mut smallest: Option<(i128, &Object)> = None;
    for volume in volumes {
        let size = amount(volume, "/spec/capacity/storage");
        let modes = volume.list_at("/spec/accessModes");
        let fits = claim.list_at("/spec/accessModes").iter().all(|mode| modes.contains(mode))
            && volume.at("/spec/volumeMode") == claim.at("/spec/volumeMode")
            && !volume.is_terminating();
        if is_set_aside(volume, claim) {
            if fits && size >= wanted {
                return Some(volume.clone());
            }
            continue;
        }
        let free = volume.at("/spec/claimRef").is_null() && volume.str_at("/status/phase") == "Available";
        if !fits || !free || prebound || size < wanted || class(volume) != class(claim) {
            continue;
        }
        if selector.matches(volume.labels()) && smallest.is_none_or(|(least, _)| size < least) {
            smallest = Some((size, volume));
        }
    }
    smallest.map(|(_, volume)| volume.clone())
}

/// Why a volume that a claim names does not suit it. Models `checkVolumeSatisfyClaim`.
pub(super) fn mismatch(volume: &Value, claim: &Value) -> Option<&'static str> {
    let modes = volume.list_at("/spec/accessModes");
    if amount(volume, "/spec/capacity/storage") < amount(claim, "/spec/resources/requests/storage") {
        Some("requested PV is too small")
    } else if class(volume) != class(claim) {
        Some("storageClassName does not match")
    } else if volume.at("/spec/volumeMode") != claim.at("/spec/volumeMode") {
        Some("incompatible volumeMode")
    } else if !claim.list_at("/spec/accessModes").iter().all(|mode| modes.contains(mode)) {
        Some("incompatible accessMode")
    } else {
        None
    }
}

/// Whether a volume's `claimRef` is this claim.
pub(super) fn is_set_aside(volume: &Value, claim: &Value) -> bool {
    let reference = volume.at("/spec/claimRef");
    !reference.is_null()
        && reference.str_at("/name") == claim.name()
        && reference.str_at("/namespace") == claim.namespace()
        && (reference.str_at("/uid").is_empty() || reference.str_at("/uid") == claim.uid())
}

fn amount(object: &Value, path: &str) -> i128 {
    Amount::parse(object.at(path).as_str().unwrap_or("0")).milli
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use std::rc::Rc;

    fn volume(name: &str, size: &str, modes: &[&str], class: &str, claim: Value) -> Object {
        Rc::new(json!({
            "metadata": {"name": name, "labels": {"disk": name}},
            "spec": {"capacity": {"storage": size}, "accessModes": modes, "volumeMode": "Filesystem",
                     "storageClassName": class, "claimRef": claim},
            "status": {"phase": "Available"},
        }))
    }

    #[test]
    fn the_smallest_that_fits_is_taken() {
        let rwo: &[&str] = &["ReadWriteOnce"];
        let taken = json!({"namespace": "default", "name": "other", "uid": "1"});
        let volumes = [
            volume("big", "10Gi", rwo, "", Value::Null),
            volume("fast", "1Gi", rwo, "fast", Value::Null),
            volume("fits", "2Gi", rwo, "", Value::Null),
            volume("shared", "1Gi", &["ReadWriteMany"], "", Value::Null),
            volume("taken", "1Gi", rwo, "", taken),
        ];
        let claim = |size: &str, class: &str, selector: Value| {
            json!({"metadata": {"name": "data", "namespace": "default", "uid": "7"},
                   "spec": {"accessModes": rwo, "resources": {"requests": {"storage": size}},
                            "volumeMode": "Filesystem", "storageClassName": class, "selector": selector}})
        };
        let found = |claim: &Value| {
            find_matching_volume(claim, &volumes, false).map(|volume| volume.name().to_string())
        };
        assert_eq!(found(&claim("1Gi", "", Value::Null)).as_deref(), Some("fits"));
        assert_eq!(found(&claim("5Gi", "", Value::Null)).as_deref(), Some("big"));
        assert_eq!(found(&claim("1Gi", "fast", Value::Null)).as_deref(), Some("fast"));
        assert_eq!(found(&claim("20Gi", "", Value::Null)), None);
        let chosen = json!({"matchLabels": {"disk": "big"}});
        assert_eq!(found(&claim("1Gi", "", chosen)).as_deref(), Some("big"));
        assert_eq!(
            mismatch(&volumes[1], &claim("2Gi", "fast", Value::Null)),
            Some("requested PV is too small")
        );
    }
}
