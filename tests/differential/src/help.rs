//! Help texts: their prose is our own, so what is compared is what they state.
//!
//! ```text
//!   Set a new size for ...             prose, ours              -
//!   Examples:                          prose, ours              -
//!   Options:
//!       --replicas=0:                  names, shorthand, default   compared
//!           The new size.              prose, ours              -
//!   Usage:
//!     kubectl scale ...                compared
//!   Available Commands:
//!     undo   Go back to ...            name compared, prose ours
//! ```
//!
//! Headings and their order, aliases, subcommands, errors and pointers to other help texts are compared as well.

use crate::Answer;

/// Whether an answer is a help text: one of cobra's headings stands in a line of its own, in one of its streams.
pub fn is_help(answer: &Answer) -> bool {
    let headings = ["Usage:", "Available Commands:", "The following options can be passed to any command:"];
    let has = |text: &str| text.lines().any(|line| headings.contains(&line));
    has(&answer.stdout) || has(&answer.stderr)
}

/// What the help text in an answer states.
pub fn stated(answer: &Answer) -> Answer {
    Answer { stdout: statements(&answer.stdout), stderr: statements(&answer.stderr), status: answer.status }
}

fn statements(text: &str) -> String {
    let mut heading = "";
    let mut kept = String::new();
    for line in text.lines() {
        let is_indented = line.starts_with([' ', '\t']);
        if !is_indented && line.ends_with(':') {
            heading = line;
        } else if !is_indented && !line.is_empty() && heading != "Aliases:" {
            heading = "";
        }
        if is_stated(line, heading, is_indented) {
            let is_command = heading.contains("Commands") && is_indented;
            kept += if is_command { line.split_whitespace().next().unwrap_or("") } else { line };
            kept.push('\n');
        }
    }
    kept
}

/// Whether a line below a heading is no prose.
fn is_stated(line: &str, heading: &str, is_indented: bool) -> bool {
    match heading {
        "" => line.starts_with("error: ") || line.starts_with("Use \"kubectl"),
        "Examples:" => !is_indented && !line.is_empty(),
        // Descriptions are indented by a tab.
        "Options:" | "The following options can be passed to any command:" => {
            !line.starts_with('\t') && !line.is_empty()
        }
        // Usage, aliases, and tables of commands.
        _ => !line.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(prose: &str, default: &str) -> Answer {
        let stdout = format!(
            "{prose}\n\nExamples:\n  # {prose}\n  kubectl scale\n\nOptions:\n    -f, --filename={default}:\n\t{prose}: of it.\n\n\
             Usage:\n  kubectl scale TYPE NAME [options]\n\nUse \"kubectl options\" for more.\n"
        );
        Answer { stdout, ..Answer::default() }
    }

    #[test]
    fn prose_is_ours_and_facts_are_not() {
        assert!(is_help(&page("Scales.", "[]")));
        assert_eq!(stated(&page("Scales.", "[]")), stated(&page("Sets the size.", "[]")));
        assert_ne!(stated(&page("Scales.", "[]")), stated(&page("Scales.", "''")));
        let stated = stated(&page("Scales.", "[]")).stdout;
        assert_eq!(
            stated,
            "Examples:\nOptions:\n    -f, --filename=[]:\nUsage:\n  kubectl scale TYPE NAME [options]\nUse \"kubectl options\" for more.\n"
        );
    }

    #[test]
    fn an_answer_that_is_no_help_text_is_taken_to_the_byte() {
        assert!(!is_help(&Answer { stdout: "NAME\nweb\n".into(), ..Answer::default() }));
    }
}
