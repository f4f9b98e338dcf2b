//! Files in memory: directories, regular files, symbolic links, devices, executables.
//!
//! A [`Vfs`] is one tree, such as the root of a machine or of a container; `/proc` is not in it, but made up
//! from the process table when a process looks there. Reading order: `walk` finds what a path names, `caller`
//! does what a user may do there, `tree` keeps the inodes and shares them between forks.
//! Left out: access times, named pipes, sockets and devices of one's own, groups beside the first.

mod caller;
mod tree;
mod walk;

pub(crate) use caller::Caller;
pub(crate) use tree::{Body, Ino, Inode, program_name};
pub(crate) use walk::Node;

use crate::{Errno, Program};
use sim::{Instant, Sim, SortedMap};
use std::cell::{LazyCell, RefCell};
use std::rc::Rc;
use tree::Tree;

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

/// A file system tree. Clones share it. Image layers are shared copy-on-write: [`Vfs::fork`]. What is done here
/// needs no permission.
#[derive(Clone)]
pub struct Vfs {
    inner: Rc<Inner>,
    /// The directory that is this one's root, where it is not the tree's.
    top: Option<Rc<Top>>,
}

/// A directory inside of a tree that is held as a root of its own.
struct Top {
    tree: Rc<Inner>,
    ino: Ino,
}

impl Drop for Top {
    fn drop(&mut self) {
        self.tree.tree.borrow_mut().unhold(self.ino);
    }
}

struct Inner {
    tree: RefCell<Tree>,
    /// Programs by name, so that copies of an executable run.
    programs: Rc<RefCell<SortedMap<&'static str, Program>>>,
    /// Set when a machine runs on it: before that it is always the beginning.
    clock: RefCell<Option<Sim>>,
}

impl Vfs {
    /// An empty root directory, owned by root.
    pub fn new() -> Vfs {
        Vfs::with_root(Inner {
            tree: RefCell::new(Tree::new()),
            programs: Rc::default(),
            clock: RefCell::default(),
        })
    }

    /// A tree of its own with the same contents; file contents are shared until one side writes. What is
    /// mounted is not forked along.
    pub fn fork(&self) -> Vfs {
        let fork = Vfs::with_root(Inner {
            tree: RefCell::new(self.inner.tree.borrow_mut().fork()),
            programs: self.inner.programs.clone(),
            clock: RefCell::new(self.inner.clock.borrow().clone()),
        });
        match &self.top {
            Some(top) => fork.rooted_at(top.ino),
            None => fork,
        }
    }

    /// Makes a directory and all those above it, mode 0755.
    pub fn mkdir_all(&self, path: &str) -> Result<(), Errno> {
        let caller = Caller::root(self);
        let mut end = 0;
        let mut last = Err(Errno::EEXIST);
        while end < path.len() {
            end = path[end + 1..].find('/').map_or(path.len(), |at| end + 1 + at);
            last = caller.mkdir(&path[..end], 0o755);
            if !matches!(last, Ok(()) | Err(Errno::EEXIST)) {
                return last;
            }
        }
        let is_directory = last.is_ok() || caller.stat(path)?.file_type == FileType::Directory;
        if is_directory { Ok(()) } else { Err(Errno::ENOTDIR) }
    }

    /// Puts a regular file (and the directories above it), replacing what is there.
    pub fn put(&self, path: &str, contents: impl Into<Vec<u8>>, mode: u32) -> Result<(), Errno> {
        self.put_body(path, Body::Regular(Rc::new(contents.into())), mode)
    }

    /// Puts a regular file whose contents are made when somebody looks at it for the first time.
    pub fn put_lazy(
        &self,
        path: &str,
        contents: impl FnOnce() -> Vec<u8> + 'static,
        mode: u32,
    ) -> Result<(), Errno> {
        self.put_body(path, Body::Lazy(Rc::new(LazyCell::new(Box::new(contents)))), mode)
    }

    /// Puts an executable, mode 0755.
    pub fn put_program(&self, path: &str, program: &Program) -> Result<(), Errno> {
        self.inner.programs.borrow_mut().insert(program.name, program.clone());
        self.put_body(path, Body::Program(program.clone()), 0o755)
    }

    /// Puts a symbolic link.
    pub fn symlink(&self, target: &str, path: &str) -> Result<(), Errno> {
        self.put_body(path, Body::Symlink(target.into()), 0o777)
    }

    /// Puts a character device.
    pub(crate) fn put_device(&self, path: &str, major: u32, minor: u32, mode: u32) -> Result<(), Errno> {
        self.put_body(path, Body::Device(major, minor), mode)
    }

    /// Gives a path another owner.
    pub fn chown(&self, path: &str, uid: u32, gid: u32) -> Result<(), Errno> {
        Caller::root(self).chown(path, uid, gid)
    }

    /// Gives a path other permission bits.
    pub fn chmod(&self, path: &str, mode: u32) -> Result<(), Errno> {
        Caller::root(self).chmod(path, mode)
    }

