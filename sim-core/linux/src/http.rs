//! HTTP/1.1 over a descriptor, for the programs that speak it: web servers, the API server, `curl`, `kubectl`.
//!
//! A [`Connection`] reads messages from a socket and writes them. Bodies come with `Content-Length`, in chunks
//! or up to the end of the connection (RFC 9112); after `101 Switching Protocols` both sides use the
//! connection as a plain stream. Heads are parsed by `httparse`. Left out: trailers, compression, TLS.

use crate::{Errno, Fd, Sys};
use std::fmt::Write as _;

/// Headers in order, names as they were sent.
pub type Headers = Vec<(String, String)>;

/// The value of the first header called `name`, in whatever case.
pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// The first line and the headers of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Minor version: 0 for HTTP/1.0, 1 for HTTP/1.1.
    pub minor: u8,
    /// Headers.
    pub headers: Headers,
}

impl RequestHead {
    /// Whether the client will send another request on this connection.
    pub fn keep_alive(&self) -> bool {
        keep_alive(self.minor, &self.headers)
    }
}

/// The first line and the headers of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// Status code, for example 404.
    pub status: u16,
    /// Reason phrase as sent.
    pub reason: String,
    /// Minor version: 0 for HTTP/1.0, 1 for HTTP/1.1.
    pub minor: u8,
    /// Headers.
    pub headers: Headers,
    /// The head byte for byte, for `curl -i`.
    pub raw: Vec<u8>,
}

impl ResponseHead {
    /// Whether the connection can be used for another request.
    pub fn keep_alive(&self) -> bool {
        keep_alive(self.minor, &self.headers)
    }

    /// How the body of this answer to a request of `method` is delimited.
    pub fn body(&self, method: &str) -> Result<Body, HttpError> {
        if method == "HEAD" || self.status == 204 || self.status == 304 || self.status / 100 == 1 {
            return Ok(Body::Length(0));
        }
        Ok(delimited(&self.headers)?.unwrap_or(Body::UntilClose))
    }
}

fn keep_alive(minor: u8, headers: &[(String, String)]) -> bool {
    let connection = header(headers, "Connection").unwrap_or("");
    if minor == 0 { mentions(connection, "keep-alive") } else { !mentions(connection, "close") }
}

/// Whether a header's value has this word in it, in whatever case.
fn mentions(value: &str, word: &str) -> bool {
    value.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

fn delimited(headers: &[(String, String)]) -> Result<Option<Body>, HttpError> {
    if header(headers, "Transfer-Encoding").is_some_and(|value| mentions(value, "chunked")) {
        return Ok(Some(Body::Chunked(Chunk::Size)));
    }
    match header(headers, "Content-Length") {
        Some(length) => {
            length.trim().parse().map(|n| Some(Body::Length(n))).map_err(|_| HttpError::Malformed(Vec::new()))
        }
        None => Ok(None),
    }
}

/// What is still to come of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// So many bytes.
    Length(u64),
    /// Chunks, with the place in them.
    Chunked(Chunk),
    /// All until the other side closes.
    UntilClose,
    /// Nothing any more.
    Over,
}

/// The place in a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// Before the line with a size.
    Size,
    /// Within a chunk, so many bytes before its end.
    Data(u64),
}

/// Why a message could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpError {
    /// The connection failed.
    Io(Errno),
    /// The other side closed before the first byte.
    Closed,
    /// The other side closed in the middle: so many bytes were still to come, when that is known.
    Cut(Option<u64>),
    /// This is not HTTP/1; the bytes so far.
    Malformed(Vec<u8>),
    /// The head is longer than 64 KiB.
    TooLarge,
}

impl From<Errno> for HttpError {
    fn from(errno: Errno) -> Self {
        HttpError::Io(errno)
    }
}

const HEAD_MAX: usize = 64 * 1024;
const HEADERS_MAX: usize = 100;
const READ_SIZE: usize = 16 * 1024;
/// Bytes of the longest line with a length, and of the empty line that ends a head.
const LENGTH_MAX: usize = 40;

