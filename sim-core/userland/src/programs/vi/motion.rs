//! Motions and text objects: from one place to another.

use super::buffer::{Buffer, Place};

/// What a motion covers when an operator stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Up to the character before.
    Exclusive,
    /// Up to the character itself.
    Inclusive,
    /// Whole lines.
    Lines,
}

fn class(c: char, big: bool) -> u8 {
    if c.is_whitespace() {
        0
    } else if big || c.is_alphanumeric() || c == '_' {
        1
    } else {
        2
    }
}

/// What is at a place; line ends are blanks.
fn at(buffer: &Buffer, place: Place, big: bool) -> u8 {
    buffer.line(place.line).chars().nth(place.column).map_or(0, |c| class(c, big))
}

fn next(buffer: &Buffer, place: Place) -> Option<Place> {
    if place.column + 1 < buffer.width(place.line) {
        return Some(Place { column: place.column + 1, ..place });
    }
    (place.line < buffer.last()).then(|| Place { line: place.line + 1, column: 0 })
}

fn before(buffer: &Buffer, place: Place) -> Option<Place> {
    if place.column > 0 {
        return Some(Place { column: place.column - 1, ..place });
    }
    let line = place.line.checked_sub(1)?;
    Some(Place { line, column: buffer.width(line).saturating_sub(1) })
}

fn is_empty(buffer: &Buffer, place: Place) -> bool {
    buffer.width(place.line) == 0
}

/// `w`
pub(super) fn word(buffer: &Buffer, from: Place, big: bool) -> Option<Place> {
    let start = at(buffer, from, big);
    let mut place = from;
    let mut line = from.line;
    let mut left = start == 0;
    loop {
        place = next(buffer, place)?;
        if place.line != line {
            line = place.line;
            left = true;
            if is_empty(buffer, place) {
                return Some(place);
            }
        }
        let now = at(buffer, place, big);
        if now == 0 {
            left = true;
        } else if left || now != start {
            return Some(place);
        }
    }
}

/// `b`
pub(super) fn back(buffer: &Buffer, from: Place, big: bool) -> Option<Place> {
    let mut place = before(buffer, from)?;
    while at(buffer, place, big) == 0 {
        if is_empty(buffer, place) {
            return Some(place);
        }
        place = match before(buffer, place) {
            Some(place) => place,
            None => return Some(place),
        };
    }
    let kind = at(buffer, place, big);
    while place.column > 0 && at(buffer, Place { column: place.column - 1, ..place }, big) == kind {
        place.column -= 1;
    }
    Some(place)
}

/// `e`
pub(super) fn end(buffer: &Buffer, from: Place, big: bool) -> Option<Place> {
    let mut place = next(buffer, from)?;
    while at(buffer, place, big) == 0 {
        place = next(buffer, place)?;
    }
    let kind = at(buffer, place, big);
    while at(buffer, Place { column: place.column + 1, ..place }, big) == kind
        && place.column + 1 < buffer.width(place.line)
    {
        place.column += 1;
    }
    Some(place)
}

/// `ge`
pub(super) fn back_end(buffer: &Buffer, from: Place, big: bool) -> Option<Place> {
    let start = at(buffer, from, big);
    let mut place = before(buffer, from)?;
    let mut left = start == 0 || place.line != from.line;
    loop {
        let here = at(buffer, place, big);
        left |= here != start;
        if (left && here != 0) || is_empty(buffer, place) {
            return Some(place);
        }
        let next = before(buffer, place)?;
        left |= next.line != place.line;
        place = next;
    }
}

/// `}` and `{`
pub(super) fn paragraph(buffer: &Buffer, from: Place, forward: bool) -> Place {
    let mut line = from.line;
    let step = |line: usize| if forward { Some(line + 1) } else { line.checked_sub(1) };
    while buffer.width(line) == 0 {
        match step(line).filter(|line| *line <= buffer.last()) {
            Some(next) => line = next,
            None => break,
        }
    }
    while buffer.width(line) > 0 {
        match step(line).filter(|line| *line <= buffer.last()) {
            Some(next) => line = next,
            None if forward => return Place { line, column: buffer.width(line).saturating_sub(1) },
            None => return Place::default(),
        }
    }
    Place { line, column: 0 }
}

/// `f F t T`
pub(super) fn find(
    buffer: &Buffer,
    from: Place,
    how: char,
    wanted: char,
    count: usize,
    again: bool,
) -> Option<Place> {
    let chars = buffer.chars(from.line);
    let mut column = from.column;
    let forward = how == 'f' || how == 't';
    let till = how == 't' || how == 'T';
    for index in 0..count {
        // `;` behind `t` would stay where it is.
        let skip = usize::from(till && again && index == 0);
        column = if forward {
            let start = (column + 1 + skip).min(chars.len());
            start + chars[start..].iter().position(|c| *c == wanted)?
        } else {
            chars[..column.saturating_sub(skip)].iter().rposition(|c| *c == wanted)?
        };
    }
    match how {
        't' => column -= 1,
        'T' => column += 1,
        _ => {}
    }
    Some(Place { column, ..from })
}

