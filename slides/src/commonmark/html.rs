//! Where tags are. The page shows them as text; all that matters is that Markdown leaves them alone.

/// What ends a block of HTML.
pub(crate) enum HtmlEnd {
    Blank,
    /// This, somewhere in a line.
    Text(&'static str),
    /// The end of an element whose content is no HTML.
    Verbatim,
}

const VERBATIM: [&str; 4] = ["pre", "script", "style", "textarea"];

/// Elements that are blocks.
const BLOCKS: &str = " address article aside base basefont blockquote body caption center col colgroup dd details dialog \
dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe \
legend li link main menu menuitem nav noframes ol optgroup option p param search section summary table tbody td \
tfoot th thead title tr track ul ";

impl HtmlEnd {
    pub fn is_blank(&self) -> bool {
        matches!(self, HtmlEnd::Blank)
    }

    /// Whether a line that is not blank has it.
    pub fn is_in(&self, line: &str) -> bool {
        match self {
            HtmlEnd::Blank => false,
            HtmlEnd::Text(text) => line.contains(text),
            HtmlEnd::Verbatim => {
                let ends = |rest: &str| {
                    VERBATIM.iter().any(|name| is_tag(rest, name) && rest.as_bytes()[name.len()] == b'>')
                };
                line.match_indices("</").any(|(at, _)| ends(&line[at + 2..]))
            }
        }
    }
}

/// Whether a line begins a block of HTML, and what ends it.
pub(crate) fn block(line: &str, in_paragraph: bool) -> Option<HtmlEnd> {
    let rest = line.strip_prefix('<')?;
    let is_declaration = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic());
    if VERBATIM.iter().any(|name| is_tag(rest, name)) {
        return Some(HtmlEnd::Verbatim);
    }
    if let Some(rest) = rest.strip_prefix('!') {
        return if rest.starts_with("--") {
            Some(HtmlEnd::Text("-->"))
        } else if rest.starts_with("[CDATA[") {
            Some(HtmlEnd::Text("]]>"))
        } else {
            is_declaration(rest).then_some(HtmlEnd::Text(">"))
        };
    }
    if rest.starts_with('?') {
        return Some(HtmlEnd::Text("?>"));
    }
    let name = rest.strip_prefix('/').unwrap_or(rest);
    let length = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let end = &name[length..];
    let is_whole = end.is_empty() || end.starts_with([' ', '\t', '>']) || end.starts_with("/>");
    if length > 0 && is_whole && BLOCKS.contains(&format!(" {} ", name[..length].to_ascii_lowercase())) {
        return Some(HtmlEnd::Blank);
    }
    let alone = tag(line).is_some_and(|length| line[length..].trim().is_empty());
    (alone && !in_paragraph).then_some(HtmlEnd::Blank)
}

/// Whether a text begins with the name of an element, and with nothing but it.
fn is_tag(text: &str, name: &str) -> bool {
    text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        && (text.len() == name.len() || text[name.len()..].starts_with([' ', '\t', '>']))
}

/// How long the HTML is that a text begins with: a tag, a comment, a declaration, an instruction.
pub(crate) fn inline(text: &str) -> Option<usize> {
    let up_to = |from: usize, end: &str| text.get(from..)?.find(end).map(|at| from + at + end.len());
    if text.starts_with("<!-->") {
        return Some(5);
    }
    if text.starts_with("<!--->") {
        return Some(6);
    }
    if text.starts_with("<!--") {
        return up_to(4, "-->");
    }
    if text.starts_with("<![CDATA[") {
        return up_to(9, "]]>");
    }
    if text.starts_with("<?") {
        return up_to(2, "?>");
    }
    if let Some(rest) = text.strip_prefix("<!") {
        return rest.starts_with(|c: char| c.is_ascii_alphabetic()).then(|| up_to(2, ">"))?;
    }
    tag(text)
}

/// How long the opening or closing tag is that a text begins with.
fn tag(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('<')?;
    let (closes, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
    let mut rest = name(rest, |c| c.is_ascii_alphabetic(), |c| c.is_ascii_alphanumeric() || c == '-')?;
    loop {
        let words = rest.trim_start_matches([' ', '\t', '\n']);
        if let Some(rest) = words.strip_prefix('>') {
            return Some(text.len() - rest.len());
        }
        if closes {
            return None;
        }
        if let Some(rest) = words.strip_prefix("/>") {
            return Some(text.len() - rest.len());
        }
        if words.len() == rest.len() {
            return None;
        }
        rest = attribute(words)?;
    }
}

/// What follows an attribute.
fn attribute(text: &str) -> Option<&str> {
    let is_first = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | ':');
    let rest = name(text, is_first, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.' | '-'))?;
    let Some(value) = rest.trim_start_matches([' ', '\t', '\n']).strip_prefix('=') else { return Some(rest) };
    let value = value.trim_start_matches([' ', '\t', '\n']);
    for quote in ['"', '\''] {
        if let Some(value) = value.strip_prefix(quote) {
            return value.split_once(quote).map(|(_, rest)| rest);
        }
    }
    let rest = value
        .trim_start_matches(|c: char| !matches!(c, ' ' | '\t' | '\n' | '"' | '\'' | '=' | '<' | '>' | '`'));
    (rest.len() < value.len()).then_some(rest)
}

fn name(text: &str, first: fn(char) -> bool, more: fn(char) -> bool) -> Option<&str> {
    text.starts_with(first).then(|| text.trim_start_matches(more))
}
