//! A program that the driver runs without a terminal: standard input a pipe, standard output and error apart.

use crate::message::{JobId, Output};
use crate::world::{Outbox, login};
use linux::host::HostPid;
use linux::{Errno, File, Host, Signal};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

/// After a job has ended, what it wrote last is on its way for no longer than this.
const DRAIN: Duration = Duration::from_millis(1);

/// A running job.
pub(crate) struct Job {
    host: Host,
    pid: HostPid,
    stdin: Rc<RefCell<Stdin>>,
}

#[derive(Default)]
struct Stdin {
    pieces: VecDeque<Vec<u8>>,
    closed: bool,
    waker: Option<Waker>,
}

impl Job {
    pub(crate) fn spawn(host: &Host, id: JobId, argv: Vec<String>, outbox: &Outbox) -> Result<Job, Errno> {
        let (stdin, stdin_end) = File::pipe();
        let (stdout_end, stdout) = File::pipe();
        let (stderr_end, stderr) = File::pipe();
        let pid = host.spawn(login(host, argv, [stdin, stdout, stderr]))?;
        let input = Rc::new(RefCell::new(Stdin::default()));
        host.sim().spawn(feed(input.clone(), stdin_end));
        host.sim().spawn(pump(stdout_end, outbox.clone(), move |bytes| Output::Stdout { id, bytes }));
        host.sim().spawn(pump(stderr_end, outbox.clone(), move |bytes| Output::Stderr { id, bytes }));
        let (watched, out) = (host.clone(), outbox.clone());
        host.sim().spawn(async move {
            let status = watched.wait(pid).await;
            watched.sim().sleep(DRAIN).await;
            out.push(Output::Exited { id, code: status.exit_code() });
        });
        Ok(Job { host: host.clone(), pid, stdin: input })
    }

    pub(crate) fn write(&self, bytes: Vec<u8>) {
        self.with_stdin(|stdin| stdin.pieces.push_back(bytes));
    }

    pub(crate) fn close_stdin(&self) {
        self.with_stdin(|stdin| stdin.closed = true);
    }

    fn with_stdin(&self, change: impl FnOnce(&mut Stdin)) {
        let mut stdin = self.stdin.borrow_mut();
        change(&mut stdin);
        if let Some(waker) = stdin.waker.take() {
            waker.wake();
        }
    }

    /// Sends a signal to the job; one that has ended already does not mind.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = self.host.kill(self.pid, signal);
    }
}

async fn feed(stdin: Rc<RefCell<Stdin>>, end: File) {
    loop {
        let next = std::future::poll_fn(|context| {
            let mut stdin = stdin.borrow_mut();
            match stdin.pieces.pop_front() {
                Some(piece) => Poll::Ready(Some(piece)),
                None if stdin.closed => Poll::Ready(None),
                None => {
                    stdin.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await;
        match next {
            Some(piece) => {
                if end.write_all(&piece).await.is_err() {
                    return;
                }
            }
            None => return,
        }
    }
}

async fn pump(end: File, outbox: Outbox, make: impl Fn(Vec<u8>) -> Output) {
    while let Ok(bytes) = end.read(65_536).await {
        if bytes.is_empty() {
            return;
        }
        outbox.push(make(bytes));
    }
}
