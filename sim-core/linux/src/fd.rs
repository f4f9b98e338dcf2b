//! File descriptors and what they name.

use crate::Errno;
use crate::pipe::Pipe;
use crate::socket::Socket;
use crate::tty::Tty;
use crate::vfs::{FileType, Ino, Stat, Vfs};
use sim::{Instant, Rng};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

/// A file descriptor of a process.
pub type Fd = i32;

/// Descriptors that one process may have (`RLIMIT_NOFILE`).
const FDS_MAX: usize = 1024;

/// An open file description: a file, one end of a pipe, a terminal, a socket. Clones share it, as
/// `dup` and `fork` do; the last one closes it.
#[derive(Clone)]
pub struct File(Rc<Description>);

struct Description {
    object: Object,
    readable: bool,
    writable: bool,
    append: bool,
    offset: Cell<u64>,
}

/// What can be open.
pub(crate) enum Object {
    Null,
    Zero,
    Full,
    Random(RefCell<Rng>),
    PipeReader(Rc<Pipe>),
    PipeWriter(Rc<Pipe>),
    Tty(Rc<Tty>),
    /// With the path that it was opened by.
    Regular(Vfs, Ino, Rc<str>),
    /// A directory, for its facts only.
    Directory(Stat, Rc<str>),
    /// Contents that were made when the file was opened.
    Snapshot(Vec<u8>),
    Socket(Socket),
}

/// How to open a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenFlags {
    /// For reading.
    pub read: bool,
    /// For writing.
    pub write: bool,
    /// Every write goes to the end.
    pub append: bool,
    /// Make it if it is not there.
    pub create: bool,
    /// Cut it to nothing.
    pub truncate: bool,
    /// It must not be there yet (`O_EXCL`).
    pub exclusive: bool,
}

impl OpenFlags {
    /// `<`
    pub const READ: OpenFlags = OpenFlags {
        read: true,
        write: false,
        append: false,
        create: false,
        truncate: false,
        exclusive: false,
    };
    /// `>`
    pub const CREATE: OpenFlags =
        OpenFlags { read: false, write: true, append: false, create: true, truncate: true, exclusive: false };
    /// `>>`
    pub const APPEND: OpenFlags =
        OpenFlags { read: false, write: true, append: true, create: true, truncate: false, exclusive: false };
    /// `<>`
    pub const READ_WRITE: OpenFlags =
        OpenFlags { read: true, write: true, append: false, create: true, truncate: false, exclusive: false };
}

/// Readiness to ask for with [`crate::Sys::poll`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollFd {
    /// Which descriptor.
    pub fd: Fd,
    /// Asked for: can be read (or is at its end).
    pub readable: bool,
    /// Asked for: can be written.
    pub writable: bool,
}

impl File {
    /// A pipe: the end to read from, the end to write to. Its buffer holds 64 KiB, as Linux's does.
    pub fn pipe() -> (File, File) {
        let pipe = Rc::new(Pipe::default());
        (
            File::new(Object::PipeReader(pipe.clone()), OpenFlags::READ),
            File::new(Object::PipeWriter(pipe), OpenFlags::CREATE),
        )
    }

    /// `/dev/null`.
    pub fn null() -> File {
        File::new(Object::Null, OpenFlags::READ_WRITE)
    }

