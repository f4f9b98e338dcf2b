//! One run of kubectl: its flags and arguments, its kubeconfig, its client.

use super::command::Command;
use super::discovery::Mapper;
use super::error::{Error, Result};
use super::flags::Flags;
use super::klog;
use super::kubeconfig::{Kubeconfig, Target};
use super::rest::{self, Client, Dialect, Query};
use linux::Sys;
use serde_json::Value;
use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use std::time::Duration;

/// What a verb gets to work with.
pub struct Kubectl {
    /// The process.
    pub sys: Sys,
    /// The command that runs.
    pub command: &'static Command,
    /// What it is called by, for example `kubectl create service`.
    pub path: String,
    /// Its flags; the arguments are in `flags.args`.
    pub flags: Flags,
    client: OnceCell<Rc<Client>>,
    mapper: OnceCell<Rc<Mapper>>,
    target: OnceCell<Target>,
    /// How many objects were printed as YAML: from the second on, a line with three dashes comes first.
    documents: Cell<usize>,
    told_of_kubeconfig: Cell<bool>,
}

/// Verbs whose requests are for objects of kinds that the program knows.
const SCHEME: &[&str] = &[
    "attach",
    "cluster-info",
    "cordon",
    "debug",
    "drain",
    "exec",
    "expose",
    "logs",
    "port-forward",
    "rollout",
    "run",
    "set",
    "taint",
    "uncordon",
];
/// Verbs with a client for each kind.
const TYPED: &[&str] = &["auth", "cp", "create", "events", "top"];

impl Kubectl {
    /// A run that is about to start.
    pub fn new(sys: Sys, command: &'static Command, path: String, flags: Flags) -> Kubectl {
        Kubectl {
            sys,
            command,
            path,
            flags,
            client: OnceCell::new(),
            mapper: OnceCell::new(),
            target: OnceCell::new(),
            documents: Cell::new(0),
            told_of_kubeconfig: Cell::new(false),
        }
    }

