//! Turns a fragment into blocks, by way of the events of its Markdown.
//!
//! What Markdown would pass on as HTML becomes text here, with a remark; `<br/>` alone is understood.

use std::ops::Range;

use litemap::LiteMap;

use crate::block::{Alignment, Block, BlockKind, Code, Inline, Item, Table, text_of};
use crate::code::{dedent, is_runnable, parts};
use crate::commonmark::{Event, Events, Reference, Tag, Target, events};
use crate::event::{clean, find_break, is_block, is_safe};
use crate::lab::{Command, Directive, DirectiveAt, Lab, Part};
use crate::mask::{Fragment, HOLE, Hole};
use crate::source::Source;
use crate::split::{Definition, normalise_label};

/// How deep blocks and inlines may nest; what is deeper is flattened to text.
const MAX_DEPTH: usize = 48;

/// What the blocks of one slide have in common.
pub(crate) struct Reader<'a> {
    pub source: &'a mut Source,
    pub definitions: &'a LiteMap<String, Definition>,
    /// Where each `--` of the slide stands.
    pub steps: &'a [usize],
    /// The directives of the slide's comments and where they stand.
    pub directives: &'a [(usize, Directive)],
}

impl Reader<'_> {
    /// The blocks of a fragment.
    pub fn blocks(&mut self, fragment: &Fragment) -> Vec<Block> {
        self.read(fragment, 0)
    }

    fn read(&mut self, fragment: &Fragment, depth: usize) -> Vec<Block> {
        let events = self.events(fragment);
        let used = vec![false; fragment.holes.len()];
        let mut builder = Builder { reader: self, fragment, events: &events, next: 0, used };
        let mut blocks = builder.blocks(depth);
        // A class that Markdown hid, in an address for example, is still shown.
        for (index, hole) in fragment.holes.iter().enumerate() {
            if !builder.used[index] {
                let runs = builder.reader.hole(hole, depth);
                blocks.extend(builder.reader.paragraphs(runs, hole.range.start));
            }
        }
        blocks
    }

    fn events(&mut self, fragment: &Fragment) -> Events {
        let definitions = self.definitions;
        let mut unknown: Vec<(usize, usize, String)> = Vec::new();
        let mut resolve = |link: Reference<'_>| match definitions.get(&normalise_label(link.label)) {
            Some(Definition { url, title }) => Some(Target { url: url.clone(), title: title.clone() }),
            None => {
                if !link.is_shortcut {
                    unknown.push((link.range.start, link.range.len(), link.label.to_owned()));
                }
                None
            }
        };
        let events = events(&fragment.text, &mut resolve);
        for (offset, length, label) in unknown {
            let message = format!("the link `[{}]` has no address", clean(&label));
            let help = format!("add a line `[{}]: https://...` anywhere in the deck", clean(&label));
            self.source.warn(fragment.origin(offset), length, message, Some(&help));
        }
        events
    }

    fn block(&self, at: usize, kind: BlockKind) -> Block {
        Block { step: self.step(at), at: self.source.position(at), kind }
    }

    fn step(&self, at: usize) -> usize {
        self.steps.partition_point(|step| *step <= at)
    }

    /// What a content class becomes: a span when it is part of a line, else a block.
    fn hole(&mut self, hole: &Hole, depth: usize) -> Vec<Run> {
        let at = hole.range.start;
        let is_lab = hole.classes.iter().any(|class| class == "lab" || class == "exercise");
        let mut blocks = if depth < MAX_DEPTH { self.read(&hole.inner, depth + 1) } else { Vec::new() };
        if is_lab {
            let classes =
                hole.classes.iter().filter(|class| *class != "lab" && *class != "exercise").cloned();
            let inside = self.directives.iter().filter(|(at, _)| hole.range.contains(at));
            let directives = inside
                .map(|(at, d)| DirectiveAt { at: self.source.position(*at), directive: d.clone() })
                .collect();
            let lab = Lab { id: String::new(), classes: classes.collect(), blocks, directives };
            return vec![Run::Block(self.block(at, BlockKind::Lab(lab)))];
        }
        let classes = hole.classes.clone();
        let one_line =
            blocks.len() < 2 && blocks.iter().all(|b| matches!(b.kind, BlockKind::Paragraph { .. }));
        if !hole.is_block && one_line {
            let content = match blocks.pop().map(|block| block.kind) {
                Some(BlockKind::Paragraph { content }) => content,
                _ => Vec::new(),
            };
            return vec![Run::Inline(Inline::Span { classes, content })];
        }
        vec![Run::Block(self.block(at, BlockKind::Container { classes, blocks }))]
    }

    /// Runs of inlines as paragraphs, with the blocks between them.
    fn paragraphs(&self, runs: Vec<Run>, at: usize) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut content = Vec::new();
        for run in runs {
            match run {
                Run::Inline(inline) => content.push(inline),
                Run::Block(block) => {
                    self.end_paragraph(&mut blocks, &mut content, at);
                    blocks.push(block);
                }
            }
        }
        self.end_paragraph(&mut blocks, &mut content, at);
        blocks
    }

    fn end_paragraph(&self, blocks: &mut Vec<Block>, content: &mut Vec<Inline>, at: usize) {
        let mut content = std::mem::take(content);
        while content.last() == Some(&Inline::SoftBreak) {
            content.pop();
        }
        while content.first() == Some(&Inline::SoftBreak) {
            content.remove(0);
        }
        let is_blank = |inline: &Inline| matches!(inline, Inline::Text { text } if text.trim().is_empty());
        if !content.iter().all(is_blank) {
            blocks.push(self.block(at, BlockKind::Paragraph { content }));
        }
    }

    fn tag_is_text(&mut self, at: usize, html: &str) {
        let first = html.trim().lines().next().unwrap_or_default();
        let help = "write Markdown or a content class such as `.small[ ]` instead";
        self.source.warn(at, first.len(), "HTML is shown as text", Some(help));
    }
}

