//! Which fields of a list's objects a template may look at: of a thousand pods, only those are built.

use super::parse::Node;

/// Adds the names of all fields in a template, wherever they are. False where they do not tell all that is looked at,
/// or where an object may be given as a whole. [`MANAGED_FIELDS`] are among them where metadata is given as a whole.
///
/// `of_list`: whether the template begins at the list; otherwise it begins at one of its objects.
pub(super) fn names<'a>(template: &'a [Node], of_list: bool, names: &mut Vec<&'a str>) -> bool {
    template.iter().all(|node| match node {
        Node::Text(_) => true,
        Node::List(action) => match &action[..] {
            [Node::Identifier(name), path @ ..] if name == "range" => are_plain(path, names),
            [Node::Identifier(name)] => name == "end",
            [Node::Field(name), path @ ..] if of_list && name == "items" => {
                has_field(path) && are_plain(path, names)
            }
            path => {
                let is_constant = matches!(path, [Node::Text(_) | Node::Literal(_)]);
                (is_constant || has_field(path)) && are_plain(path, names)
            }
        },
        _ => false,
    })
}

fn has_field(path: &[Node]) -> bool {
    path.iter().any(|node| matches!(node, Node::Field(_)))
}

/// The largest field of metadata, which few look at.
pub const MANAGED_FIELDS: &str = "managedFields";

/// Whether nothing is in a path that looks at fields without their names.
fn are_plain<'a>(path: &'a [Node], names: &mut Vec<&'a str>) -> bool {
    path.iter().enumerate().all(|(index, node)| match node {
        Node::Field(name) => {
            names.push(name);
            if name == "metadata" && !matches!(path.get(index + 1), Some(Node::Field(_))) {
                names.push(MANAGED_FIELDS);
            }
            !name.is_empty()
        }
        Node::Filter { left, right, .. } => {
            has_field(left) && are_plain(left, names) && are_plain(right, names)
        }
        Node::Text(_) | Node::Literal(_) | Node::Array(_) => true,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::kubectl::jsonpath::parse::parse;

    fn check(template: &str, of_list: bool, expected: Option<&[&str]>) {
        let nodes = parse(template).expect("parses");
        let mut found = Vec::new();
        let told = names(&nodes, of_list, &mut found);
        assert_eq!(told.then_some(&found[..]), expected, "{template}");
    }

    #[test]
    fn names_are_told_where_they_are_all_that_is_looked_at() {
        check("{.items[*].metadata.name}", true, Some(&["metadata", "name"]));
        check("{.items[?(@.spec.a=='x')].status}", true, Some(&["spec", "a", "status"]));
        let range = "{range .items[*]}{.kind}: {.spec.c[0]}{\"\\n\"}{end}";
        check(range, true, Some(&["items", "kind", "spec", "c"]));
        check("{.items[*]['metadata']['name']}", true, Some(&["metadata", "name"]));
        check("{.metadata.labels}", false, Some(&["metadata", "labels"]));
        check("{.items[*].metadata}", true, Some(&["metadata", "managedFields"]));
        check("{.metadata[0]}", false, Some(&["metadata", "managedFields"]));
    }

    #[test]
    fn whole_objects_and_unnamed_fields_are_not_told() {
        let whole =
            ["{.items[0]}", "{.items}", "{}", "{@}", "{.}", "{.items[*]}", "{range .items[*]}{@}{end}"];
        let unnamed = [
            "{..name}",
            "{.items[*].*}",
            "{.items[*]['metadata.name','kind']}",
            "{.items[?(@=='x')].kind}",
            "{range .items[*]}{.*.name}{end}",
        ];
        for template in whole.iter().chain(&unnamed) {
            check(template, true, None);
        }
    }
}
