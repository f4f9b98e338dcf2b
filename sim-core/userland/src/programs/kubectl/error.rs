//! How a command of kubectl fails, and what it then prints.
//!
//! Models `k8s.io/kubectl/pkg/cmd/util/helpers.go`, `checkErr` and `StandardErrorMessage`.

use linux::{Errno, ExitCode};
use serde_json::Value;

/// Result of a step of a command.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a command fails.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// `error: TEXT`.
    Text(String),
    /// The text as it stands, whatever it is.
    Verbatim(String),
    /// An answer of the server that is not a success: its `Status`.
    Status(Value),
    /// No connection to the server: its host and port, and why.
    Connect { server: String, errno: Errno },
    /// More than one, in order.
    Many(Vec<Error>),
    /// A text for standard output, before the errors that follow it.
    Out(String),
    /// Everything was said; only the exit status is left.
    Exit(ExitCode),
    /// `NAME: WHAT is not simulated`.
    NotSimulated(String),
}

impl Error {
    /// `error: TEXT`.
    pub fn text(text: impl Into<String>) -> Error {
        Error::Text(text.into())
    }

    /// `kubectl: WHAT is not simulated`.
    pub fn not_simulated(what: impl Into<String>) -> Error {
        Error::NotSimulated(what.into())
    }

    /// All of `errors`, the only one as itself.
    pub fn many(mut errors: Vec<Error>) -> Result<()> {
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => Err(Error::Many(errors)),
        }
    }

    /// The reason of a `Status`, for example `NotFound`.
    pub fn reason(&self) -> &str {
        match self {
            Error::Status(status) => status["reason"].as_str().unwrap_or(""),
            _ => "",
        }
    }

    /// True when the server has no such object.
    pub fn is_not_found(&self) -> bool {
        self.reason() == "NotFound"
    }

    /// Says which file an error of the server is about. Where an object is invalid, only one of several errors shows it.
    pub fn about_file(self, doing: &str, source: &str) -> Error {
        let Error::Status(mut status) = self else { return self };
        let told = status["reason"] != "Invalid" || !status["details"]["causes"].is_null();
        if told && !source.is_empty() {
            let message = status["message"].as_str().unwrap_or("").to_string();
            status["message"] = format!("error when {doing} {source:?}: {message}").into();
        }
        Error::Status(status)
    }

    /// The message without the words that kubectl puts before it (Go's `err.Error()`).
    pub fn message(&self) -> String {
        match self {
            Error::Text(text) | Error::Verbatim(text) | Error::Out(text) => text.clone(),
            Error::Status(status) => status["message"].as_str().unwrap_or("").to_string(),
            Error::Connect { server, errno } => {
                format!("dial tcp {server}: connect: {}", dial_error(*errno))
            }
            Error::Many(errors) => {
                let texts: Vec<String> = errors.iter().map(Error::message).collect();
                format!("[{}]", texts.join(", "))
            }
            Error::Exit(_) => String::new(),
            Error::NotSimulated(what) => format!("kubectl: {what} is not simulated"),
        }
    }

    /// What is printed on standard output before the error is reported.
    pub fn output(&self) -> String {
        match self {
            Error::Out(text) => text.clone(),
            Error::Many(errors) => errors.iter().map(Error::output).collect(),
            _ => String::new(),
        }
    }

    /// What is printed on standard error, with its line feed, and the exit status.
    pub fn report(&self) -> (String, ExitCode) {
        match self {
            Error::Text(text) if text.starts_with("error: ") => (line(text), 1),
            Error::Text(text) => (line(&format!("error: {text}")), 1),
            Error::Verbatim(text) => (line(text), 1),
            Error::Status(status) => (line(&status_text(status)), 1),
            Error::Connect { server, errno } => (line(&connect_text(server, *errno)), 1),
            Error::Many(errors) => {
                let failures =
                    errors.iter().filter(|error| !matches!(error, Error::Out(_) | Error::Exit(_))).count();
                // Where there are several, kubectl leaves out the word in front.
                let report = |error: &Error| match error {
                    Error::Text(text) if failures > 1 => (line(text), 1),
                    Error::Status(status) if failures > 1 => (line(&plain_text(status)), 1),
                    Error::Many(_) if failures > 1 => (line(&error.message()), 1),
                    error => error.report(),
                };
                let reports: Vec<(String, ExitCode)> = errors.iter().map(report).collect();
                let code = reports.iter().map(|r| r.1).max().unwrap_or(1);
                (reports.into_iter().map(|r| r.0).collect(), code)
            }
            Error::Out(_) => (String::new(), 1),
            Error::Exit(code) => (String::new(), *code),
            Error::NotSimulated(what) => (format!("kubectl: {what} is not simulated\n"), 2),
        }
    }
}

