//! Small modules, split.

use std::collections::BTreeSet;

use wasmparser::{Parser, Payload, Validator};

use crate::data::ReadOnly;
use crate::module::Module;
use crate::split::{Parts, needed, split};

const MODULE: &str = r#"(module
  (import "glue" "__wbg_loadDeferredCode_1" (func $load))
  (memory (export "memory") 1)
  (table 3 funcref)
  (elem (i32.const 1) $cold $hot)
  (global $stack (mut i32) (i32.const 8))
  (func $hot (export "hot") (param i32) (result i32) (call $cold (local.get 0)))
  (func $cold (param i32) (result i32) (call $warm (i32.add (local.get 0) (i32.load (i32.const 64)))))
  (func $warm (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func $icy (global.set $stack (i32.const 4)))
  (func $serve (export "serve") (call $wbindgen_throw))
  (func $wbindgen_throw (call $icy))
  (data (i32.const 64) "\01\00\00\00"))"#;

const LOAD: u32 = 0;
const HOT: u32 = 1;
const WARM: u32 = 3;

fn parts(needed: &[u32]) -> Parts {
    let bytes = wat::parse_str(MODULE).expect("the module is wasm");
    let module = Module::parse(&bytes).expect("the module can be read");
    let needed: BTreeSet<u32> = needed.iter().copied().collect();
    split(&module, &needed, &ReadOnly::default()).expect("the module can be split")
}

/// Imports, exports and the number of bodies, as text.
fn outline(wasm: &[u8]) -> String {
    let mut lines = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.expect("a part is wasm") {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import.expect("an import");
                    lines.push(format!("import {} {}", import.module, import.name));
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export.expect("an export");
                    lines.push(format!("export {} {:?} {}", export.name, export.kind, export.index));
                }
            }
            Payload::CodeSectionStart { count, .. } => lines.push(format!("{count} bodies")),
            _ => {}
        }
    }
    lines.join("\n")
}

#[test]
fn both_parts_are_valid_and_share_what_they_need() {
    let parts = parts(&[HOT, WARM]);
    for part in [&parts.first, &parts.rest] {
        Validator::new().validate_all(part).expect("a part is valid");
    }
    // Two that stay, the one that loads, and stubs for what is called, in a table, or exported.
    expect_test::expect![[r#"
        import glue __wbg_loadDeferredCode_1
        export memory Memory 0
        export hot Func 1
        export serve Func 5
        export m Memory 0
        export t0 Table 0
        export deferred Table 1
        export g0 Global 0
        export loaded Global 1
        export 0 Func 2
        5 bodies"#]]
    .assert_eq(&outline(&parts.first));
    // Four that moved, and the start that says that they are there.
    expect_test::expect![[r#"
        import first 0
        import first m
        import first t0
        import first deferred
        import first g0
        import first loaded
        5 bodies"#]]
    .assert_eq(&outline(&parts.rest));
}

#[test]
fn what_joins_the_browser_is_needed_though_nobody_called_it() {
    let bytes = wat::parse_str(MODULE).expect("the module is wasm");
    let module = Module::parse(&bytes).expect("the module can be read");
    // `serve` calls the throw, which calls `icy`; of the others `warm` was called.
    let called = [0, 0, 1, 0, 0, 0];
    assert_eq!(needed(&module, &called).expect("callees can be read"), BTreeSet::from([WARM, 4, 5, 6]));
}

#[test]
fn a_module_that_cannot_load_the_rest_is_refused() {
    let bytes = wat::parse_str("(module (memory 1))").expect("the module is wasm");
    let module = Module::parse(&bytes).expect("the module can be read");
    let refused =
        split(&module, &BTreeSet::from([LOAD]), &ReadOnly::default()).err().map(|error| error.to_string());
    assert_eq!(refused.as_deref(), Some("nothing imports a function that loads the rest"));
}
