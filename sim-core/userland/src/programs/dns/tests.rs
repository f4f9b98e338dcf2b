use super::{DIG, HOST, NSLOOKUP};
use crate::programs::getent;
use crate::programs::test_bed::Bed;
use expect_test::{Expect, expect};
use linux::dns::{Message, Rcode, Record, RecordData, record_type};
use linux::{Args, ExitCode, Program, ProgramFuture, Sys};
use std::net::SocketAddr;

const SERVER: Program =
    Program::new("nameserver", "", |sys, args| -> ProgramFuture { Box::pin(serve(sys, args)) });

/// Knows one service as CoreDNS does: an authority without recursion for its zone.
async fn serve(sys: Sys, _: Args) -> ExitCode {
    let fd = sys.udp("0.0.0.0:53".parse::<SocketAddr>().unwrap()).unwrap();
    loop {
        let Ok((bytes, from)) = sys.recv_from(fd, 4096).await else { return 1 };
        let query = Message::decode(&bytes).unwrap();
        let mut reply = Message::reply_to(&query);
        reply.authoritative = true;
        reply.additionals = query.additionals.clone();
        let question = &query.questions[0];
        let record = |data| Record { name: question.name.clone(), ttl: 30, data };
        match (question.name.as_str(), question.record_type) {
            ("blue.default.svc.cluster.local.", record_type::A) => {
                reply.answers.push(record(RecordData::A("10.96.20.1".parse().unwrap())));
            }
            ("blue.default.svc.cluster.local.", _) => {}
            ("1.20.96.10.in-addr.arpa.", _) => {
                reply.answers.push(record(RecordData::Ptr("blue.default.svc.cluster.local.".into())));
            }
            _ => reply.rcode = Rcode::NxDomain,
        }
        let _ = sys.send_to(fd, &reply.encode(), from).await;
    }
}

fn bed() -> Bed {
    let bed = Bed::new(&[&DIG, &HOST, &NSLOOKUP, &getent::PROGRAM, &SERVER]);
    let text = "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.10.0.12\noptions ndots:5\n";
    bed.host.namespaces().root.put("/etc/resolv.conf", text, 0o644).unwrap();
    bed
}

fn check(bed: &Bed, line: &str, expected: Expect) {
    expected.assert_eq(&bed.run(line).all());
}

