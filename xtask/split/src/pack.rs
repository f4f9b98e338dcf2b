//! Puts the code of a module into streams, which compress a sixth better than the code itself.
//!
//! A compressor sees bytes and not what they are: an opcode stands between the number of a local and the offset of a
//! field. Here opcodes come with opcodes, locals with locals. `web/static/unpack.js` puts the code together again, and
//! says how each stream is to be read; the build packs nothing that it does not get back byte by byte.
//!
//! What is packed is a module of version 0 with another code section: its size before, how many bodies there are, how
//! long each stream is, the streams.

use wasm_encoder::{Encode, RawSection};
use wasmparser::{BinaryReader, FunctionBody, Operator, Parser, Payload};

use crate::Result;

/// The number of the code section.
const CODE: u8 = 10;

/// Where a module says of which version it is: behind the word by which it is known.
const VERSION: usize = 4;

/// The streams, in their order. The last is followed by one for each opcode that a constant can stand before.
#[derive(Clone, Copy)]
enum Stream {
    /// Opcodes, and what few of them have behind them.
    Opcodes,
    /// What locals a body has.
    Locals,
    /// Locals that are read: how many others came since they were last named.
    Gets,
    /// Locals that are written, likewise.
    Sets,
    /// Offsets of loads: how far they are from the last one of the same local.
    Loads,
    /// Offsets of stores.
    Stores,
    /// Functions that are called.
    Calls,
    /// Where branches go.
    Branches,
    /// Constants of 64 bits.
    Longs,
    /// Constants of 32 bits, by the opcode behind them.
    Constants,
}

/// How many streams there are.
const STREAMS: usize = Stream::Constants as usize + 256;

/// The module in `bytes`, its code in streams.
///
/// # Errors
/// A module with instructions that Rust's output has not.
pub fn pack(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut sections = Vec::new();
    let mut packer = Packer::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        sections.extend(payload.as_section());
        match payload {
            Payload::CodeSectionStart { count, range, .. } => {
                range.len().encode(&mut packer.code);
                count.encode(&mut packer.code);
            }
            Payload::CodeSectionEntry(body) => packer.body(bytes, &body)?,
            _ => {}
        }
    }
    let code = packer.finish();
    let mut module = wasm_encoder::Module::new();
    for (id, range) in sections {
        let data = if id == CODE { &code } else { &bytes[range] };
        module.section(&RawSection { id, data });
    }
    let mut packed = module.finish();
    packed[VERSION] = 0;
    Ok(packed)
}

/// Packs bodies.
struct Packer {
    /// What comes before the streams.
    code: Vec<u8>,
    streams: Vec<Vec<u8>>,
}

impl Packer {
    fn new() -> Self {
        Packer { code: Vec::new(), streams: vec![Vec::new(); STREAMS] }
    }

    fn finish(mut self) -> Vec<u8> {
        for stream in &self.streams {
            stream.len().encode(&mut self.code);
        }
        self.code.extend(self.streams.concat());
        self.code
    }

    fn put(&mut self, stream: Stream, bytes: &[u8]) {
        self.streams[stream as usize].extend(bytes);
    }

    fn number(&mut self, stream: Stream, number: u32) {
        number.encode(&mut self.streams[stream as usize]);
    }

    fn body(&mut self, bytes: &[u8], body: &FunctionBody<'_>) -> Result {
        let start = body.range().start;
        let mut reader = body.get_operators_reader()?;
        self.put(Stream::Locals, &bytes[start..reader.original_position()]);
        let (mut recent, mut offsets) = (Recent::default(), Vec::new());
        let mut address = None;
        while !reader.eof() {
            let at = reader.original_position();
            let operator = reader.read()?;
            let end = reader.original_position();
            let opcode = bytes[at];
            let behind = &bytes[at + 1..end];
            self.put(Stream::Opcodes, &[opcode]);
            let before = address.take();
            match operator {
                Operator::LocalGet { local_index } => {
                    let rank = recent.rank(local_index);
                    self.number(Stream::Gets, rank);
                    address = Some(local_index);
                }
                Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                    let rank = recent.rank(local_index);
                    self.number(Stream::Sets, rank);
                    address = Some(local_index);
                }
                Operator::I32Const { .. } => {
                    self.streams[Stream::Constants as usize + usize::from(bytes[end])].extend(behind);
                }
                Operator::I64Const { .. } => self.put(Stream::Longs, behind),
                Operator::Call { .. } => self.put(Stream::Calls, behind),
                Operator::Br { .. } | Operator::BrIf { .. } | Operator::BrTable { .. } => {
                    self.put(Stream::Branches, behind);
                }
                _ => match opcode {
                    0x28..=0x35 => {
                        let last = last_of(&mut offsets, before);
                        let offset = offset(behind)?;
                        let step = offset.wrapping_sub(std::mem::replace(last, offset));
                        // Small numbers for small steps, either way.
                        self.number(Stream::Loads, (step << 1) ^ (step.cast_signed() >> 31).cast_unsigned());
                    }
                    0x36..=0x3e => {
                        let offset = offset(behind)?;
                        self.number(Stream::Stores, offset);
                    }
                    _ if is_alone(opcode, behind) => self.put(Stream::Opcodes, behind),
                    _ => return Err(format!("{operator:?} cannot be packed").into()),
                },
            }
        }
        Ok(())
    }
}

