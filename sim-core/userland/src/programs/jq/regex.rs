//! `test`, `match` and what is made of them.

use super::eval::Stop;
use super::json::Json;
use regex_lite::{Regex, RegexBuilder};

/// Looks for a pattern: whether it is there, or all about where.
///
/// # Errors
/// When input, pattern or flags do not fit.
pub(super) fn run(input: &Json, pattern: &Json, flags: &Json, test: bool) -> Result<Json, Stop> {
    let (pattern, flags) = match (pattern, flags) {
        (Json::Array(both), Json::Null) if !both.is_empty() => {
            (both[0].clone(), both.get(1).cloned().unwrap_or(Json::Null))
        }
        (Json::String(_), _) => (pattern.clone(), flags.clone()),
        (other, Json::Null) => {
            return Err(Stop::error(format!("{} not a string or array", other.kind())));
        }
        _ => (pattern.clone(), flags.clone()),
    };
    let Json::String(text) = input else {
        return Err(Stop::error(format!("{} cannot be matched, as it is not a string", input.described())));
    };
    let Json::String(pattern) = &pattern else {
        return Err(Stop::error(format!("{} is not a string", pattern.described())));
    };
    let flags = match &flags {
        Json::Null => "",
        Json::String(flags) => flags,
        other => return Err(Stop::error(format!("{} is not a string", other.described()))),
    };
    let mut global = false;
    let mut skip_empty = false;
    let mut builder = RegexBuilder::new(&translate(pattern)?);
    for flag in flags.chars() {
        match flag {
            'g' => global = true,
            'i' => drop(builder.case_insensitive(true)),
            'x' => drop(builder.ignore_whitespace(true)),
            's' | 'p' => drop(builder.dot_matches_new_line(true)),
            'n' => skip_empty = true,
            'l' => {}
            _ => return Err(Stop::error(format!("{flags} is not a valid modifier string"))),
        }
    }
    let regex = builder.build().map_err(|error| failure(&error.to_string()))?;
    if test {
        return Ok(Json::Bool(regex.is_match(text)));
    }
    let mut all = Vec::new();
    for found in regex.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        if skip_empty && whole.is_empty() {
            continue;
        }
        all.push(describe(&regex, text, &found));
        if !global {
            break;
        }
    }
    Ok(Json::array(all))
}

fn describe(regex: &Regex, text: &str, found: &regex_lite::Captures<'_>) -> Json {
    let offset = |at: usize| Json::count(text[..at].chars().count());
    let mut captures = Vec::new();
    for (at, name) in regex.capture_names().enumerate().skip(1) {
        let name = name.map_or(Json::Null, Json::string);
        captures.push(match found.get(at) {
            Some(part) => Json::object(vec![
                ("offset", offset(part.start())),
                ("length", Json::count(part.as_str().chars().count())),
                ("string", Json::string(part.as_str())),
                ("name", name),
            ]),
            None => Json::object(vec![
                ("offset", Json::number(-1.0)),
                ("string", Json::Null),
                ("length", Json::number(0.0)),
                ("name", name),
            ]),
        });
    }
    let whole = found.get(0);
    let (start, part) = whole.map_or((0, ""), |whole| (whole.start(), whole.as_str()));
    Json::object(vec![
        ("offset", offset(start)),
        ("length", Json::count(part.chars().count())),
        ("string", Json::string(part)),
        ("captures", Json::array(captures)),
    ])
}

/// Oniguruma's dialect in ours.
fn translate(pattern: &str) -> Result<String, Stop> {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('h') => out.push_str("[0-9a-fA-F]"),
                Some('H') => out.push_str("[^0-9a-fA-F]"),
                Some('Z') => out.push_str("\\z"),
                Some(digit @ '1'..='9') => {
                    return Err(Stop::NotSimulated(format!("the back reference \"\\{digit}\"")));
                }
                Some(c) if c.is_alphanumeric() => {
                    out.push('\\');
                    out.push(c);
                }
                Some(c) => out.push_str(&regex_lite::escape(c.encode_utf8(&mut [0; 4]))),
                None => return Err(failure("end at backslash")),
            },
            '(' if chars.peek() == Some(&'?') => {
                let rest: String = chars.clone().skip(1).take(2).collect();
                let look = rest.starts_with(['=', '!', '>', '#', '~'])
                    || rest.starts_with("<=")
                    || rest.starts_with("<!");
                if look {
                    return Err(Stop::NotSimulated(format!(
                        "the group \"(?{rest}\" in a regular expression"
                    )));
                }
                out.push(c);
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

/// Oniguruma's word for what is wrong.
fn failure(error: &str) -> Stop {
    const WORDS: &[(&str, &str)] = &[
        ("without closing", "end pattern with unmatched parenthesis"),
        ("without matching", "unmatched close parenthesis"),
        ("must be applied", "target of repeat operator is not specified"),
        ("min bigger", "upper is smaller than lower in repeat range"),
        ("end at backslash", "end pattern at escape"),
        ("ranges must start", "empty range in char class"),
        ("range", "empty range in char class"),
        ("class", "premature end of char-class"),
    ];
    let text =
        WORDS.iter().find(|(ours, _)| error.contains(ours)).map_or("undefined group option", |row| row.1);
    Stop::error(format!("Regex failure: {text}"))
}
