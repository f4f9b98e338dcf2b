//! Puts the read-only data of a linked module in a better order.
//!
//! The linker keeps the order of the compiler: texts between tables, what the first prompt needs between what comes
//! after it. Here each part's data lies together, and text lies by text, which compresses better. The linker's
//! `--emit-relocs` says where every address is written, so that objects can move.
//!
//! Nobody needs the places in the source that panics name: the page offers a seed and a log, and natively these
//! lead to the same panic with its place. All places become one that is empty, and what nothing names is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use wasm_encoder::Encode;
use wasmparser::{BinaryReader, KnownCustom, Linking, Parser, Payload, SymbolInfo};

use crate::Result;
use crate::data::ReadOnly;
use crate::linked::{self, Linked, Place, Relocation};
use crate::module::Module;

/// The size of a `core::panic::Location`: a file's name, a line, a column.
const LOCATION: u32 = 16;
/// In a symbol's flags: it is defined elsewhere.
const UNDEFINED: u32 = 0x10;
/// The kind of symbols that are data.
const DATA_SYMBOL: u8 = 1;
/// The part of the linker's section that lists symbols.
const SYMBOL_TABLE: u8 = 8;

/// The module in `bytes`, with data laid out for a first part with the functions that `needed` names.
///
/// # Errors
/// A module that was not linked with `--emit-relocs`.
pub fn lay_out(bytes: &[u8], needed: &BTreeSet<&str>) -> Result<Vec<u8>> {
    let linked = Linked::parse(bytes)?;
    let layout = Layout::new(&linked, &Module::parse(bytes)?, needed)?;
    let mut patched = bytes.to_vec();
    layout.write(&mut patched)?;
    let mut module = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else { continue };
        let mut section = patched[range].to_vec();
        if let Payload::CustomSection(custom) = &payload {
            let begin = custom.data_offset() - custom.range().start;
            match custom.as_known() {
                KnownCustom::Linking(_) => {
                    let symbols = layout.symbols(custom.data())?;
                    section.splice(begin.., symbols);
                }
                KnownCustom::Reloc(_) if custom.name() == linked::DATA_RELOCATIONS => {
                    let relocations = layout.relocations(custom.data())?;
                    section.splice(begin.., relocations);
                }
                _ => {}
            }
        }
        module.section(&wasm_encoder::RawSection { id, data: &section });
    }
    Ok(module.finish())
}

/// Where the objects go.
struct Layout<'a> {
    linked: &'a Linked<'a>,
    known: ReadOnly,
    /// Objects that are places in the source.
    locations: BTreeSet<usize>,
    /// The new addresses of objects that stay.
    places: BTreeMap<usize, u32>,
    /// The one place in the source.
    nowhere: u32,
}

impl<'a> Layout<'a> {
    fn new(linked: &'a Linked<'a>, module: &Module, needed: &BTreeSet<&str>) -> Result<Self> {
        let segment = linked.segments.get(linked.read_only).ok_or("the module has no read-only data")?;
        let mut known = ReadOnly::new(linked)?;
        let locations = locations(linked, &known);
        known.names.retain(|object, _| !locations.contains(object));
        let nowhere = segment.addresses.start.next_multiple_of(LOCATION);
        let mut layout = Layout { linked, known, locations, places: BTreeMap::new(), nowhere };

        let bodies: Vec<(Range<usize>, bool)> = module
            .defined()
            .map(|(number, body)| {
                let name = module.names.get(&number).map(|name| rustc_demangle::demangle(name).to_string());
                (body.range(), name.is_some_and(|name| needed.contains(name.as_str())))
            })
            .collect();
        let (mut first, mut all) = (BTreeSet::new(), BTreeSet::new());
        for relocation in &linked.relocations {
            let Place::Code { offset, .. } = relocation.place else { continue };
            let Some((symbol, target)) = layout.target(relocation)? else { continue };
            if layout.known.object(symbol).is_some_and(|object| layout.locations.contains(&object)) {
                continue;
            }
            let body = bodies.partition_point(|(range, _)| range.end <= linked.code + offset);
            if bodies.get(body).is_some_and(|(_, needed)| *needed) {
                first.extend([symbol, target]);
            }
            all.extend([symbol, target]);
        }
        let first = layout.known.needed(&first);
        let mut order: Vec<usize> = layout.known.needed(&all).into_iter().collect();
        order.retain(|object| !layout.locations.contains(object));
        order.sort_by_cached_key(|object| {
            let (kind, alignment) = layout.kind(*object);
            (!first.contains(object), kind, std::cmp::Reverse(alignment), *object)
        });
        let mut next = nowhere + LOCATION;
        for object in order {
            next = next.next_multiple_of(layout.kind(object).1);
            layout.places.insert(object, next);
            let range = &layout.known.objects[object];
            next += range.end - range.start;
        }
        if next > segment.addresses.end {
            return Err("laid out, the data is larger than before".into());
        }
        Ok(layout)
    }

