//! `httpd`: Apache, which works.

use super::web::{self, Answer, Request};
use super::{ImageInfo, rootfs};
use linux::{Args, ExitCode, Program, ProgramFuture, Signal, Sys};
use std::net::IpAddr;
use std::rc::Rc;

const SERVER: &str = "Apache/2.4.65 (Unix)";
const FOLDER: &str = "/usr/local/apache2/htdocs";

/// The image.
pub(super) const IMAGE: ImageInfo = ImageInfo {
    repository: "docker.io/library/httpd",
    tags: &["latest", "2", "2.4", "2.4.65", "alpine"],
    size: 45_186_113,
    build: || {
        let root = rootfs::debian()
            .program("/usr/local/apache2/bin", &HTTPD)
            .program("/usr/local/bin", &FOREGROUND)
            .file("/usr/local/apache2/htdocs/index.html", "<html><body><h1>It works!</h1></body></html>\n");
        let mut image = rootfs::image(root, &[], &["httpd-foreground"]);
        image.env[0].1 = format!("/usr/local/apache2/bin:{}", image.env[0].1);
        image.env.push(("HTTPD_VERSION".into(), "2.4.65".into()));
        image.workdir = "/usr/local/apache2".into();
        image.exposed_ports = vec![80];
        image.stop_signal = Signal::WINCH;
        image
    },
};

const HTTPD: Program =
    Program::new("httpd", "Apache HTTP server", |sys, args| -> ProgramFuture { Box::pin(main(sys, args)) })
        .taking(6_500, 0);
const FOREGROUND: Program =
    Program::new("httpd-foreground", "Run httpd in the foreground", |sys, _| -> ProgramFuture {
        Box::pin(main(sys, vec!["httpd".into(), "-DFOREGROUND".into()]))
    })
    .taking(6_500, 0);

async fn main(sys: Sys, args: Args) -> ExitCode {
    if args.get(1).is_some_and(|word| word == "-v") {
        sys.out(&format!("Server version: {SERVER}\nServer built:   Jul 23 2025\n")).await;
        return 0;
    }
    let netns = sys.namespaces().netns;
    let own =
        sys.host().net().interfaces(netns).iter().flat_map(|interface| interface.addresses.clone()).find_map(
            |net| match net.addr() {
                IpAddr::V4(address) if !address.is_loopback() => Some(address),
                _ => None,
            },
        );
    let own = own.map_or_else(|| "127.0.0.1".to_string(), |address| address.to_string());
    for _ in 0..2 {
        sys.err(&format!("AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using {own}. Set the 'ServerName' directive globally to suppress this message\n")).await;
    }
    let Ok(listener) = web::listen(&sys, 80) else {
        sys.err("(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:80\nno listening sockets available, shutting down\nAH00015: Unable to open logs\n").await;
        return 1;
    };
    notice(&sys, "mpm_event", &format!("AH00489: {SERVER} configured -- resuming normal operations")).await;
    notice(&sys, "core", "AH00094: Command line: 'httpd -D FOREGROUND'").await;
    let (server, started) = (sys.clone(), sys.clock());
    sys.spawn_thread(async move {
        let handler: web::Handler = Rc::new(move |sys, request| Box::pin(answer(sys, request, started)));
        web::serve(&server, listener, handler, bad_request).await;
    });
    match web::until_signal(&sys, &[Signal::WINCH, Signal::TERM, Signal::INT]).await {
        Signal::WINCH => {
            notice(&sys, "mpm_event", "AH00492: caught SIGWINCH, shutting down gracefully").await
        }
        _ => notice(&sys, "mpm_event", "AH00491: caught SIGTERM, shutting down").await,
    }
    0
}

async fn notice(sys: &Sys, module: &str, text: &str) {
    let date = web::apache_date(sys.clock());
    sys.err(&format!("[{date}] [{module}:notice] [pid {0}:tid {0}] {text}\n", sys.pid())).await;
}

fn page(title: &str, text: &str) -> Vec<u8> {
    format!(
        "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>{title}</title>\n</head><body>\n\
         <h1>{}</h1>\n<p>{text}</p>\n</body></html>\n",
        title.split_once(' ').map_or(title, |(_, name)| name)
    )
    .into_bytes()
}

fn bad_request() -> Vec<u8> {
    let body =
        page("400 Bad Request", "Your browser sent a request that this server could not understand.<br />");
    let mut bytes = format!(
        "HTTP/1.1 400 Bad Request\r\nServer: {SERVER}\r\nContent-Length: {}\r\nConnection: close\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend(body);
    bytes
}

async fn answer(sys: Sys, request: Request, started: sim::Timestamp) -> Answer {
    let path = request.head.target.split('?').next().unwrap_or("/").to_string();
    let file = format!("{FOLDER}{path}{}", if path.ends_with('/') { "index.html" } else { "" });
    let found = if path.contains("..") { None } else { sys.read_file(&file).await.ok() };
    let mut headers: Vec<(String, String)> =
        vec![("Date".into(), sys.clock().http_date()), ("Server".into(), SERVER.into())];
    let (status, kind, body) = match found {
        Some(body) => {
            headers.push(("Last-Modified".into(), started.http_date()));
            headers.push(("ETag".into(), format!("\"{:x}-{:x}\"", body.len(), started.seconds)));
            headers.push(("Accept-Ranges".into(), "bytes".into()));
            (200, "text/html", body)
        }
        None => {
            let body = page("404 Not Found", "The requested URL was not found on this server.");
            (404, "text/html; charset=iso-8859-1", body)
        }
    };
    if request.head.method != "HEAD" {
        headers.push(("Content-Length".into(), body.len().to_string()));
    }
    headers.push(("Content-Type".into(), kind.into()));
    let line = request.log_line(sys.clock(), status, body.len());
    sys.out(&format!("{line}\n")).await;
    Answer { status, headers, body }
}
