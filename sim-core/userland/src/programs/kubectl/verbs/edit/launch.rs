//! The editor: which one, and how it is started. Models pkg/cmd/util/editor/editor.go.

use crate::programs::kubectl::error::{Error, Result};
use crate::programs::support::child;
use linux::{Sys, WaitStatus};

/// The words that start the editor, and whether a shell reads them.
fn words(sys: &Sys) -> (Vec<String>, bool) {
    let named = ["KUBE_EDITOR", "EDITOR"].iter().find_map(|name| sys.env(name).filter(|e| !e.is_empty()));
    let Some(editor) = named else { return (vec!["vi".to_string()], false) };
    if editor.contains(['"', '\'', '\\']) && editor.contains(' ') {
        let shell = sys.env("SHELL").filter(|shell| !shell.is_empty()).unwrap_or("/bin/bash".to_string());
        return (vec![shell, "-c".to_string(), editor], true);
    }
    (editor.split(' ').map(str::to_string).collect(), false)
}

/// Runs the editor on a file.
pub async fn launch(sys: &Sys, path: &str) -> Result<()> {
    let (words, by_shell) = words(sys);
    let shown = words.join(" ");
    let mut argv = words;
    match argv.last_mut().filter(|_| by_shell) {
        Some(script) => script.push_str(&format!(" {path:?}")),
        None => argv.push(path.to_string()),
    }
    let failed = || Error::text(format!("there was a problem with the editor {shown:?}"));
    let env = sys.environ();
    let pid = sys
        .fork(move |child| {
            Box::pin(async move {
                let name = argv.first().cloned().unwrap_or_default();
                match child.exec_along_path(&name, argv, env) {
                    Ok(running) => running.await,
                    Err(_) => 127,
                }
            })
        })
        .map_err(|_| failed())?;
    match child::wait_for(sys, pid).await {
        WaitStatus::Exited(0) => Ok(()),
        WaitStatus::Exited(127) if !by_shell => {
            Err(Error::text(format!("unable to launch the editor {shown:?}")))
        }
        _ => Err(failed()),
    }
}

/// A path in the folder for temporary files that nobody has, with random digits in it as Go makes them.
pub fn temporary(sys: &Sys, prefix: &str, suffix: &str) -> String {
    let folder = sys.env("TMPDIR").filter(|folder| !folder.is_empty()).unwrap_or("/tmp".to_string());
    loop {
        let number = sys.random() % u64::from(u32::MAX);
        let path = format!("{}/{prefix}{number}{suffix}", folder.trim_end_matches('/'));
        if sys.stat(&path).is_err() {
            return path;
        }
    }
}