    /// The kind of an object, like with like, and to what its address is aligned.
    fn kind(&self, object: usize) -> (u8, u32) {
        let range = &self.known.objects[object];
        // What the compiler asked for is not known; what the address has is no less.
        let alignment = 1 << range.start.trailing_zeros().min(4);
        if self.known.names.contains_key(&object) {
            return (0, alignment.max(4));
        }
        let text = self.linked.bytes(range).unwrap_or_default();
        if text.iter().all(|byte| *byte >= b'\t') && std::str::from_utf8(text).is_ok() {
            return (1, 1);
        }
        (2, alignment)
    }

    /// The addresses of a relocation's symbol and of what it means.
    fn target(&self, relocation: &Relocation) -> Result<Option<(u32, u32)>> {
        let Some(Some(symbol)) = self.linked.symbols.get(relocation.symbol as usize) else { return Ok(None) };
        Ok(Some((symbol.start, u32::try_from(i64::from(symbol.start) + relocation.addend)?)))
    }

    /// Where an address goes that belongs to the object at `base`.
    fn moved(&self, base: u32, address: u32) -> Option<u32> {
        let Some(object) = self.known.object(base) else { return Some(address) };
        if self.locations.contains(&object) {
            return Some(self.nowhere);
        }
        let place = self.places.get(&object)?;
        Some(place.wrapping_add(address.wrapping_sub(self.known.objects[object].start)))
    }

    /// Writes the objects to their places, and the addresses.
    fn write(&self, bytes: &mut [u8]) -> Result {
        let segment = &self.linked.segments[self.linked.read_only];
        let at = |address: u32| segment.position + (address - segment.addresses.start) as usize;
        bytes[segment.position..segment.position + segment.bytes.len()].fill(0);
        // The name of no file: an address that is not null, and no length.
        bytes[at(self.nowhere)] = 1;
        for (object, place) in &self.places {
            let content = self.linked.bytes(&self.known.objects[*object]).unwrap_or_default();
            bytes[at(*place)..at(*place) + content.len()].copy_from_slice(content);
        }
        for relocation in &self.linked.relocations {
            let Some((symbol, target)) = self.target(relocation)? else { continue };
            let Some(target) = self.moved(symbol, target) else { continue };
            match relocation.place {
                Place::Code { offset, signed } => {
                    let start = self.linked.code + offset;
                    bytes[start..start + 5].copy_from_slice(&padded(target, signed));
                }
                Place::Data { offset } => {
                    let (place, _) = self.linked.word(offset).ok_or("a relocation is outside of the data")?;
                    let Some(place) = self.moved_place(place) else { continue };
                    let position = match segment.addresses.contains(&place) {
                        true => at(place),
                        false => segment.position + offset - segment.offset,
                    };
                    bytes[position..position + 4].copy_from_slice(&target.to_le_bytes());
                }
            }
        }
        Ok(())
    }

    /// Where a word of data goes, unless it is left out.
    fn moved_place(&self, place: u32) -> Option<u32> {
        let gone = self.known.object(place).is_some_and(|object| self.locations.contains(&object));
        if gone { None } else { self.moved(place, place) }
    }

    /// The linker's section with the symbols where they are now.
    fn symbols(&self, section: &[u8]) -> Result<Vec<u8>> {
        let mut reader = BinaryReader::new(section, 0);
        let mut out = Vec::new();
        reader.read_var_u32()?.encode(&mut out);
        while !reader.eof() {
            let kind = reader.read_u8()?;
            let size = reader.read_var_u32()? as usize;
            let content = reader.read_bytes(size)?;
            out.push(kind);
            if kind == SYMBOL_TABLE {
                self.symbol_table(content)?.encode(&mut out)
            } else {
                content.encode(&mut out)
            }
        }
        Ok(out)
    }

    fn symbol_table(&self, content: &[u8]) -> Result<Vec<u8>> {
        // One reader knows all kinds of symbols; it wants a whole section.
        let mut section = vec![2, SYMBOL_TABLE];
        content.encode(&mut section);
        let reader = wasmparser::LinkingSectionReader::new(BinaryReader::new(&section, 0))?;
        let mut out = Vec::new();
        for subsection in reader.subsections() {
            let Linking::SymbolTable(symbols) = subsection? else { continue };
            symbols.count().encode(&mut out);
            for symbol in symbols {
                self.symbol(&symbol?, &mut out);
            }
        }
        Ok(out)
    }