/// One end of an HTTP connection.
pub struct Connection {
    sys: Sys,
    fd: Fd,
    /// Read from the descriptor, but not yet by the caller.
    buffer: Vec<u8>,
}

impl Connection {
    /// Speaks HTTP on a connected socket. The descriptor stays the caller's to close.
    pub fn new(sys: &Sys, fd: Fd) -> Self {
        Connection { sys: sys.clone(), fd, buffer: Vec::new() }
    }

    /// The descriptor.
    pub fn fd(&self) -> Fd {
        self.fd
    }

    /// The descriptor and what was read beyond the last message, for a connection that changes its protocol.
    pub fn into_parts(self) -> (Fd, Vec<u8>) {
        (self.fd, self.buffer)
    }

    /// Waits for a request; nothing when the client has closed between two.
    pub async fn read_request(&mut self) -> Result<Option<RequestHead>, HttpError> {
        let mut seen = 0;
        loop {
            if self.head_may_be_complete(&mut seen) {
                let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
                let mut parsed = httparse::Request::new(&mut headers);
                match parsed.parse(&self.buffer) {
                    Ok(httparse::Status::Complete(length)) => {
                        let head = RequestHead {
                            method: parsed.method.unwrap_or("").to_string(),
                            target: parsed.path.unwrap_or("").to_string(),
                            minor: parsed.version.unwrap_or(1),
                            headers: owned(parsed.headers),
                        };
                        self.buffer.drain(..length);
                        return Ok(Some(head));
                    }
                    Ok(httparse::Status::Partial) => {}
                    Err(_) => return Err(HttpError::Malformed(std::mem::take(&mut self.buffer))),
                }
            }
            match self.fill().await {
                Ok(()) => {}
                Err(HttpError::Closed) if self.buffer.is_empty() => return Ok(None),
                Err(HttpError::Closed) => return Err(HttpError::Cut(None)),
                Err(error) => return Err(error),
            }
        }
    }

    /// The body of a request that was just read.
    pub async fn read_request_body(&mut self, head: &RequestHead) -> Result<Vec<u8>, HttpError> {
        let mut body = delimited(&head.headers)?.unwrap_or(Body::Length(0));
        self.read_body(&mut body).await
    }

    /// Waits for the head of a response.
    ///
    /// # Errors
    /// [`HttpError::Closed`] when the server closed without a byte; [`HttpError::Malformed`] with the bytes when it
    /// speaks something else.
    pub async fn read_response(&mut self) -> Result<ResponseHead, HttpError> {
        let mut seen = 0;
        loop {
            if !looks_like_http(&self.buffer) {
                return Err(HttpError::Malformed(std::mem::take(&mut self.buffer)));
            }
            if self.head_may_be_complete(&mut seen) {
                let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
                let mut parsed = httparse::Response::new(&mut headers);
                match parsed.parse(&self.buffer) {
                    Ok(httparse::Status::Complete(length)) => {
                        let mut head = ResponseHead {
                            status: parsed.code.unwrap_or(0),
                            reason: parsed.reason.unwrap_or("").to_string(),
                            minor: parsed.version.unwrap_or(1),
                            headers: owned(parsed.headers),
                            raw: Vec::new(),
                        };
                        head.raw = self.buffer.drain(..length).collect();
                        return Ok(head);
                    }
                    Ok(httparse::Status::Partial) => {}
                    Err(_) => return Err(HttpError::Malformed(std::mem::take(&mut self.buffer))),
                }
            }
            match self.fill().await {
                Ok(()) => {}
                Err(HttpError::Closed) if !self.buffer.is_empty() => return Err(HttpError::Cut(None)),
                Err(error) => return Err(error),
            }
        }
    }

