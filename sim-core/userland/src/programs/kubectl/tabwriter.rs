//! Columns: text with tabs becomes text with spaces, as Go's `text/tabwriter` aligns it.
//!
//! A column is a run of neighbouring lines that all have a cell there; its width is that of its widest cell.
//! What kubectl adds is that widths can be remembered, so that the lines of a watch stay under its header.

/// Collects lines and aligns them when it is flushed.
pub struct TabWriter {
    min_width: usize,
    padding: usize,
    text: String,
    remembered: Option<Vec<usize>>,
}

impl TabWriter {
    /// As kubectl makes it for tables: columns of at least 6, three spaces apart, widths remembered.
    pub fn table() -> TabWriter {
        TabWriter { min_width: 6, padding: 3, text: String::new(), remembered: Some(Vec::new()) }
    }

    /// As `kubectl describe` makes it: two spaces apart.
    pub fn describe() -> TabWriter {
        TabWriter { min_width: 0, padding: 2, text: String::new(), remembered: None }
    }

    /// Adds text with tabs and line feeds.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Forgets the widths: another table begins.
    pub fn forget(&mut self) {
        if let Some(widths) = &mut self.remembered {
            widths.clear();
        }
    }

    /// What was added, as it is.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// What was added, aligned.
    pub fn flush(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        let ends_line = text.ends_with('\n');
        let body = text.strip_suffix('\n').unwrap_or(&text);
        if text.is_empty() {
            return String::new();
        }
        let mut out = String::with_capacity(text.len() * 2);
        // A line without tabs ends all columns; what is above it is aligned for itself.
        let lines: Vec<Vec<&str>> = body.split('\n').map(|line| line.split('\t').collect()).collect();
        let mut from = 0;
        while from < lines.len() {
            let to =
                lines[from..].iter().position(|line| line.len() == 1).map_or(lines.len(), |n| from + n + 1);
            let mut widths = Vec::new();
            self.format(&lines, from, to, &mut widths, &mut out);
            from = to;
        }
        if !ends_line {
            out.pop();
        }
        out
    }

    fn format(
        &mut self,
        lines: &[Vec<&str>],
        from: usize,
        to: usize,
        widths: &mut Vec<usize>,
        out: &mut String,
    ) {
        let column = widths.len();
        let mut written = from;
        let mut this = from;
        while this < to {
            if column + 1 >= lines[this].len() {
                this += 1;
                continue;
            }
            self.write_lines(lines, written, this, widths, out);
            written = this;
            let mut width = self.min_width;
            if let Some(remembered) = &self.remembered {
                width = width.max(remembered.get(column).copied().unwrap_or(0));
            }
            while this < to && column + 1 < lines[this].len() {
                width = width.max(length(lines[this][column]) + self.padding);
                this += 1;
            }
            if let Some(remembered) = &mut self.remembered {
                match remembered.get_mut(column) {
                    Some(known) => *known = width,
                    None => remembered.push(width),
                }
            }
            widths.push(width);
            self.format(lines, written, this, widths, out);
            widths.pop();
            written = this;
        }
        self.write_lines(lines, written, to, widths, out);
    }

    fn write_lines(&self, lines: &[Vec<&str>], from: usize, to: usize, widths: &[usize], out: &mut String) {
        for line in &lines[from..to] {
            for (i, cell) in line.iter().enumerate() {
                out.push_str(cell);
                if let Some(width) = widths.get(i).filter(|_| i + 1 < line.len()) {
                    out.extend(std::iter::repeat_n(' ', width.saturating_sub(length(cell))));
                }
            }
            out.push('\n');
        }
    }
}

/// Go counts characters, whatever their width on a screen.
fn length(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_runs_of_lines() {
        let mut writer = TabWriter::describe();
        writer.push(
            "Name:\tblue\nNamespace:\tdefault\nContainers:\n  color:\n    Image:\tx\n    Host Port:\ty\n",
        );
        assert_eq!(
            writer.flush(),
            "Name:       blue\nNamespace:  default\nContainers:\n  color:\n    Image:      x\n    Host Port:  y\n"
        );
    }

    #[test]
    fn narrow_columns_have_six_characters_in_tables() {
        let mut writer = TabWriter::table();
        writer.push("blue-796f87cc56-7ghkn\t1/1\tRunning\t0\t5s\n");
        assert_eq!(writer.flush(), "blue-796f87cc56-7ghkn   1/1   Running   0     5s\n");
    }

    #[test]
    fn a_watch_remembers_its_columns() {
        let mut writer = TabWriter::table();
        writer.push("NAME\tSTATUS\tAGE\nw-1\tRunning\t1s\n");
        assert_eq!(writer.flush(), "NAME   STATUS    AGE\nw-1    Running   1s\n");
        writer.push("w-1\tContainerCreating\t2s\n");
        assert_eq!(writer.flush(), "w-1    ContainerCreating   2s\n");
        writer.push("w-1\tRunning\t3s\n");
        assert_eq!(writer.flush(), "w-1    Running             3s\n");
    }
}
