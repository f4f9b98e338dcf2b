//! The life of processes, as their parents and children see it.

use crate::fd::{OpenFlags, PollFd};
use crate::signal::Disposition;
use crate::testing::Machine;
use crate::{Errno, File, Namespaces, Program, Signal, Spawn, Sys, WaitFor, WaitStatus};
use std::time::Duration;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

async fn wait_any(sys: &Sys) -> (i32, WaitStatus) {
    sys.wait(WaitFor::Any, false, false).await.unwrap().unwrap()
}

#[test]
fn a_child_ends_and_is_waited_for() {
    let machine = Machine::new();
    let log = machine.log();
    let status = machine.run({
        let log = log.clone();
        move |sys| {
            let log = log.clone();
            async move {
                let parent = sys.pid();
                let child = sys
                    .fork(move |sys| {
                        Box::pin(async move {
                            assert_eq!(sys.ppid(), parent);
                            sys.sleep(ms(5)).await.unwrap();
                            7
                        })
                    })
                    .unwrap();
                assert_eq!(sys.wait(WaitFor::Any, false, true).await, Ok(None));
                assert_eq!(wait_any(&sys).await, (child, WaitStatus::Exited(7)));
                assert_eq!(sys.wait(WaitFor::Any, false, false).await, Err(Errno::ECHILD));
                log.note(format!("{} processes", sys.processes().len()));
                300
            }
        }
    });
    assert_eq!(status, WaitStatus::Exited(300 & 0xff));
    assert_eq!(log.take(), ["2 processes"]);
    assert_eq!(machine.host.processes(0).len(), 1, "only process 1 is left");
}

#[test]
fn a_child_inherits_and_a_program_starts_afresh() {
    let machine = Machine::new();
    machine.install("show", |sys, args| async move {
        assert_eq!(args, ["show", "me"]);
        assert_eq!(sys.env("A").as_deref(), Some("1"));
        assert_eq!(sys.env("PATH"), None);
        assert_eq!(sys.getcwd(), "/tmp");
        assert_eq!(sys.umask(0), 0o077);
        assert_eq!(sys.disposition(Signal::INT), Disposition::Ignore);
        assert_eq!(sys.disposition(Signal::TERM), Disposition::Default);
        assert_eq!(sys.fstat(5).map(|stat| stat.mode), Err(Errno::EBADF));
        assert_eq!(sys.read(6, 9).await.unwrap(), b"abc");
        0
    });
    let status = machine.run(|sys| async move {
        sys.chdir("/tmp").unwrap();
        sys.umask(0o077);
        sys.sigaction(Signal::INT, Disposition::Ignore);
        sys.sigaction(Signal::TERM, Disposition::Catch);
        sys.write_file("f", b"xyzabc").await.unwrap();
        let fd = sys.open("f", OpenFlags::READ, 0).unwrap();
        sys.dup2(fd, 5).unwrap();
        sys.dup2(fd, 6).unwrap();
        sys.set_cloexec(5, true).unwrap();
        assert_eq!(sys.read(fd, 3).await.unwrap(), b"xyz", "descriptors share their offset");
        sys.fork(|sys| {
            Box::pin(async move {
                let args = vec!["show".into(), "me".into()];
                sys.exec("/bin/show", args, vec![("A".into(), "1".into())]).unwrap().await
            })
        })
        .unwrap();
        wait_any(&sys).await.1.exit_code()
    });
    assert_eq!(status, WaitStatus::Exited(0));
}

