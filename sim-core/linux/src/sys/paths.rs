//! Calls on paths.

use super::{CALL, Sys};
use crate::fd::OpenFlags;
use crate::procfs::ProcFs;
use crate::vfs::{Caller, FileType, Stat};
use crate::{Errno, Fd};
use sim::Instant;

impl Sys {
    /// Facts about what a path names, following links.
    pub fn stat(&self, path: &str) -> Result<Stat, Errno> {
        self.with_caller(|caller| caller.stat(path))
    }

    /// Facts about a path, not following a link at its end.
    pub fn lstat(&self, path: &str) -> Result<Stat, Errno> {
        self.with_caller(|caller| caller.lstat(path))
    }

    /// Names in a directory, sorted, without `.` and `..`.
    pub fn read_dir(&self, path: &str) -> Result<Vec<String>, Errno> {
        self.with_caller(|caller| caller.read_dir(path))
    }

    /// Makes a directory.
    pub fn mkdir(&self, path: &str, mode: u32) -> Result<(), Errno> {
        self.with_caller(|caller| caller.mkdir(path, mode))
    }

    /// Removes an empty directory.
    pub fn rmdir(&self, path: &str) -> Result<(), Errno> {
        self.with_caller(|caller| caller.rmdir(path))
    }

    /// Removes a file.
    pub fn unlink(&self, path: &str) -> Result<(), Errno> {
        self.with_caller(|caller| caller.unlink(path))
    }

    /// Renames or moves.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), Errno> {
        self.with_caller(|caller| caller.rename(from, to))
    }

    /// Makes a symbolic link.
    pub fn symlink(&self, target: &str, path: &str) -> Result<(), Errno> {
        self.with_caller(|caller| caller.symlink(target, path))
    }

    /// Where a symbolic link points.
    pub fn readlink(&self, path: &str) -> Result<String, Errno> {
        self.with_caller(|caller| caller.readlink(path))
    }

    /// Makes a hard link.
    pub fn link(&self, from: &str, to: &str) -> Result<(), Errno> {
        self.with_caller(|caller| caller.link(from, to))
    }

    /// Changes permission bits.
    pub fn chmod(&self, path: &str, mode: u32) -> Result<(), Errno> {
        self.with_caller(|caller| caller.chmod(path, mode))
    }

    /// Changes the owner.
    pub fn chown(&self, path: &str, uid: u32, gid: u32) -> Result<(), Errno> {
        self.with_caller(|caller| caller.chown(path, uid, gid))
    }

    /// Sets the time of the last change.
    pub fn utime(&self, path: &str, mtime: Instant) -> Result<(), Errno> {
        self.with_caller(|caller| caller.utime(path, mtime))
    }

    /// Cuts or extends a file.
    pub fn truncate(&self, path: &str, size: u64) -> Result<(), Errno> {
        let fd: Fd = self.open(path, OpenFlags { write: true, ..OpenFlags::default() }, 0)?;
        let result = self.ftruncate(fd, size);
        self.close(fd)?;
        result
    }

    /// True when the process may do this to the path (`R_OK` 4, `W_OK` 2, `X_OK` 1).
    pub fn access(&self, path: &str, mode: u32) -> bool {
        self.with_caller(|caller| caller.access(path, mode))
    }

    /// The path without links, `.` and `..`; what it names exists.
    pub fn realpath(&self, path: &str) -> Result<String, Errno> {
        self.with_caller(|caller| {
            let found = caller.walk(path, true)?;
            found.node.map(|_| found.path).ok_or(Errno::ENOENT)
        })
    }

    /// Working directory.
    pub fn getcwd(&self) -> String {
        self.process.cwd.borrow().to_string()
    }

    /// Changes the working directory.
    pub fn chdir(&self, path: &str) -> Result<(), Errno> {
        let cwd = self.with_caller(|caller| {
            let found = caller.walk(path, true)?;
            let node = found.node.ok_or(Errno::ENOENT)?;
            if caller.file_type(&node) != FileType::Directory {
                return Err(Errno::ENOTDIR);
            }
            caller.need(&node, 1)?;
            Ok(found.path)
        })?;
        *self.process.cwd.borrow_mut() = cwd.into();
        Ok(())
    }

    /// The mask for modes of new files; returns the one before.
    pub fn umask(&self, mask: u32) -> u32 {
        self.process.umask.replace(mask & 0o777)
    }

    /// Bytes in use on the root file system and bytes there are.
    pub fn disk_usage(&self) -> (u64, u64) {
        self.process.namespaces.root.usage()
    }

    pub(super) fn caller<'a>(&'a self, cwd: &'a str) -> Caller<'a> {
        let process = &self.process;
        Caller {
            root: &process.namespaces.root,
            cwd,
            uid: process.uid.get(),
            gid: process.gid.get(),
            umask: process.umask.get(),
            proc: Some(ProcFs { host: self.host.clone(), asker: process.clone() }),
        }
    }

    fn with_caller<T>(&self, call: impl FnOnce(&Caller<'_>) -> T) -> T {
        self.charge(CALL);
        let cwd = self.process.cwd.borrow().clone();
        call(&self.caller(&cwd))
    }
}
