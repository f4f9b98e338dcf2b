//! The structure of decks as text, for snapshots.
#![allow(dead_code, reason = "each test file uses its part")]

use std::fmt::Write;

use slides::{Block, BlockKind, Deck, Inline, Item, Lab, Part};

/// Slides, blocks and labs, one per line.
pub fn outline(deck: &Deck) -> String {
    let mut out = String::new();
    for slide in &deck.slides {
        let classes =
            if slide.classes.is_empty() { String::new() } else { format!(" ({})", slide.classes.join(" ")) };
        let steps = if slide.steps > 1 { format!(" [{} steps]", slide.steps) } else { String::new() };
        let _ = writeln!(out, "#{} {}{classes}{steps}", slide.number, slide.id);
        for lab in slide.labs() {
            push_lab(&mut out, lab);
        }
        let in_labs: usize = slide.labs().iter().map(|lab| lab.commands().len()).sum();
        if slide.commands().len() > in_labs {
            let _ = writeln!(out, "  outside labs: {}", slide.commands().len() - in_labs);
        }
    }
    out
}

fn push_lab(out: &mut String, lab: &Lab) {
    let _ = writeln!(out, "  lab {}", lab.id);
    for command in lab.commands() {
        let _ = writeln!(out, "    {}: {}", command.id, command.text(|_| None).replace('\n', "\\n"));
        for blank in command.blanks() {
            let _ = writeln!(out, "      blank {}: {:?}", blank.text, blank.kind);
        }
    }
    for at in &lab.directives {
        let _ = writeln!(out, "    {}: {:?}", at.at.line, at.directive);
    }
}

/// Blocks as a tree in brackets.
pub fn tree(blocks: &[Block]) -> String {
    let mut out = String::new();
    push_blocks(&mut out, blocks, 0);
    out
}

fn push_blocks(out: &mut String, blocks: &[Block], depth: usize) {
    for block in blocks {
        let step = if block.step > 0 { format!("+{} ", block.step) } else { String::new() };
        let _ = write!(out, "{}{step}", "  ".repeat(depth));
        match &block.kind {
            BlockKind::Heading { level, content } => line(out, &format!("h{level} {}", inlines(content))),
            BlockKind::Paragraph { content } => line(out, &format!("p {}", inlines(content))),
            BlockKind::List { start, items } => {
                line(out, &start.map_or("list".to_owned(), |start| format!("list from {start}")));
                items.iter().for_each(|item| push_item(out, item, depth + 1));
            }
            BlockKind::Quote { blocks } => {
                line(out, "quote");
                push_blocks(out, blocks, depth + 1);
            }
            BlockKind::Code(code) => line(out, &format!("code {:?} {:?}", code.language, code.text())),
            BlockKind::Command(command) => {
                line(out, &format!("command {} {}", command.id, parts(&command.lines)))
            }
            BlockKind::Table(table) => {
                line(out, &format!("table {:?}", table.alignments));
                for row in std::iter::once(&table.head).chain(&table.rows) {
                    let cells: Vec<String> = row.iter().map(|cell| inlines(cell)).collect();
                    line(out, &format!("{}  {}", "  ".repeat(depth), cells.join(" | ")));
                }
            }
            BlockKind::Rule => line(out, "rule"),
            BlockKind::Container { classes, blocks } => {
                line(out, &format!(".{}", classes.join(".")));
                push_blocks(out, blocks, depth + 1);
            }
            BlockKind::Lab(lab) => {
                line(out, &format!("lab {}", lab.id));
                push_blocks(out, &lab.blocks, depth + 1);
                for at in &lab.directives {
                    line(out, &format!("{}  {:?}", "  ".repeat(depth), at.directive));
                }
            }
        }
    }
}

fn push_item(out: &mut String, item: &Item, depth: usize) {
    let step = if item.step > 0 { format!("+{} ", item.step) } else { String::new() };
    let task = match item.task {
        Some(true) => " done",
        Some(false) => " to do",
        None => "",
    };
    line(out, &format!("{}{step}item{task}", "  ".repeat(depth)));
    push_blocks(out, &item.blocks, depth + 1);
}

fn line(out: &mut String, text: &str) {
    let _ = writeln!(out, "{text}");
}

fn parts(lines: &[Vec<Part>]) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Marked(text) => format!("={text}="),
        Part::Blank(blank) => format!("_{}_", blank.text),
    };
    lines.iter().map(|line| line.iter().map(part).collect::<String>()).collect::<Vec<_>>().join("\\n")
}

fn inlines(content: &[Inline]) -> String {
    content
        .iter()
        .map(|inline| match inline {
            Inline::Text { text } => text.clone(),
            Inline::Code { text } => format!("`{text}`"),
            Inline::Emphasis { content } => format!("<em {}>", inlines(content)),
            Inline::Strong { content } => format!("<strong {}>", inlines(content)),
            Inline::Strikethrough { content } => format!("<del {}>", inlines(content)),
            Inline::Link { url, content, .. } => format!("<a {url} {}>", inlines(content)),
            Inline::Image { url, alt, .. } => format!("<img {url} {alt}>"),
            Inline::Break => "<br>".to_owned(),
            Inline::SoftBreak => "/".to_owned(),
            Inline::Span { classes, content } => format!("<.{} {}>", classes.join("."), inlines(content)),
        })
        .collect()
}
