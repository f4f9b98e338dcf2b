//! `nginx`: the web server, with its welcome page.

use super::web::{self, Answer, Request};
use super::{ImageInfo, rootfs};
use linux::{Args, Errno, ExitCode, Program, ProgramFuture, Signal, Sys};
use std::rc::Rc;

const VERSION: &str = "1.29.3";

/// The image.
pub(super) const IMAGE: ImageInfo = ImageInfo {
    repository: "docker.io/library/nginx",
    tags: &[
        "latest", "1", "1.29", "1.29.3", "mainline", "1.28", "1.28.0", "stable", "1.27", "1.26", "1.25",
        "alpine",
    ],
    size: 59_774_010,
    build: || {
        let root = rootfs::debian()
            .programs(&[&["curl"]])
            .users("/bin/bash", &[("nginx", 101, "/nonexistent", "/bin/false")])
            .program("/usr/sbin", &NGINX)
            .program("", &ENTRYPOINT)
            .file("/usr/share/nginx/html/index.html", WELCOME)
            .file("/usr/share/nginx/html/50x.html", "<html><body>An error occurred.</body></html>\n")
            .file("/etc/nginx/conf.d/default.conf", CONFIG);
        let mut image = rootfs::image(root, &["/docker-entrypoint.sh"], &["nginx", "-g", "daemon off;"]);
        image.env.push(("NGINX_VERSION".into(), VERSION.into()));
        image.exposed_ports = vec![80];
        image.stop_signal = Signal::QUIT;
        image
    },
};

const WELCOME: &str = "<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>

<p>For online documentation and support please refer to
<a href=\"http://nginx.org/\">nginx.org</a>.<br/>
Commercial support is available at
<a href=\"http://nginx.com/\">nginx.com</a>.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
";

const CONFIG: &str = "server {
    listen       80;
    listen  [::]:80;
    server_name  localhost;

    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }
}
";

const NGINX: Program =
    Program::new("nginx", "HTTP server", |sys, args| -> ProgramFuture { Box::pin(main(sys, args)) })
        .taking(4_900, 0);

/// A shell script in the real image; what it prints is the same.
const ENTRYPOINT: Program =
    Program::new("docker-entrypoint.sh", "Prepare nginx and start it", |sys, args| -> ProgramFuture {
        Box::pin(entrypoint(sys, args))
    });

async fn entrypoint(sys: Sys, args: Args) -> ExitCode {
    let command: Args = args[1..].to_vec();
    if command.first().is_some_and(|word| word == "nginx" || word == "nginx-debug") {
        let me = "/docker-entrypoint.sh";
        let d = "/docker-entrypoint.d";
        let conf = "/etc/nginx/conf.d/default.conf";
        for line in [
            format!("{me}: {d}/ is not empty, will attempt to perform configuration"),
            format!("{me}: Looking for shell scripts in {d}/"),
            format!("{me}: Launching {d}/10-listen-on-ipv6-by-default.sh"),
            format!("10-listen-on-ipv6-by-default.sh: info: Getting the checksum of {conf}"),
            format!("10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6 in {conf}"),
            format!("{me}: Sourcing {d}/15-local-resolvers.envsh"),
            format!("{me}: Launching {d}/20-envsubst-on-templates.sh"),
            format!("{me}: Launching {d}/30-tune-worker-processes.sh"),
            format!("{me}: Configuration complete; ready for start up"),
        ] {
            sys.out(&format!("{line}\n")).await;
        }
    }
    let name = command.first().cloned().unwrap_or_default();
    match sys.exec_along_path(&name, command, sys.environ()) {
        Ok(program) => program.await,
        Err(errno) => {
            let what = if errno == Errno::ENOENT { "not found".to_string() } else { errno.to_string() };
            sys.err(&format!("/docker-entrypoint.sh: 47: exec: {name}: {what}\n")).await;
            127
        }
    }
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    match args.get(1).map(String::as_str) {
        Some("-v") => {
            sys.err(&format!("nginx version: nginx/{VERSION}\n")).await;
            return 0;
        }
        Some("-t") => {
            sys.err("nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n").await;
            return 0;
        }
        _ => {}
    }
    let listener = match web::listen(&sys, 80) {
        Ok(listener) => listener,
        Err(errno) => {
            let number = errno as i32;
            sys.err(&format!("nginx: [emerg] bind() to 0.0.0.0:80 failed ({number}: {errno})\n")).await;
            return 1;
        }
    };
    let kernel = linux::host::KERNEL_RELEASE;
    for text in [
        "using the \"epoll\" event method".to_string(),
        format!("nginx/{VERSION}"),
        "built by gcc 12.2.0 (Debian 12.2.0-14+deb12u1) ".to_string(),
        format!("OS: Linux {kernel}"),
        "getrlimit(RLIMIT_NOFILE): 1048576:1048576".to_string(),
        "start worker processes".to_string(),
        "start worker process 29".to_string(),
        "start worker process 30".to_string(),
    ] {
        notice(&sys, &text).await;
    }
    let server = sys.clone();
    let started = sys.clock();
    sys.spawn_thread(async move {
        let handler: web::Handler = Rc::new(move |sys, request| Box::pin(answer(sys, request, started)));
        web::serve(&server, listener, handler, bad_request).await;
    });
    let signal = web::until_signal(&sys, &[Signal::QUIT, Signal::TERM, Signal::INT]).await;
    notice(
        &sys,
        &format!(
            "signal {} (SIG{}) received, {}",
            signal.number(),
            signal.name(),
            if signal == Signal::QUIT { "shutting down" } else { "exiting" }
        ),
    )
    .await;
    notice(&sys, "exit").await;
    0
}