#[test]
fn scripts_run_their_interpreter() {
    let machine = Machine::new();
    let log = machine.log();
    machine.install("sh", {
        let log = log.clone();
        move |sys, args| {
            log.note(args.join(" "));
            log.note(sys.processes().last().map(|info| info.comm.clone()).unwrap_or_default());
            async { 0 }
        }
    });
    let root = machine.host.namespaces().root;
    root.put("/bin/run.sh", "#! /bin/sh -e -u \necho hi\n", 0o755).unwrap();
    root.put("/bin/plain", "echo hi\n", 0o755).unwrap();
    root.put("/bin/secret", "echo hi\n", 0o644).unwrap();
    root.symlink("run.sh", "/bin/alias").unwrap();
    machine.run(|sys| async move {
        let exec = |path: &str| sys.exec(path, vec!["x".into(), "a".into()], vec![]).map(drop);
        assert_eq!(exec("/bin/plain"), Err(Errno::ENOEXEC));
        assert_eq!(exec("/bin/secret"), Err(Errno::EACCES));
        assert_eq!(exec("/bin"), Err(Errno::EACCES));
        assert_eq!(exec("/bin/none"), Err(Errno::ENOENT));
        sys.exec("/bin/alias", vec!["alias".into(), "a".into()], vec![]).unwrap().await
    });
    assert_eq!(log.take(), ["/bin/sh -e -u /bin/alias a", "alias"]);
}

#[test]
fn a_copy_of_an_executable_runs() {
    let machine = Machine::new();
    machine.install("seven", |_, _| async { 7 });
    let status = machine.run(|sys| async move {
        let bytes = sys.read_file("/bin/seven").await.unwrap();
        assert_eq!(&bytes[..4], b"\x7fELF");
        sys.write_file("/tmp/mine", &bytes).await.unwrap();
        sys.chmod("/tmp/mine", 0o755).unwrap();
        sys.exec("/tmp/mine", vec!["mine".into()], vec![]).unwrap().await
    });
    assert_eq!(status, WaitStatus::Exited(7));
}

#[test]
fn signals_end_stop_and_continue() {
    let machine = Machine::new();
    let status = machine.run(|sys| async move {
        let child = sys
            .fork(|sys| {
                Box::pin(async move {
                    sys.sleep(ms(1_000)).await.unwrap();
                    0
                })
            })
            .unwrap();
        sys.sleep(ms(1)).await.unwrap();
        sys.kill(child, Some(Signal::STOP)).unwrap();
        assert_eq!(
            sys.wait(WaitFor::Any, true, false).await,
            Ok(Some((child, WaitStatus::Stopped(Signal::STOP))))
        );
        sys.sleep(ms(5_000)).await.unwrap();
        sys.kill(child, Some(Signal::TERM)).unwrap();
        assert_eq!(sys.wait(WaitFor::Any, true, true).await, Ok(None), "a stopped process gets it later");
        let info = sys.processes().into_iter().find(|info| info.pid == child).unwrap();
        assert_eq!(info.state, 'T');
        sys.kill(child, Some(Signal::CONT)).unwrap();
        assert_eq!(wait_any(&sys).await, (child, WaitStatus::Signaled(Signal::TERM)));
        assert_eq!(sys.kill(child, None), Err(Errno::ESRCH));
        assert!(sys.now() < sys.boot_time() + ms(6_100));
        0
    });
    assert_eq!(status, WaitStatus::Exited(0));
}

#[test]
fn a_stopped_process_does_not_run_on() {
    let machine = Machine::new();
    let log = machine.log();
    machine.run({
        let log = log.clone();
        move |sys| {
            let log = log.clone();
            async move {
                let log2 = log.clone();
                let child = sys
                    .fork(move |sys| {
                        Box::pin(async move {
                            for i in 0..3 {
                                sys.sleep(ms(10)).await.unwrap();
                                log2.note(format!("{i} at {} ms", sys.now().as_nanos() / 1_000_000));
                            }
                            0
                        })
                    })
                    .unwrap();
                sys.sleep(ms(15)).await.unwrap();
                sys.kill(child, Some(Signal::STOP)).unwrap();
                sys.sleep(ms(85)).await.unwrap();
                sys.kill(child, Some(Signal::CONT)).unwrap();
                wait_any(&sys).await;
                0
            }
        }
    });
    assert_eq!(log.take(), ["0 at 10 ms", "1 at 100 ms", "2 at 110 ms"]);
}

