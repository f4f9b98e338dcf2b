//! `stern`: the logs of all pods whose names match, as pods come and go. A program of its own, which speaks with the
//! API server as kubectl does. Models stern 1.33.

mod line;
mod options;

use super::command::{Command, Run};
use super::error::{Error, Result};
use super::flags::Flags;
use super::globals::HELP;
use super::invocation::Kubectl;
use kube::api::selector::LabelSelector;
use line::{Output, Place};
use linux::{Args, ExitCode, Program, Sys};
use options::{FLAGS, usage};
use regex_lite::Regex;
use serde_json::Value;
use sim::SortedMap;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// The program.
pub const STERN: Program =
    Program::new("stern", "Tail logs of many pods", |sys, args| Box::pin(main(sys, args)));

const COMMAND: Command = Command {
    name: "stern",
    usage: "pod-query",
    short: "Tail multiple pods and containers from Kubernetes",
    flags: &[FLAGS],
    run: Run::NotSimulated,
    ..Command::NEW
};

/// Kinds whose pods a query of the form KIND/NAME can be about: names, the path of their collection below the
/// namespace, and where their labels are.
const KINDS: &[(&[&str], &str, &str)] = &[
    (&["rc", "replicationcontroller", "replicationcontrollers"], "/api/v1", "/spec/template/metadata/labels"),
    (&["svc", "service", "services"], "/api/v1", "/spec/selector"),
    (&["ds", "daemonset", "daemonsets"], "/apis/apps/v1", "/spec/template/metadata/labels"),
    (&["deploy", "deployment", "deployments"], "/apis/apps/v1", "/spec/template/metadata/labels"),
    (&["rs", "replicaset", "replicasets"], "/apis/apps/v1", "/spec/template/metadata/labels"),
    (&["sts", "statefulset", "statefulsets"], "/apis/apps/v1", "/spec/template/metadata/labels"),
    (&["job", "jobs"], "/apis/batch/v1", "/spec/template/metadata/labels"),
];
const POD: &[&str] = &["po", "pod", "pods"];

/// How often a log may be asked for again at once, and how long to wait before it is asked for once more.
const RETRIES: u32 = 2;
const RETRY_AFTER: Duration = Duration::from_secs(20);

async fn main(sys: Sys, args: Args) -> ExitCode {
    // A Go program of this size needs a while to start, like kubectl.
    let start = Duration::from_micros(40_000 + sys.random() % 20_000);
    sys.cpu(start).await;
    let flags =
        match Flags::parse(COMMAND.own_flags().chain([&HELP]).collect(), args.get(1..).unwrap_or_default()) {
            Ok(flags) => flags,
            Err(why) => return misused(&sys, &why).await,
        };
    if let Some(flag) = flags.not_simulated() {
        sys.err(&format!("stern: the option --{} is not simulated\n", flag.name)).await;
        return 2;
    }
    if flags.bool(HELP.name) {
        sys.out(&format!("{}\n\n{}", COMMAND.short, usage())).await;
        return 0;
    }
    if flags.bool("version") {
        sys.out("version: 1.33.1\n").await;
        return 0;
    }
    let query = flags.args.first().cloned().unwrap_or_default();
    let selects = ["selector", "field-selector"].iter().any(|name| !flags.str(name).is_empty());
    if query.is_empty() && !selects {
        return misused(
            &sys,
            "One of pod-query, --selector, --field-selector, --prompt or --stdin is required",
        )
        .await;
    }
    if query.contains('/') && !flags.str("selector").is_empty() {
        return misused(&sys, "--selector and the <resource>/<name> query can not be set at the same time")
            .await;
    }
    let result = match Stern::new(&sys, flags, &query) {
        Ok(stern) => Rc::new(stern).run(&query).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => 0,
        Err(error) => {
            sys.err(&format!("Error: {}\n", error.message())).await;
            1
        }
    }
}

/// What cobra prints of a command line that is wrong.
async fn misused(sys: &Sys, why: &str) -> ExitCode {
    sys.err(&format!("Error: {why}\n{}\n", usage())).await;
    1
}

/// What was asked for.
struct Stern {
    k: Kubectl,
    pods: Regex,
    exclude_pods: Vec<Regex>,
    containers: Regex,
    exclude_containers: Vec<Regex>,
    exclude: Vec<Regex>,
    include: Vec<Regex>,
    /// What is marked in lines, all of it at once.
    highlight: Option<Regex>,
    output: Output,
    /// Namespaces are shown.
    namespaced: bool,
    colored: bool,
    follow: bool,
    /// Logs that are read.
    requests: Cell<i64>,
    /// What was seen last, by target.
    seen: RefCell<SortedMap<String, Seen>>,
}

