//! The same events as pulldown-cmark, for the decks and for words of Markdown in any order.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use pulldown_cmark::{BrokenLink, CodeBlockKind, CowStr, LinkType, Options, Parser, Tag as Theirs};

use super::{Event, Reference, Tag, Target, events};
use crate::block::Alignment;

const DECKS: [&str; 2] = [
    include_str!("../../tests/data/exposing-containers.md"),
    include_str!("../../decks/exposing-containers/deck.md"),
];

/// A line an event; texts that touch are one, and whether an item's text is a paragraph of its own is left out.
#[derive(Default)]
struct Script {
    lines: Vec<String>,
    open: Vec<bool>,
}

impl Script {
    fn start(&mut self, what: Option<String>) {
        self.open.push(what.is_some());
        self.lines.extend(what);
    }

    fn end(&mut self) {
        if self.open.pop().unwrap_or(false) {
            self.lines.push("end".to_owned());
        }
    }

    /// The page shows a run of blanks as one.
    fn code(&mut self, text: &str) {
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        self.lines.push(format!("code {}", words.join(" ")));
    }

    fn text(&mut self, kind: &str, text: &str) {
        match self.lines.last_mut().filter(|line| line.starts_with(kind)) {
            Some(line) => line.push_str(text),
            None => self.lines.push(format!("{kind}{text}")),
        }
    }
}

fn address(label: &str) -> Option<(&'static str, &'static str)> {
    ["a", "foo", "x y"].contains(&label.to_lowercase().as_str()).then_some(("http://there", "title"))
}

fn ours(text: &str) -> Vec<String> {
    let mut script = Script::default();
    let mut resolve = |link: Reference<'_>| {
        address(link.label).map(|(url, title)| Target { url: url.to_owned(), title: title.to_owned() })
    };
    for (event, _) in events(text, &mut resolve) {
        match event {
            Event::Start(Tag::Paragraph) => script.start(None),
            Event::Start(tag) => script.start(Some(format!("{tag:?}"))),
            Event::End => script.end(),
            Event::Text(text) => script.text("text ", &text),
            Event::Code(text) => script.code(&text),
            Event::Html(text) => script.text("html ", &text),
            other => script.lines.push(format!("{other:?}")),
        }
    }
    assert!(script.open.is_empty(), "what is started is ended: {text:?}");
    script.lines
}

fn theirs(text: &str) -> Vec<String> {
    use pulldown_cmark::Event as E;
    let mut script = Script::default();
    let resolve = |link: BrokenLink<'_>| {
        address(&link.reference).map(|(url, title)| (CowStr::from(url), CowStr::from(title)))
    };
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    for event in Parser::new_with_broken_link_callback(text, options, Some(resolve)) {
        match event {
            E::Start(tag) => script.start(translate(tag).map(|tag| format!("{tag:?}"))),
            E::End(_) => script.end(),
            // The blanks before a tag that begins a block.
            E::Text(text) if script.lines.last().is_some_and(|line| line == "Html") => {
                script.text("html ", &text)
            }
            E::Text(text) => script.text("text ", &text),
            E::Code(text) => script.code(&text),
            E::Html(text) | E::InlineHtml(text) => script.text("html ", &text),
            E::SoftBreak => script.lines.push("SoftBreak".to_owned()),
            E::HardBreak => script.lines.push("HardBreak".to_owned()),
            E::Rule => script.lines.push("Rule".to_owned()),
            E::TaskListMarker(ticked) => script.lines.push(format!("Task({ticked})")),
            other => unreachable!("{other:?} is switched off"),
        }
    }
    script.lines
}

fn translate(tag: Theirs<'_>) -> Option<Tag> {
    use pulldown_cmark::Alignment as A;
    let target =
        |url: CowStr<'_>, title: CowStr<'_>| Target { url: url.into_string(), title: title.into_string() };
    let alignment = |alignment: &A| match alignment {
        A::None => Alignment::None,
        A::Left => Alignment::Left,
        A::Center => Alignment::Center,
        A::Right => Alignment::Right,
    };
    Some(match tag {
        Theirs::Heading { level, .. } => Tag::Heading(level as u8),
        Theirs::BlockQuote(_) => Tag::Quote,
        Theirs::CodeBlock(CodeBlockKind::Fenced(info)) => Tag::Code(Some(info.into_string())),
        Theirs::CodeBlock(CodeBlockKind::Indented) => Tag::Code(None),
        Theirs::HtmlBlock => Tag::Html,
        Theirs::List(start) => Tag::List(start),
        Theirs::Item => Tag::Item,
        Theirs::Table(alignments) => Tag::Table(alignments.iter().map(alignment).collect()),
        Theirs::TableHead | Theirs::TableRow => Tag::Row,
        Theirs::TableCell => Tag::Cell,
        Theirs::Emphasis => Tag::Emphasis,
        Theirs::Strong => Tag::Strong,
        Theirs::Strikethrough => Tag::Strikethrough,
        Theirs::Link { link_type: LinkType::Email, dest_url, .. } => {
            Tag::Link(target(format!("mailto:{dest_url}").into(), "".into()))
        }
        Theirs::Link { dest_url, title, .. } => Tag::Link(target(dest_url, title)),
        Theirs::Image { dest_url, title, .. } => Tag::Image(target(dest_url, title)),
        _ => return None,
    })
}

/// Without the definitions of links, which a deck has apart.
fn without_definitions(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !(line.starts_with('[') && line.contains("]:"))).collect()
}

#[test]
fn the_decks_are_read_alike() {
    for deck in DECKS.map(without_definitions) {
        assert_eq!(ours(&deck).join("\n"), theirs(&deck).join("\n"));
    }
}

fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "\n",
        "\n",
        "\n\n",
        "- ",
        "  ",
        "    ",
        "1. ",
        "2) ",
        "> ",
        "# ",
        "```\n",
        "```",
        "~~~\n",
        "`",
        "``",
        "*",
        "*",
        "**",
        "_",
        "__",
        " ~~old~~ ",
        " ~x~ ",
        "[a]",
        "[",
        "]",
        "(x y)",
        "(x 'y')",
        "](z)",
        "![",
        "[foo][]",
        "[b][x y]",
        "<br/>",
        "<b>",
        "</div>",
        "<div>\n",
        "<x@y.z>",
        "<http://a>",
        "a",
        "foo",
        "b ",
        " c",
        "é",
        "—",
        "\\",
        "&amp;",
        "&#65;",
        "&nope;",
        "***\n",
        "===\n",
        "---\n",
        "|a|b|\n|-|-|\n|c|",
        "|",
        "[ ] ",
        "[x] ",
        "  \n",
        "!",
        ".",
        "(",
        ")",
        "\u{2}",
    ]);
    prop::collection::vec(word, 0..16).prop_map(|words| words.concat() + "\n")
}

#[test]
fn words_in_any_order_are_read_alike() {
    let config = ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() };
    // The same texts each time: some corners of Markdown are read in two ways.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(&words(), |text| {
        // Here pulldown-cmark loses the second label; there it takes an indented line of a paragraph for no head.
        prop_assume!(!text.contains("]\\[") && !text.contains("    |"));
        prop_assert_eq!(ours(&text), theirs(&text));
        Ok(())
    });
    assert!(result.is_ok(), "{}", result.unwrap_err());
}
