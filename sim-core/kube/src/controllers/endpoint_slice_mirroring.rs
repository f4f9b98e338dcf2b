//! Slices for Endpoints that people write themselves, for Services without selector.
//! Models pkg/controller/endpointslicemirroring.

use super::Context;
use super::replica_set::ignore_missing;
use crate::api::{self, ENDPOINT_SLICE, ENDPOINTS, Key, Object, ObjectExt, SERVICE, Status};
use crate::client::{DeleteOptions, Informer, WorkQueue};
use crate::json;
use serde_json::Value;
use std::time::Duration;

const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const CONTROLLER: &str = "endpointslicemirroring-controller.k8s.io";
const SERVICE_NAME: &str = "kubernetes.io/service-name";
const SKIP_MIRROR: &str = "endpointslice.kubernetes.io/skip-mirror";
const LEADER: &str = "control-plane.alpha.kubernetes.io/leader";
const BATCH: Duration = Duration::from_millis(100);

pub(super) fn start(context: &Context) {
    let queue = WorkQueue::new(&context.sim);
    let controller = Controller {
        context: context.clone(),
        services: context.informers.informer(SERVICE),
        endpoints: context.informers.informer(ENDPOINTS),
        slices: context.informers.informer(ENDPOINT_SLICE),
    };
    for informer in [&controller.services, &controller.endpoints] {
        let queue = queue.clone();
        informer.on_change(move |old, new| {
            if let Some(object) = new.or(old) {
                queue.add_after(object.key(), BATCH);
            }
        });
    }
    context.work(&queue, 5, move |key| {
        let controller = controller.clone();
        async move { controller.sync(key).await }
    });
}

#[derive(Clone)]
struct Controller {
    context: Context,
    services: Informer,
    endpoints: Informer,
    slices: Informer,
}

impl Controller {
    async fn sync(&self, key: Key) -> Result<(), Status> {
        let mut present: Vec<Object> = self.slices.list_namespace(&key.namespace);
        present
            .retain(|s| s.label(MANAGED_BY) == Some(CONTROLLER) && s.label(SERVICE_NAME) == Some(&*key.name));
        let source = self.endpoints.get_key(&key).filter(|endpoints| self.is_mirrored(&key, endpoints));
        let subsets =
            source.as_ref().map(|endpoints| endpoints.list_at("/subsets").to_vec()).unwrap_or_default();
        let mut kept = Vec::new();
        if let Some(source) = &source {
            for subset in &subsets {
                let ports = ports(subset);
                let slice = present.iter().find(|slice| slice.at("/ports") == &ports).cloned();
                kept.extend(slice.as_ref().map(|slice| slice.uid().to_string()));
                self.write(source, subset, ports, slice).await?;
            }
        }
        for slice in present.iter().filter(|slice| !kept.iter().any(|uid| uid == slice.uid())) {
            let options = DeleteOptions::default();
            ignore_missing(
                self.context.client.delete(ENDPOINT_SLICE, slice.namespace(), slice.name(), options).await,
            )?;
        }
        Ok(())
    }

    fn is_mirrored(&self, key: &Key, endpoints: &Object) -> bool {
        endpoints.label(SKIP_MIRROR) != Some("true")
            && endpoints.annotation(LEADER).is_none()
            && self.services.get_key(key).is_some_and(|service| service.map_at("/spec/selector").is_empty())
    }

    async fn write(
        &self,
        source: &Object,
        subset: &Value,
        ports: Value,
        present: Option<Object>,
    ) -> Result<(), Status> {
        let mut slice = match &present {
            Some(present) => (**present).clone(),
            None => {
                let mut slice = api::new_object(ENDPOINT_SLICE, source.namespace(), "");
                api::remove(&mut slice, "/metadata/name");
                slice["metadata"]["generateName"] = json!(format!("{}-", source.name()));
                slice["metadata"]["ownerReferences"] = json!([api::owner_reference(source, ENDPOINTS)]);
                slice["addressType"] = json!("IPv4");
                slice
            }
        };
        let mut labels = source.labels().clone();
        labels.insert(MANAGED_BY.into(), json!(CONTROLLER));
        labels.insert(SERVICE_NAME.into(), json!(source.name()));
        slice["metadata"]["labels"] = Value::Object(labels);
        slice["ports"] = ports;
        let addresses = |list: &str, ready: bool| -> Vec<Value> {
            subset.list_at(list).iter().map(|address| endpoint(address, ready)).collect()
        };
        slice["endpoints"] =
            Value::from([addresses("/addresses", true), addresses("/notReadyAddresses", false)].concat());
        match present {
            Some(present) if *present == slice => Ok(()),
            Some(_) => self.context.client.update(ENDPOINT_SLICE, slice).await.map(drop),
            None => self.context.client.create(ENDPOINT_SLICE, source.namespace(), slice).await.map(drop),
        }
    }
}

fn ports(subset: &Value) -> Value {
    let port = |port: &Value| {
        let protocol = super::service_endpoints::protocol(port);
        json!({"name": port.str_at("/name"), "port": port.at("/port"), "protocol": protocol})
    };
    subset.list_at("/ports").iter().map(port).collect()
}

fn endpoint(address: &Value, ready: bool) -> Value {
    let mut endpoint = json!({"addresses": [address.str_at("/ip")], "conditions": {"ready": ready}});
    for field in ["hostname", "nodeName", "targetRef"] {
        if let Some(value) = address.get(field) {
            endpoint[field] = value.clone();
        }
    }
    endpoint
}
