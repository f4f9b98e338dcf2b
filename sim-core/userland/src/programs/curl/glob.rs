//! `[1-3]` and `{a,b}` in addresses.

/// All addresses that one with ranges and sets stands for.
pub(super) fn expand(text: &str) -> Result<Vec<String>, String> {
    let mut results = vec![String::new()];
    let mut rest = text;
    while let Some(at) = rest.find(['[', '{']) {
        // The brackets of an IPv6 address are no range.
        let (head, tail) = rest.split_at(at);
        let close = if tail.starts_with('[') { ']' } else { '}' };
        let Some(end) = tail.find(close) else {
            return Err(format!(
                "bad range specification in URL position {}:\n{text}",
                text.len() - tail.len() + 2
            ));
        };
        let inside = &tail[1..end];
        let choices = if close == '}' {
            inside.split(',').map(String::from).collect()
        } else {
            range(inside).ok_or_else(|| {
                format!(
                    "bad range in URL position {}:\n{text}\n{}^",
                    text.len() - tail.len() + 2,
                    " ".repeat(text.len() - tail.len() + 1)
                )
            })?
        };
        results = results
            .iter()
            .flat_map(|result| choices.iter().map(move |choice| format!("{result}{head}{choice}")))
            .collect();
        rest = &tail[end + 1..];
    }
    for result in &mut results {
        result.push_str(rest);
    }
    Ok(results)
}

fn range(text: &str) -> Option<Vec<String>> {
    let (span, step) = text.split_once(':').map_or((text, "1"), |(span, step)| (span, step));
    let (low, high) = span.split_once('-')?;
    let step: usize = step.parse().ok().filter(|&step| step > 0)?;
    if let (Ok(from), Ok(to)) = (low.parse::<u64>(), high.parse::<u64>()) {
        let width = if low.starts_with('0') { low.len() } else { 0 };
        return (from <= to && to - from < 100_000)
            .then(|| (from..=to).step_by(step).map(|n| format!("{n:0width$}")).collect());
    }
    let (from, to) = (low.chars().next()?, high.chars().next()?);
    let letters = low.len() == 1
        && high.len() == 1
        && from.is_ascii_alphabetic()
        && to.is_ascii_alphabetic()
        && from <= to;
    letters.then(|| (from..=to).step_by(step).map(String::from).collect())
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn ranges_and_sets_multiply() {
        assert_eq!(expand("a/[1-3]"), Ok(vec!["a/1".into(), "a/2".into(), "a/3".into()]));
        assert_eq!(
            expand("{a,b}/[08-10:2]"),
            Ok(vec!["a/08".into(), "a/10".into(), "b/08".into(), "b/10".into()])
        );
        assert!(expand("a/[1").is_err());
    }
}
