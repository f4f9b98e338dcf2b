//! Quantities: `100m` of CPU, `64Mi` of memory. Models `apimachinery/pkg/api/resource`.

/// The quantity in thousandths, rounded up; the largest number for what is larger.
pub fn parse_milli(text: &str) -> Option<i64> {
    wide_milli(text).map(|milli| i64::try_from(milli).unwrap_or(i64::MAX))
}

/// The quantity in billionths, rounded up: how processor time that was used is told.
pub fn parse_nano(text: &str) -> Option<i128> {
    wide(text, 1_000_000)
}

fn wide_milli(text: &str) -> Option<i128> {
    wide(text, 1)
}

/// In thousandths, each of which is so many units; rounded up.
fn wide(text: &str, units: i128) -> Option<i128> {
    let (number, suffix) = split(text)?;
    let (mantissa, decimals) = mantissa(number)?;
    let scale = 10i128.checked_pow(decimals)?;
    let (factor, divisor): (i128, i128) = match suffix {
        "n" => (1, 1_000_000),
        "u" => (1, 1_000),
        "m" => (1, 1),
        "" => (1_000, 1),
        "k" => (1_000_000, 1),
        "M" => (1_000_000_000, 1),
        "G" => (1_000_000_000_000, 1),
        "T" => (1_000_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000_000, 1),
        "E" => (1_000_000_000_000_000_000_000, 1),
        "Ki" => (1_000 << 10, 1),
        "Mi" => (1_000 << 20, 1),
        "Gi" => (1_000 << 30, 1),
        "Ti" => (1_000 << 40, 1),
        "Pi" => (1_000 << 50, 1),
        "Ei" => (1_000 << 60, 1),
        exponent => {
            let exponent: i32 = exponent.strip_prefix(['e', 'E'])?.parse().ok()?;
            match u32::try_from(exponent) {
                Ok(e) => (1_000i128.checked_mul(10i128.checked_pow(e)?)?, 1),
                Err(_) => (1_000, 10i128.checked_pow(exponent.unsigned_abs())?),
            }
        }
    };
    let product = mantissa.checked_mul(factor)?.checked_mul(units)?;
    let divisor = scale.checked_mul(divisor)?;
    Some(product.div_euclid(divisor) + i128::from(product.rem_euclid(divisor) != 0))
}

/// The quantity as a whole number, rounded up: bytes of memory, pods of a node.
pub fn parse(text: &str) -> Option<i64> {
    let milli = wide_milli(text)?;
    i64::try_from(milli.div_euclid(1_000) + i128::from(milli.rem_euclid(1_000) != 0)).ok()
}

/// The form in which the server keeps it: no fraction where a smaller unit exists (`0.5` is `500m`),
/// no unit where it can be larger (`1000m` is `1`). `None` when it is no quantity.
pub fn canonical(text: &str) -> Option<String> {
    let milli = wide_milli(text)?;
    let (number, suffix) = split(text)?;
    if milli == 0 {
        return Some("0".to_string());
    }
    if let Some(exponent) = suffix.strip_prefix(['e', 'E'])
        && !exponent.is_empty()
        && suffix.len() > 1
        && exponent != "i"
    {
        // Decimal exponents stay in that form upstream; plain digits say the same.
        return decimal(milli);
    }
    if suffix.ends_with('i') {
        if milli % 1_000 != 0 {
            return decimal(milli);
        }
        let mut value = milli / 1_000;
        let mut unit = 0;
        while value % 1_024 == 0 && unit < 6 {
            value /= 1_024;
            unit += 1;
        }
        // Below 1 KiB the binary form has no unit.
        let units = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
        return Some(format!("{value}{}", units[unit]));
    }
    if matches!(suffix, "n" | "u") {
        return Some(format!("{number}{suffix}"));
    }
    decimal(milli)
}

/// A number of thousandths in canonical form, with binary units or decimal ones.
pub fn of_milli(milli: i128, binary: bool) -> String {
    if milli == 0 {
        return "0".to_string();
    }
    if binary && milli % 1_000 == 0 {
        let (mut value, mut unit) = (milli / 1_000, 0);
        while value % 1_024 == 0 && unit < 6 {
            value /= 1_024;
            unit += 1;
        }
        return format!("{value}{}", ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][unit]);
    }
    decimal(milli).unwrap_or_default()
}

/// A number of billionths in canonical form, with binary units or decimal ones.
pub fn of_nano(nano: i128, binary: bool) -> String {
    match nano {
        0 => "0".to_string(),
        _ if binary => of_milli(nano / 1_000_000, true),
        _ => scaled(nano, &["n", "u", "m", "", "k", "M", "G", "T", "P", "E"]),
    }
}

fn decimal(milli: i128) -> Option<String> {
    Some(scaled(milli, &["m", "", "k", "M", "G", "T", "P", "E"]))
}

fn scaled(value: i128, units: &[&str]) -> String {
    let (mut value, mut unit) = (value, 0);
    while value % 1_000 == 0 && unit + 1 < units.len() {
        value /= 1_000;
        unit += 1;
    }
    format!("{value}{}", units[unit])
}

fn split(text: &str) -> Option<(&str, &str)> {
    let end = text
        .char_indices()
        .find(|(i, c)| !(c.is_ascii_digit() || *c == '.' || (*i == 0 && "+-".contains(*c))))
        .map_or(text.len(), |(i, _)| i);
    let (number, suffix) = text.split_at(end);
    number.contains(|c: char| c.is_ascii_digit()).then_some((number, suffix))
}

/// Digits without the point, and how many stood behind it.
fn mantissa(number: &str) -> Option<(i128, u32)> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.contains('.') {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    Some((digits.parse().ok()?, u32::try_from(fraction.len()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_kept_in_canonical_form() {
        for (text, expected) in [
            ("100m", "100m"),
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1024Mi", "1Gi"),
            ("64Mi", "64Mi"),
            ("1500", "1500"),
            ("2000", "2k"),
            ("0", "0"),
            ("1.5Gi", "1536Mi"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(canonical("lots"), None);
        assert_eq!(parse("64Mi"), Some(67_108_864));
        assert_eq!(parse_milli("250m"), Some(250));
    }
}
