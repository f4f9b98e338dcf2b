//! `sha256sum`: digests, and whether they still hold.

use super::support::{prelude::*, program};
use sha2::{Digest, Sha256};

program!(PROGRAM, "sha256sum", "Compute and check SHA256 message digest", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str =
        "b|binary c|check t|text z|zero !--tag --quiet --status --strict w|warn --ignore-missing";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let mut status = 0;
    for file in options.files() {
        let Some(bytes) = slurp(&sys, name, &file).await else {
            status = 1;
            continue;
        };
        if !options.has("c") {
            let end = if options.has("z") { "\0" } else { "\n" };
            sys.out(&format!("{}  {file}{end}", digest(&bytes))).await;
            continue;
        }
        let (mut wrong, mut missing, mut malformed, mut good) = (0, 0, 0, 0);
        for line in String::from_utf8_lossy(&bytes).lines() {
            let Some((expected, path)) = line.split_once(' ').filter(|(digest, _)| digest.len() == 64) else {
                malformed += 1;
                continue;
            };
            let path = path.trim_start_matches([' ', '*']);
            match sys.read_file(path).await {
                Ok(bytes) => {
                    let holds = digest(&bytes) == expected.to_lowercase();
                    good += usize::from(holds);
                    wrong += usize::from(!holds);
                    let is_quiet = options.has("status") || holds && options.has("quiet");
                    if !is_quiet {
                        sys.out(&format!("{path}: {}\n", if holds { "OK" } else { "FAILED" })).await;
                    }
                }
                Err(Errno::ENOENT) if options.has("ignore-missing") => {}
                Err(errno) => {
                    complain(&sys, name, &format!("{path}: {errno}")).await;
                    sys.out(&format!("{path}: FAILED open or read\n")).await;
                    missing += 1;
                }
            }
        }
        if good + wrong + missing == 0 {
            complain(
                &sys,
                name,
                &format!("{}: no properly formatted checksum lines found", quote_if_needed(&file)),
            )
            .await;
            status = 1;
            continue;
        }
        let warnings = [
            (malformed, "line is improperly formatted", "lines are improperly formatted"),
            (missing, "listed file could not be read", "listed files could not be read"),
            (wrong, "computed checksum did NOT match", "computed checksums did NOT match"),
        ];
        for (count, one, many) in warnings {
            if count > 0 && !options.has("status") {
                complain(&sys, name, &format!("WARNING: {count} {}", if count == 1 { one } else { many }))
                    .await;
            }
        }
        status |= i32::from(wrong + missing > 0);
    }
    status
}

fn digest(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}
