//! Calls on descriptors.

use super::{CALL, EVERY, NOT_RESTARTED, Sys};
use crate::fd::{Object, OpenFlags, PollFd, SeekFrom};
use crate::procfs::ProcNode;
use crate::vfs::{Body, FileType, Ino, Node, Stat, Vfs};
use crate::{Errno, Fd, File, Signal};
use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// Bytes that a copy from or to a file or pipe moves in a microsecond.
const BYTES_PER_US: usize = 2_000;
/// Bytes that a terminal takes at once; it takes a microsecond for each.
const TTY_CHUNK: usize = 4096;

const READ: u32 = 4;
const WRITE: u32 = 2;

impl Sys {
    /// Opens a file.
    pub fn open(&self, path: &str, flags: OpenFlags, mode: u32) -> Result<Fd, Errno> {
        self.charge(CALL);
        let file = self.open_file(path, flags, mode)?;
        self.install(file)
    }

    /// Closes a descriptor.
    pub fn close(&self, fd: Fd) -> Result<(), Errno> {
        let file = self.process.fds.borrow_mut().remove(fd)?;
        drop(file);
        Ok(())
    }

    /// Makes `new` name what `old` names.
    pub fn dup2(&self, old: Fd, new: Fd) -> Result<(), Errno> {
        let file = self.file(old)?;
        if old == new {
            return Ok(());
        }
        let replaced = self.process.fds.borrow_mut().set(new, file)?;
        drop(replaced);
        Ok(())
    }

    /// A new descriptor, at least `min`, for what `old` names (`F_DUPFD`).
    pub fn dup(&self, old: Fd, min: Fd) -> Result<Fd, Errno> {
        let file = self.file(old)?;
        self.process.fds.borrow_mut().add(file, min)
    }

    /// The open file behind a descriptor.
    pub fn file(&self, fd: Fd) -> Result<File, Errno> {
        self.process.fds.borrow().get(fd).cloned()
    }

    /// A new descriptor for an open file.
    pub fn install(&self, file: File) -> Result<Fd, Errno> {
        self.process.fds.borrow_mut().add(file, 0)
    }

    /// Closes a descriptor when the process executes another program.
    pub fn set_cloexec(&self, fd: Fd, on: bool) -> Result<(), Errno> {
        self.process.fds.borrow_mut().set_cloexec(fd, on)
    }

    /// A pipe: descriptors to read from and to write to.
    pub fn pipe(&self) -> Result<(Fd, Fd), Errno> {
        self.charge(CALL);
        let (reader, writer) = File::pipe();
        let reader = self.install(reader)?;
        match self.install(writer) {
            Ok(writer) => Ok((reader, writer)),
            Err(error) => {
                self.close(reader)?;
                Err(error)
            }
        }
    }

    /// Reads up to `max` bytes, waiting for the first; empty at the end.
    pub async fn read(&self, fd: Fd, max: usize) -> Result<Vec<u8>, Errno> {
        self.alive().await;
        let file = self.file(fd)?;
        self.charge(CALL);
        let mut waiting = None;
        let data = self
            .block(EVERY, |cx| {
                if let Some(tty) = file.tty()
                    && let Err(turned_away) = self.may_read_terminal(tty)
                {
                    return turned_away;
                }
                let poll = file.poll_read(cx, max);
                if let (Poll::Pending, Some(tty), None) = (&poll, file.tty(), &waiting) {
                    waiting = Some(tty.waiting(&self.process));
                }
                poll
            })
            .await?;
        self.charge(Duration::from_micros((data.len() / BYTES_PER_US) as u64));
        Ok(data)
    }

    /// Writes some of `data`, waiting until there is room; says how much. `EPIPE` raises SIGPIPE first.
    pub async fn write(&self, fd: Fd, data: &[u8]) -> Result<usize, Errno> {
        self.write_some(fd, data, true).await
    }

