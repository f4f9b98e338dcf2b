//! `base64`: encode and decode.

use super::support::{prelude::*, program};
use base64::alphabet;
use base64::engine::{DecodePaddingMode, Engine as _, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD as BASE64;

program!(PROGRAM, "base64", "Encode and decode in base 64", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    let name = &args[0];
    let options = match parse(&sys, &args, "d|decode i|ignore-garbage w:|wrap", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let wrap: usize = match options.value("w").unwrap_or("76").parse() {
        Ok(wrap) => wrap,
        Err(_) => {
            let text = format!("invalid wrap size: {}", quote(&sys, options.value("w").unwrap_or("")));
            complain(&sys, name, &text).await;
            return 1;
        }
    };
    if let Some(extra) = options.operands.get(1) {
        complain(&sys, name, &format!("extra operand {}", quote(&sys, extra))).await;
        return super::usage_hint(&sys, name).await;
    }
    let file = options.operands.first().map_or("-", String::as_str);
    let Some(bytes) = slurp(&sys, name, file).await else { return 1 };
    let mut out = Out::new(&sys);
    if options.has("d") {
        let (decoded, whole) = decode(&bytes, options.has("i"));
        out.put(&decoded).await;
        out.flush().await;
        if !whole {
            complain(&sys, name, "invalid input").await;
            return 1;
        }
    } else {
        out.text(&encode(&bytes, wrap)).await;
    }
    out.finish(name, 0).await
}

fn encode(bytes: &[u8], wrap: usize) -> String {
    let text = BASE64.encode(bytes);
    if wrap == 0 {
        return text;
    }
    let mut out = String::with_capacity(text.len() + text.len() / wrap + 1);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(wrap));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out
}

/// What could be decoded, and whether that was all.
fn decode(bytes: &[u8], ignore_garbage: bool) -> (Vec<u8>, bool) {
    let of_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    let keep = |byte: &u8| if ignore_garbage { of_alphabet(*byte) } else { *byte != b'\n' };
    let clean: Vec<u8> = bytes.iter().copied().filter(keep).collect();
    if let Ok(decoded) = BASE64.decode(&clean) {
        return (decoded, true);
    }
    let good = clean.iter().position(|byte| !of_alphabet(*byte) || *byte == b'=').unwrap_or(clean.len());
    let mut end = good;
    if end % 4 == 1 {
        end -= 1;
    }
    let decoded = LENIENT.decode(&clean[..end]).unwrap_or_default();
    (decoded, false)
}

/// Without padding, and with whatever bits are left over.
pub(super) static LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        assert_eq!(encode(b"admin", 76), "YWRtaW4=\n");
        assert_eq!(encode(b"admin", 4), "YWRt\naW4=\n");
        assert_eq!(decode(b"YWRtaW4=\n", false), (b"admin".to_vec(), true));
        assert_eq!(decode(b"YWRtaW4", false), (b"admin".to_vec(), false));
        assert_eq!(decode(b"YWRt!", false), (b"adm".to_vec(), false));
    }
}