    /// Only data matters to those who read on; other symbols keep their numbers.
    fn symbol(&self, symbol: &SymbolInfo<'_>, out: &mut Vec<u8>) {
        out.push(DATA_SYMBOL);
        let SymbolInfo::Data { flags, symbol: Some(data), .. } = symbol else {
            UNDEFINED.encode(out);
            return "".encode(out);
        };
        let start = self.linked.segments[data.index as usize].addresses.start;
        let Some(address) = self.moved(start + data.offset, start + data.offset) else {
            UNDEFINED.encode(out);
            return "".encode(out);
        };
        flags.bits().encode(out);
        "".encode(out);
        data.index.encode(out);
        (address - start).encode(out);
        data.size.encode(out);
    }

    /// The linker's section with the places of addresses in data.
    fn relocations(&self, section: &[u8]) -> Result<Vec<u8>> {
        let reader = wasmparser::RelocSectionReader::new(BinaryReader::new(section, 0))?;
        let segment = &self.linked.segments[self.linked.read_only];
        let mut entries = BTreeMap::new();
        for entry in reader.entries() {
            let mut entry = entry?;
            let (place, _) =
                self.linked.word(entry.offset as usize).ok_or("a relocation is outside of the data")?;
            let Some(moved) = self.moved_place(place) else { continue };
            if segment.addresses.contains(&moved) {
                entry.offset = u32::try_from(segment.offset)? + moved - segment.addresses.start;
            }
            entries.insert(entry.offset, entry);
        }
        let mut out = Vec::new();
        reader.section_index().encode(&mut out);
        entries.len().encode(&mut out);
        for entry in entries.values() {
            out.push(entry.ty as u8);
            entry.offset.encode(&mut out);
            entry.index.encode(&mut out);
            if entry.ty.addend_kind() != wasmparser::RelocAddendKind::None {
                entry.addend.encode(&mut out);
            }
        }
        Ok(out)
    }
}

/// The objects that are places in the source: what they name is a file of Rust.
fn locations(linked: &Linked, known: &ReadOnly) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for relocation in &linked.relocations {
        let (Place::Data { offset }, 0) = (relocation.place, relocation.addend) else { continue };
        let Some((place, target)) = linked.word(offset) else { continue };
        let Some(object) = known.object(place) else { continue };
        let range = &known.objects[object];
        let file = known.object(target).map(|file| &known.objects[file]);
        let file = file.and_then(|file| linked.bytes(file)).unwrap_or_default();
        let file = file.strip_suffix(&[0]).unwrap_or(file);
        let is_one = range.start == place && range.end - range.start == LOCATION;
        if is_one && file.ends_with(b".rs") && file.contains(&b'/') {
            found.insert(object);
        }
    }
    found
}

/// Five bytes of a LEB128 number, as the linker leaves room for them.
fn padded(value: u32, signed: bool) -> [u8; 5] {
    let byte = |shift: u32| ((value >> shift) & 0x7f) as u8;
    let sign = if signed && value.cast_signed() < 0 { 0x70 } else { 0 };
    [byte(0) | 0x80, byte(7) | 0x80, byte(14) | 0x80, byte(21) | 0x80, byte(28) & 0x0f | sign]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_their_five_bytes() {
        assert_eq!(padded(1_048_576, true), [0x80, 0x80, 0xc0, 0x80, 0x00]);
        assert_eq!(padded(5, false), [0x85, 0x80, 0x80, 0x80, 0x00]);
        assert_eq!(padded(u32::MAX, true), [0xff, 0xff, 0xff, 0xff, 0x7f]);
    }

    /// A module with a place in the source at 1000, its file at 1016, and a text that nothing names.
    fn linked() -> Linked<'static> {
        const BYTES: &[u8] = b"\xf8\x03\0\0\x08\0\0\0\x07\0\0\0\x09\0\0\0src/a.rsunused\0\0";
        let segment = linked::Segment { addresses: 1000..1032, bytes: BYTES, offset: 0, position: 0 };
        let place = Place::Data { offset: 0 };
        Linked {
            segments: vec![segment],
            symbols: vec![Some(1000..1016), Some(1016..1024), Some(1024..1030)],
            relocations: vec![Relocation { symbol: 1, addend: 0, place }],
            ..Linked::default()
        }
    }

    #[test]
    fn places_in_the_source_become_one_and_what_nothing_names_goes() {
        let linked = linked();
        let layout =
            Layout::new(&linked, &Module::default(), &BTreeSet::new()).expect("data can be laid out");
        assert_eq!(layout.locations, BTreeSet::from([0]));
        assert_eq!(layout.moved(1000, 1000), Some(layout.nowhere));
        assert_eq!(layout.moved(1024, 1024), None);
        assert_eq!(layout.moved(5000, 5004), Some(5004), "other data stays where it is");
    }
}
