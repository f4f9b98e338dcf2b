//! Joins the pieces of a deck: reads each slide, applies layouts and templates, numbers and names what is left.

use std::ops::Range;

use litemap::LiteMap;

use crate::block::{Block, BlockKind, Inline, text_of, walk, walk_mut};
use crate::context::Context;
use crate::deck::{Deck, Notes, OutlineEntry, Slide};
use crate::directive::directives;
use crate::lab::Directive;
use crate::letter::lower;
use crate::markdown::Reader;
use crate::mask::{Fragment, fragment};
use crate::profile;
use crate::source::Source;
use crate::split::{Property, RawSlide, Split, Zone, inside, split};

pub(crate) fn deck(mut source: Source) -> Deck {
    let split = split(&mut source);
    let mut slides = Vec::new();
    let mut inherited = Inherited::default();
    let count = split.slides.len();
    for (index, raw) in split.slides.iter().enumerate() {
        let slide = read_slide(&mut source, &split, raw);
        let is_empty =
            slide.blocks.is_empty() && slide.properties.is_empty() && slide.notes == Notes::default();
        let commented_out = split.zones.iter().any(|z| z.is_comment && raw.range.contains(&z.range.start));
        if is_empty && (commented_out || index + 1 == count) {
            continue;
        }
        if let Some(slide) = inherited.apply(&mut source, slide, &raw.properties) {
            slides.push(slide);
        }
    }
    name_slides(&mut source, &mut slides);
    for slide in &mut slides {
        name_labs(slide);
    }
    fill_contexts(&mut slides);
    if slides.is_empty() {
        source.warn(0, 1, "this deck has no slides", None);
    }
    let first = split.slides.first().map_or(&[][..], |slide| &slide.properties[..]);
    let mut profiles = profile::profiles(&mut source, &split.front);
    profiles.extend(profile::profiles(&mut source, first));
    let mut properties = LiteMap::new();
    for Property { key, value, .. } in split.front {
        properties.insert(key, value);
    }
    let title = properties
        .get("title")
        .or_else(|| slides.first().and_then(|slide: &Slide| slide.properties.get("title")))
        .cloned()
        .or_else(|| slides.iter().map(Slide::title_text).find(|title| !title.is_empty()))
        .unwrap_or_default();
    let diagnostics = source.diagnostics.into_iter().map(|(_, diagnostic)| diagnostic).collect();
    Deck { title, properties, profiles, slides, diagnostics }
}

fn read_slide(source: &mut Source, split: &Split, raw: &RawSlide) -> Slide {
    let mut found: Vec<(usize, Directive)> = Vec::new();
    let comments = split.zones.iter().filter(|z| z.is_comment && raw.range.contains(&z.range.start));
    for zone in comments {
        let comment = source.text[zone.range.clone()].to_owned();
        found.extend(directives(source, &comment, zone.range.start));
    }
    let body = fragment(source, &split.text, &split.zones, raw.range.clone());
    let definitions = &split.definitions;
    let mut reader = Reader { source, definitions, steps: &raw.steps, directives: &found };
    let blocks = reader.blocks(&body);
    let mut notes = Notes::default();
    for range in &raw.notes {
        read_notes(&mut reader, &split.zones, range.clone(), &mut notes);
    }
    warn_of_lost(source, &found, &blocks);

    let mut properties = LiteMap::new();
    let mut classes = Vec::new();
    for Property { key, value, .. } in &raw.properties {
        if key == "class" {
            classes.extend(value.split(',').map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned));
        }
        properties.insert(key.clone(), value.clone());
    }
    let start = source.text[raw.range.clone()].find(|c: char| !c.is_whitespace()).unwrap_or(0);
    Slide {
        name: properties.get("name").filter(|name| !name.is_empty()).cloned(),
        classes,
        properties,
        steps: raw.steps.len() + 1,
        blocks,
        notes,
        at: source.position(raw.range.start + start),
        ..Slide::default()
    }
}

