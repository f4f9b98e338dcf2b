//! A line of Markdown. Blanks count in columns: a tab reaches to the next multiple of four, and may be read in part.

/// A line, and how far it was read.
#[derive(Clone, Copy)]
pub(super) struct Line<'t> {
    pub text: &'t str,
    pub start: usize,
    pub at: usize,
    column: usize,
    /// Columns of a tab that was read only in part.
    pub spare: usize,
}

impl<'t> Line<'t> {
    /// A line that begins at `start` of the whole text.
    pub fn new(text: &'t str, start: usize) -> Self {
        Line { text, start, at: 0, column: 0, spare: 0 }
    }

    /// What was not read yet.
    pub fn raw(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Without the blanks it begins with.
    pub fn rest(&self) -> &'t str {
        self.raw().trim_start_matches([' ', '\t'])
    }

    /// Where in the whole text [`Line::rest`] is.
    pub fn place(&self) -> usize {
        self.start + self.text.len() - self.rest().len()
    }

    /// The columns that are blank before the rest.
    pub fn indent(&self) -> usize {
        let mut column = self.column + self.spare;
        for byte in self.raw().bytes() {
            match byte {
                b' ' => column += 1,
                b'\t' => column += 4 - column % 4,
                _ => break,
            }
        }
        column - self.column
    }

    /// Reads over blanks, so many columns of them.
    pub fn skip(&mut self, columns: usize) {
        let end = self.column + columns;
        while self.column < end {
            if self.spare > 0 {
                self.spare -= 1;
                self.column += 1;
                continue;
            }
            match self.raw().bytes().next() {
                Some(b' ') => self.column += 1,
                Some(b'\t') => self.spare = 4 - self.column % 4,
                _ => break,
            }
            self.at += 1;
        }
    }

    /// Reads over characters that are not blank.
    pub fn advance(&mut self, bytes: usize) {
        self.at += bytes;
        self.column += bytes;
    }
}