#[test]
fn caught_signals_interrupt_once() {
    let machine = Machine::new();
    let status = machine.run(|sys| async move {
        sys.sigaction(Signal::USR1, Disposition::Catch);
        sys.sigaction(Signal::USR2, Disposition::Ignore);
        let parent = sys.pid();
        sys.fork(move |sys| {
            Box::pin(async move {
                assert_eq!(sys.disposition(Signal::USR1), Disposition::Default);
                assert_eq!(sys.disposition(Signal::USR2), Disposition::Ignore);
                for signal in [Signal::USR2, Signal::USR1, Signal::USR1] {
                    sys.sleep(ms(10)).await.unwrap();
                    sys.kill(parent, Some(signal)).unwrap();
                }
                0
            })
        })
        .unwrap();
        let (reader, _writer) = sys.pipe().unwrap();
        assert_eq!(sys.read(reader, 1).await, Err(Errno::EINTR));
        assert_eq!(sys.take_signal(), Some(Signal::USR1));
        assert_eq!(sys.take_signal(), None);
        let asked = [PollFd { fd: reader, readable: true, writable: false }];
        assert_eq!(sys.poll(&asked, None).await, Err(Errno::EINTR));
        assert_eq!(sys.poll(&asked, Some(ms(1))).await, Ok(vec![(false, false)]), "once for each signal");
        assert_eq!(sys.take_signal(), Some(Signal::USR1));
        0
    });
    assert_eq!(status, WaitStatus::Exited(0));
}

#[test]
fn who_waits_for_signals_is_not_interrupted() {
    let machine = Machine::new();
    let status = machine.run(|sys| async move {
        sys.sigaction(Signal::TERM, Disposition::Catch);
        let sys2 = sys.clone();
        sys.spawn_thread(async move {
            sys2.sleep(ms(10)).await.unwrap();
            sys2.kill(sys2.pid(), Some(Signal::TERM)).unwrap();
        });
        let (reader, _writer) = sys.pipe().unwrap();
        let read = std::pin::pin!(sys.read(reader, 1));
        let signal = std::pin::pin!(sys.wait_signal());
        match futures_util::future::select(read, signal).await {
            futures_util::future::Either::Left((result, _)) => panic!("{result:?}"),
            futures_util::future::Either::Right((signal, _)) => assert_eq!(signal, Signal::TERM),
        }
        0
    });
    assert_eq!(status, WaitStatus::Exited(0));
}

#[test]
fn writing_to_nobody_raises_sigpipe() {
    let machine = Machine::new();
    let status = machine.run(|sys| async move {
        let (reader, writer) = sys.pipe().unwrap();
        sys.close(reader).unwrap();
        sys.fork(move |sys| {
            Box::pin(async move {
                let _ = sys.write(writer, b"x").await;
                0
            })
        })
        .unwrap();
        assert_eq!(wait_any(&sys).await.1, WaitStatus::Signaled(Signal::PIPE));
        sys.sigaction(Signal::PIPE, Disposition::Ignore);
        assert_eq!(sys.write(writer, b"x").await, Err(Errno::EPIPE));
        0
    });
    assert_eq!(status, WaitStatus::Exited(0));
}

#[test]
fn pipes_fill_and_end() {
    let machine = Machine::new();
    let status = machine.run(|sys| async move {
        let (reader, writer) = sys.pipe().unwrap();
        sys.fork(move |sys| {
            Box::pin(async move {
                sys.close(reader).unwrap();
                sys.write_all(writer, &vec![b'x'; 100_000]).await.unwrap();
                0
            })
        })
        .unwrap();
        sys.close(writer).unwrap();
        sys.sleep(ms(10)).await.unwrap();
        assert_eq!(sys.read(reader, usize::MAX).await.unwrap().len(), 65_536);
        assert_eq!(sys.read_to_end(reader).await.unwrap().len(), 100_000 - 65_536);
        0
    });
    assert_eq!(status, WaitStatus::Exited(0));
}

