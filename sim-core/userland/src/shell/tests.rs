//! Tests of whole shells come from the recorded cases under `tests/shell`.

use super::parser::{Dialect, Parser};
use super::print;

/// What is printed reads back as the same tree, and prints the same again.
#[test]
fn printing_is_undone_by_parsing() {
    for text in [
        "a b | c && d || e &",
        "if a; then b; elif c; then d; else e; fi",
        "for i in 1 2 3; do echo $i; done > out 2>&1",
        "while read x; do case $x in a | b) c;; *) d;; esac; done < in",
        "f () { local x=1; { a; b; }; ( c; d ); }",
        "[[ -f x && ( a == b* || ! c =~ d ) ]]",
        "for ((i = 0; i < 3; i++)); do ((x += i)); done",
        "cat <<E\nhello $x\nE",
        "x=(1 2 [5]=3) y+=4 cmd \"$@\" 'q' $'\\n' ${a:-b} $(c d) `e`",
        "time ! a |& b",
        "until a; do b; done; select x in 1; do c; done",
    ] {
        let dialect = Dialect { at_end: true, ..Dialect::default() };
        let tree = Parser::parse_all(text, &dialect).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let printed = print::list(&tree);
        let again =
            Parser::parse_all(&printed, &dialect).unwrap_or_else(|error| panic!("{printed}: {error:?}"));
        assert_eq!(printed, print::list(&again), "of {text}");
    }
}