/// What a target was when it was last looked at.
struct Seen {
    /// The uid of its pod.
    pod: String,
    /// The container whose log there is; empty when there is none.
    container: String,
}

/// A container whose log is shown.
struct Target {
    namespace: String,
    pod: String,
    node: String,
    container: String,
    labels: Value,
    annotations: Value,
}

impl Target {
    fn id(&self) -> String {
        format!("{}-{}-{}", self.namespace, self.pod, self.container)
    }
}

impl Stern {
    fn new(sys: &Sys, flags: Flags, query: &str) -> Result<Stern> {
        let pattern = if query.contains('/') { "" } else { query };
        let expression = |text: &str, what: &str| {
            Regex::new(text).map_err(|error| {
                let why = regexp_error(text, &error.to_string());
                Error::text(format!(
                    "failed to compile regular expression {what}: error parsing regexp: {why}"
                ))
            })
        };
        let all = |name: &str, what: &str| -> Result<Vec<Regex>> {
            flags.list(name).iter().map(|text| expression(text, what)).collect()
        };
        let include = all("include", "for inclusion filter")?;
        let highlighted = all("highlight", "for highlight filter")?;
        let mut marked: Vec<&str> = include.iter().chain(&highlighted).map(Regex::as_str).collect();
        // A longer match is wanted.
        sim::Ordered::order_by_key(marked.as_mut_slice(), |text| std::cmp::Reverse(text.len()));
        let highlight = match marked.as_slice() {
            [] => None,
            marked => Some(expression(&format!("({})", marked.join("|")), "for highlight filter")?),
        };
        for state in flags.list("container-state") {
            if !["running", "waiting", "terminated", "all"].contains(&state.as_str()) {
                return Err(Error::text(
                    "containerState should be one of 'running', 'waiting', 'terminated', or 'all'",
                ));
            }
        }
        let selector = flags.str("selector");
        LabelSelector::parse(selector)
            .map_err(|why| Error::text(format!("failed to parse selector as label selector: {why}")))?;
        let colored = match flags.str("color") {
            "always" => true,
            "never" => false,
            "auto" => {
                sys.isatty(1)
                    && sys.env("TERM").is_none_or(|term| term != "dumb")
                    && sys.env("NO_COLOR").is_none()
            }
            _ => return Err(Error::text("color should be one of 'always', 'never', or 'auto'")),
        };
        let output = match flags.str("output") {
            "default" => Output::Default,
            "raw" => Output::Raw,
            "json" => Output::Json,
            "extjson" => Output::ExtJson,
            "ppextjson" => Output::PrettyExtJson,
            _ => {
                let why = "output should be one of 'default', 'raw', 'json', 'extjson', and 'ppextjson'";
                return Err(Error::text(why));
            }
        };
        if !["", "default", "short"].contains(&flags.str("timestamps")) {
            return Err(Error::text("timestamps should be one of 'default', or 'short'"));
        }
        Ok(Stern {
            pods: expression(pattern, "from query")?,
            exclude_pods: all("exclude-pod", "for excluded pod query")?,
            containers: expression(flags.str("container"), "for container query")?,
            exclude_containers: all("exclude-container", "for excluded container query")?,
            exclude: all("exclude", "for exclusion filter")?,
            include,
            highlight,
            output,
            namespaced: flags.bool("all-namespaces") || flags.list("namespace").len() > 1,
            colored,
            follow: !flags.bool("no-follow"),
            requests: Cell::new(0),
            seen: RefCell::default(),
            k: Kubectl::new(sys.clone(), &COMMAND, "stern".to_string(), flags),
        })
    }

    async fn run(self: Rc<Self>, query: &str) -> Result<()> {
        let flags = &self.k.flags;
        let namespaces: Vec<String> = match flags.list("namespace") {
            _ if flags.bool("all-namespaces") => vec![String::new()],
            [] => vec![self.k.namespace().await?.0],
            named => named.to_vec(),
        };
        let resource = match query.split('/').collect::<Vec<_>>()[..] {
            [_] => None,
            [kind, name] => Some((kind, name)),
            _ => return Err(Error::text("resource must be specified in the form \"<resource>/<name>\"")),
        };
        let mut watches = Vec::new();
        for namespace in namespaces {
            watches.push(Box::pin(self.watch(namespace, resource)));
        }
        // What goes wrong in one namespace ends it for all.
        while !watches.is_empty() {
            let (ended, _, others) = futures_util::future::select_all(watches).await;
            ended?;
            watches = others;
        }
        Ok(())
    }