    async fn write_some(&self, fd: Fd, data: &[u8], raises: bool) -> Result<usize, Errno> {
        self.alive().await;
        let file = self.file(fd)?;
        self.charge(CALL);
        let chunk = if file.tty().is_some() { &data[..data.len().min(TTY_CHUNK)] } else { data };
        let n = self
            .block(NOT_RESTARTED, |cx| {
                if let Some(tty) = file.tty()
                    && let Err(turned_away) = self.may_write_terminal(tty)
                {
                    return turned_away;
                }
                let poll = file.poll_write(cx, chunk);
                if raises && poll == Poll::Ready(Err(Errno::EPIPE)) {
                    self.kernel().post(&self.process, Signal::PIPE, false);
                }
                poll
            })
            .await?;
        let us = if file.tty().is_some() { n } else { n / BYTES_PER_US };
        self.process.debt.set(self.process.debt.get() + Duration::from_micros(us as u64));
        Ok(n)
    }

    /// Writes all of `data`.
    pub async fn write_all(&self, fd: Fd, data: &[u8]) -> Result<(), Errno> {
        let mut rest = data;
        while !rest.is_empty() {
            let n = self.write(fd, rest).await?;
            rest = &rest[n..];
        }
        self.pay().await;
        Ok(())
    }

    /// Sends all of `data` over a socket. Who is not there any more is an error of this call alone: `send` with
    /// `MSG_NOSIGNAL`, as Go's runtime and servers write.
    pub async fn send_all(&self, fd: Fd, data: &[u8]) -> Result<(), Errno> {
        let mut rest = data;
        while !rest.is_empty() {
            let n = self.write_some(fd, rest, false).await?;
            rest = &rest[n..];
        }
        self.pay().await;
        Ok(())
    }

    /// Reads until the end.
    pub async fn read_to_end(&self, fd: Fd) -> Result<Vec<u8>, Errno> {
        let mut all = Vec::new();
        loop {
            let data = self.read(fd, 64 * 1024).await?;
            if data.is_empty() {
                return Ok(all);
            }
            all.extend(data);
        }
    }

    /// Waits until one of the descriptors is ready or the time is over; says which are (readable, writable),
    /// in the order asked for. No timeout waits for ever.
    pub async fn poll(&self, fds: &[PollFd], timeout: Option<Duration>) -> Result<Vec<(bool, bool)>, Errno> {
        self.alive().await;
        self.charge(CALL);
        let mut files = Vec::with_capacity(fds.len());
        for asked in fds {
            files.push((self.file(asked.fd)?, *asked));
        }
        let mut sleep = pin!(timeout.map(|timeout| self.kernel().sim.sleep(timeout)));
        let mut waiting = Vec::new();
        self.block(EVERY, |cx| {
            let ready: Vec<(bool, bool)> = files
                .iter()
                .map(|(file, asked)| file.poll_ready(cx, asked.readable, asked.writable))
                .collect();
            let over = match sleep.as_mut().as_pin_mut() {
                Some(sleep) => timeout == Some(Duration::ZERO) || sleep.poll(cx).is_ready(),
                None => false,
            };
            if over || ready.iter().any(|(readable, writable)| *readable || *writable) {
                return Poll::Ready(Ok(ready));
            }
            if waiting.is_empty() {
                let read = files.iter().filter(|(_, asked)| asked.readable);
                waiting = read.filter_map(|(file, _)| Some(file.tty()?.waiting(&self.process))).collect();
            }
            Poll::Pending
        })
        .await
    }

    /// Writes a text to standard output; errors are the program's to ignore.
    pub async fn out(&self, text: &str) {
        let _ = self.write_all(1, text.as_bytes()).await;
    }

    /// Writes a text to standard error.
    pub async fn err(&self, text: &str) {
        let _ = self.write_all(2, text.as_bytes()).await;
    }

    /// Reads a whole file.
    pub async fn read_file(&self, path: &str) -> Result<Vec<u8>, Errno> {
        let fd = self.open(path, OpenFlags::READ, 0)?;
        let contents = self.read_to_end(fd).await;
        self.close(fd)?;
        contents
    }

    /// Writes a whole file, making or replacing it.
    pub async fn write_file(&self, path: &str, data: &[u8]) -> Result<(), Errno> {
        let fd = self.open(path, OpenFlags::CREATE, 0o666)?;
        let result = self.write_all(fd, data).await;
        self.close(fd)?;
        result
    }

    /// Facts about an open file.
    pub fn fstat(&self, fd: Fd) -> Result<Stat, Errno> {
        Ok(self.file(fd)?.stat())
    }

