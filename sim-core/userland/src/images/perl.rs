//! `perl`: known to classes for one program, the job that computes π: `perl -Mbignum=bpi -wle 'print bpi(2000)'`.
//!
//! That one is run, with as many digits as it asks for; every other Perl program says that it is not simulated.

use super::{ImageInfo, rootfs};
use linux::{Args, ExitCode, Program, ProgramFuture, Sys};
use std::time::Duration;

/// The image.
pub(super) const IMAGE: ImageInfo = ImageInfo {
    repository: "docker.io/library/perl",
    tags: &["latest", "5", "5.34", "5.34.0", "5.40", "5.42", "5.42.0"],
    size: 366_021_481,
    build: || {
        let root = rootfs::debian().program("/usr/local/bin", &PERL);
        let mut image = rootfs::image(root, &[], &["perl", "-de0"]);
        image.workdir = "/usr/src/app".into();
        image
    },
};

const PERL: Program =
    Program::new("perl", "Practical Extraction and Report Language", |sys, args| -> ProgramFuture {
        Box::pin(main(sys, args))
    });

/// More digits than anybody waits for.
const MOST: usize = 10_000;

async fn main(sys: Sys, args: Args) -> ExitCode {
    let Some((digits, newline)) = digits_asked(&args[1..]) else {
        sys.err("perl: this program is not simulated\n").await;
        return 2;
    };
    // Two seconds for two thousand digits, and four times as long for twice as many.
    let millis = (digits * digits / 2_000) as u64;
    if sys.sleep(Duration::from_millis(millis)).await.is_err() {
        return 1;
    }
    let end = if newline { "\n" } else { "" };
    sys.out(&format!("{}{end}", pi(digits))).await;
    0
}

/// How many digits the program prints, and whether a line ends there.
fn digits_asked(args: &[String]) -> Option<(usize, bool)> {
    let [module, switches, code] = args else { return None };
    let newline = match (module.as_str(), switches.as_str()) {
        ("-Mbignum=bpi", "-wle" | "-le" | "-lwe") => true,
        ("-Mbignum=bpi", "-we" | "-e") => false,
        _ => return None,
    };
    let code = code.trim().trim_end_matches(';').trim_end();
    let number = code.strip_prefix("print")?.trim_start().strip_prefix("bpi(")?.strip_suffix(')')?;
    let digits = number.trim().parse::<usize>().ok().filter(|digits| *digits <= MOST)?;
    // Nothing asked for means forty.
    Some((if digits == 0 { 40 } else { digits }, newline))
}

/// A number below ten: its whole part, then nine decimals each.
type Fixed = Vec<u32>;

const BASE: u64 = 1_000_000_000;

/// π to so many digits, the last one rounded. Machin's formula: 16 arctan 1/5 - 4 arctan 1/239.
fn pi(digits: usize) -> String {
    let size = digits / 9 + 4;
    let mut sum = vec![0; size];
    add_arctan(&mut sum, 16, 5, false);
    add_arctan(&mut sum, 4, 239, true);
    let decimals: String = sum[1..].iter().map(|limb| format!("{limb:09}")).collect();
    let mut shown: Vec<u8> = format!("{}{decimals}", sum[0]).into_bytes();
    let up = shown[digits] >= b'5';
    shown.truncate(digits);
    if up {
        for digit in shown.iter_mut().rev() {
            *digit = if *digit == b'9' { b'0' } else { *digit + 1 };
            if *digit != b'0' {
                break;
            }
        }
    }
    let text = String::from_utf8_lossy(&shown);
    if digits == 1 { text.into_owned() } else { format!("{}.{}", &text[..1], &text[1..]) }
}

/// Adds `factor` times arctan 1/`x`, or takes it away.
fn add_arctan(sum: &mut Fixed, factor: u32, x: u64, negative: bool) {
    let mut power = vec![0; sum.len()];
    power[0] = factor;
    divide(&mut power, x);
    let mut minus = negative;
    for odd in (1..).step_by(2) {
        let mut term = power.clone();
        divide(&mut term, odd);
        add(sum, &term, minus);
        minus = !minus;
        divide(&mut power, x * x);
        if power.iter().all(|limb| *limb == 0) {
            return;
        }
    }
}

fn divide(number: &mut Fixed, by: u64) {
    let mut rest = 0;
    for limb in number {
        let whole = rest * BASE + u64::from(*limb);
        *limb = (whole / by) as u32;
        rest = whole % by;
    }
}

fn add(sum: &mut Fixed, term: &Fixed, minus: bool) {
    let mut carry = 0;
    for (limb, other) in sum.iter_mut().zip(term).rev() {
        let other = if minus { -i64::from(*other) } else { i64::from(*other) };
        let total = i64::from(*limb) + other + carry;
        carry = total.div_euclid(BASE as i64);
        *limb = total.rem_euclid(BASE as i64) as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    /// As printed by perl 5.36.
    #[test]
    fn digits_of_pi() {
        assert_eq!(pi(1), "3");
        assert_eq!(pi(5), "3.1416");
        assert_eq!(pi(20), "3.1415926535897932385");
        assert_eq!(pi(33), "3.14159265358979323846264338327950");
        let thousand = Sha256::digest(format!("{}\n", pi(1_000)));
        assert_eq!(
            base16ct::lower::encode_string(&thousand),
            "bcf378347940e5393d513e3e706071626d00336ea4f4cede8d81b5254a038831"
        );
        assert_eq!(pi(2_000).len(), 2_001);
    }

    #[test]
    fn only_that_program() {
        let asked = |line: &str| {
            let args: Vec<String> = line.split('|').map(str::to_string).collect();
            digits_asked(&args)
        };
        assert_eq!(asked("-Mbignum=bpi|-wle|print bpi(2000)"), Some((2_000, true)));
        assert_eq!(asked("-Mbignum=bpi|-we|print bpi( 5 );"), Some((5, false)));
        assert_eq!(asked("-Mbignum=bpi|-wle|print bpi(0)"), Some((40, true)));
        assert_eq!(asked("-Mbignum=bpi|-wle|print 2**100"), None);
        assert_eq!(asked("-Mbignum=bpi|-wle|print bpi(99999)"), None);
        assert_eq!(asked("-e|print 1"), None);
    }
}
