//! Files of command lines.
//!
//! ```text
//! # a comment
//! section rolling updates        a fresh cluster and a fresh folder from here on
//! profile metrics                its cluster has a metrics server
//! file web.yaml <<EOF            a file in the working directory of both sides
//! ...
//! EOF
//! setup kubectl apply -f web.yaml        by our kubectl, not compared
//! settle 10                      so many seconds pass in the cluster
//! clock real                     for the next line time passes as on the wall, for timeouts of kubectl's own
//! kubectl get pods               compared
//! ```
//!
//! A line with `<<EOF` goes on to the line `EOF`.

use std::path::{Path, PathBuf};

/// A file of the corpus.
#[derive(Debug)]
pub struct File {
    /// Its name, for example `rollout.txt`.
    pub name: String,
    /// Its sections, each on a cluster of its own.
    pub sections: Vec<Section>,
}

/// Lines that share a cluster.
#[derive(Debug)]
pub struct Section {
    /// What it is about.
    pub name: String,
    /// Its cluster has a metrics server.
    pub metrics: bool,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A file appears.
    File {
        /// Its name.
        name: String,
        /// What is in it.
        contents: String,
    },
    /// A command that prepares something.
    Setup(String),
    /// Seconds that pass.
    Settle(u64),
    /// A line to compare.
    Line {
        /// Where it is in the file, from 1.
        number: usize,
        /// The command.
        command: String,
        /// Whether time passes as on the wall.
        real_clock: bool,
    },
}

/// The corpus: every file of a folder, by name.
pub fn read_all(folder: &Path) -> Result<Vec<File>, String> {
    let listed = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = listed.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
        .iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "txt"))
        .map(|path| read(path))
        .collect()
}

/// One file.
pub fn read(path: &Path) -> Result<File, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    parse(&name, &text)
}

/// Reads the text of a file.
pub fn parse(name: &str, text: &str) -> Result<File, String> {
    let mut file = File { name: name.to_string(), sections: Vec::new() };
    let mut real_clock = false;
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let number = at + 1;
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(about) = line.strip_prefix("section ") {
            file.sections.push(Section { name: about.to_string(), metrics: false, steps: Vec::new() });
            continue;
        }
        if file.sections.is_empty() {
            file.sections.push(Section { name: String::new(), metrics: false, steps: Vec::new() });
        }
        if let Some(profile) = line.strip_prefix("profile ") {
            match file.sections.last_mut() {
                Some(section) if profile == "metrics" && section.steps.is_empty() => section.metrics = true,
                _ => return Err(format!("{name}:{number}: a section may begin with `profile metrics`")),
            }
            continue;
        }
        let document = match here_document(line) {
            None => None,
            Some(end) => {
                let mut body = String::new();
                loop {
                    let Some((_, next)) = lines.next() else {
                        return Err(format!("{name}:{number}: nothing ends this: {end}"));
                    };
                    if next.trim_end() == end {
                        break;
                    }
                    body += next;
                    body.push('\n');
                }
                Some((end, body))
            }
        };
        let whole = |command: &str| match &document {
            Some((end, body)) => format!("{command}\n{body}{end}"),
            None => command.to_string(),
        };
        let step = if let Some(rest) = line.strip_prefix("file ") {
            let Some((_, body)) = document else {
                return Err(format!("{name}:{number}: a file is written as `file NAME <<EOF`"));
            };
            let name = rest.split("<<").next().unwrap_or("").trim().to_string();
            Step::File { name, contents: body }
        } else if let Some(command) = line.strip_prefix("setup ") {
            Step::Setup(whole(command))
        } else if let Some(seconds) = line.strip_prefix("settle ") {
            Step::Settle(seconds.parse().map_err(|_| format!("{name}:{number}: settle takes seconds"))?)
        } else if line == "clock real" {
            real_clock = true;
            continue;
        } else {
            Step::Line { number, command: whole(line), real_clock: std::mem::take(&mut real_clock) }
        };
        if let Some(section) = file.sections.last_mut() {
            section.steps.push(step);
        }
    }
    Ok(file)
}

/// The word that ends the here-document which a line begins.
fn here_document(line: &str) -> Option<String> {
    let after = line.split_once("<<")?.1;
    if after.starts_with('<') {
        return None;
    }
    let word = after.trim_start_matches('-').trim_start();
    let word: String =
        word.trim_start_matches(['\'', '"']).chars().take_while(char::is_ascii_alphanumeric).collect();
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read() {
        let text = "# about\nsection one\nfile a.yaml <<EOF\nkind: Pod\nEOF\nsetup kubectl apply -f a.yaml\n\
                    settle 3\nclock real\nkubectl get pods\nkubectl apply -f - <<EOF\nx: y\nEOF\nsection two\nkubectl version\n";
        let file = parse("a.txt", text).expect("it is well-formed");
        assert_eq!(file.sections.len(), 2);
        let steps = &file.sections[0].steps;
        assert_eq!(steps[0], Step::File { name: "a.yaml".into(), contents: "kind: Pod\n".into() });
        assert_eq!(steps[2], Step::Settle(3));
        assert_eq!(steps[3], Step::Line { number: 9, command: "kubectl get pods".into(), real_clock: true });
        let Step::Line { command, real_clock, .. } = &steps[4] else { panic!("a line is compared") };
        assert_eq!(command, "kubectl apply -f - <<EOF\nx: y\nEOF");
        assert!(!real_clock);
    }

    #[test]
    fn what_is_malformed_names_its_line() {
        assert_eq!(parse("a.txt", "settle soon").unwrap_err(), "a.txt:1: settle takes seconds");
        let late = parse("a.txt", "section one\nkubectl version\nprofile metrics").unwrap_err();
        assert_eq!(late, "a.txt:3: a section may begin with `profile metrics`");
        assert!(parse("a.txt", "file a <<EOF\n").unwrap_err().starts_with("a.txt:1: nothing ends this"));
    }
}
