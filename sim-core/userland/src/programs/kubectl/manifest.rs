//! Manifests: objects in files, directories and standard input, as YAML or JSON.
//!
//! Models the visitors of `k8s.io/cli-runtime/pkg/resource/visitor.go`.

use super::error::{Error, Result};
use super::invocation::Kubectl;
use super::yaml;
use linux::vfs::FileType;
use serde_json::Value;

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
    let documents: Vec<Value> = if text.trim_start().starts_with('{') {
        let stream = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        stream
            .collect::<std::result::Result<_, _>>()
            .map_err(|error| Error::text(format!("error parsing {source}: {error}")))?
    } else {
        let mut values = Vec::new();
        for document in yaml::documents(&text) {
            values.push(yaml::parse(&document).map_err(|error| {
                Error::text(format!("error parsing {source}: error converting YAML to JSON: {error}"))
            })?);
        }
        values
    };
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
        let shown = super::json::compact(object);
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
