//! `hpa-example`: a page of PHP that takes the square root a million times, to give autoscalers something to do.

use super::web::{self, Answer, Request};
use super::{ImageInfo, rootfs};
use linux::{Args, ExitCode, Program, ProgramFuture, Signal, Sys};
use std::rc::Rc;
use std::time::Duration;

const SERVER: &str = "Apache/2.4.10 (Debian)";
const PHP: &str = "PHP/5.6.14";
/// What a million roots take PHP 5.
const ROOTS: Duration = Duration::from_millis(55);

/// The image.
pub(super) const IMAGE: ImageInfo = ImageInfo {
    repository: "registry.k8s.io/hpa-example",
    tags: &["latest"],
    size: 188_288_541,
    build: || {
        let root = rootfs::debian().program("/usr/local/bin", &FOREGROUND).file(
            "/var/www/html/index.php",
            "<?php\n  $x = 0.0001;\n  for ($i = 0; $i <= 1000000; $i++) {\n    $x += sqrt($x);\n  }\n  echo \"OK!\";\n?>\n",
        );
        let mut image = rootfs::image(root, &[], &["apache2-foreground"]);
        image.workdir = "/var/www/html".into();
        image.exposed_ports = vec![80];
        image.stop_signal = Signal::WINCH;
        image
    },
};

const FOREGROUND: Program = Program::new(
    "apache2-foreground",
    "Run Apache with PHP in the foreground",
    |sys, args| -> ProgramFuture { Box::pin(main(sys, args)) },
)
.taking(10_900, 0);

async fn main(sys: Sys, _: Args) -> ExitCode {
    let Ok(listener) = web::listen(&sys, 80) else { return 1 };
    notice(&sys, "mpm_prefork", &format!("AH00163: {SERVER} {PHP} configured -- resuming normal operations"))
        .await;
    notice(&sys, "core", "AH00094: Command line: 'apache2 -D FOREGROUND'").await;
    let server = sys.clone();
    sys.spawn_thread(async move {
        let handler: web::Handler = Rc::new(|sys, request| Box::pin(answer(sys, request)));
        let refusal = || {
            format!("HTTP/1.1 400 Bad Request\r\nServer: {SERVER}\r\nConnection: close\r\n\r\n").into_bytes()
        };
        web::serve(&server, listener, handler, refusal).await;
    });
    if web::until_signal(&sys, &[Signal::WINCH, Signal::TERM, Signal::INT]).await == Signal::WINCH {
        notice(&sys, "mpm_prefork", "AH00170: caught SIGWINCH, shutting down gracefully").await;
    }
    0
}

async fn notice(sys: &Sys, module: &str, text: &str) {
    let date = web::apache_date(sys.clock());
    sys.err(&format!("[{date}] [{module}:notice] [pid {}] {text}\n", sys.pid())).await;
}

async fn answer(sys: Sys, request: Request) -> Answer {
    let path = request.head.target.split('?').next().unwrap_or("/");
    let found = matches!(path, "/" | "/index.php");
    let (status, body): (u16, &[u8]) = if found {
        sys.cpu(ROOTS).await;
        (200, b"OK!")
    } else {
        (404, b"<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n</body></html>\n")
    };
    let mut headers = vec![
        ("Date".into(), sys.clock().http_date()),
        ("Server".into(), SERVER.into()),
        ("Content-Length".into(), body.len().to_string()),
        (
            "Content-Type".into(),
            if found { "text/html; charset=UTF-8" } else { "text/html; charset=iso-8859-1" }.into(),
        ),
    ];
    if found {
        headers.insert(2, ("X-Powered-By".into(), PHP.into()));
    }
    // The whole answer, as `%O` counts it.
    let lines: usize =
        headers.iter().map(|(name, value): &(String, String)| name.len() + value.len() + 4).sum();
    let reason = linux::http::reason(status);
    let sent = "HTTP/1.1 200 \r\n\r\n".len() + reason.len() + lines + body.len();
    let line = request.log_line(sys.clock(), status, sent);
    sys.out(&format!("{line} \"-\" \"{}\"\n", request.header_or_dash("User-Agent"))).await;
    Answer { status, headers, body: body.to_vec() }
}
