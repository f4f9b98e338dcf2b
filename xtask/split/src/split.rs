//! Splits a module in two. The second one shares the memory, tables and globals of the first.
//!
//! Where the first calls a function of the second there is a stub: it sees to it that the second is there, then
//! calls through the table `deferred`, which the second fills. Calls back are imports of the second.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::ops::Range;

use wasm_encoder::reencode::{self, Reencode, RoundtripReencoder};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, Function,
    GlobalSection, GlobalType, ImportSection, Instruction, MemArg, MemorySection, RefType, StartSection,
    TableSection, TableType, ValType,
};
use wasmparser::{DataKind, ElementItems, ElementKind, ExternalKind, Operator};

use crate::Result;
use crate::data::ReadOnly;
use crate::linked::constant;
use crate::module::Module;
use crate::writer::Writer;

/// The import that loads the second module. Rust's side declares it; the name gets a hash behind it.
const LOAD: &str = "loadDeferredCode";
/// What the second module calls the first.
const FIRST: &str = "first";
/// What joins the simulation to the browser, by parts of its functions' names: needed before the first prompt, and
/// a rehearsal without a browser does not call it.
const AT_HAND: &[&str] = &[
    "podium_worker::serve",
    "podium_worker::journal",
    "podium_protocol::wire",
    "js_sys",
    "wasm_bindgen",
    "wbindgen",
    "externref",
];
/// What a rehearsal does cover, the simulation, and what a first visit has no use for, a journal that is read. These
/// functions are needed when they were called.
const REHEARSED: &[&str] = &[
    "sim::",
    "linux::",
    "kube::",
    "userland::",
    "sim_core::world",
    "sim_core::terminal",
    "sim_core::bench",
    "eserialize",
    "serde_json::de",
    "serde_json::read",
];
/// The export that the browser calls first.
const ENTRY: &str = "serve";

/// The two modules.
pub struct Parts {
    /// What is needed up to the first prompt.
    pub first: Vec<u8>,
    /// The rest.
    pub rest: Vec<u8>,
}

/// The functions of the first module: those that were called, that have to be at hand, and what these call.
pub fn needed(module: &Module, called: &[u8]) -> Result<BTreeSet<u32>> {
    let entry = module.exports.iter().filter(|export| export.name == ENTRY);
    let is_of = |parts: &[&str], function: u32| {
        module.names.get(&function).is_some_and(|name| parts.iter().any(|part| name.contains(part)))
    };
    let mut next: Vec<u32> = entry.map(|export| export.index).chain(module.start).collect();
    next.extend(module.defined().map(|(function, _)| function).filter(|function| is_of(AT_HAND, *function)));
    let mut needed: BTreeSet<u32> = next.iter().copied().collect();
    while let Some(function) = next.pop() {
        let Some(body) = module.body(function) else { continue };
        let callees = Module::callees(body)?.into_iter().filter(|callee| !is_of(REHEARSED, *callee));
        next.extend(callees.filter(|callee| needed.insert(*callee)));
    }
    needed.extend(
        module.defined().zip(called).filter(|(_, byte)| **byte != 0).map(|((function, _), _)| function),
    );
    Ok(needed)
}

/// Splits a module; `needed` are the functions of the first part. What is known of its read-only data says which of
/// that the first part can do without.
///
/// # Errors
/// A module that lacks the import that loads the rest, a memory, or a global for the stack.
pub fn split(module: &Module, needed: &BTreeSet<u32>, data: &ReadOnly) -> Result<Parts> {
    let plan = Plan::new(module, needed)?;
    let (mut first, addresses) = plan.first(module)?;
    let (at_once, later) = segments(module, &data.deferred(&addresses))?;
    first.data(&at_once);
    let mut rest = plan.rest(module)?;
    rest.data(&later);
    Ok(Parts { first: first.finish(), rest: rest.finish() })
}

/// The data of the first module and of the rest: addresses and bytes.
pub type Data<'a> = Vec<(u32, &'a [u8])>;

