//! The completion indexes of an indexed job, as its status writes them: `0,2-5`. Models
//! pkg/controller/job/indexed_job_utils.go.

use crate::api::ObjectExt;
use serde_json::Value;
use sim::SortedSet;

/// The label and annotation that tell a pod which part of the work is its own.
pub(in super::super) const COMPLETION_INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// A set of indexes.
pub(super) type Indexes = SortedSet<i64>;

/// The index of a pod.
pub(super) fn of(pod: &Value) -> Option<i64> {
    pod.annotation(COMPLETION_INDEX)?.parse().ok().filter(|index| *index >= 0)
}

/// Reads `0,2-5`; what is beyond the number of completions is left out.
pub(super) fn parse(text: &str, completions: i64) -> Indexes {
    let mut indexes = Indexes::new();
    for interval in text.split(',') {
        let (first, last) = interval.split_once('-').unwrap_or((interval, interval));
        if let (Ok(first), Ok(last)) = (first.parse::<i64>(), last.parse::<i64>()) {
            indexes.extend(first..=last.min(completions - 1));
        }
    }
    indexes.retain(|index| *index < completions);
    indexes
}

/// Writes `0,2-5`; two neighbours are written as two.
pub(super) fn format(indexes: &Indexes) -> String {
    let mut intervals: Vec<(i64, i64)> = Vec::new();
    for &index in indexes {
        match intervals.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => intervals.push((index, index)),
        }
    }
    let texts = intervals.into_iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    });
    texts.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_read_and_written() {
        for text in ["", "0", "0,1", "0-2,5,7-9", "1,3,4"] {
            assert_eq!(format(&parse(text, 10)), text);
        }
        assert_eq!(format(&parse("0-9", 3)), "0-2");
    }
}