    /// The next piece of a body, as soon as there is one; nothing at its end.
    pub async fn read_piece(&mut self, body: &mut Body) -> Result<Option<Vec<u8>>, HttpError> {
        loop {
            match *body {
                Body::Over => return Ok(None),
                Body::Length(0) => *body = Body::Over,
                Body::Length(left) => {
                    let piece = self.take_some(left, Some(left)).await?;
                    *body = Body::Length(left - piece.len() as u64);
                    return Ok(Some(piece));
                }
                Body::UntilClose => match self.take_some(u64::MAX, None).await {
                    Ok(piece) => return Ok(Some(piece)),
                    Err(HttpError::Cut(_)) => *body = Body::Over,
                    Err(error) => return Err(error),
                },
                Body::Chunked(Chunk::Data(0)) => {
                    self.read_line().await?;
                    *body = Body::Chunked(Chunk::Size);
                }
                Body::Chunked(Chunk::Data(left)) => {
                    let piece = self.take_some(left, None).await?;
                    *body = Body::Chunked(Chunk::Data(left - piece.len() as u64));
                    return Ok(Some(piece));
                }
                Body::Chunked(Chunk::Size) => {
                    let line = self.read_line().await?;
                    let digits = line.split(';').next().unwrap_or("").trim();
                    let size = u64::from_str_radix(digits, 16)
                        .map_err(|_| HttpError::Malformed(line.clone().into_bytes()))?;
                    if size == 0 {
                        while !self.read_line().await?.is_empty() {}
                        *body = Body::Over;
                    } else {
                        *body = Body::Chunked(Chunk::Data(size));
                    }
                }
            }
        }
    }

    /// All that is left of a body.
    pub async fn read_body(&mut self, body: &mut Body) -> Result<Vec<u8>, HttpError> {
        let mut whole = Vec::new();
        // Room for all of a long body, if its length is told and can be believed.
        if let Body::Length(length @ 65_536..=16_777_216) = *body {
            whole.reserve(length as usize);
        }
        while let Some(mut piece) = self.read_piece(body).await? {
            if whole.capacity() == 0 {
                whole = piece;
            } else {
                whole.append(&mut piece);
            }
        }
        Ok(whole)
    }

