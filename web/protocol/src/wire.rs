//! Messages as bytes. A number is written in groups of seven bits, the lowest first; texts and lists come after
//! their length; a variant begins with its number. Both ends are of one build, so nothing is named or versioned.

use crate::{Config, FromWorker, Input, NodeView, Place, PodView, ServiceView, ShellState, ToWorker, View};

/// What can be written to a message and read from one.
pub trait Wire: Sized {
    /// Appends it.
    fn put(&self, out: &mut Vec<u8>);
    /// Takes it from the front of `bytes`; nothing when that is something else.
    fn take(bytes: &mut &[u8]) -> Option<Self>;
}

/// A message as bytes.
pub fn encode(message: &impl Wire) -> Vec<u8> {
    let mut out = Vec::new();
    message.put(&mut out);
    out
}

/// The message that these bytes are.
pub fn decode<T: Wire>(mut bytes: &[u8]) -> Option<T> {
    T::take(&mut bytes)
}

impl Wire for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest > 0x7f {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (byte, rest) = bytes.split_first()?;
            *bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

/// Numbers that go as a wider one.
macro_rules! wire_numbers {
    ($($number:ty),*) => {$(
        impl Wire for $number {
            fn put(&self, out: &mut Vec<u8>) {
                (*self as u64).put(out);
            }

            fn take(bytes: &mut &[u8]) -> Option<Self> {
                u64::take(bytes).map(|wide| wide as $number)
            }
        }
    )*};
}

wire_numbers!(u8, u16, u32, i32, usize);

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        u64::from(*self).put(out);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        u64::take(bytes).map(|number| number != 0)
    }
}

impl Wire for String {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let length = usize::take(bytes)?;
        let (text, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        std::str::from_utf8(text).ok().map(str::to_owned)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        if bool::take(bytes)? { T::take(bytes).map(Some) } else { Some(None) }
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        for item in self {
            item.put(out);
        }
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let length = usize::take(bytes)?;
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(T::take(bytes)?);
        }
        Some(items)
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        Some((A::take(bytes)?, B::take(bytes)?))
    }
}

/// Structs field by field.
macro_rules! wire_structs {
    ($($name:ident { $($field:ident),* })*) => {$(
        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }

            fn take(bytes: &mut &[u8]) -> Option<Self> {
                Some($name { $($field: Wire::take(bytes)?),* })
            }
        }
    )*};
}

wire_structs! {
    Config { seed, nodes, cloud, metrics }
    View { nodes, pods, services }
    NodeView { name, address, ready }
    PodView { namespace, name, node, ip, status, ready }
    ServiceView { namespace, name, kind, cluster_ip, ports, endpoints }
}

/// Enums: the number of a variant, then its fields. A field without a name is called by its place.
macro_rules! wire_enums {
    ($($name:ident { $($number:literal $variant:ident { $($field:tt: $value:ident),* })* })*) => {$(
        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $($name::$variant { $($field: $value),* } => {
                        out.push($number);
                        $($value.put(out);)*
                    })*
                }
            }

            fn take(bytes: &mut &[u8]) -> Option<Self> {
                Some(match u8::take(bytes)? {
                    $($number => $name::$variant { $($field: Wire::take(bytes)?),* },)*
                    _ => return None,
                })
            }
        }
    )*};
}

wire_enums! {
    Place {
        0 Lab {}
        1 Laptop {}
    }
    ShellState {
        0 Prompt { status: status }
        1 Running {}
    }
    Input {
        0 OpenTerminal { id: id, place: place, rows: rows, cols: cols }
        1 Type { id: id, bytes: typed }
        2 Resize { id: id, rows: rows, cols: cols }
        3 CloseTerminal { id: id }
        4 Spawn { id: id, place: place, argv: argv }
        5 Stdin { id: id, bytes: read }
        6 CloseStdin { id: id }
        7 Signal { id: id, signal: signal }
        8 WriteFile { place: place, path: path, contents: contents }
    }
    ToWorker {
        0 Start { config: config, journal: journal, build: build, recover: recover }
        1 Input { 0: input }
        2 Slide { 0: slide }
        3 Drawn { 0: count }
        4 Clock { paused: paused, speed: speed }
        5 Skip {}
        6 Undo {}
        7 ResetSlide { 0: slide }
        8 ResetAll {}
        9 Report {}
        10 Ping {}
    }
    FromWorker {
        0 Ready {}
        1 Begin { terminals: terminals, inputs: inputs, taken_back: command, kept: kept }
        2 Restored {}
        3 Screen { 0: id }
        4 Shell { 0: id, 1: state }
        5 Closed { 0: id }
        6 View { 0: view }
        7 Clock { time: time, behind: behind }
        8 Skipped {}
        9 Pong {}
        10 Panic { 0: sentence }
        11 Report { 0: report }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TerminalId;

    fn check<T: Wire + PartialEq + std::fmt::Debug>(message: T) {
        let bytes = encode(&message);
        assert_eq!(decode::<T>(&bytes), Some(message));
        for end in 0..bytes.len() {
            assert_eq!(decode::<T>(&bytes[..end]), None, "{end} of {} bytes are no message", bytes.len());
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = |text: &str| text.to_owned();
        check(ToWorker::Ping);
        check(ToWorker::Drawn(300_000));
        check(ToWorker::Clock { paused: true, speed: 100 });
        let config = Config { seed: u64::MAX, ..Config::default() };
        check(ToWorker::Start { config, journal: text("é\u{0}"), build: text(""), recover: true });
        check(ToWorker::Input(Input::Type { id: 1, bytes: vec![0, 3, 27, 128, 255] }));
        check(FromWorker::Shell(7, ShellState::Prompt { status: -1 }));
        let terminals: Vec<(TerminalId, Place)> = vec![(1, Place::Lab), (200, Place::Laptop)];
        check(FromWorker::Begin { terminals, inputs: 128, taken_back: Some(text("ls")), kept: false });
        let service = ServiceView { endpoints: vec![text("a"), text("b")], ..ServiceView::default() };
        let node = NodeView { ready: true, ..NodeView::default() };
        check(FromWorker::View(View { nodes: vec![node], pods: Vec::new(), services: vec![service] }));
    }

    #[test]
    fn what_is_something_else_is_refused() {
        assert_eq!(decode::<ToWorker>(&[99]), None);
        assert_eq!(decode::<String>(&[2, 0xff, 0xff]), None);
        assert_eq!(decode::<Vec<String>>(&[0xff; 20]), None);
    }
}