/// Notes have no steps and no hidden directives; their outline lines go aside.
fn read_notes(reader: &mut Reader<'_>, zones: &[Zone], range: Range<usize>, notes: &mut Notes) {
    let mut text = reader.source.text[range.clone()].to_owned().into_bytes();
    for zone in zones.iter().filter(|zone| zone.is_comment && range.contains(&zone.range.start)) {
        let end = zone.range.end.min(range.end);
        for byte in &mut text[zone.range.start - range.start..end - range.start] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    let text = String::from_utf8(text).unwrap_or_default();
    let mut masked = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let at = range.start + masked.len();
        match outline_line(line.trim_end()).filter(|_| !inside(zones, at)) {
            Some((language, item, words)) => {
                let content = inlines(reader, words, at + line.find(words).unwrap_or(0));
                notes.outline.push(OutlineEntry { language, item, content });
                // As long as the line was, so that places stay right.
                masked.push_str(&" ".repeat(line.trim_end_matches('\n').len()));
                masked.push_str(if line.ends_with('\n') { "\n" } else { "" });
            }
            None => masked.push_str(line),
        }
    }
    let steps = std::mem::take(&mut reader.steps);
    notes.blocks.extend(reader.blocks(&Fragment::plain(&masked, range.start)));
    reader.steps = steps;
}

fn outline_line(line: &str) -> Option<(String, bool, &str)> {
    let (language, rest) = line.trim_start().strip_prefix(':')?.split_once(':')?;
    let is_language = (2..=3).contains(&language.len()) && language.chars().all(|c| c.is_ascii_uppercase());
    if !is_language {
        return None;
    }
    let item = rest.trim_start().strip_prefix('-');
    let words = item.unwrap_or(rest).trim();
    (!words.is_empty()).then(|| (language.to_owned(), item.is_some(), words))
}

fn inlines(reader: &mut Reader<'_>, words: &str, at: usize) -> Vec<Inline> {
    match reader.blocks(&Fragment::plain(words, at)).into_iter().next().map(|block| block.kind) {
        Some(BlockKind::Paragraph { content }) => content,
        _ => vec![Inline::Text { text: words.to_owned() }],
    }
}

fn warn_of_lost(source: &mut Source, found: &[(usize, Directive)], blocks: &[Block]) {
    let mut kept = Vec::new();
    walk(blocks, &mut |block| {
        if let BlockKind::Lab(lab) = &block.kind {
            kept.extend(lab.directives.iter().map(|d| d.at));
        }
    });
    let lost = found.iter().map(|(at, _)| *at).filter(|at| !kept.contains(&source.position(*at)));
    for at in lost.collect::<Vec<_>>() {
        let help = "move the comment into a `.lab[ ]`";
        source.warn(at, 1, "a directive outside of a lab does nothing", Some(help));
    }
}

/// The layout in force, and the slides that can be templates.
#[derive(Default)]
struct Inherited {
    layout: Option<Slide>,
    named: LiteMap<String, Slide>,
}

impl Inherited {
    /// The slide as it is shown, or nothing when it is not.
    fn apply(&mut self, source: &mut Source, slide: Slide, properties: &[Property]) -> Option<Slide> {
        let is = |key: &str, value: &str| slide.properties.get(key).is_some_and(|v| v == value);
        let (is_layout, ends_layout, is_excluded) =
            (is("layout", "true"), is("layout", "false"), is("exclude", "true"));
        if is_layout || ends_layout {
            self.layout = None;
        }
        let mut slide = match slide.properties.get("template") {
            Some(name) => match self.named.get(name) {
                Some(template) => inherit(template, slide),
                None => {
                    let message = format!("there is no slide named `{name}` before this one");
                    let at = properties.iter().find(|p| p.key == "template").map_or(0, |p| p.at);
                    source.warn(at, "template:".len() + 1 + name.len(), message, None);
                    slide
                }
            },
            None => match &self.layout {
                Some(layout) => inherit(layout, slide),
                None => slide,
            },
        };
        if let Some(name) = &slide.name {
            self.named.entry(name.clone()).or_insert_with(|| slide.clone());
        }
        if is_layout {
            self.layout = Some(slide);
            return None;
        }
        if is_excluded {
            return None;
        }
        replace_content(&mut slide.blocks, &mut Some(Vec::new()));
        walk(&slide.blocks, &mut |block| {
            if let BlockKind::Heading { content, .. } = &block.kind
                && slide.title.is_none()
            {
                slide.title = Some(content.clone());
            }
        });
        Some(slide)
    }
}

