//! What a terminal has shown, as plain text.

/// Takes a terminal's bytes and keeps the text: escape sequences vanish, carriage returns and backspaces move.
#[derive(Default)]
pub struct Screen {
    lines: Vec<String>,
    line: Vec<char>,
    column: usize,
    state: State,
    bytes: Vec<u8>,
}

#[derive(Default)]
enum State {
    #[default]
    Text,
    Escape,
    Control(String),
    /// An operating system command, up to BEL or ESC \.
    Command,
}

impl Screen {
    /// More bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let valid = match std::str::from_utf8(&self.bytes) {
            Ok(_) => self.bytes.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => self.bytes.len(),
        };
        let taken: Vec<u8> = self.bytes.drain(..valid).collect();
        for c in String::from_utf8_lossy(&taken).chars() {
            self.put(c);
        }
    }

    /// All text so far, the unfinished last line included.
    pub fn text(&self) -> String {
        let mut text = self.lines.join("\n");
        if !self.lines.is_empty() {
            text.push('\n');
        }
        text.push_str(&self.last_line());
        text
    }

    /// The line where the cursor is.
    pub fn last_line(&self) -> String {
        self.line.iter().collect()
    }

    /// How many lines are complete.
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// The text from a line on.
    pub fn text_from(&self, line: usize) -> String {
        let mut text: String = self.lines.iter().skip(line).map(|line| format!("{line}\n")).collect();
        text.push_str(&self.last_line());
        text
    }

    fn put(&mut self, c: char) {
        match &mut self.state {
            State::Text => match c {
                '\x1b' => self.state = State::Escape,
                '\n' => {
                    let line: String = std::mem::take(&mut self.line).into_iter().collect();
                    self.lines.push(line.trim_end().to_string());
                    self.column = 0;
                }
                '\r' => self.column = 0,
                '\x08' => self.column = self.column.saturating_sub(1),
                c if c < ' ' => {}
                c => {
                    while self.line.len() < self.column {
                        self.line.push(' ');
                    }
                    if self.column < self.line.len() {
                        self.line[self.column] = c;
                    } else {
                        self.line.push(c);
                    }
                    self.column += 1;
                }
            },
            State::Escape => {
                self.state = match c {
                    '[' => State::Control(String::new()),
                    ']' => State::Command,
                    _ => State::Text,
                };
            }
            State::Control(parameters) => {
                if c.is_ascii_alphabetic() {
                    let number = parameters.split(';').next().and_then(|n| n.parse::<usize>().ok());
                    self.state = State::Text;
                    self.control(c, number);
                } else {
                    parameters.push(c);
                }
            }
            State::Command => {
                if c == '\x07' {
                    self.state = State::Text;
                } else if c == '\x1b' {
                    self.state = State::Escape;
                }
            }
        }
    }

    fn control(&mut self, command: char, number: Option<usize>) {
        match command {
            'K' => self.line.truncate(self.column),
            'J' if number.unwrap_or(0) == 0 => self.line.truncate(self.column),
            'C' => self.column += number.unwrap_or(1).max(1),
            'D' => self.column = self.column.saturating_sub(number.unwrap_or(1).max(1)),
            'G' => self.column = number.unwrap_or(1).saturating_sub(1),
            // A program that paints the whole screen begins anew.
            'H' | 'J' if self.column > 0 || !self.line.is_empty() => {
                let line: String = std::mem::take(&mut self.line).into_iter().collect();
                self.lines.push(line.trim_end().to_string());
                self.column = 0;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Screen;

    fn shown(bytes: &[u8]) -> String {
        let mut screen = Screen::default();
        screen.write(bytes);
        screen.text()
    }

    #[test]
    fn escape_sequences_leave_plain_text() {
        assert_eq!(shown(b"\x1b[1mbold\x1b[0m\r\n\x1b]0;title\x07$ "), "bold\n$ ");
        assert_eq!(shown(b"abc\x08\x08X\x1b[K"), "aX");
        assert_eq!(shown(b"one\rtwo\r\n"), "two\n");
    }

    #[test]
    fn characters_may_come_in_pieces() {
        let mut screen = Screen::default();
        for byte in "blå".bytes() {
            screen.write(&[byte]);
        }
        assert_eq!(screen.text(), "blå");
    }
}