/// The locals of a body, the last one named first.
#[derive(Default)]
struct Recent(Vec<u32>);

impl Recent {
    /// How many others came since a local was last named. At first they are in the order of their numbers.
    fn rank(&mut self, local: u32) -> u32 {
        let known = self.0.len() as u32;
        self.0.extend(known..=local);
        let rank = self.0.iter().position(|known| *known == local).unwrap_or_default();
        self.0[..=rank].rotate_right(1);
        rank as u32
    }
}

/// The last offset that was loaded from a local; there is one more for addresses that are no local.
fn last_of(offsets: &mut Vec<u32>, local: Option<u32>) -> &mut u32 {
    let place = local.map_or(0, |local| local as usize + 1);
    if offsets.len() <= place {
        offsets.resize(place + 1, 0);
    }
    &mut offsets[place]
}

/// The offset of a load or a store; splitting left all alignments 0.
fn offset(behind: &[u8]) -> Result<u32> {
    let mut reader = BinaryReader::new(behind, 0);
    if reader.read_u8()? != 0 {
        return Err("an address has an alignment".into());
    }
    Ok(reader.read_var_u32()?)
}

/// Whether the opcode, or the one behind the prefix, tells how much is to be read behind it.
fn is_alone(opcode: u8, behind: &[u8]) -> bool {
    match opcode {
        // Blocks, indirect calls, globals, tables, the size of the memory, no reference: one number or two.
        0x02..=0x04 | 0x11 | 0x23..=0x26 | 0x3f | 0x40 | 0xd0 => true,
        // Constants with a point: four bytes, eight.
        0x43 | 0x44 => true,
        // The prefix: conversions, and what copies and fills memory.
        0xfc => matches!(behind, [0..=7] | [10, _, _] | [11 | 15..=17, _]),
        // Nothing.
        0x00 | 0x01 | 0x05 | 0x0b | 0x0f | 0x1a | 0x1b | 0x45..=0xc4 => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULE: &str = r#"(module
      (memory 1)
      (func (param i32 i32) (result i32) (local i64)
        (i32.store offset=8 align=1 (local.get 1) (i32.load offset=16 align=1 (local.get 0)))
        (local.set 0 (i32.const -1))
        (i32.load offset=12 align=1 (local.get 0))))"#;

    /// The streams of a module that are not empty, by number.
    fn streams(module: &str) -> Result<Vec<(usize, Vec<u8>)>> {
        let bytes = wat::parse_str(module)?;
        let mut packer = Packer::new();
        for payload in Parser::new(0).parse_all(&bytes) {
            if let Payload::CodeSectionEntry(body) = payload? {
                packer.body(&bytes, &body)?;
            }
        }
        Ok(packer.streams.into_iter().enumerate().filter(|(_, stream)| !stream.is_empty()).collect())
    }

    #[test]
    fn like_comes_with_like() {
        let streams = streams(MODULE).expect("the module can be packed");
        let streams: Vec<String> =
            streams.iter().map(|(number, stream)| format!("{number} {stream:02x?}")).collect();
        expect_test::expect![[r#"
            0 [20, 20, 28, 36, 41, 21, 20, 28, 0b]
            1 [01, 01, 7e]
            2 [01, 01, 00]
            3 [00]
            4 [20, 07]
            5 [08]
            42 [7f]"#]]
        .assert_eq(&streams.join("\n"));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let refused = streams(r#"(module (table 1 funcref) (func $f (drop (ref.func $f))))"#).err();
        assert!(refused.is_some_and(|error| error.to_string().contains("cannot be packed")));
    }
}
