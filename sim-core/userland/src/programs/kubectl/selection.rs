//! Which objects a command means: `TYPE NAME...`, `TYPE/NAME...`, `TYPE,TYPE`, `-l`, `--all`, `-f`.
//!
//! Models `k8s.io/cli-runtime/pkg/resource/builder.go`.

use super::discovery::{Mapper, Resource};
use super::error::{Error, Result};
use super::invocation::Kubectl;
use super::rest::{Client, Request};
use super::{kustomize, manifest};
use encoding::tape::Hidden;
use kube::api::scheme;
use kube::api::selector::LabelSelector;
use serde_json::Value;
use std::rc::Rc;

/// What kubectl says when neither arguments nor files name anything.
pub const MISSING: &str = "You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'";

/// How a verb reads its arguments.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// `TYPE` alone means all objects of the type.
    pub type_alone_is_all: bool,
    /// Files are checked as those of `create` and `apply`.
    pub validate: bool,
    /// The arguments are only names or `TYPE/NAME`, of this type where none is said.
    pub default_type: Option<&'static str>,
    /// `--selector` means something else to the verb (`kubectl expose`).
    pub own_selector: bool,
    /// `--all` and `--selector` do not exclude each other here, or the verb says so itself.
    pub own_all: bool,
    /// Files may only hold kinds that kubectl itself knows.
    pub typed: bool,
}

/// What was selected, before anything is fetched.
#[derive(Debug, Default)]
pub struct Selection {
    /// In order.
    pub targets: Vec<Target>,
    /// True when exactly one object is meant, so that it is printed by itself and not in a list.
    pub single: bool,
    /// Label selector for collections.
    pub label_selector: String,
    /// Field selector for collections.
    pub field_selector: String,
    /// True with `--all-namespaces`.
    pub all_namespaces: bool,
    /// The namespace where none is said.
    pub namespace: String,
    /// The part of the objects that is fetched; empty for all of them.
    pub subresource: String,
}

/// One thing selected.
#[derive(Clone, Debug)]
pub enum Target {
    /// All objects of a type that the selectors let through; an empty namespace means all.
    Collection {
        /// Type.
        resource: Rc<Resource>,
        /// Namespace.
        namespace: String,
    },
    /// One object.
    Named(Info),
}

/// One object, perhaps not fetched yet.
#[derive(Clone, Debug)]
pub struct Info {
    /// Type.
    pub resource: Rc<Resource>,
    /// Namespace; empty for objects without.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The file that it came from; empty for arguments.
    pub source: String,
    /// The object, from the file or the server.
    pub object: Value,
}

impl Info {
    /// Path on the server.
    pub fn path(&self) -> String {
        self.resource.path(&self.namespace, &self.name)
    }

    /// `deployment.apps/blue`.
    pub fn label(&self) -> String {
        format!("{}/{}", self.resource.kind_group(), self.name)
    }

    /// An object that the server gave.
    pub fn of_object(resource: &Rc<Resource>, object: Value) -> Info {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or("").to_string();
        Info {
            resource: resource.clone(),
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
            source: String::new(),
            object,
        }
    }
}

impl Target {
    /// Its type.
    pub fn resource(&self) -> &Rc<Resource> {
        match self {
            Target::Collection { resource, .. } => resource,
            Target::Named(info) => &info.resource,
        }
    }
}

/// Reads flags (`-f -R -l --field-selector --all -A -n`, those that the command has) and `args`.
pub async fn select(k: &Kubectl, args: &[String], rules: Rules) -> Result<Selection> {
    select_from(k, &files(k)?, args, rules).await
}

/// What `-f` or `-k` names.
fn files(k: &Kubectl) -> Result<Vec<String>> {
    let (files, directory) = (k.flags.list("filename"), k.flags.str("kustomize"));
    if directory.is_empty() {
        return Ok(files.to_vec());
    }
    if !files.is_empty() {
        return Err(Error::text("only one of -f or -k can be specified"));
    }
    if k.flags.bool("recursive") {
        return Err(Error::text("the -k flag can't be used with -f or -R"));
    }
    Ok(vec![directory.to_string()])
}

/// The objects of files, or of a directory with a kustomization, with where they are from.
async fn objects(k: &Kubectl, files: &[String], validate: bool) -> Result<Vec<(String, Value)>> {
    let directory = k.flags.str("kustomize");
    if directory.is_empty() {
        return manifest::load(k, files, k.flags.bool("recursive"), validate).await;
    }
    let built = kustomize::build(k, directory).await.map_err(|error| match error {
        // Where several errors could come, none has a word before it.
        Error::Text(text) if matches!(k.command.name, "get" | "describe") => Error::Verbatim(text),
        other => other,
    })?;
    Ok(built.into_iter().map(|object| (directory.to_string(), object)).collect())
}

