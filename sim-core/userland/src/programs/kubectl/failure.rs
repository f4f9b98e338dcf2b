//! What it means when a request does not succeed.

use super::error::Error;
use super::rest::JSON;
use encoding::json;
use linux::http::{HttpError, ResponseHead, header};
use serde_json::json;

/// What a connection that breaks means to the user.
pub fn broken(error: &HttpError) -> Error {
    match error {
        HttpError::Closed | HttpError::Cut(_) => {
            Error::Verbatim("Unable to connect to the server: unexpected EOF".to_string())
        }
        HttpError::Io(errno) => Error::Verbatim(format!(
            "Unable to connect to the server: {}",
            super::error::dial_error(*errno)
        )),
        HttpError::Malformed(_) | HttpError::TooLarge => Error::Verbatim(
            "Unable to connect to the server: net/http: HTTP/1.x transport connection broken: malformed HTTP response"
                .to_string(),
        ),
    }
}

/// What an answer with the code 401 means, to those who do not read it.
pub const UNAUTHORIZED: &str = "the server has asked for the client to provide credentials";

/// The `Status` of an answer that is not a success. Models `k8s.io/client-go/rest/request.go`, `transformResponse`.
pub fn failure(head: &ResponseHead, body: &[u8]) -> Error {
    let json = header(&head.headers, "Content-Type").is_some_and(|t| t.starts_with(JSON));
    if (json || body.first() == Some(&b'{'))
        && let Ok(status) = json::read(body)
        && status["kind"] == "Status"
    {
        return Error::Status(status);
    }
    let text = String::from_utf8_lossy(body).trim().to_string();
    let (reason, message) = match head.status {
        401 => ("Unauthorized", UNAUTHORIZED.to_string()),
        404 => ("NotFound", "the server could not find the requested resource".to_string()),
        405 => (
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource".to_string(),
        ),
        403 => ("Forbidden", text),
        400 => (
            "BadRequest",
            if text.is_empty() {
                "the server rejected our request for an unknown reason".into()
            } else {
                text
            },
        ),
        503 => ("ServiceUnavailable", "the server is currently unable to handle the request".to_string()),
        code if code >= 500 => (
            "InternalError",
            format!("an error on the server ({text:?}) has prevented the request from succeeding"),
        ),
        _ => (
            "",
            format!(
                "the server responded with the status code {} but did not return more information",
                head.status
            ),
        ),
    };
    Error::Status(
        json!({"kind": "Status", "status": "Failure", "code": head.status, "reason": reason, "message": message}),
    )
}
