//! `-o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[*].image`.

use super::go_value;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::jsonpath::{JsonPath, relaxed};
use crate::programs::kubectl::tabwriter::TabWriter;
use serde_json::Value;

/// The columns.
#[derive(Debug)]
pub struct CustomColumns {
    columns: Vec<(String, JsonPath)>,
}

impl CustomColumns {
    /// Reads `HEADER:PATH,HEADER:PATH`.
    pub fn parse(spec: &str) -> Result<CustomColumns> {
        if spec.is_empty() {
            return Err(Error::text("custom-columns format specified but no custom columns given"));
        }
        let mut columns = Vec::new();
        for column in spec.split(',') {
            let Some((header, path)) = column.split_once(':') else {
                return Err(Error::text(format!(
                    "unexpected custom-columns spec: {column}, expected <header>:<json-path-expr>"
                )));
            };
            columns.push((header.to_string(), Self::path(path)?));
        }
        Ok(CustomColumns { columns })
    }

    /// Reads a file: a line of headers, a line of paths.
    pub fn parse_file(text: &str) -> Result<CustomColumns> {
        let mut lines = text.lines();
        let (Some(headers), Some(paths)) = (lines.next(), lines.next()) else {
            return Err(Error::text(
                "invalid template, missing spec line. Expected format is one line of space separated column headers, one line of space separated column specs.",
            ));
        };
        let headers: Vec<&str> = headers.split_whitespace().collect();
        let paths: Vec<&str> = paths.split_whitespace().collect();
        if headers.len() != paths.len() {
            return Err(Error::text(format!(
                "number of headers ({}) and field specifications ({}) don't match",
                headers.len(),
                paths.len()
            )));
        }
        let columns: Result<Vec<_>> =
            headers.iter().zip(paths).map(|(h, p)| Ok((h.to_string(), Self::path(p)?))).collect();
        Ok(CustomColumns { columns: columns? })
    }

    fn path(expression: &str) -> Result<JsonPath> {
        JsonPath::parse(&relaxed(expression).map_err(Error::text)?).map_err(Error::text)
    }

    /// The names of the fields that are looked at in each object, where that can be told.
    pub fn looks_at(&self) -> Option<Vec<&str>> {
        let mut names = Vec::new();
        self.columns.iter().all(|(_, path)| path.looks_at(false, &mut names)).then_some(names)
    }

    /// A table of the object, or of the items of a list.
    pub fn print(&self, object: &Value, headers: bool) -> Result<String> {
        let mut writer = TabWriter::table();
        if headers {
            let names: Vec<&str> = self.columns.iter().map(|c| c.0.as_str()).collect();
            writer.push(&(names.join("\t") + "\n"));
        }
        let is_list = object["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
        let items: Vec<&Value> = match object["items"].as_array() {
            Some(items) if is_list => items.iter().collect(),
            _ => vec![object],
        };
        for item in items {
            let cells: Result<Vec<String>> = self.columns.iter().map(|c| cell(&c.1, item)).collect();
            writer.push(&(cells?.join("\t") + "\n"));
        }
        Ok(writer.flush())
    }
}

fn cell(path: &JsonPath, item: &Value) -> Result<String> {
    let results = path.find(item).map_err(Error::text)?;
    let texts: Vec<String> = results.iter().flatten().map(|found| go_value::text(found.value())).collect();
    Ok(if texts.is_empty() { "<none>".to_string() } else { texts.join(",") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::json;

    #[test]
    fn columns_of_a_list() {
        let list = json!({"kind": "List", "items": [
            {"metadata": {"name": "blue"}, "spec": {"c": [{"i": "a"}, {"i": "b"}]}},
            {"metadata": {"name": "red", "labels": {"x": "y"}}},
        ]});
        let columns = CustomColumns::parse("NAME:.metadata.name,IMAGES:.spec.c[*].i,L:{.metadata.labels}")
            .expect("parses");
        assert_eq!(
            columns.print(&list, true),
            Ok("NAME   IMAGES   L\nblue   a,b      <none>\nred    <none>   map[x:y]\n".to_string())
        );
    }

    #[test]
    fn mistakes_have_kubectls_words() {
        let check = |spec: &str, text: &str| {
            assert_eq!(CustomColumns::parse(spec).err().map(|e| e.message()).as_deref(), Some(text));
        };
        check("", "custom-columns format specified but no custom columns given");
        check("NAME", "unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>");
        check(
            "NAME:{.metadata.name",
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'",
        );
    }
}