/// Like [`select`], but whatever `-f` says is for something else.
pub async fn select_arguments(k: &Kubectl, args: &[String], rules: Rules) -> Result<Selection> {
    select_from(k, &[], args, rules).await
}

/// The objects of the files as they are, for `--local`: the server is not asked. Where they go through Go's types,
/// they are of kinds that kubectl itself knows.
pub async fn local(k: &Kubectl, typed: bool) -> Result<Vec<Info>> {
    let objects = objects(k, &files(k)?, false).await?;
    let mut infos = Vec::new();
    for (source, object) in objects {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or("").to_string();
        let known = scheme::by_kind(&text("/apiVersion"), &text("/kind"));
        if typed && known.is_none() {
            return Err(not_registered(&source, &object));
        }
        let (api_version, kind) = (text("/apiVersion"), text("/kind"));
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        infos.push(Info {
            resource: Rc::new(Resource {
                group: group.to_string(),
                version: version.to_string(),
                plural: known.map_or_else(|| kind.to_lowercase() + "s", |known| known.plural.to_string()),
                singular: kind.to_lowercase(),
                kind,
                short_names: Vec::new(),
                categories: Vec::new(),
                namespaced: known.is_none_or(|known| known.namespaced),
                verbs: Vec::new(),
                subresources: Vec::new(),
            }),
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
            source,
            object,
        });
    }
    Ok(infos)
}

fn not_registered(source: &str, object: &Value) -> Error {
    Error::text(format!(
        "unable to decode {source:?}: no kind {:?} is registered for version {:?} in scheme \"pkg/scheme/scheme.go:28\"",
        object["kind"].as_str().unwrap_or(""),
        object["apiVersion"].as_str().unwrap_or("")
    ))
}

async fn select_from(k: &Kubectl, files: &[String], args: &[String], rules: Rules) -> Result<Selection> {
    let flags = &k.flags;
    let all = flags.has("all") && flags.bool("all");
    let mut selection = Selection {
        label_selector: if rules.own_selector { String::new() } else { flags.str("selector").to_string() },
        field_selector: flags.str("field-selector").to_string(),
        all_namespaces: flags.bool("all-namespaces"),
        ..Selection::default()
    };
    if !files.is_empty() && !args.is_empty() {
        return Err(Error::text(
            "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
        ));
    }
    if files.is_empty() && args.is_empty() {
        return Err(Error::text(MISSING));
    }
    let (namespace, explicit) = k.namespace().await?;
    selection.namespace = namespace.clone();
    if !files.is_empty() {
        let infos = objects(k, files, rules.validate).await?;
        if rules.typed {
            let foreign = infos.iter().find(|(_, object)| {
                let text = |field: &str| object[field].as_str().unwrap_or("").to_string();
                scheme::by_kind(&text("apiVersion"), &text("kind")).is_none()
            });
            if let Some((source, object)) = foreign {
                return Err(not_registered(source, object));
            }
        }
        let mapper = k.mapper().await?;
        let selector = LabelSelector::parse(&selection.label_selector).map_err(Error::text)?;
        let no_labels = serde_json::Map::new();
        for (source, object) in infos {
            // A selector also chooses among what files say.
            let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
            if !selector.matches(labels.unwrap_or(&no_labels)) {
                continue;
            }
            let info = place(&mapper, &namespace, explicit, source, object)?;
            selection.targets.push(Target::Named(info));
        }
        selection.single = selection.targets.len() == 1;
        return Ok(selection);
    }
    let selected = !selection.label_selector.is_empty() || !selection.field_selector.is_empty();
    if all && !rules.own_all && selected {
        return Err(Error::text("setting 'all' parameter but found a non empty selector. "));
    }
    let args = spread(args);
    if is_combined(&args)? {
        return combined(k, selection, &args, all, &namespace).await;
    }
    let (types, names): (String, &[String]) = match rules.default_type {
        Some(default) => (default.to_string(), &args[..]),
        None => (args[0].clone(), &args[1..]),
    };
    let mapper = k.mapper().await?;
    warn_of_others(k, types.split(',')).await?;
    let resources = types_of(&mapper, &types)?;
    let by_selector = all || !selection.label_selector.is_empty() || !selection.field_selector.is_empty();
    if !names.is_empty() {
        if by_selector {
            return Err(Error::text("name cannot be provided when a selector is specified"));
        }
        if resources.len() > 1 {
            return Err(Error::text("you must specify only one resource"));
        }
        if selection.all_namespaces {
            return Err(across_namespaces());
        }
        for name in names {
            selection.targets.push(named(&resources[0], &namespace, name));
        }
        selection.single = names.len() == 1;
        return Ok(selection);
    }
    if !by_selector && !rules.type_alone_is_all {
        return Err(Error::text("resource(s) were provided, but no name was specified"));
    }
    let namespace = if selection.all_namespaces { String::new() } else { namespace };
    for resource in resources {
        let namespace = if resource.namespaced { namespace.clone() } else { String::new() };
        selection.targets.push(Target::Collection { resource, namespace });
    }
    Ok(selection)
}

