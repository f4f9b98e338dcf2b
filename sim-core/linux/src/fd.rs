//! File descriptors and what they name.

use crate::Errno;

/// A file descriptor of a process.
pub type Fd = i32;

/// An open file description: a file, one end of a pipe, a terminal, a socket. Clones share it, as
/// `dup` and `fork` do; the last one closes it.
#[derive(Clone)]
pub struct File {}

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
        todo!()
    }
    /// `/dev/null`.
    pub fn null() -> File {
        todo!()
    }
    /// Reads up to `max` bytes; empty at the end of the file. For holders outside of any process, such as a
    /// container runtime that collects a container's output.
    pub async fn read(&self, _max: usize) -> Result<Vec<u8>, Errno> {
        todo!()
    }
    /// Writes all of `data`, waiting where a buffer is full.
    pub async fn write_all(&self, _data: &[u8]) -> Result<(), Errno> {
        todo!()
    }
}
