//! A wasm module taken apart, as far as splitting needs it.

use std::collections::BTreeMap;

use wasmparser::{
    DataSectionReader, ElementSectionReader, Export, FuncType, FunctionBody, GlobalType, Import, KnownCustom,
    MemoryType, Name, Operator, Parser, Payload, TableType, TypeRef,
};

use crate::Result;

/// The sections of a module. Bodies, elements and data are read where they are copied.
#[derive(Default)]
pub struct Module<'a> {
    pub types: Vec<FuncType>,
    pub imports: Vec<Import<'a>>,
    /// The type of each function, imported ones first.
    pub functions: Vec<u32>,
    /// How many functions are imported.
    pub imported: u32,
    pub tables: Vec<TableType>,
    pub memory: Option<MemoryType>,
    pub globals: Vec<(GlobalType, wasmparser::ConstExpr<'a>)>,
    pub exports: Vec<Export<'a>>,
    pub start: Option<u32>,
    pub elements: Option<ElementSectionReader<'a>>,
    pub bodies: Vec<FunctionBody<'a>>,
    pub data: Option<DataSectionReader<'a>>,
    /// What functions were called in the source, where that is known.
    pub names: BTreeMap<u32, &'a str>,
}

impl<'a> Module<'a> {
    /// Takes a module apart.
    ///
    /// # Errors
    /// What is no wasm, or has what Rust's output for `wasm32-unknown-unknown` has not: imported tables,
    /// memories and globals, and types other than functions.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut module = Module::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::TypeSection(types) => {
                    for function in types.into_iter_err_on_gc_types() {
                        module.types.push(function?);
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import?;
                        let TypeRef::Func(ty) = import.ty else {
                            return Err(format!("{} is imported and is no function", import.name).into());
                        };
                        module.imports.push(import);
                        module.functions.push(ty);
                        module.imported += 1;
                    }
                }
                Payload::FunctionSection(functions) => {
                    for ty in functions {
                        module.functions.push(ty?);
                    }
                }
                Payload::TableSection(tables) => {
                    for table in tables {
                        module.tables.push(table?.ty);
                    }
                }
                Payload::MemorySection(memories) => {
                    for memory in memories {
                        module.memory = Some(memory?);
                    }
                }
                Payload::GlobalSection(globals) => {
                    for global in globals {
                        let global = global?;
                        module.globals.push((global.ty, global.init_expr));
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        module.exports.push(export?);
                    }
                }
                Payload::StartSection { func, .. } => module.start = Some(func),
                Payload::ElementSection(elements) => module.elements = Some(elements),
                Payload::CodeSectionEntry(body) => module.bodies.push(body),
                Payload::DataSection(data) => module.data = Some(data),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        module.name_functions(names)?;
                    }
                }
                _ => {}
            }
        }
        Ok(module)
    }

    fn name_functions(&mut self, names: wasmparser::NameSectionReader<'a>) -> Result {
        for name in names {
            if let Name::Function(functions) = name? {
                for function in functions {
                    let function = function?;
                    self.names.insert(function.index, function.name);
                }
            }
        }
        Ok(())
    }

    /// The type of a function.
    pub fn type_of(&self, function: u32) -> &FuncType {
        &self.types[self.functions[function as usize] as usize]
    }

    /// Functions with a body: index and body.
    pub fn defined(&self) -> impl Iterator<Item = (u32, &FunctionBody<'a>)> {
        (self.imported..).zip(&self.bodies)
    }

    /// The body of a function that is not imported.
    pub fn body(&self, function: u32) -> Option<&FunctionBody<'a>> {
        self.bodies.get(function.checked_sub(self.imported)? as usize)
    }

    /// Every function that a body names.
    pub fn callees(body: &FunctionBody<'_>) -> Result<Vec<u32>> {
        let mut callees = Vec::new();
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Call { function_index }
                | Operator::ReturnCall { function_index }
                | Operator::RefFunc { function_index } => callees.push(function_index),
                Operator::MemoryInit { .. } | Operator::DataDrop { .. } => {
                    return Err("passive data cannot be split".into());
                }
                Operator::TableInit { .. } | Operator::ElemDrop { .. } => {
                    return Err("passive elements cannot be split".into());
                }
                _ => {}
            }
        }
        Ok(callees)
    }
}
