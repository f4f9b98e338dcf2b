//! Transfers: connect, ask, read, follow.

mod connect;
mod request;

use super::error::CurlError;
use super::options::{Options, Output};
use super::progress::{Progress, Shown};
use super::url::Url;
use super::write_out::{self, Facts};
use linux::fd::OpenFlags;
use linux::http::{self, Body, Connection, HttpError, ResponseHead};
use linux::{Fd, Sys};
use sim::Instant;
use std::future::Future;
use std::time::Duration;

const MAX_REDIRECTS: u32 = 50;

/// All transfers of one command line: connections are used again.
pub(super) struct Session<'a> {
    sys: Sys,
    options: &'a Options,
    /// The connection left open by the last transfer.
    open: Option<Open>,
    connections: u32,
}

struct Open {
    host: String,
    port: u16,
    number: u32,
    connection: Connection,
}

/// One transfer on its way.
struct Transfer {
    start: Instant,
    progress: Progress,
    facts: Facts,
    out: Option<Fd>,
    deadline: Option<Instant>,
}

impl<'a> Session<'a> {
    pub(super) fn new(sys: Sys, options: &'a Options) -> Self {
        Session { sys, options, open: None, connections: 0 }
    }

    /// Closes what is open.
    pub(super) fn close(&mut self) {
        if let Some(open) = self.open.take() {
            let _ = self.sys.close(open.connection.fd());
        }
    }

    /// Fetches one address.
    pub(super) async fn fetch(&mut self, text: &str, output: Option<&Output>) -> Result<(), CurlError> {
        let start = self.sys.now();
        let to_terminal = output.is_none() && self.sys.isatty(1);
        let quiet = self.options.silent || self.options.no_progress || to_terminal;
        let shown = match (quiet, self.options.progress_bar) {
            (true, _) => Shown::Nothing,
            (false, true) => Shown::Bar,
            (false, false) => Shown::Meter,
        };
        let mut transfer = Transfer {
            start,
            progress: Progress::new(&self.sys, shown),
            facts: Facts { url: text.to_string(), effective: text.to_string(), ..Facts::default() },
            out: None,
            deadline: self.options.max_time.map(|limit| start + limit),
        };
        let result = self.follow(text, output, &mut transfer).await;
        transfer.facts.total = self.sys.now().duration_since(start);
        transfer.facts.downloaded = transfer.progress.received;
        transfer.facts.uploaded = transfer.progress.sent;
        if let Err(error) = &result {
            transfer.facts.exit_code = error.code;
            transfer.facts.error.clone_from(&error.message);
        }
        if let Some(fd) = transfer.out.take() {
            let _ = self.sys.close(fd);
        }
        if let Some(format) = &self.options.write_out {
            write_out::write(&self.sys, format, &transfer.facts).await;
        }
        result
    }

    async fn follow(
        &mut self,
        text: &str,
        output: Option<&Output>,
        transfer: &mut Transfer,
    ) -> Result<(), CurlError> {
        let mut url = Url::parse(text)?;
        if matches!(output, Some(Output::RemoteName)) && url.file_name().is_none() {
            return Err(CurlError::new(23, "Failed writing received data to disk/application"));
        }
        transfer.facts.file = match output {
            Some(Output::File(path)) if path != "-" => path.clone(),
            Some(Output::RemoteName) => url.file_name().unwrap_or_default().to_string(),
            _ => String::new(),
        };
        let mut method = self.method();
        let mut body = self.body().await?;
        loop {
            transfer.facts.effective = url.to_string();
            transfer.facts.scheme = url.scheme.name();
            transfer.facts.method.clone_from(&method);
            let redirected = self.exchange(&url, &method, &body, transfer).await?;
            let Some(location) = redirected else { return Ok(()) };
            let next = url.join(&location)?;
            transfer.facts.redirect_url = next.to_string();
            if !self.options.location {
                return Ok(());
            }
            transfer.facts.redirects += 1;
            if transfer.facts.redirects > self.options.max_redirs.unwrap_or(MAX_REDIRECTS) {
                let limit = self.options.max_redirs.unwrap_or(MAX_REDIRECTS);
                transfer.facts.redirects -= 1;
                return Err(CurlError::new(47, format!("Maximum ({limit}) redirects followed")));
            }
            transfer.facts.redirect = self.sys.now().duration_since(transfer.start);
            transfer.facts.redirect_url = String::new();
            self.note(&format!("Issue another request to this URL: '{next}'")).await;
            if matches!(transfer.facts.http_code, 301..=303)
                && method == "POST"
                && self.options.method.is_none()
            {
                method = "GET".to_string();
                body = None;
            }
            url = next;
        }
    }

