//! The line discipline and job control, as the person at the keyboard sees them.

use super::{PtyMaster, Termios, WinSize};
use crate::fd::PollFd;
use crate::signal::Disposition;
use crate::testing::{Machine, screen};
use crate::{Errno, File, Signal, Sys, WaitFor, WaitStatus};
use std::time::Duration;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Types into a terminal where a program shows each line that it reads; gives the screen.
fn type_lines(typed: &[u8]) -> String {
    let machine = Machine::new();
    let (master, _) = machine.login(|sys| async move {
        loop {
            let line = sys.read(0, 4096).await.unwrap();
            sys.out(&format!("<{}>", String::from_utf8_lossy(&line).escape_debug())).await;
            if line.is_empty() {
                return 0;
            }
        }
    });
    let mut shown = Vec::new();
    for byte in typed {
        master.input(&[*byte]);
        machine.pass(1);
        shown.extend(master.take_output());
    }
    String::from_utf8(shown).unwrap()
}

#[test]
fn lines_are_echoed_and_come_whole() {
    assert_eq!(type_lines(b"ls\r"), "ls\r\n<ls\\n>");
    assert_eq!(type_lines(b"a\nb\n"), "a\r\n<a\\n>b\r\n<b\\n>");
}

#[test]
fn lines_are_edited() {
    assert_eq!(type_lines(b"ab\x7fc\r"), "ab\x08 \x08c\r\n<ac\\n>");
    assert_eq!(type_lines(b"ab\x15c\r"), "ab\x08 \x08\x08 \x08c\r\n<c\\n>");
    assert_eq!(type_lines(b"a bc \x17d\r"), "a bc \x08 \x08\x08 \x08\x08 \x08d\r\n<a d\\n>");
    assert_eq!(type_lines("é\x7fe\r".as_bytes()), "é\x08 \x08e\r\n<e\\n>");
    assert_eq!(type_lines(b"\x01\x7fb\r"), "^A\x08 \x08\x08 \x08b\r\n<b\\n>");
    assert_eq!(type_lines(b"a\tb\x7f\x7fc\r"), "a\tb\x08 \x08\x08\x08\x08\x08\x08\x08\x08c\r\n<ac\\n>");
    assert_eq!(type_lines(b"ab\x12c\r"), "ab^R\r\nabc\r\n<abc\\n>");
    assert_eq!(type_lines(b"\x16\x03\r"), "^\x08^C\r\n<\\u{3}\\n>");
    assert_eq!(type_lines(b"\x7f\x15x\r"), "x\r\n<x\\n>");
}

#[test]
fn control_d_ends_the_input_or_sends_what_there_is() {
    assert_eq!(type_lines(b"\x04"), "<>");
    assert_eq!(type_lines(b"ab\x04\x04"), "ab<ab><>");
}

#[test]
fn control_c_ends_the_foreground() {
    let machine = Machine::new();
    let (master, pid) = machine.login(|sys| async move {
        sys.out("go\n").await;
        sys.sleep(ms(100_000)).await.unwrap();
        0
    });
    master.input(b"typed ahead\x03");
    assert_eq!(machine.wait(pid), WaitStatus::Signaled(Signal::INT));
    assert_eq!(screen(&master), "^C", "what was not shown yet is flushed");
    assert!(master.is_closed());
}

#[test]
fn a_flood_waits_for_the_screen_and_ends_at_once() {
    let machine = Machine::new();
    let (master, pid) = machine.login(|sys| async move {
        loop {
            sys.write_all(1, &b"y\n".repeat(512)).await.unwrap();
        }
    });
    machine.pass(10);
    let first = master.take_output().len();
    assert!((10_000..20_000).contains(&first), "{first} bytes in 11 ms");
    machine.pass(1_000);
    let then = master.take_output().len();
    assert!((65_536..70_000).contains(&then), "{then} bytes wait");
    machine.pass(1_000);
    master.input(b"\x03");
    assert_eq!(screen(&master), "^C");
    assert_eq!(machine.wait(pid), WaitStatus::Signaled(Signal::INT));
}

