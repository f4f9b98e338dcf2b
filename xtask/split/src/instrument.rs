//! Lets each function of a module note that it was called.

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, ConstExpr, ExportKind, GlobalSection, GlobalType, Instruction, MemArg, MemorySection,
    ValType,
};

use crate::Result;
use crate::module::Module;
use crate::split::segments;
use crate::writer::Writer;

const PAGE: u64 = 65_536;

/// The same module with a byte for each function, set when it is called. The exported globals `called`
/// and `functions` say where the bytes are and how many: in pages that the allocator does not know of.
pub fn instrument(module: &Module) -> Result<Vec<u8>> {
    let memory = module.memory.ok_or("the module has no memory")?;
    let bytes = memory.initial * PAGE;
    let count = module.bodies.len() as u64;
    let address = |number: u64| -> Result<i32> { Ok(i32::try_from(bytes + number)?) };

    let mut same = RoundtripReencoder;
    let mut writer = Writer::new(module)?;
    writer.imports(module)?;
    writer.functions(module.functions[module.imported as usize..].iter().copied());
    writer.tables(&module.tables)?;

    let mut memories = MemorySection::new();
    let mut larger = memory;
    larger.initial += count.div_ceil(PAGE);
    memories.memory(same.memory_type(larger)?);
    writer.section(&memories);

    let mut globals = GlobalSection::new();
    for (ty, init) in &module.globals {
        globals.global(same.global_type(*ty)?, &same.const_expr(init.clone())?);
    }
    let constant = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
    globals.global(constant, &ConstExpr::i32_const(address(0)?));
    globals.global(constant, &ConstExpr::i32_const(i32::try_from(count)?));
    writer.section(&globals);

    let called = u32::try_from(module.globals.len())?;
    writer.exports(module, &mut same, |exports| {
        exports.export("called", ExportKind::Global, called);
        exports.export("functions", ExportKind::Global, called + 1);
    })?;
    writer.start(module.start);
    writer.elements(module, &mut same)?;

    let mut code = CodeSection::new();
    for (number, body) in (0u64..).zip(&module.bodies) {
        let mut function = same.new_function_with_parsed_locals(body)?;
        function.instruction(&Instruction::I32Const(address(number)?));
        function.instruction(&Instruction::I32Const(1));
        function.instruction(&Instruction::I32Store8(MemArg { offset: 0, align: 0, memory_index: 0 }));
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            function.instruction(&same.parse_instruction(&mut operators)?);
        }
        code.function(&function);
    }
    writer.section(&code);
    writer.data(&segments(module, &[])?.0);
    Ok(writer.finish())
}