#[test]
fn an_answer_as_each_program_tells_it() {
    let bed = bed();
    let _server = bed.serve("nameserver");
    check(
        &bed,
        "dig blue.default.svc.cluster.local",
        expect![[r#"

        ; <<>> DiG 9.18.30-0ubuntu0.24.04.2-Ubuntu <<>> blue.default.svc.cluster.local
        ;; global options: +cmd
        ;; Got answer:
        ;; WARNING: .local is reserved for Multicast DNS
        ;; You are currently testing what happens when an mDNS query is leaked to DNS
        ;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 55233
        ;; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1
        ;; WARNING: recursion requested but not available

        ;; OPT PSEUDOSECTION:
        ; EDNS: version: 0, flags:; udp: 1232
        ; COOKIE: 8c312d80fdded0b9 (echoed)
        ;; QUESTION SECTION:
        ;blue.default.svc.cluster.local.	IN	A

        ;; ANSWER SECTION:
        blue.default.svc.cluster.local.	30 IN	A	10.96.20.1

        ;; Query time: 0 msec
        ;; SERVER: 10.10.0.12#53(10.10.0.12) (UDP)
        ;; WHEN: Mon Jan 05 08:00:00 UTC 2026
        ;; MSG SIZE  rcvd: 87

    "#]],
    );
    check(
        &bed,
        "dig +search +short blue",
        expect![[r#"
        10.96.20.1
    "#]],
    );
    check(
        &bed,
        "dig +search +noall +answer blue",
        expect![[r#"
        blue.default.svc.cluster.local.	30 IN	A	10.96.20.1
    "#]],
    );
    check(
        &bed,
        "dig -x 10.96.20.1 +short",
        expect![[r#"
        blue.default.svc.cluster.local.
    "#]],
    );
    check(
        &bed,
        "host blue",
        expect![[r#"
        blue.default.svc.cluster.local has address 10.96.20.1
    "#]],
    );
    check(
        &bed,
        "host 10.96.20.1",
        expect![[r#"
        1.20.96.10.in-addr.arpa domain name pointer blue.default.svc.cluster.local.
    "#]],
    );
    check(
        &bed,
        "host 10.99.99.99",
        expect![[r#"
        Host 99.99.99.10.in-addr.arpa. not found: 3(NXDOMAIN)
        ? 1
    "#]],
    );
    check(
        &bed,
        "host -t SRV blue",
        expect![[r#"
        blue.default.svc.cluster.local has no SRV record
    "#]],
    );
    check(
        &bed,
        "nslookup blue",
        expect![[r#"
        ;; Got recursion not available from 10.10.0.12
        Server:		10.10.0.12
        Address:	10.10.0.12#53

        Name:	blue.default.svc.cluster.local
        Address: 10.96.20.1
        ;; Got recursion not available from 10.10.0.12

    "#]],
    );
    check(
        &bed,
        "nslookup nosuch",
        expect![[r#"
        ;; Got recursion not available from 10.10.0.12
        ;; Got recursion not available from 10.10.0.12
        ;; Got recursion not available from 10.10.0.12
        ;; Got recursion not available from 10.10.0.12
        Server:		10.10.0.12
        Address:	10.10.0.12#53

        ** server can't find nosuch: NXDOMAIN

        ? 1
    "#]],
    );
    check(
        &bed,
        "nslookup 10.96.20.1",
        expect![[r#"
        ;; Got recursion not available from 10.10.0.12
        1.20.96.10.in-addr.arpa	name = blue.default.svc.cluster.local.

    "#]],
    );
    check(
        &bed,
        "nslookup -type=AAAA blue",
        expect![[r#"
        ;; Got recursion not available from 10.10.0.12
        Server:		10.10.0.12
        Address:	10.10.0.12#53

        *** Can't find blue: No answer

    "#]],
    );
    check(
        &bed,
        "getent hosts blue",
        expect![[r#"
        10.96.20.1      blue.default.svc.cluster.local
    "#]],
    );
    check(
        &bed,
        "getent hosts 10.96.20.1",
        expect![[r#"
        10.96.20.1      blue.default.svc.cluster.local
    "#]],
    );
    check(
        &bed,
        "getent ahosts blue",
        expect![[r#"
        10.96.20.1      STREAM blue.default.svc.cluster.local
        10.96.20.1      DGRAM  
        10.96.20.1      RAW    
    "#]],
    );
    check(
        &bed,
        "getent hosts nosuch",
        expect![[r#"
        ? 2
    "#]],
    );
    check(
        &bed,
        "getent hosts node2",
        expect![[r#"
        10.10.0.12      node2
    "#]],
    );
    check(
        &bed,
        "getent passwd student",
        expect![[r#"
        student:x:1000:1000::/home/student:/bin/bash
    "#]],
    );
}

#[test]
fn nobody_answers() {
    let bed = bed();
    check(
        &bed,
        "dig @10.10.0.12 blue +tries=1",
        expect![[r#"
        ;; communications error to 10.10.0.12#53: connection refused

        ; <<>> DiG 9.18.30-0ubuntu0.24.04.2-Ubuntu <<>> @10.10.0.12 blue +tries=1
        ; (1 server found)
        ;; global options: +cmd
        ;; no servers could be reached
        ? 9
    "#]],
    );
    check(
        &bed,
        "dig @10.10.0.99 blue +time=1 +tries=1 +short",
        expect![[r#"
        ;; communications error to 10.10.0.99#53: timed out
        ;; no servers could be reached
        ? 9
    "#]],
    );
    check(
        &bed,
        "host -W1 blue 10.10.0.12",
        expect![[r#"
        Using domain server:
        Name: 10.10.0.12
        Address: 10.10.0.12#53
        Aliases: 

        ;; communications error to 10.10.0.12#53: connection refused
        ;; communications error to 10.10.0.12#53: connection refused
        ;; no servers could be reached
        ? 1
    "#]],
    );
    check(
        &bed,
        "nslookup blue",
        expect![[r#"
        ;; communications error to 10.10.0.12#53: connection refused
        ;; communications error to 10.10.0.12#53: connection refused
        ;; communications error to 10.10.0.12#53: connection refused
        ;; no servers could be reached

        ? 1
    "#]],
    );
}