#[test]
fn raw_mode_passes_everything_on() {
    let machine = Machine::new();
    let log = machine.log();
    let (master, _) = machine.login({
        let log = log.clone();
        move |sys| {
            let log = log.clone();
            async move {
                assert_eq!(sys.tcgetattr(0), Ok(Termios::COOKED));
                sys.sleep(ms(10)).await.unwrap();
                sys.tcsetattr(0, Termios::RAW).unwrap();
                for _ in 0..2 {
                    log.note(format!("{:?}", sys.read(0, 100).await.unwrap()));
                }
                sys.out("a\n").await;
                sys.sleep(ms(10)).await.unwrap();
                sys.tcsetattr(0, Termios::COOKED).unwrap();
                log.note(format!("{:?}", sys.read(0, 100).await.unwrap()));
                0
            }
        }
    });
    master.input(b"typed");
    machine.pass(10);
    assert_eq!(screen(&master), "typed");
    master.input(b"\x03\r\x04");
    machine.pass(1);
    assert_eq!(screen(&master), "a\n");
    master.input(b"xy");
    machine.pass(20);
    assert_eq!(log.take(), [format!("{:?}", b"typed"), "[3, 13, 4]".into(), format!("{:?}", b"xy")]);
}

#[test]
fn a_long_paste_is_not_lost() {
    let machine = Machine::new();
    let log = machine.log();
    let (master, _) = machine.login({
        let log = log.clone();
        move |sys| {
            let log = log.clone();
            async move {
                sys.sleep(ms(10)).await.unwrap();
                let mut lines = 0;
                loop {
                    let line = sys.read(0, 4096).await.unwrap();
                    assert_eq!(line, format!("line {lines}\n").as_bytes());
                    lines += 1;
                    log.note("");
                }
            }
        }
    });
    let paste: String = (0..2_000).map(|n| format!("line {n}\r")).collect();
    master.input(paste.as_bytes());
    machine.pass(100);
    assert_eq!(log.take().len(), 2_000);
    assert!(master.is_waiting_for_input());
}

#[test]
fn the_window_changes_its_size() {
    let machine = Machine::new();
    let (master, pid) = machine.login(|sys| async move {
        sys.sigaction(Signal::WINCH, Disposition::Catch);
        assert_eq!(sys.winsize(0), Ok(WinSize { rows: 24, cols: 80 }));
        assert_eq!(sys.read(0, 10).await, Err(Errno::EINTR));
        assert_eq!(sys.take_signal(), Some(Signal::WINCH));
        assert_eq!(sys.winsize(1), Ok(WinSize { rows: 30, cols: 100 }));
        assert_eq!(sys.ttyname(2).as_deref(), Some("/dev/pts/0"));
        assert_eq!(sys.stat("/dev/pts/0").map(|stat| stat.uid), Ok(1000));
        sys.write_file("/dev/tty", b"t").await.unwrap();
        sys.write_file("/dev/pts/0", b"p").await.unwrap();
        0
    });
    master.resize(WinSize { rows: 30, cols: 100 });
    assert_eq!(machine.wait(pid), WaitStatus::Exited(0));
    assert_eq!(screen(&master), "tp");
    let root = machine.host.namespaces().root;
    assert_eq!(root.read_dir("/dev/pts").unwrap(), ["0"]);
    drop(master);
    assert!(root.read_dir("/dev/pts").unwrap().is_empty());
}

#[test]
fn hanging_up_ends_the_session() {
    let machine = Machine::new();
    let (master, pid) = machine.login(|sys| async move {
        sys.sigaction(Signal::HUP, Disposition::Catch);
        assert_eq!(sys.wait_signal().await, Signal::HUP);
        assert_eq!(sys.read(0, 10).await, Ok(vec![]));
        assert_eq!(sys.write(1, b"x").await, Err(Errno::EIO));
        3
    });
    assert!(!master.is_waiting_for_input());
    drop(master);
    assert_eq!(machine.wait(pid), WaitStatus::Exited(3));
}

