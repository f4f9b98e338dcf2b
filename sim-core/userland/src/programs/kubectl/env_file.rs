//! Files of variables, as `--from-env-file` and kustomize's `envs` read them.
//!
//! ```text
//!   # a comment
//!   NAME=value      everything after the first =
//!   NAME            the value that the variable has in the environment
//! ```
//!
//! Models `k8s.io/kubectl/pkg/cmd/util/env_file.go` and kustomize's `api/kv`.

use super::invocation::Kubectl;

/// Names and values, in the order of the file.
pub fn variables<'t>(k: &Kubectl, text: &'t str) -> Vec<(&'t str, String)> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim_start);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| match line.split_once('=') {
            Some((name, value)) => (name, value.to_string()),
            None => (line, k.sys.env(line).unwrap_or_default()),
        })
        .collect()
}
