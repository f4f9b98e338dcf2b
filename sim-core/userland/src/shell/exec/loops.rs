//! What surrounds a command: loops, functions, conditions.

/// Counts what surrounds the command that runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopState {
    /// Loops of this function.
    pub depth: u32,
    /// Above zero where a failure is a question and not an error.
    pub tested: u32,
    /// How deep in `eval`, traps and substitutions: `set -x` repeats its sign.
    pub indirection: u32,
}