/// A child in a process group of its own, as a shell starts a job.
fn job(sys: &Sys, foreground: bool, main: impl FnOnce(Sys) -> crate::ProgramFuture + 'static) -> i32 {
    let pid = sys
        .fork(move |sys| {
            sys.setpgid(0, 0).unwrap();
            if foreground {
                sys.tcsetpgrp(0, sys.pid()).unwrap();
            }
            sys.sigaction(Signal::TSTP, Disposition::Default);
            sys.sigaction(Signal::TTOU, Disposition::Default);
            sys.sigaction(Signal::TTIN, Disposition::Default);
            main(sys)
        })
        .unwrap();
    sys.setpgid(pid, pid).unwrap();
    if foreground {
        sys.tcsetpgrp(0, pid).unwrap();
    }
    pid
}

fn be_a_shell(sys: &Sys) {
    for signal in [Signal::TSTP, Signal::TTIN, Signal::TTOU] {
        sys.sigaction(signal, Disposition::Ignore);
    }
}

#[test]
fn control_z_stops_a_job_and_the_shell_gets_the_terminal_back() {
    let machine = Machine::new();
    let (master, pid) = machine.login(|sys| async move {
        be_a_shell(&sys);
        let shell = sys.getpgrp();
        let cat = job(&sys, true, |sys| {
            Box::pin(async move {
                let line = sys.read(0, 100).await.unwrap();
                sys.write_all(1, &line).await.unwrap();
                5
            })
        });
        let stopped = sys.wait(WaitFor::Pid(cat), true, false).await.unwrap();
        assert_eq!(stopped, Some((cat, WaitStatus::Stopped(Signal::TSTP))));
        assert_eq!(sys.tcgetpgrp(0), Ok(cat));
        sys.tcsetpgrp(0, shell).unwrap();
        sys.out("stopped\n").await;
        assert_eq!(sys.read(0, 100).await.unwrap(), b"fg\n");
        sys.tcsetpgrp(0, cat).unwrap();
        sys.kill(-cat, Some(Signal::CONT)).unwrap();
        assert_eq!(
            sys.wait(WaitFor::Group(cat), true, false).await.unwrap(),
            Some((cat, WaitStatus::Continued))
        );
        sys.wait(WaitFor::Any, false, false).await.unwrap().unwrap().1.exit_code()
    });
    machine.pass(5);
    assert!(master.is_waiting_for_input());
    master.input(b"lost\x1a");
    machine.pass(5);
    assert_eq!(screen(&master), "^Zstopped\r\n");
    assert!(master.is_waiting_for_input());
    master.input(b"fg\r");
    machine.pass(5);
    master.input(b"hello\r");
    assert_eq!(machine.wait(pid), WaitStatus::Exited(5));
    assert_eq!(screen(&master), "fg\r\nhello\r\nhello\r\n");
}

#[test]
fn the_background_may_write_but_not_read() {
    let machine = Machine::new();
    let (master, pid) = machine.login(|sys| async move {
        be_a_shell(&sys);
        let job = job(&sys, false, |sys| {
            Box::pin(async move {
                sys.out("background\n").await;
                sys.tcsetattr(0, Termios { tostop: true, ..Termios::COOKED }).unwrap();
                sys.read(0, 100).await.unwrap();
                0
            })
        });
        let stopped = |sys: Sys| async move { sys.wait(WaitFor::Any, true, false).await.unwrap().unwrap().1 };
        assert_eq!(stopped(sys.clone()).await, WaitStatus::Stopped(Signal::TTOU));
        assert!(!sys.tcgetattr(0).unwrap().tostop);
        sys.kill(job, Some(Signal::CONT)).unwrap();
        assert_eq!(stopped(sys.clone()).await, WaitStatus::Continued);
        assert_eq!(stopped(sys.clone()).await, WaitStatus::Stopped(Signal::TTIN));
        sys.tcsetpgrp(0, job).unwrap();
        sys.kill(-job, Some(Signal::CONT)).unwrap();
        sys.wait(WaitFor::Any, false, false).await.unwrap().unwrap().1.exit_code()
    });
    machine.pass(10);
    assert_eq!(screen(&master), "background\r\n");
    master.input(b"x\r");
    assert_eq!(machine.wait(pid), WaitStatus::Exited(0));
}

