//! Manifests: objects in files, directories and standard input, as YAML or JSON.
//!
//! Models the visitors of `k8s.io/cli-runtime/pkg/resource/visitor.go`.

use super::error::{Error, Result};
use super::invocation::Kubectl;
use encoding::json::{self, Mistake};
use linux::vfs::FileType;
use serde_json::Value;
use yaml::MAX_DEPTH;

/// Reads the objects of `paths` with the name of their file, lists taken apart. With `validate`, what has no kind
/// or version is refused with the words of `create` and `apply`.
pub async fn load(
    k: &Kubectl,
    paths: &[String],
    recursive: bool,
    validate: bool,
) -> Result<Vec<(String, Value)>> {
    let mut objects = Vec::new();
    for path in paths {
        if path == "-" {
            let bytes =
                k.sys.read_to_end(0).await.map_err(|errno| Error::text(errno.text().to_lowercase()))?;
            read(&mut objects, "STDIN", &bytes, validate)?;
            continue;
        }
        if path.starts_with("http://") || path.starts_with("https://") {
            return Err(Error::not_simulated("reading manifests from a URL"));
        }
        let Ok(stat) = k.sys.stat(path) else {
            return Err(Error::text(format!("the path {path:?} does not exist")));
        };
        let files = if stat.file_type == FileType::Directory {
            let mut files = Vec::new();
            walk(k, path, recursive, &mut files)?;
            if files.is_empty() {
                return Err(Error::text(format!(
                    "error reading [{path}]: recognized file extensions are [.json .yaml .yml]"
                )));
            }
            files
        } else {
            vec![path.clone()]
        };
        for file in files {
            let bytes = k
                .sys
                .read_file(&file)
                .await
                .map_err(|errno| Error::text(format!("open {file}: {}", errno.text().to_lowercase())))?;
            read(&mut objects, &file, &bytes, validate)?;
        }
    }
    Ok(objects)
}

fn walk(k: &Kubectl, directory: &str, recursive: bool, files: &mut Vec<String>) -> Result<()> {
    let fail =
        |errno: linux::Errno| Error::text(format!("open {directory}: {}", errno.text().to_lowercase()));
    for name in k.sys.read_dir(directory).map_err(fail)? {
        let path = format!("{}/{name}", directory.trim_end_matches('/'));
        let is_directory = k.sys.stat(&path).is_ok_and(|stat| stat.file_type == FileType::Directory);
        if is_directory {
            if recursive {
                walk(k, &path, recursive, files)?;
            }
        } else if [".json", ".yaml", ".yml"].iter().any(|ext| name.ends_with(ext)) {
            files.push(path);
        }
    }
    Ok(())
}