#[test]
fn a_zombie_stays_until_it_is_waited_for() {
    let machine = Machine::new();
    let status = machine.run(|sys| async move {
        let child = sys.fork(|_| Box::pin(async { 3 })).unwrap();
        sys.sleep(ms(1)).await.unwrap();
        let info = sys.processes().into_iter().find(|info| info.pid == child).unwrap();
        assert_eq!((info.state, info.args), ('Z', vec![]));
        assert_eq!(sys.kill(child, Some(Signal::KILL)), Ok(()));
        assert_eq!(wait_any(&sys).await, (child, WaitStatus::Exited(3)));
        sys.sigaction(Signal::CHLD, Disposition::Ignore);
        sys.fork(|_| Box::pin(async { 3 })).unwrap();
        assert_eq!(sys.wait(WaitFor::Any, false, false).await, Err(Errno::ECHILD));
        0
    });
    assert_eq!(status, WaitStatus::Exited(0));
}

#[test]
fn orphans_go_to_process_1() {
    let machine = Machine::new();
    machine.run(|sys| async move {
        sys.fork(|sys| {
            Box::pin(async move {
                sys.sleep(ms(10)).await.unwrap();
                assert_eq!(sys.ppid(), 1);
                sys.sleep(ms(10)).await.unwrap();
                0
            })
        })
        .unwrap();
        0
    });
    machine.pass(50);
    assert_eq!(machine.host.processes(0).len(), 1);
}

fn container(machine: &Machine) -> Namespaces {
    let host = machine.host.namespaces();
    machine.host.new_namespaces(host.root.fork(), host.netns, "pod")
}

fn spawn_in(machine: &Machine, namespaces: &Namespaces, name: &str) -> crate::host::HostPid {
    machine
        .host
        .spawn(Spawn {
            namespaces: namespaces.clone(),
            argv: vec![name.into()],
            env: vec![],
            cwd: "/work".into(),
            uid: 0,
            gid: 0,
            stdio: [File::null(), File::null(), File::null()],
            controlling_tty: false,
        })
        .unwrap()
}

#[test]
fn process_1_of_a_container_escapes_what_it_does_not_catch() {
    let machine = Machine::new();
    machine.install("idle", |sys, _| async move {
        assert_eq!((sys.pid(), sys.ppid(), sys.hostname().as_str()), (1, 0, "pod"));
        assert_eq!(sys.getcwd(), "/work");
        sys.kill(1, Some(Signal::KILL)).unwrap();
        sys.sleep(ms(1_000_000)).await.unwrap();
        0
    });
    machine.install("other", |sys, _| async move {
        assert_eq!(sys.kill(1, Some(Signal::KILL)), Ok(()));
        assert_eq!(sys.processes().iter().map(|info| info.pid).collect::<Vec<_>>(), [1, 2]);
        sys.sleep(ms(1_000_000)).await.unwrap();
        0
    });
    let namespaces = container(&machine);
    machine.host.namespaces().root.read("/work").unwrap_err();
    let init = spawn_in(&machine, &namespaces, "/bin/idle");
    machine.pass(1);
    let other = spawn_in(&machine, &namespaces, "/bin/other");
    machine.pass(1);
    assert_eq!(machine.host.pid_in_namespace(other), 2);
    machine.host.kill(init, Signal::TERM).unwrap();
    machine.pass(1);
    assert_eq!(machine.host.status(init), None);
    machine.host.kill(init, Signal::KILL).unwrap();
    assert_eq!(machine.wait(init), WaitStatus::Signaled(Signal::KILL));
    assert_eq!(machine.wait(other), WaitStatus::Signaled(Signal::KILL));
    let again = machine.host.spawn(Spawn {
        namespaces,
        argv: vec!["/bin/idle".into()],
        env: vec![],
        cwd: "/".into(),
        uid: 0,
        gid: 0,
        stdio: [File::null(), File::null(), File::null()],
        controlling_tty: false,
    });
    assert_eq!(again.unwrap_err(), Errno::ENOMEM);
}

