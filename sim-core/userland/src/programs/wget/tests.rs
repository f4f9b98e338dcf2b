use super::super::test_bed::Bed;
use super::*;
use linux::{Program, ProgramFuture};

const SERVER: Program =
    Program::new("webserver", "", |sys, args| -> ProgramFuture { Box::pin(serve(sys, args)) });

async fn serve(sys: Sys, _: Args) -> ExitCode {
    let listener = sys.listen("0.0.0.0:80".parse::<SocketAddr>().unwrap(), 16).unwrap();
    loop {
        let Ok((fd, _)) = sys.accept(listener).await else { return 1 };
        let mut connection = Connection::new(&sys, fd);
        while let Ok(Some(head)) = connection.read_request().await {
            let text = vec![("Content-Type".to_string(), "text/plain; charset=utf-8".to_string())];
            let moved = vec![("Location".to_string(), "/there".to_string())];
            let _ = match head.target.as_str() {
                "/missing" => connection.write_response(404, &text, b"no\n").await,
                "/moved" => connection.write_response(301, &moved, b"").await,
                _ => connection.write_response(200, &text, b"hello\n").await,
            };
        }
        let _ = sys.close(fd);
    }
}

/// Without the measured times.
fn steady(text: &str) -> String {
    let mut text = text.to_string();
    while let Some(at) = text.find("B/s)") {
        let from = text[..at].rfind('(').unwrap();
        text.replace_range(from..at + 4, "RATE");
    }
    text.lines()
        .map(|line| if line.starts_with("     0K") { "DOTS" } else { line })
        .collect::<Vec<_>>()
        .join("\n")
}

fn check(bed: &Bed, line: &str, expected: expect_test::Expect) {
    expected.assert_eq(&format!("{}\n", steady(&bed.run(line).all())));
}

#[test]
fn pages_are_fetched() {
    let bed = Bed::new(&[&PROGRAM, &SERVER]);
    let _server = bed.serve("webserver");
    assert_eq!(bed.run("wget -qO- node2").all(), "hello\n");
    check(
        &bed,
        "wget -O- node2",
        expect_test::expect![[r#"
        hello
        --2026-01-05 08:00:00--  http://node2/
        Resolving node2 (node2)... 10.10.0.12
        Connecting to node2 (node2)|10.10.0.12|:80... connected.
        HTTP request sent, awaiting response... 200 OK
        Length: 6 [text/plain]
        Saving to: ‘STDOUT’

        DOTS

        2026-01-05 08:00:00 RATE - written to stdout [6/6]

    "#]],
    );
    check(
        &bed,
        "wget 10.10.0.12",
        expect_test::expect![[r#"
        --2026-01-05 08:00:00--  http://10.10.0.12/
        Connecting to 10.10.0.12:80... connected.
        HTTP request sent, awaiting response... 200 OK
        Length: 6 [text/plain]
        Saving to: ‘index.html’

        DOTS

        2026-01-05 08:00:00 RATE - ‘index.html’ saved [6/6]

    "#]],
    );
    check(
        &bed,
        "wget -nv 10.10.0.12",
        expect_test::expect![[r#"
        2026-01-05 08:00:00 URL:http://10.10.0.12/ [6/6] -> "index.html.1" [1]
    "#]],
    );
    check(
        &bed,
        "wget -O- node2/moved",
        expect_test::expect![[r#"
        hello
        --2026-01-05 08:00:00--  http://node2/moved
        Resolving node2 (node2)... 10.10.0.12
        Connecting to node2 (node2)|10.10.0.12|:80... connected.
        HTTP request sent, awaiting response... 301 Moved Permanently
        Location: /there [following]
        --2026-01-05 08:00:00--  http://node2/there
        Reusing existing connection to node2:80.
        HTTP request sent, awaiting response... 200 OK
        Length: 6 [text/plain]
        Saving to: ‘STDOUT’

        DOTS

        2026-01-05 08:00:00 RATE - written to stdout [6/6]

    "#]],
    );
    check(
        &bed,
        "wget node2/missing",
        expect_test::expect![[r#"
        --2026-01-05 08:00:00--  http://node2/missing
        Resolving node2 (node2)... 10.10.0.12
        Connecting to node2 (node2)|10.10.0.12|:80... connected.
        HTTP request sent, awaiting response... 404 Not Found
        2026-01-05 08:00:00 ERROR 404: Not Found.

        ? 8
    "#]],
    );
    check(
        &bed,
        "wget -O- 10.10.0.12:81",
        expect_test::expect![[r#"
        --2026-01-05 08:00:00--  http://10.10.0.12:81/
        Connecting to 10.10.0.12:81... failed: Connection refused.
        ? 4
    "#]],
    );
    check(
        &bed,
        "wget -T2 -t1 8.8.8.8",
        expect_test::expect![[r#"
        --2026-01-05 08:00:00--  http://8.8.8.8/
        Connecting to 8.8.8.8:80... failed: Connection timed out.
        Giving up.

        ? 4
    "#]],
    );
    check(
        &bed,
        "wget nosuch.",
        expect_test::expect![[r#"
        --2026-01-05 08:00:02--  http://nosuch./
        Resolving nosuch. (nosuch.)... failed: Temporary failure in name resolution.
        wget: unable to resolve host address ‘nosuch.’
        ? 4
    "#]],
    );
}

#[test]
fn dots_stand_for_kibibytes() {
    // As recorded.
    let one = "     0K                                                       100% 70.6M=0s\n\n";
    assert_eq!(dots(332, Some(332), 332.0 / 1024.0 / 1024.0 / 70.6), one);
}