fn line(text: &str) -> String {
    if text.ends_with('\n') { text.to_string() } else { format!("{text}\n") }
}

fn status_text(status: &Value) -> String {
    let message = status["message"].as_str().unwrap_or("");
    let details = &status["details"];
    match status["reason"].as_str().unwrap_or("") {
        "Invalid" if !details.is_null() => {
            let kind = details["kind"].as_str().unwrap_or("");
            let name = details["name"].as_str().unwrap_or("");
            let mut text = match (kind, name) {
                ("", _) => "The request is invalid".to_string(),
                (kind, "") => format!("The {kind} is invalid"),
                (kind, name) => format!("The {kind} {name:?} is invalid"),
            };
            text.push_str(": ");
            let mut causes: Vec<String> = Vec::new();
            for cause in details["causes"].as_array().into_iter().flatten().map(cause_text) {
                // A server may find the same twice.
                if !causes.contains(&cause) {
                    causes.push(cause);
                }
            }
            match &causes[..] {
                [] => text.push_str(message),
                [cause] => text.push_str(cause),
                causes => {
                    for cause in causes {
                        text.push_str("\n* ");
                        text.push_str(cause);
                    }
                }
            }
            text
        }
        "Unauthorized" => {
            format!("error: You must be logged in to the server ({message})")
        }
        _ => plain_text(status),
    }
}

/// One of several errors of the server. Models `StandardErrorMessage`.
fn plain_text(status: &Value) -> String {
    let message = status["message"].as_str().unwrap_or("");
    match status["reason"].as_str().unwrap_or("") {
        "" => format!("Error from server: {message}"),
        reason => format!("Error from server ({reason}): {message}"),
    }
}

fn cause_text(cause: &Value) -> String {
    let text = |part: &str| cause[part].as_str().unwrap_or("");
    format!("{}: {}", text("field"), text("message"))
}

fn connect_text(server: &str, errno: Errno) -> String {
    match errno {
        Errno::ECONNREFUSED => {
            format!(
                "The connection to the server {server} was refused - did you specify the right host or port?"
            )
        }
        errno => format!("Unable to connect to the server: dial tcp {server}: {}", dial_error(errno)),
    }
}

/// The words of Go's `net` package for a failed dial.
pub fn dial_error(errno: Errno) -> String {
    match errno {
        Errno::ECONNREFUSED => "connection refused".to_string(),
        Errno::EHOSTUNREACH => "connect: no route to host".to_string(),
        Errno::ENETUNREACH => "connect: network is unreachable".to_string(),
        Errno::ETIMEDOUT => "i/o timeout".to_string(),
        Errno::ECONNRESET => "read: connection reset by peer".to_string(),
        other => other.text().to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::json;

    fn check(error: Error, text: &str) {
        assert_eq!(error.report(), (text.to_string(), 1));
    }

    #[test]
    fn errors_read_as_kubectl_words_them() {
        check(Error::text("unknown flag: --foo"), "error: unknown flag: --foo\n");
        check(
            Error::Status(json!({"reason": "NotFound", "message": "pods \"nosuch\" not found"})),
            "Error from server (NotFound): pods \"nosuch\" not found\n",
        );
        check(
            Error::Status(json!({"reason": "Invalid", "message": "long", "details": {
                "kind": "Service", "name": "x", "causes": [
                    {"field": "spec.ports[0].name", "message": "Required value"},
                    {"field": "spec.ports[1].name", "message": "Required value"}]}})),
            "The Service \"x\" is invalid: \n* spec.ports[0].name: Required value\n* spec.ports[1].name: Required value\n",
        );
        check(
            Error::Connect { server: "localhost:8080".into(), errno: Errno::ECONNREFUSED },
            "The connection to the server localhost:8080 was refused - did you specify the right host or port?\n",
        );
    }

    #[test]
    fn what_is_not_simulated_ends_with_status_2() {
        let report = Error::not_simulated("the command \"drain\"").report();
        assert_eq!(report, ("kubectl: the command \"drain\" is not simulated\n".to_string(), 2));
    }
}
