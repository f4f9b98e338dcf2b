//! Reads what `index.html` asks of its bundler: `<link data-trunk rel="...">`, as Trunk has it.

use std::collections::BTreeMap;

/// One such link.
pub struct Link {
    /// The tag as it stands in the page.
    pub tag: String,
    attributes: BTreeMap<String, String>,
}

impl Link {
    /// The value of an attribute, empty when it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// All links for the bundler, in order.
pub fn links(html: &str) -> Vec<Link> {
    let mut links = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find("<link") {
        let Some(end) = rest[at..].find('>') else { break };
        let tag = &rest[at..=at + end];
        rest = &rest[at + end..];
        let attributes = attributes(tag);
        if attributes.contains_key("data-trunk") {
            links.push(Link { tag: tag.to_owned(), attributes });
        }
    }
    links
}

fn attributes(tag: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = tag.trim_start_matches("<link").trim_end_matches('>').trim_end_matches('/');
    loop {
        rest = rest.trim_start();
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        if end == 0 {
            return found;
        }
        let name = rest[..end].to_owned();
        rest = &rest[end..];
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let end = quoted.find('"').unwrap_or(quoted.len());
            quoted[..end].clone_into(&mut value);
            rest = quoted.get(end + 1..).unwrap_or("");
        }
        found.insert(name, value);
    }
}

/// The texts of the scripts that stand in the page itself.
pub fn inline_scripts(html: &str) -> Vec<&str> {
    let mut scripts = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find("<script") {
        let Some(open) = rest[at..].find('>') else { break };
        let tag = &rest[at..at + open];
        let body = &rest[at + open + 1..];
        let Some(end) = body.find("</script>") else { break };
        if !tag.contains(" src=") {
            scripts.push(&body[..end]);
        }
        rest = &body[end..];
    }
    scripts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_scripts_are_found() {
        let html = r#"<link rel="icon" href="i"><link data-trunk rel="css" href="a.css" />
            <script type="importmap">{}</script><script src="x"></script><link data-trunk rel="rust" data-bin="b">"#;
        let links = links(html);
        assert_eq!(
            links.iter().map(|l| (l.get("rel"), l.get("href"), l.get("data-bin"))).collect::<Vec<_>>(),
            [("css", "a.css", ""), ("rust", "", "b")]
        );
        assert_eq!(inline_scripts(html), ["{}"]);
    }
}
