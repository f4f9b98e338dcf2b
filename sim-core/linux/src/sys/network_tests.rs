//! Sockets as descriptors of processes.

use crate::fd::PollFd;
use crate::net::IcmpKind;
use crate::signal::Disposition;
use crate::testing::Machine;
use crate::{Errno, Signal, Sys, WaitFor, WaitStatus};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn local(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

async fn status_of_child(sys: &Sys) -> i32 {
    sys.wait(WaitFor::Any, false, false).await.unwrap().unwrap().1.exit_code()
}

#[test]
fn a_connection_is_read_and_written_like_a_file() {
    let machine = Machine::new();
    let status = machine.run(|sys| async move {
        let listener = sys.listen(local(80), 8).unwrap();
        sys.fork(move |sys| {
            Box::pin(async move {
                let (fd, from) = sys.accept(listener).await.unwrap();
                assert_eq!(sys.peer_addr(fd), Ok(from));
                let request = sys.read_to_end(fd).await.unwrap();
                sys.write_all(fd, &request.to_ascii_uppercase()).await.unwrap();
                0
            })
        })
        .unwrap();
        sys.close(listener).unwrap();
        let fd = sys.connect(local(80)).await.unwrap();
        assert_eq!(sys.peer_addr(fd), Ok(local(80)));
        let asked = PollFd { fd, readable: true, writable: true };
        assert_eq!(sys.poll(&[asked], None).await, Ok(vec![(false, true)]));
        sys.write_all(fd, &vec![b'x'; 300_000]).await.unwrap();
        sys.shutdown(fd, false).unwrap();
        assert_eq!(sys.read_to_end(fd).await.unwrap(), vec![b'X'; 300_000]);
        assert_eq!(status_of_child(&sys).await, 0);
        assert_eq!(sys.connect(local(80)).await, Err(Errno::ECONNREFUSED), "its process has ended");
        0
    });
    assert_eq!(status, WaitStatus::Exited(0));
}

#[test]
fn what_blocks_can_be_interrupted() {
    let machine = Machine::new();
    let status = machine.run(|sys| async move {
        sys.sigaction(Signal::USR1, Disposition::Catch);
        let parent = sys.pid();
        sys.fork(move |sys| {
            Box::pin(async move {
                for _ in 0..3 {
                    sys.sleep(ms(10)).await.unwrap();
                    sys.kill(parent, Some(Signal::USR1)).unwrap();
                }
                0
            })
        })
        .unwrap();
        let listener = sys.listen(local(80), 8).unwrap();
        assert_eq!(sys.accept(listener).await, Err(Errno::EINTR));
        let fd = sys.connect(local(80)).await.unwrap();
        assert_eq!(sys.read(fd, 1).await, Err(Errno::EINTR));
        let udp = sys.udp(local(53)).unwrap();
        assert_eq!(sys.recv_from(udp, 1).await, Err(Errno::EINTR));
        assert_eq!(status_of_child(&sys).await, 0);
        0
    });
    assert_eq!(status, WaitStatus::Exited(0));
}

#[test]
fn writing_to_a_closed_connection_raises_sigpipe() {
    let machine = Machine::new();
    let status = machine.run(|sys| async move {
        let listener = sys.listen(local(80), 8).unwrap();
        let fd = sys.connect(local(80)).await.unwrap();
        let (accepted, _) = sys.accept(listener).await.unwrap();
        sys.close(accepted).unwrap();
        sys.sleep(ms(1)).await.unwrap();
        sys.write(fd, b"x").await.unwrap();
        sys.sleep(ms(1)).await.unwrap();
        sys.sigaction(Signal::PIPE, Disposition::Ignore);
        let mut errors = vec![];
        for _ in 0..2 {
            errors.push(sys.write(fd, b"x").await.unwrap_err());
        }
        assert_eq!(errors.last(), Some(&Errno::EPIPE), "{errors:?}");
        sys.sigaction(Signal::PIPE, Disposition::Default);
        let _ = sys.write(fd, b"x").await;
        0
    });
    assert_eq!(status, WaitStatus::Signaled(Signal::PIPE));
}

#[test]
fn datagrams_and_echoes() {
    let machine = Machine::new();
    let status = machine.run(|sys| async move {
        let (server, client) = (sys.udp(local(53)).unwrap(), sys.udp(local(0)).unwrap());
        sys.send_to(client, b"question", local(53)).await.unwrap();
        let (question, from) = sys.recv_from(server, 100).await.unwrap();
        assert_eq!((question.as_slice(), from), (&b"question"[..], sys.local_addr(client).unwrap()));
        sys.udp_connect(client, local(53)).unwrap();
        sys.send_to(server, b"answer", from).await.unwrap();
        assert_eq!(sys.read(client, 3).await.unwrap(), b"ans");
        let deaf = sys.udp(local(0)).unwrap();
        sys.udp_connect(deaf, local(99)).unwrap();
        sys.write_all(deaf, b"anybody").await.unwrap();
        assert_eq!(sys.recv_from(deaf, 9).await, Err(Errno::ECONNREFUSED));
        let icmp = sys.icmp().unwrap();
        sys.send_echo(icmp, [127, 0, 0, 1].into(), 1, 56, 64).await.unwrap();
        let message = sys.recv_icmp(icmp).await.unwrap();
        assert_eq!((message.kind, message.sequence), (IcmpKind::EchoReply, 1));
        0
    });
    assert_eq!(status, WaitStatus::Exited(0));
}

#[test]
fn low_ports_are_roots() {
    let machine = Machine::new();
    let status = machine.run_as(1000, |sys| async move {
        assert_eq!(sys.listen(local(80), 8), Err(Errno::EACCES));
        assert!(sys.listen(local(8080), 8).is_ok());
        assert_eq!(sys.listen(local(8080), 8), Err(Errno::EADDRINUSE));
        assert_eq!(sys.accept(0).await, Err(Errno::ENOTSOCK));
        assert_eq!(sys.accept(77).await, Err(Errno::EBADF));
        0
    });
    assert_eq!(status, WaitStatus::Exited(0));
}

#[test]
fn a_world_that_ends_gives_back_its_memory() {
    let probe = Rc::new(());
    for seed in 0..20 {
        let machine = Machine::with_seed(seed);
        let held = probe.clone();
        let note = move || format!("{held:?}").into_bytes();
        machine.host.namespaces().root.put_lazy("/note", note, 0o644).unwrap();
        let held = probe.clone();
        let (terminal, _) = machine.login(move |sys| {
            let held = held.clone();
            async move {
                let listener = sys.listen(local(8080), 8).unwrap();
                let held2 = held.clone();
                sys.fork(move |sys| {
                    Box::pin(async move {
                        let fd = sys.connect(local(8080)).await.unwrap();
                        let answer = sys.read_to_end(fd).await;
                        drop((answer, held2));
                        0
                    })
                })
                .unwrap();
                let (_, from) = sys.accept(listener).await.unwrap();
                sys.out(&format!("{from}\n")).await;
                sys.sleep(ms(1_000_000)).await.unwrap();
                drop(held);
                0
            }
        });
        machine.pass(100);
        assert!(Rc::strong_count(&probe) > 4, "both processes wait");
        machine.sim.shut_down();
        drop((machine, terminal));
        assert_eq!(Rc::strong_count(&probe), 1);
    }
}