    /// One request and its answer; the `Location` when it leads elsewhere.
    async fn exchange(
        &mut self,
        url: &Url,
        method: &str,
        body: &Option<Vec<u8>>,
        transfer: &mut Transfer,
    ) -> Result<Option<String>, CurlError> {
        transfer.progress.begin().await;
        let mut open = match self.connect(url, transfer).await {
            Ok(open) => open,
            Err((error, started)) => {
                if started {
                    self.note(&error.message).await;
                    transfer.progress.end().await;
                } else {
                    self.note(&error.message).await;
                }
                self.note(&format!(
                    "Closing connection {}",
                    self.connections.saturating_sub(u32::from(started))
                ))
                .await;
                return Err(error);
            }
        };
        let result = self.converse(&mut open, url, method, body, transfer).await;
        match &result {
            Ok((_, true)) => {
                transfer.progress.end().await;
                self.note(&format!("Connection #{} to host {} left intact", open.number, url.host)).await;
                self.open = Some(open);
            }
            Ok((_, false)) => {
                transfer.progress.end().await;
                self.note(&format!("Closing connection {}", open.number)).await;
                let _ = self.sys.close(open.connection.fd());
            }
            Err(error) => {
                self.note(&error.message).await;
                transfer.progress.end().await;
                self.note(&format!("Closing connection {}", open.number)).await;
                let _ = self.sys.close(open.connection.fd());
            }
        }
        result.map(|(location, _)| location)
    }

    /// Sends the request and takes the answer: where it leads, and whether the connection stays.
    async fn converse(
        &mut self,
        open: &mut Open,
        url: &Url,
        method: &str,
        body: &Option<Vec<u8>>,
        transfer: &mut Transfer,
    ) -> Result<(Option<String>, bool), CurlError> {
        let headers = self.request_headers(url, body);
        let target = match (&self.options.data, self.options.get, body) {
            (Some(_), true, Some(data)) => {
                let mark = if url.target.contains('?') { '&' } else { '?' };
                format!("{}{mark}{}", url.target, String::from_utf8_lossy(data))
            }
            _ => url.target.clone(),
        };
        let payload: &[u8] = if self.options.get { &[] } else { body.as_deref().unwrap_or_default() };
        let mut text = format!("{method} {target} HTTP/1.{}\r\n", u8::from(!self.options.http10));
        for (name, value) in &headers {
            text += &if value.is_empty() { format!("{name}:\r\n") } else { format!("{name}: {value}\r\n") };
        }
        text += "\r\n";
        self.arrows(">", text.as_bytes()).await;
        transfer.facts.request_size += text.len() + payload.len();
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(payload);
        self.sys
            .write_all(open.connection.fd(), &bytes)
            .await
            .map_err(|errno| CurlError::new(55, format!("Send failure: {errno}")))?;
        transfer.progress.sent = payload.len() as u64;
        let deadline = transfer.deadline;
        let answer = self.race(deadline, &mut transfer.progress, open.connection.read_response()).await;
        let head = match answer.ok_or_else(|| self.timed_out(transfer))? {
            Ok(head) => head,
            Err(HttpError::Malformed(bytes)) if self.options.http09 => {
                return self.take_raw(open, bytes, transfer).await.map(|()| (None, false));
            }
            // Half a head is taken for a whole one without a body.
            Err(HttpError::Cut(None)) => return Ok((None, false)),
            Err(error) => return Err(CurlError::of_http(error, false)),
        };
        transfer.facts.start = self.sys.now().duration_since(transfer.start);
        self.arrows("<", &head.raw).await;
        self.take_answer(open, method, head, transfer).await
    }

    async fn take_answer(
        &mut self,
        open: &mut Open,
        method: &str,
        head: ResponseHead,
        transfer: &mut Transfer,
    ) -> Result<(Option<String>, bool), CurlError> {
        let options = self.options;
        transfer.facts.http_code = head.status;
        transfer.facts.minor = head.minor;
        transfer.facts.header_size += head.raw.len();
        transfer.facts.content_type = http::header(&head.headers, "Content-Type").map(String::from);
        let location =
            http::header(&head.headers, "Location").filter(|_| head.status / 100 == 3).map(String::from);
        if let Some(path) = &options.dump_header {
            let written = if path == "-" {
                self.sys.write_all(1, &head.raw).await
            } else {
                self.sys.write_file(path, &head.raw).await
            };
            written.map_err(|_| CurlError::new(23, "Failed writing received data to disk/application"))?;
        }
        if options.fail && !options.fail_with_body && head.status >= 400 {
            return Err(CurlError::new(22, format!("The requested URL returned error: {}", head.status)));
        }
        if options.include || options.head {
            self.write(transfer, &head.raw).await?;
        }
        let mut body = head.body(method).map_err(|error| CurlError::of_http(error, true))?;
        transfer.progress.total = match body {
            Body::Length(0) if method == "HEAD" => {
                http::header(&head.headers, "Content-Length").and_then(|n| n.parse().ok())
            }
            Body::Length(length) => Some(length),
            _ => None,
        };
        // Where it is followed, the body of a redirection is not shown.
        let hidden = location.is_some() && options.location;
        if hidden {
            self.note("Ignoring the response-body").await;
        }
        let mut first = true;
        loop {
            let deadline = transfer.deadline;
            let piece =
                self.race(deadline, &mut transfer.progress, open.connection.read_piece(&mut body)).await;
            let piece = piece.ok_or_else(|| self.timed_out(transfer))?;
            let Some(piece) = piece.map_err(|error| CurlError::of_http(error, true))? else { break };
            if std::mem::take(&mut first) && options.verbose && !self.sys.isatty(1) {
                self.sys.err(&format!("{{ [{} bytes data]\n", piece.len())).await;
            }
            transfer.progress.received += piece.len() as u64;
            if !hidden {
                self.write(transfer, &piece).await?;
            }
        }
        if options.fail_with_body && head.status >= 400 {
            transfer.progress.end().await;
            return Err(CurlError::new(22, format!("The requested URL returned error: {}", head.status)));
        }
        let stays = head.keep_alive() && head.body(method) != Ok(Body::UntilClose);
        Ok((location, stays))
    }