    /// Shows the logs of a namespace's pods, and with `follow` those of pods to come.
    async fn watch(self: &Rc<Self>, namespace: String, resource: Option<(&str, &str)>) -> Result<()> {
        let client = self.k.client().await?;
        let path = match namespace.as_str() {
            "" => "/api/v1/pods".to_string(),
            namespace => format!("/api/v1/namespaces/{namespace}/pods"),
        };
        let labels = self.labels(&namespace, resource).await?;
        // Pods might have no labels, or share them: they are known by their names.
        let only = resource.filter(|(kind, _)| POD.contains(kind)).map(|(_, name)| name);
        let node = self.k.flags.str("node");
        let of_node = if node.is_empty() { String::new() } else { format!("spec.nodeName={node}") };
        let mut fields = vec![self.k.flags.str("field-selector"), &of_node];
        fields.retain(|selector| !selector.is_empty());
        let fields = fields.join(",");
        let mut query = vec![("labelSelector", labels.as_str()), ("fieldSelector", fields.as_str())];
        query.retain(|(_, selector)| !selector.is_empty());
        let list = client.get(&path, &query).await?;
        let mut found = Vec::new();
        for pod in list["items"].as_array().into_iter().flatten() {
            found.extend(self.targets(pod, only));
        }
        let limit = match self.k.flags.int("max-log-requests") {
            -1 if self.follow => 50,
            -1 => 5,
            limit => limit,
        };
        if !self.follow {
            let at_once = usize::try_from(limit).unwrap_or(1).max(1);
            for some in found.chunks(at_once) {
                let logs = some.iter().map(async |target| self.tail(target, &mut Place::default()).await);
                sim::join_all(logs).await.into_iter().collect::<Result<Vec<()>>>()?;
            }
            return Ok(());
        }
        let version = list["metadata"]["resourceVersion"].as_str().unwrap_or("").to_string();
        query.extend([("watch", "true"), ("resourceVersion", &version)]);
        let watch = client.stream(&path, &query, "application/json").await;
        let mut watch =
            watch.map_err(|error| Error::text(format!("failed to set up watch: {}", error.message())))?;
        loop {
            for target in found.drain(..) {
                self.requests.set(self.requests.get() + 1);
                if self.requests.get() > limit {
                    return Err(Error::text(format!(
                        "stern reached the maximum number of log requests ({limit}), use --max-log-requests to increase the limit"
                    )));
                }
                let own = self.clone();
                self.k.sys.spawn_thread(async move {
                    own.tail_on(&target).await;
                    own.requests.set(own.requests.get() - 1);
                });
            }
            let Some(event) = watch.event().await? else { return Err(Error::text("lost watch connection")) };
            let pod = &event["object"];
            match event["type"].as_str() {
                Some("ADDED" | "MODIFIED") => found.extend(self.targets(pod, only)),
                Some("DELETED") => {
                    let gone = pod["metadata"]["uid"].as_str().unwrap_or("");
                    self.seen.borrow_mut().retain(|_, seen| seen.pod != gone);
                }
                _ => {}
            }
        }
    }

    /// The labels of the pods that are meant.
    async fn labels(&self, namespace: &str, resource: Option<(&str, &str)>) -> Result<String> {
        let Some((kind, name)) = resource.filter(|(kind, _)| !POD.contains(kind)) else {
            return Ok(self.k.flags.str("selector").to_string());
        };
        let Some((names, api, labels)) = KINDS.iter().find(|(names, ..)| names.contains(&kind)) else {
            return Err(Error::text(format!("resource type {kind} is not supported")));
        };
        let plural = names.last().copied().unwrap_or_default();
        let object =
            self.k.client().await?.get(&format!("{api}/namespaces/{namespace}/{plural}/{name}"), &[]).await?;
        match object.pointer(labels).and_then(Value::as_object).filter(|labels| !labels.is_empty()) {
            Some(labels) => Ok(LabelSelector::from_map(labels).to_string()),
            None => Err(Error::text(format!("resource {kind}/{name} has no labels to select"))),
        }
    }

    /// The containers of a pod whose logs are to be shown from now on.
    fn targets(&self, pod: &Value, only: Option<&str>) -> Vec<Target> {
        let text = |path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or("").to_string();
        let name = text("/metadata/name");
        let any = |expressions: &[Regex], text: &str| expressions.iter().any(|e| e.is_match(text));
        if only.is_some_and(|only| only != name)
            || !self.pods.is_match(&name)
            || any(&self.exclude_pods, &name)
        {
            return Vec::new();
        }
        let flags = &self.k.flags;
        let lists = [
            ("initContainerStatuses", flags.bool("init-containers")),
            ("containerStatuses", true),
            ("ephemeralContainerStatuses", flags.bool("ephemeral-containers")),
        ];
        let statuses =
            lists.iter().filter(|(_, wanted)| *wanted).filter_map(|(list, _)| pod["status"][list].as_array());
        let mut found = Vec::new();
        for status in statuses.flatten() {
            let container = status["name"].as_str().unwrap_or("").to_string();
            if !self.containers.is_match(&container) || any(&self.exclude_containers, &container) {
                continue;
            }
            let target = Target {
                namespace: text("/metadata/namespace"),
                pod: name.clone(),
                node: text("/spec/nodeName"),
                container,
                labels: pod["metadata"]["labels"].clone(),
                annotations: pod["metadata"]["annotations"].clone(),
            };
            if self.is_new(&target, text("/metadata/uid"), status) {
                found.push(target);
            }
        }
        found
    }

