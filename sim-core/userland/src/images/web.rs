//! What the web servers share: accept, read a request, answer, log; connections side by side.

use linux::fd::Fd;
use linux::http::{Connection, Headers, HttpError, RequestHead, header};
use linux::signal::Disposition;
use linux::{Errno, Signal, Sys};
use sim::Timestamp;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

/// What one request costs a server.
const REQUEST: Duration = Duration::from_micros(40);
/// How long a connection may stay open between two requests.
const IDLE: Duration = Duration::from_secs(75);

/// A request, and who sent it.
pub(super) struct Request {
    pub(super) head: RequestHead,
    pub(super) peer: SocketAddr,
}

impl Request {
    /// A line of an access log up to the size: the format that servers share.
    pub(super) fn log_line(&self, at: Timestamp, status: u16, size: usize) -> String {
        let RequestHead { method, target, minor, .. } = &self.head;
        let (ip, date) = (self.peer.ip(), log_date(at));
        format!("{ip} - - [{date}] \"{method} {target} HTTP/1.{minor}\" {status} {size}")
    }

    /// The value of a header, or `-` as logs have it.
    pub(super) fn header_or_dash(&self, name: &str) -> &str {
        header(&self.head.headers, name).unwrap_or("-")
    }
}

/// What a server answers.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: Vec<u8>,
}

/// How a server makes its answers.
pub(super) type Handler = Rc<dyn Fn(Sys, Request) -> Pin<Box<dyn Future<Output = Answer>>>>;

/// What is said to those who do not speak HTTP.
pub(super) type Refusal = fn() -> Vec<u8>;

/// Listens on a port of every address.
pub(super) fn listen(sys: &Sys, port: u16) -> Result<Fd, Errno> {
    sys.listen(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port), 511)
}

/// Serves for ever.
pub(super) async fn serve(sys: &Sys, listener: Fd, handler: Handler, refusal: Refusal) {
    loop {
        match sys.accept(listener).await {
            Ok((fd, peer)) => {
                let (sys2, handler) = (sys.clone(), handler.clone());
                sys.spawn_thread(async move {
                    // A connection that breaks is the client's loss.
                    let _ = converse(&sys2, fd, peer, &handler, refusal).await;
                    let _ = sys2.close(fd);
                });
            }
            Err(Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}

async fn converse(
    sys: &Sys,
    fd: Fd,
    peer: SocketAddr,
    handler: &Handler,
    refusal: Refusal,
) -> Result<(), HttpError> {
    let mut connection = Connection::new(sys, fd);
    loop {
        let head = match sys.timeout(IDLE, connection.read_request()).await {
            Some(Ok(Some(head))) => head,
            Some(Err(HttpError::Malformed(_) | HttpError::TooLarge)) => {
                sys.send_all(fd, &refusal()).await?;
                return Ok(());
            }
            _ => return Ok(()),
        };
        connection.read_request_body(&head).await?;
        sys.cpu(REQUEST).await;
        let (keep, bodiless) = (head.keep_alive(), head.method == "HEAD");
        let mut answer = handler(sys.clone(), Request { head, peer }).await;
        if bodiless {
            answer.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("Content-Length"));
            answer.headers.push(("Content-Length".into(), answer.body.len().to_string()));
            answer.body.clear();
        }
        connection.write_response(answer.status, &answer.headers, &answer.body).await?;
        if !keep {
            return Ok(());
        }
    }
}

/// Waits for one of the signals that end a server.
pub(super) async fn until_signal(sys: &Sys, signals: &[Signal]) -> Signal {
    for &signal in signals {
        sys.sigaction(signal, Disposition::Catch);
    }
    loop {
        let signal = sys.wait_signal().await;
        if signals.contains(&signal) {
            return signal;
        }
    }
}

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `05/Jan/2026:08:00:00 +0000`, as access logs have it.
fn log_date(at: Timestamp) -> String {
    let c = at.civil();
    format!(
        "{:02}/{}/{}:{:02}:{:02}:{:02} +0000",
        c.day,
        MONTHS[usize::from(c.month) - 1],
        c.year,
        c.hour,
        c.minute,
        c.second
    )
}

/// `Mon Jan 05 08:00:00.000000 2026`, as Apache's error log has it.
pub(super) fn apache_date(at: Timestamp) -> String {
    let c = at.civil();
    format!(
        "{} {} {:02} {:02}:{:02}:{:02}.{:06} {}",
        DAYS[usize::from(c.weekday)],
        MONTHS[usize::from(c.month) - 1],
        c.day,
        c.hour,
        c.minute,
        c.second,
        at.nanos / 1000,
        c.year
    )
}
