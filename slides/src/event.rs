//! Small questions about what pulldown-cmark hands over.

use std::ops::Range;

use pulldown_cmark::{HeadingLevel, Tag};

use crate::block::Alignment;
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
pub(crate) fn is_block(tag: &Tag<'_>) -> bool {
    !matches!(
        tag,
        Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Superscript
            | Tag::Subscript
            | Tag::Link { .. }
            | Tag::Image { .. }
    )
}

pub(crate) fn level_of(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

pub(crate) fn alignment_of(alignment: &pulldown_cmark::Alignment) -> Alignment {
    match alignment {
        pulldown_cmark::Alignment::None => Alignment::None,
        pulldown_cmark::Alignment::Left => Alignment::Left,
        pulldown_cmark::Alignment::Center => Alignment::Center,
        pulldown_cmark::Alignment::Right => Alignment::Right,
    }
}

/// Whether a page may follow the address: `javascript:` and the like it may not.
pub(crate) fn is_safe(url: &str) -> bool {
    // A colon after a slash, a question mark or a hash belongs to no scheme.
    let start = url.split(['/', '?', '#']).next().unwrap_or_default();
    start.split_once(':').is_none_or(|(scheme, _)| {
        ["http", "https", "mailto"].iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed))
    })
}