async fn combined(
    k: &Kubectl,
    mut selection: Selection,
    args: &[String],
    all: bool,
    namespace: &str,
) -> Result<Selection> {
    let mut pairs = Vec::new();
    for arg in args {
        let parts: Vec<&str> = arg.split('/').collect();
        match parts[..] {
            [resource, name] if !resource.is_empty() && !name.is_empty() && !resource.contains(',') => {
                pairs.push((resource, name));
            }
            [_, _] => {
                return Err(Error::text(
                    "arguments in resource/name form must have a single resource and name",
                ));
            }
            _ => return Err(Error::text("arguments in resource/name form may not have more than one slash")),
        }
    }
    if all || !selection.label_selector.is_empty() {
        return Err(Error::text(
            "selectors and the all flag cannot be used when passing resource/name arguments",
        ));
    }
    if selection.all_namespaces {
        return Err(across_namespaces());
    }
    let mapper = k.mapper().await?;
    warn_of_others(k, pairs.iter().map(|(resource, _)| *resource)).await?;
    for (resource, name) in &pairs {
        let resource = mapper.find(resource)?;
        selection.targets.push(named(&resource, namespace, name));
    }
    selection.single = pairs.len() == 1;
    Ok(selection)
}

/// Says which other types short names could mean, each once.
pub async fn warn_of_others<'a>(k: &Kubectl, types: impl Iterator<Item = &'a str>) -> Result<()> {
    let mapper = k.mapper().await?;
    let mut said: Vec<&str> = Vec::new();
    for name in types {
        if !said.contains(&name) {
            for other in mapper.also_called(name) {
                k.warn(&format!("short name {name:?} could also match lower priority resource {other}"))
                    .await;
            }
            said.push(name);
        }
    }
    Ok(())
}

/// Where an object of a file goes.
fn place(
    mapper: &Mapper,
    namespace: &str,
    explicit: bool,
    source: String,
    mut object: Value,
) -> Result<Info> {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or("").to_string();
    let (api_version, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
    let own = text("/metadata/namespace");
    let resource = mapper.of_kind(&api_version, &kind).ok_or_else(|| {
        Error::text(format!(
            "resource mapping not found for name: {name:?} namespace: {own:?} from {source:?}: no matches for kind {kind:?} in version {api_version:?}\nensure CRDs are installed first"
        ))
    })?;
    let namespace = if !resource.namespaced {
        String::new()
    } else if own.is_empty() {
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.insert("namespace".to_string(), Value::from(namespace));
        }
        namespace.to_string()
    } else if explicit && own != namespace {
        return Err(Error::text(format!(
            "the namespace from the provided object {own:?} does not match the namespace {namespace:?}. You must pass '--namespace={own}' to perform this operation."
        )));
    } else {
        own
    };
    Ok(Info { resource, namespace, name, source, object })
}

fn named(resource: &Rc<Resource>, namespace: &str, name: &str) -> Target {
    Target::Named(Info {
        resource: resource.clone(),
        namespace: if resource.namespaced { namespace.to_string() } else { String::new() },
        name: name.to_string(),
        source: String::new(),
        object: Value::Null,
    })
}

fn across_namespaces() -> Error {
    Error::text("a resource cannot be retrieved by name across all namespaces")
}

/// The types that `pods,svc` or `all` mean.
pub fn types_of(mapper: &Mapper, types: &str) -> Result<Vec<Rc<Resource>>> {
    let mut resources: Vec<Rc<Resource>> = Vec::new();
    for name in types.split(',') {
        let category = mapper.category(name);
        let found = if category.is_empty() { vec![mapper.find(name)?] } else { category };
        for resource in found {
            if !resources.contains(&resource) {
                resources.push(resource);
            }
        }
    }
    Ok(resources)
}

/// `pods,svc a b` means `pods/a pods/b svc/a svc/b`.
fn spread(args: &[String]) -> Vec<String> {
    let types: Vec<&str> = args[0].split(',').collect();
    if args.len() < 2 || types.len() < 2 || args[0].contains('/') {
        return args.to_vec();
    }
    types.iter().flat_map(|t| args[1..].iter().map(move |name| format!("{t}/{name}"))).collect()
}

fn is_combined(args: &[String]) -> Result<bool> {
    match args.iter().filter(|arg| arg.contains('/')).count() {
        0 => Ok(false),
        n if n == args.len() => Ok(true),
        _ => Err(Error::text(
            "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
        )),
    }
}

