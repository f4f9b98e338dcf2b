//! `printf`.

use super::value::Value;

/// Fills in a format; nothing when there are too few values for it.
pub(super) fn sprintf(format: &str, values: &[Value]) -> Option<String> {
    let mut out = String::new();
    let mut values = values.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        if chars.peek() == Some(&'%') {
            chars.next();
            out.push('%');
            continue;
        }
        let mut flags = String::new();
        while let Some(flag) = chars.next_if(|c| "-+ #0".contains(*c)) {
            flags.push(flag);
        }
        let mut number = |values: &mut std::slice::Iter<'_, Value>| -> Option<Option<i64>> {
            if chars.next_if_eq(&'*').is_some() {
                return Some(Some(values.next()?.as_number() as i64));
            }
            let mut digits = String::new();
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            Some(digits.parse().ok())
        };
        let mut width = number(&mut values)?.unwrap_or(0);
        let mut precision = None;
        if chars.next_if_eq(&'.').is_some() {
            let mut digits = String::new();
            if chars.next_if_eq(&'*').is_some() {
                precision = Some(values.next()?.as_number().max(0.0) as usize);
            } else {
                while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    digits.push(digit);
                }
                precision = Some(digits.parse().unwrap_or(0));
            }
        }
        if width < 0 {
            flags.push('-');
            width = -width;
        }
        while chars.next_if(|c| "lhq".contains(*c)).is_some() {}
        let Some(conversion) = chars.next() else {
            out.push('%');
            break;
        };
        let value = values.next()?;
        let piece = match conversion {
            'd' | 'i' | 'u' => integer(value.as_number(), precision, &flags),
            'o' => format!("{:o}", value.as_number() as i64),
            'x' => format!("{:x}", value.as_number() as i64),
            'X' => format!("{:X}", value.as_number() as i64),
            'c' => match value {
                Value::Number(code) => {
                    char::from_u32(*code as u32).filter(|c| *c != '\0').map(String::from).unwrap_or_default()
                }
                other => other.text("%.6g").chars().next().map(String::from).unwrap_or_default(),
            },
            's' => {
                let text = value.text("%.6g");
                text.chars().take(precision.unwrap_or(usize::MAX)).collect()
            }
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => float(value.as_number(), conversion, precision, &flags),
            other => format!("%{other}"),
        };
        let numeric = !matches!(conversion, 's' | 'c');
        pad(
            &mut out,
            &piece,
            width as usize,
            &flags,
            numeric && !(precision.is_some() && "diuoxX".contains(conversion)),
        );
    }
    Some(out)
}

fn pad(out: &mut String, piece: &str, width: usize, flags: &str, zeros: bool) {
    let missing = width.saturating_sub(piece.chars().count());
    if flags.contains('-') {
        out.push_str(piece);
        out.push_str(&" ".repeat(missing));
    } else if flags.contains('0') && zeros {
        let sign = usize::from(piece.starts_with(['-', '+', ' ']));
        out.push_str(&piece[..sign]);
        out.push_str(&"0".repeat(missing));
        out.push_str(&piece[sign..]);
    } else {
        out.push_str(&" ".repeat(missing));
        out.push_str(piece);
    }
}

fn sign(negative: bool, flags: &str) -> &'static str {
    match (negative, flags.contains('+'), flags.contains(' ')) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    }
}

fn integer(value: f64, precision: Option<usize>, flags: &str) -> String {
    let number = value.trunc() as i64;
    let digits = format!("{:0>1$}", number.unsigned_abs(), precision.unwrap_or(1));
    format!("{}{digits}", sign(number < 0, flags))
}

fn float(value: f64, conversion: char, precision: Option<usize>, flags: &str) -> String {
    let sign = sign(value.is_sign_negative() && !value.is_nan(), flags);
    if value.is_nan() || value.is_infinite() {
        return format!("{sign}{}", if value.is_nan() { "nan" } else { "inf" });
    }
    let magnitude = value.abs();
    let precision = precision.unwrap_or(6);
    let scientific = |digits: usize| {
        let text = format!("{magnitude:.digits$e}");
        let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
        let power: i32 = power.parse().unwrap_or(0);
        (mantissa.to_string(), power)
    };
    let exponent = |mantissa: &str, power: i32| {
        format!("{mantissa}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
    };
    let text = match conversion.to_ascii_lowercase() {
        'f' => format!("{magnitude:.precision$}"),
        'e' => {
            let (mantissa, power) = scientific(precision);
            exponent(&mantissa, power)
        }
        _ => {
            let precision = precision.max(1);
            let (mantissa, power) = scientific(precision - 1);
            let trim = |text: &str| {
                if text.contains('.') && !flags.contains('#') {
                    text.trim_end_matches('0').trim_end_matches('.').to_string()
                } else {
                    text.to_string()
                }
            };
            if power < -4 || power >= precision as i32 {
                exponent(&trim(&mantissa), power)
            } else {
                trim(&format!("{magnitude:.0$}", (precision as i32 - 1 - power) as usize))
            }
        }
    };
    let text = if conversion.is_ascii_uppercase() { text.to_uppercase() } else { text };
    format!("{sign}{text}")
}
