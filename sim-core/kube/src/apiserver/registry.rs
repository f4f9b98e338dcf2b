//! What create and update mean, for every kind; `delete` is beside it. Models `apiserver/pkg/registry`.

use super::options::{WriteOptions, Written};
use super::store::{self, WatchHandle};
use super::strategy::{decode, in_form, inward, outward, place, prepare_for_update};
use super::{ApiServer, Filter, admission, allocation, managed_fields, rbac};
use crate::api::apiextensions_v1::{custom_resource, custom_resource_definition};
use crate::api::core_v1::component_status;
use crate::api::validation::{self, Errors};
use crate::api::{
    COMPONENT_STATUS, CUSTOM_RESOURCE_DEFINITION, EVENT, Key, NAMESPACE, NODE, Object, ObjectExt, POD,
    RESOURCE_QUOTA, Resource, SERVICE, Status, object_at, pod, remove, set,
};
use crate::json;
use serde_json::Value;
use sim::{Duration, Rng, Timestamp};
use std::rc::Rc;

/// `--event-ttl`.
const EVENT_TTL: Duration = Duration::from_secs(3_600);

const SUFFIX: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl ApiServer {
    /// One object.
    pub fn get(&self, resource: Resource, namespace: &str, name: &str) -> Result<Object, Status> {
        if std::ptr::eq(resource, COMPONENT_STATUS) {
            let found = self.list(resource, "", &Filter::default()).into_iter().find(|o| o.name() == name);
            return found.ok_or_else(|| Status::new(500, "", format!("Component not found: {name}")));
        }
        let found = self.0.store.borrow().get(resource, namespace, name);
        found.map(|object| outward(resource, object)).ok_or_else(|| Status::not_found(resource, name))
    }

    /// All that match, by namespace and name.
    pub fn list(&self, resource: Resource, namespace: &str, filter: &Filter) -> Vec<Object> {
        if std::ptr::eq(resource, COMPONENT_STATUS) {
            let pods = self.0.store.borrow().list(POD, "kube-system", &Filter::default());
            return component_status::observe(&pods).into_iter().filter(|o| filter.matches(o)).collect();
        }
        let objects = self.0.store.borrow().list(resource, namespace, filter);
        objects.into_iter().map(|object| outward(resource, object)).collect()
    }

    /// Begins a watch; see [`WatchHandle`].
    pub fn watch(
        &self,
        resource: Resource,
        namespace: &str,
        filter: Filter,
        since: Option<u64>,
    ) -> Result<WatchHandle, Status> {
        self.0.store.borrow_mut().watch(resource, namespace, filter, since)
    }

    /// Creates an object.
    pub fn create(
        &self,
        resource: Resource,
        namespace: &str,
        mut object: Value,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        if !object.resource_version().is_empty() {
            return Err(Status::bad_request("resourceVersion should not be set on objects to be created"));
        }
        place(resource, namespace, &mut object)?;
        let warnings = decode(resource, &mut object, options, &|_| true)?;
        let (options, resource) = (&in_form(resource, options), inward(resource, &mut object));
        remove(&mut object, "/metadata/managedFields");
        self.namespace_lifecycle(resource, namespace, object.name())?;
        (resource.default)(&mut object);
        // What admission adds is nobody's.
        if managed_fields::tracks(None, options) {
            managed_fields::track(resource, None, &mut object, false, &self.now_text(), options);
        }
        admission::admit(self, resource, &mut object)?;
        let given_name = !object.name().is_empty() || object.str_at("/metadata/generateName").is_empty();
        self.prepare_for_create(resource, &mut object);
        self.check(resource, &object, None)?;
        self.guard(resource, namespace, &object, None, options)?;
        let taken = |name: &str| self.0.store.borrow().get(resource, namespace, name).is_some();
        while !given_name && taken(object.name()) {
            let name = self.generate_name(&object);
            set(&mut object, "/metadata/name", json!(name));
        }
        if taken(object.name()) {
            return Err(Status::already_exists(resource, object.name()));
        }
        if std::ptr::eq(resource, SERVICE) {
            self.allocate(&mut object, None)?;
        }
        admission::validate(self, resource, &object)?;
        let charged = admission::resource_quota::charge(self, resource, &object, None)?;
        let object = Rc::new(object);
        if std::ptr::eq(resource, SERVICE) && !options.dry_run {
            self.keep_address(None, Some(&object));
        }
        let object = if options.dry_run { object } else { self.0.store.borrow_mut().put(resource, object) };
        self.commit(charged, options);
        if !options.dry_run {
            self.after_write(resource);
        }
        if std::ptr::eq(resource, EVENT) && !options.dry_run {
            self.expire(object.key(), EVENT_TTL);
        }
        Ok(Written { object, warnings })
    }

    /// Writes down what quotas have left.
    fn commit(&self, charged: Vec<Value>, options: &WriteOptions) {
        for quota in charged.into_iter().filter(|_| !options.dry_run) {
            self.0.store.borrow_mut().put(RESOURCE_QUOTA, Rc::new(quota));
        }
    }

    /// Nobody gives away more than they have.
    fn guard(
        &self,
        resource: Resource,
        namespace: &str,
        object: &Value,
        old: Option<&Value>,
        options: &WriteOptions,
    ) -> Result<(), Status> {
        match &options.who {
            Some(who) if rbac::is_rbac(resource) => {
                self.check_escalation(who, resource, namespace, object, old)
            }
            _ => Ok(()),
        }
    }

    /// Lets an event go when nothing was added to it for an hour.
    fn expire(&self, key: Key, after: Duration) {
        let server = Rc::downgrade(&self.0);
        self.0.sim.schedule_in(after, move || {
            let Some(server) = server.upgrade().map(ApiServer) else { return };
            let Ok(event) = server.get(EVENT, &key.namespace, &key.name) else { return };
            let times = [event.str_at("/lastTimestamp"), event.str_at("/series/lastObservedTime")];
            let last = times.into_iter().find(|time| !time.is_empty()).unwrap_or(event.creation_timestamp());
            let age =
                Timestamp::parse_rfc3339(last).map_or(EVENT_TTL, |last| server.now().duration_since(last));
            if age >= EVENT_TTL {
                server.0.store.borrow_mut().remove(EVENT, &key.namespace, &key.name);
            } else {
                server.expire(key, EVENT_TTL - age);
            }
        });
    }

    /// Replaces an object, or only its status.
    pub fn update(
        &self,
        resource: Resource,
        namespace: &str,
        object: Value,
        status: bool,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        self.update_fields(resource, namespace, object, status, options, &|_| true)
    }

    /// As [`ApiServer::update`], where only the fields that `is_new` names may differ from what is stored.
    pub(super) fn update_fields(
        &self,
        resource: Resource,
        namespace: &str,
        mut object: Value,
        status: bool,
        options: &WriteOptions,
        is_new: &dyn Fn(&str) -> bool,
    ) -> Result<Written, Status> {
        place(resource, namespace, &mut object)?;
        let warnings = decode(resource, &mut object, options, is_new)?;
        let (options, resource) = (&in_form(resource, options), inward(resource, &mut object));
        (resource.default)(&mut object);
        self.replace(resource, namespace, object, status, options).map(|object| Written { object, warnings })
    }

    /// As [`ApiServer::update`], with an object that is in canonical form: it was read from here and
    /// changed by a component of the cluster.
    pub(crate) fn replace(
        &self,
        resource: Resource,
        namespace: &str,
        mut object: Value,
        status: bool,
        options: &WriteOptions,
    ) -> Result<Object, Status> {
        let name = object.name().to_string();
        let Some(old) = self.0.store.borrow().get(resource, namespace, &name) else {
            return Err(Status::not_found(resource, &name));
        };
        if !object.uid().is_empty() && object.uid() != old.uid() {
            let key = store::etcd_key(resource, namespace, &name);
            let why = format!(
                "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition \
                 failed: UID in precondition: {}, UID in object meta: {}",
                object.uid(),
                old.uid()
            );
            return Err(Status::conflict(resource, &name, &why));
        }
        let version = object.resource_version();
        if !version.is_empty() && version != old.resource_version() {
            return Err(match version.parse::<u64>() {
                Ok(_) => Status::modified(resource, &name),
                // Upstream says this with a bare error, hence the code.
                Err(_) => {
                    Status::new(500, "", format!("strconv.ParseUint: parsing {version:?}: invalid syntax"))
                }
            });
        }
        prepare_for_update(resource, &mut object, &old, status);
        if std::ptr::eq(resource, SERVICE) && !status {
            allocation::carry_over(&mut object, &old);
        }
        if !status {
            self.check(resource, &object, Some(&old))?;
            self.guard(resource, namespace, &object, Some(&old), options)?;
        }
        if std::ptr::eq(resource, SERVICE) && !status {
            self.allocate(&mut object, Some(&old))?;
        }
        // Whoever writes what is there already changes nothing.
        set(&mut object, "/metadata/resourceVersion", old.at("/metadata/resourceVersion").clone());
        if let Some(applied) = &options.applied {
            set(&mut object, "/metadata/managedFields", applied.clone());
        } else if object.meta("managedFields").is_null() && !old.meta("managedFields").is_null() {
            set(&mut object, "/metadata/managedFields", old.meta("managedFields").clone());
        }
        if object == *old {
            return Ok(old);
        }
        if managed_fields::tracks(Some(&old), options) {
            managed_fields::track(resource, Some(&old), &mut object, status, &self.now_text(), options);
        }
        if options.dry_run {
            return Ok(Rc::new(object));
        }
        let charged = if status {
            Vec::new()
        } else {
            admission::resource_quota::charge(self, resource, &object, Some(&old))?
        };
        self.commit(charged, options);
        let held = object.list_at("/metadata/finalizers").is_empty();
        let gone = object.is_terminating()
            && held
            && object.int_at("/metadata/deletionGracePeriodSeconds") == Some(0);
        let waits = std::ptr::eq(resource, NAMESPACE) && !object.list_at("/spec/finalizers").is_empty();
        if std::ptr::eq(resource, SERVICE) && !status {
            self.keep_address(Some(&old), Some(&object));
        }
        let object = self.0.store.borrow_mut().put(resource, Rc::new(object));
        if gone && !waits {
            self.remove(resource, &object, None);
        }
        self.after_write(resource);
        Ok(object)
    }

    /// Sets a pod's node. Models the `pods/binding` storage.
    pub fn bind(&self, namespace: &str, name: &str, node: &str) -> Result<Object, Status> {
        let old = self.get(POD, namespace, name)?;
        let refuse = |why: String| {
            let mut status = Status::conflict(POD, name, &why);
            status.message = format!("Operation cannot be fulfilled on pods/binding \"{name}\": {why}");
            Err(status)
        };
        if old.is_terminating() {
            return refuse(format!("pod {name} is being deleted, cannot be assigned to a host"));
        }
        if !pod::node_name(&old).is_empty() {
            return refuse(format!("pod {name} is already assigned to node \"{}\"", pod::node_name(&old)));
        }
        let mut object = (*old).clone();
        set(&mut object, "/spec/nodeName", json!(node));
        let scheduled = json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null,
            "observedGeneration": old.generation()});
        crate::api::set_condition(&mut object, scheduled, self.now());
        Ok(self.0.store.borrow_mut().put(POD, Rc::new(object)))
    }

    /// Replaces a namespace's `spec.finalizers`; without any, and being deleted, it goes.
    pub fn finalize(&self, object: &Value) -> Result<Object, Status> {
        let old = self.get(NAMESPACE, "", object.name())?;
        let mut new = (*old).clone();
        let finalizers = object.list_at("/spec/finalizers").to_vec();
        let last = finalizers.is_empty() && old.is_terminating() && old.finalizers().is_empty();
        if finalizers.is_empty() {
            object_at(&mut new, "/spec").remove("finalizers");
        } else {
            set(&mut new, "/spec/finalizers", Value::Array(finalizers));
        }
        let mut store = self.0.store.borrow_mut();
        let new = store.put(NAMESPACE, Rc::new(new));
        if last {
            store.remove(NAMESPACE, "", old.name());
        }
        Ok(new)
    }

    /// Five characters that no word is made of.
    pub(crate) fn suffix(&self) -> String {
        let mut rng = self.0.rng.borrow_mut();
        (0..5).map(|_| char::from(SUFFIX[rng.below(SUFFIX.len() as u64) as usize])).collect()
    }

    /// The prefix that the object asks for, and five characters.
    fn generate_name(&self, object: &Value) -> String {
        let prefix = object.str_at("/metadata/generateName");
        format!("{}{}", prefix.get(..58).unwrap_or(prefix), self.suffix())
    }

    /// Keeps an object of the server's own, which nobody checks; its uid is drawn from a stream of its own.
    pub(super) fn put_own(&self, resource: Resource, mut object: Value, rng: &mut Rng) {
        let (uid, now) = (uid(rng.bytes()), self.now_text());
        let meta = object_at(&mut object, "/metadata");
        meta.insert("uid".to_string(), json!(uid));
        meta.insert("creationTimestamp".to_string(), json!(now));
        self.0.store.borrow_mut().put(resource, Rc::new(object));
    }

    fn uid(&self) -> String {
        uid(self.0.rng.borrow_mut().bytes())
    }

    fn prepare_for_create(&self, resource: Resource, object: &mut Value) {
        let (uid, now) = (self.uid(), self.now_text());
        let generated = object.name().is_empty() && !object.str_at("/metadata/generateName").is_empty();
        let name = generated.then(|| self.generate_name(object));
        let meta = object_at(object, "/metadata");
        if let Some(name) = name {
            meta.insert("name".to_string(), json!(name));
        }
        meta.insert("uid".to_string(), json!(uid));
        meta.insert("creationTimestamp".to_string(), json!(now));
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion", "generation"] {
            meta.remove(field);
        }
        if resource.generation {
            meta.insert("generation".to_string(), json!(1));
        }
        if std::ptr::eq(resource, NAMESPACE) {
            let name = object.name().to_string();
            object_at(object, "/metadata/labels")
                .insert("kubernetes.io/metadata.name".to_string(), json!(name));
            set(object, "/spec/finalizers", json!(["kubernetes"]));
            set(object, "/status", json!({"phase": "Active"}));
        } else if std::ptr::eq(resource, POD) {
            let qos = pod::qos_class(object);
            set(object, "/status", json!({"phase": "Pending", "qosClass": qos}));
            if !object.list_at("/spec/schedulingGates").is_empty() {
                let gated = json!({
                    "type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
                    "message": "Scheduling is blocked due to non-empty scheduling gates",
                    "lastProbeTime": null, "lastTransitionTime": null,
                });
                set(object, "/status/conditions", json!([gated]));
            }
        } else if std::ptr::eq(resource, CUSTOM_RESOURCE_DEFINITION) {
            let status = custom_resource_definition::accepted(object, &self.now_text());
            set(object, "/status", status);
        } else if resource.custom.is_some() {
            if resource.subresource("status").is_some() {
                remove(object, "/status");
            }
        } else if resource.subresource("status").is_some() && !std::ptr::eq(resource, NODE) {
            remove(object, "/status");
            let fresh = match resource.kind {
                "Service" => json!({"loadBalancer": {}}),
                "ReplicaSet" => json!({"replicas": 0}),
                "DaemonSet" => json!({"currentNumberScheduled": 0, "desiredNumberScheduled": 0,
                    "numberMisscheduled": 0, "numberReady": 0}),
                _ => json!({}),
            };
            set(object, "/status", fresh);
        }
        (resource.prepare_for_create)(object);
    }

    fn check(&self, resource: Resource, object: &Value, old: Option<&Value>) -> Result<(), Status> {
        let mut errors = Errors::default();
        match old {
            Some(old) => {
                validation::object_meta(object, resource.namespaced, resource.name_rule, &mut errors);
                validation::object_meta_update(object, old, &mut errors);
            }
            None => validation::object_meta(object, resource.namespaced, resource.name_rule, &mut errors),
        }
        (resource.validate)(object, old, &mut errors);
        if let Some(custom) = resource.custom {
            custom.validate(object, &mut errors);
        }
        if std::ptr::eq(resource, CUSTOM_RESOURCE_DEFINITION) {
            custom_resource::check_simulated(object)?;
        }
        if errors.0.is_empty() { Ok(()) } else { Err(Status::invalid(resource, object.name(), &errors.0)) }
    }

    /// Nothing is created in a namespace that is not there, or about to go.
    fn namespace_lifecycle(&self, resource: Resource, namespace: &str, name: &str) -> Result<(), Status> {
        if !resource.namespaced {
            return Ok(());
        }
        let found = self.get(NAMESPACE, "", namespace)?;
        if found.is_terminating() {
            let why = format!(
                "unable to create new content in namespace {namespace} because it is being terminated"
            );
            let mut status = Status::forbidden(resource, name, &why);
            status.details["causes"] = json!([{
                "reason": "NamespaceTerminating",
                "message": format!("namespace {namespace} is being terminated"),
                "field": "metadata.namespace",
            }]);
            return Err(status);
        }
        Ok(())
    }
}

/// Sixteen bytes as a uid is written.
fn uid(bytes: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let byte = match i {
            6 => byte & 0x0f | 0x40,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}
