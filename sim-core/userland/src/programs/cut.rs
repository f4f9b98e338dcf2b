//! `cut`: fields or columns of lines.

use super::support::{input::close_input, prelude::*, program};

program!(PROGRAM, "cut", "Remove sections from each line of files", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "b:|bytes c:|characters d:|delimiter f:|fields n --complement s|only-delimited --output-delimiter: \
        z|zero-terminated";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let lists: Vec<&(&str, String)> =
        options.found.iter().filter(|(key, _)| ["b", "c", "f"].contains(key)).collect();
    let problem = match lists.as_slice() {
        [] => Some("you must specify a list of bytes, characters, or fields"),
        [_] => None,
        _ => Some("only one list may be specified"),
    };
    if let Some(problem) = problem {
        complain(&sys, name, problem).await;
        return super::usage_hint(&sys, name).await;
    }
    let (unit, list) = lists[0];
    let ranges = match ranges(list, *unit == "f") {
        Ok(ranges) => ranges,
        Err(problem) => {
            complain(&sys, name, &problem).await;
            return super::usage_hint(&sys, name).await;
        }
    };
    let delimiter = options.value("d").unwrap_or("\t");
    if delimiter.chars().count() > 1 {
        complain(&sys, name, "the delimiter must be a single character").await;
        return super::usage_hint(&sys, name).await;
    }
    if options.has("d") && *unit != "f" {
        complain(&sys, name, "an input delimiter may be specified only when operating on fields").await;
        return super::usage_hint(&sys, name).await;
    }
    let cutter = Cutter {
        ranges,
        complement: options.has("complement"),
        delimiter: if delimiter.is_empty() { '\0' } else { delimiter.chars().next().unwrap_or('\t') },
        joiner: options.value("output-delimiter"),
        only_delimited: options.has("s"),
    };
    let end = if options.has("z") { '\0' } else { '\n' };
    let mut out = Out::new(&sys);
    let mut status = 0;
    for file in options.files() {
        let Some(fd) = open_input(&sys, name, &file).await else {
            status = 1;
            continue;
        };
        let mut lines = Lines::new(&sys, fd).delimited_by(end as u8);
        loop {
            match lines.next_text().await {
                Ok(Some(line)) => {
                    let cut = if *unit == "f" { cutter.fields(&line) } else { Some(cutter.columns(&line)) };
                    if let Some(cut) = cut {
                        out.text(&format!("{cut}{end}")).await;
                    }
                }
                Ok(None) => break,
                Err(errno) => {
                    complain(&sys, name, &format!("{}: {errno}", quote_if_needed(&file))).await;
                    status = 1;
                    break;
                }
            }
        }
        close_input(&sys, fd);
    }
    out.finish(name, status).await
}

struct Cutter<'a> {
    ranges: Vec<(usize, usize)>,
    complement: bool,
    delimiter: char,
    joiner: Option<&'a str>,
    only_delimited: bool,
}

impl Cutter<'_> {
    fn has(&self, number: usize) -> bool {
        self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&number)) != self.complement
    }

    fn fields(&self, line: &str) -> Option<String> {
        if !line.contains(self.delimiter) {
            return (!self.only_delimited).then(|| line.to_string());
        }
        let kept =
            line.split(self.delimiter).enumerate().filter(|(at, _)| self.has(at + 1)).map(|(_, field)| field);
        let joiner = self.joiner.map_or_else(|| self.delimiter.to_string(), String::from);
        Some(kept.collect::<Vec<_>>().join(&joiner))
    }

    fn columns(&self, line: &str) -> String {
        let mut out = String::new();
        let mut last = None;
        for (at, c) in line.chars().enumerate().filter(|(at, _)| self.has(at + 1)) {
            if let (Some(joiner), Some(last)) = (self.joiner, last)
                && last + 1 < at
            {
                out.push_str(joiner);
            }
            out.push(c);
            last = Some(at);
        }
        out
    }
}

fn ranges(list: &str, fields: bool) -> Result<Vec<(usize, usize)>, String> {
    let what = if fields { "fields" } else { "byte/character positions" };
    list.split([',', ' '])
        .map(|part| {
            let number = |text: &str| text.parse::<usize>().map_err(|_| invalid(part, fields));
            let (from, to) = match part.split_once('-') {
                Some(("", "")) => return Err("invalid range with no endpoint: -".to_string()),
                Some((from, "")) => (number(from)?, usize::MAX),
                Some(("", to)) => (1, number(to)?),
                Some((from, to)) => (number(from)?, number(to)?),
                None => (number(part)?, number(part)?),
            };
            match () {
                () if from == 0 => Err(format!("{what} are numbered from 1")),
                () if to < from => Err("invalid decreasing range".to_string()),
                () => Ok((from, to)),
            }
        })
        .collect()
}

fn invalid(part: &str, fields: bool) -> String {
    let what = if fields { "field value" } else { "byte/character position" };
    format!("invalid {what} {part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_columns() {
        let cutter = |list: &str| Cutter {
            ranges: ranges(list, true).unwrap(),
            complement: false,
            delimiter: ':',
            joiner: None,
            only_delimited: false,
        };
        assert_eq!(cutter("1,3-").fields("a:b:c:d").unwrap(), "a:c:d");
        assert_eq!(cutter("-2").columns("héllo"), "hé");
        assert_eq!(cutter("2").fields("plain").unwrap(), "plain");
        assert_eq!(ranges("0", true).unwrap_err(), "fields are numbered from 1");
        assert_eq!(ranges("3-1", true).unwrap_err(), "invalid decreasing range");
    }
}
