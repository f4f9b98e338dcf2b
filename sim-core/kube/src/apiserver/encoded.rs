//! What the objects of the last long list look like on the wire: who lists them again finds most of them as they were.
//! An object that is still the same one is still written the same. Upstream keeps the bytes of an object for its
//! watchers (`cachingObject`).

use super::managed_fields;
use crate::api::{Object, ObjectExt, Resource};
use serde_json::Value;
use sim::SortedMap;
use std::rc::{Rc, Weak};

/// Shorter lists begin nothing; what they have in common with the last long one is found there.
const LONG: usize = 50;
/// As many bytes are kept: those of more than a thousand pods.
const MAX: usize = 8 << 20;

/// Objects by namespace and name.
#[derive(Default)]
pub(super) struct Encoded {
    of: Option<Resource>,
    objects: SortedMap<String, (Weak<Value>, Box<str>)>,
    bytes: usize,
    key: String,
}

impl Encoded {
    /// So many objects of a kind are going to be written.
    pub(super) fn expect(&mut self, resource: Resource, count: usize) {
        if count < LONG {
            return;
        }
        if self.bytes > MAX || !self.keeps(resource) {
            *self = Encoded { of: Some(resource), ..Encoded::default() };
        }
        self.objects.retain(|_, (object, _)| object.strong_count() > 0);
        self.bytes = self.objects.values().map(|(_, text)| text.len()).sum();
    }

    fn keeps(&self, resource: Resource) -> bool {
        self.of.is_some_and(|of| std::ptr::eq(of, resource))
    }

    /// Writes an object of a list.
    pub(super) fn write(&mut self, text: &mut String, resource: Resource, object: &Object) {
        // What is converted is another object each time.
        if !self.keeps(resource) || resource.conversion.is_some() {
            return managed_fields::show(text, resource, object);
        }
        self.key.clear();
        for part in [object.namespace(), "/", object.name()] {
            self.key.push_str(part);
        }
        match self.objects.get(self.key.as_str()) {
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
                        self.objects.insert(self.key.clone(), (Rc::downgrade(object), written.into()));
                    self.bytes -= before.map_or(0, |(_, text)| text.len());
                }
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
            encoded.expect(CONFIG_MAP, objects.len());
            for object in objects {
                let (mut text, mut anew) = (String::new(), String::new());
                encoded.write(&mut text, CONFIG_MAP, object);
                managed_fields::show(&mut anew, CONFIG_MAP, object);
                assert_eq!(text, anew);
            }
            assert_eq!(encoded.bytes, encoded.objects.values().map(|(_, text)| text.len()).sum::<usize>());
        };
        check(&mut encoded, &objects);
        objects[7] = object(7, "second");
        objects.remove(3);
        objects.push(object(LONG, "new"));
        check(&mut encoded, &objects);
        check(&mut encoded, &objects);
        check(&mut encoded, &objects[..3]);
        // One is gone, one has come; what was replaced counts once.
        assert_eq!(encoded.objects.len(), LONG);
    }
}
