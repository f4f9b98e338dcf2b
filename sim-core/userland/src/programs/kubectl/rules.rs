//! Rules of roles: taken apart, put together again, and what of one is covered by others.
//!
//! Models `k8s.io/kubectl/pkg/util/rbac` and `k8s.io/component-helpers/auth/rbac/validation`.

use kube::json;
use serde_json::Value;
use sim::Ordered;

/// A rule of a role, as Go's `PolicyRule`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// `verbs`
    pub verbs: Vec<String>,
    /// `apiGroups`
    pub groups: Vec<String>,
    /// `resources`
    pub resources: Vec<String>,
    /// `resourceNames`
    pub names: Vec<String>,
    /// `nonResourceURLs`
    pub paths: Vec<String>,
}

/// The texts of a list.
pub fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_string).collect()
}

fn shown(list: &[String]) -> String {
    format!("[{}]", list.join(" "))
}

impl Rule {
    /// Reads a rule of a role, or of a review.
    pub fn read(rule: &Value) -> Rule {
        Rule {
            verbs: texts(&rule["verbs"]),
            groups: texts(&rule["apiGroups"]),
            resources: texts(&rule["resources"]),
            names: texts(&rule["resourceNames"]),
            paths: texts(&rule["nonResourceURLs"]),
        }
    }

    /// As it stands in a role.
    pub fn object(&self) -> Value {
        let mut rule = json!({"verbs": self.verbs});
        let rest = [
            ("apiGroups", &self.groups),
            ("resources", &self.resources),
            ("resourceNames", &self.names),
            ("nonResourceURLs", &self.paths),
        ];
        for (field, list) in rest.into_iter().filter(|(_, list)| !list.is_empty()) {
            rule[field] = json!(list);
        }
        rule
    }

    /// Go's `%+v`.
    pub fn text(&self) -> String {
        let [verbs, groups, resources, names, paths] =
            [&self.verbs, &self.groups, &self.resources, &self.names, &self.paths].map(|list| shown(list));
        format!(
            "{{Verbs:{verbs} APIGroups:{groups} Resources:{resources} ResourceNames:{names} NonResourceURLs:{paths}}}"
        )
    }

    /// A line of the table of rules: resource with its group, paths, names, verbs.
    pub fn row(&self) -> String {
        let resource = self.resources.first().map_or("", String::as_str);
        let (resource, subresource) = match resource.split_once('/') {
            Some((resource, subresource)) => (resource, format!("/{subresource}")),
            None => (resource, String::new()),
        };
        let group = match self.groups.first().map_or("", String::as_str) {
            "" => String::new(),
            group => format!(".{group}"),
        };
        let [paths, names, verbs] = [&self.paths, &self.names, &self.verbs].map(|list| shown(list));
        format!("{resource}{group}{subresource}\t{paths}\t{names}\t{verbs}\n")
    }

    /// One rule for each group, resource, verb and name, or path and verb.
    pub fn break_down(&self) -> Vec<Rule> {
        let mut rules = Vec::new();
        let one = |text: &String| vec![text.clone()];
        let names: Vec<Vec<String>> =
            if self.names.is_empty() { vec![Vec::new()] } else { self.names.iter().map(one).collect() };
        for group in &self.groups {
            for resource in &self.resources {
                for verb in &self.verbs {
                    rules.extend(names.iter().map(|names| Rule {
                        verbs: one(verb),
                        groups: one(group),
                        resources: one(resource),
                        names: names.clone(),
                        paths: Vec::new(),
                    }));
                }
            }
        }
        for path in &self.paths {
            let of_path = |verb| Rule { verbs: one(verb), paths: one(path), ..Rule::default() };
            rules.extend(self.verbs.iter().map(of_path));
        }
        rules
    }

    /// Whether it allows all that `other`, which is broken down, does.
    fn covers(&self, other: &Rule) -> bool {
        let has = |list: &[String], all: &[String]| all.iter().all(|one| list.contains(one));
        let star = |list: &[String]| list.iter().any(|one| one == "*");
        let resource = |one: &String| {
            self.resources.contains(one)
                || one.split_once('/').is_some_and(|(_, sub)| self.resources.contains(&format!("*/{sub}")))
        };
        let path = |one: &String| {
            self.paths
                .iter()
                .any(|own| own == one || own.ends_with('*') && one.starts_with(own.trim_end_matches('*')))
        };
        (star(&self.verbs) || has(&self.verbs, &other.verbs))
            && (star(&self.groups) || has(&self.groups, &other.groups))
            && (star(&self.resources) || other.resources.iter().all(resource))
            && (self.names.is_empty() || !other.names.is_empty() && has(&self.names, &other.names))
            && other.paths.iter().all(path)
    }
}

/// What `rules` allow and `owner` does not, broken down.
pub fn uncovered(owner: &[Rule], rules: &[Rule]) -> Vec<Rule> {
    let mut left: Vec<Rule> = rules.iter().flat_map(Rule::break_down).collect();
    left.retain(|rule| !owner.iter().any(|own| own.covers(rule)));
    left
}

/// Rules taken apart into one resource each, then those of the same resource put together, in upstream's order:
/// that of the rules as protobuf prints them.
pub fn compact(rules: &[Rule]) -> Vec<Rule> {
    let mut compact: Vec<Rule> = Vec::new();
    for rule in rules.iter().flat_map(Rule::break_down) {
        let same = |other: &&mut Rule| {
            rule.paths.is_empty()
                && (&other.groups, &other.resources, &other.names, &other.paths)
                    == (&rule.groups, &rule.resources, &rule.names, &rule.paths)
        };
        match compact.iter_mut().find(same) {
            Some(other) if other.verbs.contains(&rule.verbs[0]) => {}
            Some(other) => other.verbs.extend(rule.verbs),
            None => compact.push(rule),
        }
    }
    compact.order_by_key(|rule| {
        let [verbs, groups, resources, names, paths] =
            [&rule.verbs, &rule.groups, &rule.resources, &rule.names, &rule.paths].map(|list| shown(list));
        format!(
            "&PolicyRule{{Verbs:{verbs},APIGroups:{groups},Resources:{resources},ResourceNames:{names},NonResourceURLs:{paths},}}"
        )
    });
    compact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_cover_each_other() {
        let read = |text: &str| Rule::read(&serde_json::from_str(text).expect("JSON"));
        let all = read(r#"{"verbs":["get","list"],"apiGroups":[""],"resources":["pods","*/scale"]}"#);
        let wanted = read(r#"{"verbs":["get","watch"],"apiGroups":[""],"resources":["pods","x/scale"]}"#);
        let left: Vec<String> = uncovered(&[all], &[wanted]).iter().map(Rule::row).collect();
        assert_eq!(left, ["pods\t[]\t[]\t[watch]\n", "x/scale\t[]\t[]\t[watch]\n"]);
        let paths = read(r#"{"verbs":["get"],"nonResourceURLs":["/healthz/*"]}"#);
        let path = read(r#"{"verbs":["get"],"nonResourceURLs":["/healthz/ping"]}"#);
        assert_eq!(uncovered(&[paths], &[path]), []);
    }
}