#[test]
fn a_fork_bomb_ends_at_the_limit() {
    fn bomb(sys: Sys) -> crate::ProgramFuture {
        Box::pin(async move {
            loop {
                match sys.fork(bomb) {
                    Ok(_) => sys.cpu(ms(1)).await,
                    Err(Errno::EAGAIN) => sys.sleep(ms(1_000)).await.unwrap(),
                    Err(error) => panic!("{error}"),
                }
            }
        })
    }
    let machine = Machine::new();
    machine.install("bomb", |sys, _| bomb(sys));
    let pid = machine.spawn(&["bomb"], [File::null(), File::null(), File::null()], 1000);
    machine.pass(5_000);
    assert_eq!(machine.host.processes(0).len(), 513);
    assert_eq!(
        machine.run_as(0, |sys| async move { i32::from(sys.fork(|_| Box::pin(async { 0 })).is_err()) }),
        WaitStatus::Exited(0),
        "others can still fork"
    );
    machine.host.kill_all(0);
    assert_eq!(machine.wait(pid), WaitStatus::Signaled(Signal::KILL));
    assert_eq!(machine.host.processes(0).len(), 1);
}

#[test]
fn ordinary_users_signal_only_their_own() {
    let machine = Machine::new();
    machine.install("idle", |sys, _| async move {
        sys.sleep(ms(100)).await.unwrap();
        0
    });
    let theirs = machine.spawn(&["idle"], [File::null(), File::null(), File::null()], 7);
    let status = machine.run_as(1000, move |sys| async move {
        assert_eq!(sys.kill(theirs.0, Some(Signal::TERM)), Err(Errno::EPERM));
        assert_eq!(sys.kill(1, Some(Signal::TERM)), Err(Errno::EPERM));
        assert_eq!(sys.kill(99, Some(Signal::TERM)), Err(Errno::ESRCH));
        assert_eq!(sys.setuid(0), Err(Errno::EPERM));
        0
    });
    assert_eq!(status, WaitStatus::Exited(0));
    assert_eq!(machine.wait(theirs), WaitStatus::Exited(0));
}

#[test]
fn the_set_user_id_bit_makes_root() {
    let machine = Machine::new();
    machine.install("sudo", |sys, _| async move {
        assert_eq!((sys.uid(), sys.real_uid()), (0, 1000));
        sys.setuid(0).unwrap();
        assert_eq!(sys.real_uid(), 0);
        sys.setuid(5).unwrap();
        i32::from(sys.setuid(0).is_ok())
    });
    machine.host.namespaces().root.chmod("/bin/sudo", 0o4755).unwrap();
    let status = machine.run_as(1000, |sys| async move {
        sys.exec_along_path("sudo", vec!["sudo".into()], sys.environ()).unwrap().await
    });
    assert_eq!(status, WaitStatus::Exited(0));
}

#[test]
fn threads_end_with_their_process_and_exit_ends_all() {
    let machine = Machine::new();
    let log = machine.log();
    struct Guard(crate::testing::Log);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.note("dropped");
        }
    }
    let status = machine.run({
        let log = log.clone();
        move |sys| {
            let (log, guard) = (log.clone(), Guard(log.clone()));
            async move {
                let sys2 = sys.clone();
                sys.spawn_thread(async move {
                    sys2.sleep(ms(5)).await.unwrap();
                    sys2.exit(9).await;
                });
                let _guard = guard;
                sys.sleep(ms(1_000)).await.unwrap();
                log.note("not reached");
                0
            }
        }
    });
    assert_eq!(status, WaitStatus::Exited(9));
    assert_eq!(log.take(), ["dropped"]);
    assert!(machine.sim.pending_events() == 0, "no timer is left behind");
}

