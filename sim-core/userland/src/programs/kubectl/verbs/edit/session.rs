//! A session with the editor: the file with its header, and the loop until the server takes what is in it.
//!
//! Models pkg/cmd/util/editor/editoptions.go.

use super::launch;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::manifest;
use crate::programs::kubectl::printers::{self, Format};
use crate::programs::kubectl::rest::{MERGE_PATCH, STRATEGIC_MERGE_PATCH};
use crate::programs::kubectl::selection::Info;
use crate::programs::kubectl::verbs::apply;
use crate::programs::kubectl::verbs::change;
use crate::programs::kubectl::verbs::create::validation;
use kube::api::scheme;
use kube::json;
use serde_json::Value;

/// What is edited.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The objects.
    Normal,
    /// What their annotation of the last apply says.
    LastApplied,
    /// What is not on the server yet.
    Create,
}

const HEADER: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
";
const LAST_APPLIED_HEADER: &str = "# Please edit the 'last-applied-configuration' annotations below.
# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.
#
";

/// Objects that are being edited.
pub struct Session<'a> {
    k: &'a Kubectl,
    infos: Vec<Info>,
    mode: Mode,
    directive: &'static str,
    /// Comments that say what was wrong the last time.
    reasons: String,
    invalid: usize,
    gone: usize,
    retryable: usize,
}

