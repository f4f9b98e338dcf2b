//! `kubectl proxy`: the API server at a local port, without credentials. Models pkg/cmd/proxy and
//! pkg/proxy/proxy_server.go.
//!
//! Left out: static files, Unix sockets, upgraded connections.

use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::rest::Client;
use linux::Sys;
use linux::http::{Connection, HttpError, RequestHead, header};
use regex_lite::Regex;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "proxy",
    usage: "[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix]",
    short: "Run a proxy to the Kubernetes API server",
    long: "Run a proxy between localhost and the Kubernetes API server.\n\n What is asked of it is asked of the server in your name, but for some paths. Requests that name another host are refused.",
    examples: "# The whole API and nothing else, at port 8001\nkubectl proxy --api-prefix=/\n\n# At a port of the system's choice, which is printed\nkubectl proxy --port=0\n\n# Under another path: http://localhost:8001/custom/api/v1/pods\nkubectl proxy --api-prefix=/custom/",
    flags: &[FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string(
        "accept-hosts",
        "^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$",
        "Regular expressions for the hosts that requests may name.",
    ),
    Flag::string("accept-paths", "^.*", "Regular expressions for the paths that are let through."),
    Flag::string("address", "127.0.0.1", "Address to listen on."),
    Flag::string("api-prefix", "/", "Path below which the API is."),
    Flag::bool("append-server-path", "Put the path of the context's server before that of each request.")
        .not_simulated(),
    Flag::bool("disable-filter", "Let everything through, whoever asks for it."),
    Flag::duration("keepalive", "0s", "Time between two signs of life on a connection."),
    Flag::int("port", "8001", "Port to listen on. 0 for any that is free.").short('p'),
    Flag::string("reject-methods", "^$", "Regular expressions for the methods that are refused."),
    Flag::string(
        "reject-paths",
        "^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach",
        "Regular expressions for the paths that are refused, even if they are let through otherwise.",
    ),
    Flag::string("unix-socket", "", "Socket to listen on.").short('u').not_simulated(),
    Flag::string("www", "", "Directory of files to serve as well.").short('w').not_simulated(),
    Flag::string("www-prefix", "/static/", "Path below which the files are.").short('P').not_simulated(),
];

/// Which requests are let through.
struct Filter {
    hosts: Vec<Regex>,
    paths: Vec<Regex>,
    refused_paths: Vec<Regex>,
    refused_methods: Vec<Regex>,
}

impl Filter {
    fn of(k: &Kubectl) -> Result<Option<Filter>> {
        if k.flags.bool("disable-filter") {
            return Ok(None);
        }
        let list = |flag: &str| {
            let all = k.flags.str(flag).split(',').map(Regex::new);
            all.collect::<std::result::Result<Vec<_>, _>>()
                .map_err(|_| Error::not_simulated(format!("the expression of --{flag}")))
        };
        Ok(Some(Filter {
            hosts: list("accept-hosts")?,
            paths: list("accept-paths")?,
            refused_paths: list("reject-paths")?,
            refused_methods: list("reject-methods")?,
        }))
    }

    fn accepts(&self, head: &RequestHead) -> bool {
        let any = |list: &[Regex], text: &str| list.iter().any(|one| one.is_match(text));
        let path = head.target.split('?').next().unwrap_or("");
        let host = header(&head.headers, "Host").unwrap_or("");
        let host = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        let host = host.map_or(header(&head.headers, "Host").unwrap_or(""), |(name, _)| name);
        !any(&self.refused_paths, path)
            && !any(&self.refused_methods, &head.method)
            && any(&self.paths, path)
            && any(&self.hosts, host)
    }
}

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let prefix = match k.flags.str("api-prefix") {
        prefix if prefix.ends_with('/') => prefix.to_string(),
        prefix => format!("{prefix}/"),
    };
    let client = k.client().await?;
    let filter = Rc::new(Filter::of(&k)?);
    if filter.is_none() {
        k.log(
            'W',
            "proxy.go:183",
            "Request filter disabled, your proxy is vulnerable to XSRF attacks, please be cautious",
        )
        .await;
    }
    let (address, port) = (k.flags.str("address"), k.flags.int("port"));
    let number =
        u16::try_from(port).map_err(|_| Error::text(format!("listen tcp: address {port}: invalid port")))?;
    let ip: IpAddr =
        address.parse().map_err(|_| Error::text(format!("listen tcp: lookup {address}: no such host")))?;
    let on = SocketAddr::new(ip, number);
    let listener = k
        .sys
        .listen(on, 128)
        .map_err(|errno| Error::text(format!("listen tcp {on}: bind: {}", errno.text().to_lowercase())))?;
    let bound = k.sys.local_addr(listener).unwrap_or(on);
    k.out(&format!("Starting to serve on {bound}\n")).await;
    loop {
        match k.sys.accept(listener).await {
            Ok((fd, _)) => {
                let (sys, client, filter, prefix) =
                    (k.sys.clone(), client.clone(), filter.clone(), prefix.clone());
                k.sys.spawn_thread(async move {
                    let mut connection = Connection::new(&sys, fd);
                    let _ = serve(&sys, &client, filter.as_ref().as_ref(), &prefix, &mut connection).await;
                    let _ = sys.close(fd);
                });
            }
            Err(linux::Errno::EINTR) => {}
            Err(errno) => return Err(Error::text(format!("accept tcp {bound}: {}", errno.text()))),
        }
    }
}

/// Carries the requests of one connection.
async fn serve(
    sys: &Sys,
    client: &Client,
    filter: Option<&Filter>,
    prefix: &str,
    connection: &mut Connection,
) -> std::result::Result<(), HttpError> {
    let plain = [("Content-Type".to_string(), "text/plain; charset=utf-8".to_string())];
    while let Some(head) = connection.read_request().await? {
        let body = connection.read_request_body(&head).await?;
        if filter.is_some_and(|filter| !filter.accepts(&head)) {
            connection.write_response(403, &plain, b"Forbidden\n").await?;
            continue;
        }
        let Some(target) = head.target.strip_prefix(prefix) else {
            connection.write_response(404, &plain, b"404 page not found\n").await?;
            continue;
        };
        match client.forward(&head, &format!("/{target}"), &body).await {
            Ok((answer, mut server, mut body)) => {
                let headers: Vec<(String, String)> = answer
                    .headers
                    .into_iter()
                    .filter(|(name, _)| {
                        let name = name.to_ascii_lowercase();
                        !matches!(name.as_str(), "transfer-encoding" | "content-length" | "connection")
                    })
                    .collect();
                connection.write_chunked_head(answer.status, &headers).await?;
                while let Ok(Some(piece)) = server.read_piece(&mut body).await {
                    connection.write_chunk(&piece).await?;
                }
                connection.finish_chunks().await?;
                let _ = sys.close(server.fd());
            }
            Err(error) => {
                let text = format!("{}\n", error.message());
                connection.write_response(502, &plain, text.as_bytes()).await?;
            }
        }
        if !head.keep_alive() {
            break;
        }
    }
    Ok(())
}