/// Cuts the data of a module at the ranges that come later.
pub fn segments<'a>(module: &Module<'a>, deferred: &[Range<u32>]) -> Result<(Data<'a>, Data<'a>)> {
    let (mut at_once, mut later) = (Data::new(), Data::new());
    for segment in module.data.iter().flat_map(|data| data.clone()) {
        let segment = segment?;
        let DataKind::Active { offset_expr, .. } = &segment.kind else {
            return Err("passive data cannot be split".into());
        };
        let (mut start, mut bytes) = (constant(offset_expr)?, segment.data);
        let mut take = |until: u32, to: &mut Data<'a>| {
            let (head, tail) = bytes.split_at((until.saturating_sub(start) as usize).min(bytes.len()));
            // Memory is zero before.
            let trimmed = head.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            if trimmed > 0 {
                to.push((start, &head[..trimmed]));
            }
            start += head.len() as u32;
            bytes = tail;
        };
        for range in deferred {
            take(range.start, &mut at_once);
            take(range.end, &mut later);
        }
        take(u32::MAX, &mut at_once);
    }
    Ok((at_once, later))
}

/// Which function is where, by its number in the whole module.
struct Plan {
    /// The import that loads the rest.
    load: u32,
    /// Functions with a body in the first module.
    stay: Vec<u32>,
    /// Functions of the rest.
    moved: Vec<u32>,
    /// Moved functions that the first module calls or names, in the order of their places in `deferred`.
    stubs: Vec<u32>,
    /// Functions of the first module that the rest calls.
    called_back: Vec<u32>,
    /// Places in tables that hold moved functions: table, place, function.
    places: Vec<(u32, u32, u32)>,
}

impl Plan {
    fn new(module: &Module, needed: &BTreeSet<u32>) -> Result<Self> {
        let load = module.imports.iter().position(|import| import.name.contains(LOAD));
        let load = u32::try_from(load.ok_or("nothing imports a function that loads the rest")?)?;
        let defined = module.defined().map(|(function, _)| function);
        let (stay, moved): (Vec<u32>, Vec<u32>) = defined.partition(|function| needed.contains(function));
        let is_moved: BTreeSet<u32> = moved.iter().copied().collect();

        let mut stubs = BTreeSet::new();
        let mut called_back = BTreeSet::new();
        for (function, body) in module.defined() {
            let callees = Module::callees(body)?.into_iter();
            if is_moved.contains(&function) {
                called_back.extend(callees.filter(|callee| !is_moved.contains(callee)));
            } else {
                stubs.extend(callees.filter(|callee| is_moved.contains(callee)));
            }
        }
        let exported = module.exports.iter().filter(|export| export.kind == ExternalKind::Func);
        stubs.extend(exported.map(|export| export.index).filter(|function| is_moved.contains(function)));
        let places: Vec<_> =
            places(module)?.into_iter().filter(|(_, _, function)| is_moved.contains(function)).collect();
        stubs.extend(places.iter().map(|(_, _, function)| *function));
        Ok(Plan {
            load,
            stay,
            moved,
            stubs: stubs.into_iter().collect(),
            called_back: called_back.into_iter().collect(),
            places,
        })
    }

