//! Lines into containers (quotes, lists, items) and leaves (paragraphs, code, tables and so on).
//!
//! Each line first continues what is open, from the outside in; then it may begin something; what is left of it
//! goes to the leaf at the end.

use super::html::{self, HtmlEnd};
use super::inline::inlines;
use super::line::Line;
use super::link::unescape;
use super::{Event, Events, Resolve, Tag};
use crate::block::Alignment;
use crate::mask::Fragment;

/// The events of a text.
pub(crate) fn events(text: &str, resolve: &mut Resolve<'_>) -> Events {
    let mut parser = Parser { events: Vec::new(), open: Vec::new(), leaf: Leaf::None, resolve };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        parser.line(Line::new(line.trim_end_matches('\n'), start));
        start += line.len();
    }
    parser.close_leaf();
    parser.close_to(0);
    parser.events
}

/// Something that has blocks in it.
enum Container {
    Quote,
    /// The character that its markers have in common.
    List(u8),
    Item {
        /// Lines that are indented so far belong to it.
        indent: usize,
        is_empty: bool,
    },
}

/// The block at the end, which lines go to.
enum Leaf {
    None,
    Paragraph(Fragment),
    Fenced {
        mark: u8,
        length: usize,
        indent: usize,
    },
    /// Blank lines that belong to it if more of it follows: where they begin, and their text.
    Indented(Vec<(usize, String)>),
    Html(HtmlEnd),
    /// How many columns it has.
    Table(usize),
}

struct Parser<'r, 's> {
    events: Events,
    open: Vec<Container>,
    leaf: Leaf,
    resolve: &'r mut Resolve<'s>,
}

impl Parser<'_, '_> {
    fn line(&mut self, mut line: Line<'_>) {
        let matched = self.continued(&mut line);
        let all = matched == self.open.len();
        if all && self.goes_to_leaf(&line) {
            return;
        }
        if all && self.table_begins(&line) {
            return;
        }
        let before = self.open.len();
        let mut matched = matched;
        while !line.rest().is_empty() {
            if line.indent() >= 4 {
                let goes_on = match self.leaf {
                    Leaf::Paragraph(_) => true,
                    Leaf::Table(_) => matched == self.open.len(),
                    _ => false,
                };
                if !goes_on {
                    self.begin(matched, &line, Tag::Code(None), Leaf::Indented(Vec::new()));
                    line.skip(4);
                    self.code_line(&line);
                    return self.fill_items();
                }
                break;
            }
            if line.rest().starts_with('>') {
                self.cut(matched, None);
                self.open_container(Container::Quote, Tag::Quote, line.place());
                line.skip(line.indent());
                line.advance(1);
                line.skip(1);
            } else if !self.item(&mut line, matched) {
                if self.leaf_begins(&line, matched) {
                    return self.fill_items();
                }
                break;
            }
            matched = self.open.len();
        }
        if line.rest().is_empty() {
            if matches!(self.leaf, Leaf::Paragraph(_) | Leaf::Table(_)) {
                self.close_leaf();
            }
            return self.close_to(matched);
        }
        let is_lazy = !all && self.open.len() == before && matches!(self.leaf, Leaf::Paragraph(_));
        if !is_lazy {
            self.close_to(matched);
            if matches!(self.leaf, Leaf::None) {
                self.leave_list();
            }
        }
        self.text_line(&line);
        self.fill_items();
    }

    /// How many of the open containers the line goes on with.
    fn continued(&self, line: &mut Line<'_>) -> usize {
        for (index, container) in self.open.iter().enumerate() {
            match container {
                Container::Quote => {
                    if line.indent() > 3 || !line.rest().starts_with('>') {
                        return index;
                    }
                    line.skip(line.indent());
                    line.advance(1);
                    line.skip(1);
                }
                Container::List(_) => {}
                Container::Item { indent, is_empty } => {
                    let is_blank = line.rest().is_empty();
                    if is_blank && *is_empty || !is_blank && line.indent() < *indent {
                        return index;
                    }
                    line.skip(*indent);
                }
            }
        }
        self.open.len()
    }

