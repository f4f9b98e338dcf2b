//! Small filters by lines: `rev`, `tac`, `nl`, `paste`, `fold`, `shuf`, `comm`.

use super::support::{input::close_input, prelude::*, program};

program!(REV, "rev", "Reverse lines characterwise", rev);
program!(TAC, "tac", "Concatenate and print files in reverse", tac);
program!(NL, "nl", "Number lines of files", nl);
program!(PASTE, "paste", "Merge lines of files", paste);
program!(FOLD, "fold", "Wrap each input line to fit in specified width", fold);
program!(SHUF, "shuf", "Generate random permutations", shuf);
program!(COMM, "comm", "Compare two sorted files line by line", comm);

async fn rev(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(&sys, &args, "", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let mut out = Out::new(&sys);
    let mut status = 0;
    for file in options.files() {
        let Some(fd) = open_input(&sys, &args[0], &file).await else {
            status = 1;
            continue;
        };
        let mut lines = Lines::new(&sys, fd);
        while let Ok(Some(line)) = lines.next_text().await {
            out.line(&line.chars().rev().collect::<String>()).await;
        }
        close_input(&sys, fd);
    }
    out.finish(&args[0], status).await
}

async fn tac(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(&sys, &args, "!b|before !r|regex !s:|separator", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let mut out = Out::new(&sys);
    let mut status = 0;
    for file in options.files() {
        let bytes = match if file == "-" { Ok(0) } else { sys.open(&file, linux::fd::OpenFlags::READ, 0) } {
            Ok(fd) => sys
                .read_to_end(fd)
                .await
                .map_err(|errno| format!("{}: read error: {errno}", quote_if_needed(&file))),
            Err(errno) => Err(format!("failed to open {} for reading: {errno}", quote_always(&file))),
        };
        match bytes {
            Ok(bytes) => {
                let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
                for line in lines.iter().rev() {
                    out.put(line).await;
                }
            }
            Err(problem) => {
                complain(&sys, &args[0], &problem).await;
                status = 1;
            }
        }
    }
    out.finish(&args[0], status).await
}

async fn nl(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "b:|body-numbering w:|number-width s:|number-separator v:|starting-line-number i:|line-increment \
        n:|number-format !d:|section-delimiter !f:|footer-numbering !h:|header-numbering !l:|join-blank-lines !p|no-renumber";
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let number = |key, default: i64| options.value(key).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (width, step) = (number("w", 6).clamp(1, 100) as usize, number("i", 1));
    let mut current = number("v", 1);
    let separator = options.value("s").unwrap_or("\t");
    let style = options.value("b").unwrap_or("t");
    let mut out = Out::new(&sys);
    let mut status = 0;
    for file in options.files() {
        let Some(fd) = open_input(&sys, &args[0], &file).await else {
            status = 1;
            continue;
        };
        let mut lines = Lines::new(&sys, fd);
        while let Ok(Some(line)) = lines.next_text().await {
            if style == "a" || style == "t" && !line.is_empty() {
                let text = match options.value("n") {
                    Some("ln") => format!("{current:<width$}"),
                    Some("rz") => format!("{current:0width$}"),
                    _ => format!("{current:width$}"),
                };
                out.line(&format!("{text}{separator}{line}")).await;
                current += step;
            } else {
                out.line(&format!("{:1$}{line}", "", width + separator.chars().count())).await;
            }
        }
        close_input(&sys, fd);
    }
    out.finish(&args[0], status).await
}

async fn paste(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(&sys, &args, "d:|delimiters s|serial !z|zero-terminated", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let (delimiters, _) = super::printf::unescape(options.value("d").unwrap_or("\t").as_bytes(), true);
    let delimiters: Vec<char> = String::from_utf8_lossy(&delimiters).chars().collect();
    let delimiter = |at: usize| match delimiters.as_slice() {
        [] => String::new(),
        all => all[at % all.len()].to_string(),
    };
    let mut inputs = Vec::new();
    let mut standard = None;
    for file in options.files() {
        let Some(fd) = open_input(&sys, &args[0], &file).await else { return 1 };
        if fd == 0 {
            standard.get_or_insert_with(|| Lines::new(&sys, 0));
            inputs.push(None);
        } else {
            inputs.push(Some(Lines::new(&sys, fd)));
        }
    }
    let mut out = Out::new(&sys);
    if options.has("s") {
        for input in &mut inputs {
            let Some(lines) = input.as_mut().or(standard.as_mut()) else { continue };
            let mut text = String::new();
            let mut at = 0;
            while let Ok(Some(line)) = lines.next_text().await {
                if at > 0 {
                    text.push_str(&delimiter(at - 1));
                }
                text.push_str(&line);
                at += 1;
            }
            out.line(&text).await;
        }
        return out.finish(&args[0], 0).await;
    }
    loop {
        let mut text = String::new();
        let mut any = false;
        for (at, input) in inputs.iter_mut().enumerate() {
            if at > 0 {
                text.push_str(&delimiter(at - 1));
            }
            let Some(lines) = input.as_mut().or(standard.as_mut()) else { continue };
            if let Ok(Some(line)) = lines.next_text().await {
                any = true;
                text.push_str(&line);
            }
        }
        if !any {
            break;
        }
        out.line(&text).await;
    }
    out.finish(&args[0], 0).await
}

async fn fold(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(&sys, &args, "b|bytes s|spaces w:|width", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let given = options.value("w").unwrap_or("80");
    let width: usize = match given.parse() {
        Ok(width) if width > 0 => width,
        _ => {
            complain(&sys, &args[0], &format!("invalid number of columns: {}", quote(&sys, given))).await;
            return 1;
        }
    };
    let mut out = Out::new(&sys);
    let mut status = 0;
    for file in options.files() {
        let Some(bytes) = slurp(&sys, &args[0], &file).await else {
            status = 1;
            continue;
        };
        let text = String::from_utf8_lossy(&bytes);
        for line in text.split_inclusive('\n') {
            let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
            let mut rest: Vec<char> = body.chars().collect();
            while rest.len() > width {
                let blank =
                    rest[..width].iter().rposition(|c| c.is_whitespace()).filter(|_| options.has("s"));
                let tail = rest.split_off(blank.map_or(width, |blank| blank + 1));
                out.line(&rest.iter().collect::<String>()).await;
                rest = tail;
            }
            out.text(&format!("{}{end}", rest.iter().collect::<String>())).await;
        }
    }
    out.finish(&args[0], status).await
}

async fn shuf(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(
        &sys,
        &args,
        "e|echo i:|input-range n:|head-count r|repeat !o:|output !z !--random-source:",
        1,
    )
    .await
    {
        Ok(options) => options,
        Err(status) => return status,
    };
    let mut lines: Vec<String> = if options.has("e") {
        options.operands.clone()
    } else if let Some(range) = options.value("i") {
        let ends = range
            .split_once('-')
            .and_then(|(low, high)| Some((low.parse::<u64>().ok()?, high.parse::<u64>().ok()?)));
        let Some((low, high)) = ends.filter(|(low, high)| low <= high && high - low < 1_000_000) else {
            complain(&sys, &args[0], &format!("invalid input range: {}", quote(&sys, range))).await;
            return 1;
        };
        (low..=high).map(|number| number.to_string()).collect()
    } else {
        let file = options.operands.first().map_or("-", String::as_str);
        let Some(bytes) = slurp(&sys, &args[0], file).await else { return 1 };
        String::from_utf8_lossy(&bytes).lines().map(String::from).collect()
    };
    let wanted = options.value("n").and_then(|text| text.parse::<usize>().ok());
    let mut out = Out::new(&sys);
    if options.has("r") {
        let mut left = wanted.unwrap_or(usize::MAX);
        while left > 0 && !lines.is_empty() && !out.is_broken() {
            let at = (sys.random() % lines.len() as u64) as usize;
            out.line(&lines[at]).await;
            left -= 1;
        }
        return out.finish(&args[0], 0).await;
    }
    for at in (1..lines.len()).rev() {
        let other = (sys.random() % (at as u64 + 1)) as usize;
        lines.swap(at, other);
    }
    for line in lines.iter().take(wanted.unwrap_or(usize::MAX)) {
        out.line(line).await;
    }
    out.finish(&args[0], 0).await
}

async fn comm(sys: Sys, args: Args) -> ExitCode {
    let options =
        match parse(&sys, &args, "1 2 3 !--check-order --nocheck-order !--output-delimiter: !--total !z", 1)
            .await
        {
            Ok(options) => options,
            Err(status) => return status,
        };
    let [first, second] = options.operands.as_slice() else {
        let text = match options.operands.as_slice() {
            [] => "missing operand".to_string(),
            [one] => format!("missing operand after {}", quote(&sys, one)),
            [_, _, extra, ..] => format!("extra operand {}", quote(&sys, extra)),
            _ => String::new(),
        };
        complain(&sys, &args[0], &text).await;
        return super::usage_hint(&sys, &args[0]).await;
    };
    let (Some(left), Some(right)) = (slurp(&sys, &args[0], first).await, slurp(&sys, &args[0], second).await)
    else {
        return 1;
    };
    let (left, right) = (String::from_utf8_lossy(&left), String::from_utf8_lossy(&right));
    let (mut left, mut right) = (left.lines().peekable(), right.lines().peekable());
    let tab = |hidden: &[&str]| "\t".repeat(hidden.iter().filter(|key| !options.has(key)).count());
    let mut out = Out::new(&sys);
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.cmp(b),
        };
        let (line, key, indent) = match order {
            std::cmp::Ordering::Less => (left.next(), "1", String::new()),
            std::cmp::Ordering::Greater => (right.next(), "2", tab(&["1"])),
            std::cmp::Ordering::Equal => {
                right.next();
                (left.next(), "3", tab(&["1", "2"]))
            }
        };
        if !options.has(key) {
            out.line(&format!("{indent}{}", line.unwrap_or(""))).await;
        }
    }
    out.finish(&args[0], 0).await
}
