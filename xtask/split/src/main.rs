//! Splits a wasm module in two by what a rehearsal has called.
//!
//! `xtask-split instrument IN OUT` writes a module that notes which of its functions are called; `xtask-split layout IN
//! BOUND CALLED OUT` puts the data of `IN`, the module as the linker wrote it, in an order for that: `BOUND` is what
//! wasm-bindgen made of it, in which functions were called. `xtask-split split IN LINKED CALLED FIRST REST` puts those, and the ones that have to be at hand, into `FIRST`,
//! with the data that they know of. The other functions and data go to `REST`, which is loaded when the first of
//! them is called, or before. `xtask-split pack IN OUT` makes that compress better. `LINKED` is the module as the linker wrote it, before it was made smaller; `xtask-split
//! unlink IN OUT` takes from it what only the linker's readers understand.

mod data;
mod instrument;
mod layout;
mod linked;
mod module;
mod pack;
mod split;
#[cfg(test)]
mod tests;
mod writer;

use std::process::ExitCode;
use std::{fs, io};

type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

#[expect(clippy::print_stderr, reason = "a command-line tool says what is wrong on stderr")]
fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["instrument", input, output] => instrument(input, output),
        ["layout", input, instrumented, called, output] => layout(input, instrumented, called, output),
        ["split", input, linked, called, first, rest] => split(input, linked, called, first, rest),
        ["pack", input, output] => pack(input, output),
        ["unlink", input, output] => unlink(input, output),
        _ => {
            eprintln!(
                "usage: xtask-split instrument IN OUT | layout IN BOUND CALLED OUT \
                 | split IN LINKED CALLED FIRST REST | pack IN OUT | unlink IN OUT"
            );
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask-split: {error}");
            ExitCode::FAILURE
        }
    }
}

fn instrument(input: &str, output: &str) -> Result {
    let bytes = read(input)?;
    Ok(fs::write(output, instrument::instrument(&module::Module::parse(&bytes)?)?)?)
}

fn layout(input: &str, same: &str, called: &str, output: &str) -> Result {
    let (bytes, same, called) = (read(input)?, read(same)?, read(called)?);
    let module = module::Module::parse(&same)?;
    let needed = split::needed(&module, &called)?;
    let names = needed.iter().filter_map(|function| module.names.get(function).copied()).collect();
    Ok(fs::write(output, layout::lay_out(&bytes, &names)?)?)
}

fn split(input: &str, linked: &str, called: &str, first: &str, rest: &str) -> Result {
    let (bytes, linked, called) = (read(input)?, read(linked)?, read(called)?);
    let module = module::Module::parse(&bytes)?;
    let data = data::ReadOnly::new(&linked::Linked::parse(&linked)?)?;
    let parts = split::split(&module, &split::needed(&module, &called)?, &data)?;
    fs::write(first, parts.first)?;
    fs::write(rest, parts.rest)?;
    Ok(())
}

fn pack(input: &str, output: &str) -> Result {
    Ok(fs::write(output, pack::pack(&read(input)?)?)?)
}

fn unlink(input: &str, output: &str) -> Result {
    Ok(fs::write(output, linked::without_linking(&read(input)?)?)?)
}

fn read(path: &str) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")).into())
}