    /// An answer without a head, as HTTP/0.9 had it.
    async fn take_raw(
        &mut self,
        open: &mut Open,
        bytes: Vec<u8>,
        transfer: &mut Transfer,
    ) -> Result<(), CurlError> {
        let mut bytes = bytes;
        let mut body = Body::UntilClose;
        loop {
            transfer.progress.received += bytes.len() as u64;
            self.write(transfer, &bytes).await?;
            let deadline = transfer.deadline;
            let piece =
                self.race(deadline, &mut transfer.progress, open.connection.read_piece(&mut body)).await;
            match piece
                .ok_or_else(|| self.timed_out(transfer))?
                .map_err(|error| CurlError::of_http(error, true))?
            {
                Some(piece) => bytes = piece,
                None => return Ok(()),
            }
        }
    }

    fn timed_out(&self, transfer: &Transfer) -> CurlError {
        let ms = self.sys.now().duration_since(transfer.start).as_millis();
        let received = transfer.progress.received;
        let of = match transfer.progress.total {
            Some(total) if total > received => format!("{received} out of {total}"),
            _ => received.to_string(),
        };
        CurlError::new(28, format!("Operation timed out after {ms} milliseconds with {of} bytes received"))
    }

    async fn write(&self, transfer: &mut Transfer, bytes: &[u8]) -> Result<(), CurlError> {
        let failed = |_| CurlError::new(23, "Failed writing body");
        if transfer.facts.file.is_empty() {
            if bytes.contains(&0) && self.sys.isatty(1) {
                self.sys
                    .err(
                        "Warning: Binary output can mess up your terminal. Use \"--output -\" to tell \n\
                         Warning: curl to output it to your terminal anyway, or consider \"--output \n\
                         Warning: <FILE>\" to save to a file.\n",
                    )
                    .await;
                return Err(CurlError::new(23, "Failure writing output to destination"));
            }
            return self.sys.write_all(1, bytes).await.map_err(failed);
        }
        let fd = match transfer.out {
            Some(fd) => fd,
            None => {
                let path = &transfer.facts.file;
                let opened = self.sys.open(path, OpenFlags::CREATE, 0o644);
                if let Err(errno) = opened
                    && !self.options.silent
                {
                    self.sys.err(&format!("Warning: Failed to open the file {path}: {errno}\n")).await;
                }
                let fd = opened.map_err(|_| CurlError::new(23, "Failure writing output to destination"))?;
                transfer.out = Some(fd);
                fd
            }
        };
        self.sys.write_all(fd, bytes).await.map_err(failed)
    }

    /// Runs a future until a deadline, the meter ticking meanwhile.
    async fn race<T>(
        &self,
        deadline: Option<Instant>,
        progress: &mut Progress,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        let mut future = std::pin::pin!(future);
        loop {
            let now = self.sys.now();
            let next = [deadline, progress.next_tick()].into_iter().flatten().min();
            let Some(next) = next else { return Some(future.await) };
            if let Some(result) = self.sys.timeout(next.duration_since(now), future.as_mut()).await {
                return Some(result);
            }
            progress.tick().await;
            if deadline.is_some_and(|deadline| self.sys.now() >= deadline) {
                // A little later than asked for, as a real timer.
                self.sys.cpu(Duration::from_micros(400)).await;
                return None;
            }
        }
    }

    async fn note(&self, text: &str) {
        if self.options.verbose {
            self.sys.err(&format!("* {text}\n")).await;
        }
    }

    async fn arrows(&self, arrow: &str, head: &[u8]) {
        if self.options.verbose {
            let text = String::from_utf8_lossy(head);
            let lines: String = text.split_inclusive('\n').map(|line| format!("{arrow} {line}")).collect();
            self.sys.err(&lines).await;
        }
    }
}
