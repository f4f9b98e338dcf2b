//! Who names whom: when an object has got another name, those that mention it follow. Models
//! `api/internal/builtins` nameReference, as a walk over well-known fields instead of its table of paths.

use super::resource::Res;
use serde_json::Value;

/// Fields that hold a name: the field around it (empty for any), the field itself, the kind that is named.
const FIELDS: &[(&str, &str, &str)] = &[
    ("configMap", "name", "ConfigMap"),
    ("configMapRef", "name", "ConfigMap"),
    ("configMapKeyRef", "name", "ConfigMap"),
    ("secret", "secretName", "Secret"),
    ("secret", "name", "Secret"),
    ("secretRef", "name", "Secret"),
    ("secretKeyRef", "name", "Secret"),
    ("imagePullSecrets", "name", "Secret"),
    ("secrets", "name", "Secret"),
    ("tls", "secretName", "Secret"),
    ("spec", "serviceName", "Service"),
    ("service", "name", "Service"),
    ("persistentVolumeClaim", "claimName", "PersistentVolumeClaim"),
    ("", "serviceAccountName", "ServiceAccount"),
    ("", "serviceAccount", "ServiceAccount"),
    ("spec", "volumeName", "PersistentVolume"),
    ("", "storageClassName", "StorageClass"),
    ("", "priorityClassName", "PriorityClass"),
    ("", "ingressClassName", "IngressClass"),
];
/// Fields that name an object of the kind that they say.
const BY_KIND: &[&str] = &["scaleTargetRef", "roleRef", "subjects", "targetRef"];

/// What is called something, and is now called something else.
struct Renamed {
    kind: String,
    before: Vec<String>,
    name: String,
    namespace: String,
    affixes: Vec<String>,
    moved: bool,
}

/// Lets all names follow.
pub fn fix(all: &mut [Res]) {
    let renamed: Vec<Renamed> = all
        .iter()
        .map(|res| Renamed {
            kind: res.kind().to_string(),
            before: res.before.iter().map(|(name, _)| name.clone()).chain([res.name().to_string()]).collect(),
            name: res.name().to_string(),
            namespace: if res.is_cluster_scoped() { String::new() } else { res.namespace().to_string() },
            affixes: res.affixes.clone(),
            moved: res.before.iter().any(|(_, namespace)| namespace != res.namespace()),
        })
        .collect();
    for res in all {
        let (namespace, affixes) = (res.namespace().to_string(), res.affixes.clone());
        let about = Referrer { namespace, affixes, renamed: &renamed };
        about.walk(&mut res.value, "");
    }
}

struct Referrer<'a> {
    namespace: String,
    affixes: Vec<String>,
    renamed: &'a [Renamed],
}

impl Referrer<'_> {
    fn walk(&self, value: &mut Value, around: &str) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item, around)),
            Value::Object(fields) => {
                if BY_KIND.contains(&around) {
                    self.by_kind(fields);
                }
                for (name, value) in fields.iter_mut() {
                    let kind = FIELDS.iter().find(|f| (f.0.is_empty() || f.0 == around) && f.1 == name);
                    if let (Some((_, _, kind)), Some(text)) = (kind, value.as_str())
                        && let Some(to) = self.find(kind, text, None)
                    {
                        *value = Value::from(to.name.as_str());
                        continue;
                    }
                    if name != "metadata" || around == "template" || around == "spec" {
                        self.walk(value, name);
                    }
                }
            }
            _ => {}
        }
    }

    fn by_kind(&self, fields: &mut serde_json::Map<String, Value>) {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or("").to_string();
        let (kind, name, namespace) = (text("kind"), text("name"), text("namespace"));
        let within = (!namespace.is_empty()).then_some(namespace);
        let Some(to) = self.find(&kind, &name, within.as_deref()) else { return };
        let (name, namespace, moved) = (to.name.clone(), to.namespace.clone(), to.moved);
        fields.insert("name".to_string(), Value::from(name));
        if fields.contains_key("namespace") && moved && !namespace.is_empty() {
            fields.insert("namespace".to_string(), Value::from(namespace));
        }
    }

    /// The object of a kind that is, or was, called so: in the same namespace, and with the same prefixes where there
    /// are several.
    fn find(&self, kind: &str, name: &str, within: Option<&str>) -> Option<&Renamed> {
        let fits = |r: &&Renamed| {
            r.kind == kind
                && r.before.iter().any(|before| before == name)
                && (r.namespace.is_empty()
                    || within.is_some()
                    || r.namespace == self.namespace
                    || self.namespace.is_empty())
        };
        let found: Vec<&Renamed> = self.renamed.iter().filter(fits).collect();
        match found[..] {
            [] => None,
            [one] => Some(one),
            _ => found.iter().find(|r| r.affixes == self.affixes).or(found.first()).copied(),
        }
    }
}
