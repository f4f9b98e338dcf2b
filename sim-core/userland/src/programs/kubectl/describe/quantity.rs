//! Sums of resource quantities, for the tables of a node.

/// An amount in thousandths, and how it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantity {
    /// Thousandths of a unit.
    pub milli: i128,
    /// True for `Ki`, `Mi` and so on.
    pub binary: bool,
}

impl Quantity {
    /// Reads `100m`, `70Mi`, `2`.
    pub fn parse(text: &str) -> Quantity {
        let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let fraction: i128 = format!("{fraction:0<3}").get(..3).and_then(|f| f.parse().ok()).unwrap_or(0);
        let base = whole.parse::<i128>().unwrap_or(0) * 1000 + fraction;
        let (factor, divisor, binary) = match suffix {
            "m" => (1, 1000, false),
            "k" => (1000, 1, false),
            "M" => (1_000_000, 1, false),
            "G" => (1_000_000_000, 1, false),
            "T" => (1_000_000_000_000, 1, false),
            "Ki" => (1 << 10, 1, true),
            "Mi" => (1 << 20, 1, true),
            "Gi" => (1 << 30, 1, true),
            "Ti" => (1 << 40, 1, true),
            _ => (1, 1, false),
        };
        Quantity { milli: base * factor / divisor, binary }
    }

    /// The sum, written as the first that was not zero.
    pub fn plus(self, other: Quantity) -> Quantity {
        let binary = if self.milli == 0 { other.binary } else { self.binary };
        Quantity { milli: self.milli + other.milli, binary }
    }

    /// The larger.
    pub fn max(self, other: Quantity) -> Quantity {
        if other.milli > self.milli { other } else { self }
    }

    /// Its part of `whole` in percent, cut off.
    pub fn percent_of(self, whole: Quantity) -> i128 {
        if whole.milli == 0 { 0 } else { self.milli * 100 / whole.milli }
    }

    /// As it is printed.
    pub fn text(self) -> String {
        if self.milli % 1000 != 0 {
            return format!("{}m", self.milli);
        }
        let whole = self.milli / 1000;
        if whole == 0 {
            return "0".to_string();
        }
        let units: &[(&str, i128)] = if self.binary {
            &[("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)]
        } else {
            &[("T", 1_000_000_000_000), ("G", 1_000_000_000), ("M", 1_000_000), ("k", 1000)]
        };
        match units.iter().find(|(_, size)| whole % size == 0) {
            Some((unit, size)) => format!("{}{unit}", whole / size),
            None => whole.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn sums_keep_their_units() {
        let sum = |texts: &[&str]| {
            texts.iter().fold(Quantity::default(), |sum, t| sum.plus(Quantity::parse(t))).text()
        };
        assert_eq!(sum(&["100m", "250m"]), "350m");
        assert_eq!(sum(&["70Mi", "170Mi"]), "240Mi");
        assert_eq!(sum(&["500m", "500m"]), "1");
        assert_eq!(sum(&[]), "0");
        assert_eq!(Quantity::parse("70Mi").percent_of(Quantity::parse("3926404Ki")), 1);
        assert_eq!(Quantity::parse("100m").percent_of(Quantity::parse("2")), 5);
    }
}