    /// Sends a request with its body. `Content-Length` is added when there is a body.
    pub async fn write_request(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<(), HttpError> {
        let mut message = begin(&[method, " ", target, " HTTP/1.1\r\n"], headers, body.len());
        if !body.is_empty() {
            push_length(&mut message, body.len());
        }
        self.write_message(message, body).await
    }

    /// Sends a response with its whole body and its length.
    pub async fn write_response(
        &mut self,
        status: u16,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<(), HttpError> {
        let mut message = begin_response(status, headers, body.len());
        if header(headers, "Content-Length").is_none() && status / 100 != 1 && status != 204 && status != 304
        {
            push_length(&mut message, body.len());
        }
        self.write_message(message, body).await
    }

    /// Sends the head of a response whose body follows in chunks.
    pub async fn write_chunked_head(
        &mut self,
        status: u16,
        headers: &[(String, String)],
    ) -> Result<(), HttpError> {
        let mut message = begin_response(status, headers, 0);
        message.push_str("Transfer-Encoding: chunked\r\n");
        self.write_message(message, &[]).await
    }

    /// Sends a chunk.
    pub async fn write_chunk(&mut self, data: &[u8]) -> Result<(), HttpError> {
        if data.is_empty() {
            return Ok(());
        }
        let mut bytes = format!("{:x}\r\n", data.len()).into_bytes();
        bytes.extend_from_slice(data);
        bytes.extend_from_slice(b"\r\n");
        Ok(self.sys.send_all(self.fd, &bytes).await?)
    }

    /// Ends a chunked body.
    pub async fn finish_chunks(&mut self) -> Result<(), HttpError> {
        Ok(self.sys.send_all(self.fd, b"0\r\n\r\n").await?)
    }

    async fn write_message(&mut self, mut head: String, body: &[u8]) -> Result<(), HttpError> {
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        Ok(self.sys.send_all(self.fd, &bytes).await?)
    }

    /// Whether the buffer may hold a whole head; `seen` remembers how far was looked.
    fn head_may_be_complete(&self, seen: &mut usize) -> bool {
        let from = seen.saturating_sub(3);
        *seen = self.buffer.len();
        self.buffer.get(from..).is_some_and(|new| new.contains(&b'\n'))
    }

    async fn fill(&mut self) -> Result<(), HttpError> {
        if self.buffer.len() > HEAD_MAX {
            return Err(HttpError::TooLarge);
        }
        let mut more = self.sys.read(self.fd, READ_SIZE).await?;
        if more.is_empty() {
            return Err(HttpError::Closed);
        }
        if self.buffer.is_empty() {
            self.buffer = more;
        } else {
            self.buffer.append(&mut more);
        }
        Ok(())
    }

    /// Some bytes, at most `max`; the end of the stream is a cut with `missing` bytes.
    async fn take_some(&mut self, max: u64, missing: Option<u64>) -> Result<Vec<u8>, HttpError> {
        if self.buffer.is_empty() {
            match self.fill().await {
                Err(HttpError::Closed) => return Err(HttpError::Cut(missing)),
                other => other?,
            }
        }
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        if self.buffer.len() <= max {
            return Ok(std::mem::take(&mut self.buffer));
        }
        Ok(self.buffer.drain(..max).collect())
    }

    async fn read_line(&mut self) -> Result<String, HttpError> {
        loop {
            if let Some(end) = self.buffer.iter().position(|&b| b == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
                line.truncate(end);
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            match self.fill().await {
                Err(HttpError::Closed) => return Err(HttpError::Cut(None)),
                other => other?,
            }
        }
    }
}

fn looks_like_http(bytes: &[u8]) -> bool {
    let start = b"HTTP/1.";
    bytes.iter().zip(start).all(|(a, b)| a == b)
}

fn owned(headers: &[httparse::Header<'_>]) -> Headers {
    headers.iter().map(|h| (h.name.to_string(), String::from_utf8_lossy(h.value).into_owned())).collect()
}

/// The first line of a message and its headers, with room for a length and a body.
fn begin(line: &[&str], headers: &[(String, String)], body: usize) -> String {
    let fields: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    let length = line.iter().map(|word| word.len()).sum::<usize>() + fields;
    let mut text = String::with_capacity(length + LENGTH_MAX + body);
    for word in line {
        text.push_str(word);
    }
    for (name, value) in headers {
        for part in [name.as_str(), ": ", value, "\r\n"] {
            text.push_str(part);
        }
    }
    text
}

fn begin_response(status: u16, headers: &[(String, String)], body: usize) -> String {
    begin(&["HTTP/1.1 ", &status.to_string(), " ", reason(status), "\r\n"], headers, body)
}

fn push_length(text: &mut String, length: usize) {
    let _ = write!(text, "Content-Length: {length}\r\n");
}

/// The reason phrase of a status code, as Go's `http.StatusText`.
pub fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        410 => "Gone",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        416 => "Requested Range Not Satisfiable",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(headers: &[(&str, &str)]) -> ResponseHead {
        ResponseHead {
            status: 200,
            reason: "OK".into(),
            minor: 1,
            headers: headers.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
            raw: Vec::new(),
        }
    }

    #[test]
    fn a_body_is_delimited_by_what_the_head_says() {
        assert_eq!(head(&[("content-length", "5")]).body("GET"), Ok(Body::Length(5)));
        assert_eq!(head(&[("Content-Length", "5")]).body("HEAD"), Ok(Body::Length(0)));
        let chunked = [("Content-Length", "5"), ("Transfer-Encoding", "chunked")];
        assert_eq!(head(&chunked).body("GET"), Ok(Body::Chunked(Chunk::Size)));
        assert_eq!(head(&[]).body("GET"), Ok(Body::UntilClose));
        assert!(head(&[("Content-Length", "five")]).body("GET").is_err());
    }

    #[test]
    fn connections_stay_open_unless_somebody_says_otherwise() {
        assert!(head(&[]).keep_alive());
        assert!(!head(&[("Connection", "Close")]).keep_alive());
        assert!(!ResponseHead { minor: 0, ..head(&[]) }.keep_alive());
    }

    #[test]
    fn other_protocols_are_told_apart_at_their_first_byte() {
        assert!(looks_like_http(b""));
        assert!(looks_like_http(b"HTT"));
        assert!(!looks_like_http(b"SSH-2.0"));
    }
}