/// Takes the objects of one file.
pub fn read(objects: &mut Vec<(String, Value)>, source: &str, bytes: &[u8], validate: bool) -> Result<()> {
    let text = String::from_utf8_lossy(bytes);
    let documents = documents(&text).map_err(|error| match error {
        Unreadable::Wrong(why) => Error::text(format!("error parsing {source}: {why}")),
        Unreadable::Deep => {
            Error::not_simulated(format!("{source}: nesting of more than {MAX_DEPTH} levels"))
        }
    })?;
    for document in documents.into_iter().filter(|d| !d.is_null()) {
        check(source, &document, validate)?;
        let is_list = document["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
        match document["items"].as_array() {
            Some(items) if is_list => {
                for item in items {
                    check(source, item, validate)?;
                    objects.push((source.to_string(), item.clone()));
                }
            }
            _ => objects.push((source.to_string(), document)),
        }
    }
    Ok(())
}

/// Why there are no documents.
enum Unreadable {
    Wrong(String),
    /// The real one goes down to level 10,000, for which a tab in a browser has no stack.
    Deep,
}

/// The documents of a stream. What begins with a brace is JSON; what JSON fails on may still be YAML, at the
/// beginning and after a `---`. Models `YAMLOrJSONDecoder` of `k8s.io/apimachinery/pkg/util/yaml`.
fn documents(text: &str) -> std::result::Result<Vec<Value>, Unreadable> {
    let mut values = Vec::new();
    let mut rest = text;
    if !text.trim_start().starts_with('{') {
        read_yaml(rest, &mut values)?;
        return Ok(values);
    }
    while !rest.trim_start().is_empty() {
        let offset = text.len() - rest.len();
        match json::first_value(rest.as_bytes()) {
            Ok(end) => {
                values.push(read_json(&rest[..end])?);
                rest = &rest[end..];
            }
            Err(mistake) => {
                let why = match mistake {
                    Mistake::End => "unexpected EOF".to_string(),
                    Mistake::Syntax { offset: at, message } => {
                        format!("json: offset {}: {message}", offset + at)
                    }
                };
                let may_be_yaml = values.is_empty() || rest.trim_start().starts_with("---");
                let before = values.len();
                match read_yaml(rest, &mut values) {
                    Ok(()) if may_be_yaml => return Ok(values),
                    // The first document decides which of the two it was meant to be.
                    Err(error) if may_be_yaml && values.len() > before => return Err(error),
                    Err(Unreadable::Deep) if !why.ends_with("max depth") => return Err(Unreadable::Deep),
                    _ => return Err(Unreadable::Wrong(why)),
                }
            }
        }
    }
    Ok(values)
}

fn read_json(text: &str) -> std::result::Result<Value, Unreadable> {
    // The scanner has found no mistake: what is left to complain of is the depth, or a number beyond all bounds.
    json::parse(text).map_err(|error| {
        if error.is_syntax() && error.to_string().starts_with("recursion") {
            Unreadable::Deep
        } else {
            Unreadable::Wrong(error.to_string())
        }
    })
}

fn read_yaml(text: &str, values: &mut Vec<Value>) -> std::result::Result<(), Unreadable> {
    for document in yaml::documents(text) {
        values.push(yaml::parse(&document).map_err(|error| {
            if error == yaml::TOO_DEEP {
                Unreadable::Deep
            } else {
                Unreadable::Wrong(format!("error converting YAML to JSON: {error}"))
            }
        })?);
    }
    Ok(())
}

fn check(source: &str, object: &Value, validate: bool) -> Result<()> {
    let invalid = |why: &str| {
        Error::text(format!(
            "error validating {source:?}: error validating data: {why}; if you choose to ignore these errors, turn validation off with --validate=false"
        ))
    };
    let Some(fields) = object.as_object() else {
        return Err(if validate {
            invalid("invalid object to validate")
        } else {
            Error::text(format!(
                "unable to decode {source:?}: json: cannot unmarshal {} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
                if object.is_array() { "array" } else { "string" }
            ))
        });
    };
    let missing = |field: &str| fields.get(field).and_then(Value::as_str).is_none_or(str::is_empty);
    if validate {
        return match (missing("apiVersion"), missing("kind")) {
            (false, false) => Ok(()),
            (true, true) => Err(invalid("[apiVersion not set, kind not set]")),
            (true, false) => Err(invalid("apiVersion not set")),
            (false, true) => Err(invalid("kind not set")),
        };
    }
    if missing("kind") {
        let shown = json::compact(object);
        return Err(Error::text(format!(
            "unable to decode {source:?}: Object 'Kind' is missing in '{shown}'"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_read(text: &str) -> std::result::Result<Vec<String>, String> {
        let mut objects = Vec::new();
        read(&mut objects, "x.yaml", text.as_bytes(), true).map_err(|error| error.message())?;
        Ok(objects.iter().map(|(_, o)| o.to_string()).collect())
    }

    #[test]
    fn lists_and_streams_are_taken_apart() {
        let text =
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A}\n---\napiVersion: v1\nkind: B\n";
        assert_eq!(
            check_read(text),
            Ok(vec![r#"{"apiVersion":"v1","kind":"A"}"#.into(), r#"{"apiVersion":"v1","kind":"B"}"#.into()])
        );
        assert_eq!(
            check_read("{\"apiVersion\":\"v1\",\"kind\":\"A\"}\n{\"apiVersion\":\"v1\",\"kind\":\"B\"}")
                .map(|o| o.len()),
            Ok(2)
        );
        assert_eq!(check_read(""), Ok(vec![]));
    }

    #[test]
    fn what_is_no_json_may_be_yaml() {
        let a_and_b =
            Ok(vec![r#"{"apiVersion":"v1","kind":"A"}"#.into(), r#"{"apiVersion":"v1","kind":"B"}"#.into()]);
        assert_eq!(check_read("{apiVersion: v1, kind: A}\n---\napiVersion: v1\nkind: B\n"), a_and_b);
        assert_eq!(
            check_read("{\"apiVersion\":\"v1\",\"kind\":\"A\"}\n---\napiVersion: v1\nkind: B\n"),
            a_and_b
        );
        let wrong = |text: &str, why: &str| {
            assert_eq!(check_read(text), Err(format!("error parsing x.yaml: {why}")), "{text}");
        };
        wrong("{a: 1", "json: offset 2: invalid character 'a' looking for beginning of object key string");
        wrong("{\"a\": 1", "unexpected EOF");
        wrong("{\"a\" 1}", "json: offset 6: invalid character '1' after object key");
        wrong(
            "{\"apiVersion\":\"v1\",\"kind\":\"A\"}}",
            "json: offset 31: invalid character '}' looking for beginning of value",
        );
        let kinds = "{apiVersion: v1, kind: A}\n---\n{b: 2\n";
        wrong(kinds, "error converting YAML to JSON: yaml: line 1: did not find expected ',' or '}'");
    }

    #[test]
    fn what_is_nested_too_deep_is_not_simulated() {
        let levels = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
        let deep = "x.yaml: nesting of more than 127 levels is not simulated";
        for text in [levels("{\"a\":", "}", 200), format!("a: {}", levels("[", "]", 9_000))] {
            let error = check_read(&text).err().unwrap_or_default();
            assert!(error.contains(deep), "{error}");
        }
        assert_eq!(
            check_read(&levels("{\"a\":", "}", 20_000)),
            Err("error parsing x.yaml: json: offset 50001: invalid character '{' exceeded max depth".into())
        );
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let tail = "; if you choose to ignore these errors, turn validation off with --validate=false";
        assert_eq!(
            check_read("apiVersion: v1\nmetadata: {name: x}\n"),
            Err(format!("error validating \"x.yaml\": error validating data: kind not set{tail}"))
        );
        assert_eq!(
            check_read("kind Pod"),
            Err(format!(
                "error validating \"x.yaml\": error validating data: invalid object to validate{tail}"
            ))
        );
    }
}