/// Within a paragraph: an inline, or a block that ends the paragraph.
enum Run {
    Inline(Inline),
    Block(Block),
}

struct Builder<'r, 's, 'f> {
    reader: &'r mut Reader<'s>,
    fragment: &'f Fragment,
    events: &'f [(Event, Range<usize>)],
    next: usize,
    /// Which holes are filled.
    used: Vec<bool>,
}

impl<'f> Builder<'_, '_, 'f> {
    /// Blocks up to the end of what contains them.
    fn blocks(&mut self, depth: usize) -> Vec<Block> {
        let mut blocks = Vec::new();
        while let Some((event, range)) = self.events.get(self.next) {
            let at = self.fragment.origin(range.start);
            match event {
                Event::End => {
                    self.next += 1;
                    break;
                }
                Event::Rule => {
                    self.next += 1;
                    blocks.push(self.reader.block(at, BlockKind::Rule));
                }
                Event::Start(tag) if is_block(tag) => {
                    self.next += 1;
                    if depth >= MAX_DEPTH {
                        let text = self.flatten();
                        blocks.extend(self.reader.paragraphs(vec![Run::Inline(Inline::Text { text })], at));
                    } else {
                        self.tag(tag, at, depth, &mut blocks);
                    }
                }
                _ => {
                    let runs = self.runs(depth, false);
                    blocks.extend(self.reader.paragraphs(runs, at));
                }
            }
        }
        blocks
    }

    fn tag(&mut self, tag: &'f Tag, at: usize, depth: usize, blocks: &mut Vec<Block>) {
        match tag {
            Tag::Heading(level) => {
                let (content, after) = self.content(depth);
                blocks.push(self.reader.block(at, BlockKind::Heading { level: *level, content }));
                blocks.extend(after);
            }
            Tag::Quote => {
                let inner = self.blocks(depth + 1);
                blocks.push(self.reader.block(at, BlockKind::Quote { blocks: inner }));
            }
            Tag::Code(info) => self.code(info.as_deref(), at, depth, blocks),
            Tag::List(start) => {
                let items = self.items(depth);
                blocks.push(self.reader.block(at, BlockKind::List { start: *start, items }));
            }
            Tag::Table(alignments) => {
                let table = self.table(alignments.clone(), depth, blocks);
                blocks.push(self.reader.block(at, BlockKind::Table(table)));
            }
            // A paragraph, or a block of HTML.
            _ => {
                let runs = self.runs(depth, true);
                blocks.extend(self.reader.paragraphs(runs, at));
            }
        }
    }

    fn items(&mut self, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        while let Some((event, range)) = self.events.get(self.next) {
            self.next += 1;
            let Event::Start(Tag::Item) = event else { break };
            let task = self.task();
            let step = self.reader.step(self.fragment.origin(range.start));
            items.push(Item { step, task, blocks: self.blocks(depth + 1) });
        }
        items
    }

