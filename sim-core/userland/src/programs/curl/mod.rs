//! `curl` 7.88.1, as far as HTTP/1.1 goes: its options, its progress meter, its texts and exit codes.
//!
//! Connections are real ones on the simulated network, so every failure is what the network did. TLS is pretended: the
//! API server's ports speak it without a certificate that anybody here knows, all others answer as a server without
//! TLS does.

mod error;
mod glob;
mod options;
mod progress;
mod transfer;
mod url;
mod write_out;

use error::CurlError;
use linux::{Args, ExitCode, Program, ProgramFuture, Sys};
use options::{Options, Parsed};
use std::time::Duration;
use transfer::Session;

/// The program.
pub const CURL: Program =
    Program::new("curl", "Transfer a URL", |sys, args| -> ProgramFuture { Box::pin(main(sys, args)) });

/// What loading a program of this size and its libraries takes.
const START_UP: Duration = Duration::from_millis(8);

async fn main(sys: Sys, args: Args) -> ExitCode {
    sys.sigaction(linux::Signal::PIPE, linux::signal::Disposition::Ignore);
    sys.cpu(START_UP).await;
    let options = match options::parse(&args[1..]) {
        Parsed::Run(options) => *options,
        Parsed::Say(text) => {
            sys.out(&text).await;
            return 0;
        }
        Parsed::Usage(text) => {
            sys.err(&text).await;
            return 2;
        }
    };
    if options.urls.is_empty() {
        sys.err("curl: no URL specified!\ncurl: try 'curl --help' or 'curl --manual' for more information\n")
            .await;
        return 2;
    }
    run(sys, &options).await
}

async fn run(sys: Sys, options: &Options) -> ExitCode {
    let mut session = Session::new(sys.clone(), options);
    let mut code = 0;
    let mut outputs = options.outputs.iter();
    for given in &options.urls {
        let output = outputs.next();
        let urls = if options.globoff { Ok(vec![given.clone()]) } else { glob::expand(given) };
        let urls = match urls {
            Ok(urls) => urls,
            Err(message) => {
                sys.err(&format!("curl: (3) {message}\n")).await;
                return 3;
            }
        };
        for url in urls {
            code = match session.fetch(&url, output).await {
                Ok(()) => 0,
                Err(error) => {
                    report(&sys, options, &error).await;
                    error.code
                }
            };
            if code != 0 && options.fail_early {
                return code;
            }
        }
    }
    session.close();
    code
}

async fn report(sys: &Sys, options: &Options, error: &CurlError) {
    if options.silent && !options.show_error {
        return;
    }
    sys.err(&format!("curl: ({}) {}\n", error.code, error.message)).await;
    if error.code == 60 {
        sys.err(
            "More details here: https://curl.se/docs/sslcerts.html\n\n\
             curl failed to verify the legitimacy of the server and therefore could not\n\
             establish a secure connection to it. To learn more about this situation and\n\
             how to fix it, please visit the web page mentioned above.\n",
        )
        .await;
    }
}