    /// Whether the container is another than the one whose log was read last.
    fn is_new(&self, target: &Target, pod: String, status: &Value) -> bool {
        let id = container_id(status).to_string();
        let seen = Seen { pod, container: id.clone() };
        let before = self.seen.borrow_mut().insert(target.id(), seen);
        if id.is_empty() {
            return false;
        }
        let states = self.k.flags.list("container-state");
        match before {
            // Only containers that were there before are chosen by their state: later ones may have ended at once.
            None => {
                states.is_empty()
                    || states.iter().any(|state| state == "all" || status["state"][state].is_object())
            }
            Some(before) => before.container != id,
        }
    }

    /// Follows a log, and takes it up again when it breaks off.
    async fn tail_on(&self, target: &Target) {
        let mut place = Place::default();
        for attempt in 1.. {
            let Err(error) = self.tail(target, &mut place).await else { return };
            let why = error.message();
            if self.seen.borrow().get(&target.id()).is_none_or(|seen| seen.container.is_empty()) {
                self.k.err(&format!("failed to tail: {why}\n")).await;
                return;
            }
            self.k.err(&format!("failed to tail: {why}, will retry\n")).await;
            place.skip = place.lines;
            if attempt >= RETRIES && self.k.sys.sleep(RETRY_AFTER).await.is_err() {
                return;
            }
        }
    }

    /// Shows a log up to its end.
    async fn tail(&self, target: &Target, place: &mut Place) -> Result<()> {
        self.mark(target, "+", "92").await;
        let shown = self.show(target, place).await;
        self.mark(target, "-", "91").await;
        shown
    }

    async fn show(&self, target: &Target, place: &mut Place) -> Result<()> {
        let path = format!("/api/v1/namespaces/{}/pods/{}/log", target.namespace, target.pod);
        let mut query = vec![("container", target.container.as_str()), ("timestamps", "true")];
        if self.follow {
            query.push(("follow", "true"));
        }
        let from = place.second.clone();
        let since = (self.k.flags.nanos("since") / 1_000_000_000).to_string();
        if from.is_empty() {
            query.push(("sinceSeconds", &since));
            if self.k.flags.int("tail") != -1 {
                query.push(("tailLines", self.k.flags.str("tail")));
            }
        } else {
            query.push(("sinceTime", &from));
        }
        let mut log = self.k.client().await?.stream(&path, &query, "application/json, */*").await?;
        let mut rest = Vec::new();
        loop {
            let piece = log.piece().await?;
            let ended = piece.is_none();
            rest.extend(piece.unwrap_or_default());
            let last = rest.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
            let lines: Vec<u8> = rest.drain(..if ended { rest.len() } else { last }).collect();
            let lines = String::from_utf8_lossy(&lines);
            let text: String = lines.lines().filter_map(|line| self.line(target, place, line)).collect();
            if !text.is_empty() && self.k.sys.write_all(1, text.as_bytes()).await.is_err() || ended {
                log.close();
                return Ok(());
            }
        }
    }
}

/// The container whose log there is.
fn container_id(status: &Value) -> &str {
    let text = |value: &'_ Value| value.as_str().is_some_and(|id| !id.is_empty());
    if status["state"]["running"].is_object() {
        return status["containerID"].as_str().unwrap_or("");
    }
    let ended =
        [&status["state"]["terminated"]["containerID"], &status["lastState"]["terminated"]["containerID"]];
    ended.into_iter().find(|id| text(id)).and_then(Value::as_str).unwrap_or("")
}

/// What Go says about the commonest mistakes in expressions; the others are in the words of the library.
fn regexp_error(text: &str, error: &str) -> String {
    let from = |c: char| text.rfind(c).map_or(text, |at| &text[at..]);
    if error.contains("unclosed character class") {
        format!("missing closing ]: `{}`", from('['))
    } else if error.contains("open group") {
        format!("missing closing ): `{text}`")
    } else if error.contains("closing ')' without") {
        format!("unexpected ): `{text}`")
    } else if error.contains("repetition") && text.starts_with(['*', '+', '?']) {
        format!("missing argument to repetition operator: `{}`", &text[..1])
    } else {
        error.to_string()
    }
}
