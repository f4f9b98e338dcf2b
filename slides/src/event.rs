//! Small questions about what Markdown says.

use std::ops::Range;

use crate::commonmark::Tag;
use crate::mask::HOLE;
use crate::split::FILLER;

/// Without the marks of this parser.
pub(crate) fn clean(text: &str) -> String {
    text.replace([HOLE, FILLER], "")
}

/// `<br>`, `<br/>`, `<br />`.
pub(crate) fn find_break(html: &str) -> Option<Range<usize>> {
    html.match_indices('<').find_map(|(start, _)| {
        let name = html.get(start + 1..start + 3)?;
        let rest = &html[start + 3..];
        let end = rest.find('>')?;
        (name.eq_ignore_ascii_case("br") && matches!(rest[..end].trim(), "" | "/"))
            .then(|| start..start + 4 + end)
    })
}

/// Whether the tag ends a paragraph.
pub(crate) fn is_block(tag: &Tag) -> bool {
    !matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link(_) | Tag::Image(_))
}

/// Whether a page may follow the address: `javascript:` and the like it may not.
pub(crate) fn is_safe(url: &str) -> bool {
    // A colon after a slash, a question mark or a hash belongs to no scheme.
    let start = url.split(['/', '?', '#']).next().unwrap_or_default();
    start.split_once(':').is_none_or(|(scheme, _)| {
        ["http", "https", "mailto"].iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed))
    })
}
