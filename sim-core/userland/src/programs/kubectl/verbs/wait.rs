//! `kubectl wait`: until a condition holds, an object is there, or it is gone.
//!
//! Models `k8s.io/kubectl/pkg/cmd/wait`.

use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::jsonpath::{JsonPath, relaxed};
use crate::programs::kubectl::printers::print_result;
use crate::programs::kubectl::rest::JSON;
use crate::programs::kubectl::selection::{Info, MISSING, Rules, Target, select};
use serde_json::Value;
use std::rc::Rc;
use std::time::Duration;

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

const FLAGS: &[Flag] = &[
    Flag::bool("all", "Take all resources of the types, in the namespace."),
    Flag::string(
        "for",
        "",
        "What to wait for: [create|delete|condition=condition-name[=condition-value]|jsonpath='{JSONPath expression}'=[JSONPath value]]. The value of a condition is true by default. Case does not matter for it.",
    ),
    Flag::bool("local", "If true, do not contact the server."),
    Flag::duration(
        "timeout",
        "30s",
        "How long to wait before giving up. Zero looks once and does not wait, negative waits for a week.",
    ),
];

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "wait",
    short: "Wait for a specific condition on one or many resources",
    long: "Wait for a specific condition on one or many resources.\n\n Takes resources and waits until each of them has the condition in its status.\n\n With \"create\" or \"delete\" as the value of --for, it waits until each of them is there, or gone.\n\n When the condition holds, a line on standard output says so; -o changes that.",
    examples: "# Until pod \"busybox1\" has the condition \"Ready\"
kubectl wait --for=condition=Ready pod/busybox1

# Until it has not; any value can follow the second equals sign
kubectl wait --for=condition=Ready=false pod/busybox1

# Until its phase is \"Running\"
kubectl wait --for=jsonpath='{.status.phase}'=Running pod/busybox1

# Until the service has an address outside of the cluster
kubectl wait --for=jsonpath='{.status.loadBalancer.ingress}' service/loadbalancer

# Until the pod is gone, 60 seconds at most
kubectl delete pod/busybox1
kubectl wait --for=delete pod/busybox1 --timeout=60s",
    usage: "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]]",
    flags: &[
        FLAGS,
        globals::ALL_NAMESPACES,
        globals::FIELD_SELECTOR,
        globals::FILENAMES_RECURSIVE,
        globals::PRINT,
        globals::SELECTOR,
    ],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

/// What is waited for.
enum Condition {
    Create,
    Delete,
    Status { name: String, value: String },
    Path { path: JsonPath, value: Option<String> },
}

impl Condition {
    fn parse(text: &str) -> Result<Condition> {
        let lower = text.to_lowercase();
        if lower == "delete" {
            return Ok(Condition::Delete);
        }
        if lower == "create" {
            return Ok(Condition::Create);
        }
        if let Some(condition) = text.strip_prefix("condition=") {
            let (name, value) = condition.split_once('=').unwrap_or((condition, "true"));
            return Ok(Condition::Status { name: name.to_string(), value: value.to_string() });
        }
        if let Some(input) = text.strip_prefix("jsonpath=") {
            let input = input.trim_matches('\'');
            let (expression, value) = match input.rfind("}=") {
                Some(at) => (&input[..=at], Some(&input[at + 2..])),
                None if input.ends_with('}') => (input, None),
                None => match input.split_once('=') {
                    Some((expression, value)) => (expression, Some(value)),
                    None => (input, None),
                },
            };
            if value == Some("") {
                return Err(Error::text(
                    "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
                ));
            }
            let expression = relaxed(expression.trim_matches('\'')).map_err(Error::text)?;
            let path = JsonPath::parse(&expression).map_err(Error::text)?;
            let value = value.map(|v| v.trim_matches(['"', '\'']).to_string());
            return Ok(Condition::Path { path, value });
        }
        Err(Error::text(format!("unrecognized condition: {text:?}")))
    }

