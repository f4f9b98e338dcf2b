//! What the linker says of a module's data when it is asked to `--emit-relocs`.

use std::ops::Range;

use wasmparser::{
    ConstExpr, CustomSectionReader, DataKind, DataSectionReader, KnownCustom, Linking, Operator, Parser,
    Payload, RelocationType, SymbolInfo,
};

use crate::Result;

/// The linker's name for what is never written to.
const READ_ONLY: &str = ".rodata";
/// The section with the addresses in data.
pub const DATA_RELOCATIONS: &str = "reloc.DATA";

/// Where data is, what lies in it, and where its addresses are written.
#[derive(Default)]
pub struct Linked<'a> {
    pub segments: Vec<Segment<'a>>,
    /// Which segment is never written to.
    pub read_only: usize,
    /// The addresses of each symbol that is data.
    pub symbols: Vec<Option<Range<u32>>>,
    pub relocations: Vec<Relocation>,
    /// Where the code section begins in the file.
    pub code: usize,
}

/// A run of bytes.
pub struct Segment<'a> {
    pub addresses: Range<u32>,
    pub bytes: &'a [u8],
    /// Where the bytes begin in the section.
    pub offset: usize,
    /// Where the bytes begin in the file.
    pub position: usize,
}

/// A place with an address in it.
pub struct Relocation {
    pub symbol: u32,
    /// How far behind the symbol's beginning.
    pub addend: i64,
    pub place: Place,
}

/// Where an address is written.
#[derive(Clone, Copy)]
pub enum Place {
    /// In a word of the data section.
    Data { offset: usize },
    /// In five bytes of the code section, a signed or unsigned number.
    Code { offset: usize, signed: bool },
}

impl<'a> Linked<'a> {
    /// Reads a module.
    ///
    /// # Errors
    /// What is no wasm, or has data at addresses that are not constants.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut linked = Linked::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::CodeSectionStart { range, .. } => linked.code = range.start,
                Payload::DataSection(data) => linked.read_segments(data)?,
                Payload::CustomSection(section) => linked.read_custom(&section)?,
                _ => {}
            }
        }
        Ok(linked)
    }

    /// The address and the value of the word at an offset in the data section.
    pub fn word(&self, offset: usize) -> Option<(u32, u32)> {
        let segment = self.segments.iter().rfind(|segment| segment.offset <= offset)?;
        let at = offset - segment.offset;
        let word = segment.bytes.get(at..at + 4)?.try_into().ok()?;
        Some((segment.addresses.start + u32::try_from(at).ok()?, u32::from_le_bytes(word)))
    }

    /// The read-only bytes at some addresses.
    pub fn bytes(&self, range: &Range<u32>) -> Option<&'a [u8]> {
        let segment = self.segments.get(self.read_only)?;
        let start = range.start.checked_sub(segment.addresses.start)? as usize;
        segment.bytes.get(start..start + (range.end - range.start) as usize)
    }

    fn read_segments(&mut self, data: DataSectionReader<'a>) -> Result {
        let begin = data.range().start;
        for segment in data {
            let segment = segment?;
            let DataKind::Active { offset_expr, .. } = segment.kind else { continue };
            let start = constant(&offset_expr)?;
            let addresses = start..start + u32::try_from(segment.data.len())?;
            let offset = segment.range.end - segment.data.len() - begin;
            self.segments.push(Segment { addresses, bytes: segment.data, offset, position: begin + offset });
        }
        Ok(())
    }

    fn read_custom(&mut self, section: &CustomSectionReader<'a>) -> Result {
        match section.as_known() {
            KnownCustom::Linking(linking) => {
                for subsection in linking.subsections() {
                    match subsection? {
                        Linking::SegmentInfo(segments) => {
                            for (number, segment) in segments.into_iter().enumerate() {
                                if segment?.name == READ_ONLY {
                                    self.read_only = number;
                                }
                            }
                        }
                        Linking::SymbolTable(symbols) => {
                            for symbol in symbols {
                                let addresses = self.addresses(&symbol?);
                                self.symbols.push(addresses);
                            }
                        }
                        _ => {}
                    }
                }
            }
            KnownCustom::Reloc(relocations) => {
                for entry in relocations.entries() {
                    let entry = entry?;
                    let offset = entry.offset as usize;
                    let place = match entry.ty {
                        _ if section.name() == DATA_RELOCATIONS => Place::Data { offset },
                        RelocationType::MemoryAddrSleb => Place::Code { offset, signed: true },
                        _ => Place::Code { offset, signed: false },
                    };
                    if let RelocationType::MemoryAddrLeb
                    | RelocationType::MemoryAddrSleb
                    | RelocationType::MemoryAddrI32 = entry.ty
                    {
                        self.relocations.push(Relocation {
                            symbol: entry.index,
                            addend: entry.addend,
                            place,
                        });
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn addresses(&self, symbol: &SymbolInfo<'_>) -> Option<Range<u32>> {
        let SymbolInfo::Data { symbol: Some(symbol), .. } = symbol else { return None };
        let start = self.segments.get(symbol.index as usize)?.addresses.start + symbol.offset;
        Some(start..start + symbol.size)
    }
}

/// The address that data or elements go to.
///
/// # Errors
/// One that is not a constant.
pub fn constant(place: &ConstExpr<'_>) -> Result<u32> {
    match place.get_operators_reader().read()? {
        Operator::I32Const { value } => Ok(value.cast_unsigned()),
        _ => Err("data or elements whose place is not a constant cannot be split".into()),
    }
}

/// The module without the linker's sections, which are true of no other module.
///
/// # Errors
/// What is no wasm.
pub fn without_linking(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut module = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if let Payload::CustomSection(section) = &payload
            && matches!(section.as_known(), KnownCustom::Linking(_) | KnownCustom::Reloc(_))
        {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            module.section(&wasm_encoder::RawSection { id, data: &bytes[range] });
        }
    }
    Ok(module.finish())
}
