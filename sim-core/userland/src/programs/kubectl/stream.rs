//! Answers that come line by line for as long as they like: watches and logs.

use super::error::{Error, Result};
use super::failure::broken;
use encoding::json;
use linux::Sys;
use linux::http::{Body, Connection, HttpError};
use serde_json::Value;
use sim::Instant;

/// An answer that comes in pieces for as long as it likes.
pub struct Stream {
    pub(super) sys: Sys,
    pub(super) connection: Connection,
    pub(super) body: Body,
    pub(super) lines: Vec<u8>,
    /// When `--request-timeout` ends it.
    pub(super) until: Option<Instant>,
}

impl Stream {
    /// The next piece, as it came.
    pub async fn piece(&mut self) -> Result<Option<Vec<u8>>> {
        if !self.lines.is_empty() {
            return Ok(Some(std::mem::take(&mut self.lines)));
        }
        match self.more().await {
            Ok(piece) => Ok(piece),
            Err(HttpError::Cut(_) | HttpError::Closed) => Ok(None),
            Err(error) => Err(broken(&error)),
        }
    }

    async fn more(&mut self) -> std::result::Result<Option<Vec<u8>>, HttpError> {
        let read = self.connection.read_piece(&mut self.body);
        match self.until {
            None => read.await,
            Some(until) => {
                let left = until.duration_since(self.sys.now());
                self.sys.timeout(left, read).await.unwrap_or(Ok(None))
            }
        }
    }

    /// The next line, as JSON: an event of a watch.
    pub async fn event(&mut self) -> Result<Option<Value>> {
        loop {
            if let Some(end) = self.lines.iter().position(|&b| b == b'\n') {
                let line: Vec<u8> = self.lines.drain(..=end).collect();
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                return json::read(&line).map(Some).map_err(|error| Error::text(error.to_string()));
            }
            match self.more().await {
                Ok(Some(mut piece)) => self.lines.append(&mut piece),
                Ok(None) | Err(HttpError::Cut(_) | HttpError::Closed) => return Ok(None),
                Err(error) => return Err(broken(&error)),
            }
        }
    }

    /// Ends it.
    pub fn close(self) {
        let _ = self.sys.close(self.connection.fd());
    }
}
