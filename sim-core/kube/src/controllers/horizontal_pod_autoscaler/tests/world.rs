//! A deployment, its pods, an API server and the controller, with metrics that a test invents.

use crate::api::{
    DEPLOYMENT, EVENT, HORIZONTAL_POD_AUTOSCALER, Object, ObjectExt, POD, Resource, SERVICE_ACCOUNT, Status,
};
use crate::apiserver::ApiServer;
use crate::client::{Client, ListOptions};
use crate::controllers::Context;
use crate::controllers::horizontal_pod_autoscaler::{metrics_client::MetricsClient, start_with};
use crate::json;
use serde_json::Value;
use sim::Sim;
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

/// What happens once, between a question and its answer.
type Meanwhile = Rc<RefCell<Option<fn(&Client)>>>;

pub struct World {
    sim: Sim,
    client: Client,
    /// What the metrics API answers.
    pub metrics: Rc<RefCell<Result<Value, Status>>>,
    /// What happens in the cluster while it answers.
    pub meanwhile: Meanwhile,
    /// What it was asked.
    pub asked: Rc<RefCell<Vec<(String, String)>>>,
}

impl World {
    /// A deployment `web` of so many pods, which have long been ready.
    pub fn new(replicas: usize) -> World {
        let sim = Sim::new(7);
        let api = ApiServer::new(&sim);
        let metrics: Rc<RefCell<Result<Value, Status>>> = Rc::new(RefCell::new(Ok(Value::Null)));
        let asked: Rc<RefCell<Vec<(String, String)>>> = Rc::default();
        let meanwhile: Meanwhile = Rc::default();
        let client = Client::new(&api, "system:admin");
        let (answers, questions) = (Rc::clone(&metrics), Rc::clone(&asked));
        let (event, other) = (Rc::clone(&meanwhile), client.clone());
        let source = MetricsClient(Rc::new(move |path, selector| {
            questions.borrow_mut().push((path, selector));
            if let Some(event) = event.borrow_mut().take() {
                event(&other);
            }
            let answer = answers.borrow().clone();
            Box::pin(async move { answer })
        }));
        start_with(&Context::new(&sim, &api).named("horizontal-pod-autoscaler-controller"), source);
        let world = World { sim, client, metrics, meanwhile, asked };
        // What pods run as.
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}});
        world.create(SERVICE_ACCOUNT, account);
        world.create(
            DEPLOYMENT,
            json!({
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
                "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": {
                    "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "php", "image": "php"}]},
                }},
            }),
        );
        world.pods(replicas);
        world
    }

    pub fn act<T: 'static, F: Future<Output = T>>(&self, act: impl FnOnce(Client) -> F + 'static) -> T {
        let result = Rc::new(RefCell::new(None));
        let (slot, client) = (Rc::clone(&result), self.client.clone());
        self.sim.spawn(async move {
            let value = act(client).await;
            *slot.borrow_mut() = Some(value);
        });
        self.wait(1);
        result.borrow_mut().take().expect("it is done within a second")
    }

    pub fn wait(&self, seconds: u64) {
        let progress = self.sim.advance(self.sim.now() + Duration::from_secs(seconds), 1_000_000);
        assert!(progress.done, "the cluster comes to rest");
    }

    pub fn create(&self, resource: Resource, object: Value) {
        self.act(async move |client| {
            let made = client.create(resource, "default", object.clone()).await.expect("it is accepted");
            if object.get("status").is_some() {
                let mut with_status = (*made).clone();
                with_status["status"] = object["status"].clone();
                client.update_status(resource, with_status).await.expect("the status is accepted");
            }
        });
    }

    /// So many pods in all.
    pub fn pods(&self, count: usize) {
        for number in self.list(POD).len()..count {
            self.create(
                POD,
                json!({
                    "apiVersion": "v1", "kind": "Pod",
                    "metadata": {"name": format!("web-{number}"), "labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "php", "image": "php",
                        "resources": {"requests": {"cpu": "200m", "memory": "64Mi"}}}]},
                    "status": {"phase": "Running", "startTime": "2026-01-05T07:00:00Z", "conditions": [
                        {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-05T07:00:10Z"},
                    ]},
                }),
            );
        }
    }

    /// So much is used by the pods.
    pub fn used(&self, usage: &[(&str, &str)]) {
        let now = self.sim.now().timestamp().rfc3339();
        let item = |(number, (cpu, memory)): (usize, &(&str, &str))| {
            json!({
                "metadata": {"name": format!("web-{number}"), "namespace": "default"}, "timestamp": now, "window": "15s",
                "containers": [{"name": "php", "usage": {"cpu": cpu, "memory": memory}}],
            })
        };
        let items: Vec<Value> = usage.iter().enumerate().map(item).collect();
        *self.metrics.borrow_mut() = Ok(json!({"kind": "PodMetricsList", "items": items}));
    }

    /// `kubectl autoscale`, with a spec of its own.
    pub fn autoscale(&self, name: &str, spec: Value) {
        let mut spec = spec;
        if spec.get("scaleTargetRef").is_none() {
            spec["scaleTargetRef"] = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
        }
        self.create(
            HORIZONTAL_POD_AUTOSCALER,
            json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": name}, "spec": spec}),
        );
    }

    pub fn list(&self, resource: Resource) -> Vec<Object> {
        self.act(async move |client| {
            client.list(resource, "default", &ListOptions::default()).await.expect("lists").items
        })
    }

    pub fn status(&self) -> Value {
        self.list(HORIZONTAL_POD_AUTOSCALER)[0].at("/status").clone()
    }

    /// `Type=Status Reason: message`, one condition each.
    pub fn conditions(&self) -> Vec<String> {
        let status = self.status();
        let line = |c: &Value| {
            let field = |name: &str| c[name].as_str().unwrap_or("").to_string();
            format!("{}={} {}: {}", field("type"), field("status"), field("reason"), field("message"))
        };
        status.list_at("/conditions").iter().map(line).collect()
    }

    pub fn reasons(&self) -> Vec<String> {
        let status = self.status();
        let line =
            |c: &Value| format!("{}={} {}", c.str_at("/type"), c.str_at("/status"), c.str_at("/reason"));
        status.list_at("/conditions").iter().map(line).collect()
    }

    pub fn events(&self) -> Vec<String> {
        let mut events = self.list(EVENT);
        events.sort_by_key(|event| event.str_at("/firstTimestamp").to_string());
        events.iter().map(|e| format!("{} {}", e.str_at("/reason"), e.str_at("/message"))).collect()
    }

    pub fn replicas(&self) -> i64 {
        self.list(DEPLOYMENT)[0].int_at("/spec/replicas").unwrap_or(0)
    }
}