async fn notice(sys: &Sys, text: &str) {
    let c = sys.clock().civil();
    let date =
        format!("{}/{:02}/{:02} {:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second);
    sys.err(&format!("{date} [notice] {0}#{0}: {text}\n", sys.pid())).await;
}

fn error_page(status: &str) -> Vec<u8> {
    format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
         <hr><center>nginx/{VERSION}</center>\r\n</body>\r\n</html>\r\n"
    )
    .into_bytes()
}

fn bad_request() -> Vec<u8> {
    let body = error_page("400 Bad Request");
    let mut bytes = format!(
        "HTTP/1.1 400 Bad Request\r\nServer: nginx/{VERSION}\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend(body);
    bytes
}

async fn answer(sys: Sys, request: Request, started: sim::Timestamp) -> Answer {
    let head = &request.head;
    let path = head.target.split('?').next().unwrap_or("/");
    let file = format!("/usr/share/nginx/html{path}{}", if path.ends_with('/') { "index.html" } else { "" });
    let allowed = matches!(head.method.as_str(), "GET" | "HEAD");
    let found = if allowed && !path.contains("..") { sys.read_file(&file).await.ok() } else { None };
    let connection = if head.keep_alive() { "keep-alive" } else { "close" };
    let mut headers: Vec<(String, String)> = vec![
        ("Server".into(), format!("nginx/{VERSION}")),
        ("Date".into(), sys.clock().http_date()),
        ("Content-Type".into(), content_type(&file).into()),
    ];
    let (status, body) = match (found, allowed) {
        (Some(body), _) => (200, body),
        (None, true) => (404, error_page("404 Not Found")),
        (None, false) => (405, error_page("405 Not Allowed")),
    };
    if head.method != "HEAD" {
        headers.push(("Content-Length".into(), body.len().to_string()));
    }
    if status == 200 {
        headers.push(("Last-Modified".into(), started.http_date()));
    } else {
        headers[2].1 = "text/html".into();
    }
    headers.push(("Connection".into(), connection.into()));
    if status == 200 {
        headers.push(("ETag".into(), format!("\"{:x}-{:x}\"", started.seconds, body.len())));
        headers.push(("Accept-Ranges".into(), "bytes".into()));
    }
    let size = if head.method == "HEAD" { 0 } else { body.len() };
    let line = request.log_line(sys.clock(), status, size);
    sys.out(&format!(
        "{line} \"{}\" \"{}\" \"{}\"\n",
        request.header_or_dash("Referer"),
        request.header_or_dash("User-Agent"),
        request.header_or_dash("X-Forwarded-For"),
    ))
    .await;
    Answer { status, headers, body }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html" | "htm") => "text/html",
        Some("css") => "text/css",
        Some("js") => "application/javascript",
        Some("json") => "application/json",
        Some("txt") => "text/plain",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_welcome_page_has_its_615_bytes() {
        assert_eq!(WELCOME.len(), 615);
        assert_eq!(error_page("404 Not Found").len(), 146 + "nginx/1.29.3".len() - "nginx".len());
    }
}
