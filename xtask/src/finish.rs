//! The last steps of a build, ours or Trunk's: smaller wasm, file names that change with their contents, the hashes of inline
//! scripts in the security policy, and the list of files that the offline cache keeps.

use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};

use crate::bundle::{read, write};
use crate::page::inline_scripts;
use crate::{Result, shrink, tools};

/// The folder of the worker. Trunk gives worker files no hash, so the folder gets one.
pub const WORKER: &str = "worker";
/// In the page's policy; the hashes go after it.
const SCRIPT_SOURCES: &str = "script-src 'self' 'wasm-unsafe-eval'";

/// The task: Trunk's `post_build` hook.
pub fn run(args: &[String]) -> Result {
    let staging =
        args.first().map(PathBuf::from).or_else(|| std::env::var_os("TRUNK_STAGING_DIR").map(PathBuf::from));
    let staging = staging.ok_or("which folder? Trunk names it in TRUNK_STAGING_DIR")?;
    if std::env::var_os("TRUNK_PROFILE").is_some_and(|profile| profile == "release") {
        shrink::shrink(&staging)?;
    }
    finish(&staging)
}

/// Finishes the build in `staging`.
pub fn finish(staging: &Path) -> Result {
    let mut html = read(&staging.join("index.html"))?;
    let folder = format!("{WORKER}-{}", &hash_of(staging, |file| file.starts_with(WORKER))?[..12]);
    fs::rename(staging.join(WORKER), staging.join(&folder)).map_err(|error| format!("{WORKER}: {error}"))?;
    html = html.replace("content=\"worker/", &format!("content=\"{folder}/"));
    html = version_own_files(staging, html)?;

    let hashes: String = inline_scripts(&html)
        .into_iter()
        .map(|script| format!(" 'sha256-{}'", BASE64.encode(&Sha256::digest(script.as_bytes()))))
        .collect();
    html = html.replacen(SCRIPT_SOURCES, &format!("{SCRIPT_SOURCES}{hashes}"), 1);
    write(&staging.join("index.html"), &html)?;

    let version = hash_of(staging, |file| !file.ends_with("sw.js"))?;
    let list: Vec<String> = files(staging)?
        .into_iter()
        .filter(|file| !file.ends_with("sw.js"))
        .map(|file| format!("\"./{}\"", file.to_string_lossy().replace('\\', "/")))
        .collect();
    let worker = read(&tools::root().join("web/static/sw.js"))?;
    let worker = worker
        .replace("\"VERSION\"", &format!("\"{}\"", &version[..16]))
        .replace("[/* FILES */]", &format!("[{}]", list.join(", ")));
    write(&staging.join("sw.js"), &worker)
}

/// Gives our own top-level scripts, wasm and styles a name with their hash; Trunk's have one already.
fn version_own_files(staging: &Path, mut html: String) -> Result<String> {
    let own = |name: &str| ["podium-web.js", "podium-web_bg.wasm"].contains(&name) || name.ends_with(".css");
    for file in files(staging)? {
        let name = file.to_string_lossy().into_owned();
        let (Some((stem, extension)), true) = (name.rsplit_once('.'), own(&name)) else { continue };
        if !html.contains(&format!("./{name}")) {
            continue;
        }
        let hash = hash_of(staging, |other| other == file)?;
        let versioned = format!("{stem}-{}.{extension}", &hash[..12]);
        fs::rename(staging.join(&file), staging.join(&versioned))
            .map_err(|error| format!("{name}: {error}"))?;
        html = html.replace(&format!("./{name}"), &format!("./{versioned}"));
    }
    Ok(html)
}

/// Every file below a folder, relative to it, in order.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inner) = folders.pop() {
        let path = folder.join(&inner);
        let entries = fs::read_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        for entry in entries.flatten() {
            let relative = inner.join(entry.file_name());
            if entry.path().is_dir() { folders.push(relative) } else { found.push(relative) }
        }
    }
    found.sort();
    Ok(found)
}

fn hash_of(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Result<String> {
    let mut hash = Sha256::new();
    for file in files(folder)?.iter().filter(|file| wanted(file)) {
        hash.update(file.to_string_lossy().as_bytes());
        hash.update(fs::read(folder.join(file)).map_err(|error| format!("{}: {error}", file.display()))?);
    }
    Ok(HEXLOWER.encode(&hash.finalize()))
}