impl Selection {
    /// The query of a collection.
    pub fn query(&self) -> Vec<(&str, &str)> {
        let mut query = Vec::new();
        if !self.label_selector.is_empty() {
            query.push(("labelSelector", self.label_selector.as_str()));
        }
        if !self.field_selector.is_empty() {
            query.push(("fieldSelector", self.field_selector.as_str()));
        }
        query
    }

    /// Fetches everything. Objects of files are fetched as well, if `refresh`. What fails is left out and
    /// comes back as an error; with `--ignore-not-found`, what is not there is silently left out.
    pub async fn fetch(&self, k: &Kubectl, refresh: bool) -> Result<(Vec<Info>, Vec<Error>)> {
        let client = k.client().await?;
        let limit = page_size(k);
        let hidden = sees_no_managers(k).then_some(Hidden::MANAGERS);
        let mut query = self.query();
        query.extend(limit.as_deref().map(|limit| ("limit", limit)));
        let (mut infos, mut errors) = (Vec::new(), Vec::new());
        for target in &self.targets {
            match target {
                Target::Collection { resource, namespace } => {
                    let path = resource.collection(namespace);
                    match client.send(Request { hidden, ..Request::new("GET", &path, &query) }).await {
                        Ok(mut list) => {
                            let api_version = resource.api_version();
                            let items = list["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
                            for mut item in items {
                                item["apiVersion"] = Value::from(api_version.as_str());
                                item["kind"] = Value::from(resource.kind.as_str());
                                infos.push(Info::of_object(resource, item));
                            }
                        }
                        Err(error) => errors.push(self.explain(resource, error)),
                    }
                }
                Target::Named(info) if info.object.is_null() || refresh => {
                    let path = match self.subresource.as_str() {
                        "" => info.path(),
                        subresource => format!("{}/{subresource}", info.path()),
                    };
                    match client.get(&path, &[]).await {
                        Ok(object) => infos.push(Info { object, ..info.clone() }),
                        Err(error) => {
                            if !(error.is_not_found() && k.flags.bool("ignore-not-found")) {
                                errors.push(missing(&client, &info.namespace, error).await);
                            }
                        }
                    }
                }
                Target::Named(info) => infos.push(info.clone()),
            }
        }
        Ok((infos, errors))
    }

    /// The server's complaint about a list, as the builder puts it.
    pub fn explain(&self, resource: &Resource, error: Error) -> Error {
        let group = if resource.group.is_empty() { "/" } else { "" };
        let what = format!("{group}{}, Resource={}", resource.api_version(), resource.plural);
        unable_to_list(error, &what, &self.label_selector, &self.field_selector)
    }
}

/// Says what could not be listed. Models `EnhanceListError`.
pub fn unable_to_list(error: Error, what: &str, labels: &str, fields: &str) -> Error {
    let Error::Status(mut status) = error else { return error };
    if status["reason"] == "BadRequest" || status["reason"] == "NotFound" {
        let message = status["message"].as_str().unwrap_or("");
        status["message"] = Value::from(match labels.is_empty() && fields.is_empty() {
            true => format!("Unable to list {what:?}: {message}"),
            false => format!(
                "Unable to find {what:?} that match label selector {labels:?}, field selector {fields:?}: {message}"
            ),
        });
    }
    Error::Status(status)
}

/// Whether nobody looks at who manages which fields: those are nearly half of what a list says.
pub fn sees_no_managers(k: &Kubectl) -> bool {
    let shows = |flag: &str| k.flags.has(flag) && k.flags.changed(flag);
    matches!(k.command.name, "annotate" | "delete" | "describe" | "get" | "label")
        && matches!(k.flags.str("output"), "" | "json" | "kyaml" | "name" | "wide" | "yaml")
        && !["show-managed-fields", "sort-by", "template"].into_iter().any(shows)
}

/// How many objects of a list are asked for at a time, nothing for all at once.
pub fn page_size(k: &Kubectl) -> Option<String> {
    let size = if k.flags.has("chunk-size") { k.flags.int("chunk-size") } else { 500 };
    (size > 0).then(|| size.to_string())
}

/// What is not found may be so because its namespace is not there, and then that is said. Models `Info.Get` of
/// `k8s.io/cli-runtime/pkg/resource/visitor.go`.
pub async fn missing(client: &Client, namespace: &str, error: Error) -> Error {
    if !error.is_not_found() || matches!(namespace, "" | "default") {
        return error;
    }
    match client.get(&format!("/api/v1/namespaces/{namespace}"), &[]).await {
        Err(reason) if reason.is_not_found() => reason,
        _ => error,
    }
}
