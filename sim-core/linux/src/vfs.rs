//! Files in memory: directories, regular files, symbolic links, devices, executables, and `/proc`.

use crate::{Errno, Program};
use std::rc::Rc;

/// What kind of thing a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileType {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A character device.
    CharDevice,
    /// A pipe.
    Fifo,
    /// A socket.
    Socket,
}

/// What `stat` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub file_type: FileType,
    /// Permission bits, for example 0o644.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Size in bytes.
    pub size: u64,
    /// Number of links.
    pub nlink: u32,
    /// Inode number.
    pub ino: u64,
    /// When it was last changed.
    pub mtime: sim::Instant,
    /// The device, for character devices (major, minor).
    pub rdev: (u32, u32),
}

/// A file system tree. Clones share it. Image layers are shared copy-on-write: [`Vfs::fork`].
#[derive(Clone)]
pub struct Vfs {}

impl Vfs {
    /// An empty root directory, owned by root.
    pub fn new() -> Vfs {
        todo!()
    }
    /// A tree of its own with the same contents; file contents are shared until one side writes.
    pub fn fork(&self) -> Vfs {
        todo!()
    }
    /// Makes a directory and all those above it, mode 0755.
    pub fn mkdir_all(&self, _path: &str) -> Result<(), Errno> {
        todo!()
    }
    /// Puts a regular file (and the directories above it), replacing what is there.
    pub fn put(&self, _path: &str, _contents: impl Into<Vec<u8>>, _mode: u32) -> Result<(), Errno> {
        todo!()
    }
    /// Puts a file whose contents are made when it is read, such as those of `/proc`.
    pub fn put_generated(&self, _path: &str, _contents: Rc<dyn Fn() -> Vec<u8>>) -> Result<(), Errno> {
        todo!()
    }
    /// Puts an executable, mode 0755.
    pub fn put_program(&self, _path: &str, _program: &Program) -> Result<(), Errno> {
        todo!()
    }
    /// Puts a symbolic link.
    pub fn symlink(&self, _target: &str, _path: &str) -> Result<(), Errno> {
        todo!()
    }
    /// Gives a path another owner.
    pub fn chown(&self, _path: &str, _uid: u32, _gid: u32) -> Result<(), Errno> {
        todo!()
    }
    /// Reads a whole file, as root.
    pub fn read(&self, _path: &str) -> Result<Vec<u8>, Errno> {
        todo!()
    }
}

impl Default for Vfs {
    fn default() -> Self {
        Vfs::new()
    }
}