#[test]
fn a_pipeline_may_outlive_its_first_process() {
    let machine = Machine::new();
    let (_master, pid) = machine.login(|sys| async move {
        be_a_shell(&sys);
        let first = job(&sys, true, |_| Box::pin(async { 0 }));
        sys.sleep(ms(1)).await.unwrap();
        let second = sys
            .fork(|sys| {
                Box::pin(async move {
                    sys.sleep(ms(5)).await.unwrap();
                    0
                })
            })
            .unwrap();
        sys.setpgid(second, first).unwrap();
        sys.tcsetpgrp(0, first).unwrap();
        sys.wait(WaitFor::Pid(first), false, false).await.unwrap();
        assert_eq!(sys.getpgid(second), Ok(first));
        sys.kill(-first, Some(Signal::TERM)).unwrap();
        sys.wait(WaitFor::Group(first), false, false).await.unwrap().unwrap().1.exit_code()
    });
    assert_eq!(machine.wait(pid), WaitStatus::Exited(143));
}

#[test]
fn a_session_that_ends_leaves_no_job_stopped() {
    let machine = Machine::new();
    let log = machine.log();
    let (_master, pid) = machine.login({
        let log = log.clone();
        move |sys| {
            let log = log.clone();
            async move {
                be_a_shell(&sys);
                let job = job(&sys, false, |sys| {
                    Box::pin(async move {
                        sys.sigaction(Signal::HUP, Disposition::Catch);
                        loop {
                            let signal = sys.wait_signal().await;
                            log.note(signal.name());
                        }
                    })
                });
                sys.sleep(ms(1)).await.unwrap();
                sys.kill(job, Some(Signal::STOP)).unwrap();
                sys.sleep(ms(1)).await.unwrap();
                0
            }
        }
    });
    machine.wait(pid);
    assert_eq!(log.take(), ["HUP"]);
    assert_eq!(machine.host.processes(0).last().map(|info| info.state), Some('S'));
}

#[test]
fn poll_waits_for_what_comes_first() {
    let machine = Machine::new();
    let (master, pid) = machine.login(|sys| async move {
        let (reader, writer) = sys.pipe().unwrap();
        let asked = [
            PollFd { fd: 0, readable: true, writable: false },
            PollFd { fd: reader, readable: true, writable: false },
        ];
        assert_eq!(sys.poll(&asked, Some(ms(5))).await, Ok(vec![(false, false); 2]));
        assert_eq!(sys.poll(&asked, None).await, Ok(vec![(true, false), (false, false)]));
        sys.write_all(writer, b"x").await.unwrap();
        assert_eq!(sys.poll(&asked, None).await, Ok(vec![(true, false), (true, false)]));
        0
    });
    machine.pass(10);
    assert!(master.is_waiting_for_input());
    master.input(b"\r");
    assert!(!master.is_waiting_for_input());
    assert_eq!(machine.wait(pid), WaitStatus::Exited(0));
}

#[test]
fn output_ends_with_the_last_slave() {
    let sim = sim::Sim::new(1);
    let (master, slave) = PtyMaster::open(&sim, WinSize { rows: 1, cols: 1 });
    let second: File = slave.clone();
    drop(slave);
    assert!(!master.is_closed());
    drop(second);
    assert!(master.is_closed());
}