    /// The first module: what stays, a function that loads the rest if it is not there yet, and the stubs.
    /// Its data is still to be written; the answer has every number in its code that could be an address.
    fn first(&self, module: &Module) -> Result<(Writer, BTreeSet<u32>)> {
        let nothing = u32::try_from(module.types.len())?;
        let deferred = u32::try_from(module.tables.len())?;
        let loaded = u32::try_from(module.globals.len())?;
        let ensure = module.imported + u32::try_from(self.stay.len())?;
        let mut numbers = Numbers::imported(module);
        numbers.give(&self.stay);
        numbers.next += 1;
        numbers.give(&self.stubs);

        let mut writer = Writer::new(module)?;
        writer.imports(module)?;
        let type_of = |function: &u32| module.functions[*function as usize];
        writer
            .functions(self.stay.iter().map(type_of).chain([nothing]).chain(self.stubs.iter().map(type_of)));

        let mut tables = TableSection::new();
        for table in &module.tables {
            tables.table(RoundtripReencoder.table_type(*table)?);
        }
        let places = self.stubs.len() as u64;
        tables.table(deferred_table(places));
        writer.section(&tables);

        let mut memories = MemorySection::new();
        memories.memory(RoundtripReencoder.memory_type(module.memory.ok_or("the module has no memory")?)?);
        writer.section(&memories);

        let mut globals = GlobalSection::new();
        for (ty, init) in &module.globals {
            globals
                .global(RoundtripReencoder.global_type(*ty)?, &RoundtripReencoder.const_expr(init.clone())?);
        }
        globals.global(LOADED, &ConstExpr::i32_const(0));
        writer.section(&globals);

        let called_back = numbers.of(&self.called_back);
        writer.exports(module, &mut numbers, |exports| {
            exports.export("m", ExportKind::Memory, 0);
            for table in 0..deferred {
                exports.export(&format!("t{table}"), ExportKind::Table, table);
            }
            exports.export("deferred", ExportKind::Table, deferred);
            for global in 0..loaded {
                exports.export(&format!("g{global}"), ExportKind::Global, global);
            }
            exports.export("loaded", ExportKind::Global, loaded);
            for (number, function) in called_back.into_iter().enumerate() {
                exports.export(&number.to_string(), ExportKind::Func, function);
            }
        })?;
        writer.start(module.start.map(|start| numbers.new[&start]));
        writer.elements(module, &mut numbers)?;

        let mut code = CodeSection::new();
        let staying: BTreeSet<u32> = self.stay.iter().copied().collect();
        for (_, body) in module.defined().filter(|(function, _)| staying.contains(function)) {
            numbers.parse_function_body(&mut code, body.clone())?;
        }
        let mut function = Function::new([]);
        function.instruction(&Instruction::GlobalGet(loaded));
        function.instruction(&Instruction::I32Eqz);
        function.instruction(&Instruction::If(BlockType::Empty));
        function.instruction(&Instruction::Call(self.load));
        function.instruction(&Instruction::End);
        function.instruction(&Instruction::End);
        code.function(&function);
        for (place, moved) in (0..).zip(&self.stubs) {
            let mut stub = Function::new([]);
            stub.instruction(&Instruction::Call(ensure));
            for (parameter, _) in (0..).zip(module.type_of(*moved).params()) {
                stub.instruction(&Instruction::LocalGet(parameter));
            }
            stub.instruction(&Instruction::I32Const(place));
            stub.instruction(&Instruction::CallIndirect {
                type_index: type_of(moved),
                table_index: deferred,
            });
            stub.instruction(&Instruction::End);
            code.function(&stub);
        }
        writer.section(&code);
        Ok((writer, numbers.constants))
    }