    /// Moves the offset of an open file; `ESPIPE` where there is none. Says where it is now.
    pub fn seek(&self, fd: Fd, from: SeekFrom) -> Result<u64, Errno> {
        self.file(fd)?.seek(from)
    }

    /// Cuts or extends an open file.
    pub fn ftruncate(&self, fd: Fd, size: u64) -> Result<(), Errno> {
        self.file(fd)?.truncate(size)
    }

    /// Models fs/open.c do_sys_open and the open functions of the devices.
    fn open_file(&self, path: &str, flags: OpenFlags, mode: u32) -> Result<File, Errno> {
        let cwd = self.process.cwd.borrow().clone();
        let caller = self.caller(&cwd);
        let mut found = caller.walk(path, !(flags.create && flags.exclusive))?;
        let Some(node) = found.node.take() else {
            if !flags.create {
                return Err(Errno::ENOENT);
            }
            let (vfs, ino) = caller.create(&found, mode)?;
            return Ok(File::new(Object::Regular(vfs, ino, found.path.into()), flags));
        };
        if flags.create && flags.exclusive {
            return Err(Errno::EEXIST);
        }
        if let Node::Proc(ProcNode::Descriptor(pid, fd)) = &node {
            return self.reopen(*pid, *fd, flags);
        }
        let file_type = caller.file_type(&node);
        if file_type == FileType::Directory {
            if flags.write || flags.create {
                return Err(Errno::EISDIR);
            }
            caller.need(&node, READ)?;
            let stat = caller.stat_node(&node, true)?;
            return Ok(File::new(Object::Directory(stat, found.path.into()), flags));
        }
        let want = if flags.read { READ } else { 0 } | if flags.write { WRITE } else { 0 };
        caller.need(&node, want)?;
        let object = match node {
            Node::Proc(node) => {
                let contents = caller.proc.as_ref().ok_or(Errno::ENOENT)?.read(&node)?;
                Object::Snapshot(contents)
            }
            Node::Tree(vfs, ino) => self.object(vfs, ino, found.path, flags)?,
        };
        Ok(File::new(object, flags))
    }

    fn object(&self, vfs: Vfs, ino: Ino, path: String, flags: OpenFlags) -> Result<Object, Errno> {
        match vfs.inode(ino).body {
            Body::Device(1, 3) => Ok(Object::Null),
            Body::Device(1, 5) => Ok(Object::Zero),
            Body::Device(1, 7) => Ok(Object::Full),
            Body::Device(1, 8 | 9) => Ok(Object::Random(RefCell::new(self.open_random()))),
            Body::Device(5, 0) => self.process.tty().map(Object::Tty).ok_or(Errno::ENXIO),
            Body::Device(136, number) => {
                let tty = self.kernel().pty(self.process.pidns, number).ok_or(Errno::ENXIO)?;
                self.acquire_terminal(&tty);
                Ok(Object::Tty(tty))
            }
            Body::Device(..) => Err(Errno::ENXIO),
            contents => {
                // Shared contents would be copied before they are cut.
                drop(contents);
                if flags.truncate && flags.write {
                    vfs.truncate(ino, 0)?;
                }
                Ok(Object::Regular(vfs, ino, path.into()))
            }
        }
    }

    /// `/dev/stdin` and the like: what the descriptor names, opened once more where that makes a difference.
    fn reopen(&self, pid: i32, fd: Fd, flags: OpenFlags) -> Result<File, Errno> {
        let process = self.host.find(self.process.pidns, pid).ok_or(Errno::ENOENT)?;
        if self.uid() != 0 && process.uid.get() != self.uid() {
            return Err(Errno::EACCES);
        }
        let file = process.fds.borrow().get(fd)?.clone();
        match file.object() {
            Object::Regular(vfs, ino, path) => {
                if flags.truncate && flags.write {
                    vfs.truncate(*ino, 0)?;
                }
                Ok(File::new(Object::Regular(vfs.clone(), *ino, path.clone()), flags))
            }
            Object::Tty(tty) => Ok(File::new(Object::Tty(tty.clone()), flags)),
            _ => Ok(file),
        }
    }

    fn open_random(&self) -> sim::Rng {
        let mut rng = self.new_rng("urandom");
        // A stream of its own for each opening.
        for _ in 0..self.random() % 64 {
            rng.next_u64();
        }
        rng
    }
}
