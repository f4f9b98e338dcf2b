//! What a failed pod means to its job, and when enough indexes have succeeded. Models
//! pkg/controller/job/pod_failure_policy.go and success_policy.go.

use super::indexes::{self, Indexes};
use crate::api::ObjectExt;
use serde_json::Value;

/// The rule that a failed pod meets.
pub(super) enum Verdict {
    /// It counts towards the limit: the rule `Count`, or none.
    Count,
    /// It counts for nothing.
    Ignore,
    /// Its index has failed.
    FailIndex,
    /// The job has failed, and why.
    FailJob(String),
}

/// The first rule of `podFailurePolicy` that a failed pod meets.
pub(super) fn judge(job: &Value, pod: &Value) -> Verdict {
    for (index, rule) in job.list_at("/spec/podFailurePolicy/rules").iter().enumerate() {
        let action = rule.str_at("/action");
        let why = if rule.at("/onExitCodes").is_object() {
            exit_code(pod, rule.at("/onExitCodes")).map(|(container, code)| {
                format!(
                    "Container {container} for pod {}/{} failed with exit code {code} matching {action} rule at \
                     index {index}",
                    pod.namespace(),
                    pod.name()
                )
            })
        } else {
            pod_condition(pod, rule.list_at("/onPodConditions")).map(|kind| {
                format!(
                    "Pod {}/{} has condition {kind} matching {action} rule at index {index}",
                    pod.namespace(),
                    pod.name()
                )
            })
        };
        let Some(why) = why else { continue };
        return match action {
            "Ignore" => Verdict::Ignore,
            "FailIndex" => Verdict::FailIndex,
            "FailJob" => Verdict::FailJob(why),
            _ => Verdict::Count,
        };
    }
    Verdict::Count
}

fn exit_code<'a>(pod: &'a Value, wanted: &Value) -> Option<(&'a str, i64)> {
    let lists = ["/status/containerStatuses", "/status/initContainerStatuses"];
    let statuses = lists.into_iter().flat_map(|list| pod.list_at(list));
    let named = statuses.filter(|status| {
        matches!(wanted.str_at("/containerName"), "") || wanted.at("/containerName") == status.at("/name")
    });
    let codes = named.filter_map(|status| {
        Some((status.str_at("/name"), status.int_at("/state/terminated/exitCode").filter(|&code| code != 0)?))
    });
    let listed = |code: i64| wanted.list_at("/values").iter().any(|value| value.as_i64() == Some(code));
    let (is_in, not_in) = (wanted.str_at("/operator") == "In", wanted.str_at("/operator") == "NotIn");
    codes.into_iter().find(|&(_, code)| (is_in && listed(code)) || (not_in && !listed(code)))
}

fn pod_condition<'a>(pod: &'a Value, patterns: &[Value]) -> Option<&'a str> {
    let meets = |condition: &&Value| {
        patterns.iter().any(|pattern| {
            pattern.at("/type") == condition.at("/type") && pattern.at("/status") == condition.at("/status")
        })
    };
    pod.list_at("/status/conditions").iter().find(meets).map(|condition| condition.str_at("/type"))
}

/// The message of the first rule of `successPolicy` that the succeeded indexes meet.
pub(super) fn success(job: &Value, succeeded: &Indexes, completions: i64) -> Option<String> {
    if succeeded.is_empty() {
        return None;
    }
    let met = |rule: &Value| {
        let count = rule.int_at("/succeededCount");
        let enough = |done: usize| count.is_some_and(|count| i64::try_from(done).is_ok_and(|n| n >= count));
        match rule.at("/succeededIndexes").as_str() {
            Some(text) => {
                let wanted = indexes::parse(text, completions);
                let done = wanted.iter().filter(|index| succeeded.contains(index)).count();
                !wanted.is_empty() && (done == wanted.len() || enough(done))
            }
            None => enough(succeeded.len()),
        }
    };
    let rules = job.list_at("/spec/successPolicy/rules");
    rules.iter().position(met).map(|index| format!("Matched rules at index {index}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn the_first_rule_that_matches_counts() {
        let job = json!({"spec": {"podFailurePolicy": {"rules": [
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            {"action": "FailJob", "onExitCodes": {"containerName": "main", "operator": "In", "values": [42]}},
        ]}}});
        let pod = |code: i64, conditions: Value| {
            json!({"metadata": {"namespace": "default", "name": "p"}, "status": {"conditions": conditions,
                "containerStatuses": [{"name": "main", "state": {"terminated": {"exitCode": code}}}]}})
        };
        let disrupted = json!([{"type": "DisruptionTarget", "status": "True"}]);
        assert!(matches!(judge(&job, &pod(42, disrupted)), Verdict::Ignore));
        assert!(matches!(judge(&job, &pod(1, json!([]))), Verdict::Count));
        let Verdict::FailJob(why) = judge(&job, &pod(42, json!([]))) else { panic!("the second rule") };
        assert_eq!(
            why,
            "Container main for pod default/p failed with exit code 42 matching FailJob rule at index 1"
        );
    }

    #[test]
    fn enough_indexes_are_enough() {
        let job = json!({"spec": {"successPolicy": {"rules": [
            {"succeededIndexes": "0-2", "succeededCount": 2}, {"succeededCount": 4}]}}});
        let met = |text: &str| success(&job, &indexes::parse(text, 10), 10);
        assert_eq!(met("0,5-6"), None);
        assert_eq!(met("0,2"), Some("Matched rules at index 0".to_string()));
        assert_eq!(met("3-6"), Some("Matched rules at index 1".to_string()));
    }
}