    /// The second module: the moved functions. As it starts, it puts itself in the place of the stubs.
    fn rest(&self, module: &Module) -> Result<Writer> {
        let nothing = u32::try_from(module.types.len())?;
        let deferred = u32::try_from(module.tables.len())?;
        let loaded = u32::try_from(module.globals.len())?;
        let mut numbers = Numbers::default();
        numbers.give(&self.called_back);
        numbers.give(&self.moved);
        let start = numbers.next;

        let mut writer = Writer::new(module)?;
        let mut imports = ImportSection::new();
        for (number, function) in self.called_back.iter().enumerate() {
            let ty = module.functions[*function as usize];
            imports.import(FIRST, &number.to_string(), EntityType::Function(ty));
        }
        let memory = module.memory.ok_or("the module has no memory")?;
        imports.import(FIRST, "m", RoundtripReencoder.memory_type(memory)?);
        for (number, table) in module.tables.iter().enumerate() {
            imports.import(FIRST, &format!("t{number}"), RoundtripReencoder.table_type(*table)?);
        }
        imports.import(FIRST, "deferred", deferred_table(self.stubs.len() as u64));
        for (number, (ty, _)) in module.globals.iter().enumerate() {
            imports.import(FIRST, &format!("g{number}"), RoundtripReencoder.global_type(*ty)?);
        }
        imports.import(FIRST, "loaded", LOADED);
        writer.section(&imports);
        writer.functions(
            self.moved.iter().map(|function| module.functions[*function as usize]).chain([nothing]),
        );
        writer.section(&StartSection { function_index: start });

        let mut elements = ElementSection::new();
        let stubs = numbers.of(&self.stubs);
        elements.active(Some(deferred), &ConstExpr::i32_const(0), Elements::Functions(stubs.into()));
        for run in self.places.chunk_by(|(table, place, _), next| (*table, place + 1) == (next.0, next.1)) {
            let (table, place, _) = run[0];
            let functions: Vec<u32> = run.iter().map(|(_, _, function)| numbers.new[function]).collect();
            let offset = ConstExpr::i32_const(i32::try_from(place)?);
            elements.active(Some(table), &offset, Elements::Functions(functions.into()));
        }
        writer.section(&elements);

        let mut code = CodeSection::new();
        let moved: BTreeSet<u32> = self.moved.iter().copied().collect();
        for (_, body) in module.defined().filter(|(function, _)| moved.contains(function)) {
            numbers.parse_function_body(&mut code, body.clone())?;
        }
        let mut function = Function::new([]);
        function.instruction(&Instruction::I32Const(1));
        function.instruction(&Instruction::GlobalSet(loaded));
        function.instruction(&Instruction::End);
        code.function(&function);
        writer.section(&code);
        Ok(writer)
    }
}

/// Says whether the rest is there.
const LOADED: GlobalType = GlobalType { val_type: ValType::I32, mutable: true, shared: false };

fn deferred_table(places: u64) -> TableType {
    TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: places,
        maximum: Some(places),
        shared: false,
    }
}

/// The functions that the module puts into its tables: table, place, function.
fn places(module: &Module) -> Result<Vec<(u32, u32, u32)>> {
    let mut places = Vec::new();
    let Some(elements) = &module.elements else { return Ok(places) };
    for element in elements.clone() {
        let element = element?;
        let ElementItems::Functions(functions) = element.items else { continue };
        let ElementKind::Active { table_index, offset_expr } = element.kind else {
            return Err("passive elements cannot be split".into());
        };
        for (place, function) in (constant(&offset_expr)?..).zip(functions) {
            places.push((table_index.unwrap_or(0), place, function?));
        }
    }
    Ok(places)
}

/// The numbers that functions get in a part.
#[derive(Default)]
struct Numbers {
    new: BTreeMap<u32, u32>,
    next: u32,
    /// Constants and offsets of what was written.
    constants: BTreeSet<u32>,
}

impl Numbers {
    /// Imported functions keep theirs.
    fn imported(module: &Module) -> Self {
        let new = (0..module.imported).map(|function| (function, function)).collect();
        Numbers { new, next: module.imported, ..Numbers::default() }
    }

    /// Gives the next numbers.
    fn give(&mut self, functions: &[u32]) {
        for function in functions {
            self.new.insert(*function, self.next);
            self.next += 1;
        }
    }

    /// The numbers of functions that this part knows.
    fn of(&self, functions: &[u32]) -> Vec<u32> {
        functions.iter().map(|function| self.new[function]).collect()
    }
}

impl Reencode for Numbers {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error<Infallible>> {
        Ok(self.new[&function])
    }

    fn mem_arg(&mut self, arg: wasmparser::MemArg) -> Result<MemArg, reencode::Error<Infallible>> {
        self.constants.extend(u32::try_from(arg.offset));
        // The alignment is a hint that engines do not take; always the same, it compresses away.
        Ok(MemArg { align: 0, ..reencode::utils::mem_arg(self, arg)? })
    }

    fn instruction<'a>(
        &mut self,
        operator: Operator<'a>,
    ) -> Result<Instruction<'a>, reencode::Error<Infallible>> {
        if let Operator::I32Const { value } = operator {
            self.constants.insert(value.cast_unsigned());
        }
        reencode::utils::instruction(self, operator)
    }
}
