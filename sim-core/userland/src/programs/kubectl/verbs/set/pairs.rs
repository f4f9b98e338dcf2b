//! Arguments that are resources first and changes after them: `deploy blue a=1 b-`.
//!
//! Models `GetResourcesAndPairs` and `ParsePairs` of pkg/cmd/util/helpers.go.

use crate::programs::kubectl::error::{Error, Result};

/// Splits them at the first change.
pub fn split(args: &[String], what: &str) -> Result<(Vec<String>, Vec<String>)> {
    let is_change =
        |arg: &str| (arg.contains('=') && !arg.starts_with('=')) || (arg.ends_with('-') && arg != "-");
    let (mut resources, mut changes) = (Vec::new(), Vec::new());
    for arg in args {
        if is_change(arg) {
            changes.push(arg.clone());
        } else if changes.is_empty() {
            resources.push(arg.clone());
        } else {
            return Err(Error::text(format!("all resources must be specified before {what} changes: {arg}")));
        }
    }
    Ok((resources, changes))
}

/// Reads `key=value`; a later one wins. Sorted by key.
pub fn parse(changes: &[String], what: &str) -> Result<Vec<(String, String)>> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut wrong = Vec::new();
    for change in changes {
        match change.split_once('=') {
            Some((key, value)) => {
                pairs.retain(|(known, _)| known != key);
                let at = pairs.iter().position(|(known, _)| known.as_str() > key).unwrap_or(pairs.len());
                pairs.insert(at, (key.to_string(), value.to_string()));
            }
            None => wrong.push(change.as_str()),
        }
    }
    if wrong.is_empty() {
        Ok(pairs)
    } else {
        Err(Error::text(format!("invalid {what} format: {}", wrong.join(", "))))
    }
}
