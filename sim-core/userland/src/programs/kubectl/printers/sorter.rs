//! `--sort-by`. Models `k8s.io/kubectl/pkg/cmd/get/sorter.go`.

use crate::programs::kubectl::go_sort;
use crate::programs::kubectl::jsonpath::{JsonPath, relaxed};
use kube::api::quantity;
use serde_json::Value;
use std::cell::RefCell;
use std::cmp::Ordering;

/// Why rows are not sorted.
#[derive(Debug, PartialEq)]
pub enum Unsorted {
    /// A sentence about the path, or about a field that no object has.
    Path(String),
    /// What is found cannot be compared: `unsortable type: bool`.
    Type(String),
}

/// Sorts objects by a field; `object_of` says where in a row its object is. What lacks the field comes first.
///
/// # Errors
/// The path is wrong, leads nowhere in all of them, or to what has no order.
pub fn sort_rows(
    rows: &mut [Value],
    field: &str,
    object_of: impl Fn(&Value) -> &Value,
) -> Result<(), Unsorted> {
    let field = relaxed(field).map_err(Unsorted::Path)?;
    let path = JsonPath::parse(&field).map_err(Unsorted::Path)?;
    let mut keys: Vec<Option<Key>> = Vec::new();
    for row in rows.iter() {
        let found = path.find(object_of(row)).map_err(Unsorted::Path)?;
        keys.push(found.into_iter().flatten().next().map(|found| Key::of(found.value())));
    }
    if !rows.is_empty() && keys.iter().all(Option::is_none) {
        let sentence = format!("couldn't find any field with path {field:?} in the list of objects");
        return Err(Unsorted::Path(sentence));
    }
    let wrong = RefCell::new(None);
    go_sort::sort_by(rows, &|a, b| match (&keys[a], &keys[b]) {
        (None, _) => true,
        (_, None) => false,
        (Some(a), Some(b)) => is_less(a, b).unwrap_or_else(|why| {
            wrong.borrow_mut().get_or_insert(why);
            false
        }),
    });
    wrong.into_inner().map_or(Ok(()), |why| Err(Unsorted::Type(why)))
}

/// What a row is sorted by: the value, and the quantity that it may be.
struct Key(Value, Option<i64>);

impl Key {
    fn of(value: &Value) -> Key {
        Key(value.clone(), value.as_str().and_then(quantity::parse_milli))
    }
}

/// Whether the first comes before the second, or why nobody can say.
fn is_less(Key(a, a_quantity): &Key, Key(b, b_quantity): &Key) -> Result<bool, String> {
    let unsortable = |of: &str| Err(format!("unsortable type: {of}"));
    match (a, b) {
        (_, Value::Null) => Ok(false),
        (Value::Null, _) => Ok(true),
        (Value::Bool(_), _) => unsortable("bool"),
        (Value::Array(_), _) => unsortable("[]interface {}"),
        (Value::Object(_), _) => unsortable("map[string]interface {}"),
        (Value::String(a), Value::String(b)) => Ok(match (a_quantity, b_quantity) {
            (Some(a), Some(b)) => a < b,
            _ => natural(a, b) == Ordering::Less,
        }),
        (Value::Number(a), Value::Number(b)) if a.is_f64() == b.is_f64() => Ok(a.as_f64() < b.as_f64()),
        _ => Err("unsortable interface: interface".to_string()),
    }
}

/// `pod-2` before `pod-10`: runs of digits by their number.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else {
            return a.len().cmp(&b.len());
        };
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (n, m) = (digits(a), digits(b));
        if n > 0 && m > 0 {
            let (left, right) = (a[..n].trim_start_matches('0'), b[..m].trim_start_matches('0'));
            let order = left.len().cmp(&right.len()).then_with(|| left.cmp(right)).then(n.cmp(&m));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (&a[n..], &b[m..]);
        } else if x != y {
            return x.cmp(&y);
        } else {
            (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::json;

    #[test]
    fn rows_sort_by_fields_and_by_the_numbers_in_names() {
        let mut rows = vec![json!({"n": "p-10"}), json!({"n": "p-9"}), json!({})];
        sort_rows(&mut rows, ".n", |row| row).expect("sorts");
        assert_eq!(rows, [json!({}), json!({"n": "p-9"}), json!({"n": "p-10"})]);
        let nowhere = "couldn't find any field with path \"{.x}\" in the list of objects";
        assert_eq!(sort_rows(&mut rows, ".x", |row| row), Err(Unsorted::Path(nowhere.into())));
    }

    #[test]
    fn what_has_no_order_is_said() {
        let check = |a: Value, b: Value, why: &str| {
            let mut rows = vec![json!({"n": a}), json!({"n": b})];
            assert_eq!(sort_rows(&mut rows, ".n", |row| row), Err(Unsorted::Type(why.into())));
        };
        check(json!(true), json!(false), "unsortable type: bool");
        check(json!([1]), json!([2]), "unsortable type: []interface {}");
        check(json!({"a": 1}), json!("x"), "unsortable interface: interface");
        check(json!(1), json!(1.5), "unsortable interface: interface");
    }
}
