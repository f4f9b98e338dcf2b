//! Writes a module section by section, in the order that wasm asks for.

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    ConstExpr, DataSection, ElementSection, ExportSection, FunctionSection, ImportSection, Section,
    StartSection, TableSection, TypeSection,
};
use wasmparser::TableType;

use crate::Result;
use crate::module::Module;

/// A module that is being written.
pub struct Writer {
    module: wasm_encoder::Module,
}

impl Writer {
    /// Begins with the types of `module`; `()` as a function's type is always the last of them.
    pub fn new(module: &Module) -> Result<Self> {
        let mut types = TypeSection::new();
        for ty in &module.types {
            types.ty().func_type(&RoundtripReencoder.func_type(ty.clone())?);
        }
        types.ty().function([], []);
        let mut writer = Writer { module: wasm_encoder::Module::new() };
        writer.section(&types);
        Ok(writer)
    }

    /// Adds a section.
    pub fn section(&mut self, section: &impl Section) {
        self.module.section(section);
    }

    /// The imports as they were.
    pub fn imports(&mut self, module: &Module) -> Result {
        let mut imports = ImportSection::new();
        for import in &module.imports {
            imports.import(import.module, import.name, RoundtripReencoder.entity_type(import.ty)?);
        }
        self.section(&imports);
        Ok(())
    }

    /// The types of the functions that have bodies.
    pub fn functions(&mut self, types: impl Iterator<Item = u32>) {
        let mut functions = FunctionSection::new();
        types.for_each(|ty| {
            functions.function(ty);
        });
        self.section(&functions);
    }

    /// Tables.
    pub fn tables(&mut self, tables: &[TableType]) -> Result {
        let mut section = TableSection::new();
        for table in tables {
            section.table(RoundtripReencoder.table_type(*table)?);
        }
        self.section(&section);
        Ok(())
    }

    /// The exports as they were, functions as `numbers` has them, then more.
    pub fn exports(
        &mut self,
        module: &Module,
        numbers: &mut impl Reencode<Error = std::convert::Infallible>,
        more: impl FnOnce(&mut ExportSection),
    ) -> Result {
        let mut exports = ExportSection::new();
        for export in &module.exports {
            numbers.parse_export(&mut exports, *export)?;
        }
        more(&mut exports);
        self.section(&exports);
        Ok(())
    }

    /// The function that is called first.
    pub fn start(&mut self, function: Option<u32>) {
        if let Some(function_index) = function {
            self.section(&StartSection { function_index });
        }
    }

    /// The elements of tables, functions as `numbers` has them.
    pub fn elements(
        &mut self,
        module: &Module,
        numbers: &mut impl Reencode<Error = std::convert::Infallible>,
    ) -> Result {
        let mut elements = ElementSection::new();
        if let Some(section) = &module.elements {
            numbers.parse_element_section(&mut elements, section.clone())?;
        }
        self.section(&elements);
        Ok(())
    }

    /// Data: addresses and bytes.
    pub fn data(&mut self, segments: &[(u32, &[u8])]) {
        let mut data = DataSection::new();
        for (address, bytes) in segments {
            data.active(0, &ConstExpr::i32_const(address.cast_signed()), bytes.iter().copied());
        }
        self.section(&data);
    }

    /// The bytes of the module.
    pub fn finish(self) -> Vec<u8> {
        self.module.finish()
    }
}