    /// Whether it holds for the object.
    fn holds(&self, object: &Value) -> Result<bool> {
        match self {
            Condition::Create => Ok(true),
            Condition::Delete => Ok(false),
            Condition::Status { name, value } => Ok(status_holds(object, name, value)),
            Condition::Path { path, value } => {
                let results = path.find(object).map_err(Error::text)?;
                let found: Vec<_> = results.iter().flatten().collect();
                let Some(want) = value else { return Ok(!found.is_empty()) };
                match &found[..] {
                    [] => Ok(false),
                    [one] if one.value().is_object() || one.value().is_array() => {
                        Err(Error::text("jsonpath leads to a nested object or list which is not supported"))
                    }
                    [one] => Ok(one.text().trim() == want.trim()),
                    _ => Err(Error::text("given jsonpath expression matches more than one value")),
                }
            }
        }
    }
}

fn status_holds(object: &Value, name: &str, value: &str) -> bool {
    let generation = object["metadata"]["generation"].as_i64();
    let is_old = |observed: &Value| match (generation, observed.as_i64()) {
        (Some(generation), Some(observed)) => observed < generation,
        _ => false,
    };
    let conditions = object["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    let Some(condition) = conditions
        .iter()
        .find(|c| c["type"].as_str().is_some_and(|t| t.to_lowercase() == name.to_lowercase()))
    else {
        return false;
    };
    !is_old(&condition["observedGeneration"])
        && !is_old(&object["status"]["observedGeneration"])
        && condition["status"].as_str().is_some_and(|s| s.to_lowercase() == value.to_lowercase())
}

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let condition = Condition::parse(k.flags.str("for"))?;
    let timeout = match k.flags.nanos("timeout") {
        nanos if nanos < 0 => WEEK,
        nanos => Duration::from_nanos(nanos.unsigned_abs()),
    };
    if k.flags.bool("local") {
        return Err(local(&k));
    }
    let selection = select(&k, k.args(), Rules { own_all: true, ..Rules::default() }).await?;
    let start = k.sys.now();
    let left = || timeout.saturating_sub(k.sys.now().duration_since(start));
    let mut visited = 0;
    let mut errors = Vec::new();
    // Objects that are named are looked up one by one; the others come from one list per type.
    let mut infos: Vec<Info> = Vec::new();
    if selection.targets.iter().all(|target| matches!(target, Target::Named(_))) {
        for target in &selection.targets {
            if let Target::Named(info) = target {
                infos.push(info.clone());
            }
        }
    } else {
        (infos, errors) = selection.fetch(&k, false).await?;
    }
    for info in infos {
        visited += 1;
        match one(&k, &info, &condition, left()).await {
            Ok(Some(object)) => print_result(&k, &Info { object, ..info }, "condition met").await?,
            Ok(None) => {}
            Err(error) => errors.push(error),
        }
    }
    if visited == 0 && errors.is_empty() && !matches!(condition, Condition::Delete) {
        return Err(Error::text("no matching resources found"));
    }
    Error::many(errors)
}

/// What `--local` leads to. With a file, kubectl 1.35 looks for a type that it did not ask the server for, and panics.
fn local(k: &Kubectl) -> Error {
    if !k.flags.list("filename").is_empty() {
        return Error::not_simulated("the option --local with a file");
    }
    if k.args().is_empty() {
        return Error::text(MISSING);
    }
    Error::text(
        "you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'",
    )
}

/// Waits for one object; gives it back when there is something to say about it.
async fn one(k: &Kubectl, info: &Info, condition: &Condition, timeout: Duration) -> Result<Option<Value>> {
    if matches!(condition, Condition::Delete) {
        let client = k.client().await?;
        return match client.get(&info.path(), &[]).await {
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
            Ok(object) => {
                let uid = object["metadata"]["uid"].as_str().unwrap_or("").to_string();
                deletion(k, info, &uid, timeout).await?;
                Ok(Some(object))
            }
        };
    }
    let waiting = async {
        loop {
            let client = k.client().await?;
            match client.get(&info.path(), &[]).await {
                Ok(object) if condition.holds(&object)? => return Ok(Some(object)),
                Ok(object) => {
                    if timeout.is_zero() {
                        return Err(Error::text(format!(
                            "condition not met for {}/{}",
                            info.resource.plural, info.name
                        )));
                    }
                    let version = object["metadata"]["resourceVersion"].as_str().unwrap_or("").to_string();
                    let mut events = Events::open(k, info, &version).await?;
                    while let Some((kind, object)) = events.next().await? {
                        if kind != "DELETED" && condition.holds(&object)? {
                            events.close();
                            return Ok(Some(object));
                        }
                    }
                }
                Err(error) if error.is_not_found() && matches!(condition, Condition::Create) => {
                    if timeout.is_zero() {
                        return Err(Error::text("timed out waiting for the condition"));
                    }
                    let _ = k.sys.sleep(Duration::from_millis(500)).await;
                }
                Err(error) => return Err(error),
            }
        }
    };
    if timeout.is_zero() {
        return waiting.await;
    }
    k.sys.timeout(timeout, waiting).await.unwrap_or_else(|| {
        Err(match condition {
            Condition::Create => Error::text("timed out waiting for the condition"),
            _ => timed_out(info),
        })
    })
}

