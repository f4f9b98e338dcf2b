//! What it means when a request does not succeed.

use super::error::Error;
use super::rest::{ANY, JSON, Request};
use encoding::json;
use kube::json;
use linux::http::{HttpError, ResponseHead, header};

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

/// What codes mean that come without a `Status`: the reason and the message, for which the server's own text stands where
/// there is none.
const MEANINGS: &[(u16, &str, &str)] = &[
    (400, "BadRequest", "the server rejected our request for an unknown reason"),
    (401, "Unauthorized", UNAUTHORIZED),
    (403, "Forbidden", ""),
    (404, "NotFound", "the server could not find the requested resource"),
    (405, "MethodNotAllowed", "the server does not allow this method on the requested resource"),
    (406, "NotAcceptable", ""),
    (409, "Conflict", "the server reported a conflict"),
    (415, "UnsupportedMediaType", ""),
    (422, "Invalid", "the server rejected our request due to an error in our request"),
    (429, "TooManyRequests", "the server has received too many requests and has asked us to try again later"),
    (503, "ServiceUnavailable", "the server is currently unable to handle the request"),
    (
        504,
        "Timeout",
        "the server was unable to return a response in the time allotted, but may still be processing the request",
    ),
];

/// How much is shown of a body that says nothing in particular.
const MOST_TEXT: usize = 2_048;

/// The `Status` of an answer that is not a success. Models `k8s.io/client-go/rest/request.go`, `transformResponse`, and
/// `NewGenericServerResponse` of `k8s.io/apimachinery/pkg/api/errors`.
pub fn failure(request: &Request<'_>, head: &ResponseHead, body: &[u8]) -> Error {
    let content = header(&head.headers, "Content-Type").unwrap_or(JSON);
    if content.starts_with(JSON)
        && let Ok(status) = json::read(body)
        && status["kind"] == "Status"
    {
        return Error::Status(status);
    }
    let text = match content.starts_with("text/") {
        true => String::from_utf8_lossy(&body[..body.len().min(MOST_TEXT)]).trim().to_string(),
        false => "unknown".to_string(),
    };
    let code = head.status;
    let (reason, mut message) = match MEANINGS.iter().find(|meaning| meaning.0 == code) {
        Some((406, reason, _)) if matches!(text.as_str(), "" | "unknown") => (
            *reason,
            "the server was unable to respond with a content type that the client supports".to_string(),
        ),
        Some((_, reason, "")) => (*reason, text.clone()),
        Some((409, _, message)) if request.method == "POST" => ("AlreadyExists", message.to_string()),
        Some((_, reason, message)) => (*reason, message.to_string()),
        None if code >= 500 => (
            "InternalError",
            format!("an error on the server ({text:?}) has prevented the request from succeeding"),
        ),
        None => (
            "",
            format!("the server responded with the status code {code} but did not return more information"),
        ),
    };
    let (group, resource, name) = place(request);
    if !resource.is_empty() {
        let dot = if group.is_empty() { "" } else { "." };
        let space = if name.is_empty() { "" } else { " " };
        let verb = request.method.to_lowercase();
        message = format!("{message} ({verb} {resource}{dot}{group}{space}{name})");
    }
    Error::Status(json!({"status": "Failure", "code": code, "reason": reason, "message": message,
        "details": {"name": name, "group": group, "kind": resource, "retryAfterSeconds": retry_after(head),
            "causes": [{"reason": "UnexpectedServerResponse", "message": text}]}}))
}

/// After how many seconds the server wants to be asked again. Models `checkWait`.
pub fn retry_after(head: &ResponseHead) -> Option<u64> {
    let later = head.status == 429 || head.status >= 500;
    header(&head.headers, "Retry-After").filter(|_| later)?.parse().ok()
}

/// The group, the resource and the name that a request is about; nothing of one whose path the user has chosen.
fn place<'a>(request: &Request<'a>) -> (&'a str, &'a str, &'a str) {
    let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    let (group, rest) = match &parts[..] {
        _ if request.accept == ANY => return ("", "", ""),
        ["api", _, rest @ ..] => ("", rest),
        ["apis", group, _, rest @ ..] => (*group, rest),
        _ => return ("", "", ""),
    };
    let rest = match rest {
        ["namespaces", _, rest @ ..] if !rest.is_empty() => rest,
        rest => rest,
    };
    let part = |i: usize| rest.get(i).copied().unwrap_or("");
    (group, part(0), part(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: u16, method: &str, path: &str, content: &str, body: &str, said: &str) {
        let headers = vec![("Content-Type".to_string(), content.to_string())];
        let head = ResponseHead { status: code, reason: String::new(), minor: 1, headers, raw: Vec::new() };
        let error = failure(&Request::new(method, path, &[]), &head, body.as_bytes());
        assert_eq!(error.report().0, format!("{said}\n"), "{code} {method} {path}");
    }

    // What the real one says of a server that answers so.
    #[test]
    fn answers_that_are_no_status_are_explained_by_their_code() {
        let pod = "/api/v1/namespaces/default/pods/x";
        let nodes = "/apis/metrics.k8s.io/v1beta1/nodes";
        let text = "text/plain; charset=utf-8";
        let said =
            "Error from server (ServiceUnavailable): the server is currently unable to handle the request";
        check(503, "GET", nodes, text, "no", &format!("{said} (get nodes.metrics.k8s.io)"));
        check(503, "DELETE", pod, text, "no", &format!("{said} (delete pods x)"));
        check(503, "GET", "/api/v1/namespaces/x", text, "no", &format!("{said} (get namespaces x)"));
        check(503, "GET", "/apis", text, "no", said);
        let said = "Error from server (InternalError): an error on the server (\"no\\n\\\"way\\\"\") has prevented the request from succeeding (get pods x)";
        check(502, "GET", pod, text, "no\n\"way\"\n", said);
        let said = "Error from server (InternalError): an error on the server (\"unknown\") has prevented the request from succeeding (get pods x)";
        check(500, "GET", pod, JSON, "{}", said);
        check(500, "GET", pod, JSON, "{\"kind\":\"Status\",\"message\":\"hi\"}", "Error from server: hi");
        let said = "Error from server (AlreadyExists): the server reported a conflict (post configmaps)";
        check(409, "POST", "/api/v1/namespaces/default/configmaps", text, "", said);
        let said = "Error from server (Conflict): the server reported a conflict (get pods x)";
        check(409, "GET", pod, text, "", said);
        check(403, "GET", pod, text, " why ", "Error from server (Forbidden): why (get pods x)");
        check(403, "GET", pod, JSON, "", "Error from server (Forbidden): unknown (get pods x)");
        let said = "Error from server (NotAcceptable): the server was unable to respond with a content type that the client supports (get pods x)";
        check(406, "GET", pod, JSON, "{}", said);
        check(406, "GET", pod, text, "why", "Error from server (NotAcceptable): why (get pods x)");
        check(422, "GET", pod, text, "why", "The pods \"x\" is invalid: : why");
        let said = "Error from server: the server responded with the status code 410 but did not return more information (get pods x)";
        check(410, "GET", pod, text, "why", said);
        let said = "error: You must be logged in to the server (the server has asked for the client to provide credentials (get pods x))";
        check(401, "GET", pod, text, "why", said);
    }
}
