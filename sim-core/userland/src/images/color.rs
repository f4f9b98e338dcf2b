//! `jpetazzo/color`: a web server that says which pod it is and who asks, in the colour of its name.
//!
//! Models webcolor.go of jpetazzo/color: most lines of its page end in a carriage return alone, so that on a terminal
//! they overwrite one another. Written in Go, it ends with status 2 at SIGTERM even as process 1.

use super::web::{self, Answer, Request};
use super::{ImageInfo, alpine, rootfs};
use linux::http::header;
use linux::{Args, ExitCode, Program, ProgramFuture, Signal, Sys};
use std::rc::Rc;

/// The image.
pub(super) const IMAGE: ImageInfo = ImageInfo {
    repository: "docker.io/jpetazzo/color",
    tags: &["latest"],
    size: 7_354_821,
    build: || {
        let mut image = rootfs::image(alpine::alpine().program("", &WEBCOLOR), &[], &["/webcolor"]);
        image.exposed_ports = vec![8000];
        image
    },
};

const WEBCOLOR: Program =
    Program::new("webcolor", "Serve a page in a colour", |sys, args| -> ProgramFuture {
        Box::pin(main(sys, args))
    })
    .taking(3_400, 0);

const CIRCLES: &[(&str, &str)] = &[
    ("black", "⚫"),
    ("blue", "🔵"),
    ("brown", "🟤"),
    ("green", "🟢"),
    ("orange", "🟠"),
    ("purple", "🟣"),
    ("red", "🔴"),
    ("white", "⚪"),
    ("yellow", "🟡"),
];

const NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

async fn main(sys: Sys, _: Args) -> ExitCode {
    let port = sys.env("PORT").filter(|port| !port.is_empty()).unwrap_or_else(|| "80".into());
    sys.out(&format!("Starting HTTP server (linux/amd64) listening on port {port}.\n")).await;
    let listener = match port.parse().ok().map(|port| web::listen(&sys, port)) {
        Some(Ok(listener)) => listener,
        Some(Err(errno)) => {
            let why = format!("listen tcp :{port}: bind: {}", errno.text().to_lowercase());
            return failed(&sys, &port, &why).await;
        }
        None => return failed(&sys, &port, &format!("listen tcp: lookup tcp/{port}: unknown port")).await,
    };
    let server = sys.clone();
    sys.spawn_thread(async move {
        let handler: web::Handler = Rc::new(|sys, request| Box::pin(answer(sys, request)));
        web::serve(&server, listener, handler, || {
            b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
                .to_vec()
        })
        .await;
    });
    web::until_signal(&sys, &[Signal::TERM, Signal::INT, Signal::HUP]).await;
    2
}

async fn failed(sys: &Sys, port: &str, why: &str) -> ExitCode {
    sys.out(&format!(
        "Couldn't create server on port {port} ({why}).\nYou can change the port by setting the PORT environment variable.\n"
    ))
    .await;
    1
}

async fn answer(sys: Sys, request: Request) -> Answer {
    let hostname = sys.env("HOSTNAME").unwrap_or_default();
    let namespace = match sys.env("NAMESPACE").filter(|namespace| !namespace.is_empty()) {
        Some(namespace) => namespace,
        None => {
            String::from_utf8_lossy(&sys.read_file(NAMESPACE_FILE).await.unwrap_or_default()).into_owned()
        }
    };
    let agents: Vec<&str> = header(&request.head.headers, "User-Agent").into_iter().collect();
    sys.out(&format!(
        "{} {} {} HTTP/1.{} [{}]\n",
        request.peer,
        request.head.method,
        request.head.target,
        request.head.minor,
        agents.join(" ")
    ))
    .await;
    let body = page(&namespace, &hostname, &request.head.target, &request.peer.to_string()).into_bytes();
    let headers = vec![
        ("Date".into(), sys.clock().http_date()),
        ("Content-Length".into(), body.len().to_string()),
        ("Content-Type".into(), "text/html; charset=utf-8".into()),
    ];
    Answer { status: 200, headers, body }
}

fn circle(color: &str) -> &'static str {
    CIRCLES.iter().find(|(name, _)| *name == color).map_or("", |(_, circle)| circle)
}

fn page(namespace: &str, hostname: &str, target: &str, peer: &str) -> String {
    let color = hostname.split('-').next().unwrap_or("");
    let circles = format!("{}{}", circle(namespace), circle(color));
    let shown =
        if namespace.is_empty() { hostname.to_string() } else { format!("pod {namespace}/{hostname}") };
    format!(
        "<!DOCTYPE html>\r<html>\r<body style=\"background: {namespace}; text-align: center;\">\r\
         <div style=\"padding: 4em;\"></div>\r<span style=\"padding: 4em; background: {color};\">\r\
         <span style=\"padding: 2px; background: white;\">\r\
         {circles}This is {shown} on linux/amd64, serving {target} for {peer}.\n</span>\r</span>\r</body>\r</html>\r"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_the_one_that_was_recorded() {
        let page = page("default", "red-64f4cdd94d-vvjpw", "/", "10.244.0.3:47668");
        assert_eq!(page.len(), 332);
        assert!(page.contains("\r🔴This is pod default/red-64f4cdd94d-vvjpw on linux/amd64, serving / for 10.244.0.3:47668.\n</span>\r"));
    }
}