    /// Gives a line to a leaf that takes lines as they are. True when it took this one.
    fn goes_to_leaf(&mut self, line: &Line<'_>) -> bool {
        let is_blank = line.rest().is_empty();
        match &mut self.leaf {
            Leaf::Fenced { mark, length, indent } => {
                let rest = line.rest().trim_end_matches([' ', '\t']);
                let ends =
                    rest.len() >= *length && rest.bytes().all(|byte| byte == *mark) && line.indent() < 4;
                let mut line = *line;
                line.skip(line.indent().min(*indent));
                if ends {
                    self.close_leaf();
                } else {
                    self.code_line(&line);
                }
                true
            }
            Leaf::Indented(blanks) => {
                let mut code = *line;
                code.skip(4);
                if is_blank {
                    blanks.push((code.start + code.at, " ".repeat(code.spare) + code.raw() + "\n"));
                } else if line.indent() >= 4 {
                    for (at, text) in std::mem::take(blanks) {
                        let range = at..at + text.len();
                        self.events.push((Event::Text(text), range));
                    }
                    self.code_line(&code);
                } else {
                    self.close_leaf();
                    return false;
                }
                true
            }
            Leaf::Html(end) => {
                let ends = if is_blank { end.is_blank() } else { end.is_in(line.rest()) };
                if !is_blank || !ends {
                    self.html_line(line);
                }
                if ends {
                    self.close_leaf();
                }
                true
            }
            _ => false,
        }
    }