    /// What stands before the next object that is printed as YAML.
    pub fn document(&self) -> &'static str {
        let before = self.documents.get();
        self.documents.set(before + 1);
        if before == 0 { "" } else { "---\n" }
    }

    /// `-v`.
    pub fn verbosity(&self) -> i64 {
        self.flags.int("v")
    }

    /// The arguments between the flags.
    pub fn args(&self) -> &[String] {
        &self.flags.args
    }

    /// Writes to standard output.
    pub async fn out(&self, text: &str) {
        self.sys.out(text).await;
    }

    /// Writes to standard error.
    pub async fn err(&self, text: &str) {
        self.sys.err(text).await;
    }

    /// Prints a warning on standard error.
    pub async fn warn(&self, text: &str) {
        rest::warn(&self.sys, text).await;
    }

    /// A line of the log, as klog writes it; `place` is the line of the source that says it.
    pub async fn log(&self, level: char, place: &str, text: &str) {
        self.err(&klog::line(&self.sys, level, place, text)).await;
    }

    /// A mistake in the use of the command: `TEXT` and `See 'kubectl get -h' for help and examples`.
    pub fn usage_error(&self, text: impl AsRef<str>) -> Error {
        Error::text(format!("{}\nSee '{} -h' for help and examples", text.as_ref(), self.path))
    }

    /// The kubeconfig.
    pub async fn kubeconfig(&self) -> Result<Kubeconfig> {
        let kubeconfig = Kubeconfig::load(&self.sys, &self.flags).await?;
        let path = &kubeconfig.path;
        if self.verbosity() >= 6 && self.sys.stat(path).is_ok() && !self.told_of_kubeconfig.replace(true) {
            self.err(&klog::loaded(&self.sys, path)).await;
        }
        Ok(kubeconfig)
    }

    async fn target(&self) -> Result<&Target> {
        if let Some(target) = self.target.get() {
            return Ok(target);
        }
        let target = self.kubeconfig().await?.target(&self.sys, &self.flags).await?;
        Ok(self.target.get_or_init(|| target))
    }

    /// The namespace to work in, and whether the command line named it.
    pub async fn namespace(&self) -> Result<(String, bool)> {
        let given = self.flags.str("namespace");
        if !given.is_empty() {
            return Ok((given.to_string(), true));
        }
        let of_context = &self.target().await?.namespace;
        let namespace = if of_context.is_empty() { "default" } else { of_context };
        Ok((namespace.to_string(), false))
    }

    /// The client of the API server.
    pub async fn client(&self) -> Result<Rc<Client>> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let target = self.target().await?.clone();
        let mut impersonate = Vec::new();
        let user = self.flags.str("as");
        let groups = self.flags.list("as-group");
        if user.is_empty() && !groups.is_empty() {
            return Err(Error::text(format!(
                "requesting uid, groups or user-extra for {} without impersonating a user",
                target.user
            )));
        }
        if !user.is_empty() {
            impersonate.push(("Impersonate-User".to_string(), user.to_string()));
        }
        for group in groups {
            impersonate.push(("Impersonate-Group".to_string(), group.clone()));
        }
        let level = self.verbosity();
        if level >= 1 {
            self.err(&klog::gates(&self.sys)).await;
        }
        let client = Client::new(&self.sys, target, impersonate, self.request_timeout()?).verbose(level);
        if self.flags.bool("match-server-version") {
            let server = client.get("/version", &[]).await?;
            if server["gitVersion"] != super::VERSION {
                return Err(Error::not_simulated("a server of another version with --match-server-version"));
            }
        }
        let mut words = self.path.split(' ').skip(1);
        match (words.next().unwrap_or(""), words.next()) {
            // With a file, it is of whatever kind.
            ("create", None) => {}
            (verb, _) if TYPED.contains(&verb) => client.speak(Dialect::Typed),
            (verb, _) if SCHEME.contains(&verb) => client.speak(Dialect::Scheme),
            _ => {}
        }
        let client = Rc::new(client);
        Ok(self.client.get_or_init(|| client).clone())
    }

    /// With `--record`, notes in an object which command line changes it; says whether.
    pub fn record(&self, object: &mut Value) -> bool {
        let record = self.flags.bool("record");
        if record {
            let args: String = self.args().iter().map(|arg| format!(" {arg}")).collect();
            let line = format!("{}{args}{}", self.path, self.flags.line);
            object["metadata"]["annotations"]["kubernetes.io/change-cause"] = line.into();
        }
        record
    }

    /// With `--warnings-as-errors`, complains about warnings of the server.
    pub fn check_warnings(&self) -> Result<()> {
        let count = self.client.get().map_or(0, |client| client.warnings());
        if count == 0 || !self.flags.bool("warnings-as-errors") {
            return Ok(());
        }
        let plural = if count == 1 { "" } else { "s" };
        Err(Error::text(format!("{count} warning{plural} received")))
    }

    fn request_timeout(&self) -> Result<Option<Duration>> {
        if !self.flags.has("request-timeout") {
            return Ok(None);
        }
        let text = self.flags.str("request-timeout");
        if let Ok(seconds) = text.parse::<u64>() {
            return Ok((seconds > 0).then(|| Duration::from_secs(seconds)));
        }
        match super::flags::parse_duration(text) {
            Ok(nanos) => Ok(u64::try_from(nanos).ok().filter(|n| *n > 0).map(Duration::from_nanos)),
            Err(_) => Err(Error::text(
                "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)",
            )),
        }
    }

    /// What the server serves.
    pub async fn mapper(&self) -> Result<Rc<Mapper>> {
        if let Some(mapper) = self.mapper.get() {
            return Ok(mapper.clone());
        }
        let query = self.client().await?.discovery_query();
        self.discover(query).await
    }

    /// What the server serves, for those who ask it themselves: their requests are logged.
    pub async fn fresh_mapper(&self) -> Result<Rc<Mapper>> {
        self.client().await?.tell_discovery();
        self.mapper().await
    }

    /// A type that nobody has heard of makes kubectl forget what it knows, and ask again.
    pub async fn forget(&self) {
        if self.verbosity() < 5 {
            return;
        }
        self.log('I', "discovery.go:214", "Invalidating discovery information").await;
        if let Some(client) = self.client.get() {
            client.tell_discovery();
            // What it finds was found before.
            let _ = Mapper::discover(client, client.discovery_query()).await;
        }
    }

    /// What the log says of the error that ends the command.
    pub async fn tell_of(&self, error: &Error) {
        match error {
            Error::Status(status) if self.verbosity() >= 4 => {
                let dialect = self.client.get().map(|client| client.dialect());
                let has_kind = dialect.is_none_or(|dialect| dialect == Dialect::Unstructured);
                self.err(&klog::status(&self.sys, status, has_kind)).await;
            }
            Error::Text(text) | Error::Verbatim(text)
                if text.contains("the server doesn't have a resource type") =>
            {
                self.forget().await;
            }
            _ => {}
        }
    }

    /// As [`Self::mapper`], with the query of the requests.
    pub async fn discover(&self, query: Query<'_>) -> Result<Rc<Mapper>> {
        let client = self.client().await?;
        match Mapper::discover(&client, query).await {
            Ok(mapper) => Ok(self.mapper.get_or_init(|| Rc::new(mapper)).clone()),
            Err(mut error) => {
                if let Error::Status(status) = &mut error
                    && status["code"] == 401
                {
                    // Discovery looks at the code alone, not at what the server says.
                    status["message"] = super::failure::UNAUTHORIZED.into();
                }
                self.log_discovery(&client, &error).await;
                Err(error)
            }
        }
    }

    /// client-go complains into the log each time that discovery fails; kubectl tries five times.
    async fn log_discovery(&self, client: &Client, error: &Error) {
        let limit = self.flags.str("request-timeout");
        let limit = if limit == "0" { "32s" } else { limit };
        let mut failed = String::new();
        let why = match error {
            Error::Connect { server, errno, .. } => {
                failed = format!(
                    "dial tcp {}: connect: {}",
                    server.replace("localhost:", "127.0.0.1:"),
                    super::error::dial_error(*errno).trim_start_matches("connect: ")
                );
                format!("Get \"{}/api?timeout={limit}\": {failed}", client.server())
            }
            Error::Status(_) => error.message(),
            _ => return,
        };
        let level = self.verbosity();
        for attempt in 1..=5 {
            if !failed.is_empty() {
                self.err(&client.unanswered(&failed)).await;
            }
            let why_quoted = why.replace('"', "\\\"");
            self.log(
                'E',
                "memcache.go:265",
                &format!(
                    "\"Unhandled Error\" err=\"couldn't get current server API group list: {why_quoted}\""
                ),
            )
            .await;
            if level >= 3 {
                let skipped = format!("skipped caching discovery info due to {why}");
                self.log('I', "cached_discovery.go:120", &skipped).await;
            }
            if level >= 1 && attempt == 2 {
                self.log('I', "shortcut.go:103", &format!("Error loading discovery information: {why}"))
                    .await;
            }
            self.sys.cpu(Duration::from_micros(700)).await;
        }
        if level >= 4 && !failed.is_empty() {
            self.log('I', "helpers.go:264", &format!("Connection error: {}", why.replace('"', ""))).await;
        }
    }
}