    /// Reads a whole file, as root.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, Errno> {
        let (vfs, ino) = Caller::root(self).find(path)?;
        vfs.read_at(ino, 0, usize::MAX)
    }

    /// Facts about what a path names.
    pub fn stat(&self, path: &str) -> Result<Stat, Errno> {
        Caller::root(self).stat(path)
    }

    /// Names in a directory, sorted.
    pub fn read_dir(&self, path: &str) -> Result<Vec<String>, Errno> {
        Caller::root(self).read_dir(path)
    }

    /// Removes a path and everything below it. What is mounted below is left alone.
    pub fn remove_all(&self, path: &str) -> Result<(), Errno> {
        let caller = Caller::root(self);
        if caller.lstat(path)?.file_type != FileType::Directory {
            return caller.unlink(path);
        }
        if self.is_mount_point(path)? {
            return Err(Errno::EBUSY);
        }
        for name in caller.read_dir(path)? {
            self.remove_all(&format!("{path}/{name}"))?;
        }
        caller.rmdir(path)
    }

    /// Shows another tree in place of the directory `path`, which is made if it is not there: a volume.
    pub fn mount(&self, path: &str, tree: &Vfs) -> Result<(), Errno> {
        self.mkdir_all(path)?;
        let (vfs, ino) = Caller::root(self).find_below_mount(path)?;
        vfs.inner.tree.borrow_mut().mounts.insert(ino, tree.clone());
        Ok(())
    }

    /// The tree as seen from the directory `path`, which becomes the root: with [`Vfs::mount`], a bind mount.
    pub fn subtree(&self, path: &str) -> Result<Vfs, Errno> {
        let (vfs, ino) = Caller::root(self).find(path)?;
        if vfs.inode(ino).file_type() != FileType::Directory {
            return Err(Errno::ENOTDIR);
        }
        Ok(vfs.rooted_at(ino))
    }

    /// Takes a mount away again.
    pub fn unmount(&self, path: &str) -> Result<(), Errno> {
        let (vfs, ino) = Caller::root(self).find_below_mount(path)?;
        let mounted = vfs.inner.tree.borrow_mut().mounts.remove(&ino);
        mounted.map(drop).ok_or(Errno::EINVAL)
    }

    /// Bytes in use and bytes there are, as `df` shows them.
    pub fn usage(&self) -> (u64, u64) {
        self.inner.tree.borrow().usage()
    }

    fn is_mount_point(&self, path: &str) -> Result<bool, Errno> {
        let (vfs, ino) = Caller::root(self).find_below_mount(path)?;
        Ok(vfs.mounted(ino).is_some())
    }

    fn put_body(&self, path: &str, body: Body, mode: u32) -> Result<(), Errno> {
        let caller = Caller::root(self);
        let found = match (caller.walk(path, false), path.trim_end_matches('/').rsplit_once('/')) {
            (Err(Errno::ENOENT), Some((parent, _))) => {
                self.mkdir_all(parent)?;
                caller.walk(path, false)?
            }
            (found, _) => found?,
        };
        caller.replace(found, body, mode)
    }

    fn rooted_at(&self, ino: Ino) -> Vfs {
        self.hold(ino);
        let inner = self.inner.clone();
        Vfs { inner: inner.clone(), top: Some(Rc::new(Top { tree: inner, ino })) }
    }

    fn with_root(inner: Inner) -> Vfs {
        Vfs { inner: Rc::new(inner), top: None }
    }

    // For the kernel.

    pub(crate) fn root_ino(&self) -> Ino {
        self.top.as_ref().map_or(tree::ROOT, |top| top.ino)
    }

    pub(crate) fn set_clock(&self, sim: &Sim) {
        *self.inner.clock.borrow_mut() = Some(sim.clone());
    }
    pub(crate) fn now(&self) -> Instant {
        self.inner.clock.borrow().as_ref().map_or(Instant::ZERO, Sim::now)
    }
    pub(crate) fn program(&self, name: &str) -> Option<Program> {
        self.inner.programs.borrow().get(name).cloned()
    }
    pub(crate) fn is_same(&self, other: &Vfs) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }
    pub(crate) fn inode(&self, ino: Ino) -> Inode {
        self.inner.tree.borrow().get(ino).clone()
    }
    pub(crate) fn mounted(&self, ino: Ino) -> Option<Vfs> {
        self.inner.tree.borrow().mounts.get(&ino).cloned()
    }
    pub(crate) fn read_at(&self, ino: Ino, offset: u64, max: usize) -> Result<Vec<u8>, Errno> {
        self.inner.tree.borrow().read(ino, offset, max)
    }
    pub(crate) fn write_at(&self, ino: Ino, offset: Option<u64>, data: &[u8]) -> Result<u64, Errno> {
        let now = self.now();
        self.inner.tree.borrow_mut().write(ino, offset, data, now)
    }
    pub(crate) fn truncate(&self, ino: Ino, size: u64) -> Result<(), Errno> {
        let now = self.now();
        self.inner.tree.borrow_mut().truncate(ino, size, now)
    }
    pub(crate) fn hold(&self, ino: Ino) {
        self.inner.tree.borrow_mut().hold(ino);
    }
    pub(crate) fn unhold(&self, ino: Ino) {
        self.inner.tree.borrow_mut().unhold(ino);
    }
}

impl Default for Vfs {
    fn default() -> Self {
        Vfs::new()
    }
}

#[cfg(test)]
mod tests;