    /// A file that can be read once and holds these bytes.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> File {
        File::new(Object::Snapshot(bytes.into()), OpenFlags::READ)
    }

    /// Reads up to `max` bytes; empty at the end of the file. For holders outside of any process, such as a
    /// container runtime that collects a container's output.
    pub async fn read(&self, max: usize) -> Result<Vec<u8>, Errno> {
        poll_fn(|cx| self.poll_read(cx, max)).await
    }

    /// Writes all of `data`, waiting where a buffer is full.
    pub async fn write_all(&self, data: &[u8]) -> Result<(), Errno> {
        let mut rest = data;
        while !rest.is_empty() {
            let n = poll_fn(|cx| self.poll_write(cx, rest)).await?;
            rest = &rest[n..];
        }
        Ok(())
    }

    pub(crate) fn new(object: Object, flags: OpenFlags) -> File {
        match &object {
            Object::Tty(tty) => tty.slave_opened(),
            Object::Regular(vfs, ino, _) => vfs.hold(*ino),
            _ => {}
        }
        File(Rc::new(Description {
            object,
            readable: flags.read,
            writable: flags.write,
            append: flags.append,
            offset: Cell::new(0),
        }))
    }

    pub(crate) fn object(&self) -> &Object {
        &self.0.object
    }

    pub(crate) fn tty(&self) -> Option<&Rc<Tty>> {
        if let Object::Tty(tty) = &self.0.object { Some(tty) } else { None }
    }

    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, max: usize) -> Poll<Result<Vec<u8>, Errno>> {
        if !self.0.readable {
            return Poll::Ready(Err(Errno::EBADF));
        }
        let offset = self.0.offset.get();
        let data = match &self.0.object {
            Object::Null => Ok(Vec::new()),
            Object::Zero | Object::Full => Ok(vec![0; max]),
            Object::Random(rng) => Ok(random_bytes(&mut rng.borrow_mut(), max)),
            Object::PipeReader(pipe) => return pipe.poll_read(cx, max),
            Object::Tty(tty) => return tty.poll_read(cx, max),
            Object::Regular(vfs, ino, _) => vfs.read_at(*ino, offset, max),
            Object::Snapshot(contents) => {
                let from = (offset as usize).min(contents.len());
                Ok(contents[from..contents.len().min(from.saturating_add(max))].to_vec())
            }
            Object::Socket(socket) => return socket.poll_read(cx, max),
            Object::Directory(..) => Err(Errno::EISDIR),
            Object::PipeWriter(_) => Err(Errno::EBADF),
        };
        if let Ok(data) = &data {
            self.0.offset.set(offset + data.len() as u64);
        }
        Poll::Ready(data)
    }

    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize, Errno>> {
        if !self.0.writable {
            return Poll::Ready(Err(Errno::EBADF));
        }
        match &self.0.object {
            Object::Null | Object::Zero | Object::Random(_) => Poll::Ready(Ok(data.len())),
            Object::Full => Poll::Ready(Err(Errno::ENOSPC)),
            Object::PipeWriter(pipe) => pipe.poll_write(cx, data),
            Object::Tty(tty) => tty.poll_write(cx, data),
            Object::Socket(socket) => socket.poll_write(cx, data),
            Object::Regular(vfs, ino, _) => {
                let offset = (!self.0.append).then_some(self.0.offset.get());
                Poll::Ready(vfs.write_at(*ino, offset, data).map(|end| {
                    self.0.offset.set(end);
                    data.len()
                }))
            }
            Object::Snapshot(_) | Object::Directory(..) | Object::PipeReader(_) => {
                Poll::Ready(Err(Errno::EBADF))
            }
        }
    }

    /// Whether it can be read and written without waiting; the task of `cx` goes on when that changes.
    pub(crate) fn poll_ready(&self, cx: &mut Context<'_>, read: bool, write: bool) -> (bool, bool) {
        match &self.0.object {
            Object::PipeReader(pipe) => (read && pipe.is_readable(cx), false),
            Object::PipeWriter(pipe) => (false, write && pipe.is_writable(cx)),
            Object::Tty(tty) => (read && tty.is_readable(cx), write && tty.is_writable(cx)),
            Object::Socket(socket) => (read && socket.is_readable(cx), write && socket.is_writable(cx)),
            _ => (read, write),
        }
    }

    pub(crate) fn stat(&self) -> Stat {
        let special = |file_type, mode, rdev| Stat {
            file_type,
            mode,
            uid: 0,
            gid: 0,
            size: 0,
            nlink: 1,
            ino: 1,
            mtime: Instant::ZERO,
            rdev,
        };
        match &self.0.object {
            Object::Null => special(FileType::CharDevice, 0o666, (1, 3)),
            Object::Zero => special(FileType::CharDevice, 0o666, (1, 5)),
            Object::Full => special(FileType::CharDevice, 0o666, (1, 7)),
            Object::Random(_) => special(FileType::CharDevice, 0o666, (1, 9)),
            Object::PipeReader(_) | Object::PipeWriter(_) => special(FileType::Fifo, 0o600, (0, 0)),
            Object::Tty(tty) => special(FileType::CharDevice, 0o620, (136, tty.number().unwrap_or(0))),
            Object::Regular(vfs, ino, _) => vfs.inode(*ino).stat(*ino),
            Object::Directory(stat, _) => stat.clone(),
            Object::Snapshot(_) => special(FileType::Regular, 0o444, (0, 0)),
            Object::Socket(_) => special(FileType::Socket, 0o777, (0, 0)),
        }
    }

    /// Moves the offset; fails where there is none.
    pub(crate) fn seek(&self, from: SeekFrom) -> Result<u64, Errno> {
        let end = match &self.0.object {
            Object::Regular(vfs, ino, _) => vfs.inode(*ino).size(),
            Object::Snapshot(contents) => contents.len() as u64,
            Object::Null | Object::Zero | Object::Full | Object::Random(_) => return Ok(0),
            _ => return Err(Errno::ESPIPE),
        };
        let to = match from {
            SeekFrom::Start(offset) => i64::try_from(offset).map_err(|_| Errno::EINVAL)?,
            SeekFrom::Current(by) => self.0.offset.get() as i64 + by,
            SeekFrom::End(by) => end as i64 + by,
        };
        let to = u64::try_from(to).map_err(|_| Errno::EINVAL)?;
        self.0.offset.set(to);
        Ok(to)
    }

    /// Cuts or extends a regular file.
    pub(crate) fn truncate(&self, size: u64) -> Result<(), Errno> {
        match &self.0.object {
            Object::Regular(vfs, ino, _) if self.0.writable => vfs.truncate(*ino, size),
            _ => Err(Errno::EINVAL),
        }
    }
}