/// Waits until the object with this uid is gone.
pub async fn deletion(k: &Kubectl, info: &Info, uid: &str, timeout: Duration) -> Result<()> {
    let waiting = async {
        loop {
            let client = k.client().await?;
            let object = match client.get(&info.path(), &[]).await {
                Err(error) if error.is_not_found() => return Ok(()),
                other => other?,
            };
            let other = !uid.is_empty() && object["metadata"]["uid"].as_str() != Some(uid);
            if other {
                return Ok(());
            }
            let version = object["metadata"]["resourceVersion"].as_str().unwrap_or("").to_string();
            let mut events = Events::open(k, info, &version).await?;
            while let Some((kind, _)) = events.next().await? {
                if kind == "DELETED" {
                    events.close();
                    return Ok(());
                }
            }
        }
    };
    if timeout.is_zero() {
        return Err(timed_out(info));
    }
    k.sys.timeout(timeout, waiting).await.unwrap_or_else(|| Err(timed_out(info)))
}

fn timed_out(info: &Info) -> Error {
    Error::text(format!("timed out waiting for the condition on {}/{}", info.resource.plural, info.name))
}

/// A watch on one object.
struct Events(crate::programs::kubectl::stream::Stream);

impl Events {
    async fn open(k: &Kubectl, info: &Info, version: &str) -> Result<Events> {
        let field = format!("metadata.name={}", info.name);
        let mut query = vec![("fieldSelector", field.as_str()), ("watch", "true")];
        if !version.is_empty() {
            query.push(("resourceVersion", version));
        }
        let path = info.resource.collection(&info.namespace);
        Ok(Events(k.client().await?.stream(&path, &query, JSON).await?))
    }

    async fn next(&mut self) -> Result<Option<(String, Value)>> {
        while let Some(mut event) = self.0.event().await? {
            match event["type"].as_str().unwrap_or("") {
                "BOOKMARK" => {}
                "ERROR" => return Ok(None),
                kind => return Ok(Some((kind.to_string(), event["object"].take()))),
            }
        }
        Ok(None)
    }

    fn close(self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::json;

    fn check(condition: &str, expected: std::result::Result<bool, &str>) {
        let object = json!({"metadata": {"generation": 1}, "spec": {"replicas": 2}, "status": {"phase": "Running",
            "observedGeneration": 1, "conditions": [{"type": "Available", "status": "True"}]}});
        let result = Condition::parse(condition).and_then(|c| c.holds(&object));
        assert_eq!(result.map_err(|e| e.message()), expected.map_err(str::to_string), "{condition}");
    }

    #[test]
    fn conditions_of_all_kinds() {
        check("condition=available", Ok(true));
        check("condition=Available=false", Ok(false));
        check("condition=nosuch", Ok(false));
        check("jsonpath={.status.phase}=Running", Ok(true));
        check("jsonpath={.status.phase}=Failed", Ok(false));
        check("jsonpath={.spec.replicas}=2", Ok(true));
        check("jsonpath={.status.phase}", Ok(true));
        check("jsonpath={.status.conditions[?(@.type==\"Available\")].status}=True", Ok(true));
        check("foo", Err("unrecognized condition: \"foo\""));
        check("", Err("unrecognized condition: \"\""));
    }
}
