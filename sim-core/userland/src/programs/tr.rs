//! `tr`: characters for characters. As the real one it knows bytes only.

use super::support::{prelude::*, program};

program!(PROGRAM, "tr", "Translate or delete characters", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    let name = &args[0];
    let options =
        match parse(&sys, &args, "+c|complement C d|delete s|squeeze-repeats t|truncate-set1", 1).await {
            Ok(options) => options,
            Err(status) => return status,
        };
    let (delete, squeeze) = (options.has("d"), options.has("s"));
    let sets = &options.operands;
    let least = if delete == squeeze { 2 } else { 1 };
    if sets.len() < least {
        let text = match sets.last() {
            None => "missing operand".to_string(),
            Some(last) => {
                let why = if delete { "deleting and squeezing repeats" } else { "translating" };
                let tail = format!(
                    "Two strings must be given when {}.",
                    if delete { format!("both {why}") } else { why.into() }
                );
                format!("missing operand after {}\n{tail}", quote(&sys, last))
            }
        };
        complain(&sys, name, &text).await;
        return super::usage_hint(&sys, name).await;
    }
    let most = if delete && !squeeze { 1 } else { 2 };
    if let Some(extra) = sets.get(most) {
        let tail = if sets.len() == 2 {
            "\nOnly one string may be given when deleting without squeezing repeats."
        } else {
            ""
        };
        complain(&sys, name, &format!("extra operand {}{tail}", quote(&sys, extra))).await;
        return super::usage_hint(&sys, name).await;
    }
    let complement = options.has("c") || options.has("C");
    let first = match expand(&sets[0], None) {
        Ok(first) => first,
        Err(problem) => {
            complain(&sys, name, &problem).await;
            return 1;
        }
    };
    let first: Vec<u8> =
        if complement { (0..=255).filter(|byte| !first.contains(byte)).collect() } else { first };
    let second = match sets.get(1).map(|set| expand(set, Some(first.len()))).transpose() {
        Ok(second) => second,
        Err(problem) => {
            complain(&sys, name, &problem).await;
            return 1;
        }
    };
    let mut map: Vec<Option<u8>> = (0..=255).map(Some).collect();
    let squeezed: Vec<u8>;
    if delete {
        for byte in &first {
            map[usize::from(*byte)] = None;
        }
        squeezed = if squeeze { second.unwrap_or_default() } else { Vec::new() };
    } else if let Some(second) = second {
        let Some(last) = second.last().copied() else {
            complain(&sys, name, "when not truncating set1, string2 must be non-empty").await;
            return 1;
        };
        for (at, byte) in first.iter().enumerate() {
            match second.get(at) {
                Some(to) => map[usize::from(*byte)] = Some(*to),
                None if options.has("t") => {}
                None => map[usize::from(*byte)] = Some(last),
            }
        }
        squeezed = if squeeze { second } else { Vec::new() };
    } else {
        squeezed = first;
    }
    let mut out = Out::new(&sys);
    let mut last = None;
    loop {
        match sys.read(0, 8192).await {
            Ok(bytes) if bytes.is_empty() => break,
            Ok(bytes) => {
                let mut result = Vec::with_capacity(bytes.len());
                for byte in bytes {
                    let Some(byte) = map[usize::from(byte)] else { continue };
                    if last == Some(byte) && squeezed.contains(&byte) {
                        continue;
                    }
                    result.push(byte);
                    last = Some(byte);
                }
                out.put(&result).await;
            }
            Err(errno) => {
                complain(&sys, name, &format!("read error: {errno}")).await;
                return 1;
            }
        }
    }
    out.finish(name, 0).await
}

/// The bytes that a set names; `[c*]` in the second one fills up to `length`.
fn expand(set: &str, length: Option<usize>) -> Result<Vec<u8>, String> {
    let bytes = set.as_bytes();
    let mut out: Vec<u8> = Vec::new();
    let mut fill = None;
    let mut i = 0;
    while i < bytes.len() {
        if let Some(rest) = set.get(i..).and_then(|rest| rest.strip_prefix("[:"))
            && let Some((class, _)) = rest.split_once(":]")
        {
            let is = class_of(class).ok_or_else(|| format!("invalid character class ‘{class}’"))?;
            out.extend((0..=255_u8).filter(is));
            i += class.len() + 4;
            continue;
        }
        if bytes[i] == b'[' && bytes.get(i + 2) == Some(&b'*') && length.is_some() {
            let rest = set.get(i + 3..).unwrap_or("");
            if let Some((count, _)) = rest.split_once(']')
                && count.chars().all(|c| c.is_ascii_digit())
            {
                match count.parse::<usize>() {
                    Ok(count) if count > 0 => {
                        out.extend(std::iter::repeat_n(bytes[i + 1], count.min(1 << 16)))
                    }
                    _ => fill = Some((out.len(), bytes[i + 1])),
                }
                i += count.len() + 4;
                continue;
            }
        }
        let (from, used) = one(&bytes[i..]);
        i += used;
        if bytes.get(i) == Some(&b'-') && i + 1 < bytes.len() {
            let (to, used) = one(&bytes[i + 1..]);
            if to < from {
                let (from, to) = (char::from(from), char::from(to));
                return Err(format!(
                    "range-endpoints of '{from}-{to}' are in reverse collating sequence order"
                ));
            }
            out.extend(from..=to);
            i += 1 + used;
        } else {
            out.push(from);
        }
    }
    if let (Some((at, byte)), Some(length)) = (fill, length) {
        let missing = length.saturating_sub(out.len());
        out.splice(at..at, std::iter::repeat_n(byte, missing));
    }
    Ok(out)
}

fn one(bytes: &[u8]) -> (u8, usize) {
    if bytes[0] != b'\\' {
        return (bytes[0], 1);
    }
    match bytes.get(1) {
        None => (b'\\', 1),
        Some(b'a') => (7, 2),
        Some(b'b') => (8, 2),
        Some(b'f') => (12, 2),
        Some(b'n') => (b'\n', 2),
        Some(b'r') => (b'\r', 2),
        Some(b't') => (b'\t', 2),
        Some(b'v') => (11, 2),
        Some(b'0'..=b'7') => {
            let digits = bytes[1..].iter().take(3).take_while(|byte| (b'0'..=b'7').contains(byte));
            let (number, count) =
                digits.fold((0_u32, 0), |(n, count), digit| (n * 8 + u32::from(digit - b'0'), count + 1));
            (number as u8, 1 + count)
        }
        Some(other) => (*other, 2),
    }
}

fn class_of(name: &str) -> Option<fn(&u8) -> bool> {
    Some(match name {
        "alnum" => u8::is_ascii_alphanumeric,
        "alpha" => u8::is_ascii_alphabetic,
        "blank" => |byte| *byte == b' ' || *byte == b'\t',
        "cntrl" => u8::is_ascii_control,
        "digit" => u8::is_ascii_digit,
        "graph" => u8::is_ascii_graphic,
        "lower" => u8::is_ascii_lowercase,
        "print" => |byte| byte.is_ascii_graphic() || *byte == b' ',
        "punct" => u8::is_ascii_punctuation,
        "space" => |byte| b" \t\n\x0b\x0c\r".contains(byte),
        "upper" => u8::is_ascii_uppercase,
        "xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_expanded() {
        assert_eq!(expand("a-cx\\n", None).unwrap(), b"abcx\n");
        assert_eq!(expand("[:digit:]", None).unwrap(), b"0123456789");
        assert_eq!(expand("[x*]", Some(3)).unwrap(), b"xxx");
        assert!(expand("z-a", None).is_err());
    }
}
