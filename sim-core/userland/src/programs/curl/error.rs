//! How a transfer fails: libcurl's codes and sentences.

use linux::http::HttpError;

/// A failed transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CurlError {
    /// The exit status.
    pub(super) code: i32,
    /// What stands behind `curl: (code)`.
    pub(super) message: String,
}

impl CurlError {
    pub(super) fn new(code: i32, message: impl Into<String>) -> Self {
        CurlError { code, message: message.into() }
    }

    /// What became of an answer that was not one.
    pub(super) fn of_http(error: HttpError, in_body: bool) -> Self {
        match error {
            HttpError::Closed if !in_body => CurlError::new(52, "Empty reply from server"),
            HttpError::Closed | HttpError::Cut(None) if in_body => {
                CurlError::new(18, "transfer closed with outstanding read data remaining")
            }
            HttpError::Cut(Some(left)) => {
                CurlError::new(18, format!("transfer closed with {left} bytes remaining to read"))
            }
            HttpError::Closed | HttpError::Cut(None) => CurlError::new(52, "Empty reply from server"),
            HttpError::Malformed(_) if !in_body => CurlError::new(1, "Received HTTP/0.9 when not allowed"),
            HttpError::Malformed(_) => {
                CurlError::new(56, "Illegal or missing hexadecimal sequence in chunked-encoding")
            }
            HttpError::TooLarge => CurlError::new(56, "Too large response headers: 307260 > 307200"),
            HttpError::Io(errno) => CurlError::new(56, format!("Recv failure: {errno}")),
        }
    }
}