/// A slide made from a template: its content goes where the template says `{{content}}`, or to its end.
fn inherit(template: &Slide, mut slide: Slide) -> Slide {
    let mut blocks = template.blocks.clone();
    let mut own = Some(std::mem::take(&mut slide.blocks));
    replace_content(&mut blocks, &mut own);
    blocks.extend(own.unwrap_or_default());
    slide.blocks = blocks;
    for class in template.classes.iter().rev() {
        if !slide.classes.contains(class) {
            slide.classes.insert(0, class.clone());
        }
    }
    for (key, value) in &template.properties {
        if !matches!(key.as_str(), "name" | "layout" | "exclude" | "template" | "class") {
            slide.properties.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    let mut notes = template.notes.clone();
    notes.blocks.append(&mut slide.notes.blocks);
    notes.outline.append(&mut slide.notes.outline);
    slide.notes = notes;
    slide
}

fn replace_content(blocks: &mut Vec<Block>, own: &mut Option<Vec<Block>>) {
    let mut index = 0;
    while index < blocks.len() {
        match &mut blocks[index].kind {
            BlockKind::Paragraph { content } if is_content_mark(content) => {
                let own = own.take().unwrap_or_default();
                let count = own.len();
                blocks.splice(index..=index, own);
                index += count;
                continue;
            }
            BlockKind::Container { blocks, .. } | BlockKind::Quote { blocks } => replace_content(blocks, own),
            _ => {}
        }
        index += 1;
    }
}

fn is_content_mark(content: &[Inline]) -> bool {
    let text = text_of(content);
    text.trim().strip_prefix("{{").and_then(|t| t.strip_suffix("}}")).is_some_and(|t| t.trim() == "content")
}

fn name_slides(source: &mut Source, slides: &mut [Slide]) {
    let mut used: LiteMap<String, ()> = LiteMap::new();
    for (index, slide) in slides.iter_mut().enumerate() {
        slide.number = index + 1;
        if let Some(name) = &slide.name {
            if used.insert(name.clone(), ()).is_none() {
                slide.id = name.clone();
            } else {
                let message = format!("two slides are named `{name}`");
                let at = source.offset(slide.at);
                source.warn(at, 1, message, Some("a link to it goes to the first"));
            }
        }
    }
    for slide in slides.iter_mut().filter(|slide| slide.id.is_empty()) {
        let base = slug(&slide.title_text());
        let mut id = base.clone();
        let mut number = 2;
        while used.insert(id.clone(), ()).is_some() {
            id = format!("{base}-{number}");
            number += 1;
        }
        slide.id = id;
    }
}

/// A title as part of an address. Never a number: `#12` is the twelfth slide.
fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars().map(lower) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !matches!(c, '\'' | '’') && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() > 60 {
            break;
        }
    }
    match slug.trim_end_matches('-') {
        "" => "slide".to_owned(),
        number if number.chars().all(|c| c.is_ascii_digit()) => format!("slide-{number}"),
        words => words.to_owned(),
    }
}

fn name_labs(slide: &mut Slide) {
    let id = slide.id.clone();
    let (mut labs, mut commands, mut in_notes) = (0, 0, 0);
    walk_mut(&mut slide.blocks, &mut |block| match &mut block.kind {
        BlockKind::Lab(lab) => {
            labs += 1;
            lab.id = if labs == 1 { id.clone() } else { format!("{id}.lab{labs}") };
        }
        BlockKind::Command(command) => {
            commands += 1;
            command.id = format!("{id}.{commands}");
        }
        _ => {}
    });
    walk_mut(&mut slide.notes.blocks, &mut |block| {
        if let BlockKind::Command(command) = &mut block.kind {
            in_notes += 1;
            command.id = format!("{id}.note{in_notes}");
        }
    });
}

fn fill_contexts(slides: &mut [Slide]) {
    let mut context = Context::default();
    for slide in slides {
        walk_mut(&mut slide.blocks, &mut |block| match &mut block.kind {
            BlockKind::Paragraph { content } | BlockKind::Heading { content, .. } => {
                context.hear(text_of(content))
            }
            BlockKind::Command(command) => context.meet(command),
            _ => {}
        });
    }
}