pub use std::io::SeekFrom;

impl Drop for Description {
    fn drop(&mut self) {
        match &self.object {
            Object::PipeReader(pipe) => pipe.close_reader(),
            Object::PipeWriter(pipe) => pipe.close_writer(),
            Object::Tty(tty) => tty.slave_closed(),
            Object::Regular(vfs, ino, _) => vfs.unhold(*ino),
            _ => {}
        }
    }
}

/// A read from the random device gives at most this much at once.
const RANDOM_MAX: usize = 1 << 20;

fn random_bytes(rng: &mut Rng, max: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while out.len() < max.min(RANDOM_MAX) {
        out.extend(rng.next_u64().to_le_bytes());
    }
    out.truncate(max);
    out
}

/// The descriptors of a process.
#[derive(Clone, Default)]
pub(crate) struct FdTable(Vec<Option<Entry>>);

#[derive(Clone)]
struct Entry {
    file: File,
    cloexec: bool,
}

impl FdTable {
    pub(crate) fn get(&self, fd: Fd) -> Result<&File, Errno> {
        self.entry(fd).map(|entry| &entry.file)
    }

    /// The lowest free descriptor from `min` on gets the file.
    pub(crate) fn add(&mut self, file: File, min: Fd) -> Result<Fd, Errno> {
        let min = usize::try_from(min).map_err(|_| Errno::EINVAL)?;
        let free = (min..).find(|&fd| self.0.get(fd).is_none_or(Option::is_none)).unwrap_or(FDS_MAX);
        if min >= FDS_MAX {
            return Err(Errno::EINVAL);
        }
        if free >= FDS_MAX {
            return Err(Errno::EMFILE);
        }
        self.set(free as Fd, file)?;
        Ok(free as Fd)
    }

    /// Gives a certain descriptor a file; returns what it named before.
    pub(crate) fn set(&mut self, fd: Fd, file: File) -> Result<Option<File>, Errno> {
        let index = usize::try_from(fd).ok().filter(|&index| index < FDS_MAX).ok_or(Errno::EBADF)?;
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        Ok(self.0[index].replace(Entry { file, cloexec: false }).map(|entry| entry.file))
    }

    pub(crate) fn remove(&mut self, fd: Fd) -> Result<File, Errno> {
        let slot = usize::try_from(fd).ok().and_then(|index| self.0.get_mut(index));
        slot.and_then(Option::take).map(|entry| entry.file).ok_or(Errno::EBADF)
    }

    pub(crate) fn set_cloexec(&mut self, fd: Fd, on: bool) -> Result<(), Errno> {
        let slot = usize::try_from(fd).ok().and_then(|index| self.0.get_mut(index));
        slot.and_then(Option::as_mut).ok_or(Errno::EBADF)?.cloexec = on;
        Ok(())
    }

    /// Takes out what an `exec` closes.
    pub(crate) fn take_cloexec(&mut self) -> Vec<File> {
        let closing = self.0.iter_mut().filter(|slot| slot.as_ref().is_some_and(|entry| entry.cloexec));
        closing.filter_map(Option::take).map(|entry| entry.file).collect()
    }

    pub(crate) fn open_fds(&self) -> Vec<Fd> {
        (0..).zip(&self.0).filter(|(_, slot)| slot.is_some()).map(|(fd, _)| fd).collect()
    }

    fn entry(&self, fd: Fd) -> Result<&Entry, Errno> {
        usize::try_from(fd)
            .ok()
            .and_then(|index| self.0.get(index))
            .and_then(Option::as_ref)
            .ok_or(Errno::EBADF)
    }
}
