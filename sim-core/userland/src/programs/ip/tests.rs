use super::PROGRAM;
use crate::programs::test_bed::Bed;
use expect_test::{Expect, expect};

fn check(bed: &Bed, line: &str, expected: Expect) {
    expected.assert_eq(&bed.run(line).all());
}

#[test]
fn shows_what_a_node_has() {
    let bed = Bed::new(&[&PROGRAM]);
    check(&bed, "ip a", expect![[]]);
    check(&bed, "ip -br -4 addr", expect![[]]);
    check(&bed, "ip -br link", expect![[]]);
    check(&bed, "ip -o addr show dev eth0", expect![[]]);
    check(&bed, "ip -s link show eth0", expect![[]]);
    check(&bed, "ip r", expect![[]]);
    check(&bed, "ip r g 10.244.0.5", expect![[]]);
    check(&bed, "ip route get 8.8.8.8", expect![[]]);
    check(&bed, "ip route get 10.10.0.11", expect![[]]);
    check(&bed, "ip route show table local", expect![[]]);
}

#[test]
fn says_what_is_wrong() {
    let bed = Bed::new(&[&PROGRAM]);
    check(&bed, "ip foo", expect![[]]);
    check(&bed, "ip addr show dev nosuch", expect![[]]);
    check(&bed, "ip route get", expect![[]]);
    check(&bed, "ip route get nosuch", expect![[]]);
    check(&bed, "ip link set nosuch up", expect![[]]);
    check(&bed, "ip route add 10.9.0.0/16 via 99.9.9.9", expect![[]]);
    check(&bed, "ip -j addr", expect![[]]);
    expect![[]].assert_eq(&bed.run_as("ip link set eth0 down", 1000).all());
}

#[test]
fn changes_take_effect() {
    let bed = Bed::new(&[&PROGRAM]);
    assert_eq!(bed.run("ip route add 10.244.1.0/24 via 10.10.0.12").all(), "");
    check(&bed, "ip route add 10.244.1.0/24 via 10.10.0.12", expect![[]]);
    check(&bed, "ip route show 10.244.1.0/24", expect![[]]);
    assert_eq!(bed.run("ip route del 10.244.1.0/24").all(), "");
    check(&bed, "ip route del 10.244.1.0/24", expect![[]]);
    assert_eq!(bed.run("ip addr add 10.10.0.50/32 dev eth0").all(), "");
    assert_eq!(bed.run("ip link set cni0 down").all(), "");
    check(&bed, "ip -br a", expect![[]]);
}
