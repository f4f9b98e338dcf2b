//! `cat`: files one after the other.

use super::support::{input::close_input, prelude::*, program};

program!(PROGRAM, "cat", "Concatenate files and print them", main);

#[derive(Default)]
struct Style {
    number: bool,
    number_nonblank: bool,
    squeeze: bool,
    ends: bool,
    tabs: bool,
    nonprinting: bool,
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "A|show-all b|number-nonblank e E|show-ends n|number s|squeeze-blank t T|show-tabs u v|show-nonprinting";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let has = |keys: &[&str]| keys.iter().any(|key| options.has(key));
    let style = Style {
        number: has(&["n"]) && !has(&["b"]),
        number_nonblank: has(&["b"]),
        squeeze: has(&["s"]),
        ends: has(&["A", "e", "E"]),
        tabs: has(&["A", "t", "T"]),
        nonprinting: has(&["A", "e", "t", "v"]),
    };
    let plain = !has(&["A", "b", "e", "E", "n", "s", "t", "T", "v"]);
    let mut writer = Writer { style, line: 0, blanks: 0, at_start: true };
    let mut status = 0;
    for file in options.files() {
        let Some(fd) = open_input(&sys, name, &file).await else {
            status = 1;
            continue;
        };
        loop {
            match sys.read(fd, 128 * 1024).await {
                Ok(bytes) if bytes.is_empty() => break,
                Ok(bytes) => {
                    let bytes = if plain { bytes } else { writer.render(&bytes) };
                    if let Err(errno) = sys.write_all(1, &bytes).await {
                        complain(&sys, name, &format!("write error: {errno}")).await;
                        return 1;
                    }
                }
                Err(errno) => {
                    complain(&sys, name, &format!("{}: {errno}", quote_if_needed(&file))).await;
                    status = 1;
                    break;
                }
            }
        }
        close_input(&sys, fd);
    }
    status
}

struct Writer {
    style: Style,
    line: u64,
    blanks: u32,
    at_start: bool,
}

impl Writer {
    fn render(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 8);
        for &byte in bytes {
            if self.at_start {
                self.blanks = if byte == b'\n' { self.blanks + 1 } else { 0 };
                if self.style.squeeze && self.blanks > 1 {
                    continue;
                }
                if self.style.number || self.style.number_nonblank && byte != b'\n' {
                    self.line += 1;
                    out.extend(format!("{:6}\t", self.line).bytes());
                }
            }
            self.at_start = byte == b'\n';
            match byte {
                b'\n' => {
                    if self.style.ends {
                        out.push(b'$');
                    }
                    out.push(b'\n');
                }
                b'\t' if self.style.tabs => out.extend(b"^I"),
                b'\t' => out.push(b'\t'),
                _ if self.style.nonprinting => visible(byte, &mut out),
                _ => out.push(byte),
            }
        }
        out
    }
}

fn visible(byte: u8, out: &mut Vec<u8>) {
    let low = if byte >= 128 {
        out.extend(b"M-");
        byte - 128
    } else {
        byte
    };
    match low {
        0..32 => out.extend([b'^', low + 64]),
        127 => out.extend(b"^?"),
        _ => out.push(low),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_visible() {
        let style = Style { ends: true, tabs: true, nonprinting: true, number: true, ..Style::default() };
        let mut writer = Writer { style, line: 0, blanks: 0, at_start: true };
        let out = writer.render("a\r\n\té\n".as_bytes());
        assert_eq!(String::from_utf8(out).unwrap(), "     1\ta^M$\n     2\t^IM-CM-)$\n");
    }
}
