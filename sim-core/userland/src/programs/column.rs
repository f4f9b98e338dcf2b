//! `column`: lists in columns; `-t` makes a table.

use super::support::{prelude::*, program, text::width};

program!(PROGRAM, "column", "Columnate lists", main);

const TABLE: &str = "t|table s:|separator o:|output-separator N:|table-columns R:|table-right c:|output-width x|fillrows \
    n:|table-name L|keep-empty-lines !J|json !d|table-noheadings !H:|table-hide !W:|table-wrap !T:|table-truncate !O:|table-order \
    !E:|table-noextreme !e|table-header-repeat !r:|tree !i:|tree-id !p:|tree-parent !l:|table-columns-limit";

async fn main(sys: Sys, args: Args) -> ExitCode {
    let options = match super::support::options::read(&args, TABLE) {
        Ok(options) => options,
        Err(super::support::options::Problem::NotSimulated(option)) => {
            return not_simulated(&sys, &args[0], &format!("the option {option}")).await;
        }
        Err(super::support::options::Problem::Usage(text)) => {
            complain(&sys, &args[0], &text).await;
            sys.err("Try 'column --help' for more information.\n").await;
            return 1;
        }
    };
    sys.cpu(std::time::Duration::from_millis(1)).await;
    let mut text = String::new();
    let mut status = 0;
    for file in options.files() {
        match slurp(&sys, &args[0], &file).await {
            Some(bytes) => text.push_str(&String::from_utf8_lossy(&bytes)),
            None => status = 1,
        }
    }
    let mut out = Out::new(&sys);
    let lines: Vec<&str> = text.lines().filter(|line| options.has("L") || !line.trim().is_empty()).collect();
    if options.has("t") {
        out.text(&table(&lines, &options)).await;
    } else {
        let screen = sys.winsize(1).map_or(80, |size| usize::from(size.cols));
        let screen = options.value("c").and_then(|text| text.parse().ok()).unwrap_or(screen);
        out.text(&fill(&lines, screen, options.has("x"))).await;
    }
    out.finish(&args[0], status).await
}

fn table(lines: &[&str], options: &Options) -> String {
    let separators = options.value("s");
    let mut rows: Vec<Vec<String>> = Vec::new();
    if let Some(names) = options.value("N") {
        rows.push(names.split(',').map(String::from).collect());
    }
    for line in lines {
        rows.push(match separators {
            Some(separators) => line.split(|c| separators.contains(c)).map(String::from).collect(),
            None => line.split([' ', '\t']).filter(|cell| !cell.is_empty()).map(String::from).collect(),
        });
    }
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|at| rows.iter().filter_map(|row| row.get(at)).map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    let right: Vec<usize> = options
        .value("R")
        .into_iter()
        .flat_map(|list| list.split(','))
        .filter_map(|name| {
            let by_name =
                options.value("N").and_then(|names| names.split(',').position(|found| found == name));
            by_name.or_else(|| name.parse::<usize>().ok()?.checked_sub(1))
        })
        .collect();
    let between = options.value("o").unwrap_or("  ");
    let mut out = String::new();
    for row in &rows {
        for (at, wide) in widths.iter().enumerate() {
            let cell = row.get(at).map_or("", String::as_str);
            let pad = " ".repeat(wide - width(cell));
            let last = at + 1 == count;
            if right.contains(&at) {
                out.push_str(&pad);
                out.push_str(cell);
            } else {
                out.push_str(cell);
                if !last {
                    out.push_str(&pad);
                }
            }
            if !last {
                out.push_str(between);
            }
        }
        out.push('\n');
    }
    out
}

/// As many columns as fit, tabs between them.
fn fill(lines: &[&str], screen: usize, across: bool) -> String {
    let most = lines.iter().map(|line| width(line)).max().unwrap_or(0);
    let wide = (most + 8) & !7;
    let mut out = String::new();
    if lines.is_empty() {
        return out;
    }
    if most >= screen {
        return lines.iter().map(|line| format!("{line}\n")).collect();
    }
    let columns = (screen / wide).max(1);
    let rows = lines.len().div_ceil(columns);
    for row in 0..rows {
        let mut column = 0;
        loop {
            let at = if across { row * columns + column } else { column * rows + row };
            let Some(line) = lines.get(at) else { break };
            out.push_str(line);
            let next = if across { at + 1 } else { at + rows };
            let last = next >= lines.len() || column + 1 >= columns && across;
            if last {
                break;
            }
            let mut used = width(line);
            while used < wide {
                out.push('\t');
                used = (used + 8) & !7;
            }
            column += 1;
        }
        out.push('\n');
    }
    out
}
