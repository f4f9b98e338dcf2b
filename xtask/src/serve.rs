//! `serve`: builds the page and serves `dist/` on this machine.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::bundle::{self, Mode};
use crate::{Result, tools};

const DEFAULT_PORT: u16 = 8080;

/// The task.
pub fn run(args: &[String]) -> Result {
    if !args.iter().any(|arg| arg == "--no-build") {
        bundle::build(if args.iter().any(|arg| arg == "--dev") { Mode::Dev } else { Mode::Release })?;
    }
    let wanted = args
        .iter()
        .position(|arg| arg == "--port")
        .and_then(|at| args.get(at + 1))
        .and_then(|port| port.parse().ok());
    let listener = match wanted {
        Some(port) => TcpListener::bind(("127.0.0.1", port)),
        // The usual port, or any free one.
        None => {
            TcpListener::bind(("127.0.0.1", DEFAULT_PORT)).or_else(|_| TcpListener::bind(("127.0.0.1", 0)))
        }
    };
    let listener = listener.map_err(|error| format!("cannot listen on 127.0.0.1: {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("\n  Podium is at http://{address}/\n");
    let root = Arc::new(tools::root().join("dist"));
    for stream in listener.incoming().flatten() {
        let root = root.clone();
        let serve = move || {
            // A browser that goes away in the middle of an answer is not our concern.
            let _ = answer(&stream, &root);
        };
        spawn(serve);
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a web server of the real world, outside of the simulation")]
fn spawn(serve: impl FnOnce() + Send + 'static) {
    std::thread::spawn(serve);
}

fn answer(mut stream: &TcpStream, root: &Path) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let mut header = String::new();
        while reader.read_line(&mut header)? > 2 {
            header.clear();
        }
        let mut words = request.split_whitespace();
        let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or("/"));
        let body = find(root, target).and_then(|path| Some((std::fs::read(&path).ok()?, mime(&path))));
        let (status, body, mime) = match body {
            Some((body, mime)) => ("200 OK", body, mime),
            None => ("404 Not Found", b"not found\n".to_vec(), "text/plain; charset=utf-8"),
        };
        // Names with a hash never change; the rest is asked for again every time, so a rebuild shows at once.
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: {mime}\r\nContent-Length: {}\r\nCache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n\r\n",
            body.len()
        )?;
        if method != "HEAD" {
            stream.write_all(&body)?;
        }
    }
}

/// The file that a request names; nothing outside of `root`.
fn find(root: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?.trim_start_matches('/');
    let relative = Path::new(path);
    if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return None;
    }
    let full = root.join(relative);
    Some(if full.is_dir() { full.join("index.html") } else { full })
}

fn mime(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or("") {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "webmanifest" => "application/json; charset=utf-8",
        "jpeg" | "jpg" => "image/jpeg",
        "md" => "text/markdown; charset=utf-8",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::find;
    use std::path::Path;

    #[test]
    fn nothing_outside_of_the_folder_is_served() {
        let root = Path::new("/nowhere");
        assert_eq!(find(root, "/a/b.js?x=1").as_deref(), Some(Path::new("/nowhere/a/b.js")));
        assert_eq!(find(root, "/../etc/passwd"), None);
        assert_eq!(find(root, "//etc/passwd").as_deref(), Some(Path::new("/nowhere/etc/passwd")));
    }
}
