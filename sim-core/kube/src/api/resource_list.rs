//! Amounts by name of the resource: what a quota allows, what a pod uses. Models `apiserver/pkg/quota/v1`.

use super::{map_of, quantity};
use serde_json::{Map, Value};
use sim::SortedMap;

/// A quantity that can be added to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount {
    /// In thousandths.
    pub milli: i128,
    /// Whether it is written in powers of two.
    binary: bool,
}

impl Amount {
    /// A count.
    pub fn of(count: usize) -> Self {
        Amount { milli: count as i128 * 1_000, binary: false }
    }

    /// From a quantity in canonical form.
    pub fn parse(text: &str) -> Self {
        Amount { milli: i128::from(quantity::parse_milli(text).unwrap_or(0)), binary: text.ends_with('i') }
    }

    /// The sum, written as the first is, unless that is zero.
    #[must_use]
    pub fn plus(self, other: Amount) -> Self {
        let binary = if self.milli == 0 { other.binary } else { self.binary };
        Amount { milli: self.milli + other.milli, binary }
    }

    /// The difference, nothing where it would be negative.
    #[must_use]
    pub fn minus(self, other: Amount) -> Self {
        Amount { milli: (self.milli - other.milli).max(0), ..self }
    }

    /// In canonical form.
    pub fn text(self) -> String {
        quantity::of_milli(self.milli, self.binary)
    }
}

/// Amounts by name.
pub type ResourceList = SortedMap<String, Amount>;

/// From the map of an object.
pub fn read(map: &Map<String, Value>) -> ResourceList {
    map.iter().map(|(name, text)| (name.clone(), Amount::parse(text.as_str().unwrap_or("0")))).collect()
}

/// As the map of an object.
pub fn write(list: &ResourceList) -> Value {
    map_of(list.iter().map(|(name, amount)| (name.clone(), Value::String(amount.text())))).into()
}

/// Adds each amount of `other`.
pub fn add(list: &mut ResourceList, other: &ResourceList) {
    for (name, amount) in other {
        let sum = list.get(name).copied().unwrap_or_default().plus(*amount);
        list.insert(name.clone(), sum);
    }
}

/// Makes each amount at least that of `other`.
pub fn maximum(list: &mut ResourceList, other: &ResourceList) {
    for (name, amount) in other {
        let larger = list.get(name).copied().unwrap_or_default().max(*amount);
        list.insert(name.clone(), larger);
    }
}
