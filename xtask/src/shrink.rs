//! Makes the wasm of a build smaller: wasm-opt, and the simulation in two parts, of which a visitor waits for one.

use std::fs;
use std::path::{Path, PathBuf};

use crate::finish::{self, WORKER};
use crate::{Result, tools};

/// How modules' files end: wasm-bindgen's name for them. Trunk puts a hash before it.
const MODULE: &str = "_bg.wasm";

/// What was measured to make the compressed bytes fewer, besides `-Oz`.
const OPTIONS: &[&str] = &[
    // The stack lies first in memory, so nothing has an address this low.
    "--low-memory-unused",
    // Data was put in order before; cutting it where it is zero takes more than the zeros.
    "--skip-pass=memory-packing",
    // What it would keep in a local compresses better written twice.
    "--skip-pass=local-cse",
    // A function that is called twice compresses better than its body in two places.
    "--always-inline-max-function-size=1",
    "--one-caller-inline-max-function-size=0",
    "--partial-inlining-ifs=0",
    // Control flow built anew, and twice over it: blocks nest less.
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
    // Functions of similar names have similar bodies, and compress better side by side.
    "--reorder-functions-by-name",
];

/// Optimises the modules of the build in `staging`, and splits the simulation.
pub fn shrink(staging: &Path) -> Result {
    let worker = Worker { folder: staging.join(WORKER) };
    worker.lay_out()?;
    worker.keep_linked()?;
    let wasm_opt =
        tools::root().join("web/node_modules/binaryen/bin/wasm-opt").to_string_lossy().into_owned();
    let mut running = Vec::new();
    for module in finish::files(staging)?.iter().filter(|file| file.to_string_lossy().ends_with(MODULE)) {
        let file = staging.join(module).to_string_lossy().into_owned();
        let mut command = tools::command("node", &[&wasm_opt]);
        command.args(OPTIONS).args([&file, "-o", &file]);
        // The splitter wants the names of functions; it leaves them out.
        if module.starts_with(WORKER) {
            command.arg("-g");
        }
        running.push((file, command.spawn().map_err(|error| format!("node: {error}"))?));
    }
    for (file, mut child) in running {
        let status = child.wait().map_err(|error| format!("wasm-opt: {error}"))?;
        if !status.success() {
            return Err(format!("wasm-opt {file}: {status}"));
        }
    }
    worker.split()
}

/// The folder of the simulation.
struct Worker {
    folder: PathBuf,
}

impl Worker {
    const NAME: &str = "podium-worker";
    const MODULE: &str = "podium-worker_bg.wasm";
    const REST: &str = "podium-worker_rest.wasm";
    const PACKED: &str = "packed.wasm";
    /// What the page makes of a packed part.
    const JOINED: &str = "joined.wasm";
    /// The module as it was linked.
    const LINKED: &str = "linked.wasm";
    const INSTRUMENTED: &str = "instrumented.wasm";
    /// Which functions were called.
    const CALLED: &str = "called";

    /// Puts the data in the order in which the parts want it, which a rehearsal shows, and binds the module anew:
    /// only before that it says where addresses are.
    fn lay_out(&self) -> Result {
        let built = tools::target_dir().join("wasm32-unknown-unknown/wasm/podium-worker.wasm");
        let built = built.to_string_lossy();
        self.splitter("instrument", &[Self::MODULE, Self::INSTRUMENTED])?;
        self.rehearse(&[Self::INSTRUMENTED, Self::CALLED])?;
        self.splitter("layout", &[&built, Self::MODULE, Self::CALLED, Self::LINKED])?;
        let head = ["run", "--quiet", "--release", "--package", "xtask-bindgen", "--"];
        let mut bindgen = tools::cargo(&head);
        bindgen.arg(self.folder.join(Self::LINKED)).arg(&self.folder).arg(Self::NAME);
        tools::run(bindgen)?;
        // As when it was bound at first: only bundlers want it, and there may be none.
        let _ = fs::remove_file(self.folder.join("package.json"));
        Ok(())
    }

    /// Keeps what the linker says aside; wasm-opt does not understand it.
    fn keep_linked(&self) -> Result {
        let rename = fs::rename(self.folder.join(Self::MODULE), self.folder.join(Self::LINKED));
        rename.map_err(|error| format!("{}: {error}", Self::MODULE))?;
        self.splitter("unlink", &[Self::LINKED, Self::MODULE])
    }

    /// What a rehearsed visit calls up to its first prompt stays, the rest goes to a file of its own. A second
    /// rehearsal shows that nothing is missed.
    fn split(&self) -> Result {
        self.splitter("instrument", &[Self::MODULE, Self::INSTRUMENTED])?;
        let whole = self.rehearse(&[Self::INSTRUMENTED, Self::CALLED])?;
        self.splitter("split", &[Self::MODULE, Self::LINKED, Self::CALLED, Self::MODULE, Self::REST])?;
        let first = self.rehearse(&[Self::MODULE])?;
        if whole != first {
            return Err(format!(
                "the rehearsal goes {} in the whole module and {} in the first",
                whole, first
            ));
        }
        self.pack(Self::MODULE)?;
        self.pack(Self::REST)?;
        for file in [Self::LINKED, Self::INSTRUMENTED, Self::CALLED, Self::JOINED] {
            fs::remove_file(self.folder.join(file)).map_err(|error| format!("{file}: {error}"))?;
        }
        Ok(())
    }

    /// Puts the code of a part into streams; the page has to get the same bytes from them. It is still called wasm,
    /// since servers compress that.
    fn pack(&self, part: &str) -> Result {
        self.splitter("pack", &[part, Self::PACKED])?;
        let mut command = tools::command("node", &["web/worker/unpack.mjs"]);
        command.args([Self::PACKED, Self::JOINED].map(|file| self.folder.join(file)));
        tools::run(command)?;
        let read = |file| fs::read(self.folder.join(file)).map_err(|error| format!("{file}: {error}"));
        if read(part)? != read(Self::JOINED)? {
            return Err(format!("{part} is packed, and the page unpacks something else"));
        }
        let rename = fs::rename(self.folder.join(Self::PACKED), self.folder.join(part));
        rename.map_err(|error| format!("{}: {error}", Self::PACKED))
    }

    fn splitter(&self, what: &str, files: &[&str]) -> Result {
        let head = ["run", "--quiet", "--release", "--package", "xtask-split", "--", what];
        let mut command = tools::cargo(&head);
        command.args(files.iter().map(|file| self.folder.join(file)));
        tools::run(command)
    }

    fn rehearse(&self, files: &[&str]) -> Result<String> {
        let mut command = tools::command("node", &["web/worker/rehearse.mjs"]);
        command.arg(self.folder.join("podium-worker.js"));
        command.args(files.iter().map(|file| self.folder.join(file)));
        tools::output(command)
    }
}