const PAIRS: &[(char, char)] = &[('(', ')'), ('[', ']'), ('{', '}')];

/// `%`
pub(super) fn matching(buffer: &Buffer, from: Place) -> Option<Place> {
    let chars = buffer.chars(from.line);
    let is_bracket = |c: &char| PAIRS.iter().any(|(open, close)| c == open || c == close);
    let column = from.column + chars.get(from.column..)?.iter().position(is_bracket)?;
    let start = Place { column, ..from };
    let (open, close) =
        *PAIRS.iter().find(|(open, close)| chars[column] == *open || chars[column] == *close)?;
    partner(buffer, start, open, close, chars[column] == open)
}

/// The bracket that belongs to the one at a place, or around it.
fn partner(buffer: &Buffer, from: Place, open: char, close: char, forward: bool) -> Option<Place> {
    let mut depth = 1;
    let mut place = from;
    loop {
        place = if forward { next(buffer, place)? } else { before(buffer, place)? };
        match buffer.line(place.line).chars().nth(place.column) {
            Some(c) if c == (if forward { open } else { close }) => depth += 1,
            Some(c) if c == (if forward { close } else { open }) => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(place);
        }
    }
}

/// `iw`, `a"`, `i(` and so on: first and last place.
pub(super) fn object(
    buffer: &Buffer,
    cursor: Place,
    around: bool,
    name: char,
) -> Option<(Place, Place, Kind)> {
    let chars = buffer.chars(cursor.line);
    let on = |column: usize| Place { column, ..cursor };
    match name {
        'w' | 'W' => {
            let big = name == 'W';
            let kind = |column: usize| chars.get(column).map(|c| class(*c, big));
            let here = kind(cursor.column)?;
            let (mut from, mut to) = (cursor.column, cursor.column);
            while from > 0 && kind(from - 1) == Some(here) {
                from -= 1;
            }
            while kind(to + 1) == Some(here) {
                to += 1;
            }
            if around {
                let after = to;
                let next_kind = kind(to + 1);
                while kind(to + 1)
                    .is_some_and(|next| (here == 0 && Some(next) == next_kind) || next == 0 && here != 0)
                {
                    to += 1;
                }
                if to == after && here != 0 {
                    while from > 0 && kind(from - 1) == Some(0) {
                        from -= 1;
                    }
                }
            }
            Some((on(from), on(to), Kind::Inclusive))
        }
        '"' | '\'' | '`' => {
            let quotes: Vec<usize> = (0..chars.len())
                .filter(|at| chars[*at] == name && (*at == 0 || chars[*at - 1] != '\\'))
                .collect();
            let pair = quotes.chunks(2).find(|pair| pair.len() == 2 && pair[1] >= cursor.column)?;
            let (mut from, mut to) = (pair[0], pair[1]);
            if around {
                while chars.get(to + 1).is_some_and(|c| c.is_whitespace()) {
                    to += 1;
                }
                return Some((on(from), on(to), Kind::Inclusive));
            }
            from += 1;
            to = to.checked_sub(1)?;
            if from > to {
                return Some((on(from), on(from), Kind::Exclusive));
            }
            Some((on(from), on(to), Kind::Inclusive))
        }
        'p' => {
            let blank = buffer.width(cursor.line) == 0;
            let same = |line: usize| (buffer.width(line) == 0) == blank;
            let (mut from, mut to) = (cursor.line, cursor.line);
            while from > 0 && same(from - 1) {
                from -= 1;
            }
            while to < buffer.last() && same(to + 1) {
                to += 1;
            }
            if around {
                while to < buffer.last() && !same(to + 1) {
                    to += 1;
                }
            }
            Some((Place { line: from, column: 0 }, Place { line: to, column: 0 }, Kind::Lines))
        }
        _ => {
            let (open, close) = match name {
                '(' | ')' | 'b' => ('(', ')'),
                '[' | ']' => ('[', ']'),
                '{' | '}' | 'B' => ('{', '}'),
                '<' | '>' => ('<', '>'),
                _ => return None,
            };
            let here = chars.get(cursor.column).copied();
            let from = if here == Some(open) { cursor } else { partner(buffer, cursor, open, close, false)? };
            let to = partner(buffer, from, open, close, true)?;
            if around {
                return Some((from, to, Kind::Inclusive));
            }
            let inner = next(buffer, from)?;
            if inner == to {
                return Some((inner, inner, Kind::Exclusive));
            }
            if to.line > from.line
                && to.column == buffer.line(to.line).chars().take_while(|c| c.is_whitespace()).count()
            {
                let from = Place { line: from.line + 1, column: 0 };
                return Some((from, Place { line: to.line - 1, column: 0 }, Kind::Lines));
            }
            Some((inner, before(buffer, to)?, Kind::Inclusive))
        }
    }
}

/// The first character that is no blank.
pub(super) fn indent(buffer: &Buffer, line: usize) -> usize {
    let count = buffer.line(line).chars().take_while(|c| c.is_whitespace()).count();
    count.min(buffer.width(line).saturating_sub(1))
}