#[test]
fn killing_oneself_ends_at_the_next_await() {
    let machine = Machine::new();
    let log = machine.log();
    let status = machine.run({
        let log = log.clone();
        move |sys| {
            let log = log.clone();
            async move {
                sys.kill(sys.pid(), Some(Signal::KILL)).unwrap();
                let _ = sys.write(1, b"x").await;
                log.note("not reached");
                0
            }
        }
    });
    assert_eq!(status, WaitStatus::Signaled(Signal::KILL));
    assert!(log.take().is_empty());
}

#[test]
fn no_loop_is_free() {
    let machine = Machine::new();
    machine.install("busy", |sys, _| async move {
        loop {
            sys.write_all(1, b"y\n").await.unwrap();
        }
    });
    let pid = machine.spawn(&["busy"], [File::null(), File::null(), File::null()], 0);
    machine.pass(100);
    machine.host.kill(pid, Signal::TERM).unwrap();
    assert_eq!(machine.wait(pid), WaitStatus::Signaled(Signal::TERM));
}

#[test]
fn proc_shows_the_process_table() {
    let machine = Machine::new();
    let status = machine.run(|sys| async move {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let own = sys.pid().to_string();
        assert_eq!(sys.readlink("/proc/self").unwrap(), own);
        assert!(sys.read_dir("/proc").unwrap().contains(&own));
        assert_eq!(text(sys.read_file("/proc/self/comm").await.unwrap()), "main\n");
        assert_eq!(text(sys.read_file("/proc/self/cmdline").await.unwrap()), "main\0");
        assert_eq!(text(sys.read_file("/proc/1/comm").await.unwrap()), "systemd\n");
        assert!(text(sys.read_file("/proc/self/status").await.unwrap()).contains("State:\tR (running)"));
        assert_eq!(text(sys.read_file("/proc/sys/kernel/hostname").await.unwrap()), "node1\n");
        assert_eq!(sys.read_dir("/proc/sys").unwrap(), ["kernel"]);
        assert_eq!(sys.readlink("/proc/self/fd/1").unwrap(), "/dev/null");
        assert_eq!(sys.stat("/dev/stdin").unwrap().rdev, (1, 3));
        sys.write_file("/dev/stdout", b"gone").await.unwrap();
        assert_eq!(sys.mkdir("/proc/x", 0o755), Err(Errno::ENOENT));
        assert_eq!(sys.read_file("/proc/99999/comm").await, Err(Errno::ENOENT));
        sys.chdir("/proc/self").unwrap();
        assert_eq!(sys.getcwd(), format!("/proc/{own}"));
        0
    });
    assert_eq!(status, WaitStatus::Exited(0));
}

#[test]
fn equal_runs_leave_equal_traces() {
    let run = |seed| {
        let machine = Machine::with_seed(seed);
        machine.install("work", |sys, _| async move {
            for _ in 0..20 {
                let random = sys.random() % 50;
                sys.fork(move |sys| {
                    Box::pin(async move {
                        sys.sleep(ms(random)).await.unwrap();
                        0
                    })
                })
                .unwrap();
            }
            while sys.wait(WaitFor::Any, false, false).await.is_ok() {}
            0
        });
        let pid = machine.spawn(&["work"], [File::null(), File::null(), File::null()], 0);
        machine.wait(pid);
        machine.sim.trace()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn programs_of_a_table_run_too() {
    const PROGRAM: Program = Program::new("five", "", |_, _| Box::pin(async { 5 }));
    let machine = Machine::new();
    machine.host.namespaces().root.put_program("/bin/five", &PROGRAM).unwrap();
    let pid = machine.spawn(&["five"], [File::null(), File::null(), File::null()], 0);
    assert_eq!(machine.wait(pid), WaitStatus::Exited(5));
}
