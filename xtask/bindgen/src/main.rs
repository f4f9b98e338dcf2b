//! `xtask-bindgen IN.wasm OUT_DIR NAME`: writes `NAME.js` and `NAME_bg.wasm`, ES modules for the browser.

use std::path::Path;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

#[expect(clippy::print_stderr, reason = "a command-line tool says what is wrong on stderr")]
fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [input, out_dir, name] = args.as_slice() else {
        eprintln!("usage: xtask-bindgen IN.wasm OUT_DIR NAME");
        return ExitCode::from(2);
    };
    match generate(input, Path::new(out_dir), name) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask-bindgen: {input}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn generate(input: &str, out_dir: &Path, name: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).web(true)?.typescript(false).out_name(name);
    bindgen.generate(out_dir)?;
    Ok(())
}