impl<'a> Session<'a> {
    /// A session that has not begun.
    pub fn new(k: &'a Kubectl, infos: Vec<Info>, mode: Mode) -> Result<Session<'a>> {
        let directive = validation(k)?;
        let reasons = String::new();
        Ok(Session { k, infos, mode, directive, reasons, invalid: 0, gone: 0, retryable: 0 })
    }

    /// Opens the editor until the file is good or nobody changes it any more.
    pub async fn run(mut self) -> Result<()> {
        let k = self.k;
        let original = self.text()?;
        let json = k.flags.str("output") == "json";
        let suffix = if json { ".json" } else { ".yaml" };
        let (mut previous, mut failed, mut old_file): (String, bool, Option<String>) =
            (String::new(), false, None);
        loop {
            let body = if failed { strip(&previous, true) } else { original.clone() };
            let path = launch::temporary(&k.sys, "kubectl-edit-", suffix);
            let header = if json { String::new() } else { self.header() };
            let written = k.sys.write_file(&path, format!("{header}{body}").as_bytes()).await;
            written.map_err(|errno| Error::text(format!("open {path}: {}", errno.text().to_lowercase())))?;
            if let Err(error) = launch::launch(&k.sys, &path).await {
                return Err(self.keep(old_file.as_deref(), error).await);
            }
            let edited = k.sys.read_file(&path).await.unwrap_or_default();
            let edited = String::from_utf8_lossy(&edited).into_owned();
            if failed && strip(&previous, false) == strip(&edited, false) {
                let error = Error::text("Edit cancelled, no valid changes were saved.");
                return Err(self.keep(Some(&path), error).await);
            }
            previous.clone_from(&edited);
            if let Some(old) = old_file.take() {
                let _ = k.sys.unlink(&old);
            }
            if let Err(why) = check(&edited) {
                self.forget();
                let cause = format!("<nil>: Invalid value: \"The edited file failed validation\": {why}");
                let text = self.refuse_invalid(&self.infos[0].clone(), &[cause]);
                k.err(&format!("{text}\n")).await;
                (failed, old_file) = (true, Some(path));
                continue;
            }
            if strip(&original, false) == strip(&edited, false) {
                let _ = k.sys.unlink(&path);
                k.err("Edit cancelled, no changes made.\n").await;
                return Ok(());
            }
            if strip(&edited, true).trim().is_empty() {
                let _ = k.sys.unlink(&path);
                k.err("Edit cancelled, saved file was empty.\n").await;
                return Ok(());
            }
            self.forget();
            let mut objects = Vec::new();
            let read = manifest::read(&mut objects, "edited-file", edited.as_bytes(), false);
            let wrong = match read {
                Err(error) => Some(error.message()),
                Ok(()) => self.unknown(&objects).await?,
            };
            if let Some(why) = wrong {
                let text = format!("The edited file had a syntax error: {why}");
                self.reasons = format!("# {}\n#\n", on_lines(&text));
                (failed, old_file) = (true, Some(path));
                continue;
            }
            for (_, object) in objects {
                if let Err(error) = self.submit(object).await {
                    return Err(self.keep(Some(&path), error).await);
                }
            }
            if self.retryable > 0 {
                k.err(&format!("You can run `kubectl replace -f {path}` to try this update again.\n")).await;
                return Err(Error::Exit(1));
            }
            if self.gone > 0 {
                k.err(&format!("The edits you made on deleted resources have been saved to {path:?}\n"))
                    .await;
                return Err(Error::Exit(1));
            }
            if self.invalid == 0 {
                let _ = k.sys.unlink(&path);
                return Ok(());
            }
            (failed, old_file) = (true, Some(path));
        }
    }

    /// What is written into the file, without the header.
    fn text(&self) -> Result<String> {
        let mut objects: Vec<Value> =
            self.infos.iter().map(|info| printers::without_managed_fields(&info.object)).collect();
        let object = if objects.len() == 1 {
            objects.remove(0)
        } else {
            json!({"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {}})
        };
        match self.k.flags.str("output") {
            "json" => Format::Json.print(&object),
            "kyaml" => Format::Kyaml.print(&object),
            _ => Format::Yaml.print(&object),
        }
    }

    fn header(&self) -> String {
        let header = if self.mode == Mode::LastApplied { LAST_APPLIED_HEADER } else { HEADER };
        format!("{header}{}", self.reasons)
    }

    fn forget(&mut self) {
        self.reasons.clear();
        (self.invalid, self.gone, self.retryable) = (0, 0, 0);
    }

    /// Says where the changes are, if they are anywhere.
    async fn keep(&self, path: Option<&str>, error: Error) -> Error {
        if let Some(path) = path.filter(|path| self.k.sys.stat(path).is_ok()) {
            self.k.err(&format!("A copy of your changes has been stored to {path:?}\n")).await;
        }
        error
    }

    fn refuse_invalid(&mut self, info: &Info, causes: &[String]) -> String {
        let what = format!("{} {:?}", info.resource.group_resource(), info.name);
        self.invalid += 1;
        let colon = if causes.is_empty() { "" } else { ":" };
        self.reasons.push_str(&format!("# {what} was not valid{colon}\n"));
        for cause in causes {
            self.reasons.push_str(&format!("# * {}\n", on_lines(cause)));
        }
        self.reasons.push_str("#\n");
        format!("error: {what} is invalid")
    }

    /// Notes why the server did not take an object.
    fn refuse(&mut self, info: &Info, error: &Error) -> String {
        let what = format!("{} {:?}", info.resource.group_resource(), info.name);
        match (error.reason(), error) {
            ("Invalid", Error::Status(status)) => {
                let causes = status["details"]["causes"].as_array().map_or(&[][..], Vec::as_slice);
                let text = |value: &Value| value.as_str().unwrap_or("").to_string();
                let causes: Vec<String> = causes
                    .iter()
                    .map(|cause| format!("{}: {}", text(&cause["field"]), text(&cause["message"])))
                    .collect();
                self.refuse_invalid(info, &causes)
            }
            ("NotFound", _) => {
                self.gone += 1;
                format!("error: {what} could not be found on the server")
            }
            _ => {
                self.retryable += 1;
                format!("error: {what} could not be patched: {}", error.message())
            }
        }
    }

    async fn submit(&mut self, object: Value) -> Result<()> {
        let same = |info: &&Info| match self.mode {
            Mode::Normal => info.object["metadata"]["uid"] == object["metadata"]["uid"],
            Mode::LastApplied => info.object["metadata"]["name"] == object["metadata"]["name"],
            Mode::Create => true,
        };
        if self.mode == Mode::Create {
            return self.create(object).await;
        }
        let Some(mut info) = self.infos.iter().find(same).cloned() else {
            return Err(match self.mode {
                Mode::Normal => Error::text("no original object found for the edited object"),
                _ => Error::text("The name of the object was changed"),
            });
        };
        let k = self.k;
        let before = printers::without_managed_fields(&info.object);
        if before == object {
            return printers::print_result(k, &info, "skipped").await;
        }
        let unchanged = |path: &str| before.pointer(path) == object.pointer(path);
        if !["/apiVersion", "/kind", "/metadata/name"].iter().all(|path| unchanged(path)) {
            return Err(Error::text("At least one of apiVersion, kind and name was changed"));
        }
        let known = scheme::schema_of(&info.resource.api_version(), &info.resource.kind).is_some();
        let media_type = if known { STRATEGIC_MERGE_PATCH } else { MERGE_PATCH };
        let (patch, media_type) = match self.mode {
            Mode::Normal | Mode::Create => {
                let mut after = object.clone();
                if k.flags.bool("save-config") {
                    let configuration = apply::configuration(&after);
                    after["metadata"]["annotations"][apply::LAST_APPLIED] = configuration.into();
                }
                (change::patch_between(&info, &before, &after).unwrap_or_else(|| json!({})), media_type)
            }
            Mode::LastApplied => {
                let text = format!("{object}\n");
                (json!({"metadata": {"annotations": {apply::LAST_APPLIED: text}}}), MERGE_PATCH)
            }
        };
        if k.flags.has("output-patch") && k.flags.bool("output-patch") {
            k.out(&format!("Patch: {patch}\n")).await;
        }
        let mut path = info.path();
        if k.flags.has("subresource") && !k.flags.str("subresource").is_empty() {
            path = format!("{path}/{}", k.flags.str("subresource"));
        }
        let mut query = change::query(k, false);
        query.push(("fieldValidation", self.directive));
        match k.client().await?.patch(&path, &query, media_type, &patch).await {
            Ok(object) => {
                info.object = object;
                printers::print_result(k, &info, "edited").await
            }
            Err(error @ Error::Connect { .. }) => Err(error),
            Err(error) => {
                let text = self.refuse(&info, &error);
                k.err(&format!("{text}\n")).await;
                Ok(())
            }
        }
    }
}

impl Session<'_> {
    /// What is wrong with the types of new objects.
    async fn unknown(&self, objects: &[(String, Value)]) -> Result<Option<String>> {
        if self.mode != Mode::Create {
            return Ok(None);
        }
        let mapper = self.k.mapper().await?;
        for (source, object) in objects {
            let field = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or("").to_string();
            let (version, kind) = (field("/apiVersion"), field("/kind"));
            if mapper.of_kind(&version, &kind).is_none() {
                let (name, namespace) = (field("/metadata/name"), field("/metadata/namespace"));
                return Ok(Some(format!(
                    "resource mapping not found for name: {name:?} namespace: {namespace:?} from {source:?}: no matches for kind {kind:?} in version {version:?}\nensure CRDs are installed first"
                )));
            }
        }
        Ok(None)
    }

    async fn create(&self, mut object: Value) -> Result<()> {
        let k = self.k;
        if k.flags.bool("save-config") {
            object["metadata"]["annotations"][apply::LAST_APPLIED] = apply::configuration(&object).into();
        }
        let field = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or("").to_string();
        let (version, kind) = (field("/apiVersion"), field("/kind"));
        let Some(resource) = k.mapper().await?.of_kind(&version, &kind) else {
            return Err(Error::text(format!("no matches for kind {kind:?} in version {version:?}")));
        };
        let query = [("fieldManager", k.flags.str("field-manager")), ("fieldValidation", self.directive)];
        let namespace = match field("/metadata/namespace") {
            named if named.is_empty() => k.namespace().await?.0,
            named => named,
        };
        let created = k.client().await?.post(&resource.collection(&namespace), &query, &object).await?;
        let info = Info::of_object(&resource, created);
        // Whatever --dry-run says, the object was made, and that is told.
        let text = match Format::of(k).await? {
            Format::Human { .. } => format!("{} created\n", info.label()),
            format => format.print(&printers::shown(k, info.object))?,
        };
        k.out(&text).await;
        Ok(())
    }
}

/// Whether the text is an object at all.
fn check(text: &str) -> std::result::Result<(), String> {
    let object = yaml::parse(&strip(text, true))?;
    let missing = |field: &str| object[field].as_str().is_none_or(str::is_empty);
    if !object.is_object() {
        return Err("invalid object to validate".to_string());
    }
    match (missing("apiVersion"), missing("kind")) {
        (false, false) => Ok(()),
        (true, true) => Err("[apiVersion not set, kind not set]".to_string()),
        (true, false) => Err("apiVersion not set".to_string()),
        (false, true) => Err("kind not set".to_string()),
    }
}

/// The text without its comments; `keep_blank` leaves the other lines as they are.
fn strip(text: &str, keep_blank: bool) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let lines: Vec<&str> = lines.filter(|line| keep_blank || !line.trim().is_empty()).collect();
    lines.join("\n") + "\n"
}

fn on_lines(text: &str) -> String {
    text.trim_end().replace('\n', "\n# ")
}