    fn next_event(&mut self) -> Option<&'f (Event, Range<usize>)> {
        let event = self.events.get(self.next);
        self.next += 1;
        event
    }

    /// The box of a task: first in the item's first paragraph, where `runs` passes over it.
    fn task(&self) -> Option<bool> {
        let mut coming = self.events[self.next..].iter().map(|(event, _)| event);
        match (coming.next(), coming.next()) {
            (Some(Event::Start(Tag::Paragraph)), Some(Event::Task(ticked))) => Some(*ticked),
            _ => None,
        }
    }

    fn table(&mut self, alignments: Vec<Alignment>, depth: usize, blocks: &mut Vec<Block>) -> Table {
        let mut table = Table { alignments, head: Vec::new(), rows: Vec::new() };
        while let Some((Event::Start(Tag::Row), _)) = self.next_event() {
            let mut row = Vec::new();
            while let Some((Event::Start(Tag::Cell), _)) = self.next_event() {
                let (content, after) = self.content(depth);
                row.push(content);
                blocks.extend(after);
            }
            table.rows.push(row);
        }
        table.head = table.rows.remove(0);
        table
    }

    fn code(&mut self, info: Option<&str>, at: usize, depth: usize, blocks: &mut Vec<Block>) {
        let mut text = String::new();
        let mut classes = Vec::new();
        while let Some((event, range)) = self.events.get(self.next) {
            self.next += 1;
            match event {
                Event::Text(piece) => {
                    text.push_str(&clean(piece));
                    self.holes_in(piece, range, &mut classes);
                }
                _ => break,
            }
        }
        let language = clean(info.and_then(|info| info.split([' ', '\t', ',']).next()).unwrap_or_default());
        let lines = dedent(&text);
        if info.is_some() || !text.trim().is_empty() {
            let lines = self.lines(&lines, is_runnable(&language), at);
            let kind = if is_runnable(&language) && !text.trim().is_empty() {
                BlockKind::Command(Command { id: String::new(), language, lines })
            } else {
                BlockKind::Code(Code { language, lines })
            };
            blocks.push(self.reader.block(at, kind));
        }
        // A class that is indented as if it were code.
        for index in classes {
            let hole = &self.fragment.holes[index];
            let runs = self.reader.hole(hole, depth);
            blocks.extend(self.reader.paragraphs(runs, hole.range.start));
        }
    }

    fn lines(&mut self, lines: &[&str], runnable: bool, at: usize) -> Vec<Vec<Part>> {
        let mut all = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            let (parts, lonely) = parts(line);
            if lonely.is_some() && runnable {
                let place = self.reader.source.find_in_line(at, number + 1, '`');
                let help = "back-quotes mark a blank and come in pairs; for a command's output write `$( )`";
                self.reader.source.warn(place, 1, "this back-quote has no pair", Some(help));
            }
            all.push(parts);
        }
        all
    }

    /// Inlines where no block can be; blocks among them come after.
    fn content(&mut self, depth: usize) -> (Vec<Inline>, Vec<Block>) {
        let mut content = Vec::new();
        let mut after = Vec::new();
        for run in self.runs(depth, true) {
            match run {
                Run::Inline(inline) => content.push(inline),
                Run::Block(block) => after.push(block),
            }
        }
        (content, after)
    }

    /// Inlines up to the end of what contains them, which is eaten when `own_end`; else up to the next block.
    fn runs(&mut self, depth: usize, own_end: bool) -> Vec<Run> {
        let mut runs = Vec::new();
        while let Some((event, range)) = self.events.get(self.next) {
            let at = self.fragment.origin(range.start);
            match event {
                Event::End => {
                    if own_end {
                        self.next += 1;
                    }
                    break;
                }
                Event::Rule => break,
                Event::Start(tag) if is_block(tag) => break,
                _ => self.next += 1,
            }
            match event {
                Event::Start(tag) => self.nested(tag, at, depth, &mut runs),
                Event::Text(text) => self.text(text, range, depth, &mut runs),
                Event::Code(text) => runs.push(Run::Inline(Inline::Code { text: clean(text) })),
                Event::Html(html) => self.html(html, at, &mut runs),
                Event::SoftBreak => runs.push(Run::Inline(Inline::SoftBreak)),
                Event::HardBreak => runs.push(Run::Inline(Inline::Break)),
                _ => {}
            }
        }
        runs
    }

    fn nested(&mut self, tag: &Tag, at: usize, depth: usize, runs: &mut Vec<Run>) {
        if depth >= MAX_DEPTH {
            let text = self.flatten();
            push_text(runs, &text);
            return;
        }
        let (content, after) = self.content(depth + 1);
        let inline = match tag {
            Tag::Emphasis => Inline::Emphasis { content },
            Tag::Strong => Inline::Strong { content },
            Tag::Strikethrough => Inline::Strikethrough { content },
            Tag::Link(Target { url, title }) => match self.address(url, at) {
                Some(url) => Inline::Link { url, title: clean(title), content },
                None => Inline::Span { classes: Vec::new(), content },
            },
            Tag::Image(Target { url, title }) => match self.address(url, at) {
                Some(url) => Inline::Image { url, title: clean(title), alt: text_of(&content) },
                None => Inline::Text { text: text_of(&content) },
            },
            _ => Inline::Span { classes: Vec::new(), content },
        };
        runs.push(Run::Inline(inline));
        runs.extend(after.into_iter().map(Run::Block));
    }

    /// An address a page may follow. `javascript:` and the like are refused.
    fn address(&mut self, url: &str, at: usize) -> Option<String> {
        let url = clean(url);
        let allowed = is_safe(&url);
        if !allowed {
            let help = "use http, https, mailto, `#name` or an address beside the deck";
            self.reader.source.warn(at, 1, "this link goes nowhere the page may go", Some(help));
        }
        allowed.then_some(url)
    }

    fn text(&mut self, text: &str, range: &Range<usize>, depth: usize, runs: &mut Vec<Run>) {
        let mut holes = Vec::new();
        self.holes_in(text, range, &mut holes);
        let mut holes = holes.into_iter();
        for (number, piece) in text.split(HOLE).enumerate() {
            if number > 0
                && let Some(index) = holes.next()
            {
                let more = self.reader.hole(&self.fragment.holes[index], depth);
                runs.extend(more);
            }
            push_text(runs, &clean(piece));
        }
    }

    /// The holes marked in a piece of text, in order; from now on they count as used.
    fn holes_in(&mut self, text: &str, range: &Range<usize>, into: &mut Vec<usize>) {
        if text.contains(HOLE) && self.fragment.text.get(range.clone()) == Some(text) {
            for (offset, _) in text.match_indices(HOLE) {
                let offset = range.start + offset;
                if let Ok(index) = self.fragment.holes.binary_search_by_key(&offset, |hole| hole.offset)
                    && !std::mem::replace(&mut self.used[index], true)
                {
                    into.push(index);
                }
            }
        }
    }

    fn html(&mut self, html: &str, at: usize, runs: &mut Vec<Run>) {
        let html = clean(html);
        let mut rest = html.as_str();
        let mut told = false;
        while !rest.is_empty() {
            let (before, after) = match find_break(rest) {
                Some(range) => (&rest[..range.start], Some(&rest[range.end..])),
                None => (rest, None),
            };
            if !before.trim().is_empty() {
                if !told && before.contains('<') {
                    self.reader.tag_is_text(at, before);
                    told = true;
                }
                for (number, line) in before.split('\n').enumerate() {
                    if number > 0 {
                        runs.push(Run::Inline(Inline::SoftBreak));
                    }
                    push_text(runs, line);
                }
            }
            let Some(after) = after else { break };
            runs.push(Run::Inline(Inline::Break));
            rest = after;
        }
    }

    /// The text up to the end of the tag just begun, whatever is in it.
    fn flatten(&mut self) -> String {
        let mut text = String::new();
        let mut open = 1;
        while let Some((event, _)) = self.events.get(self.next).filter(|_| open > 0) {
            self.next += 1;
            match event {
                Event::Start(_) => open += 1,
                Event::End => open -= 1,
                Event::Text(piece) | Event::Code(piece) | Event::Html(piece) => text.push_str(&clean(piece)),
                Event::SoftBreak | Event::HardBreak => text.push(' '),
                _ => {}
            }
        }
        text
    }
}

fn push_text(runs: &mut Vec<Run>, more: &str) {
    if more.is_empty() {
        return;
    }
    if let Some(Run::Inline(Inline::Text { text })) = runs.last_mut() {
        text.push_str(more);
    } else {
        runs.push(Run::Inline(Inline::Text { text: more.to_owned() }));
    }
}
