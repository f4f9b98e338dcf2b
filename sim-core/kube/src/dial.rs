//! Asking another server over the network, with Go's words when that fails.

use linux::http::{Connection, Headers, HttpError};
use linux::{Fd, Sys};
use std::net::SocketAddr;

/// Connects.
///
/// # Errors
/// What `net.Dial` says.
pub(crate) async fn connect(sys: &Sys, to: SocketAddr) -> Result<Fd, String> {
    let connected = sys.connect(to).await;
    connected.map_err(|errno| format!("dial tcp {to}: connect: {}", errno.text().to_lowercase()))
}

/// Asks over a connection, which is closed then, with `more` headers than that of the host; gives the status and the
/// body.
///
/// # Errors
/// What `net/http` says when there is no answer.
pub(crate) async fn get(
    sys: &Sys,
    fd: Fd,
    to: SocketAddr,
    target: &str,
    more: &[(String, String)],
) -> Result<(u16, Vec<u8>), &'static str> {
    let answer = async {
        let mut connection = Connection::new(sys, fd);
        let mut headers: Headers = vec![("Host".to_string(), to.to_string())];
        headers.extend_from_slice(more);
        connection.write_request("GET", target, &headers, &[]).await?;
        let head = connection.read_response().await?;
        let mut body = head.body("GET")?;
        Ok::<_, HttpError>((head.status, connection.read_body(&mut body).await?))
    }
    .await;
    // It may be closed already: there is nothing more to say over it.
    let _ = sys.close(fd);
    answer.map_err(|_| "EOF")
}
