//! jq against recordings of the real one (jq 1.7.1, as Ubuntu 24.04 has it): the same words, files and input, the same
//! bytes back.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "recorded/runner.rs"]
mod runner;

#[test]
fn jq_does_what_the_real_one_does() {
    runner::check(include_str!("programs/jq.jsonl"));
}

/// What the real one does in constant space is told to be too deep before the stack ends; what repeats is not deep.
#[test]
fn deep_programs_say_so() {
    let deep = |program: &str, out: &str, err: &str, status: i32| {
        let argv = ["jq", "-n", program];
        let case = serde_json::json!({"argv": argv, "stdin": "", "stdout": out, "stderr": err, "rc": status});
        runner::check(&case.to_string());
    };
    let too_deep = "jq: a recursion this deep is not simulated\n";
    deep("def f: if . > 100000 then . else (.+1|f) end; 0|f", "", too_deep, 2);
    deep("def f: [f]; f", "", too_deep, 2);
    deep("[limit(100000;repeat(1))]|length", "100000\n", "", 0);
    deep("reduce range(100000) as $i (0;.+$i)", "4999950000\n", "", 0);
    deep(&format!("{}1{}", "(".repeat(40), ")".repeat(40)), "1\n", "", 0);
    let nested = "jq: a program nested this deep is not simulated\n";
    deep(&format!("{}1{}", "(".repeat(900), ")".repeat(900)), "", nested, 2);
}
