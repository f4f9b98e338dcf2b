use super::PROGRAM;
use crate::programs::test_bed::Bed;
use expect_test::{Expect, expect};

fn check(bed: &Bed, line: &str, expected: Expect) {
    expected.assert_eq(&bed.run(line).all());
}

#[test]
fn shows_what_a_node_has() {
    let bed = Bed::new(&[&PROGRAM]);
    check(
        &bed,
        "ip a",
        expect![[r#"
        1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
            link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
            inet 127.0.0.1/8 scope host lo
               valid_lft forever preferred_lft forever
        2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default qlen 1000
            link/ether 6e:c9:ea:83:51:d4 brd ff:ff:ff:ff:ff:ff
            inet 10.10.0.11/24 brd 10.10.0.255 scope global eth0
               valid_lft forever preferred_lft forever
        3: cni0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
            link/ether 92:c9:af:9b:a5:29 brd ff:ff:ff:ff:ff:ff
            inet 10.244.0.1/24 brd 10.244.0.255 scope global cni0
               valid_lft forever preferred_lft forever
        4: vetha576502c@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master cni0 state UP group default qlen 1000
            link/ether 6e:c5:64:b2:97:c8 brd ff:ff:ff:ff:ff:ff link-netnsid 0
    "#]],
    );
    check(
        &bed,
        "ip -br -4 addr",
        expect![[r#"
        lo               UNKNOWN        127.0.0.1/8 
        eth0             UP             10.10.0.11/24 
        cni0             UP             10.244.0.1/24 
    "#]],
    );
    check(
        &bed,
        "ip -br link",
        expect![[r#"
        lo               UNKNOWN        00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> 
        eth0             UP             6e:c9:ea:83:51:d4 <BROADCAST,MULTICAST,UP,LOWER_UP> 
        cni0             UP             92:c9:af:9b:a5:29 <BROADCAST,MULTICAST,UP,LOWER_UP> 
        vetha576502c@if2 UP             6e:c5:64:b2:97:c8 <BROADCAST,MULTICAST,UP,LOWER_UP> 
    "#]],
    );
    check(
        &bed,
        "ip -o addr show dev eth0",
        expect![[r#"
        2: eth0    inet 10.10.0.11/24 brd 10.10.0.255 scope global eth0\       valid_lft forever preferred_lft forever
    "#]],
    );
    check(
        &bed,
        "ip -s link show eth0",
        expect![[r#"
        2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP mode DEFAULT group default qlen 1000
            link/ether 6e:c9:ea:83:51:d4 brd ff:ff:ff:ff:ff:ff
            RX:  bytes packets errors dropped  missed   mcast           
                     0       0      0       0       0       0 
            TX:  bytes packets errors dropped carrier collsns           
                     0       0      0       0       0       0 
    "#]],
    );
    check(
        &bed,
        "ip r",
        expect![[r#"
        default via 10.10.0.1 dev eth0 
        10.10.0.0/24 dev eth0 proto kernel scope link src 10.10.0.11 
        10.244.0.0/24 dev cni0 proto kernel scope link src 10.244.0.1 
    "#]],
    );
    check(
        &bed,
        "ip r g 10.244.0.5",
        expect![[r#"
        10.244.0.5 dev cni0 src 10.244.0.1 uid 0 
            cache 
    "#]],
    );
    check(
        &bed,
        "ip route get 8.8.8.8",
        expect![[r#"
        8.8.8.8 via 10.10.0.1 dev eth0 src 10.10.0.11 uid 0 
            cache 
    "#]],
    );
    check(
        &bed,
        "ip route get 10.10.0.11",
        expect![[r#"
        local 10.10.0.11 dev lo table local src 10.10.0.11 uid 0 
            cache <local> 
    "#]],
    );
    check(
        &bed,
        "ip route show table local",
        expect![[r#"
        local 10.10.0.11 dev eth0 proto kernel scope host src 10.10.0.11 
        broadcast 10.10.0.255 dev eth0 proto kernel scope link src 10.10.0.11 
        local 10.244.0.1 dev cni0 proto kernel scope host src 10.244.0.1 
        broadcast 10.244.0.255 dev cni0 proto kernel scope link src 10.244.0.1 
        local 127.0.0.0/8 dev lo proto kernel scope host src 127.0.0.1 
        local 127.0.0.1 dev lo proto kernel scope host src 127.0.0.1 
        broadcast 127.255.255.255 dev lo proto kernel scope link src 127.0.0.1 
    "#]],
    );
}

#[test]
fn says_what_is_wrong() {
    let bed = Bed::new(&[&PROGRAM]);
    check(
        &bed,
        "ip foo",
        expect![[r#"
        Object "foo" is unknown, try "ip help".
        ? 1
    "#]],
    );
    check(
        &bed,
        "ip addr show dev nosuch",
        expect![[r#"
        Device "nosuch" does not exist.
        ? 1
    "#]],
    );
    check(
        &bed,
        "ip route get",
        expect![[r#"
        need at least a destination address
        ? 1
    "#]],
    );
    check(
        &bed,
        "ip route get nosuch",
        expect![[r#"
        Error: any valid prefix is expected rather than "nosuch".
        ? 1
    "#]],
    );
    check(
        &bed,
        "ip link set nosuch up",
        expect![[r#"
        Cannot find device "nosuch"
        ? 1
    "#]],
    );
    check(
        &bed,
        "ip route add 10.9.0.0/16 via 99.9.9.9",
        expect![[r#"
        Error: Nexthop has invalid gateway.
        ? 2
    "#]],
    );
    check(
        &bed,
        "ip -j addr",
        expect![[r#"
        ip: the option -j is not simulated
        ? 2
    "#]],
    );
    expect![[r#"
        RTNETLINK answers: Operation not permitted
        ? 2
    "#]]
    .assert_eq(&bed.run_as("ip link set eth0 down", 1000).all());
}

#[test]
fn changes_take_effect() {
    let bed = Bed::new(&[&PROGRAM]);
    assert_eq!(bed.run("ip route add 10.244.1.0/24 via 10.10.0.12").all(), "");
    check(
        &bed,
        "ip route add 10.244.1.0/24 via 10.10.0.12",
        expect![[r#"
        RTNETLINK answers: File exists
        ? 2
    "#]],
    );
    check(
        &bed,
        "ip route show 10.244.1.0/24",
        expect![[r#"
        10.244.1.0/24 via 10.10.0.12 dev eth0 
    "#]],
    );
    assert_eq!(bed.run("ip route del 10.244.1.0/24").all(), "");
    check(
        &bed,
        "ip route del 10.244.1.0/24",
        expect![[r#"
        RTNETLINK answers: No such process
        ? 2
    "#]],
    );
    assert_eq!(bed.run("ip addr add 10.10.0.50/32 dev eth0").all(), "");
    assert_eq!(bed.run("ip link set cni0 down").all(), "");
    check(
        &bed,
        "ip -br a",
        expect![[r#"
        lo               UNKNOWN        127.0.0.1/8 
        eth0             UP             10.10.0.11/24 10.10.0.50/32 
        cni0             DOWN           10.244.0.1/24 
        vetha576502c@if2 UP             
    "#]],
    );
}
