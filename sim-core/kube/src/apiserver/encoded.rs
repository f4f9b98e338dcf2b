//! What the objects of the last long list look like on the wire: who lists them again finds most of them as they were.
//! An object that is still the same one is still written the same. Upstream keeps the bytes of an object for its
//! watchers (`cachingObject`).

use super::managed_fields;
use crate::api::{Object, ObjectExt, Resource};
use serde_json::Value;
use sim::SortedMap;
use std::rc::{Rc, Weak};

/// Shorter lists are written anew.
const LONG: usize = 100;
/// As many bytes are kept: those of more than a thousand pods.
const MAX: usize = 8 << 20;

/// Objects by namespace and name.
#[derive(Default)]
pub(super) struct Encoded {
    of: Option<Resource>,
    objects: SortedMap<String, (Weak<Value>, Box<str>)>,
    bytes: usize,
}

impl Encoded {
    /// Writes the objects of a list, or of a page, with commas between them.
    pub(super) fn list(&mut self, text: &mut String, resource: Resource, objects: &[Object]) {
        // What is converted is another object each time.
        let keeps = objects.len() >= LONG && resource.conversion.is_none();
        if keeps {
            if self.bytes > MAX || !self.of.is_some_and(|of| std::ptr::eq(of, resource)) {
                *self = Encoded { of: Some(resource), ..Encoded::default() };
            }
            self.objects.retain(|_, (object, _)| object.strong_count() > 0);
            self.bytes = self.objects.values().map(|(_, text)| text.len()).sum();
        }
        let mut key = String::new();
        for (index, object) in objects.iter().enumerate() {
            let begin = text.len();
            if index > 0 {
                text.push(',');
            }
            if !keeps {
                managed_fields::show(text, resource, object);
                continue;
            }
            key.clear();
            for part in [object.namespace(), "/", object.name()] {
                key.push_str(part);
            }
            match self.objects.get(key.as_str()) {
                Some((known, written)) if std::ptr::eq(known.as_ptr(), Rc::as_ptr(object)) => {
                    text.push_str(written)
                }
                _ => {
                    let begin = text.len();
                    managed_fields::show(text, resource, object);
                    let written = &text[begin..];
                    if self.bytes <= MAX {
                        self.bytes += written.len();
                        let before =
                            self.objects.insert(key.clone(), (Rc::downgrade(object), written.into()));
                        self.bytes -= before.map_or(0, |(_, text)| text.len());
                    }
                }
            }
            if index == 0 {
                text.reserve((text.len() - begin + 16) * objects.len());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::CONFIG_MAP;
    use crate::json;

    #[test]
    fn a_list_is_written_the_same_again_and_a_change_is_seen() {
        let object = |index: usize, data: &str| {
            let metadata = json!({"namespace": "default", "name": format!("c{index:03}"), "uid": "u"});
            Object::new(json!({"metadata": metadata, "data": {"a": data}}))
        };
        let mut objects: Vec<Object> = (0..LONG).map(|index| object(index, "first")).collect();
        let mut encoded = Encoded::default();
        let check = |encoded: &mut Encoded, objects: &[Object]| {
            let (mut text, mut anew) = (String::new(), String::new());
            encoded.list(&mut text, CONFIG_MAP, objects);
            Encoded::default().list(&mut anew, CONFIG_MAP, objects);
            assert_eq!(text, anew);
            assert_eq!(encoded.bytes, encoded.objects.values().map(|(_, text)| text.len()).sum::<usize>());
        };
        check(&mut encoded, &objects);
        objects[7] = object(7, "second");
        objects.remove(3);
        objects.push(object(LONG, "new"));
        check(&mut encoded, &objects);
        check(&mut encoded, &objects);
        // One is gone, one has come; what was replaced counts once.
        assert_eq!(encoded.objects.len(), LONG);
    }
}
