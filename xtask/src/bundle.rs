//! `build`: from `index.html` and what it links to, to `dist/`. Does what Trunk does with the same page, on
//! tools that install in a minute.

use std::fs;
use std::path::Path;

use crate::page::{Link, links};
use crate::{Result, finish, shrink, tools};

/// How the wasm is built.
#[derive(Clone, Copy, PartialEq)]
pub enum Mode {
    /// Small.
    Release,
    /// Small, with the benchmarks, which no page needs.
    Bench,
    /// Soon.
    Dev,
}

/// The task.
pub fn run(args: &[String]) -> Result {
    build(if args.iter().any(|arg| arg == "--dev") { Mode::Dev } else { Mode::Release })
}

/// Builds the page.
pub fn build(mode: Mode) -> Result {
    let begin = tools::Stopwatch::start();
    let step = |number: u32, what: &str| println!("[{number}/5] {what} ({} s)", begin.seconds());
    step(1, "tools: Rust's wasm target, npm packages");
    tools::wasm_target()?;
    tools::npm_packages()?;

    let root = tools::root();
    let mut html = read(&root.join("index.html"))?;
    let links = links(&html);
    let crates: Vec<&Link> = links.iter().filter(|link| link.get("rel") == "rust").collect();
    step(2, "page and simulation to wasm");
    let profile = if mode == Mode::Dev { "dev" } else { "wasm" };
    let mut cargo = vec!["build", "--profile", profile, "--target", "wasm32-unknown-unknown"];
    for link in &crates {
        cargo.extend(["--package", link.get("data-bin")]);
    }
    if mode == Mode::Bench {
        cargo.extend(["--features", "podium-worker/bench"]);
    }
    // Beside it, since linking leaves a core idle.
    let helpers = ["build", "--quiet", "--release", "--package", "xtask-bindgen", "--package", "xtask-split"];
    let helpers = tools::cargo(&helpers).spawn();
    let built = tools::run(tools::cargo(&cargo));
    let helpers =
        helpers.and_then(|mut helpers| helpers.wait()).map_err(|error| format!("xtask-bindgen: {error}"))?;
    built?;
    if !helpers.success() {
        return Err(format!("xtask-bindgen, xtask-split: {helpers}"));
    }

    step(3, "wasm-bindgen");
    let staging = tools::target_dir().join("dist-staging");
    let _ = fs::remove_dir_all(&staging);
    create(&staging)?;
    for link in &links {
        let tag = stage(link, &staging, profile)?;
        html = html.replacen(&link.tag, &tag, 1);
    }
    write(&staging.join("index.html"), &html)?;

    if mode != Mode::Dev {
        step(4, "smaller wasm, in two parts");
        shrink::shrink(&staging)?;
    } else {
        step(4, "smaller wasm: left out");
    }
    step(5, "versions, security policy, offline cache");
    finish::finish(&staging)?;
    let dist = root.join("dist");
    let _ = fs::remove_dir_all(&dist);
    copy_dir(&staging, &dist)?;
    println!("built dist/ in {} s", begin.seconds());
    Ok(())
}

/// Puts what a link names into the staging folder. The answer is what stands in the page instead of it.
fn stage(link: &Link, staging: &Path, profile: &str) -> Result<String> {
    let root = tools::root();
    let source = root.join(link.get("href"));
    let folder = staging.join(link.get("data-target-path"));
    create(&folder)?;
    let name = source.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let relative = if link.get("data-target-path").is_empty() {
        name.clone()
    } else {
        format!("{}/{name}", link.get("data-target-path"))
    };
    match link.get("rel") {
        "rust" => {
            let bin = link.get("data-bin");
            let profile_dir = if profile == "dev" { "debug" } else { profile };
            let wasm = tools::target_dir()
                .join("wasm32-unknown-unknown")
                .join(profile_dir)
                .join(format!("{bin}.wasm"));
            let bindgen = tools::target_dir().join("release/xtask-bindgen");
            tools::run(tools::command(
                &bindgen.to_string_lossy(),
                &[&wasm.to_string_lossy(), &folder.to_string_lossy(), bin],
            ))?;
            // Says which npm packages the scripts import; a page has an import map for that.
            let _ = fs::remove_file(folder.join("package.json"));
            if link.get("data-type") == "worker" {
                return Ok(String::new());
            }
            Ok(format!(
                "<link rel=\"modulepreload\" href=\"./{bin}.js\"><link rel=\"preload\" href=\"./{bin}_bg.wasm\" as=\"fetch\" type=\"application/wasm\" crossorigin>\n\
                 <script type=\"module\">import init from './{bin}.js'; await init({{ module_or_path: './{bin}_bg.wasm' }});</script>"
            ))
        }
        "css" => {
            copy(&source, &folder.join(&name))?;
            Ok(format!("<link rel=\"stylesheet\" href=\"./{relative}\">"))
        }
        "icon" => {
            copy(&source, &folder.join(&name))?;
            Ok(format!("<link rel=\"icon\" href=\"./{relative}\">"))
        }
        "copy-file" => {
            copy(&source, &folder.join(&name))?;
            Ok(String::new())
        }
        "copy-dir" => {
            // As Trunk: the target path is what the folder is called, where it is given.
            let to = if link.get("data-target-path").is_empty() { folder.join(&name) } else { folder };
            copy_dir(&source, &to)?;
            Ok(String::new())
        }
        other => Err(format!("index.html: a link with rel=\"{other}\" is not known to this build")),
    }
}

/// Reads a text file.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes a text file.
pub fn write(path: &Path, text: &str) -> Result {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn create(path: &Path) -> Result {
    fs::create_dir_all(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result {
    fs::copy(from, to).map(drop).map_err(|error| format!("{}: {error}", from.display()))
}

fn copy_dir(from: &Path, to: &Path) -> Result {
    create(to)?;
    for file in finish::files(from)? {
        let target = to.join(&file);
        create(target.parent().unwrap_or(to))?;
        copy(&from.join(&file), &target)?;
    }
    Ok(())
}