    /// Opens an item of a list where the line has its marker.
    fn item(&mut self, line: &mut Line<'_>, matched: usize) -> bool {
        let rest = line.rest();
        if is_rule(rest) {
            return false;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = rest[..digits].parse::<u64>().ok();
        let Some(&mark) = rest.as_bytes().get(digits) else { return false };
        let is_mark = match mark {
            b'.' | b')' => (1..10).contains(&digits),
            b'-' | b'+' | b'*' => digits == 0,
            _ => false,
        };
        let after = &rest[digits..].get(1..).unwrap_or_default();
        if !is_mark || !(after.is_empty() || after.starts_with([' ', '\t'])) {
            return false;
        }
        let interrupts = matched == self.open.len() && matches!(self.leaf, Leaf::Paragraph(_));
        let is_blank = after.trim().is_empty();
        if interrupts && (is_blank || number.is_some_and(|number| number != 1)) {
            return false;
        }
        self.cut(matched, Some(mark));
        let place = line.place();
        if !matches!(self.open.last(), Some(Container::List(_))) {
            self.open_container(Container::List(mark), Tag::List(number), place);
        }
        let before = line.indent();
        line.skip(before);
        line.advance(digits + 1);
        let blanks = if is_blank || line.indent() > 4 { 1 } else { line.indent() };
        line.skip(blanks);
        let indent = before + digits + 1 + blanks;
        self.open_container(Container::Item { indent, is_empty: true }, Tag::Item, place);
        true
    }

    /// Begins a leaf where the line says so by its first characters.
    fn leaf_begins(&mut self, line: &Line<'_>, matched: usize) -> bool {
        let rest = line.rest();
        let in_paragraph = matches!(self.leaf, Leaf::Paragraph(_));
        let (mark, run) = run(rest);
        let after = rest.get(run..).unwrap_or_default();
        match mark {
            b'#' if run < 7 && (after.is_empty() || after.starts_with([' ', '\t'])) => {
                self.begin(matched, line, Tag::Heading(run as u8), Leaf::None);
                let words = after.trim_end();
                let cut = words.trim_end_matches('#');
                let words = if cut.is_empty() || cut.ends_with([' ', '\t']) { cut } else { words };
                let words = words.trim_end();
                let start = words.len() - words.trim_start().len();
                self.inlines_of(&words[start..], line.place() + run + start);
                self.events.push((Event::End, 0..0));
                return true;
            }
            b'`' | b'~' if run > 2 && !(mark == b'`' && after.contains('`')) => {
                let leaf = Leaf::Fenced { mark, length: run, indent: line.indent() };
                self.begin(matched, line, Tag::Code(Some(unescape(after.trim()))), leaf);
                return true;
            }
            b'<' => {
                let in_text = in_paragraph || matches!(self.leaf, Leaf::Table(_));
                if let Some(end) = html::block(rest, in_text) {
                    let ends = end.is_in(rest);
                    self.begin(matched, line, Tag::Html, Leaf::Html(end));
                    self.html_line(line);
                    if ends {
                        self.close_leaf();
                    }
                    return true;
                }
            }
            _ => {}
        }
        if in_paragraph
            && matched == self.open.len()
            && after.trim().is_empty()
            && matches!(mark, b'=' | b'-')
        {
            if let Leaf::Paragraph(content) = std::mem::replace(&mut self.leaf, Leaf::None) {
                self.leaf_of(content, Tag::Heading(if mark == b'=' { 1 } else { 2 }));
            }
            return true;
        }
        if is_rule(rest) {
            self.cut(matched, None);
            self.events.push((Event::Rule, line.place()..line.place() + rest.len()));
            return true;
        }
        false
    }

    /// A line of text: more of a paragraph or a table, or the first of a paragraph.
    fn text_line(&mut self, line: &Line<'_>) {
        let place = line.place();
        match &mut self.leaf {
            Leaf::Table(columns) if line.rest().trim_end() != "|" => {
                let columns = *columns;
                self.row(line.rest(), place, columns);
            }
            Leaf::Paragraph(content) => {
                let end = content.origin(content.text.len());
                content.push("\n", end);
                content.push(line.rest(), place);
            }
            _ => {
                self.close_leaf();
                self.leaf = Leaf::Paragraph(Fragment::plain(line.rest(), place));
            }
        }
    }

    /// Makes a table of the last line of a paragraph where a line of dashes follows.
    fn table_begins(&mut self, line: &Line<'_>) -> bool {
        let Leaf::Paragraph(content) = &mut self.leaf else { return false };
        let Some(alignments) = delimiter_row(line.rest()).filter(|_| line.indent() < 4) else { return false };
        let start = content.text.rfind('\n').map_or(0, |at| at + 1);
        let columns = alignments.len();
        let head = &content.text[start..];
        if !head.contains('|') || cells(head).len() != columns || (start > 0 && !head.starts_with('|')) {
            return false;
        }
        let (head, at) = (content.text.split_off(start), content.origin(start));
        if start > 0 {
            self.close_leaf();
        }
        self.events.push((Event::Start(Tag::Table(alignments)), at..at));
        self.row(&head, at, columns);
        self.leaf = Leaf::Table(columns);
        true
    }

    fn row(&mut self, text: &str, at: usize, columns: usize) {
        self.events.push((Event::Start(Tag::Row), at..at));
        let cells = cells(text);
        for index in 0..columns {
            self.events.push((Event::Start(Tag::Cell), at..at));
            if let Some((start, cell)) = cells.get(index) {
                let mut content = Fragment::default();
                let mut from = at + start;
                // Within a cell, code too, a bar is escaped.
                for piece in cell.split_inclusive("\\|") {
                    let plain = piece.strip_suffix("\\|").unwrap_or(piece);
                    content.push(plain, from);
                    if plain.len() < piece.len() {
                        content.push("|", from + plain.len() + 1);
                    }
                    from += piece.len();
                }
                inlines(&content, 0, self.resolve, &mut self.events);
            }
            self.events.push((Event::End, at..at));
        }
        self.events.push((Event::End, at..at));
    }

    fn code_line(&mut self, line: &Line<'_>) {
        if line.spare > 0 {
            self.events.push((Event::Text(" ".repeat(line.spare)), 0..0));
        }
        let at = line.start + line.at;
        let text = line.raw().to_owned() + "\n";
        let range = at..at + text.len();
        self.events.push((Event::Text(text), range));
    }

    fn html_line(&mut self, line: &Line<'_>) {
        let at = line.start + line.at;
        let text = line.raw().to_owned() + "\n";
        let range = at..at + text.len();
        self.events.push((Event::Html(text), range));
    }

    fn inlines_of(&mut self, text: &str, at: usize) {
        inlines(&Fragment::plain(text, at), 0, self.resolve, &mut self.events);
    }

    fn leaf_of(&mut self, content: Fragment, tag: Tag) {
        let at = content.origin(0);
        self.events.push((Event::Start(tag), at..at));
        let from = self.task(&content);
        inlines(&content, from, self.resolve, &mut self.events);
        self.events.push((Event::End, at..at));
    }

    /// Reads the box that an item may begin with. The answer is how long it is.
    fn task(&mut self, content: &Fragment) -> usize {
        let is_apart = |rest: &[u8]| rest.first().is_none_or(u8::is_ascii_whitespace);
        let ticked = match content.text.as_bytes() {
            [b'[', b' ' | b'\t' | b'\n', b']', rest @ ..] if is_apart(rest) => false,
            [b'[', b'x' | b'X', b']', rest @ ..] if is_apart(rest) => true,
            _ => return 0,
        };
        let [.., (Event::Start(Tag::Item), _), _] = self.events.as_slice() else { return 0 };
        let at = content.origin(0);
        self.events.push((Event::Task(ticked), at..at + 3));
        content.text.len() - content.text[3..].trim_start().len()
    }

    fn begin(&mut self, matched: usize, line: &Line<'_>, tag: Tag, leaf: Leaf) {
        self.cut(matched, None);
        self.events.push((Event::Start(tag), line.place()..line.start + line.text.len()));
        self.leaf = leaf;
    }

    fn open_container(&mut self, container: Container, tag: Tag, at: usize) {
        self.fill_items();
        self.open.push(container);
        self.events.push((Event::Start(tag), at..at));
    }

    /// Ends what the line does not go on with; a list too, unless an item with its mark comes next.
    fn cut(&mut self, matched: usize, mark: Option<u8>) {
        self.close_leaf();
        self.close_to(matched);
        if let Some(Container::List(own)) = self.open.last()
            && mark != Some(*own)
        {
            self.leave_list();
        }
    }

    fn leave_list(&mut self) {
        if let Some(Container::List(_)) = self.open.last() {
            self.close_to(self.open.len() - 1);
        }
    }

    fn close_to(&mut self, count: usize) {
        if self.open.len() > count {
            self.close_leaf();
        }
        while self.open.len() > count {
            self.open.pop();
            self.events.push((Event::End, 0..0));
        }
    }

    fn close_leaf(&mut self) {
        match std::mem::replace(&mut self.leaf, Leaf::None) {
            Leaf::None => {}
            Leaf::Paragraph(content) => self.leaf_of(content, Tag::Paragraph),
            _ => self.events.push((Event::End, 0..0)),
        }
    }

    /// A line with something in it was read: no open item is empty any longer.
    fn fill_items(&mut self) {
        for container in &mut self.open {
            if let Container::Item { is_empty, .. } = container {
                *is_empty = false;
            }
        }
    }
}

/// The first byte, and how often it stands there.
fn run(text: &str) -> (u8, usize) {
    let first = text.bytes().next().unwrap_or_default();
    (first, text.bytes().take_while(|byte| *byte == first).count())
}

/// Three or more of `*`, `-` or `_`, and blanks.
fn is_rule(text: &str) -> bool {
    let first = text.bytes().next().unwrap_or_default();
    let marks = text.bytes().filter(|byte| *byte == first).count();
    matches!(first, b'*' | b'-' | b'_')
        && marks > 2
        && text.bytes().all(|byte| byte == first || byte == b' ' || byte == b'\t')
}

/// The alignments that the line below the head of a table says.
fn delimiter_row(text: &str) -> Option<Vec<Alignment>> {
    if !text.contains(['|', ':']) {
        return None;
    }
    let mut alignments = Vec::new();
    for (_, cell) in cells(text) {
        let (left, rest) = cell.strip_prefix(':').map_or((false, cell), |rest| (true, rest));
        let (right, dashes) = rest.strip_suffix(':').map_or((false, rest), |rest| (true, rest));
        if dashes.is_empty() || dashes.bytes().any(|byte| byte != b'-') {
            return None;
        }
        alignments.push(match (left, right) {
            (false, false) => Alignment::None,
            (true, false) => Alignment::Left,
            (true, true) => Alignment::Center,
            (false, true) => Alignment::Right,
        });
    }
    (!alignments.is_empty()).then_some(alignments)
}

/// The cells of a row, trimmed, and where they begin in it.
fn cells(text: &str) -> Vec<(usize, &str)> {
    let end = text.trim_end().len();
    let mut start = usize::from(text.starts_with('|'));
    let mut cells = Vec::new();
    let mut push = |from: usize, to: usize| {
        let cell = &text[from..to];
        let blanks = cell.len() - cell.trim_start().len();
        cells.push((from + blanks, cell.trim()));
    };
    let mut escaped = false;
    for (at, byte) in text[..end].bytes().enumerate() {
        if byte == b'|' && !escaped && at >= start {
            push(start, at);
            start = at + 1;
        }
        escaped = byte == b'\\';
    }
    if start < end {
        push(start, end);
    }
    cells
}
