//! Finding and running the tools a build needs, and installing the ones that are missing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Result;

/// The root of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo puts what it builds.
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// A command that runs in the root of the repository.
pub fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// Runs a command to its end, its output on ours.
pub fn run(mut command: Command) -> Result {
    let shown = show(&command);
    let status = command.status().map_err(|error| format!("{shown}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{shown}: {status}")) }
}

/// Runs a command and gives what it printed.
pub fn output(mut command: Command) -> Result<String> {
    let shown = show(&command);
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("{shown}: {error}"))?;
    if output.status.success() {
        String::from_utf8(output.stdout).map_err(|_| format!("{shown}: printed something that is not UTF-8"))
    } else {
        Err(format!("{shown}: {}", output.status))
    }
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// The cargo that runs us.
pub fn cargo(args: &[&str]) -> Command {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    command(&cargo, args)
}

/// Makes sure that Rust can compile for the browser.
pub fn wasm_target() -> Result {
    const TARGET: &str = "wasm32-unknown-unknown";
    let sysroot = output(command("rustc", &["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).exists() {
        return Ok(());
    }
    println!("installing the Rust target {TARGET}");
    run(command("rustup", &["target", "add", TARGET])).map_err(|error| {
        format!("{error}\nthe Rust target {TARGET} is missing; `rustup target add {TARGET}` installs it")
    })
}

/// Makes sure that the npm packages of `web/package.json` are there.
pub fn npm_packages() -> Result {
    let web = root().join("web");
    let installed = web.join("node_modules/.package-lock.json");
    let is_newer = |path: &Path, than: &Path| {
        let time = |path: &Path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
        time(path) > time(than)
    };
    if installed.exists() && !is_newer(&web.join("package-lock.json"), &installed) {
        return Ok(());
    }
    println!("installing npm packages");
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&web);
    run(npm).map_err(|error| format!("{error}\nNode.js 20 or later with npm is needed"))
}

/// Finds a Chromium, installing Debian's where apt is at hand.
pub fn chromium() -> Result<String> {
    if let Ok(path) = std::env::var("CHROMIUM") {
        return Ok(path);
    }
    if let Some(found) = find_chromium() {
        return Ok(found);
    }
    if Path::new("/usr/bin/apt-get").exists() {
        println!("installing chromium with apt-get");
        let _ = run(command("apt-get", &["update", "-qq"]));
        let _ = run(command("apt-get", &["install", "-y", "-qq", "--no-install-recommends", "chromium"]));
        if let Some(found) = find_chromium() {
            return Ok(found);
        }
    }
    Err("the browser tests need Chromium or Chrome: install one, or name it in the environment variable CHROMIUM".to_owned())
}

fn find_chromium() -> Option<String> {
    const NAMES: &[&str] =
        &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];
    const PLACES: &[&str] = &[
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ];
    let path = std::env::var_os("PATH")?;
    let on_path = NAMES.iter().flat_map(|name| std::env::split_paths(&path).map(move |dir| dir.join(name)));
    let found = on_path.chain(PLACES.iter().map(PathBuf::from)).find(|path| path.exists())?;
    Some(found.to_string_lossy().into_owned())
}

/// How long things take, for the person who waits.
#[expect(clippy::disallowed_types, reason = "the builder's clock, outside of the simulation")]
pub struct Stopwatch(std::time::Instant);

#[expect(clippy::disallowed_types, reason = "the builder's clock, outside of the simulation")]
impl Stopwatch {
    /// From now on.
    pub fn start() -> Self {
        Stopwatch(std::time::Instant::now())
    }

    /// Whole seconds so far.
    pub fn seconds(&self) -> u64 {
        self.0.elapsed().as_secs()
    }
}
